package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tests.support.Lan;
import tests.support.Script;

/** {@code udp-listen} and its output. */
class UdpListenTest {
    @TempDir
    private Path folder;

    private static int freePort() throws Exception {
        try (DatagramSocket socket = new DatagramSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void send(int port, byte[] payload) throws Exception {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(payload, payload.length, new InetSocketAddress("127.255.255.255", port)));
        }
    }

    private static Script listen(int port, String... arguments) throws Exception {
        Script script = Script.start("UdpListen", arguments);
        Lan.awaitBound(script, port);
        return script;
    }

    @Test
    void aDatagramIsAJsonLine() throws Exception {
        int port = freePort();
        try (Script script = listen(port, "-c", "2", "-m", "0", "" + port)) {
            send(port, "a \"quoted\" ä\n".getBytes(StandardCharsets.UTF_8));
            send(port, new byte[] {(byte) 0xFF, 0, 1});
            String start = "\\{\"from\":\"127\\.0\\.0\\.1:\\d+\",";
            String time = "\"time\":\"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\"\\}";
            String text = script.nextLine();
            assertTrue(text.matches(start + "\"data\":\"a \\\\\"quoted\\\\\" ä\\\\n\"," + time), text);
            String bytes = script.nextLine();
            assertTrue(bytes.matches(start + "\"bytes\":\"/wAB\"," + time), bytes);
            script.end().assertIs(0, "");
        }
    }

    @Test
    void severalListenOnOnePort() throws Exception {
        int port = freePort();
        try (Script one = listen(port, "-0", "-F", "{data}", "-c", "1", "" + port);
                Script other = listen(port, "-j", "-F", "<{json:data}>", "-c", "1", "" + port)) {
            send(port, "x".getBytes(StandardCharsets.UTF_8));
            one.end().assertIs(0, "x\0");
            other.end().assertIs(0, "<\"x\">");
        }
    }

    @ParameterizedTest
    @CsvSource({"{data}, ä <\"1\">", "got {{{data}}!, got {ä <\"1\">}!", "fixed, fixed"})
    void aFormatSaysWhatBecomesOfADatagram(String format, String line) throws Exception {
        int port = freePort();
        Path file = Files.writeString(folder.resolve("format"), format + "\n");
        try (Script script = listen(port, "-F", "@" + file, "-c", "1", "" + port)) {
            send(port, "ä <\"1\">".getBytes(StandardCharsets.UTF_8));
            script.end().assertIs(0, line + "\n");
        }
    }

    @Test
    void aFormatMayHoldTheJsonLine() throws Exception {
        int port = freePort();
        try (Script script = listen(port, "-F", "[{json}]", "-c", "1", "" + port)) {
            send(port, "x".getBytes(StandardCharsets.UTF_8));
            String line = script.nextLine();
            assertTrue(line.matches("\\[\\{\"from\":\".*\",\"data\":\"x\",\"time\":\".*\"\\}\\]"), line);
        }
    }

    @Test
    void anUnknownPlaceholderIsNamed() throws Exception {
        Script.here("udp-listen", "-F", "{id}", "5000").assertIs(2, "", "udp-listen: --format: "
            + "\\{id\\} is not known here, expected one of \\{data\\} \\{json\\} \\(\\{\\{ is a brace\\) \\(udp-listen --help says more\\)");
    }

    @Test
    void anInterfaceHoldsForBroadcastsAndSingleHostsToo() throws Exception {
        assumeTrue(Lan.isPossible(), "needs root and ip");
        Map<String, String> received = Map.of("-c 3 -I eth0 5301", "near near near", "-c 6 -I eth0 -I eth1 5302", "far far far near near near",
            "-c 3 -I eth0 -I eth0 [::]:5303", "near near near", "-c 1 -I eth0 192.168.8.255:5304", "near",
            "-c 1 -I eth0 255.255.255.255:5304", "near", "-c 1 -I eth0 239.1.2.3:5304", "near", "-c 2 -I lo 5305", "here here");
        try (Lan lan = new Lan()) {
            Map<String, Script> listeners = new HashMap<>();
            for (String one : received.keySet()) {
                Script listener = lan.startTalking("h1", "UdpListen", ("-v -F {data} " + one).split(" "));
                assertTrue(listener.nextLine().contains("listening on port 530"));
                listeners.put(one, listener);
            }
            send(lan, "h1", "here", "lo", "127.0.0.1", "127.255.255.255");
            send(lan, "h4", "far", "eth1", "10.9.0.255", "255.255.255.255", "10.9.0.1", "239.1.2.3");
            send(lan, "h2", "near", "eth0", "192.168.8.255", "255.255.255.255", "192.168.8.1", "239.1.2.3");
            for (String one : received.keySet()) {
                assertEquals(received.get(one), String.join(" ", listeners.get(one).end().out().lines().toList()), one);
            }
        }
    }

    /** Sends a text to each of these addresses, at each of the ports of the test above. */
    private static void send(Lan lan, String host, String text, String via, String... addresses) throws Exception {
        Stream<String> targets = Stream.of(addresses).flatMap(at -> IntStream.rangeClosed(5301, 5305).mapToObj(port -> at + ":" + port));
        String[] all = Stream.concat(Stream.of("-q", "-m", text, "-I", via), targets).toArray(String[]::new);
        try (Script sender = lan.start(host, "UdpSend", all)) {
            sender.end().assertIs(0, "");
        }
    }

    @Test
    void theTimeIsOver() throws Exception {
        Script.here("udp-listen", "-m", "0.1", "0").assertIs(0, "");
        Script.here("udp-listen", "-c", "1", "-m", "0.1", "0").assertIs(124, "");
    }

    @Test
    void mistakesAreNamed() throws Exception {
        for (List<String> mistake : List.of(
                List.of("70000", "'70000': expected PORT, ADDR:PORT or \\[IPv6\\]:PORT"),
                List.of("nosuch.invalid:5000", "'nosuch.invalid:5000': no such address"),
                List.of("-I nosuch 5000", "interface 'nosuch': expected the name of an interface of this machine"),
                List.of("-I lo -I nosuch 239.1.2.3:5000", "interface 'nosuch': expected the name of an interface of this machine"))) {
            Script.here("udp-listen", mistake.get(0).split(" "))
                .assertIs(2, "", "udp-listen: " + mistake.get(1) + " \\(udp-listen --help says more\\)");
        }
        Script.here("udp-listen", "-I", "lo", "-m", "0.1", "192.0.2.77:5000")
            .assertIs(0, "", "udp-listen: 192.0.2.77:5000: lo has no such address; waiting for one");
        Script.here("udp-listen", "192.0.2.77:5000").assertIs(1, "", "udp-listen: 192.0.2.77:5000: Cannot assign requested address");
    }
}
