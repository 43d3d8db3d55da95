package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.IDN;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Hosts;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.TestCertificates;
import tests.support.UdpReceiver;

/** Names with several addresses, of which only the last one has a server; odd names. */
class AddressTest {
    @TempDir
    static Path folder;

    private static TestCertificates certificates;

    @BeforeAll
    static void makeCertificates() throws Exception {
        certificates = TestCertificates.ofServer(folder);
    }

    /** The first event, taken by a relay in this process. */
    private static void assertRelays(String expected, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of("-q", "-c", "1", "--max-retries", "1", "--retry-delay", "0.01"));
        all.addAll(List.of(arguments));
        try (UdpReceiver receiver = new UdpReceiver()) {
            all.add(receiver.target());
            Script.here("sse-to-udp", all.toArray(String[]::new)).assertIs(0, "");
            assertEquals(List.of(expected), receiver.arrived());
        }
    }

    private static void event(SseServer.Connection connection) throws Exception {
        connection.send(SseServer.OK + "data: hi\n\n").hold();
    }

    @ParameterizedTest
    @ValueSource(strings = {"several.example", "my_host", "b\u00FCcher.example"})
    void nextAddressIsTriedWhereOneRefuses(String name) throws Exception {
        try (SseServer server = new SseServer(AddressTest::event)) {
            Path url = Files.writeString(folder.resolve("url"), "http://" + name + ":" + server.port() + "/x");
            assertRelays("hi", "@" + url);
            SseServer.Connection request = server.next();
            assertEquals(Optional.of((name.contains("_") ? name : IDN.toASCII(name)) + ":" + server.port()), request.header("Host"));
            assertEquals("GET /x HTTP/1.1", request.requestLine());
            assertEquals(0, server.further());
        }
    }

    /** In a JVM of its own: java.net.http reads once whether that is allowed, and here a test may have been first. */
    @Test
    void hostOfTheUserIsSent() throws Exception {
        try (SseServer server = new SseServer(AddressTest::event)) {
            for (String host : List.of("127.0.0.1", "several.example")) {
                List<String> command = Script.command("SseListen", "-c", "1", "-F", "{data}", "-H", "Host: other:81",
                    "http://" + host + ":" + server.port() + "/");
                command.add(1, Hosts.option());
                try (Script script = Script.start(command)) {
                    script.input("").end().assertIs(0, "hi\n");
                }
                assertEquals(Optional.of("other:81"), server.next().header("Host"));
            }
        }
    }

    @Test
    void whereAllRefuseItIsOneFailure() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        Script.here("sse-listen", "--max-retries", "1", "--retry-delay", "0.01", "http://several.example:" + free + "/x").assertIs(6, "",
            "sse-listen: http://several\\.example:" + free + "/…: connection refused; connecting again in 0.01 s",
            "sse-listen: http://several\\.example:" + free + "/…: connection refused; gave up after 1 retry");
    }

    @Test
    void certificateIsVerifiedForTheNameWithoutItsDot() throws Exception {
        try (SseServer server = certificates.server("server", AddressTest::event)) {
            String authority = certificates.authority().toString();
            for (String host : List.of("localhost:", "localhost.:")) {
                assertRelays("hi", "--cacert", authority, "https://" + host + server.port() + "/");
                assertEquals(Optional.of(host + server.port()), server.next().header("Host"));
            }
            Script.Ended wrong = Script.here("sse-listen", "--cacert", authority, "--no-retry", "https://wrong.example:" + server.port() + "/");
            assertEquals(6, wrong.status(), wrong.err());
            assertTrue(wrong.err().contains("the server's certificate is for another host"), wrong.err());
        }
    }
}
