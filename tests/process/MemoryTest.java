package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tests.support.Script;
import tests.support.Sources;
import tests.support.SseServer;

/**
 * What a stream without end costs, with the options that the script gives its JVM.
 *
 * <p>Here for 64 MiB of each kind; for two GiB: {@code MEMORY_MIB=2048 ./jbang test MemoryTest}. {@code RECONNECTS=4000}
 * sets how often it connects.
 */
class MemoryTest {
    private static final int MIB = Integer.parseInt(System.getenv().getOrDefault("MEMORY_MIB", "64"));
    private static final int RECONNECTS = Integer.parseInt(System.getenv().getOrDefault("RECONNECTS", "1000"));
    private static final int MOST_KILOBYTES = 100 * 1024;

    @ParameterizedTest
    @CsvSource({
        "line without end, 'data: ', x, 1",
        "data lines without end, '', 'data: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n', 1",
        "data lines outside Latin-1 without end, '', 'data: \u20ACyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n', 1",
        "field name without end, '', x, 0",
        "comment without end, ':', x, 1",
        "id without end, 'id: ', x, 1",
        "events, '', 'data: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n\n', 0"})
    void residentMemoryStaysBelow100MiB(String kind, String beginning, String part, int notices) throws Exception {
        Path status = Path.of("/proc/self/status");
        assumeTrue(Files.exists(status), "there is no " + status);
        byte[] block = part.repeat(65536 / part.length()).getBytes(StandardCharsets.UTF_8);
        try (SseServer server = new SseServer(connection -> {
            connection.send(SseServer.OK + beginning);
            for (long sent = 0; sent < MIB * 1024L * 1024; sent += block.length) {
                connection.send(block);
            }
            connection.send("\n\nevent: end\ndata: end\n\n").hold();
        }); Script listen = Script.start(command("sse-listen", "-e", "end", "-F", "{data}", server.url("/")))) {
            assertEquals("end", listen.nextLine());
            int kilobytes = kilobytes("VmHWM:", listen.process.pid());
            System.out.println("  " + kind + ": " + kilobytes / 1024 + " MiB");
            listen.signal("TERM");
            assertEquals(notices, listen.end().err().lines().filter(line -> line.contains("dropped")).count());
            assertTrue(kilobytes < MOST_KILOBYTES, kilobytes + " kB");
        }
    }

    /** In a small heap, in which some kilobytes that a reconnect keeps are too many. A silence takes longer: there are fewer. */
    @Test
    @Timeout(200)
    void reconnectsOfEachKindLeaveNothingBehind() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/status")), "there is no /proc/self/status");
        Map<String, AtomicInteger> left = new ConcurrentHashMap<>();
        CountDownLatch done = new CountDownLatch(3);
        try (SseServer server = new SseServer(connection -> {
            String kind = connection.requestLine().split("[ /]+")[1];
            int all = kind.equals("silent") ? RECONNECTS / 200 : RECONNECTS;
            if (left.computeIfAbsent(kind, any -> new AtomicInteger(all)).decrementAndGet() == 0) {
                done.countDown();
            }
            connection.send(kind.equals("refused") ? "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n" : SseServer.OK + "data: x\n\n");
            if (kind.equals("silent")) {
                connection.hold();
            }
        })) {
            List<String> command = command("sse-to-udp", "-q", "-e", "none", "--retry-delay", "0", "--retry-max-delay", "0.02",
                "--idle-timeout", "0.02", server.url("/ended"), server.url("/refused"), server.url("/silent"), "127.0.0.1:9");
            command.add(1, "-Xmx24m");
            try (Script listen = Script.start(command)) {
                assertTrue(done.await(180, TimeUnit.SECONDS), left::toString);
                int kilobytes = kilobytes("VmRSS:", listen.process.pid());
                System.out.println("  more than " + 2 * RECONNECTS + " reconnects: " + kilobytes / 1024 + " MiB");
                listen.signal("TERM");
                assertEquals(143, listen.end().status());
                assertTrue(kilobytes < 90 * 1024, kilobytes + " kB");
            }
        }
    }

    private static List<String> command(String script, String... arguments) throws Exception {
        List<String> options = new ArrayList<>();
        for (Path file : Sources.all(Script.root().resolve(script + ".java"))) {
            options.addAll(Sources.directives("RUNTIME_OPTIONS", file));
        }
        assertTrue(options.stream().anyMatch(option -> option.startsWith("-Xm")), options::toString);
        List<String> command = new ArrayList<>(Script.command(Script.mainClass(script), arguments));
        command.removeIf(word -> word.startsWith("-X"));
        command.addAll(1, options);
        return command;
    }

    private static int kilobytes(String name, long pid) throws Exception {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream().filter(line -> line.startsWith(name))
            .map(line -> Integer.parseInt(line.replaceAll("[^0-9]", ""))).findFirst().orElseThrow();
    }
}
