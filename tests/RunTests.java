///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Run the tests, or those of the named classes: test SseParserTest
//MAIN RunTests
//COMPILE_OPTIONS -encoding UTF-8
//DEPS org.junit.jupiter:junit-jupiter:5.14.4
//DEPS org.junit.platform:junit-platform-launcher:1.14.4
//DEPS org.wiremock:wiremock-standalone:3.13.2
//SOURCES ../sse-listen.java ../udp-send.java ../sse-to-udp.java ../examples/udp-listen.java
//SOURCES ../examples/MessageFormat.java ../examples/sse-serve.java ../examples/demo.java ../examples/nanoleaf-touch.java
//SOURCES ../examples/replay.java
//SOURCES unit/HouseTest.java unit/HttpLoopTest.java unit/MessageFormatTest.java unit/QuickServe.java
//SOURCES unit/SseBroadcasterTest.java unit/TreeTest.java unit/lib/cli/ConfigTest.java unit/lib/cli/EventJsonTest.java
//SOURCES unit/lib/cli/FieldOptionsTest.java unit/lib/cli/FieldsTest.java unit/lib/cli/FormatTest.java
//SOURCES unit/lib/cli/LineReaderTest.java unit/lib/cli/NoneMatchedTest.java unit/lib/cli/RateLimitedLogTest.java
//SOURCES unit/lib/cli/SafeWordsTest.java unit/lib/cli/SecretsTest.java unit/lib/cli/SseSourcesTest.java
//SOURCES unit/lib/cli/TlsTest.java unit/lib/cli/ToolTest.java unit/lib/cli/UrlsTest.java unit/lib/sse/AnswerTest.java
//SOURCES unit/lib/sse/BackoffTest.java unit/lib/sse/CookiesTest.java unit/lib/sse/DigestTest.java
//SOURCES unit/lib/sse/EachAddressTest.java unit/lib/sse/NaiveParser.java unit/lib/sse/Parsed.java
//SOURCES unit/lib/sse/ProxyTest.java unit/lib/sse/RedirectTest.java unit/lib/sse/SseClientEndTest.java
//SOURCES unit/lib/sse/SseClientTest.java unit/lib/sse/SseParserFuzzTest.java unit/lib/sse/SseParserMemoryTest.java
//SOURCES unit/lib/sse/SseParserTest.java unit/lib/sse/SseRequestTest.java unit/lib/sse/StateFileTest.java
//SOURCES unit/lib/udp/PaceTest.java unit/lib/udp/UdpBroadcasterTest.java unit/lib/udp/UdpOutputTest.java
//SOURCES unit/lib/udp/UdpRateTest.java
//SOURCES process/AddressTest.java process/ArgumentsTest.java process/BrowserTest.java process/InstallTest.java
//SOURCES process/JBangTest.java process/MemoryTest.java process/PauseTest.java process/ReplayTest.java
//SOURCES process/ResumeTest.java process/ScriptTest.java process/SelectionTest.java process/SkippedTest.java
//SOURCES process/SoakTest.java process/SseServeTest.java process/StandardInputTest.java process/SystemCallsTest.java
//SOURCES process/UdpListenTest.java process/UdpSendTest.java
//SOURCES network/LanChangesTest.java network/LanTest.java network/SseNetworkTest.java
//SOURCES readme/BrokerTest.java readme/ChangesTest.java readme/DevicesTest.java readme/EditTest.java
//SOURCES readme/OperationTest.java readme/ReadmeTest.java readme/SessionTest.java readme/SystemdTest.java
//SOURCES readme/UdpReadmeTest.java
//SOURCES support/Browser.java support/FarServer.java support/Hosts.java support/Installed.java support/JBangHome.java
//SOURCES support/Lan.java support/Machine.java support/Readme.java support/ReplayServer.java support/Script.java
//SOURCES support/Sources.java support/SseServer.java support/SseServing.java support/TestCertificates.java
//SOURCES support/TestProxy.java support/UdpReceiver.java

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.ClassDescriptor;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import tests.support.Hosts;
import tests.support.Installed;
import tests.support.Script;

/**
 * Runs the tests on this class path; the last line is {@code N passed, N failed}. Four classes run at a time, because
 * most of them wait for other processes; the methods of a class run one after the other. A class that shares something
 * with others says so by {@code @ResourceLock}, and one that changes the whole JVM by {@code @Isolated}. With
 * TEST_TIMES=1 in the environment it also prints how long each class took, and the slowest tests.
 */
class RunTests implements TestExecutionListener {
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final boolean withTimes = "1".equals(System.getenv("TEST_TIMES"));
    private final long start = System.nanoTime();
    private final Map<UniqueId, TestIdentifier> known = new HashMap<>();
    private final Map<TestIdentifier, Long> started = new HashMap<>();
    private final List<Time> times = new ArrayList<>();
    private int passed;
    private int failed;
    private int skipped;

    private record Time(boolean isClass, String name, double seconds) {}

    /** Builds each command once, before several classes start it: of two first starts at the same time one would fail. */
    private static void buildTools() throws Exception {
        for (String tool : Installed.TOOLS) {
            int status = new ProcessBuilder(Script.root().resolve("jbang").toString(), "--quiet", "build", tool)
                .directory(Script.root().toFile()).inheritIO().start().waitFor();
            if (status != 0) {
                throw new IllegalStateException("./jbang build " + tool + " ended with status " + status);
            }
        }
    }

    public static void main(String... classNames) throws Exception {
        Hosts.use();
        // java.net.http reads it at its first use, which here may be that of a test's own client.
        System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
        // Tests block threads of the common pool, which has one on two cores, and which others wait for.
        System.setProperty("java.util.concurrent.ForkJoinPool.common.parallelism", "32");
        if (classNames.length != 1) {
            buildTools();
        }
        RunTests tests = new RunTests();
        LauncherFactory.create().execute(request(classNames), tests);
        System.exit(tests.summary());
    }

    static LauncherDiscoveryRequest request(String... classNames) throws Exception {
        Path here = Path.of(RunTests.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        String names = classNames.length == 0 ? ".*Test" : String.join("|", classNames);
        String parallel = "junit.jupiter.execution.parallel.";
        return LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClasspathRoots(Set.of(here)))
            .filters(includeClassNamePatterns("(.*\\.)?(" + names + ")"))
            .configurationParameter("junit.jupiter.execution.timeout.testable.method.default", "240 s")
            .configurationParameter("junit.jupiter.execution.timeout.thread.mode.default", "SEPARATE_THREAD")
            .configurationParameter("junit.jupiter.testclass.order.default", LongestFirst.class.getName())
            .configurationParameter(parallel + "enabled", "true")
            .configurationParameter(parallel + "mode.default", "same_thread")
            .configurationParameter(parallel + "mode.classes.default", "concurrent")
            .configurationParameter(parallel + "config.strategy", "fixed")
            .configurationParameter(parallel + "config.fixed.parallelism", "4")
            // A class that waits for a lock gives its place to another.
            .configurationParameter(parallel + "config.fixed.max-pool-size", "8")
            .build();
    }

    /** Begins with the classes that wait for long: others use the processors meanwhile, and none is alone at the end. */
    static class LongestFirst implements ClassOrderer {
        private static final List<String> FOLDERS = List.of("tests.network", "tests.readme", "tests.process");

        @Override
        public void orderClasses(ClassOrdererContext context) {
            context.getClassDescriptors().sort(Comparator.comparingInt(LongestFirst::place));
        }

        private static int place(ClassDescriptor test) {
            int place = FOLDERS.indexOf(test.getTestClass().getPackageName());
            return place < 0 ? FOLDERS.size() : place;
        }
    }

    @Override
    public synchronized void executionStarted(TestIdentifier test) {
        known.put(test.getUniqueIdObject(), test);
        started.put(test, System.nanoTime());
        if (isClass(test)) {
            out.println(test.getDisplayName());
        }
    }

    @Override
    public synchronized void executionSkipped(TestIdentifier test, String reason) {
        skipped++;
        out.println("SKIPPED " + path(test) + ": " + reason);
    }

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (test.isTest() || isClass(test)) {
            times.add(new Time(isClass(test), path(test), (System.nanoTime() - started.get(test)) / 1e9));
        }
        switch (result.getStatus()) {
            case SUCCESSFUL -> passed += test.isTest() ? 1 : 0;
            case ABORTED -> executionSkipped(test, result.getThrowable().map(Throwable::getMessage).orElse(""));
            case FAILED -> {
                failed++;
                out.println("FAILED " + path(test));
                result.getThrowable().ifPresent(failure -> failure.printStackTrace(out));
            }
        }
    }

    /** Below the engine. */
    private static boolean isClass(TestIdentifier test) {
        return test.getUniqueIdObject().getSegments().size() == 2;
    }

    private String path(TestIdentifier test) {
        TestIdentifier parent = isClass(test) ? null : test.getParentIdObject().map(known::get).orElse(null);
        return (parent == null ? "" : path(parent) + " > ") + test.getDisplayName();
    }

    private int summary() {
        if (withTimes) {
            printTimes(true, Integer.MAX_VALUE);
            printTimes(false, 60);
            out.printf("%8.1f s  all together%n", (System.nanoTime() - start) / 1e9);
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
