package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.TestCertificates;
import tests.support.TestProxy;

/** What goes through which proxy, what the proxy gets to see, and what it does not. */
class ProxyTest {
    private static final String NO_CONTENT = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    private static final String CREDENTIALS = "Basic " + Base64.getEncoder().encodeToString("me:s:3+@c ret".getBytes());
    private static final String USER_INFO = "me:s:3+%40c%20ret";
    private static final String[] VARIABLES =
        {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};

    @TempDir
    static Path folder;
    private static TestCertificates certificates;

    private final List<String> notices = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void makeCertificates() throws Exception {
        certificates = TestCertificates.ofServer(folder);
    }

    private SseClient client(String url, Proxies proxies) {
        return new SseClient(new SseRequest(url)).http(builder -> builder.proxy(proxies)).around(proxies)
            .retryDelay(Duration.ofMillis(10)).notices(notices::add).words(failure ->
                failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage(), text -> "");
    }

    private static SseServer server() throws IOException {
        return new SseServer(connection -> connection.send(NO_CONTENT));
    }

    /** Runs sse-listen with nothing but these variables of a proxy, {@code NAME=VALUE}. */
    private static Script.Ended listen(List<String> environment, String... arguments) throws Exception {
        StringBuilder command = new StringBuilder("unset " + String.join(" ", VARIABLES) + ";");
        environment.forEach(variable -> command.append(" export '").append(variable).append("';"));
        command.append(" exec $SseListen");
        for (String argument : arguments) {
            command.append(" '").append(argument).append("'");
        }
        return Script.shell(command.toString());
    }

    // ---- http ----

    @Test
    void httpGoesThroughInAbsoluteForm() throws Exception {
        try (TestProxy proxy = new TestProxy(); SseServer server = server()) {
            client(server.url("/a?b"), Proxies.of(proxy.address(), Map.of())).listen(event -> { });
            assertEquals(List.of("GET " + server.url("/a?b") + " HTTP/1.1"), proxy.requests());
            assertEquals(Optional.of("127.0.0.1:" + server.port()), server.next().header("Host"));
            assertEquals(0, server.further());
        }
    }

    @Test
    void hostIsResolvedByTheProxyOnly() throws Exception {
        try (TestProxy proxy = new TestProxy(); SseServer server = server();
                SseServer safe = certificates.server("server", connection -> connection.send(NO_CONTENT))) {
            String url = "http://no-such-host.invalid:" + server.port() + "/a";
            client(url, Proxies.of(proxy.address(), Map.of())).listen(event -> { });
            assertEquals(Optional.of("no-such-host.invalid:" + server.port()), server.next().header("Host"));
            String safeUrl = "https://no-such-host.invalid:" + safe.port() + "/a";
            SseException end = assertThrows(SseException.class,
                () -> client(safeUrl, Proxies.of(proxy.address(), Map.of())).maxRetries(0).listen(event -> { }));
            assertTrue(end.getMessage().contains("certification path"), end.getMessage());
            assertEquals(List.of("GET " + url + " HTTP/1.1", "CONNECT no-such-host.invalid:" + safe.port() + " HTTP/1.1"),
                proxy.requests());
        }
    }

    @Test
    void streamComesThroughEventByEventAndIsResumed() throws Exception {
        List<String> data = new CopyOnWriteArrayList<>();
        List<Optional<String>> ids = new CopyOnWriteArrayList<>();
        try (TestProxy proxy = new TestProxy(); SseServer server = new SseServer(connection -> {
            if (data.isEmpty()) {
                connection.send(SseServer.OK + "id: 1\ndata: a\n\n").hold();
            } else {
                ids.add(connection.header("Last-Event-ID"));
                connection.send(NO_CONTENT);
            }
        })) {
            client(server.url("/"), Proxies.of(proxy.address(), Map.of()))
                .idleTimeout(Duration.ofSeconds(1)).listen(event -> data.add(event.data()));
            assertEquals(List.of("a"), data);
            assertEquals(List.of(Optional.of("1")), ids);
            assertEquals(server.further(), proxy.requests().size());
        }
    }

    @Test
    void credentialsForTheProxyStayThere() throws Exception {
        try (TestProxy proxy = new TestProxy(CREDENTIALS, 200); SseServer server = server(); SseServer direct = server()) {
            Proxies through = Proxies.of(USER_INFO + "@" + proxy.address(), Map.of("no_proxy", "localhost"));
            client(server.url("/"), through).listen(event -> { });
            assertEquals(Optional.empty(), server.next().header("Proxy-Authorization"));
            assertEquals(1, proxy.requests().size());
            client("http://localhost:" + direct.port() + "/", through).listen(event -> { });
            assertEquals(Optional.empty(), direct.next().header("Proxy-Authorization"));
            assertEquals(1, proxy.requests().size());
        }
    }

    @Test
    void redirectToAHostWithoutAProxyTakesNoCredentialsAlong() throws Exception {
        try (TestProxy proxy = new TestProxy(CREDENTIALS, 200); SseServer direct = server(); SseServer server = new SseServer(connection ->
                connection.send("HTTP/1.1 302 X\r\nLocation: http://localhost:" + direct.port() + "/\r\nContent-Length: 0\r\n\r\n"))) {
            Proxies through = Proxies.of(USER_INFO + "@" + proxy.address(), Map.of("no_proxy", "localhost"));
            client(server.url("/"), through).listen(event -> { });
            assertEquals(Optional.empty(), direct.next().header("Proxy-Authorization"));
            assertEquals(1, proxy.requests().size());
        }
    }

    // ---- https ----

    @Test
    void httpsGoesThroughATunnelThatHidesEverything() throws Exception {
        Path secret = Files.writeString(folder.resolve("proxy"), "http://" + USER_INFO + "@ADDRESS\n");
        try (TestProxy proxy = new TestProxy(CREDENTIALS, 200);
                SseServer server = certificates.server("server", connection -> connection.send(NO_CONTENT))) {
            Files.writeString(secret, Files.readString(secret).replace("ADDRESS", proxy.address()));
            listen(List.of(), "-x", "@" + secret, "--cacert", certificates.authority().toString(), "-u", "user:hidden",
                "-H", "X-Token: hidden", "-H", "Cookie: hidden", server.url("/hidden?hidden")).assertIs(0, "");
            SseServer.Connection request = server.next();
            assertEquals("GET /hidden?hidden HTTP/1.1", request.requestLine());
            assertEquals(Optional.empty(), request.header("Proxy-Authorization"), request.head);
            assertEquals(Optional.of("Basic dXNlcjpoaWRkZW4="), request.header("Authorization"));
            assertEquals(Optional.of("hidden"), request.header("X-Token"));
            assertEquals(1, proxy.heads().size());
            for (String head : proxy.heads()) {
                assertTrue(head.startsWith("CONNECT 127.0.0.1:" + server.port() + " HTTP/1.1\r\n"), head);
                assertFalse(head.contains("hidden") || head.contains("dXNlcjpoaWRkZW4") || head.contains("X-Token"), head);
                assertFalse(head.contains("\r\nAuthorization") || head.contains("\r\nCookie"), head);
            }
            assertEquals(0, server.further());
        }
    }

    @Test
    void tlsKnowsNoDotBehindAFullName() throws Exception {
        try (TestProxy proxy = new TestProxy();
                SseServer server = certificates.server("server", connection -> connection.send(NO_CONTENT))) {
            Script.here("sse-listen", "-x", proxy.address(), "--cacert", certificates.authority().toString(),
                "https://localhost.:" + server.port() + "/").assertIs(0, "");
            assertEquals(List.of("CONNECT localhost:" + server.port() + " HTTP/1.1"), proxy.requests());
        }
    }

    // ---- what the proxy refuses ----

    @Test
    void proxyThatWantsCredentialsIsAFinalErrorAndAskedOnce() throws Exception {
        try (TestProxy proxy = new TestProxy(CREDENTIALS, 200); SseServer server = server();
                SseServer safe = certificates.server("server", connection -> connection.send(NO_CONTENT))) {
            for (SseServer one : List.of(server, safe)) {
                for (String who : List.of("", "me:hidden@")) {
                    int before = proxy.requests().size();
                    Script.here("sse-listen", "-x", who + proxy.address(), one.url("/secret")).assertIs(5, "", "sse-listen: " + one.uri("/")
                        + "…: HTTP status 407" + (one == safe ? ", the proxy " + proxy.address() + " wants credentials, or other ones" : ""));
                    assertEquals(before + 1, proxy.requests().size());
                    assertEquals(0, one.further());
                }
            }
        }
    }

    @Test
    void proxyOfATunnelThatWantsCredentialsIsNamed() throws Exception {
        try (TestProxy proxy = new TestProxy(CREDENTIALS, 200); SseServer server = server();
                SseServer safe = certificates.server("server", connection -> connection.send(NO_CONTENT))) {
            for (SseServer one : List.of(server, safe)) {
                SseException end = assertThrows(SseException.class, () -> client(one.url("/secret"),
                    Proxies.of("me:hidden@" + proxy.address(), Map.of())).listen(event -> { }));
                assertEquals(SseException.Kind.REFUSED, end.kind());
                assertTrue(end.getMessage().endsWith("HTTP status 407"
                    + (one == safe ? ", the proxy " + proxy.address() + " wants credentials, or other ones" : "")), end.getMessage());
                assertEquals(0, one.further());
            }
            assertEquals(2, proxy.requests().size());
        }
    }

    // ---- what is no proxy ----

    private static final String MISTAKE = "%s: expected [http://][USER:PASS@]HOST[:PORT], an HTTP proxy";

    @ParameterizedTest
    @ValueSource(strings = {"socks5://127.0.0.1:1", "socks://u:hidden@h", "https://u:hidden@h:1", "ftp://h", "http://", "http://h:0",
        "http://h:99999", "u:hidden@", "h:hidden", "http://hid den", "u:hid%xden@h"})
    void anythingElseThanAnHttpProxyIsAMistakeThatIsNotRepeated(String proxy) {
        URI url = URI.create("http://example.org/");
        Map<String, Proxies> both = Map.of("the proxy", Proxies.of(proxy, Map.of()), "all_proxy", Proxies.of(Map.of("all_proxy", proxy)));
        both.forEach((name, proxies) -> {
            String expected = String.format(MISTAKE, name);
            assertEquals(expected, assertThrows(IllegalArgumentException.class, () -> proxies.name(url)).getMessage());
            assertEquals(expected, assertThrows(IllegalArgumentException.class, () -> proxies.select(url)).getMessage());
            SseException end = assertThrows(SseException.class, () -> client(url + "secret", proxies).listen(event -> { }));
            assertEquals(SseException.Kind.REFUSED, end.kind());
            assertTrue(end.getMessage().endsWith(expected), end.getMessage());
        });
    }

    /** As desktops set ALL_PROXY for all programs, with the hosts that need no proxy in NO_PROXY. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ALL_PROXY=socks5://a:1;NO_PROXY=localhost,127.0.0.0/8 | http://127.0.0.1:81/ | -",
        "ALL_PROXY=socks5://a:1;NO_PROXY=localhost,127.0.0.0/8 | http://192.0.2.1/    | ALL_PROXY",
        "https_proxy=socks5h://a:1                             | http://example.org/  | -",
        "https_proxy=socks5h://a:1                             | https://example.org/ | https_proxy",
        "http_proxy=b:1;ALL_PROXY=socks5://a:1                 | http://example.org/  | b:1",
        "http_proxy=b:1;ALL_PROXY=socks5://a:1                 | https://example.org/ | ALL_PROXY"})
    void proxyOfAnotherKindIsAMistakeOnlyWhereItWouldBeUsed(String environment, String url, String proxy) {
        Proxies proxies = Proxies.of(variables(environment));
        if (proxy.endsWith("_PROXY") || proxy.endsWith("_proxy")) {
            assertEquals(String.format(MISTAKE, proxy),
                assertThrows(IllegalArgumentException.class, () -> proxies.name(URI.create(url))).getMessage());
        } else {
            assertEquals(proxy, proxyFor(url, proxies));
        }
    }

    @Test
    void whatIsNoHttpProxyEndsTheScriptWithTwo() throws Exception {
        String expected = ": expected \\[http://]\\[USER:PASS@]HOST\\[:PORT], an HTTP proxy \\(sse-listen --help says more\\)";
        Script.here("sse-listen", "-x", "socks5://u:hidden@h", "http://127.0.0.1:1/").assertIs(2, "", "sse-listen: the proxy" + expected);
        listen(List.of("HTTPS_PROXY=https://u:hidden@h"), "https://127.0.0.1:1/").assertIs(2, "", "sse-listen: HTTPS_PROXY" + expected);
    }

    // ---- which proxy ----

    /** "http" or "https" for whether a proxy is used for URLs of that kind, by the environment. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "                                        | -   | -",
        "http_proxy=http://a:1                   | a:1 | -",
        "http_proxy=a:1                          | a:1 | -",
        "http_proxy=a                            | a:1080 | -",
        "http_proxy=squid_proxy:3128/            | squid_proxy:3128 | -",
        "http_proxy=[::1]:1                      | ::1:1 | -",
        "HTTP_PROXY=a:1                          | -   | -",
        "https_proxy=a:1                         | -   | a:1",
        "HTTPS_PROXY=a:1                         | -   | a:1",
        "https_proxy=a:1;HTTPS_PROXY=b:1         | -   | a:1",
        "all_proxy=a:1                           | a:1 | a:1",
        "ALL_PROXY=a:1                           | a:1 | a:1",
        "all_proxy=a:1;http_proxy=b:1            | b:1 | a:1",
        "all_proxy=a:1;https_proxy=b:1           | a:1 | b:1",
        "all_proxy=a:1;http_proxy=;HTTPS_PROXY=  | a:1 | a:1",
        "all_proxy=socks5://a;http_proxy=b:1;https_proxy=b:1 | b:1 | b:1",
        "all_proxy=a:1;no_proxy=*                | -   | -",
        "all_proxy=a:1;NO_PROXY=example.org      | -   | -",
        "all_proxy=a:1;no_proxy=;NO_PROXY=example.org | -   | -",
        "all_proxy=a:1;no_proxy=other.org        | a:1 | a:1"})
    void environmentIsReadAsCurlReadsIt(String environment, String forHttp, String forHttps) {
        Proxies proxies = Proxies.of(variables(environment));
        assertEquals(forHttp, proxyFor("http://example.org/", proxies));
        assertEquals(forHttps, proxyFor("https://example.org/", proxies));
    }

    private static Map<String, String> variables(String environment) {
        Map<String, String> variables = new HashMap<>();
        for (String variable : environment == null ? new String[0] : environment.split(";")) {
            variables.put(variable.replaceFirst("=.*", ""), variable.replaceFirst("^[^=]*=", ""));
        }
        return variables;
    }

    /** What java.net.http is told, and the messages. */
    private static String proxyFor(String url, Proxies proxies) {
        Proxy proxy = proxies.select(URI.create(url)).get(0);
        String name = proxies.name(URI.create(url)).orElse("proxy -").replaceFirst("^proxy ", "");
        assertEquals(name, proxy.type() == Proxy.Type.DIRECT ? "-"
            : ((InetSocketAddress) proxy.address()).getHostString() + ":" + ((InetSocketAddress) proxy.address()).getPort());
        return name;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "example.org            | example.org       | direct",
        "example.org            | EXAMPLE.org       | direct",
        "Example.ORG            | example.org       | direct",
        "example.org            | www.example.org   | direct",
        ".example.org           | www.example.org   | direct",
        ".example.org           | example.org       | direct",
        "example.org.           | example.org       | direct",
        "example.org            | example.org.      | direct",
        "example.org            | notexample.org    | proxy",
        "example.org            | example.org.evil  | proxy",
        "www.example.org        | example.org       | proxy",
        "example.org:80         | example.org       | proxy",
        "a.org, example.org     | example.org       | direct",
        "a.org example.org      | example.org       | direct",
        "*                      | example.org       | direct",
        "*,a.org                | example.org       | proxy",
        "*.example.org          | www.example.org   | proxy",
        "http://example.org     | example.org       | proxy",
        ".                      | example.org       | proxy",
        "localhost              | 127.0.0.1         | proxy",
        "127.0.0.1              | 127.0.0.1         | direct",
        "0.0.1                  | 127.0.0.1         | proxy",
        "127.0.0.0/8            | 127.0.0.1         | direct",
        "10.0.0.0/8             | 127.0.0.1         | proxy",
        "192.168.8.0/21         | 192.168.15.255    | direct",
        "192.168.8.0/21         | 192.168.16.0      | proxy",
        "0.0.0.0/0              | 127.0.0.1         | direct",
        "127.0.0.1/33           | 127.0.0.1         | proxy",
        "127.0.0.1/x            | 127.0.0.1         | proxy",
        "127.0.0.0/8            | 127.example.org   | proxy",
        "::1                    | [::1]             | direct",
        "[::1]                  | [::1]             | direct",
        "0:0:0:0:0:0:0:1        | [::1]             | direct",
        "fd00::/8               | [fd12::1]         | direct",
        "fd00::/8               | [fe12::1]         | proxy",
        "fe80::1                | [fe80::1%eth0]    | direct",
        "::/0                   | 127.0.0.1         | proxy"})
    void hostsInNoProxyAreAskedDirectly(String names, String host, String how) {
        Proxies proxy = Proxies.of("a:1", Map.of("no_proxy", names));
        assertEquals(how.equals("direct") ? "-" : "a:1", proxyFor("http://" + host + ":8080/", proxy));
    }

    @Test
    void scriptsFollowTheEnvironment() throws Exception {
        try (TestProxy proxy = new TestProxy(); TestProxy other = new TestProxy(); SseServer server = server()) {
            String here = proxy.address();
            List<String> through = List.of("http_proxy=http://u:p@" + here);
            listen(through, server.url("/")).assertIs(0, "");
            assertEquals(1, proxy.requests().size());
            listen(List.of("all_proxy=" + here, "no_proxy=127.0.0.1"), server.url("/")).assertIs(0, "");
            listen(through, "-x", "", server.url("/")).assertIs(0, "");
            assertEquals(1, proxy.requests().size());
            listen(through, "-x", other.address(), server.url("/")).assertIs(0, "");
            assertEquals(1, proxy.requests().size());
            assertEquals(1, other.requests().size());
            assertEquals(4, server.further());
        }
    }

    @Test
    void scriptsFollowTheEnvironmentForHttps() throws Exception {
        try (TestProxy proxy = new TestProxy(CREDENTIALS, 200);
                SseServer server = certificates.server("server", connection -> connection.send(NO_CONTENT))) {
            listen(List.of("HTTPS_PROXY=http://" + USER_INFO + "@" + proxy.address()), "--cacert", certificates.authority().toString(),
                server.url("/")).assertIs(0, "");
            assertEquals(1, proxy.requests().size());
            assertEquals(1, server.further());
        }
    }

    @Test
    void systemPropertiesOfJavaPlayNoRole() throws Exception {
        try (TestProxy proxy = new TestProxy(); SseServer server = server()) {
            String[] address = proxy.address().split(":");
            // With "-", since by default java.net exempts loopback.
            Script.shell("unset " + String.join(" ", VARIABLES) + "; exec ${SseListen/ -cp / -Dhttp.proxyHost=" + address[0] + " -Dhttp.proxyPort="
                + address[1] + " -Dhttp.nonProxyHosts=- -Djava.net.useSystemProxies=true -cp } " + server.url("/")).assertIs(0, "");
            assertEquals(0, proxy.requests().size());
            assertEquals(1, server.further());
        }
    }
}
