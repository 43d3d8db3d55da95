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
import tests.support.Script;
import tests.support.SseServer;
import tests.support.TestCertificates;

/** Names with several addresses, of which only the last one has a server; odd names. */
class AddressTest {
    @TempDir
    static Path folder;

    private static TestCertificates certificates;

    @BeforeAll
    static void makeCertificates() throws Exception {
        certificates = TestCertificates.ofServer(folder);
        List<String> lines = new ArrayList<>();
        for (String name : List.of("several.example", "my_host", IDN.toASCII("b\u00FCcher.example"))) {
            lines.add("127.0.0.9 " + name);
            lines.add("127.0.0.1 " + name);
        }
        lines.addAll(List.of("127.0.0.1 localhost", "127.0.0.1 localhost.", "127.0.0.1 wrong.example"));
        Files.write(folder.resolve("hosts"), lines);
    }

    private static Script.Ended listen(String... arguments) throws Exception {
        List<String> command = Script.command("SseListen", arguments);
        command.add(1, "-Djdk.net.hosts.file=" + folder.resolve("hosts"));
        try (Script script = Script.start(command)) {
            return script.input("").end();
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
            listen("-c", "1", "-F", "{data}", "@" + url).assertIs(0, "hi\n");
            SseServer.Connection request = server.next();
            assertEquals(Optional.of((name.contains("_") ? name : IDN.toASCII(name)) + ":" + server.port()), request.header("Host"));
            assertEquals("GET /x HTTP/1.1", request.requestLine());
            assertEquals(0, server.further());
        }
    }

    @Test
    void hostOfTheUserIsSent() throws Exception {
        try (SseServer server = new SseServer(AddressTest::event)) {
            for (String host : List.of("127.0.0.1", "several.example")) {
                listen("-c", "1", "-F", "{data}", "-H", "Host: other:81", "http://" + host + ":" + server.port() + "/").assertIs(0, "hi\n");
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
        listen("--max-retries", "1", "--retry-delay", "0.01", "http://several.example:" + free + "/x").assertIs(6, "",
            "sse-listen: http://several\\.example:" + free + "/…: connection refused; connecting again in 0.01 s",
            "sse-listen: http://several\\.example:" + free + "/…: connection refused; gave up after 1 retry");
    }

    @Test
    void certificateIsVerifiedForTheNameWithoutItsDot() throws Exception {
        try (SseServer server = certificates.server("server", AddressTest::event)) {
            String authority = certificates.authority().toString();
            for (String host : List.of("localhost:", "localhost.:")) {
                listen("--cacert", authority, "-c", "1", "-F", "{data}", "https://" + host + server.port() + "/").assertIs(0, "hi\n");
                assertEquals(Optional.of(host + server.port()), server.next().header("Host"));
            }
            Script.Ended wrong = listen("--cacert", authority, "--no-retry", "https://wrong.example:" + server.port() + "/");
            assertEquals(6, wrong.status(), wrong.err());
            assertTrue(wrong.err().contains("the server's certificate is for another host"), wrong.err());
        }
    }
}
