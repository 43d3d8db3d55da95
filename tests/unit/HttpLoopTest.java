import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lib.sse.SseEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The HTTP server of sse-serve, with seconds that are shorter. */
@SuppressWarnings("auxiliaryclass")
class HttpLoopTest {
    private static final Duration TICK = Duration.ofMillis(20);
    /** Whenever there is time for it. */
    private static final Duration HEARTBEAT = Duration.ofNanos(1);
    private static final String LARGE = "x".repeat(40_000);

    private final BlockingQueue<String> notices = new LinkedBlockingQueue<>();
    private final List<Socket> sockets = new ArrayList<>();
    private HttpLoop server;
    private final SseBroadcaster broadcaster = new SseBroadcaster(10, 1000, line -> { }, () -> server.wakeup());

    @BeforeEach
    void start() throws IOException {
        server = new HttpLoop(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), this::answer, notices::add);
        Thread thread = new Thread(() -> server.run(TICK, HEARTBEAT));
        thread.setDaemon(true);
        thread.start();
    }

    private HttpAnswer answer(HttpRequest request) {
        return switch (request.path()) {
            case "/" -> HttpAnswer.of(200, "hello");
            case "/large" -> HttpAnswer.of(200, LARGE);
            case "/events" -> HttpAnswer.of(200)
                .followedBy(broadcaster.connect(request.client(), SseBroadcaster.Message::event, "", 0));
            case "/fault" -> throw new IllegalStateException("fault");
            default -> HttpAnswer.of(404);
        };
    }

    @AfterEach
    void end() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        server.close();
        assertEquals(List.of(), List.copyOf(notices));
    }

    private Socket send(String request) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        sockets.add(socket);
        socket.setSoTimeout(20_000);
        socket.getOutputStream().write(request.getBytes(ISO_8859_1));
        return socket;
    }

    /** All that comes, up to the end. */
    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }

    private static void assertEndsWith(String end, String text) {
        assertTrue(text.endsWith(end), text);
    }

    // ---- requests and answers ----

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\n\n",
        "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?x=1&y HTTP/1.1\r\n\r\nGET /large HTTP/1.1\r\n\r\n"})
    void aRequestHasOneAnswer(String request) throws Exception {
        String answer = rest(send(request));
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: "), answer);
        assertEndsWith("\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", answer);
    }

    @Test
    void aRequestMayComeByteByByteAndAnAnswerToHeadHasNoBody() throws Exception {
        Socket socket = send("");
        for (char one : "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n".toCharArray()) {
            socket.getOutputStream().write(one);
        }
        assertEndsWith("Content-Length: 5\r\n\r\n", rest(socket));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n\r\n", "x\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "get / HTTP/1.1\r\n\r\n", "GET x HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
        "GET /?a=%zz HTTP/1.1\r\n\r\n", "\u0016\u0003\u0001\r\n\r\n", "GET / / HTTP/1.1\r\n\r\n"})
    void whatIsNoRequestIsAnswered400(String request) throws Exception {
        assertTrue(rest(send(request)).startsWith("HTTP/1.1 400 Bad Request\r\n"));
    }

    @Test
    void aRequestOfMoreThan8KibIsAnswered431() throws Exception {
        assertTrue(rest(send("GET / HTTP/1.1\r\nA: " + "b".repeat(9_000))).startsWith("HTTP/1.1 431 "));
    }

    @Test
    void headersAreFoundByNameAndParametersAreDecoded() {
        HttpRequest request = HttpRequest.parse("client", "GET /a?x=%C3%A9+1&y&z=a=b HTTP/1.1\r\nhOST:  a \r\nCookie: a\r\nCookie: b\r\n\r\nbody");
        assertEquals(new HttpRequest("client", "GET", "/a", Map.of("x", "\u00e9 1", "y", "", "z", "a=b"), Map.of("host", "a", "cookie", "a, b")), request);
        assertEquals("", request.header("accept"));
    }

    @Test
    void aHeaderMayHoldAnyByteButALineEnd() {
        String text = IntStream.range(0x20, 0x100).mapToObj(Character::toString).collect(Collectors.joining()).strip();
        assertEquals(text, HttpRequest.parse("client", "GET / HTTP/1.1\r\nLast-Event-ID: " + text + "\r\n\r\n").header("last-event-id"));
    }

    @Test
    void aFaultInAnAnswerIsToldAndEndsThatConnectionOnly() throws Exception {
        assertEquals("", rest(send("GET /fault HTTP/1.1\r\n\r\n")));
        assertTrue(notices.take().matches("client 127.0.0.1 port [0-9]+: java.lang.IllegalStateException: fault"));
        assertEndsWith("hello", rest(send("GET / HTTP/1.1\r\n\r\n")));
    }

    @Test
    void heartbeatsComeBetweenEventsOnly() throws Exception {
        SseEvent event = new SseEvent("message", "1", LARGE.repeat(10));
        String frame = new String(SseBroadcaster.frame(event), ISO_8859_1);
        Socket socket = send("GET /events HTTP/1.1\r\n\r\n");
        broadcaster.awaitClients(1);
        broadcaster.send(event);
        broadcaster.end(Duration.ZERO);
        assertTrue(rest(socket).contains("\n" + frame));
    }

    // ---- those who let wait ----

    @Test
    void halfARequestEndsBeforeASilentConnection() throws Exception {
        BlockingQueue<String> ended = new LinkedBlockingQueue<>();
        for (String beginning : List.of("", "GET / HTTP/1.1\r\n")) {
            Socket socket = send(beginning);
            new Thread(() -> {
                try {
                    ended.add(beginning + rest(socket));
                } catch (IOException failure) {
                    ended.add(failure.toString());
                }
            }).start();
        }
        assertEquals("GET / HTTP/1.1\r\n", ended.take());
        assertEquals("", ended.take());
    }

    @Test
    void aRequestThatComesTooSlowlyEnds() throws Exception {
        Socket socket = send("GET / HTTP/1.1\r\nA: ");
        assertThrows(IOException.class, () -> {
            for (int i = 0; i < 8_000; i++) {
                Thread.sleep(TICK.toMillis());
                socket.getOutputStream().write('b');
            }
        });
    }

    @Test
    void anAnswerThatNobodyTakesEndsAndHoldsUpNobody() throws Exception {
        List<Socket> greedy = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            greedy.add(send("GET /large HTTP/1.1\r\n\r\n".repeat(300)));
            assertEndsWith("hello", rest(send("GET / HTTP/1.1\r\n\r\n")));
        }
        for (Socket socket : greedy) {
            assertTrue(rest(socket).length() < 2 * LARGE.length());
        }
    }

    @Test
    void ofConnectionsThatAskForNothingTheOldestMakesRoom() throws Exception {
        Socket oldest = send("");
        for (int i = 0; i < 1000; i++) {
            send("");
        }
        assertEquals("", rest(oldest));
        assertEndsWith("hello", rest(send("GET / HTTP/1.1\r\n\r\n")));
    }
}
