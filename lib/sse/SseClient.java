//SOURCES Backoff.java Digest.java Exchange.java HttpProxy.java Progress.java SseException.java SseParser.java
//SOURCES SseRequest.java StateFile.java Transport.java Watch.java
package lib.sse;

import java.io.IOException;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/**
 * One subscription: connects, reads, connects again, resumes, until it is over for good.
 *
 * <p>The thread in {@link #listen} watches over the time-outs. Events are handed over on the thread that reads the
 * socket, one after the other; while the handler blocks nothing is read, and the server has to wait. Set a client up
 * before {@code listen}; only {@link #close} may be called while it runs, from any thread.
 *
 * <p>What is promised: one connection hands an event over at most once. After a reconnect it depends on the server: one
 * that resumes by {@code Last-Event-ID} sends every event that the handler has not taken; with any other, the events in
 * between are lost. Ids are never compared: a server may give all events the same.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model">
 *     WHATWG HTML, 9.2.3 Processing model</a>
 */
public final class SseClient implements AutoCloseable {

    /**
     * Takes the events. What it throws ends {@link SseClient#listen} with that very exception; it is never taken for
     * a lost connection.
     */
    @FunctionalInterface
    public interface Handler extends SseParser.Handler {
        /** There is a stream now, from which nothing has come yet. */
        default void open() throws IOException {}

        /** The events of one read from the network were all handed over: what was held back for more goes out. */
        default void flush() throws IOException {}
    }

    /** How a subscription ended without a failure. */
    public enum Outcome {
        /** The server answered 204: there is nothing more, and nobody should ask again. */
        NO_CONTENT,
        /** The stream ended, and no reconnect was wanted. */
        STREAM_ENDED,
        /** {@link SseClient#close} was called. */
        CLOSED
    }

    // Set before listen, and read by this room only.
    final SseRequest request;
    Duration connectTimeout = Duration.ofSeconds(10);
    Duration idleTimeout = Duration.ofSeconds(300);
    int maxEventBytes = SseParser.DEFAULT_MAX_EVENT_BYTES;
    int maxRedirects = 20;
    boolean retriesAllErrors;
    Supplier<SSLContext> tls = SseClient::usualTls;
    HttpProxy proxy = HttpProxy.of(Map.of());
    Consumer<String> notices = message -> System.err.println(message);
    Consumer<String> debug = message -> {};
    private Duration retryDelay = Duration.ofSeconds(1);
    private Duration retryMaxDelay = Duration.ofSeconds(30);
    private boolean ignoresRetry;
    private int maxRetries = Integer.MAX_VALUE;

    final Digest digest = new Digest(() -> UUID.randomUUID().toString());
    final Watch watch = new Watch(this::say);
    final Progress progress = new Progress(this);
    /** Whether the user was told of a trouble that is not over. */
    private volatile boolean troubleSaid;
    private final Set<String> said = ConcurrentHashMap.newKeySet();

    public SseClient(SseRequest request) {
        this.request = request;
    }

    /** A subscription without headers of its own; {@code url} as for {@link SseRequest#SseRequest(String)}. */
    public SseClient(String url) {
        this(new SseRequest(url));
    }

    /** The last event ID to begin with; a {@link #stateFile} that has one comes before it. */
    public SseClient lastEventId(String id) { progress.taken(id); return this; }

    /** Where the last event ID is kept, so that the next run resumes after the last event that the handler took. */
    public SseClient stateFile(Path file) { return stateFile(new StateFile(file)); }

    /** The same where several subscriptions keep theirs in one file. */
    public SseClient stateFile(StateFile file) { progress.keepIn(file); return this; }

    /**
     * How long it may take to connect to one address, by TCP and TLS; of a proxy, by TCP only. 10 s unless set, zero
     * for what the system does; but never longer than {@link #idleTimeout}.
     */
    public SseClient connectTimeout(Duration time) { connectTimeout = time; return this; }

    /**
     * How long the server may bring nothing, no comment either, before the connection is taken for lost, also before
     * the answer has begun; 300 s unless set, zero for ever. The next connect is at once, and this is no failure; it is
     * one for a POST, or a request with a body.
     */
    public SseClient idleTimeout(Duration time) { idleTimeout = time; return this; }

    /**
     * Makes the TLS context, when the first https connection needs it; the JDK's default unless set. What its trust
     * manager throws is a failure, an {@link javax.net.ssl.SSLPeerUnverifiedException} one for {@link #retryAllErrors}.
     */
    public SseClient tls(Supplier<SSLContext> context) { tls = context; return this; }

    /** What to go through; nothing unless set. */
    public SseClient proxy(HttpProxy one) { proxy = one; return this; }

    /** The reconnection time until the server sets another, which is held within 100 ms and 10 min; 1 s unless set. */
    public SseClient retryDelay(Duration time) { retryDelay = time; return this; }

    /** Failures in a row double the wait up to this, or to the reconnection time if that is longer; 30 s unless set. */
    public SseClient retryMaxDelay(Duration time) { retryMaxDelay = time; return this; }

    /** Keeps to {@link #retryDelay}, whatever reconnection time the server sets. */
    public SseClient ignoreRetry() { ignoresRetry = true; return this; }

    /**
     * How many retries in a row may fail; 0: the first end of any kind is the end; unlimited unless set. A stream that
     * ended well is followed by another connection; that of a POST, or of a request with a body, only if this is set.
     */
    public SseClient maxRetries(int retries) { maxRetries = retries; return this; }

    /** Tries again after what would be final, too: an answer, or a server that is not the right one. */
    public SseClient retryAllErrors() { retriesAllErrors = true; return this; }

    /** How many redirects one connect may follow; 20 unless set. */
    public SseClient maxRedirects(int redirects) { maxRedirects = redirects; return this; }

    /** See {@link SseParser#SseParser(String, int, SseParser.Handler)}. */
    public SseClient maxEventBytes(int bytes) { maxEventBytes = bytes; return this; }

    /** Takes lines on what happened and what comes next, also in the network's words; standard error unless set. */
    public SseClient notices(Consumer<String> lines) { notices = lines; return this; }

    /** Takes lines that only somebody who looks for a fault wants; they may hold the whole URL. */
    public SseClient debug(Consumer<String> lines) { debug = lines; return this; }

    /**
     * Listens until it is over for good. A client listens once.
     *
     * @return how it ended
     * @throws SseException         if the server refused, or too many connections in a row failed
     * @throws IOException          whatever the handler threw; or a header file or the state file cannot be used
     * @throws InterruptedException if this thread was interrupted; the connection is closed then
     */
    public Outcome listen(Handler handler) throws IOException, InterruptedException {
        watch.begin();
        try {
            return watch.isClosed() ? Outcome.CLOSED : resume(handler);
        } finally {
            watch.finish();
        }
    }

    /**
     * Ends {@link #listen}. The handler is not called again, but a call that runs may finish: this waits for it 0.8 s
     * at the most, or not at all within the handler.
     */
    @Override
    public void close() {
        watch.close();
    }

    private Outcome resume(Handler handler) throws IOException, InterruptedException {
        try (progress) {
            progress.resume();
            if (!request.leftOut.isEmpty()) {
                say("left out, as it belongs to one connection: " + String.join(", ", request.leftOut));
            }
            return listenUntilOver(handler);
        }
    }

    private Outcome listenUntilOver(Handler handler) throws IOException, InterruptedException {
        Transport transport = new Transport(this);
        Backoff backoff = new Backoff(retryDelay, retryMaxDelay, ignoresRetry);
        boolean asksOnce = maxRetries == 0 || request.asksForAnAct() && maxRetries == Integer.MAX_VALUE;
        Optional<Duration> retry = Optional.empty();
        Duration waited = Duration.ZERO;
        int failures = 0;
        while (true) {
            Exchange exchange = new Exchange(this, handler).run(transport);
            if (exchange.outcome != null && (asksOnce || exchange.outcome != Outcome.STREAM_ENDED)) {
                if (!exchange.reason.isEmpty()) {
                    say(exchange.reason);
                }
                return exchange.outcome;
            }
            failures = exchange.wasOfUse(waited) ? 0 : exchange.isQuiet ? failures : failures + 1;
            if (maxRetries == 0 || failures > maxRetries) {
                throw new SseException(SseException.Kind.GAVE_UP, this + ": " + exchange.reason + "; gave up"
                    + (maxRetries == 0 ? "" : " after " + counted(maxRetries, "retry", "retries")));
            }
            retry = exchange.retry().isPresent() ? exchange.retry() : retry;
            Backoff.Wait wait = exchange.isQuiet ? Backoff.NO_WAIT
                : backoff.next(failures, retry, exchange.retryAfter(), ThreadLocalRandom.current().nextDouble());
            waited = wait.time();
            sayWhatComes(exchange, wait);
            long until = System.nanoTime() + waited.toNanos();
            if (!watch.await(() -> until - System.nanoTime(), progress)) {
                return Outcome.CLOSED;
            }
        }
    }

    static String counted(int number, String one, String several) {
        return number + " " + (number == 1 ? one : several);
    }

    /** Of the time-outs of a quiet server only the first is told: there may be thousands a day. */
    private void sayWhatComes(Exchange exchange, Backoff.Wait wait) {
        String again = "; this sends the body again";
        String notice = (exchange.reason.isEmpty() ? "the stream ended" : exchange.reason) + "; connecting again"
            + (exchange.isQuiet ? " (this is said once)" : " in " + seconds(wait.time()))
            + (wait.isWish() ? ", as the server asks" : "")
            + (request.hasSentBody && said.add(again) ? again : "");
        if (!exchange.isQuiet) {
            say(notice);
        }
        troubleSaid |= !exchange.isQuiet || sayOnce(notice);
    }

    /** There is a stream now. */
    void connected() {
        if (troubleSaid) {
            troubleSaid = false;
            say("connected again");
        }
    }

    private static SSLContext usualTls() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException broken) {
            throw new IllegalStateException("TLS: " + broken.getMessage(), broken);
        }
    }

    void say(String notice) {
        notices.accept(this + ": " + notice);
    }

    /** @return whether it was not said before */
    boolean sayOnce(String notice) {
        boolean isNew = said.add(notice);
        if (isNew) {
            say(notice);
        }
        return isNew;
    }

    /** Where it connects to, without what may be secret. */
    @Override
    public String toString() {
        return request.toString();
    }

    /** How long a time is, for the user. */
    static String seconds(Duration time) {
        double seconds = time.toNanos() / 1e9;
        String text = String.format(Locale.ROOT, seconds < 10 ? "%.2f" : "%.0f", seconds);
        return (text.contains(".") ? text.replaceFirst("\\.?0+$", "") : text) + " s";
    }
}
