///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Run the tests, or those of the named classes: test SseParserTest
//MAIN RunTests
//COMPILE_OPTIONS -encoding UTF-8
//DEPS org.junit.jupiter:junit-jupiter:5.14.4
//DEPS org.junit.platform:junit-platform-launcher:1.14.4
//DEPS org.wiremock:wiremock-standalone:3.13.2
//SOURCES ../sse-listen.java ../udp-send.java ../sse-to-udp.java ../examples/udp-listen.java ../examples/sse-serve.java
//SOURCES unit/SseBroadcasterTest.java unit/lib/cli/EventJsonTest.java unit/lib/cli/FormatTest.java
//SOURCES unit/lib/cli/LineReaderTest.java unit/lib/cli/TlsTest.java unit/lib/sse/NaiveParser.java
//SOURCES unit/lib/sse/AnswerTest.java unit/lib/sse/BackoffTest.java unit/lib/sse/SilenceTest.java unit/lib/sse/Parsed.java unit/lib/sse/ProxyTest.java unit/lib/sse/RedirectTest.java
//SOURCES unit/lib/sse/SseClientTest.java unit/lib/sse/SseParserFuzzTest.java unit/lib/sse/SseParserTest.java
//SOURCES unit/lib/sse/StateFileTest.java unit/lib/udp/PaceTest.java unit/lib/udp/UdpRateTest.java
//SOURCES process/ArgumentsTest.java process/InstallTest.java support/Installed.java
//SOURCES process/BrowserTest.java process/JBangTest.java process/MemoryTest.java process/ResumeTest.java
//SOURCES process/ScriptTest.java process/SkippedTest.java process/SoakTest.java process/SseServeTest.java
//SOURCES process/UdpListenTest.java process/UdpSendTest.java
//SOURCES network/LanTest.java network/SseNetworkTest.java
//SOURCES readme/BrokerTest.java readme/ChangesTest.java readme/EditTest.java readme/OperationTest.java
//SOURCES readme/ReadmeTest.java readme/SessionTest.java readme/SystemdTest.java readme/UdpReadmeTest.java
//SOURCES support/Browser.java support/FarServer.java support/JBangHome.java support/Lan.java support/Readme.java
//SOURCES support/ReplayServer.java support/Script.java support/SseServer.java support/SseServing.java
//SOURCES support/TestCertificates.java support/TestProxy.java support/UdpReceiver.java

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs the tests on this class path; the last line is {@code N passed, N failed}. */
class RunTests implements TestExecutionListener {
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private TestPlan plan;
    private int passed;
    private int failed;
    private int skipped;

    public static void main(String... classNames) throws Exception {
        RunTests tests = new RunTests();
        LauncherFactory.create().execute(request(classNames), tests);
        System.exit(tests.summary());
    }

    private static LauncherDiscoveryRequest request(String... classNames) throws Exception {
        Path here = Path.of(RunTests.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        String names = classNames.length == 0 ? ".*Test" : String.join("|", classNames);
        return LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClasspathRoots(Set.of(here)))
            .filters(includeClassNamePatterns("(.*\\.)?(" + names + ")"))
            .configurationParameter("junit.jupiter.execution.timeout.testable.method.default", "120 s")
            .configurationParameter("junit.jupiter.execution.timeout.thread.mode.default", "SEPARATE_THREAD")
            .build();
    }

    @Override
    public void testPlanExecutionStarted(TestPlan started) {
        plan = started;
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        if (!test.isTest() && test.getParentIdObject().isPresent() && plan.getParent(test).orElseThrow().getParentIdObject().isEmpty()) {
            out.println(test.getDisplayName());
        }
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skipped++;
        out.println("  SKIPPED " + path(test) + ": " + reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        switch (result.getStatus()) {
            case SUCCESSFUL -> passed += test.isTest() ? 1 : 0;
            case ABORTED -> executionSkipped(test, result.getThrowable().map(Throwable::getMessage).orElse(""));
            case FAILED -> {
                failed++;
                out.println("  FAILED " + path(test));
                result.getThrowable().ifPresent(failure -> failure.printStackTrace(out));
            }
        }
    }

    private String path(TestIdentifier test) {
        return plan.getParent(test).filter(parent -> parent.getParentIdObject().isPresent())
            .map(parent -> path(parent) + " > ").orElse("") + test.getDisplayName();
    }

    private int summary() {
        out.println(passed + " passed, " + failed + " failed" + (skipped > 0 ? ", " + skipped + " skipped" : ""));
        return failed == 0 && passed > 0 ? 0 : 1;
    }
}
