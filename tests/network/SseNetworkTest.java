package tests.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import lib.sse.SseClient;
import lib.sse.SseRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.TestCertificates;

/** IPv6, and a peer that vanishes without a word, in networks that live in this machine only. */
class SseNetworkTest {
    private static final String NAME = "sse-test-" + ProcessHandle.current().pid();
    private static final String FAR = NAME + "-far";
    private static final String NEAR = NAME + "-near";

    @TempDir
    Path folder;

    private final List<Process> processes = new ArrayList<>();

    // ---- two network namespaces, joined by a cable ----

    private static int ip(String arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(Arrays.asList(arguments.split(" ")));
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start().waitFor();
        } catch (IOException noSuchProgram) {
            return -1;
        }
    }

    private static void network() throws Exception {
        assumeTrue(ip("netns add " + FAR) == 0, "no network namespaces: not root, or no ip");
        for (String command : List.of("netns add " + NEAR,
                "link add eth0 netns " + FAR + " type veth peer name eth0 netns " + NEAR,
                "-n " + FAR + " addr add 10.99.0.1/24 dev eth0",
                "-n " + NEAR + " addr add 10.99.0.2/24 dev eth0",
                "-n " + FAR + " addr add fe80::1/64 dev eth0 nodad",
                "-n " + NEAR + " addr add fe80::2/64 dev eth0 nodad",
                "-n " + FAR + " link set eth0 up",
                "-n " + NEAR + " link set eth0 up")) {
            assertEquals(0, ip(command), command);
        }
    }

    @AfterEach
    void removeNetwork() throws Exception {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
        ip("netns del " + FAR);
        ip("netns del " + NEAR);
    }

    private Process start(String namespace, String mainClass, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        command.addAll(Script.command(mainClass, arguments));
        Process process = new ProcessBuilder(command).start();
        processes.add(process);
        return process;
    }

    private static BufferedReader out(Process process) {
        return process.inputReader(StandardCharsets.UTF_8);
    }

    /** Reads to the line that ends so. */
    private static List<String> readTo(String end, BufferedReader lines) throws IOException {
        List<String> read = new ArrayList<>();
        do {
            String line = lines.readLine();
            assertTrue(line != null, () -> "no '" + end + "' in " + read);
            read.add(line);
        } while (!read.get(read.size() - 1).endsWith(end));
        return read;
    }

    // ---- IPv6 ----

    @Test
    void addressOfIpv6IsAHostLikeAnother() throws Exception {
        ServerSocket socket = ipv6Loopback();
        try (SseServer server = new SseServer(connection ->
                connection.send(connection.number == 0 ? "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 204 X\r\n\r\n"), socket, "http")) {
            List<String> notices = new CopyOnWriteArrayList<>();
            String url = "http://[::1]:" + server.port();
            assertEquals(SseClient.Outcome.NO_CONTENT, new SseClient(new SseRequest(URI.create(url + "/secret")))
                .retryDelay(Duration.ofMillis(10)).notices(notices::add).listen(event -> { }));
            assertEquals(List.of(url + "/…: HTTP status 500; connecting again in 0.01 s"), notices);
            assertEquals(Optional.of("[::1]:" + server.port()), server.next().header("Host"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%25"})
    void zoneChoosesTheInterfaceAndStaysOnThisMachine(String before) throws Exception {
        network();
        Process server = start(FAR, "tests.support.FarServer", "fe80::1%eth0");
        BufferedReader requests = out(server);
        String port = requests.readLine();
        Process client = start(NEAR, "SseListen", "-c", "3", "-F", "{id}", "--connect-timeout", "5", "--max-retries", "3",
            "http://[fe80::1" + before + "eth0]:" + port + "/events");
        assertEquals(List.of("1", "2", "3"), out(client).lines().toList());
        assertEquals(0, client.waitFor());
        assertEquals(List.of(), client.errorReader(StandardCharsets.UTF_8).lines().toList());
        assertEquals("[fe80::1]:" + port + " after 0", requests.readLine());
    }

    @Test
    void zoneMayComeAlsoWithARedirect() throws Exception {
        ServerSocket socket = ipv6Loopback();
        try (SseServer server = new SseServer(connection -> connection.send("HTTP/1.1 204 X\r\n\r\n"), socket, "http");
                SseServer first = new SseServer(connection -> connection.send("HTTP/1.1 302 X\r\nLocation: http://[::1%25lo]:"
                    + server.port() + "/\r\nContent-Length: 0\r\n\r\n"))) {
            assumeTrue(NetworkInterface.getByName("lo") != null, "loopback has another name here");
            assertEquals(SseClient.Outcome.NO_CONTENT, new SseClient(first.uri("/")).listen(event -> { }));
            assertEquals("GET / HTTP/1.1", server.next().requestLine());
        }
    }

    private static ServerSocket ipv6Loopback() {
        try {
            return new ServerSocket(0, 50, InetAddress.getByName("::1"));
        } catch (IOException notThere) {
            return abort("no IPv6: " + notThere.getMessage());
        }
    }

    // ---- a peer that vanishes ----

    @ParameterizedTest
    @ValueSource(strings = {"http", "https"})
    void peerThatVanishesIsNoticedAndNothingIsLost(String scheme) throws Exception {
        network();
        boolean safe = scheme.equals("https");
        List<String> serverArguments = new ArrayList<>(List.of("10.99.0.1"));
        List<String> clientArguments = new ArrayList<>(List.of("-F", "{id}", "--idle-timeout", "2", "--connect-timeout", "1",
            "--retry-delay", "0.1", "--retry-max-delay", "0.5"));
        if (safe) {
            serverArguments.add(folder.toString());
            clientArguments.addAll(List.of("--cacert", TestCertificates.ofServer(folder).authority().toString()));
        }
        Process server = start(FAR, "tests.support.FarServer", serverArguments.toArray(String[]::new));
        BufferedReader requests = out(server);
        String url = scheme + "://10.99.0.1:" + requests.readLine() + "/";
        clientArguments.add(url + "secret");
        Process client = start(NEAR, "SseListen", clientArguments.toArray(String[]::new));
        BufferedReader events = out(client);
        BufferedReader notices = client.errorReader(StandardCharsets.UTF_8);

        List<String> ids = readTo("20", events);
        assertEquals(0, ip("-n " + FAR + " link set eth0 down"));
        assertEquals("sse-listen: " + url + "…: nothing came for 2 s; connecting again in 0.1 s", notices.readLine());
        String failure = notices.readLine();
        assertTrue(failure.matches("sse-listen: .*/…: (no connection in time|no route to host); connecting again in .* s"), failure);
        assertEquals(0, ip("-n " + FAR + " link set eth0 up"));
        List<String> until = readTo(": connected again", notices);
        assertTrue(until.stream().limit(until.size() - 1).allMatch(line -> line.matches(
            "sse-listen: .*/…: (no connection in time|no route to host); connecting again in .* s")), until.toString());
        while (ids.size() < 100) {
            ids.add(events.readLine());
        }

        for (int i = 0; i < ids.size(); i++) {
            assertEquals(String.valueOf(i + 1), ids.get(i), ids.toString());
        }
        assertTrue(requests.readLine().endsWith(" after 0"));
        String resumed = requests.readLine();
        assertTrue(Integer.parseInt(resumed.replaceFirst(".* ", "")) >= 20, resumed);
    }
}
