package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.SseServer;

/**
 * One subscription against a server that does, byte for byte, what each test says. The tests share nothing, and many of
 * them wait, so they run at the same time. A client that never ends is told soon.
 */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(15)
class SseClientTest {
    private static final String NO_CONTENT = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    private static final String RETRY_SOON = "retry: 100\n";
    /** Is longer than anything takes that follows at once. */
    private static final long MILLIS_OF_A_BUSY_MACHINE = 3_000;

    @TempDir
    Path folder;

    private final List<String> notices = new CopyOnWriteArrayList<>();
    private final List<SseEvent> events = new CopyOnWriteArrayList<>();
    /** Is what the clock of a patient client shows, in nanoseconds. */
    private final AtomicLong time = new AtomicLong();

    private SseClient client(SseServer server) {
        return client(new SseRequest(server.url("/secret/path?key=secret")));
    }

    private SseClient client(SseClient.Request request) {
        SseClient client = new SseClient(request).retryDelay(Duration.ofMillis(10)).words(SseClientTest::words, text -> text.replaceAll("/secret/path|key=secret", "\u2026")).notices(notices::add);
        return client;
    }

    /** Returns a client for which time passes only where a test says so: no delay of a busy machine is silence for it. */
    private SseClient patient(SseClient client) {
        client.clock = time::get;
        client.millisToRead = 10;
        return client.idleTimeout(Duration.ofMillis(200)).http(builder -> builder.connectTimeout(Duration.ofSeconds(30)));
    }

    private void pass(long millis) {
        time.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** Holds the connection open, and lets time pass, until a patient client closes it. */
    private void beSilent(SseServer.Connection connection) throws IOException {
        connection.socket.setSoTimeout(10);
        for (boolean isOpen = true; isOpen; ) {
            try {
                isOpen = connection.socket.getInputStream().read() >= 0;
            } catch (SocketTimeoutException stillOpen) {
                pass(50);
            }
        }
    }

    private static String words(Throwable failure) {
        return failure.getCause() != null && failure.getMessage() == null ? words(failure.getCause())
            : failure.getClass().getSimpleName() + " " + failure.getMessage();
    }

    private static String answer(int status, String... headers) {
        return "HTTP/1.1 " + status + " X\r\n" + String.join("", List.of(headers).stream().map(one -> one + "\r\n").toList())
            + "Connection: close\r\n\r\n";
    }

    /** Serves these answers one after the other, then 204. */
    private static SseServer answers(String... answers) throws IOException {
        return new SseServer(connection ->
            connection.send(connection.number < answers.length ? answers[connection.number] : NO_CONTENT));
    }

    private static String data(String... values) {
        return String.join("", List.of(values).stream().map(value -> "data: " + value + "\n\n").toList());
    }

    private List<String> received() {
        return events.stream().map(SseEvent::data).toList();
    }

    // ---- the request ----

    @Test
    void sendsWhatEventSourceSendsOverHttp11() throws Exception {
        try (SseServer server = answers()) {
            client(server).listen(events::add);
            SseServer.Connection request = server.next();
            assertEquals("GET /secret/path?key=secret HTTP/1.1", request.requestLine());
            assertEquals(Optional.of("text/event-stream"), request.header("Accept"));
            assertEquals(Optional.of("no-cache"), request.header("Cache-Control"));
            assertEquals(Optional.empty(), request.header("Last-Event-ID"));
            assertEquals(Optional.empty(), request.header("Upgrade"));
            assertEquals(Optional.empty(), request.header("Accept-Encoding"));
            assertEquals(0, server.further());
        }
    }

    @Test
    void headersOfTheUserReplaceOurs() throws Exception {
        try (SseServer server = answers()) {
            client(new SseRequest(server.url("/")).header("accept: text/x").header("Cache-Control:").header("X-A: 1")
                .header("X-A:2")).listen(events::add);
            SseServer.Connection request = server.next();
            assertEquals(Optional.of("text/x"), request.header("Accept"));
            assertEquals(Optional.empty(), request.header("Cache-Control"));
            assertTrue(request.head.contains("X-A: 1\r\n") && request.head.contains("X-A: 2\r\n"), request.head);
        }
    }

    private static SseRequest post(SseServer server) {
        return new SseRequest(server.url("/")).body("q=1".getBytes());
    }

    @Test
    void bodyIsSentAgainAfterAFailureOnly() throws Exception {
        try (SseServer server = answers(answer(503), answer(500), SseServer.OK + data("a"))) {
            client(post(server)).listen(events::add);
            for (int i = 0; i < 3; i++) {
                SseServer.Connection request = server.next();
                assertEquals("POST / HTTP/1.1", request.requestLine());
                assertEquals("q=1", request.body);
                assertEquals(Optional.of("application/x-www-form-urlencoded"), request.header("Content-Type"));
            }
            assertEquals(0, server.further());
            assertEquals(List.of("HTTP status 503; connecting again in 0.01 s",
                "HTTP status 500; connecting again in 0.02 s", "connected again"), said());
        }
    }

    /** To ask for an act again is never without a word, nor without an end. */
    @ParameterizedTest
    @ValueSource(strings = {"", SseServer.OK})
    void silenceAfterAPostIsAFailureEachTime(String answer) throws Exception {
        try (SseServer server = new SseServer(connection -> beSilent(connection.send(answer)))) {
            SseException end = assertThrows(SseException.class,
                () -> patient(client(post(server))).maxRetries(2).listen(events::add));
            assertEquals(server.uri("/") + "…: nothing came for 0.2 s; gave up after 2 retries", end.getMessage());
            assertEquals(List.of("nothing came for 0.2 s; connecting again in 0.01 s",
                "nothing came for 0.2 s; connecting again in 0.02 s"), said().stream().filter(notice -> !notice.equals("connected again")).toList());
        }
    }

    @Test
    void streamOfAPostIsAskedForAgainWhereRetriesAreCounted() throws Exception {
        try (SseServer server = answers(SseServer.OK + data("a"), SseServer.OK + data("b"))) {
            client(post(server)).maxRetries(1).listen(events::add);
            assertEquals(List.of("a", "b"), received());
        }
    }

    /** The notices without the server's name, and without the jitter of the short waits. */
    private List<String> said() {
        return notices.stream().map(notice -> notice.replaceFirst("^http[^ ]*: ", "")).toList();
    }

    @Test
    void userInfoInTheUrlBecomesAnAuthorization() throws Exception {
        try (SseServer server = answers()) {
            client(new SseRequest("http://me:p%40ss@127.0.0.1:" + server.port() + "/"))
                .listen(events::add);
            assertEquals(Optional.of("Basic bWU6cEBzcw=="), server.next().header("Authorization"));
        }
    }

    @Test
    void headerFileIsReadAgainAtEveryConnect() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "Authorization: Bearer first\n");
        try (SseServer server = new SseServer(connection -> {
            Files.writeString(token, "Authorization: Bearer second\r\n\r\nX-More: yes\n");
            connection.send(connection.number == 0 ? SseServer.OK + data("a") : NO_CONTENT);
        })) {
            client(new SseRequest(server.url("/")).headerFile(token)).listen(events::add);
            assertEquals(Optional.of("Bearer first"), server.next().header("Authorization"));
            SseServer.Connection second = server.next();
            assertEquals(Optional.of("Bearer second"), second.header("Authorization"));
            assertEquals(Optional.of("yes"), second.header("X-More"));
        }
    }

    @Test
    void missingHeaderFileIsAnErrorAtTheStart() throws Exception {
        try (SseServer server = answers()) {
            Path missing = folder.resolve("missing");
            IOException failure = assertThrows(IOException.class,
                () -> client(new SseRequest(server.url("/")).headerFile(missing)).listen(events::add));
            assertEquals("header file " + missing + ": no such file", failure.getMessage());
            assertEquals(0, server.further());
        }
    }

    @Test
    void headerFileThatIsGoneLaterIsTriedAgain() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "X-A: 1\n");
        try (SseServer server = new SseServer(connection -> {
            if (connection.number == 0) {
                Files.delete(token);
                connection.send(SseServer.OK + data("a"));
            } else {
                connection.send(NO_CONTENT);
            }
        })) {
            SseClient client = client(new SseRequest(server.url("/")).headerFile(token)).notices(notice -> {
                notices.add(notice);
                if (notice.contains("no such file")) {
                    assertDoesNotThrowIo(() -> Files.writeString(token, "X-A: 2\n"));
                }
            });
            client.listen(events::add);
            server.next();
            assertEquals(Optional.of("2"), server.next().header("X-A"));
            assertTrue(notices.toString().contains("header file " + token + ": no such file; connecting again in"),
                notices.toString());
        }
    }

    private interface Action {
        void run() throws IOException;
    }

    private static void assertDoesNotThrowIo(Action action) {
        org.junit.jupiter.api.Assertions.assertDoesNotThrow(action::run);
    }

    // ---- connecting again ----

    @Test
    void connectsAgainWithTheLastEventId() throws Exception {
        try (SseServer server = answers(
            SseServer.OK + "id: a\n" + data("1"),
            SseServer.OK + "id: b c\n\nid: unfinished\n",
            SseServer.OK + "id\n\n")) {
            client(server).lastEventId("start").listen(events::add);
            assertEquals(Optional.of("start"), server.next().header("Last-Event-ID"));
            assertEquals(Optional.of("a"), server.next().header("Last-Event-ID"));
            assertEquals(Optional.of("b c"), server.next().header("Last-Event-ID"));
            assertEquals(Optional.empty(), server.next().header("Last-Event-ID"));
            assertEquals(List.of(new SseEvent("message", "a", "1")), events);
        }
    }

    @Test
    void idThatNoHeaderCarriesIsLeftOutAndSaidOnce() throws Exception {
        String stream = SseServer.OK + "id: Straße\n" + data("1");
        try (SseServer server = answers(stream, stream, SseServer.OK + "id: ascii\n" + data("2"))) {
            client(server).listen(events::add);
            server.next();
            assertEquals(Optional.empty(), server.next().header("Last-Event-ID"));
            assertEquals(Optional.empty(), server.next().header("Last-Event-ID"));
            assertEquals(Optional.of("ascii"), server.next().header("Last-Event-ID"));
            assertEquals(1, notices.stream().filter(notice -> notice.contains("is not printable ASCII of at most 4 KiB")).count(), notices.toString());
        }
    }

    @Test
    void lastEventIdOfAHeaderMovesOn() throws Exception {
        try (SseServer server = answers(SseServer.OK + "id: 10\n" + data("a"))) {
            HttpRequest request = HttpRequest.newBuilder(server.uri("/")).header("Last-Event-ID", "9").build();
            client(() -> request).listen(events::add);
            assertEquals(Optional.of("9"), server.next().header("Last-Event-ID"));
            assertEquals(Optional.of("10"), server.next().header("Last-Event-ID"));
        }
    }

    @Test
    void idOfMoreThanFourKibibytesIsNotSentBecauseServersRefuseSuchAHeader() throws Exception {
        String most = "x".repeat(4 << 10);
        try (SseServer server = answers(SseServer.OK + "id: " + most + "\n" + data("a"),
                SseServer.OK + "id: " + most + "y\n" + data("b"))) {
            client(server).listen(events::add);
            server.next();
            assertEquals(Optional.of(most), server.next().header("Last-Event-ID"));
            assertEquals(Optional.empty(), server.next().header("Last-Event-ID"));
            assertEquals(List.of("a", "b"), received());
            assertEquals(1, notices.stream().filter(notice -> notice.contains("of at most 4 KiB")).count(), notices.toString());
        }
    }

    // ---- success is not failure ----

    @Test
    void streamThatBroughtAnEventIsASuccessHoweverItEndsAndACommentIsNone() throws Exception {
        String lost = SseServer.OK.replace("Connection: close", "Content-Length: 99");
        String[] brought = {SseServer.OK + data("a"), lost + data("a"), SseServer.OK + ": alive\n\n", lost + ":\n"};
        try (SseServer server = answers(brought[0], brought[1], answer(500), brought[0], brought[2], brought[3], answer(500), brought[1])) {
            patient(client(server)).retryMaxDelay(Duration.ofMillis(20)).listen(events::add);
            assertEquals(List.of(0.01, 0.01, 0.01, 0.01, 0.01, 0.02, 0.02, 0.01), waits());
        }
    }

    @Test
    void streamsThatEndAtOnceWithoutAnythingBackOff() throws Exception {
        try (SseServer server = answers(SseServer.OK, SseServer.OK, SseServer.OK)) {
            patient(client(server)).listen(events::add);
        }
        assertEquals(List.of(0.01, 0.02, 0.04), waits(), notices.toString());
    }

    @Test
    void streamThatWasOpenForLongerThanTheWaitBeforeItIsASuccess() throws Exception {
        try (SseServer server = answers(SseServer.OK, SseServer.OK, SseServer.OK, SseServer.OK, SseServer.OK)) {
            List<Long> millisOpen = new ArrayList<>(List.of(0L, 1L, 30L, 5L, 1L));
            patient(client(server)).listen(new SseParser.Handler() {
                @Override
                public void open() {
                    pass(millisOpen.remove(0));
                }

                @Override
                public void event(SseEvent event) {
                    events.add(event);
                }
            });
        }
        assertEquals(List.of(0.01, 0.02, 0.01, 0.01, 0.02), waits(), notices.toString());
    }

    /** What the notices tell of waits, in seconds. */
    private List<Double> waits() {
        return notices.stream().filter(notice -> notice.contains("again in"))
            .map(notice -> Double.parseDouble(notice.replaceFirst(".* again in ([0-9.]+) s.*", "$1"))).toList();
    }

    @Test
    void waitIsTheReconnectionTimeUnlessThatIsIgnored() throws Exception {
        try (SseServer server = answers(SseServer.OK + "retry: 200\n" + data("a"))) {
            client(server).listen(events::add);
            assertTrue(said().get(0).matches("the stream ended; connecting again in 0.2\\d* s"), notices.toString());
        }
        notices.clear();
        try (SseServer server = answers(SseServer.OK + "retry: 200\n" + data("a"))) {
            client(server).ignoreRetry().listen(events::add);
            assertEquals("the stream ended; connecting again in 0.01 s", said().get(0));
        }
    }

    // ---- what did not become an event ----

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "data: 1~~                      | -",
        ": only a comment~              | the stream ended, and no event came; the answer begins: : only a comment",
        "id: 1~~                        | the stream ended, and no event came; the answer begins: id: 1",
        "''                             | -",
        "data: 1~~data: 2~              | the stream ended in the middle of an event",
        "data: 1~~data: 2               | the stream ended in the middle of an event",
        "data: 1                        | the stream ended, and no event came; the answer begins: data: 1",
        "{\"error\":{\"message\":\"busy\"}}~ | the stream ended, and no event came; the answer begins: {\"error\":{\"message\":\"busy\"}}",
        "<html>~<p>no</p>              | the stream ended, and no event came; the answer begins: <html> <p>no</p>",
        "%P\u0001DF                      | the stream ended, and no event came"})
    void whatDidNotBecomeAnEventIsSaid(String body, String said) throws Exception {
        try (SseServer server = answers(SseServer.OK + body.replace("~", "\n"))) {
            client(server).maxRetries(0).listen(events::add);
            assertEquals(said == null ? List.of() : List.of(said), said());
        }
    }

    @Test
    void everyStatusShowsHowTheAnswerBegins() throws Exception {
        String page = "\r\n<h1>No\n\n  room</h1> /secret/path \u20AC " + "x".repeat(300);
        String shown = ("<h1>No room</h1> \u2026 \u20AC " + "x".repeat(300)).substring(0, 200);
        try (SseServer server = answers(answer(503, "Content-Length: " + page.getBytes("UTF-8").length) + page, answer(404) + page)) {
            SseException end = assertThrows(SseException.class, () -> client(server).listen(events::add));
            assertEquals("HTTP status 503; the answer begins: " + shown + "; connecting again in 0.01 s", said().get(0));
            assertTrue(end.getMessage().endsWith("/…: HTTP status 404; the answer begins: " + shown), end.getMessage());
        }
    }

    @Test
    void pageIsShownThoughItIsCutWithinACharacterOrIsNoUtf8() throws Exception {
        String page = "x" + "\u00E9".repeat(20_000);
        String end = " begins: x" + "\u00E9".repeat(199);
        try (SseServer server = new SseServer(connection -> connection.send(answer(404)).send(page.getBytes("UTF-8")));
                SseServer other = new SseServer(connection -> connection.send(answer(404)).send("caf\u00E9".getBytes("ISO-8859-1")))) {
            String message = assertThrows(SseException.class, () -> client(server).listen(events::add)).getMessage();
            assertTrue(message.endsWith(end), message);
            message = assertThrows(SseException.class, () -> client(other).listen(events::add)).getMessage();
            assertTrue(message.endsWith(" begins: caf\uFFFD"), message);
        }
    }

    /** What the server got of the user's headers does not hide what went wrong. */
    @ParameterizedTest
    @CsvSource({"/,Content-Type: application/json", "/json,X-A: 1", "/event-stream,X-A: 1", "/,accept: text/event-stream"})
    void bothContentTypesAreTold(String path, String header) throws Exception {
        try (SseServer server = answers(answer(200, "Content-Type: application/json"))) {
            SseException end = assertThrows(SseException.class,
                () -> client(new SseRequest(server.url(path)).header(header)).listen(events::add));
            assertTrue(end.getMessage().endsWith("/…: content type application/json, expected text/event-stream"), end.getMessage());
        }
    }

    @Test
    void binaryAnswerIsNotShown() throws Exception {
        try (SseServer server = answers(answer(404) + "PNG\u0000\u0001\u001B[2J")) {
            SseException end = assertThrows(SseException.class, () -> client(server).listen(events::add));
            assertTrue(end.getMessage().endsWith("/…: HTTP status 404"), end.getMessage());
        }
    }

    @Test
    void reasonThatNeverEndsIsNotWaitedForLong() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(answer(404) + "no such stream").hold())) {
            SseClient client = client(server).idleTimeout(Duration.ofMillis(300));
            client.millisToBegin = MILLIS_OF_A_BUSY_MACHINE;
            SseException end = assertThrows(SseException.class, () -> client.listen(events::add));
            assertTrue(end.getMessage().endsWith("HTTP status 404; the answer begins: no such stream"), end.getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource({"404,", "401,", "200,text/html"})
    void allErrorsAreRetriedWhereThatIsAskedFor(int status, String type) throws Exception {
        String bad = answer(status, "Content-Length: 0", "Content-Type: " + (type == null ? "text/plain" : type));
        try (SseServer server = answers(bad, bad, SseServer.OK + data("a"))) {
            client(server).retryAllErrors().listen(events::add);
            assertEquals(List.of("a"), received());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 425, 429, 500, 502, 503, 504, 599})
    void statusThatMayGetBetterIsTriedAgain(int status) throws Exception {
        try (SseServer server = answers(answer(status), SseServer.OK + data("a"))) {
            client(server).listen(events::add);
            assertEquals(List.of("a"), received());
            assertEquals(server.uri("").resolve("/") + "…: HTTP status " + status + "; connecting again in 0.01 s",
                notices.get(0));
            assertTrue(notices.get(1).endsWith(": connected again"), notices.get(1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {201, 205, 206, 300, 302, 304, 400, 401, 403, 404, 407, 410, 418})
    void otherStatusIsFinal(int status) throws Exception {
        try (SseServer server = answers(answer(status, "Content-Length: 0"))) {
            SseException end = assertThrows(SseException.class, () -> client(server).listen(events::add));
            assertEquals(SseException.Kind.REFUSED, end.kind());
            assertEquals(server.uri("/") + "…: HTTP status " + status, end.getMessage());
            server.next();
            assertEquals(0, server.further());
            assertEquals(List.of(), notices);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/event-stream", "Text/Event-Stream;charset=x", "text/event-stream ; charset=\"utf-8\""})
    void contentTypeOfAnEventStreamIsAccepted(String type) throws Exception {
        try (SseServer server = answers(answer(200, "Content-Type: " + type) + data("ü"))) {
            client(server).listen(events::add);
            assertEquals(List.of("ü"), received());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '~', value = {
        "Content-Type: text/html~content type text/html, expected text/event-stream; the answer begins: <b>hi</b> … …",
        "Content-Type: text/event-streams~content type text/event-streams, expected text/event-stream; the answer begins: <b>hi</b> … …",
        "X-A: 1~no content type, expected text/event-stream; the answer begins: <b>hi</b> … …",
        "Content-Type: text/event-stream#Content-Type: text/html~content type text/html, expected text/event-stream; the answer begins: <b>hi</b> … …",
        "Content-Type: text/event-stream#Content-Encoding: gzip~the stream is compressed, which this cannot read; curl --compressed can; the answer begins: <b>hi</b> … …"})
    void anythingElseIsFinalAndToldWithoutTheUrl(String header, String message) throws Exception {
        try (SseServer server = answers(answer(200, header.split("#")) + "<b>hi</b> /secret/path key=secret" )) {
            SseException end = assertThrows(SseException.class, () -> client(server).listen(events::add));
            assertEquals(SseException.Kind.REFUSED, end.kind());
            assertEquals(server.uri("/") + "…: " + message, end.getMessage());
            server.next();
            assertEquals(0, server.further());
        }
    }

    @Test
    void wrongAnswerWithoutEndIsFinalAllTheSame() throws Exception {
        try (SseServer server = new SseServer(connection ->
                connection.send(answer(200, "Content-Type: text/html") + "x".repeat(5000)).hold())) {
            SseClient client = client(server);
            client.millisToBegin = MILLIS_OF_A_BUSY_MACHINE;
            SseException end = assertThrows(SseException.class, () -> client.listen(events::add));
            assertTrue(end.getMessage().endsWith("begins: " + "x".repeat(200)), end.getMessage());
        }
    }

    @Test
    void waitIsNeverShorterThanTheServerAsked() throws Exception {
        List<Long> times = new CopyOnWriteArrayList<>();
        try (SseServer server = new SseServer(connection -> {
            times.add(System.nanoTime());
            switch (connection.number) {
                case 0 -> connection.send(SseServer.OK + "retry: 300\n");
                case 1 -> connection.send(answer(503, "Retry-After: 1"));
                case 2 -> connection.send(SseServer.OK + "retry: 0\n" + data("a"));
                default -> connection.send(NO_CONTENT);
            }
        })) {
            client(server).listen(events::add);
        }
        assertTrue(times.get(1) - times.get(0) >= 300_000_000, times.toString());
        assertTrue(times.get(2) - times.get(1) >= 1_000_000_000, times.toString());
        assertTrue(times.get(3) - times.get(2) >= 100_000_000, times.toString());
    }

    @Test
    void failuresInARowDoubleTheWaitUpToAMaximum() throws Exception {
        try (SseServer server = answers(answer(500), answer(500), answer(500), answer(500), answer(500))) {
            client(server).retryMaxDelay(Duration.ofMillis(50)).listen(events::add);
        }
        List<Double> waits = waits();
        double[] least = {0.01, 0.02, 0.04, 0.05, 0.05};
        assertEquals(least.length, waits.size(), notices.toString());
        for (int i = 0; i < least.length; i++) {
            assertTrue(waits.get(i) > least[i] - 0.006 && waits.get(i) < 1.2 * least[i] + 0.006, waits.toString());
        }
    }

    @Test
    void aConnectionThatBroughtAnEventStartsTheCountAnew() throws Exception {
        try (SseServer server = answers(answer(500), SseServer.OK + data("a"), answer(500), SseServer.OK + data("b"))) {
            client(server).maxRetries(2).listen(events::add);
            assertEquals(List.of("a", "b"), received());
        }
    }

    @Test
    void givesUpAfterSoManyFailuresInARow() throws Exception {
        try (SseServer server = answers(answer(500), answer(502), answer(503), answer(504))) {
            SseException end = assertThrows(SseException.class, () -> client(server).maxRetries(2).listen(events::add));
            assertEquals(SseException.Kind.GAVE_UP, end.kind());
            assertEquals(server.uri("/") + "…: HTTP status 503; gave up after 2 retries", end.getMessage());
            assertEquals(2, notices.size(), notices.toString());
        }
    }

    @Test
    void withoutRetriesTheEndOfTheStreamIsTheEnd() throws Exception {
        try (SseServer server = answers(SseServer.OK + data("a"))) {
            client(server).maxRetries(0).listen(events::add);
            assertEquals(List.of("a"), received());
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void withoutRetriesALostConnectionIsAFailure() throws Exception {
        try (SseServer server = answers(SseServer.OK.replace("Connection: close", "Content-Length: 100") + data("a"))) {
            SseException end = assertThrows(SseException.class, () -> client(server).maxRetries(0).listen(events::add));
            assertEquals(SseException.Kind.GAVE_UP, end.kind());
            assertEquals(List.of("a"), received());
        }
    }

    @Test
    void refusedConnectionIsTriedAgain() throws Exception {
        SseServer gone = answers();
        gone.close();
        SseException end = assertThrows(SseException.class, () -> client(gone).maxRetries(1).listen(events::add));
        assertTrue(end.getMessage().matches(gone.uri("/") + "\u2026: .*; gave up after 1 retry"), end.getMessage());
    }

    @Test
    void unknownHostIsTriedAgain() {
        SseException end = assertThrows(SseException.class,
            () -> client(new SseRequest("http://no-such-host.invalid/x")).maxRetries(1).listen(events::add));
        assertTrue(end.getMessage().matches("http://no-such-host.invalid/\u2026: UnresolvedAddressException .*; gave up after 1 retry"), end.getMessage());
    }

    // ---- the handler ----

    @Test
    void whatTheHandlerThrowsEndsItAndIsNeverAReconnect() throws Exception {
        for (Exception thrown : List.of(new IOException("disk full"), new IllegalStateException("bug"))) {
            try (SseServer server = SseServer.stream(data("a", "b", "c"))) {
                Exception end = assertThrows(Exception.class, () -> client(server).listen(event -> {
                    events.add(event);
                    if (thrown instanceof IOException failure) {
                        throw failure;
                    }
                    throw (RuntimeException) thrown;
                }));
                assertSame(thrown, end);
                server.next();
                assertEquals(0, server.further());
            }
        }
        assertEquals(List.of("a", "a"), received());
    }

    @Test
    void eventsBeforeAFailureAreFlushedAndCountAsTaken() throws Exception {
        try (SseServer server = SseServer.stream("id: 1\n" + data("a") + "id: 2\n" + data("b"))) {
            List<String> calls = new ArrayList<>();
            SseClient client = client(server);
            assertThrows(IOException.class, () -> client.listen(new SseParser.Handler() {
                @Override
                public void event(SseEvent event) throws IOException {
                    calls.add(event.data());
                    if (event.data().equals("b")) {
                        throw new IOException("no");
                    }
                }

                @Override
                public void flush(String lastEventId) {
                    calls.add("flush");
                }
            }));
            assertEquals(List.of("a", "b", "flush"), calls);
            assertEquals("1", client.lastEventId());
        }
    }

    @Test
    void closedByTheHandlerNothingMoreIsHandedOver() throws Exception {
        try (SseServer server = SseServer.stream("id: 1\n" + data("a", "b") + "id: 3\n" + data("c"))) {
            SseClient client = client(server);
            client.listen(event -> {
                events.add(event);
                if (event.data().equals("b")) {
                    client.close();
                }
            });
            assertEquals(List.of("a", "b"), received());
            assertEquals("1", client.lastEventId());
        }
    }

    @Test
    void flushFollowsTheEventsOfARead() throws Exception {
        try (SseServer server = SseServer.stream(data("a", "b"))) {
            List<String> calls = new CopyOnWriteArrayList<>();
            SseClient client = client(server);
            client.listen(new SseParser.Handler() {
                @Override
                public void event(SseEvent event) {
                    calls.add(event.data());
                }

                @Override
                public void flush(String lastEventId) {
                    if (calls.contains("b")) {
                        calls.add("flush");
                        client.close();
                    }
                }
            });
            assertEquals(List.of("a", "b", "flush"), calls);
        }
    }

    /** Nothing of the first stream comes before it is known to be open. */
    @Test
    void handlerIsToldOfEachStreamAndOfNothingElse() throws Exception {
        List<String> calls = new CopyOnWriteArrayList<>();
        CountDownLatch open = new CountDownLatch(1);
        try (SseServer server = new SseServer(connection -> {
            switch (connection.number) {
                case 0 -> connection.send(answer(503));
                case 1 -> {
                    connection.send(SseServer.OK);
                    await(open);
                    connection.send(data("a"));
                }
                case 2 -> connection.send(SseServer.OK + data("b"));
                default -> connection.send(answer(204));
            }
        })) {
            client(server).listen(new SseParser.Handler() {
                @Override
                public void open() {
                    calls.add("open");
                    open.countDown();
                }

                @Override
                public void event(SseEvent event) {
                    calls.add(event.data());
                }
            });
            assertEquals(List.of("open", "a", "open", "b"), calls);
        }
    }

    @Test
    void whatTheHandlerThrowsWhenAStreamOpensEndsIt() throws Exception {
        IOException thrown = new IOException("no");
        try (SseServer server = SseServer.stream("")) {
            assertSame(thrown, assertThrows(IOException.class, () -> client(server).listen(new SseParser.Handler() {
                @Override
                public void open() throws IOException {
                    throw thrown;
                }

                @Override
                public void event(SseEvent event) {
                    events.add(event);
                }
            })));
            server.next();
            assertEquals(0, server.further());
        }
    }

    @Test
    void whileTheHandlerBlocksTheServerHasToWait() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<Integer> sent = new CompletableFuture<>();
        String event = data("x".repeat(10_000));
        int all = 5_000;
        try (SseServer server = new SseServer(connection -> {
            connection.send(SseServer.OK);
            for (int i = 0; i < all; i++) {
                connection.send(event);
                if (i == 4_000) {
                    sent.complete(i);
                }
            }
            connection.hold();
        })) {
            SseClient client = patient(client(server));
            List<Integer> count = new CopyOnWriteArrayList<>();
            CompletableFuture<Void> listening = listen(client, taken -> {
                count.add(1);
                if (count.size() == 1) {
                    // Longer than the idle time: time in the handler does not count.
                    pass(60_000);
                }
                await(release);
                if (count.size() == all) {
                    client.close();
                }
            });
            assertThrows(java.util.concurrent.TimeoutException.class, () -> sent.get(1, TimeUnit.SECONDS));
            assertEquals(1, count.size());
            release.countDown();
            listening.get(30, TimeUnit.SECONDS);
            assertEquals(all, count.size());
            assertEquals(List.of(), notices);
            server.next();
            assertEquals(0, server.further());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private static CompletableFuture<Void> listen(SseClient client, SseParser.Handler handler) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                client.listen(handler);
                end.complete(null);
            } catch (Throwable failure) {
                end.completeExceptionally(failure);
            }
        }, "listen");
        thread.setDaemon(true);
        thread.start();
        return end;
    }

    // ---- ending ----

    @Test
    void closeEndsItWhereverItIs() throws Exception {
        SseServer.Script beforeTheAnswer = SseServer.Connection::hold;
        SseServer.Script withinTheStream = connection -> connection.send(SseServer.OK + data("a")).hold();
        SseServer.Script betweenConnections = connection -> connection.send(SseServer.OK + "retry: 60000\n");
        for (SseServer.Script script : List.of(beforeTheAnswer, withinTheStream, betweenConnections)) {
            try (SseServer server = new SseServer(script)) {
                SseClient client = client(server);
                CompletableFuture<Void> listening = listen(client, events::add);
                server.next();
                client.close();
                listening.get(10, TimeUnit.SECONDS);
                client.close();
            }
        }
    }

    @Test
    void closedBeforeItListensItDoesNotConnect() throws Exception {
        try (SseServer server = answers()) {
            SseClient client = client(server);
            client.close();
            client.listen(events::add);
        }
    }

    @Test
    void interruptedItThrows() throws Exception {
        try (SseServer server = SseServer.stream(data("a"))) {
            CountDownLatch first = new CountDownLatch(1);
            CompletableFuture<Thread> listener = new CompletableFuture<>();
            CompletableFuture<Void> end = CompletableFuture.runAsync(() -> {
                listener.complete(Thread.currentThread());
                assertThrows(InterruptedException.class, () -> client(server).listen(event -> first.countDown()));
            });
            await(first);
            listener.get().interrupt();
            end.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void listensOnce() throws Exception {
        try (SseServer server = answers()) {
            SseClient client = client(server);
            client.listen(events::add);
            assertThrows(IllegalStateException.class, () -> client.listen(events::add));
        }
    }

    // ---- silence ----

    @Test
    void streamThatBringsNothingIsTakenForLost() throws Exception {
        List<Optional<String>> ids = new CopyOnWriteArrayList<>();
        try (SseServer server = new SseServer(connection -> {
            if (events.isEmpty()) {
                beSilent(connection.send(SseServer.OK + RETRY_SOON + "id: 1\n" + data("a")));
            } else {
                ids.add(connection.header("Last-Event-ID"));
                connection.send(NO_CONTENT);
            }
        })) {
            patient(client(server)).listen(events::add);
            assertEquals(List.of(server.uri("/") + "…: nothing came for 0.2 s; connecting again (this is said once)"), notices);
            assertEquals(Set.of(Optional.of("1")), Set.copyOf(ids));
        }
    }

    @Test
    void silenceBehindAHandlerThatTookItsTimeIsNoticed() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        try (SseServer server = new SseServer(connection -> {
            if (connection.number == 0) {
                beSilent(connection.send(SseServer.OK + RETRY_SOON + data("a")));
            }
            connection.send(NO_CONTENT);
        })) {
            patient(client(server)).listen(event -> {
                try {
                    never.await(400, TimeUnit.MILLISECONDS);
                } catch (InterruptedException interrupted) {
                    throw new AssertionError(interrupted);
                }
            });
            assertEquals(List.of(server.uri("/") + "…: nothing came for 0.2 s; connecting again (this is said once)"), notices);
        }
    }

    @Test
    void commentsKeepAStreamAlive() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        Semaphore read = new Semaphore(0);
        try (SseServer server = new SseServer(connection -> {
            connection.send(SseServer.OK);
            for (int i = 0; i < 12; i++) {
                connection.send(":\n");
                read.acquire();
                pass(100);
            }
            // So long that the client looks at its clock.
            never.await(400, TimeUnit.MILLISECONDS);
            connection.send(data("a")).hold();
        })) {
            SseClient client = patient(client(server));
            client.listen(new SseParser.Handler() {
                @Override
                public void comment(String text) {
                    read.release();
                }

                @Override
                public void event(SseEvent event) {
                    client.close();
                }
            });
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void serverThatDoesNotAnswerIsAskedAgainAndThatIsNoFailure() throws Exception {
        try (SseServer server = new SseServer(connection -> {
            if (connection.number < 3) {
                beSilent(connection);
            }
            connection.send(NO_CONTENT);
        })) {
            patient(client(server)).maxRetries(1).listen(events::add);
            assertEquals(List.of(server.uri("/") + "…: nothing came for 0.2 s; connecting again (this is said once)"), notices);
            assertTrue(server.further() > 3, server.further() + " connections");
        }
    }

    @Test
    void quietServerIsToldOfOnceAndAFailureEachTime() throws Exception {
        try (SseServer server = new SseServer(connection -> {
            if (connection.number == 3) {
                connection.send(answer(503));
            } else if (connection.number < 5) {
                beSilent(connection.send(SseServer.OK + ":\n"));
            } else {
                connection.send(NO_CONTENT);
            }
        })) {
            patient(client(server)).listen(events::add);
            assertEquals(List.of("nothing came for 0.2 s; connecting again (this is said once)", "connected again",
                "HTTP status 503; connecting again in 0.01 s", "connected again"), said());
        }
    }

    /** Whichever of the two times is over first. The system does not answer whoever comes while others wait to be accepted. */
    @ParameterizedTest
    @CsvSource({"200,0", "200,200", "10000,200", "0,200"})
    void hostThatDoesNotConnectIsAFailure(int idle, int connect) throws Exception {
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                Socket one = new Socket(busy.getInetAddress(), busy.getLocalPort());
                Socket other = new Socket(busy.getInetAddress(), busy.getLocalPort())) {
            SseClient client = client(new SseRequest("http://127.0.0.1:" + busy.getLocalPort() + "/")).maxRetries(1)
                .idleTimeout(Duration.ofMillis(idle));
            client.millisToRead = MILLIS_OF_A_BUSY_MACHINE;
            if (connect > 0) {
                client.http(builder -> builder.connectTimeout(Duration.ofMillis(connect)));
            }
            CompletableFuture<Void> end = listen(client, events::add);
            SseException failure = (SseException) assertThrows(ExecutionException.class, () -> end.get(20, TimeUnit.SECONDS)).getCause();
            assertEquals("http://127.0.0.1:" + busy.getLocalPort() + "/…: HttpConnectTimeoutException HTTP connect timed out; gave up after 1 retry", failure.getMessage());
            assertEquals(List.of("HttpConnectTimeoutException HTTP connect timed out; connecting again in 0.01 s"), said());
            assertTrue(one.isConnected() && other.isConnected());
        }
    }

    @Test
    void answerThatStopsWithinItsHeadIsAskedForAgain() throws Exception {
        try (SseServer server = new SseServer(connection -> {
            if (connection.number == 0) {
                beSilent(connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/ev"));
            }
            connection.send(NO_CONTENT);
        })) {
            patient(client(server)).listen(events::add);
            assertEquals(List.of(server.uri("/") + "…: nothing came for 0.2 s; connecting again (this is said once)"), notices);
        }
    }

    // ---- strange answers ----

    @Test
    void oneBytePerPacket() throws Exception {
        try (SseServer server = new SseServer(connection -> {
            connection.socket.setTcpNoDelay(true);
            for (byte one : (SseServer.OK + "id: ü\r\ndata: a\r\ndata: 😀\r\n\r\n").getBytes("UTF-8")) {
                connection.send(new byte[] {one});
            }
            connection.hold();
        })) {
            SseClient client = client(server);
            client.listen(event -> {
                events.add(event);
                client.close();
            });
            assertEquals(List.of(new SseEvent("message", "ü", "a\n😀")), events);
        }
    }

    @Test
    void http10UntilTheConnectionIsClosed() throws Exception {
        try (SseServer server = answers("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + data("a"))) {
            client(server).listen(events::add);
            assertEquals(List.of("a"), received());
        }
    }

    @Test
    void interimAnswersArePassedOver() throws Exception {
        try (SseServer server = answers("HTTP/1.1 100 Continue\r\n\r\n" + SseServer.OK + data("a"),
                "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + SseServer.OK + data("b"))) {
            client(server).listen(events::add);
            assertEquals(List.of("a", "b"), received());
        }
    }

    @Test
    void whatBreaksOffIsALostConnection() throws Exception {
        String chunked = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        try (SseServer server = answers(
            chunked + "9\r\ndata: a\n\n\r\n" + "20\r\ndata: cut",
            chunked + "zz\r\n",
            SseServer.OK.replace("Connection: close", "Content-Length: 1000") + data("b"),
            "HTTP/1.1 200 OK\r\nContent-Ty",
            "",
            "", // java.net.http asks once more by itself where nothing came
            "nonsense\r\n\r\n")) {
            client(server).listen(events::add);
            assertEquals(List.of("a", "b"), received());
            assertEquals(6, notices.stream().filter(notice -> notice.contains("connecting again in")).count(), notices.toString());
        }
    }

    @Test
    void eventInOneChunkIsDeliveredBeforeTheNextChunk() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "9\r\ndata: a\n\n\r\n").hold())) {
            SseClient client = client(server);
            client.listen(event -> client.close());
        }
    }

    @Test
    void resetIsALostConnection() throws Exception {
        try (SseServer server = new SseServer(connection -> {
            if (connection.number == 0) {
                connection.send(SseServer.OK + data("a"));
                connection.reset();
            }
            connection.send(NO_CONTENT);
        })) {
            client(server).listen(events::add);
        }
    }

    @Test
    void eventThatIsTooLargeIsDroppedWithANotice() throws Exception {
        try (SseServer server = answers(SseServer.OK + data("x".repeat(101), "fits"))) {
            client(server).maxEventBytes(100).listen(events::add);
            assertEquals(List.of("fits"), received());
            assertEquals(server.uri("/") + "…: dropped an event of more than 100 bytes", notices.get(0));
        }
    }

    @Test
    void noNoticeTellsThePathOrTheQuery() throws Exception {
        try (SseServer server = answers(answer(500), SseServer.OK + data("x".repeat(20)), answer(302, "Location: /secret/path/2"), answer(404))) {
            SseException end = assertThrows(SseException.class, () -> client(server).maxEventBytes(10).listen(events::add));
            assertFalse((notices + end.getMessage()).contains("secret"), notices + end.getMessage());
        }
    }
}
