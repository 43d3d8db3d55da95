package tests.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import lib.sse.EachAddress;
import lib.sse.SseClient;
import lib.sse.SseRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Lan;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.TestCertificates;

/** IPv6, and a peer that vanishes without a word, on a LAN that lives in this machine only. */
class SseNetworkTest {
    private static final String LOST = "sse-listen: .*/…: (no connection in time|no route to host); connecting again in .* s";

    private static Lan lan;

    @TempDir
    Path folder;

    private final List<Script> scripts = new ArrayList<>();

    /** For the tests that want it: h1 and h4 on a cable. */
    private static void build() throws Exception {
        assumeTrue(Lan.isPossible(), "needs root and ip netns");
        if (lan == null) {
            lan = new Lan();
        }
    }

    /** With the cable in its place, also after a failure. */
    @AfterEach
    void endScripts() throws Exception {
        scripts.forEach(Script::close);
        if (lan != null) {
            lan.ip("h4", "link set eth1 up");
        }
    }

    @AfterAll
    static void remove() throws Exception {
        if (lan != null) {
            lan.close();
        }
    }

    private Script started(Script script) {
        scripts.add(script);
        return script;
    }

    // ---- IPv6 ----

    @Test
    void addressOfIpv6IsAHostLikeAnother() throws Exception {
        ServerSocket socket = ipv6Loopback();
        try (SseServer server = new SseServer(connection ->
                connection.send(connection.number == 0 ? "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 204 X\r\n\r\n"), socket, "http")) {
            List<String> notices = new CopyOnWriteArrayList<>();
            String url = "http://[::1]:" + server.port();
            new SseClient(new SseRequest(url + "/secret"))
                .retryDelay(Duration.ofMillis(10)).notices(notices::add).listen(event -> { });
            assertEquals(List.of(url + "/…: HTTP status 500; connecting again in 0.01 s"), notices);
            assertEquals(Optional.of("[::1]:" + server.port()), server.next().header("Host"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%25"})
    void zoneChoosesTheInterfaceAndStaysOnThisMachine(String before) throws Exception {
        build();
        for (String host : List.of("h1", "h4")) {
            lan.ip(host, "addr replace fe80::" + host.substring(1) + "/64 dev eth1 nodad");
        }
        Script server = started(lan.start("h4", "tests.support.FarServer", "fe80::4%eth1"));
        String port = server.nextLine();
        started(lan.start("h1", "SseListen", "-c", "3", "-F", "{id}", "--connect-timeout", "5", "--max-retries", "3",
            "http://[fe80::4" + before + "eth1]:" + port + "/events")).end().assertIs(0, "1\n2\n3\n");
        assertEquals("[fe80::4]:" + port + " after 0", server.nextLine());
    }

    @Test
    void zoneMayComeAlsoWithARedirect() throws Exception {
        ServerSocket socket = ipv6Loopback();
        try (SseServer server = new SseServer(connection -> connection.send("HTTP/1.1 204 X\r\n\r\n"), socket, "http");
                SseServer first = new SseServer(connection -> connection.send("HTTP/1.1 302 X\r\nLocation: http://[::1%25lo]:"
                    + server.port() + "/\r\nContent-Length: 0\r\n\r\n"))) {
            assumeTrue(NetworkInterface.getByName("lo") != null, "loopback has another name here");
            SseClient client = new SseClient(first.url("/")).around(new EachAddress()).maxRetries(0);
            client.listen(event -> { });
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
        build();
        List<String> serverArguments = new ArrayList<>(List.of("10.9.0.4", scheme.equals("https") ? folder.toString() : "-"));
        List<String> clientArguments = new ArrayList<>(List.of("-F", "{id}", "--idle-timeout", "3", "--connect-timeout", "3",
            "--retry-delay", "0.1", "--retry-max-delay", "0.5"));
        if (scheme.equals("https")) {
            clientArguments.addAll(List.of("--cacert", TestCertificates.ofServer(folder).authority().toString()));
        }
        Script server = started(lan.start("h4", "tests.support.FarServer", serverArguments.toArray(String[]::new)));
        String url = scheme + "://10.9.0.4:" + server.nextLine() + "/";
        clientArguments.add(url + "secret");
        Script client = started(lan.startTalking("h1", "SseListen", clientArguments.toArray(String[]::new)));

        List<String> ids = new ArrayList<>();
        takeTo(20, ids, client);
        lan.ip("h4", "link set eth1 down");
        assertEquals("sse-listen: " + url + "…: nothing came for 3 s; connecting again (this is said once)", notice(ids, client));
        String failure = notice(ids, client);
        assertTrue(failure.matches(LOST), failure);
        lan.ip("h4", "link set eth1 up");
        String notice = notice(ids, client);
        while (notice.matches(LOST)) {
            notice = notice(ids, client);
        }
        assertEquals("sse-listen: " + url + "…: connected again", notice);
        takeTo(60, ids, client);

        for (int i = 0; i < ids.size(); i++) {
            assertEquals(String.valueOf(i + 1), ids.get(i), ids.toString());
        }
        assertTrue(server.nextLine().endsWith(" after 0"));
        String resumed = server.nextLine();
        assertTrue(Integer.parseInt(resumed.replaceFirst(".* ", "")) >= 20, resumed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http|", "https|", "http|HTTP/1.1 200 OK\r\nContent-Ty", "https|HTTP/1.1 200 OK\r\nContent-Ty"})
    void peerThatVanishesBeforeItsAnswerIsWholeIsNoticedToo(String schemeAndFirst) throws Exception {
        build();
        String scheme = schemeAndFirst.replaceFirst("\\|(?s).*", "");
        boolean safe = scheme.equals("https");
        String authority = safe ? TestCertificates.ofServer(folder).authority().toString() : "";
        Script server = started(lan.start("h4", "tests.support.FarServer", "10.9.0.4", safe ? folder.toString() : "-",
            schemeAndFirst.substring(scheme.length() + 1)));
        String url = scheme + "://10.9.0.4:" + server.nextLine() + "/";
        List<String> arguments = new ArrayList<>(List.of("-F", "{id}", "--idle-timeout", "3", "--connect-timeout", "3",
            "--retry-delay", "0.1", "--retry-max-delay", "0.5", url + "secret"));
        if (safe) {
            arguments.addAll(List.of("--cacert", authority));
        }
        Script client = started(lan.startTalking("h1", "SseListen", arguments.toArray(String[]::new)));
        assertTrue(server.nextLine().endsWith(" after 0"));
        lan.ip("h4", "link set eth1 down");
        List<String> ids = new ArrayList<>();
        assertEquals("sse-listen: " + url + "…: nothing came for 3 s; connecting again (this is said once)", notice(ids, client));
        lan.ip("h4", "link set eth1 up");
        String notice = notice(ids, client);
        while (notice.matches(LOST)) {
            notice = notice(ids, client);
        }
        assertEquals("sse-listen: " + url + "…: connected again", notice);
        takeTo(3, ids, client);
        assertEquals(List.of("1", "2", "3"), ids);
    }

    private static void takeTo(int count, List<String> ids, Script client) throws IOException {
        while (ids.size() < count) {
            String line = client.nextLine();
            assertTrue(line != null && line.matches("[0-9]+"), line);
            ids.add(line);
        }
    }

    /** The next message; the ids that come before it are taken. */
    private static String notice(List<String> ids, Script client) throws IOException {
        String line = client.nextLine();
        while (line != null && line.matches("[0-9]+")) {
            ids.add(line);
            line = client.nextLine();
        }
        return String.valueOf(line);
    }
}
