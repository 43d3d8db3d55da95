package tests.process;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        try (Script one = listen(port, "-F", "{data}", "-c", "1", "" + port);
                Script other = listen(port, "-F", "<{data}>", "-c", "1", "" + port)) {
            send(port, "x".getBytes(StandardCharsets.UTF_8));
            one.end().assertIs(0, "x\n");
            other.end().assertIs(0, "<x>\n");
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
    void theTimeIsOver() throws Exception {
        Script.here("udp-listen", "-m", "0.1", "0").assertIs(0, "");
        Script.here("udp-listen", "-c", "1", "-m", "0.1", "0").assertIs(124, "");
    }

    @Test
    void mistakesAreNamed() throws Exception {
        for (List<String> mistake : List.of(
                List.of("70000", "'70000': expected PORT, ADDR:PORT or \\[IPv6\\]:PORT"),
                List.of("nosuch.invalid:5000", "'nosuch.invalid:5000': no such address"))) {
            Script.here("udp-listen", mistake.get(0))
                .assertIs(2, "", "udp-listen: " + mistake.get(1) + " \\(udp-listen --help says more\\)");
        }
        Script.here("udp-listen", "192.0.2.77:5000").assertIs(1, "", "udp-listen: 192.0.2.77:5000: Cannot assign requested address");
    }
}
