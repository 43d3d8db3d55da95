package lib.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import lib.sse.Cookies;
import lib.sse.Digest;
import lib.sse.EachAddress;
import lib.sse.Proxies;
import lib.sse.SseClient;
import lib.sse.SseException;
import lib.sse.SseRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.SseServer;
import tests.support.TestProxy;

/** What messages say of a failure, and of what a server wrote: wherever it writes, no secret and no escape sequence. */
@ResourceLock("the log of java.net.CookieManager")
class SafeWordsTest {
    private static final String NO_CONTENT = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

    private final List<String> notices = new CopyOnWriteArrayList<>();

    private SseClient client(SseRequest request, Proxies proxies) {
        SafeWords words = new SafeWords(proxies);
        return new SseClient(request).words(words::failure, words::quote).around(words).around(new EachAddress(proxies)).around(proxies)
            .around(new Cookies()).around(new Digest()).around(words).http(builder -> builder.proxy(proxies))
            .retryDelay(Duration.ofMillis(10)).retryMaxDelay(Duration.ofMillis(10)).notices(notices::add);
    }

    private SseClient client(String url) {
        return client(new SseRequest(url), Proxies.of(Map.of()));
    }

    private SseException end(SseClient client) {
        return assertThrows(SseException.class, () -> client.listen(event -> { }));
    }

    // ---- failures ----

    static Stream<Arguments> failures() {
        IOException reset = new IOException("Connection reset");
        EOFException cut = new EOFException("EOF reached while reading");
        return Stream.of(
            Arguments.of(new ConnectException(), "connection refused"),
            Arguments.of(new CompletionException(new ConnectException()), "connection refused"),
            Arguments.of(reset, "connection reset"),
            Arguments.of(new SocketException("Connection reset by peer"), "connection reset"),
            Arguments.of(new IOException("http1_0 content, bytes received: 216", reset), "connection reset"),
            Arguments.of(new IOException("chunked transfer encoding, state: READING_LENGTH", reset), "connection reset"),
            Arguments.of(new IOException("http1_0 content, bytes received: 216", cut), "the server broke off in the middle of its answer"),
            Arguments.of(new IOException("fixed content-length: 9, bytes received: 3", cut), "the server broke off in the middle of its answer"),
            Arguments.of(new IOException("HTTP/1.1 header parser received no bytes", cut), "connection closed without an answer"),
            Arguments.of(new IOException("Tunnel failed, got: 502"), "Tunnel failed, got: 502"),
            Arguments.of(new IOException(), "IOException"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void failureIsSaidInAFewWords(Throwable failure, String words) {
        assertEquals(words, new SafeWords(Proxies.of(Map.of())).failure(failure));
    }

    /** A server of HTTP/1.0 whose connection is reset. */
    @Test
    void answerOfHttp10ThatIsResetIsToldInWordsForUsers() throws Exception {
        try (SseServer server = new SseServer(connection -> {
            if (connection.number == 0) {
                connection.send("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n");
                connection.reset();
            }
            connection.send(NO_CONTENT);
        })) {
            client(server.url("/")).listen(event -> { });
            assertTrue(notices.get(0).endsWith("connection lost, connection reset; connecting again in 0.01 s"), notices.toString());
        }
    }

    @Test
    void serverThatEndsTheConnectionIsToldInWordsForUsers() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(""))) {
            assertEquals(server.uri("/") + "\u2026: connection closed without an answer; gave up",
                end(client(server.url("/")).maxRetries(0)).getMessage());
        }
    }

    // ---- proxies ----

    @Test
    void proxyThatIsDownOrUnknownIsNamedWithoutCredentialsAndTriedAgain() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        for (String url : List.of("http://example.invalid/secret", "https://example.invalid/secret")) {
            notices.clear();
            SseException end = end(client(new SseRequest(url), Proxies.of("user:hidden@127.0.0.1:" + port, Map.of())).maxRetries(1));
            String reason = url.replace("secret", "\u2026") + ": connection refused (through the proxy 127.0.0.1:" + port + ")";
            assertEquals(SseException.Kind.GAVE_UP, end.kind());
            assertEquals(reason + "; gave up after 1 retry", end.getMessage());
            assertEquals(List.of(reason + "; connecting again in 0.01 s"), notices);
        }
        assertEquals("http://127.0.0.1:1/\u2026: host not found (through the proxy no-such-proxy.invalid:1080); gave up",
            end(client(new SseRequest("http://127.0.0.1:1/"), Proxies.of("http://user:hidden@no-such-proxy.invalid", Map.of()))
                .maxRetries(0)).getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 502, 503})
    void tunnelThatTheProxyRefusesIsTold(int status) throws Exception {
        try (TestProxy proxy = new TestProxy(null, status)) {
            SseException end = end(client(new SseRequest("https://127.0.0.1:1/secret"),
                Proxies.of("u:hidden@" + proxy.address(), Map.of())).maxRetries(1));
            String reason = "https://127.0.0.1:1/\u2026: Tunnel failed, got: " + status + " (through the proxy " + proxy.address() + ")";
            assertEquals(reason + "; gave up after 1 retry", end.getMessage());
            assertEquals(List.of(reason + "; connecting again in 0.01 s"), notices);
        }
    }

    @Test
    void proxyOfATunnelThatWantsCredentialsIsNamedOnce() throws Exception {
        try (TestProxy proxy = new TestProxy("Basic x", 200)) {
            for (String url : List.of("http://127.0.0.1:1/", "https://127.0.0.1:1/")) {
                String named = ", the proxy " + proxy.address() + " wants credentials, or other ones";
                assertEquals(url + "\u2026: HTTP status 407" + (url.startsWith("https") ? named : ""),
                    end(client(new SseRequest(url + "secret"), Proxies.of("me:hidden@" + proxy.address(), Map.of()))).getMessage());
            }
        }
    }

    // ---- wherever a server writes ----

    private static final String SECRETS = "segment-of-the-path value-of-the-query Bearer-of-the-header value-of-the-cookie password";

    /** Each holds what the server was sent, in {@code @}, and an escape sequence in {@code ^}. */
    @ParameterizedTest
    @ValueSource(strings = {
        "HTTP/1.1 404 @\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 @^\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 X\r\nContent-Type: text/@\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 X\r\nContent-Type: text/html; @^\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 X\r\nContent-Type: @^\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip, @\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 X\r\nLocation: http://@.invalid/@\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 X\r\nLocation: @://@\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 X\r\nLocation: http://@^/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 X\r\nRetry-After: @\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 X\r\nWWW-Authenticate: Digest realm=\"@^\", nonce=\"@\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 X\r\nConnection: close\r\n\r\nno @ here",
        "HTTP/1.1 404 X\r\nConnection: close\r\n\r\nno @ here^",
        "HTTP/1.1 404 X\r\nConnection: close\r\n\r\n{\"no\":\"@\"}",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\nno @ here",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\nno @ here^",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n@^\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: @\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: @\r\n\r\n",
        "HTTP/1.1 @ OK\r\n\r\n",
        "@ 200 OK\r\n\r\n",
        "@^\r\n\r\n",
        "HTTP/1.1 200 OK\r\n@\r\n\r\n",
        "HTTP/1.1 200 OK\r\n@: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\n@^: x\r\n\r\n"})
    void noMessageHoldsASecretOrAnEscapeSequence(String answer) throws Exception {
        try (SseServer server = new SseServer(connection -> {
            if (connection.number == 0) {
                connection.send("HTTP/1.1 503 X\r\nSet-Cookie: sid=value-of-the-cookie; Path=/\r\nContent-Length: 0\r\n\r\n");
            }
            for (String secret : SECRETS.split(" ")) {
                if (connection.number == 1 + List.of(SECRETS.split(" ")).indexOf(secret)) {
                    connection.send(answer.replace("@", secret).replace("^", "\u001B[2J"));
                }
            }
            connection.send(NO_CONTENT);
        })) {
            SseRequest request = new SseRequest(server.url("/api/segment-of-the-path/a?b=value-of-the-query"))
                .header("X-Token: Bearer-of-the-header").basicAuthorization("user:password");
            client(request, Proxies.of(Map.of())).retryAllErrors().listen(event -> { });
        }
        assertTrue(notices.size() >= 1 + SECRETS.split(" ").length, notices.toString());
        for (String notice : notices) {
            for (String secret : SECRETS.split(" ")) {
                assertFalse(notice.toLowerCase(Locale.ROOT).contains(secret.toLowerCase(Locale.ROOT)), notice);
            }
            assertFalse(notice.chars().anyMatch(c -> c < ' ' || c == 0x7F), notice);
        }
    }

    /** What was sent then, not what would be sent now. */
    @Test
    void everyTokenThatWasSentIsTakenOut(@TempDir Path folder) throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "Authorization: Basic x\nX-Token: token-of-then\n");
        try (SseServer server = new SseServer(connection -> {
            Files.writeString(token, "X-Token: token-of-now\n");
            String heard = connection.header("X-Token").orElse("") + " " + connection.header("Cookie").orElse("");
            connection.send(connection.number < 2
                ? "HTTP/1.1 503 X\r\nSet-Cookie: sid=cookie-of-then\r\nConnection: close\r\n\r\nheard " + heard : NO_CONTENT);
        })) {
            client(new SseRequest(server.url("/")).headerFile(token), Proxies.of(Map.of())).listen(event -> { });
            assertTrue(notices.get(0).contains("; the answer begins: heard \u2026;"), notices.toString());
            assertTrue(notices.get(1).contains("; the answer begins: heard \u2026 \u2026;"), notices.toString());
        }
    }

    @Test
    void wrongPasswordIsNotToldThoughOnlyItsHashIsSent() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send("HTTP/1.1 401 X\r\nWWW-Authenticate: Digest realm=\"r\","
                + " nonce=\"n\"\r\nContent-Length: 28\r\nConnection: close\r\n\r\nnot Mufasa:Circle of Life 12"))) {
            SseRequest request = new SseRequest(server.url("/")).basicAuthorization("Mufasa:Circle of Life");
            assertTrue(end(client(request, Proxies.of(Map.of()))).getMessage().endsWith("begins: not \u2026 12"));
        }
    }

    @Test
    void textIsQuotedWithoutWhatIsSecretAndNotAtAllIfItIsNone() {
        SafeWords words = new SafeWords(Proxies.of(Map.of()));
        words.add(HttpRequest.newBuilder(URI.create("http://h/a/long-token")).build());
        assertEquals("<b>no\r\n\t\u2026</b> \u20AC", words.quote("<b>no\r\n\tLong-Token</b> \u20AC"));
        assertEquals("", words.quote("PNG\u0000\u0001"));
        assertEquals("", words.quote("text/\u001B[2J"));
    }

    /** The hash in an answer to Digest is of no use to anybody, and its other words are the server's own. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "Bearer living-room-token              | no living-room-token            | no \u2026",
        "Basic bGl2aW5nOnJvb20tdG9rZW4=        | no living-room-token            | no \u2026-\u2026",
        "Digest username=me, response=5ccc4711 | response 5ccc4711 of no username | response 5ccc4711 of no username"})
    void wordsOfDigestAreNoSecrets(String authorization, String text, String quoted) {
        SafeWords words = new SafeWords(Proxies.of(Map.of()));
        words.add(HttpRequest.newBuilder(URI.create("http://h/")).header("Authorization", authorization).build());
        assertEquals(quoted, words.quote(text));
    }
}
