//SOURCES Answer.java Backoff.java Redirect.java SseConnection.java SseException.java SseParser.java
package lib.sse;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import lib.sse.SseConnection.End;

/**
 * Subscribes to an event stream: connects, reads, connects again and resumes, until it is over for good.
 * <pre>{@code
 * try (var lan = new UdpBroadcaster("192.168.8.255:5000")) {
 *     new SseClient("http://192.168.8.20/events").listen(event -> lan.send(event.data()));
 * }
 * }</pre>
 *
 * <p>Events are handed over one after the other on the thread that reads the socket. While the handler blocks, nothing is
 * read and the server has to wait. Set a client up before {@link #listen}; {@link #close} may be called from any thread.
 *
 * <p>One connection hands over each event at most once. After a reconnect, a server that resumes by {@code Last-Event-ID}
 * sends every event that the handler has not taken. With any other server, the events in between are lost. Ids are never
 * compared: a server may give all events the same id.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model">WHATWG HTML, 9.2.3</a>
 */
public final class SseClient implements AutoCloseable {

    /** Makes the request of each connect, so that a token may change. */
    public interface Request {
        /** Returns the request. A failure ends the client at the first connect, and counts as a lost connection later. */
        HttpRequest make() throws IOException;
    }

    /** Sends a request, as {@link HttpClient#sendAsync} does. */
    public interface Sender {
        CompletableFuture<HttpResponse<Void>> send(HttpRequest request, HttpResponse.BodyHandler<Void> body);
    }

    /** Holds what EventSource sends. */
    private static final Map<String, String> USUAL = Map.of("Accept", "text/event-stream", "Cache-Control", "no-cache");
    /** Servers refuse header lines above some 8 KiB, and would refuse every reconnect. */
    private static final String ID_OF_A_HEADER = "[\\t -~]{1,4096}";
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final Request request;
    private Consumer<HttpClient.Builder> http = builder -> { };
    private UnaryOperator<Sender> around = UnaryOperator.identity();
    private Duration idleTimeout = Duration.ofSeconds(300);
    private Duration retryDelay = Duration.ofSeconds(1);
    private Duration retryMaxDelay = Duration.ofSeconds(30);
    private boolean ignoresRetry;
    private boolean retriesAllErrors;
    private int maxRetries = Integer.MAX_VALUE;
    private int maxRedirects = 20;
    private int maxEventBytes = SseParser.DEFAULT_MAX_EVENT_BYTES;
    private Function<Throwable, String> failureWords = failure -> failure.getClass().getSimpleName();
    private UnaryOperator<String> quotable = text -> "";
    private Consumer<String> notices = System.err::println;
    /** Bounds the wait for how an answer begins that is no stream. A test sets this and the next two. */
    long millisToBegin = 2000;
    /** Lets a process that stood still read what has arrived, and java.net.http say first that nothing connects. */
    long millisToRead = 500;
    LongSupplier clock = System::nanoTime;

    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile String lastEventId = "";
    /** Holds scheme, host and port; the rest of the URL may be secret. */
    private volatile String name = "";
    private volatile String way = "";
    volatile SseConnection current;
    private final Set<String> saidOnce = ConcurrentHashMap.newKeySet();
    // Only the thread that listens uses these.
    private boolean isTroubleSaid;
    private boolean isPost;
    private Optional<Duration> retry = Optional.empty();
    private Duration waited = Duration.ZERO;
    private int failures;

    /**
     * Subscribes to a URL, without headers of its own.
     *
     * @throws IllegalArgumentException if it is no http or https URL; the message does not repeat it
     */
    public SseClient(String url) {
        try {
            HttpRequest same = HttpRequest.newBuilder(URI.create(url)).build();
            request = () -> same;
        } catch (IllegalArgumentException itsMessageRepeatsIt) {
            throw new IllegalArgumentException("URL: expected http://HOST... or https://HOST...");
        }
    }

    /** Subscribes by a request that is made anew at each connect. */
    public SseClient(Request request) { this.request = request; }

    /** Sets the last event ID to begin with. A {@code Last-Event-ID} header of the first request does the same. */
    public SseClient lastEventId(String id) { lastEventId = id; return this; }

    /**
     * Sets up the HTTP client, which all connects share: TLS, proxy, authenticator, connect time-out (10 s, or the idle
     * time if that is shorter). HTTP/1.1 and an executor that runs inline are set already; redirects are followed here.
     */
    public SseClient http(Consumer<HttpClient.Builder> settings) { http = http.andThen(settings); return this; }

    /** Puts this around the sending of each request, redirects included, anew each time; the one given last is outermost. */
    public SseClient around(UnaryOperator<Sender> one) { around = around.andThen(one)::apply; return this; }

    /**
     * Sets how long the server may send nothing, not even a comment, before the connection counts as lost: 300 s unless set,
     * zero for ever. It counts before the answer too. The next connect follows at once, as after no failure, but for a POST
     * or a request with a body.
     */
    public SseClient idleTimeout(Duration time) { idleTimeout = time; return this; }

    /** Sets the reconnection time until the server sets another, which is held within 100 ms and 10 min; 1 s unless set. */
    public SseClient retryDelay(Duration time) { retryDelay = time; return this; }

    /** Sets the limit up to which failures in a row double the wait: 30 s, or the reconnection time if that is longer. */
    public SseClient retryMaxDelay(Duration time) { retryMaxDelay = time; return this; }

    /** Keeps to {@link #retryDelay}, whatever reconnection time the server sets. */
    public SseClient ignoreRetry() { ignoresRetry = true; return this; }

    /**
     * Sets how many retries in a row may fail; unlimited unless set. With 0 the first end of any kind is the end. A POST,
     * or a request with a body, is sent again after its stream ended well only if this is set.
     */
    public SseClient maxRetries(int retries) { maxRetries = retries; return this; }

    /** Tries again after a refusal too. */
    public SseClient retryAllErrors() { retriesAllErrors = true; return this; }

    /** Sets how many redirects one connect may follow; 20 unless set. */
    public SseClient maxRedirects(int redirects) { maxRedirects = redirects; return this; }

    /** Drops larger events, with a notice; 16 MiB unless set. See {@link SseParser#MAX_EVENT_BYTES_LIMIT}. */
    public SseClient maxEventBytes(int bytes) { maxEventBytes = bytes; return this; }

    /** Sets how notices word a failure (as the exception's name unless set), and what they quote of a server (nothing). */
    public SseClient words(Function<Throwable, String> failure, UnaryOperator<String> quote) {
        failureWords = failure;
        quotable = quote;
        return this;
    }

    /** Receives one line on each thing that happened and its consequence, from any thread; standard error unless set. */
    public SseClient notices(Consumer<String> lines) { notices = lines; return this; }

    /** Returns the id of the last event that the handler took, which the next request sends. */
    public String lastEventId() { return current == null ? lastEventId : current.lastEventId(); }

    /**
     * Listens until it is over for good: the server answers 204, or the stream ends and no reconnect is wanted, or the
     * client is closed. A client listens once.
     *
     * @throws SseException         if the server refused, or too many connections in a row failed
     * @throws IOException          whatever the handler threw, or the first request
     * @throws InterruptedException if this thread was interrupted; the connection is closed then
     */
    public void listen(SseParser.Handler handler) throws IOException, InterruptedException {
        if (current != null) {
            throw new IllegalStateException("a client listens once");
        }
        Duration shortest = idleTimeout.isZero() ? CONNECT_TIMEOUT : Collections.min(List.of(idleTimeout, CONNECT_TIMEOUT));
        HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(shortest)
            .executor(Runnable::run);
        http.accept(builder);
        HttpClient client = builder.build();
        while (!isClosed() && !isOver(connect(client, handler))) {
            closed.await(waited.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /**
     * Has {@link #listen} return, and waits for nothing. The handler is not called again, but a call that runs may finish:
     * {@code listen} waits for it, for a second at most.
     */
    @Override
    public void close() {
        closed.countDown();
        Optional.ofNullable(current).ifPresent(SseConnection::close);
    }

    private boolean isClosed() { return closed.getCount() == 0; }

    /** Decides what follows on the end of a connection: nothing, a failure, or another one. */
    private boolean isOver(End end) throws SseException {
        if (isClosed() || end.kind() == Answer.Kind.NO_CONTENT) {
            return true;
        } else if (end.kind() == Answer.Kind.REFUSED && !retriesAllErrors) {
            throw new SseException(SseException.Kind.REFUSED, name + ": " + words(end));
        } else if (end.kind() == Answer.Kind.STREAM && (maxRetries == 0 || isPost && maxRetries == Integer.MAX_VALUE)) {
            if (!end.reason().isEmpty()) {
                say(words(end));
            }
            return true;
        }
        prepareForAnother(end);
        return false;
    }

    /** Connects once, which may take several requests if the server redirects. */
    private End connect(HttpClient client, SseParser.Handler handler) throws IOException, InterruptedException {
        HttpRequest next;
        try {
            next = request.make();
        } catch (IOException failure) {
            if (current == null) {
                throw failure;
            }
            return End.of(Answer.Kind.RETRY, failure.getMessage());
        }
        if (current == null && lastEventId.isEmpty()) {
            lastEventId = next.headers().firstValue("Last-Event-ID").orElse("");
        }
        name = Redirect.origin(next.uri());
        isPost = next.method().equals("POST") || next.bodyPublisher().filter(body -> body.contentLength() != 0).isPresent();
        SseConnection.Settings settings = new SseConnection.Settings(idleTimeout, maxEventBytes, millisToBegin, millisToRead,
            clock, failureWords, quotable, isTroubleSaid ? () -> say("connected again") : () -> { }, this::say);
        way = "";
        for (int redirects = 0; ; redirects++) {
            HttpRequest sent = withHeaders(next);
            SseConnection one = new SseConnection(lastEventId(), settings, handler);
            current = one;
            if (isClosed()) {
                return End.of(Answer.Kind.RETRY, "");
            }
            Sender sender = around.apply((request, body) -> one.canceledAtTheEnd(client.sendAsync(request, body)));
            End end = one.run(() -> sender.send(sent, one));
            if (end.kind() != Answer.Kind.REDIRECT) {
                return end;
            } else if (redirects == maxRedirects) {
                return End.of(Answer.Kind.REFUSED, "more than " + redirects + (redirects == 1 ? " redirect" : " redirects"));
            }
            try {
                next = Redirect.follow(next, end.answer().status(), end.answer().location());
            } catch (IllegalArgumentException notFollowed) {
                return End.of(Answer.Kind.REFUSED,
                    end.reason() + " with a redirect that is not followed: " + notFollowed.getMessage());
            }
            way = ("redirected to " + quotable.apply(Redirect.origin(next.uri()))).strip() + ": ";
        }
    }

    /** Adds what EventSource sends, unless the request has it. A header without a value is not sent. */
    private HttpRequest withHeaders(HttpRequest asked) {
        HttpRequest.Builder request = HttpRequest.newBuilder(asked,
            (name, value) -> !value.isEmpty() && !name.equalsIgnoreCase("Last-Event-ID"));
        USUAL.forEach((name, value) -> {
            if (asked.headers().firstValue(name).isEmpty()) {
                request.header(name, value);
            }
        });
        if (lastEventId().matches(ID_OF_A_HEADER)) {
            request.header("Last-Event-ID", lastEventId());
        } else if (!lastEventId().isEmpty() && saidOnce.add("Last-Event-ID")) {
            say("the last event ID is not printable ASCII of at most 4 KiB, as a header needs it: connecting without it");
        }
        return request.build();
    }

    /** Counts failures, reports what happened and what comes, and decides how long to wait. */
    private void prepareForAnother(End end) throws SseException {
        boolean isQuiet = end.timedOut() && !isPost;
        boolean succeeded = end.hadEvent() || !isPost && end.openFor().compareTo(waited) > 0;
        failures = succeeded ? 0 : isQuiet ? failures : failures + 1;
        if (maxRetries == 0 || failures > maxRetries) {
            throw new SseException(SseException.Kind.GAVE_UP, name + ": " + words(end) + "; gave up" + (maxRetries == 0 ? ""
                : " after " + maxRetries + (maxRetries == 1 ? " retry" : " retries")));
        }
        retry = end.retry().or(() -> retry);
        Optional<Duration> retryAfter = Optional.ofNullable(end.answer()).flatMap(Answer::retryAfter);
        waited = isQuiet ? Duration.ZERO : new Backoff(retryDelay, retryMaxDelay, ignoresRetry)
            .next(failures, retry, retryAfter, ThreadLocalRandom.current().nextDouble());
        String notice = words(end) + "; connecting again"
            + (isQuiet ? " (this is said once)" : " in " + Backoff.seconds(waited));
        isTroubleSaid &= end.openFor().isZero();
        // The idle time may be over thousands of times a day.
        if (!isQuiet || saidOnce.add(notice)) {
            isTroubleSaid = true;
            say(notice);
        }
    }

    private String words(End end) { return end.reason().isEmpty() ? "the stream ended" : way + end.reason(); }

    private void say(String notice) { notices.accept(name + ": " + notice); }
}
