package lib.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/** Several URLs in one process. */
class SseSourcesTest {
    private static final String GONE = "HTTP/1.1 204 X\r\nConnection: close\r\n\r\n";

    @TempDir
    Path folder;

    private static String name(SseServer server) {
        return "127.0.0.1:" + server.port();
    }

    private static String events(int count) {
        return String.join("", IntStream.rangeClosed(1, count).mapToObj(i -> "id: " + i + "\ndata: " + i + "\n\n").toList());
    }

    private static SseServer answering(String answer) throws Exception {
        return new SseServer(connection -> connection.send(answer));
    }

    // ---- what comes out ----

    @Test
    void eachEventSaysWhereItComesFromAndTheOrderOfEachServerIsKept() throws Exception {
        try (SseServer one = SseServer.stream(events(50)); SseServer other = SseServer.stream(events(50)); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "-c", "100", "-F", "{source} {data}", one.url("/"), other.url("/"), receiver.target()).assertIs(0, "");
            List<String> arrived = receiver.arrived();
            assertEquals(100, arrived.size());
            for (SseServer server : List.of(one, other)) {
                assertEquals(IntStream.rangeClosed(1, 50).mapToObj(i -> name(server) + " " + i).toList(),
                    arrived.stream().filter(text -> text.startsWith(name(server) + " ")).toList());
            }
        }
    }

    @Test
    void urlsOfOneServerAreTold() throws Exception {
        try (SseServer one = new SseServer(connection -> connection.send(connection.requestLine().contains("/b ") ? SseServer.OK + events(1) : GONE));
                SseServer other = answering(GONE); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "-c", "1", "-F", "{source} {json}", one.url("/a"), other.url("/"), one.url("/b"), one.url("/c"),
                receiver.target()).assertIs(0, "");
            String source = name(one) + "#2";
            assertEquals(source + " {\"event\":\"message\",\"id\":\"1\",\"data\":\"1\",\"source\":\"" + source + "\"}", receiver.nextText());
        }
    }

    @Test
    void jsonHasTheSourceOnlyWhereThereAreSeveral() throws Exception {
        try (SseServer one = SseServer.stream(": c\n" + events(1)); SseServer silent = SseServer.stream(""); UdpReceiver receiver = new UdpReceiver()) {
            String source = ",\"source\":\"" + name(one) + "\"";
            Script.here("sse-to-udp", "-q", "-c", "1", "-F", "{json}", one.url("/"), silent.url("/"), receiver.target()).assertIs(0, "");
            assertEquals("{\"event\":\"message\",\"id\":\"1\",\"data\":\"1\"" + source + "}", receiver.nextText());
            Script.here("sse-to-udp", "-q", "-c", "1", "-F", "{json}", "--comments", "--timestamps", one.url("/"), silent.url("/"),
                receiver.target()).assertIs(0, "");
            assertTrue(receiver.nextText().matches(Pattern.quote("{\"comment\":\"c\"" + source) + ",\"time\":\"[^\"]*\"}"));
            assertTrue(receiver.nextText().matches(Pattern.quote("{\"event\":\"message\",\"id\":\"1\",\"data\":\"1\"" + source)
                + ",\"time\":\"[^\"]*\"}"));
            Script.here("sse-to-udp", "-q", "-c", "1", "-F", "{source}={json}", one.url("/"), receiver.target()).assertIs(0, "");
            assertEquals(name(one) + "={\"event\":\"message\",\"id\":\"1\",\"data\":\"1\"}", receiver.nextText());
            receiver.assertNothingMore();
        }
    }

    @Test
    void linesOfSeveralServersAreWholeOnStandardOutput() throws Exception {
        String filling = "x".repeat(3000);
        SseServer.Script endless = connection -> {
            connection.send(SseServer.OK);
            while (true) {
                connection.send("data: " + filling + "\n\n");
            }
        };
        try (SseServer one = new SseServer(endless); SseServer other = new SseServer(endless)) {
            Script.Ended ended = Script.run("", "SseListen", "-q", "-c", "2000", "-F", "{source} {data}", one.url("/"), other.url("/"));
            assertEquals(new TreeSet<>(List.of(name(one) + " " + filling, name(other) + " " + filling)),
                new TreeSet<>(ended.out().lines().toList()));
            assertEquals(2000, ended.out().lines().count(), "counted together, and no more");
            ended.assertIs(0, ended.out());
        }
    }

    // ---- the end of what is counted ----

    @Command(name = "relay")
    private static final class Relay implements Callable<Integer> {
        @Mixin
        private SseOptions sse;

        @Mixin
        private Tool tool;

        private boolean taken;

        @Override
        public Integer call() throws Exception {
            return sse.listen(event -> { }, () -> {
                LockSupport.parkNanos(1_200_000_000);
                taken = true;
            });
        }
    }

    @Test
    void whatIsCountedLastIsWaitedForHoweverLongItTakes() throws Exception {
        Relay relay = new Relay();
        try (SseServer server = SseServer.stream(events(1))) {
            assertEquals(0, Tool.commandLine(relay).execute("-c", "1", server.url("/")));
        }
        assertTrue(relay.taken);
    }

    // ---- what is asked ----

    @Test
    void eachIsAskedWithTheSameHeadersAndFurtherOnesMayBeInFiles() throws Exception {
        try (SseServer one = answering(GONE); SseServer other = answering(GONE); SseServer third = answering(GONE); UdpReceiver receiver = new UdpReceiver()) {
            Path file = Files.writeString(folder.resolve("url"), other.url("/b") + "\n");
            Script.here("sse-to-udp", "-q", "-u", "me:secret", "-d", "x", name(one) + "/a", receiver.target(), "@" + file, third.url("/c"))
                .assertIs(0, "");
            List<SseServer> servers = List.of(one, other, third);
            for (int i = 0; i < servers.size(); i++) {
                SseServer.Connection asked = servers.get(i).next();
                assertEquals("POST /" + "abc".charAt(i) + " HTTP/1.1", asked.requestLine());
                assertEquals(Optional.of("Basic bWU6c2VjcmV0"), asked.header("Authorization"));
                assertEquals("x", asked.body);
                assertEquals(0, servers.get(i).further());
            }
        }
    }

    @Test
    void eachReconnectsAndResumesByItself() throws Exception {
        Semaphore reconnected = new Semaphore(0);
        try (SseServer one = new SseServer(connection -> {
            connection.send(connection.number == 0 ? SseServer.OK + "retry: 100\nid: a\ndata: 1\n\n" : GONE);
            reconnected.release(connection.number);
        }); SseServer other = new SseServer(connection -> {
            connection.send(SseServer.OK + "id: b\ndata: 2\n\n");
            reconnected.tryAcquire(20, TimeUnit.SECONDS);
            connection.send("data: 3\n\n").hold();
        }); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "-c", "3", one.url("/"), other.url("/"), receiver.target()).assertIs(0, "");
            assertEquals(new TreeSet<>(List.of("1", "2", "3")), new TreeSet<>(receiver.arrived()));
            assertEquals(Optional.empty(), one.next().header("Last-Event-ID"));
            assertEquals(Optional.of("a"), one.next().header("Last-Event-ID"));
            assertEquals(0, one.further());
            other.next();
            assertEquals(0, other.further());
        }
    }

    // ---- how it ends ----

    @Test
    void refusedOneSaysSoAndTheOthersGoOn() throws Exception {
        Semaphore refused = new Semaphore(0);
        try (SseServer bad = new SseServer(connection -> {
            connection.send("HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").hold();
            refused.release();
        }); SseServer good = new SseServer(connection -> {
            refused.tryAcquire(20, TimeUnit.SECONDS);
            connection.send(SseServer.OK + events(2));
        }); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "--no-retry", bad.url("/secret"), good.url("/"), receiver.target())
                .assertIs(5, "", Pattern.quote("sse-to-udp: " + bad.url("/") + "…: HTTP status 404"));
            assertEquals(List.of("1", "2"), receiver.arrived());
            bad.next();
            assertEquals(0, bad.further());
        }
    }

    @Test
    void statusIsTheWorstOfAll() throws Exception {
        SseServer gone = answering("");
        gone.close();
        try (SseServer bad = answering("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"); SseServer over = answering(GONE)) {
            Script.Ended ended = Script.here("sse-listen", "-q", "--no-retry", over.url("/"), gone.url("/"), bad.url("/"));
            assertEquals(6, ended.status());
            assertEquals(new TreeSet<>(List.of("sse-listen: " + gone.url("/") + "…: connection refused; gave up",
                "sse-listen: " + bad.url("/") + "…: HTTP status 404")), new TreeSet<>(ended.err().lines().toList()));
        }
    }

    @Test
    void timeEndsAll() throws Exception {
        try (SseServer one = SseServer.stream(events(1)); SseServer other = SseServer.stream(events(1)); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "-m", "1", "-c", "3", one.url("/"), other.url("/"), receiver.target()).assertIs(124, "");
            assertEquals(List.of("1", "1"), receiver.arrived());
        }
    }

    @ParameterizedTest
    @CsvSource({"1000, 1, 1", "0.5, 2, 0"})
    @Timeout(20)
    void timeEndsCopiesThatWaitForLongOnly(String delay, int sent, int status) throws Exception {
        try (SseServer server = SseServer.stream(events(1)); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-m", "0.4", "--repeat", "2", "--repeat-delay", delay, server.url("/"), receiver.target())
                .assertIs(status, "", "sse-to-udp: connected to .*", "sse-to-udp: 1 received, " + sent + " sent, " + sent + " bytes, 0 skipped, "
                    + status + " failed");
            assertEquals(sent, receiver.arrived().size());
        }
    }

    @Test
    void noTimeIsGivenBy0() throws Exception {
        try (SseServer server = SseServer.stream(events(1)); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "-m", "0", "-c", "1", server.url("/"), receiver.target()).assertIs(0, "");
            Script.here("udp-send", "--max-time", "0", "-m", "2", receiver.target()).assertIs(0, "");
            assertEquals(List.of("1", "2"), receiver.arrived());
        }
    }

    @Test
    void failureOfTheUdpSideEndsAll() throws Exception {
        try (SseServer one = SseServer.stream("data: " + "x".repeat(100) + "\n\n"); SseServer silent = SseServer.stream("")) {
            Script.here("sse-to-udp", "-q", "--max-size", "10", "--oversize", "fail", silent.url("/"), one.url("/"), "127.0.0.1:9")
                .assertIs(1, "", "sse-to-udp: 100 bytes, more than the 10 of a datagram.*");
            one.next();
            assertEquals(0, one.further());
        }
    }

    @Test
    void signalEndsAllWithinASecondAlsoWhileNobodyReads() throws Exception {
        String data = "data: " + "x".repeat(1000) + "\n\n";
        SseServer.Script endless = connection -> {
            connection.send(SseServer.OK);
            while (true) {
                connection.send(data);
            }
        };
        try (SseServer one = new SseServer(endless); SseServer other = new SseServer(endless); SseServer silent = SseServer.stream("");
                Script listen = Script.start("SseListen", one.url("/"), other.url("/"), silent.url("/"))) {
            tests.support.Lan.await("a full pipe", () -> listen.process.getInputStream().available() > 56 << 10);
            listen.signal("TERM");
            assertTrue(listen.process.waitFor(5, TimeUnit.SECONDS), "took too long");
            assertEquals(143, listen.process.exitValue());
        }
    }

    // ---- state files ----

    @Test
    void eachServerHasAStateFileAndWhatWasNotTakenComesAgain() throws Exception {
        Path state = folder.resolve("state");
        SseServer.Script resuming = connection -> {
            int from = connection.header("Last-Event-ID").map(Integer::parseInt).orElse(0);
            connection.send(SseServer.OK);
            for (int i = from + 1; i <= 100; i++) {
                connection.send("id: " + i + "\ndata: " + i + "\n\n");
            }
            connection.hold();
        };
        try (SseServer one = new SseServer(resuming); SseServer other = new SseServer(resuming); UdpReceiver receiver = new UdpReceiver()) {
            String[] arguments = {"-q", "-c", "40", "-F", "{source} {data}", "--state-file", state.toString(), one.url("/secret"), other.url("/secret"),
                receiver.target()};
            for (int run = 0; run < 5; run++) {
                Script.here("sse-to-udp", arguments).assertIs(0, "");
                for (Path file : List.of(state, folder.resolve("state.2"))) {
                    assertTrue(Files.readString(file).matches("[0-9]*\n"), Files.readString(file));
                }
            }
            List<String> arrived = receiver.arrived();
            assertEquals(200, new TreeSet<>(arrived).size(), "nothing is missing");
            assertEquals(200, arrived.size(), "nothing came twice");
        }
    }

    @Test
    void stateFileOfOneUrlIsThatOfTheFirstOfSeveral() throws Exception {
        Path state = Files.writeString(folder.resolve("state"), "7\n");
        try (SseServer one = answering(GONE); SseServer other = answering(GONE)) {
            Script.here("sse-listen", "--state-file", state.toString(), one.url("/"), other.url("/")).assertIs(0, "");
            assertEquals(Optional.of("7"), one.next().header("Last-Event-ID"));
            assertEquals(Optional.empty(), other.next().header("Last-Event-ID"));
            assertEquals("7\n", Files.readString(state));
            assertEquals("\n", Files.readString(folder.resolve("state.2")));
        }
    }

    @Test
    void stateFileThatCannotBeReadEndsAllWithOneMessage() throws Exception {
        Path state = Files.writeString(folder.resolve("state"), "");
        try (SseServer one = answering(GONE); SseServer other = answering(GONE)) {
            Script.here("sse-listen", "-q", "--state-file", state.toString(), one.url("/"), other.url("/")).assertIs(1, "",
                "sse-listen: state file " + state + ": expected one line of UTF-8 with a last event ID; without the file it begins anew");
            assertEquals(0, one.further());
        }
    }
}
