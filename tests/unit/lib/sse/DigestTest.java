package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.SseServer;
import tests.support.TestProxy;

/** HTTP Digest: the examples of the standard, what servers write, and servers that check each answer. */
class DigestTest {
    private static final String NO_CONTENT = "HTTP/1.1 204 X\r\nConnection: close\r\n\r\n";
    private static final String CREDENTIALS = "Mufasa:Circle of Life";
    private static final String BASIC = "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl";
    private static final Pattern PARAMETER = Pattern.compile("([a-z]+)=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s,\"]+))(?:, |$)");

    private final List<String> notices = new CopyOnWriteArrayList<>();

    private static SseRequest request(String url) {
        return new SseRequest(url).basicAuthorization(CREDENTIALS);
    }

    private SseClient client(SseRequest request) {
        return new SseClient(request).around(new Digest()).retryDelay(Duration.ofMillis(10)).notices(notices::add);
    }

    private static Map<String, String> parameters(String authorization) {
        assertTrue(authorization.startsWith("Digest "), authorization);
        Map<String, String> parameters = new TreeMap<>();
        Matcher next = PARAMETER.matcher(authorization);
        int end = "Digest ".length();
        while (next.find(end)) {
            assertEquals(end, next.start(), authorization);
            parameters.put(next.group(1), next.group(2) == null ? next.group(3) : next.group(2).replaceAll("\\\\(.)", "$1"));
            end = next.end();
            if (end == authorization.length()) {
                return parameters;
            }
        }
        throw new AssertionError(authorization);
    }

    // ---- the examples of the standards ----

    private static final String EXAMPLE = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=ALGORITHM,"
        + " nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
    private static final String SHA_256 = EXAMPLE.replace("ALGORITHM", "SHA-256");
    private static final String MD5 = EXAMPLE.replace("ALGORITHM", "MD5");

    @ParameterizedTest
    @CsvSource({
        "MD5, 8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256, 753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"})
    void exampleOfRfc7616(String algorithm, String response) {
        Digest digest = new Digest();
        digest.nonces = () -> "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        assertTrue(digest.isAsked(List.of(EXAMPLE.replace("ALGORITHM", algorithm)), 0));
        assertEquals("Digest username=\"Mufasa\", realm=\"http-auth@example.org\","
            + " nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", response=\"" + response + "\","
            + " algorithm=" + algorithm + ", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", qop=auth, nc=00000001,"
            + " cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\"",
            digest.authorization("GET", URI.create("http://www.example.org/dir/index.html"), CREDENTIALS));
    }

    /** RFC 2617, 3.5, and without qop as in RFC 2069; the values of the latter are those of its erratum. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "Circle Of Life | testrealm@host.com | , qop=\"auth,auth-int\" | 6629fae49393a05397450978507c4ef1",
        "CircleOfLife   | testrealm@host.com |                         | 1949323746fe6a43ef61f9606e7febea"})
    void examplesOfTheStandardsBefore(String password, String realm, String qop, String response) {
        Digest digest = new Digest();
        digest.nonces = () -> "0a4f113b";
        assertTrue(digest.isAsked(List.of("Digest realm=\"" + realm + "\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\""
            + (qop == null ? "" : qop)), 0));
        Map<String, String> answer = parameters(digest.authorization("GET", URI.create("http://h/dir/index.html"), "Mufasa:" + password));
        assertEquals(response, answer.get("response"));
        assertEquals(qop != null, answer.containsKey("nc"));
        assertFalse(answer.containsKey("algorithm") || answer.containsKey("opaque"));
    }

    // ---- which challenge is answered ----

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "Digest realm=\"r\", nonce=\"n\"                                        | r | n | -",
        "digest REALM=r,NONCE=n,Algorithm=md5                                   | r | n | MD5",
        "Digest realm = \"r\" ,, nonce\t=\t\"n\", stale=FALSE, charset=UTF-8    | r | n | -",
        "Digest realm=\"a, b=\\\"c\\\" \\\\ Basic\", nonce=\"n,=\"              | a, b=\"c\" \\ Basic | n,= | -",
        "Basic realm=\"x\", Digest realm=\"r\", nonce=\"n\", algorithm=MD5      | r | n | MD5",
        "Negotiate abc/d==, Digest realm=\"r\", nonce=\"n\", NTLM               | r | n | -",
        "Digest nonce=\"1\", realm=\"\", algorithm=MD5, Digest nonce=\"2\", realm=\"\", algorithm=\"SHA-256\" | '' | 2 | SHA-256",
        "Digest nonce=2, realm=r, algorithm=SHA-256~Digest nonce=1, realm=r, algorithm=MD5 | r | 2 | SHA-256",
        "Digest nonce=0, realm=r, algorithm=SHA-512-256~Digest nonce=1, realm=r, algorithm=MD5-sess~Digest nonce=2, realm=r | r | 2 | -",
        "Digest realm=r, nonce=n, qop=\"auth-int\"                              | - | - | -",
        "Digest realm=r, nonce=n, algorithm=SHA-256-sess                        | - | - | -",
        "Digest realm=r                                                         | - | - | -",
        "Digest nonce=n                                                         | - | - | -",
        "Digest realm=\"\u00FC\", nonce=n                                       | - | - | -",
        "Digest realm=\"unfinished, nonce=n                                     | - | - | -",
        "Basic realm=\"Digest realm=r, nonce=n\"                                | - | - | -",
        "Basic realm=r                                                          | - | - | -",
        "realm=r, nonce=n                                                       | - | - | -",
        "''                                                                     | - | - | -"})
    void strongestChallengeThatCanBeAnsweredIs(String headers, String realm, String nonce, String algorithm) {
        Digest digest = new Digest();
        digest.nonces = () -> "c";
        assertEquals(nonce != null, digest.isAsked(List.of(headers.split("~")), 0));
        if (nonce == null) {
            return;
        }
        Map<String, String> answer = parameters(digest.authorization("GET", URI.create("http://h"), CREDENTIALS));
        assertEquals("/", answer.get("uri"));
        assertEquals(realm, answer.get("realm"));
        assertEquals(nonce, answer.get("nonce"));
        assertEquals(algorithm, answer.get("algorithm"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "J\u00E4s\u00F8n Doe:p | username*=UTF-8''%4A%C3%A4%73%C3%B8%6E%20%44%6F%65, ",
        "a\"b\\c:p             | username=\"a\\\"b\\\\c\", "})
    void userOfAnyNameIsSent(String credentials, String sent) {
        Digest digest = new Digest();
        digest.nonces = () -> "c";
        assertTrue(digest.isAsked(List.of(SHA_256), 0));
        String answer = digest.authorization("GET", URI.create("http://h/"), credentials);
        assertTrue(answer.startsWith("Digest " + sent), answer);
    }

    /** Bearer of a token, nobody, and what only looks like credentials. */
    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer x", "Basic", "Basic !", "Basic eA==", "Negotiate YTpi"})
    void requestWithoutBasicCredentialsIsNeverAnsweredWithAny(String authorization) throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(digest("n1", "")))) {
            SseRequest request = new SseRequest(server.url("/")).header("Authorization: " + authorization);
            assertThrows(SseException.class, () -> client(request).listen(event -> { }));
            assertEquals(Optional.of(authorization).filter(any -> !any.isEmpty()), server.next().header("Authorization"));
            assertEquals(0, server.further());
        }
    }

    @Test
    void secondChallengeIsAnsweredOnlyIfTheNonceWasTooOldAndAThirdIsNot() {
        Digest digest = new Digest();
        digest.nonces = () -> "c";
        assertFalse(digest.isAsked(List.of(MD5), 1));
        assertFalse(digest.isAsked(List.of(MD5 + ", stale=false"), 1));
        assertTrue(digest.isAsked(List.of(MD5 + ", stale=TRUE"), 1));
        assertFalse(digest.isAsked(List.of(MD5 + ", stale=true"), 2));
    }

    // ---- a server that checks ----

    private static String challenge(String parameters) {
        return "HTTP/1.1 401 X\r\nWWW-Authenticate: " + parameters + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    }

    private static String digest(String nonce, String more) {
        return challenge("Digest realm=\"r\", nonce=\"" + nonce + "\"" + more);
    }

    private static String hash(String algorithm, String text) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(text.getBytes("UTF-8")));
    }

    /** Whether it is what a server wants of Mufasa for this nonce; notes the nonce count. */
    private static boolean isRight(SseServer.Connection connection, String nonce, List<String> counts) throws Exception {
        String authorization = connection.header("Authorization").orElse("");
        if (!authorization.startsWith("Digest ")) {
            return false;
        }
        Map<String, String> answer = parameters(authorization);
        String algorithm = answer.getOrDefault("algorithm", "MD5");
        String[] requestLine = connection.requestLine().split(" ");
        assertEquals(requestLine[1].replaceFirst("^http://[^/]*", ""), answer.get("uri"));
        String qop = answer.containsKey("qop") ? ":" + answer.get("nc") + ":" + answer.get("cnonce") + ":auth" : "";
        counts.add(answer.getOrDefault("nc", "-"));
        return answer.get("response").equals(hash(algorithm, hash(algorithm, "Mufasa:r:Circle of Life") + ":" + nonce + qop + ":"
            + hash(algorithm, requestLine[0] + ":" + answer.get("uri"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ", qop=auth", ", qop=\"auth,auth-int\", algorithm=SHA-256, opaque=\"o\"",
        ", algorithm=SHA-256, Basic realm=\"r\""})
    void serverThatWantsDigestGetsItAtOnceAndNonceCountsGoUp(String more) throws Exception {
        List<String> counts = new CopyOnWriteArrayList<>();
        try (SseServer server = new SseServer(connection -> {
            boolean isRight = isRight(connection, "n1", counts);
            connection.send(!isRight ? digest("n1", more)
                : counts.size() < 3 ? SseServer.OK + "id: " + counts.size() + "\ndata: a\n\n" : NO_CONTENT);
        })) {
            List<String> events = new ArrayList<>();
            client(request(server.url("/a%20b?c=%22d")))
                .maxRetries(1).listen(event -> events.add(event.id()));
            assertEquals(List.of("1", "2"), events);
            assertEquals(Optional.of(BASIC), server.next().header("Authorization"));
            for (int i = 0; i < 3; i++) {
                assertEquals(Optional.of(i).filter(any -> any > 0).map(String::valueOf), server.next().header("Last-Event-ID"));
            }
            assertEquals(0, server.further());
            assertEquals(more.contains("qop") ? List.of("00000001", "00000002", "00000003") : List.of("-", "-", "-"), counts);
            assertEquals(3, notices.size(), notices.toString());
            assertFalse(notices.toString().contains("status 401"), notices.toString());
        }
    }

    /** Also one that forgets its nonces without a word, as devices do that start anew. */
    @ParameterizedTest
    @ValueSource(strings = {", stale=true", ""})
    void newNonceIsAnsweredAtTheNextConnect(String stale) throws Exception {
        List<String> counts = new CopyOnWriteArrayList<>();
        try (SseServer server = new SseServer(connection -> connection.send(switch (connection.number) {
            case 0 -> digest("n1", ", qop=auth");
            case 1 -> isRight(connection, "n1", counts) ? SseServer.OK + ":\n" : NO_CONTENT;
            case 2 -> digest("n2", ", qop=auth" + stale);
            default -> isRight(connection, "n2", counts) ? SseServer.OK + "data: a\n\n" : NO_CONTENT;
        }))) {
            SseClient client = client(request(server.url("/")));
            client.listen(event -> client.close());
            assertEquals(List.of("00000001", "00000001"), counts);
            assertEquals(4, server.further());
        }
    }

    @Test
    void wrongPasswordIsFinalAfterOneAnswer() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(
                digest("n" + connection.number, "")))) {
            SseException end = assertThrows(SseException.class, () -> client(request(server.url("/"))).listen(event -> { }));
            assertEquals(SseException.Kind.REFUSED, end.kind());
            assertEquals(server.uri("/") + "\u2026: HTTP status 401", end.getMessage());
            assertEquals(2, server.further());
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void serverThatOnceWantedDigestNeverGetsBasicAgain() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(switch (connection.number) {
            case 0 -> digest("n1", "");
            case 1 -> SseServer.OK + ":\n";
            default -> challenge("Basic realm=\"r\"");
        }))) {
            assertThrows(SseException.class, () -> client(request(server.url("/"))).listen(event -> { }));
            assertEquals(Optional.of(BASIC), server.next().header("Authorization"));
            for (int i = 0; i < 2; i++) {
                parameters(server.next().header("Authorization").orElseThrow());
            }
            assertEquals(0, server.further());
        }
    }

    @Test
    void bodyIsSentWithTheAnswerAndTheEndOfAChallengeIsNotWaitedFor() throws Exception {
        List<String> counts = new CopyOnWriteArrayList<>();
        try (SseServer server = new SseServer(connection -> {
            if (connection.number == 0) {
                connection.send(digest("n1", "").replace("Content-Length: 0", "Content-Length: 99")).hold();
            }
            connection.send(isRight(connection, "n1", counts) ? SseServer.OK + "data: a\n\n" : NO_CONTENT);
        })) {
            SseRequest request = request(server.url("/")).body("q=1".getBytes());
            client(request).idleTimeout(Duration.ZERO).listen(event -> { });
            for (int i = 0; i < 2; i++) {
                assertEquals("q=1", server.next().body);
            }
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void credentialsStayWithTheirOrigin() throws Exception {
        List<String> counts = new CopyOnWriteArrayList<>();
        try (SseServer other = new SseServer(connection -> connection.send(digest("n1", "")));
                SseServer server = new SseServer(connection -> {
                    String to = connection.requestLine().contains("/within") ? other.url("/") : "/within";
                    connection.send(!isRight(connection, "n1", counts) ? digest("n1", ", qop=auth")
                        : "HTTP/1.1 302 X\r\nLocation: " + to + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                })) {
            SseException end = assertThrows(SseException.class, () -> client(request(server.url("/"))).listen(event -> { }));
            assertTrue(end.getMessage().endsWith("redirected to: HTTP status 401"), end.getMessage());
            assertEquals(List.of("00000001", "00000002"), counts);
            assertEquals(Optional.empty(), other.next().header("Authorization"));
            assertEquals(0, other.further());
        }
    }

    @Test
    void whatARedirectLeadsToMayHaveAChallengeOfItsOwn() throws Exception {
        List<String> counts = new CopyOnWriteArrayList<>();
        try (SseServer server = new SseServer(connection -> {
            boolean isFirst = connection.requestLine().startsWith("GET /a ");
            connection.send(!isRight(connection, isFirst ? "n1" : "n2", counts) ? digest(isFirst ? "n1" : "n2", ", qop=auth")
                : isFirst ? "HTTP/1.1 302 X\r\nLocation: /b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" : NO_CONTENT);
        })) {
            client(request(server.url("/a"))).listen(event -> { });
            assertEquals(List.of("00000001", "00000002", "00000001"), counts);
            assertEquals(4, server.further());
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void proxyPassesItOnAndIsNotMeant() throws Exception {
        List<String> counts = new CopyOnWriteArrayList<>();
        try (TestProxy proxy = new TestProxy(); SseServer server = new SseServer(connection ->
                connection.send(isRight(connection, "n1", counts) ? NO_CONTENT : digest("n1", ", qop=auth")))) {
            Proxies through = Proxies.of(proxy.address(), Map.of());
            client(request(server.url("/a?b")))
                .http(builder -> builder.proxy(through)).around(through).listen(event -> { });
            assertEquals(List.of("00000001"), counts);
        }
    }
}
