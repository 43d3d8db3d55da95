package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.TestCertificates;

/** Redirects, as the Fetch standard has them, and what must not travel with them. */
class RedirectTest {
    private static final String NO_CONTENT = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

    @TempDir
    Path folder;

    private final List<String> notices = new CopyOnWriteArrayList<>();

    private SseClient client(SseRequest request) {
        SseClient client = new SseClient(request).retryDelay(Duration.ofMillis(10)).notices(notices::add).words(Throwable::toString, text -> text);
        return client;
    }

    private static String to(String location) {
        return redirect(302, location);
    }

    private static String redirect(int status, String location) {
        return "HTTP/1.1 " + status + " X\r\nLocation: " + location + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    }

    /** Serves these answers one after the other, then 204. */
    private static SseServer answers(String... answers) throws IOException {
        return new SseServer(connection ->
            connection.send(connection.number < answers.length ? answers[connection.number] : NO_CONTENT));
    }

    private SseException refusal(SseClient client) {
        SseException end = assertThrows(SseException.class, () -> client.listen(event -> { }));
        assertEquals(SseException.Kind.REFUSED, end.kind());
        assertEquals(List.of(), notices);
        return end;
    }

    // ---- method and body ----

    @ParameterizedTest
    @CsvSource({
        "301, GET,    , GET,",
        "302, GET,    , GET,",
        "303, GET,    , GET,",
        "307, GET,    , GET,",
        "308, GET,    , GET,",
        "301, POST,   q, GET,",
        "302, POST,   q, GET,",
        "303, POST,   q, GET,",
        "307, POST,   q, POST, q",
        "308, POST,   q, POST, q",
        "301, PUT,    q, PUT, q",
        "302, PUT,    q, PUT, q",
        "303, PUT,    q, GET,",
        "307, PUT,    q, PUT, q",
        "308, PUT,    q, PUT, q",
        "302, DELETE, , DELETE,",
        "303, DELETE, , GET,",
        "301, HEAD,   , HEAD,",
        "303, HEAD,   , HEAD,",
        "302, REPORT, q, REPORT, q",
        "303, REPORT, q, GET,"})
    void methodAndBodyFollowTheStandard(int status, String method, String body, String methodAfter, String bodyAfter)
            throws Exception {
        try (SseServer server = answers(redirect(status, "/after"))) {
            SseRequest request = new SseRequest(server.url("/before")).method(method)
                .header("Content-Type: text/x").header("Content-Language: de").header("X-A: 1");
            if (body != null) {
                request.body(body.getBytes(StandardCharsets.UTF_8));
            }
            client(request).listen(event -> { });
            assertEquals(method + " /before HTTP/1.1", server.next().requestLine());
            SseServer.Connection after = server.next();
            assertEquals(methodAfter + " /after HTTP/1.1", after.requestLine());
            assertEquals(bodyAfter == null ? "" : bodyAfter, after.body);
            boolean bodyIsGone = !method.equals(methodAfter);
            assertEquals(bodyIsGone ? Optional.empty() : Optional.of("text/x"), after.header("Content-Type"));
            assertEquals(bodyIsGone ? Optional.empty() : Optional.of("de"), after.header("Content-Language"));
            assertEquals(Optional.of("1"), after.header("X-A"));
            assertEquals(0, server.further());
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void bodyThatTravelsToAnotherOriginIsNotGivenATypeThatItHasNot() throws Exception {
        try (SseServer other = answers(); SseServer server = answers(redirect(307, other.url("/after")))) {
            client(new SseRequest(server.url("/")).body("{}".getBytes(StandardCharsets.UTF_8))
                .header("Content-Type: application/json")).listen(event -> { });
            SseServer.Connection after = other.next();
            assertEquals("{}", after.body);
            assertEquals(Optional.empty(), after.header("Content-Type"));
        }
    }

    @Test
    void bodyKeepsItsTypeWithinTheOrigin() throws Exception {
        Path headers = Files.writeString(folder.resolve("headers"), "X-A: 1\n");
        try (SseServer server = answers(redirect(307, "/after"))) {
            client(new SseRequest(server.url("/")).body("q".getBytes(StandardCharsets.UTF_8)).headerFile(headers))
                .listen(event -> { });
            server.next();
            assertEquals(Optional.of("application/x-www-form-urlencoded"), server.next().header("Content-Type"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 304, 305, 306, 399})
    void otherStatusIsNoRedirect(int status) throws Exception {
        try (SseServer server = answers(redirect(status, "/after"))) {
            assertEquals(server.uri("/") + "…: HTTP status " + status,
                refusal(client(new SseRequest(server.url("/before")))).getMessage());
            server.next();
            assertEquals(0, server.further());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void withoutALocationItIsNoRedirect(int status) throws Exception {
        try (SseServer server = answers("HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n")) {
            assertEquals(server.uri("/") + "…: HTTP status " + status,
                refusal(client(new SseRequest(server.url("/before")))).getMessage());
            server.next();
            assertEquals(0, server.further());
        }
    }

    // ---- where to ----

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "c            | /a/c",
        "c/           | /a/c/",
        "./c?x        | /a/c?x",
        "../c         | /c",
        "..           | /",
        ".            | /a/",
        "/c//d        | /c//d",
        "/            | /",
        "?x           | /a/b?x",
        "c#fragment   | /a/c",
        "/c?a=/../b   | /c?a=/../b",
        "/c%2Fd%20e   | /c%2Fd%20e",
        "/?a[]=1      | /?a[]=1",
        "c:d          | !",
        "./c:d        | /a/c:d"})
    void locationIsResolvedAgainstTheUrl(String location, String path) throws Exception {
        try (SseServer server = answers(to(location))) {
            SseClient client = client(new SseRequest(server.url("/a/b?q=1")));
            if (path.startsWith("!")) {
                assertTrue(refusal(client).getMessage().contains("redirect that is not followed: "));
                return;
            }
            client.listen(event -> { });
            server.next();
            assertEquals("GET " + path + " HTTP/1.1", server.next().requestLine());
            assertEquals(0, server.further());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:PORT/c?d, /c?d",
        "HTTP://127.0.0.1:PORT/c,   /c",
        "//127.0.0.1:PORT/c,        /c",
        "http://127.0.0.1:PORT,     /",
        "http://127.0.0.1:PORT?x,   /?x",
        "http://u:p@127.0.0.1:PORT/d, /d"})
    void locationMayNameAServer(String location, String path) throws Exception {
        try (SseServer other = answers();
                SseServer server = answers(to(location.replace("PORT", String.valueOf(other.port()))))) {
            client(new SseRequest(server.url("/a"))).listen(event -> { });
            SseServer.Connection request = other.next();
            assertEquals("GET " + path + " HTTP/1.1", request.requestLine());
            assertEquals(Optional.of("127.0.0.1:" + other.port()), request.header("Host"));
            assertEquals(Optional.empty(), request.header("Authorization"), "what a server wrote before the @ is not ours");
        }
    }

    @Test
    void relativeLocationForAUrlWithoutAPathStaysOnThatHost() throws Exception {
        try (SseServer server = answers(to("c"), to("?x"))) {
            client(new SseRequest(server.url(""))).listen(event -> { });
            assertEquals("GET / HTTP/1.1", server.next().requestLine());
            assertEquals("GET /c HTTP/1.1", server.next().requestLine());
            assertEquals("GET /c?x HTTP/1.1", server.next().requestLine());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "ftp://127.0.0.1/secret", "mailto:secret", "file:///secret", "javascript:secret", "http:", "http://",
        "http:///secret", "http:secret", "http://[::1/secret",
        "http://u:secret@", "//", "//:80/secret", "http://a b/secret"})
    void locationThatCanNotBeFollowedIsRefusedWithoutTellingIt(String location) throws Exception {
        try (SseServer server = answers(to(location))) {
            String message = refusal(client(new SseRequest(server.url("/secret")))).getMessage();
            assertTrue(message.startsWith(server.uri("/") + "…: HTTP status 302 with a redirect that is not followed: "), message);
            assertFalse(message.contains("secret"), message);
            assertEquals(1, message.lines().count());
            server.next();
            assertEquals(0, server.further());
        }
    }

    @Test
    void redirectThatCanNotBeFollowedIsTriedAgainWhereAllErrorsAre() throws Exception {
        try (SseServer server = answers(to("ftp://127.0.0.1/"))) {
            client(new SseRequest(server.url("/"))).retryAllErrors().listen(event -> { });
            assertEquals(2, server.further());
        }
    }

    // ---- how far ----

    @ParameterizedTest
    @ValueSource(strings = {"", "#x", "/way/a", "a", "../way/a"})
    void redirectToWhereOneWasIsFollowed(String location) throws Exception {
        try (SseServer server = answers(to(location), to(location))) {
            client(new SseRequest(server.url("/way/a"))).listen(event -> { });
            for (int i = 0; i < 3; i++) {
                assertEquals("GET /way/a HTTP/1.1", server.next().requestLine());
            }
            assertEquals(0, server.further());
        }
    }

    @Test
    void postThatIsToBeFetchedFromTheSameUrlIsFollowed() throws Exception {
        try (SseServer server = answers(redirect(303, "/a"), SseServer.OK + "data: x\n\n")) {
            SseRequest request = new SseRequest(server.url("/a")).body("q".getBytes(StandardCharsets.UTF_8));
            client(request).listen(event -> { });
            for (String method : List.of("POST", "GET")) {
                assertEquals(method + " /a HTTP/1.1", server.next().requestLine());
            }
            assertEquals(0, server.further());
        }
    }

    @Test
    void whoRefusesBehindARedirectIsNamed() throws Exception {
        try (SseServer other = answers("HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n");
                SseServer server = answers(to(other.url("/secret/2")))) {
            SseRequest request = new SseRequest(server.url("/secret")).header("Authorization: Bearer secret");
            assertEquals(server.uri("/") + "…: redirected to " + other.uri("/") + "…: HTTP status 401",
                refusal(client(request)).getMessage());
        }
    }

    /** Redirects so many times, then 204. */
    private static SseServer chain(int length) throws IOException {
        return new SseServer(connection ->
            connection.send(connection.number < length ? to("/secret" + connection.number) : NO_CONTENT));
    }

    @Test
    void twentyRedirectsAreFollowedAndNoMore() throws Exception {
        try (SseServer server = chain(20)) {
            client(new SseRequest(server.url("/secret"))).listen(event -> { });
        }
        try (SseServer server = chain(100)) {
            assertEquals(server.uri("/") + "…: redirected to " + server.uri("/") + "…: more than 20 redirects",
                refusal(client(new SseRequest(server.url("/secret")))).getMessage());
            assertEquals(21, server.further());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void theUserMaySetHowManyAreFollowed(int most) throws Exception {
        try (SseServer server = chain(most)) {
            client(new SseRequest(server.url("/"))).maxRedirects(most).listen(event -> { });
        }
        try (SseServer server = chain(most + 1)) {
            assertEquals(server.uri("/") + "…: " + (most == 0 ? "" : "redirected to " + server.uri("/") + "…: ") + "more than " + most + (most == 1 ? " redirect" : " redirects"),
                refusal(client(new SseRequest(server.url("/"))).maxRedirects(most)).getMessage());
        }
    }

    @Test
    void everyConnectBeginsAtTheFirstUrlAndCountsAnew() throws Exception {
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            answers.addAll(List.of(to("/moved"), SseServer.OK + "id: " + i + "\ndata: x\n\n"));
        }
        try (SseServer server = answers(answers.toArray(String[]::new))) {
            client(new SseRequest(server.url("/first"))).maxRedirects(1).listen(event -> { });
            for (int i = 0; i < 5; i++) {
                Optional<String> id = i == 0 ? Optional.empty() : Optional.of(String.valueOf(i - 1));
                for (String path : List.of("/first", "/moved")) {
                    SseServer.Connection request = server.next();
                    assertEquals("GET " + path + " HTTP/1.1", request.requestLine());
                    assertEquals(id, request.header("Last-Event-ID"));
                }
            }
        }
    }

    @Test
    void redirectWhoseBodyNeverEndsIsFollowed() throws Exception {
        try (SseServer server = new SseServer(connection -> {
            if (connection.number == 0) {
                connection.send("HTTP/1.1 302 X\r\nLocation: /after\r\n\r\nwait").hold();
            }
            connection.send(NO_CONTENT);
        })) {
            client(new SseRequest(server.url("/"))).listen(event -> { });
        }
    }

    @Test
    void failureBehindARedirectIsTriedAgainFromTheFirstUrl() throws Exception {
        try (SseServer other = answers("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n");
                SseServer server = answers(to(other.url("/secret")), to(other.url("/secret")))) {
            client(new SseRequest(server.url("/secret"))).listen(event -> { });
            assertEquals(List.of(server.uri("/") + "…: redirected to " + other.uri("/")
                + "…: HTTP status 503; connecting again in 0.01 s"), notices);
            assertEquals(2, server.further());
            assertEquals(2, other.further());
        }
    }

    // ---- what travels ----

    private SseRequest withSecrets(URI uri) throws IOException {
        return new SseRequest(uri.toString().replace("//", "//user:secret@"))
            .header("Cookie: secret=1").header("X-Token: secret").header("User-Agent: secret")
            .header("accept: text/secret").header("Proxy-Authorization: secret")
            .headerFile(Files.writeString(folder.resolve("headers"), "X-From-File: secret\nAuthorization: Bearer secret\n"));
    }

    /** Serves the answers in turn, in which {@code HERE} stands for its own URL and {@code THERE} for another text. */
    private static SseServer answers(List<SseServer.Connection> seen, String there, String... answers) throws IOException {
        return new SseServer(connection -> {
            seen.add(connection);
            String here = "http://" + connection.header("Host").orElseThrow();
            connection.send(connection.number < answers.length
                ? answers[connection.number].replace("THERE", there).replace("HERE", here) : NO_CONTENT);
        });
    }

    @Test
    void withinAnOriginAllHeadersTravel() throws Exception {
        List<SseServer.Connection> seen = new CopyOnWriteArrayList<>();
        try (SseServer server = answers(seen, "", to("/b"), redirect(307, "HERE/c"))) {
            client(withSecrets(server.uri("/a"))).listen(event -> { });
        }
        assertEquals(3, seen.size());
        for (SseServer.Connection connection : seen) {
            for (String header : List.of("Cookie: secret=1", "X-Token: secret", "User-Agent: secret",
                    "accept: text/secret", "X-From-File: secret", "Authorization: Bearer secret")) {
                assertTrue(connection.head.toLowerCase(Locale.ROOT).contains(header.toLowerCase(Locale.ROOT) + "\r\n"),
                    connection.head);
            }
        }
    }

    private static void assertNoSecret(SseServer.Connection connection) {
        assertFalse(connection.head.contains("secret") || connection.head.contains("dXNlcjpzZWNyZXQ"), connection.head);
        assertEquals(Optional.empty(), connection.header("Authorization"));
        assertEquals(Optional.empty(), connection.header("Cookie"));
        assertEquals(Optional.of("text/event-stream"), connection.header("Accept"));
        assertEquals(Optional.of("no-cache"), connection.header("Cache-Control"));
    }

    @Test
    void nothingOfTheUserTravelsToAnotherPortNorComesBack() throws Exception {
        AtomicReference<String> first = new AtomicReference<>();
        List<SseServer.Connection> seen = new CopyOnWriteArrayList<>();
        List<SseServer.Connection> seenElsewhere = new CopyOnWriteArrayList<>();
        try (SseServer other = new SseServer(connection -> {
            seenElsewhere.add(connection);
            connection.send(connection.number % 2 == 0 ? to("/within") : to(first.get()));
        }); SseServer server = answers(seen, other.url("/other"), to("THERE"), SseServer.OK + "id: 7\ndata: x\n\n", to("THERE"))) {
            first.set(server.url("/back"));
            client(withSecrets(server.uri("/a"))).listen(event -> { });
        }
        assertEquals(4, seenElsewhere.size());
        seenElsewhere.forEach(RedirectTest::assertNoSecret);
        assertEquals(4, seen.size());
        assertEquals("GET /back HTTP/1.1", seen.get(1).requestLine());
        assertNoSecret(seen.get(1));
        // The next connect is ours again.
        assertEquals("GET /a HTTP/1.1", seen.get(2).requestLine());
        assertEquals(Optional.of("secret=1"), seen.get(2).header("Cookie"));
        assertNoSecret(seen.get(3));
        assertEquals(Optional.of("7"), seen.get(3).header("Last-Event-ID"));
        assertEquals(Optional.of("7"), seenElsewhere.get(3).header("Last-Event-ID"));
    }

    @Test
    void anotherNameForTheHostIsAnotherOrigin() throws Exception {
        List<SseServer.Connection> seen = new CopyOnWriteArrayList<>();
        AtomicReference<String> there = new AtomicReference<>();
        try (SseServer server = new SseServer(connection -> {
            seen.add(connection);
            connection.send(connection.number == 0 ? to(there.get()) : NO_CONTENT);
        })) {
            there.set("http://localhost:" + server.port() + "/b");
            client(withSecrets(server.uri("/a"))).listen(event -> { });
        }
        assertEquals(2, seen.size());
        assertNoSecret(seen.get(1));
    }

    @Test
    void headerFileIsNotEvenReadForAnotherOrigin() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), "X-A: secret\n");
        try (SseServer other = answers(); SseServer server = new SseServer(connection -> {
            Files.delete(file);
            connection.send(to(other.url("/")));
        })) {
            client(new SseRequest(server.url("/"))
                    .headerFile(file)).listen(event -> { });
            assertNoSecret(other.next());
        }
    }

    // ---- between http and https ----

    @Test
    void httpsMayFollowHttpButNotTheOtherWayRound() throws Exception {
        TestCertificates certificates = TestCertificates.ofServer(folder);
        SSLContext trusting = certificates.context("server");
        List<SseServer.Connection> seen = new CopyOnWriteArrayList<>();
        try (SseServer plain = answers();
                SseServer safe = certificates.server("server", connection -> {
                    seen.add(connection);
                    connection.send(to(plain.url("/hidden/2")));
                });
                SseServer first = answers(to(safe.url("/hidden/1")))) {
            SseException end = refusal(client(withSecrets(first.uri("/secret"))).http(builder -> builder.sslContext(trusting)));
            assertEquals("http://127.0.0.1:" + first.port() + "/…: redirected to " + safe.uri("/")
                + "…: HTTP status 302 with a redirect that is not followed: from https to http", end.getMessage());
            assertEquals(1, seen.size());
            assertNoSecret(seen.get(0));
            assertEquals(0, plain.further());

            refusal(client(new SseRequest(safe.url("/secret"))).http(builder -> builder.sslContext(trusting)));
            assertEquals(0, plain.further());

            Script.here("sse-listen", "--cacert", certificates.authority().toString(), safe.url("/secret"))
                .assertIs(5, "", "sse-listen: " + safe.uri("/") + "…: HTTP status 302 with a redirect that is not followed: from https to http");
            assertEquals(0, plain.further());
        }
    }

    // ---- what is told ----

    @Test
    void noMessageTellsThePathOrTheQueryOfAnyUrlOnTheWay() throws Exception {
        String html = "HTTP/1.1 200 X\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
            + "from /secret/a?key=hidden to /moved/secret?k2=hidden";
        try (SseServer other = answers(html); SseServer server = answers(to(other.url("/moved/secret?k2=hidden")))) {
            SseException end = refusal(client(new SseRequest(server.url("/secret/a?key=hidden"))).words(Throwable::toString, text -> ""));
            assertFalse(end.getMessage().contains("secret") || end.getMessage().contains("hidden"), end.getMessage());
        }
    }
}
