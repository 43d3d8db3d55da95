package tests.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import lib.cli.EventJson;
import lib.cli.Payload;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/** {@code udp-send} to receivers on this host. */
class UdpSendTest {
    private static final String ADDRESS_AND_PORT = " with a valid address and a port from ";
    private static final String TARGET = " HOST:PORT, [IPv6]:PORT or all:PORT" + ADDRESS_AND_PORT + "1 to 65535";
    private static final String SOURCE = " [ADDR]:PORT, as in :5001," + ADDRESS_AND_PORT + "0 to 65535";
    private static final String LINK_LOCAL = " a host or a group, with the interface of a link-local address, as in [ff02::1%eth0]:5000";

    private UdpReceiver receiver;

    @BeforeEach
    void open() throws Exception {
        receiver = new UdpReceiver();
    }

    @AfterEach
    void close() {
        receiver.close();
    }

    private static String summary(int received, int sent, int bytes, int skipped) {
        return "udp-send: " + received + " received, " + sent + " sent, " + bytes + " bytes, " + skipped + " skipped, 0 failed";
    }

    @Test
    void eachLineIsABroadcast() throws Exception {
        Script.run("one\ntwo\n\nthree", "UdpSend", receiver.target()).assertIs(0, "", summary(4, 4, 11, 0));
        assertEquals(List.of("one", "two", "", "three"), receiver.arrived());
    }

    @Test
    void oneMessageNeedsNoWords() throws Exception {
        Script.run("", "UdpSend", "-m", "on", receiver.target()).assertIs(0, "");
        assertEquals(List.of("on"), receiver.arrived());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"-m -0.5 | -0.5", "--message=-0.5 | -0.5", "-m -h | -h", "-m x -F -Temp{line} | -Tempx"})
    void aValueMayBeginLikeAnOption(String options, String payload) throws Exception {
        Script.here("udp-send", (options + " " + receiver.target()).split(" ")).assertIs(0, "");
        assertEquals(List.of(payload), receiver.arrived());
    }

    @Test
    void severalTargetsAndALoopbackNameAndIpv6() throws Exception {
        try (UdpReceiver other = new UdpReceiver()) {
            Script.run("x\n", "UdpSend", receiver.target(), "localhost:" + other.port(), "[::1]:" + other.port())
                .assertIs(0, "", summary(1, 3, 3, 0));
            assertEquals(List.of("x"), receiver.arrived());
            assertEquals(List.of("x", "x"), other.arrived());
        }
    }

    @Test
    void aUnicastTargetWhereNobodyListensLosesNothingForTheOthers() throws Exception {
        int closed;
        try (UdpReceiver gone = new UdpReceiver()) {
            closed = gone.port();
        }
        Script.run("1\n2\n3\n4\n", "UdpSend", "127.0.0.1:" + closed, receiver.target())
            .assertIs(0, "", summary(4, 8, 8, 0));
        assertEquals(List.of("1", "2", "3", "4"), receiver.arrived());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "localhost:0                         | 2 | target 'localhost:0': expected F",
        "localhost:70000                     | 2 | target 'localhost:70000': expected F",
        "localhost                           | 2 | target 'localhost': expected F",
        "::1:5000                            | 2 | target '::1:5000': expected F",
        "0.0.0.0:5000                        | 2 | target '0.0.0.0:5000': expected L",
        "192.168.8.256:5000                  | 2 | target '192.168.8.256:5000': expected F",
        "[ff02::zz]:5000                     | 2 | target '[ff02::zz]:5000': expected F",
        "[ff02::1]:5000                      | 2 | target '[ff02::1]:5000': expected L",
        "[all%eth0]:5000                     | 2 | target '[all%eth0]:5000': expected F",
        "-I nosuch0 127.0.0.1:5000           | 1 | interface 'nosuch0': expected the name of an interface of this machine",
        "-I 127.0.0.1 127.0.0.1:5000         | 1 | interface '127.0.0.1': expected the name of an interface of this machine",
        "-n -I nosuch0 all:5000              | 1 | interface 'nosuch0': expected the name of an interface of this machine",
        "-s 192.0.2.77:0 127.0.0.1:5000      | 1 | source 192.0.2.77:0: Cannot assign requested address",
        "-s [2001:db8::77]:0 127.0.0.1:5000  | 1 | source [2001:db8::77]:0: Cannot assign requested address",
        "-s nosuch 127.0.0.1:5000            | 2 | source 'nosuch': expected S",
        "-s :70000 127.0.0.1:5000            | 2 | source ':70000': expected S",
        "--ttl 256 127.0.0.1:5000            | 2 | --ttl 256: expected 0 to 255",
        "--rate 0 127.0.0.1:5000             | 2 | --rate 0.0: expected more than 0 datagrams per second",
        "--repeat 0 127.0.0.1:5000           | 2 | --repeat 0: expected 1 to 2147483647",
        "--max-size 65508 127.0.0.1:5000     | 2 | --max-size 65508: expected 0 to 65507"})
    void aMistakeIsNamed(String arguments, int status, String message) throws Exception {
        Script.Ended ended = Script.here("udp-send", ("-q -m x " + arguments).split(" "));
        String line = "udp-send: " + message.replaceFirst(" F$", TARGET).replaceFirst(" L$", LINK_LOCAL).replaceFirst(" S$", SOURCE)
            + (status == 2 ? " (udp-send --help says more)" : "") + "\n";
        assertEquals(line, ended.err());
        assertEquals(status, ended.status());
    }

    @Test
    void aMistakeEndsTheProcess() throws Exception {
        Script.run("", "UdpSend", "-m", "x", "localhost").assertIs(2, "",
            Pattern.quote("udp-send: target 'localhost': expected" + TARGET + " (udp-send --help says more)"));
    }

    @Test
    void tooLargeIsSkippedCutOffOrTheEnd() throws Exception {
        String lines = "12345\n1234\n";
        String size = "udp-send: 5 bytes, more than the 4 of a datagram";
        Script.run(lines, "UdpSend", "--max-size", "4", receiver.target())
            .assertIs(1, "", size + ": not sent", summary(2, 1, 4, 1));
        Script.run(lines, "UdpSend", "--max-size", "4", "--oversize", "skip", receiver.target())
            .assertIs(0, "", size + ": not sent", summary(2, 1, 4, 1));
        Script.run(lines, "UdpSend", "--max-size", "4", "--oversize", "truncate", receiver.target())
            .assertIs(0, "", size + ": cut off", summary(2, 2, 8, 0));
        Script.run(lines, "UdpSend", "--max-size", "4", "--oversize", "fail", receiver.target())
            .assertIs(1, "", size, "udp-send: 1 received, 0 sent, 0 bytes, 0 skipped, 1 failed");
        assertEquals(List.of("1234", "1234", "1234", "1234"), receiver.arrived());
    }

    @Test
    void whatIsCutOffEndsInAWholeCharacter() throws Exception {
        Script.run("aäää\n", "UdpSend", "-q", "--max-size", "4", "--oversize", "truncate", receiver.target());
        assertArrayEquals("aä".getBytes(StandardCharsets.UTF_8), receiver.next());
    }

    @Test
    void theLargestDatagramGoesOutWithoutANoticeOnLoopback() throws Exception {
        String largest = "x".repeat(65507);
        Script.run(largest, "UdpSend", receiver.target()).assertIs(0, "", summary(1, 1, 65507, 0));
        assertEquals(List.of(largest), receiver.arrived());
    }

    @Test
    void teeCopiesAndDryRunSendsNothing() throws Exception {
        Script.run("one\ntwo\n", "UdpSend", "-q", "-T", receiver.target()).assertIs(0, "one\ntwo\n");
        assertEquals(List.of("one", "two"), receiver.arrived());
        Script.Ended dry = Script.run("one\ntwo\n", "UdpSend", "-q", "--dry-run", "-T", "-F", "<{line}>", receiver.target());
        String line = receiver.target() + " (lo): 5 bytes\n";
        assertEquals(line + "<one>\n" + line + "<two>\n", dry.out());
        receiver.assertNothingMore();
    }

    @Test
    void aDryRunEndsWhenNobodyReadsItAnyMore() throws Exception {
        Script.shell("yes | { $UdpSend -n -q " + receiver.target() + "; echo \"status $?\" >&2; } | head -1 | wc -l")
            .assertIs(0, "1\n", "status 0");
        receiver.assertNothingMore();
    }

    @Test
    void theNextLineWaitsForTheCopiesOfOne() throws Exception {
        Script.here("udp-send", "--repeat", "2", "--repeat-delay", "0.01", "-m", "a", receiver.target()).assertIs(0, "");
        Script.run("on\noff\n", "UdpSend", "--repeat", "2", "--repeat-delay", "0.1", receiver.target())
            .assertIs(0, "", summary(2, 4, 10, 0));
        assertEquals(List.of("a", "a", "on", "on", "off", "off"), receiver.arrived());
    }

    @Test
    void copiesWithoutADelayFollowAtOnce() throws Exception {
        Script.run("a\nb\n", "UdpSend", "--repeat", "2", receiver.target()).assertIs(0, "", summary(2, 4, 4, 0));
        assertEquals(List.of("a", "a", "b", "b"), receiver.arrived());
    }

    @ParameterizedTest
    @CsvSource({"\\x45\\x00\\xfF, 4500ff", "\\n\\t\\r\\0\\\\, 0a090d005c", "\\\\x41\\q\\x4, 5c7834315c715c7834", "\\x41{line}\\x7b{{, 41787b7b"})
    void aFormatMayHoldAnyBytes(String format, String bytes) throws Exception {
        Script.run("x\n", "UdpSend", "-q", "-F", format, receiver.target()).assertIs(0, "");
        assertEquals(bytes, HexFormat.of().formatHex(receiver.next()));
        receiver.assertNothingMore();
    }

    @Test
    void theWholeInputIsOneDatagramWhateverIsInIt() throws Exception {
        Script.shell("printf '\\002\\377\\012\\000\\r\\n' | $UdpSend --whole " + receiver.target())
            .assertIs(0, "", summary(1, 1, 6, 0));
        assertEquals("02ff0a000d0a", HexFormat.of().formatHex(receiver.next()));
        Script.run("", "UdpSend", "-q", "--whole", receiver.target()).assertIs(0, "");
        assertEquals("", receiver.nextText());
        receiver.assertNothingMore();
    }

    @Test
    void textThatWasListenedToIsPassedOnAndOtherBytesAreSkipped() throws Exception {
        List<byte[]> payloads = List.of(new byte[] {0, (byte) 0xFF, '\n'}, "t\u0000\n".getBytes(StandardCharsets.UTF_8), new byte[0]);
        Payload line = new Payload();
        StringBuilder lines = new StringBuilder();
        for (byte[] payload : payloads) {
            EventJson.writeDatagram("127.0.0.1:1", payload, Instant.EPOCH, line.clear());
            lines.append(line).append('\n');
        }
        Script.run(lines.toString(), "UdpSend", "-q", "-F", "{data}", receiver.target())
            .assertIs(1, "", "udp-send: line 1: no \"data\"; skipped");
        assertEquals(List.of("t\u0000\n", ""), receiver.arrived());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--max-size 4                      | 12345    | 5 bytes, more than the 4 of a datagram: not sent",
        "-F {data}                         | x        | line 1: not JSON; skipped"})
    void whatIsLeftOutIsAFailureThatQuietDoesNotHide(String options, String line, String message) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(options.split(" ")));
        arguments.addAll(List.of("-q", receiver.target()));
        Script.run(line + "\n", "UdpSend", arguments.toArray(String[]::new)).assertIs(1, "", "udp-send: " + message);
        arguments.remove("-q");
        Script.run(line + "\n", "UdpSend", arguments.toArray(String[]::new))
            .assertIs(1, "", "udp-send: " + message, summary(1, 0, 0, 1));
        receiver.assertNothingMore();
    }

    @Test
    void manyLinesThatAreTooLongMakeFewMessages() throws Exception {
        Script.Ended ended = Script.run("12345\n".repeat(20_000), "UdpSend", "--max-size", "4", receiver.target());
        assertTrue(ended.err().lines().count() <= 20, ended.err());
        assertTrue(ended.err().endsWith(summary(20_000, 0, 0, 20_000) + "\n"), ended.err());
        assertEquals(1, ended.status());
    }

    @Test
    void aLineThatIsNotPartOfThePayloadMayBeOfAnySize() throws Exception {
        Script.run("x".repeat(1 << 20), "UdpSend", "-F", "ping", receiver.target()).assertIs(0, "", summary(1, 1, 4, 0));
        assertEquals(List.of("ping"), receiver.arrived());
    }

    @ParameterizedTest
    @CsvSource({"skip, not sent, 0", "truncate, cut off, 0", "fail, -, 1"})
    void anEndlessLineCostsNoMemoryAndTheNextOneGoesOut(String oversize, String end, int status) throws Exception {
        List<String> command = new ArrayList<>(Script.command("UdpSend", "--oversize", oversize, receiver.target()));
        command.add(1, "-Xmx16m");
        try (Script script = Script.start(command)) {
            byte[] block = new byte[1 << 20];
            Arrays.fill(block, (byte) 'x');
            try (OutputStream in = script.process.getOutputStream()) {
                for (int i = 0; i < 100; i++) {
                    in.write(block);
                }
                in.write("\nnext\n".getBytes(StandardCharsets.UTF_8));
            }
            Script.Ended ended = script.end();
            String size = "udp-send: 104857600 bytes, more than the 65507 of a datagram";
            assertTrue(ended.err().contains(status == 0 ? size + ": " + end + "\n" : size + "\n"), ended.err());
            assertEquals(status, ended.status());
        }
        if (oversize.equals("truncate")) {
            assertEquals(65507, receiver.next().length);
        }
        if (status == 0) {
            assertEquals("next", receiver.nextText());
        }
        receiver.assertNothingMore();
    }

    @Test
    void noTimeIsNoLimit() throws Exception {
        Script.here("udp-send", "--max-time", "0", "-m", "x", receiver.target()).assertIs(0, "");
        assertEquals(List.of("x"), receiver.arrived());
    }

    @Test
    void theTimeEndsAWaitForInput() throws Exception {
        try (Script script = Script.start("UdpSend", "--max-time", "1", receiver.target())) {
            script.process.getOutputStream().write("x\nhalf".getBytes(StandardCharsets.UTF_8));
            script.process.getOutputStream().flush();
            script.end().assertIs(124, "", "udp-send: gave up after 1 s", summary(1, 1, 1, 0));
        }
        assertEquals(List.of("x"), receiver.arrived());
    }

    @Test
    void theTimeEndsCopiesThatWait() throws Exception {
        Script.run("x\n", "UdpSend", "--max-time", "1", "--repeat", "2", "--repeat-delay", "100", receiver.target())
            .assertIs(124, "", "udp-send: gave up after 1 s", "udp-send: 1 received, 1 sent, 1 bytes, 0 skipped, 1 failed");
        assertEquals(List.of("x"), receiver.arrived());
    }

    @Test
    void theTimeOfARelayCountsWhatWasNotSentAsFailed() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(SseServer.OK + "data: x\n\n").hold())) {
            Script.Ended ended = Script.run("", "SseToUdp", "-m", "3", server.url("/"), "[ff02::1%nosuch0]:5000");
            assertTrue(ended.err().contains("sse-to-udp: [ff02::1%nosuch0]:5000: no such interface nosuch0\n"), ended.err());
            assertTrue(ended.err().contains("sse-to-udp: 1 received, 0 sent, 0 bytes, 0 skipped, 1 failed\n"),
                ended.err());
            assertEquals(1, ended.status());
        }
    }

    @ParameterizedTest
    @CsvSource({"'', true", "-q, false"})
    void aRelaySaysOnceWhereEventsComeFromAndCountsInBetween(String options, boolean isSaid) throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(SseServer.OK + "retry: 100\ndata: x\n\n"))) {
            List<String> arguments = new ArrayList<>(List.of("-m", "3", "--stats", "1", server.url("/secret"), receiver.target()));
            arguments.addAll(0, options.isEmpty() ? List.of() : List.of(options));
            String err = Script.here("sse-to-udp", arguments.toArray(String[]::new)).err();
            String connected = "sse-to-udp: connected to " + server.url("/") + "\u2026, sending to " + receiver.target() + " (lo)\n";
            assertEquals(isSaid ? 2 : 1, (" " + err).split(Pattern.quote(connected)).length, err);
            String stats = "(?s).*sse-to-udp: in 1 s: [1-9][0-9]* received, [1-9][0-9]* sent, [1-9][0-9]* bytes, 0 skipped, .*";
            assertEquals(isSaid, err.matches(stats), err);
        }
    }

    @Test
    void countsInBetweenAreThoseSinceTheLastTime() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(SseServer.OK + "data: x\n\n").hold())) {
            String err = Script.here("sse-to-udp", "-m", "4", "--stats", "0.5", server.url("/"), receiver.target()).err();
            List<String> counts = err.lines().filter(line -> line.startsWith("sse-to-udp: in 0.5 s: ")).toList();
            assertTrue(counts.size() > 2, err);
            assertEquals(1, counts.stream().filter(line -> line.endsWith(" 1 received, 1 sent, 1 bytes, 0 skipped, 0 failed")).count(), err);
            assertEquals(counts.size() - 1, counts.stream().filter(line -> line.endsWith(" 0 received, 0 sent, 0 bytes, 0 skipped, 0 failed")).count(), err);
        }
    }

    @Test
    void whatTheEndKeptFromBeingSentIsSaidThoughQuiet() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(SseServer.OK + "data: x\n\n").hold())) {
            Script.run("", "SseToUdp", "-q", "-m", "3", "--repeat", "2", "--repeat-delay", "100", server.url("/"), receiver.target())
                .assertIs(1, "", "sse-to-udp: 1 received, 1 sent, 1 bytes, 0 skipped, 1 failed");
        }
        assertEquals(List.of("x"), receiver.arrived());
    }
}
