///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Run the tests, or those of the named classes: test SseParserTest
//MAIN RunTests
//COMPILE_OPTIONS -encoding UTF-8
//DEPS org.junit.jupiter:junit-jupiter:5.14.4
//DEPS org.junit.platform:junit-platform-launcher:1.14.4
//DEPS org.wiremock:wiremock-standalone:3.13.2
//SOURCES ../sse-listen.java ../udp-send.java ../sse-to-udp.java ../examples/udp-listen.java
//SOURCES ../examples/sse-serve.java ../examples/demo.java ../examples/nanoleaf-touch.java
//SOURCES unit/HouseTest.java unit/SseBroadcasterTest.java unit/TreeTest.java unit/lib/cli/EventJsonTest.java
//SOURCES unit/lib/cli/FormatTest.java unit/lib/cli/LineReaderTest.java unit/lib/cli/TlsTest.java
//SOURCES unit/lib/sse/AnswerTest.java unit/lib/sse/BackoffTest.java unit/lib/sse/DigestTest.java
//SOURCES unit/lib/sse/NaiveParser.java unit/lib/sse/Parsed.java unit/lib/sse/ProxyTest.java
//SOURCES unit/lib/sse/RedirectTest.java unit/lib/sse/SecretsTest.java unit/lib/sse/SilenceTest.java
//SOURCES unit/lib/sse/SseClientEndTest.java unit/lib/sse/SseClientTest.java unit/lib/sse/SseParserFuzzTest.java
//SOURCES unit/lib/sse/SseParserTest.java unit/lib/sse/SseRequestTest.java unit/lib/sse/StateFileTest.java
//SOURCES unit/lib/udp/PaceTest.java unit/lib/udp/UdpBroadcasterTest.java unit/lib/udp/UdpRateTest.java
//SOURCES process/AddressTest.java process/ArgumentsTest.java process/BrowserTest.java process/InstallTest.java
//SOURCES process/JBangTest.java process/MemoryTest.java process/PauseTest.java process/ResumeTest.java
//SOURCES process/ScriptTest.java process/SkippedTest.java process/SoakTest.java process/SseServeTest.java
//SOURCES process/StandardInputTest.java process/UdpListenTest.java process/UdpSendTest.java
//SOURCES network/LanChangesTest.java network/LanTest.java network/SseNetworkTest.java
//SOURCES readme/BrokerTest.java readme/ChangesTest.java readme/EditTest.java readme/OperationTest.java
//SOURCES readme/ReadmeTest.java readme/SessionTest.java readme/SystemdTest.java readme/UdpReadmeTest.java
//SOURCES support/Browser.java support/FarServer.java support/Installed.java support/JBangHome.java support/Lan.java
//SOURCES support/Readme.java support/ReplayServer.java support/Script.java support/Sources.java
//SOURCES support/SseServer.java support/SseServing.java support/TestCertificates.java support/TestProxy.java
//SOURCES support/UdpReceiver.java

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the tests on this class path; the last line is {@code N passed, N failed}. With TEST_TIMES=1
 * in the environment it also tells how long each class took, and the slowest tests.
 */
class RunTests implements TestExecutionListener {
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final boolean withTimes = "1".equals(System.getenv("TEST_TIMES"));
    private final Map<TestIdentifier, Long> started = new ConcurrentHashMap<>();
    private final List<Time> times = Collections.synchronizedList(new ArrayList<>());
    private TestPlan plan;
    private int passed;
    private int failed;
    private int skipped;

    private record Time(boolean isClass, String name, double seconds) {}

    public static void main(String... classNames) throws Exception {
        RunTests tests = new RunTests();
        LauncherFactory.create().execute(request(classNames), tests);
        System.exit(tests.summary());
    }

    static LauncherDiscoveryRequest request(String... classNames) throws Exception {
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
    public void testPlanExecutionStarted(TestPlan toRun) {
        plan = toRun;
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        started.put(test, System.nanoTime());
        if (isClass(test)) {
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
        if (test.isTest() || isClass(test)) {
            times.add(new Time(isClass(test), path(test), (System.nanoTime() - started.get(test)) / 1e9));
        }
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

    private boolean isClass(TestIdentifier test) {
        return plan.getParent(test).map(parent -> parent.getParentIdObject().isEmpty()).orElse(false);
    }

    private String path(TestIdentifier test) {
        return plan.getParent(test).filter(parent -> parent.getParentIdObject().isPresent())
            .map(parent -> path(parent) + " > ").orElse("") + test.getDisplayName();
    }

    private int summary() {
        if (withTimes) {
            printTimes(true, Integer.MAX_VALUE);
            printTimes(false, 60);
        }
        out.println(passed + " passed, " + failed + " failed" + (skipped > 0 ? ", " + skipped + " skipped" : ""));
        return failed == 0 && passed > 0 ? 0 : 1;
    }

    private void printTimes(boolean classes, int most) {
        times.stream().filter(time -> time.isClass() == classes && time.seconds() >= 0.1)
            .sorted(Comparator.comparingDouble(Time::seconds).reversed()).limit(most)
            .forEach(time -> out.printf("%8.1f s  %s%n", time.seconds(), time.name()));
    }
}
