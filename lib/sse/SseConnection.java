//SOURCES Answer.java Backoff.java SseEvent.java SseParser.java
package lib.sse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * One request and its answer. The thread that reads the socket hands over what it reads, under a lock. The thread in
 * {@link #run} waits; it decides under the same lock that the connection is over, so nothing is handed over after that.
 */
final class SseConnection implements HttpResponse.BodySubscriber<Void>, SseParser.Handler {

    /** Takes what a stream brings. */
    interface Handler extends SseParser.Handler {
        void open() throws IOException;

        void flush(String lastEventId) throws IOException;
    }

    /**
     * What the connections of a client have in common.
     *
     * @param grace   how much longer than its time something may take that is about to come
     * @param failure says why a connection failed
     * @param quote   returns what may be shown of a text by the server
     */
    record Settings(Duration idleTimeout, int maxEventBytes, Duration grace, Function<Throwable, String> failure,
        UnaryOperator<String> quote, Runnable opened, Consumer<String> notices) {}

    /** Sends a request, and calls {@link #sending}. */
    interface Sender extends BiFunction<HttpRequest, HttpResponse.BodyHandler<Void>, CompletableFuture<HttpResponse<Void>>> {}

    /**
     * How a connection ended.
     *
     * @param kind    STREAM for one that ended well, RETRY for any failure
     * @param reason  in words; the usual end of a stream needs none
     * @param answer  null if none came
     * @param openFor how long there was a stream
     */
    record End(Answer.Kind kind, String reason, boolean timedOut, Answer answer, Optional<Duration> retry, Duration openFor,
            boolean hadEvent) {

        static End failed(String reason) {
            return new End(Answer.Kind.RETRY, reason, false, null, Optional.empty(), Duration.ZERO, false);
        }

        End as(Answer.Kind other, String words) {
            return new End(other, words, timedOut, answer, retry, openFor, hadEvent);
        }
    }

    /** CLOSED: a call of the handler may finish, no other begins. LEFT: nobody waits for that call any more. */
    private enum State { READING, CLOSED, LEFT }

    /** More than is shown, because secrets are taken out before it is cut. */
    private static final int BEGINNING = 16 << 10;
    private static final int SHOWN = 200;
    /** Servers refuse header lines above some 8 KiB: with an id that long every reconnect would be refused. */
    private static final int LONGEST_ID = 4 << 10;
    private static final long MILLIS_TO_FINISH = 800;
    private static final long SECOND_LOOK = TimeUnit.MILLISECONDS.toNanos(50);
    /** A thread that wakes up this much too late stood still, and the reading thread with it. */
    private static final long STOOD_STILL = TimeUnit.MILLISECONDS.toNanos(20);

    private final HttpRequest request;
    private final Settings settings;
    private final Handler handler;
    private final SseParser parser;
    private final ReentrantLock handingOver = new ReentrantLock();
    private final CompletableFuture<Void> body = new CompletableFuture<>();
    private final ByteArrayOutputStream beginning = new ByteArrayOutputStream();
    /** Nothing more will come. */
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile Flow.Subscription subscription;
    private boolean hadEvent;
    private String handedOverId;
    private volatile String takenId;
    private volatile State state = State.READING;
    private volatile Answer answer;
    private volatile long headAt;
    private volatile long lastRead = System.nanoTime();
    private volatile Future<?> sent;
    private volatile Throwable lost;
    private volatile Throwable thrown;

    /** @param lastEventId is in force when the stream begins */
    SseConnection(HttpRequest request, String lastEventId, Settings settings, Handler handler) {
        this.request = request;
        this.settings = settings;
        this.handler = handler;
        takenId = lastEventId;
        handedOverId = lastEventId;
        parser = new SseParser(lastEventId, settings.maxEventBytes, this);
    }

    // ---- the reading thread ----

    private HttpResponse.BodySubscriber<Void> head(HttpResponse.ResponseInfo head) {
        headAt = System.nanoTime();
        lastRead = headAt;
        answer = Answer.of(request.method(), head.statusCode(), head.headers(), settings.quote);
        if (!isStream()) {
            CompletableFuture.delayedExecutor(2 * settings.grace.toMillis(), TimeUnit.MILLISECONDS).execute(done::countDown);
        }
        return this;
    }

    @Override
    public CompletionStage<Void> getBody() { return body; }

    @Override
    public void onSubscribe(Flow.Subscription one) {
        subscription = one;
        handOver(() -> {
            if (isStream()) {
                settings.opened.run();
                handler.open();
            }
        });
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        handOver(() -> {
            buffers.forEach(this::keepBeginning);
            if (isStream()) {
                feed(buffers);
            }
        });
    }

    @Override
    public void onError(Throwable failure) { body.completeExceptionally(failure); }

    @Override
    public void onComplete() { body.complete(null); }

    private void keepBeginning(ByteBuffer bytes) {
        if (!parser.hasReadAnything()) {
            byte[] some = new byte[Math.min(bytes.remaining(), BEGINNING - beginning.size())];
            bytes.duplicate().get(some);
            beginning.writeBytes(some);
        }
    }

    /** Events that were handed over before something went wrong are flushed, and count as taken after that. */
    private void feed(List<ByteBuffer> buffers) throws IOException {
        try {
            for (ByteBuffer bytes : buffers) {
                parser.feed(bytes);
            }
            handedOverId = state == State.READING ? parser.lastEventId() : handedOverId;
        } finally {
            if (handedOverId.length() > LONGEST_ID) {
                settings.notices.accept("a last event ID has more than " + LONGEST_ID + " characters: the one before it is kept");
                handedOverId = takenId;
            }
            handler.flush(handedOverId);
            takenId = handedOverId;
            lastRead = System.nanoTime();
        }
    }

    @Override
    public void event(SseEvent event) throws IOException {
        if (state == State.READING) {
            handler.event(event);
            handedOverId = event.id();
            hadEvent = true;
        }
    }

    @Override
    public void comment(String text) throws IOException {
        if (state == State.READING) {
            handler.comment(text);
        }
    }

    @Override
    public void tooLarge(int bytes) throws IOException {
        if (state == State.READING) {
            settings.notices.accept("dropped an event of more than " + bytes + " bytes");
            handler.tooLarge(bytes);
            hadEvent = true;
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private void handOver(Work work) {
        handingOver.lock();
        try {
            if (state == State.READING) {
                work.run();
            }
        } catch (Throwable any) {
            thrown = any;
            done.countDown();
            // Whoever closed the client may have closed what the handler writes to, too.
            if (state == State.LEFT && !(any instanceof ClosedChannelException || any instanceof InterruptedIOException)) {
                settings.notices.accept("after the end: " + (any instanceof IOException ? any.getMessage() : any));
            }
        } finally {
            handingOver.unlock();
        }
        boolean wantsMore = isStream() || answer.kind() != Answer.Kind.REDIRECT && beginning.size() < BEGINNING;
        if (wantsMore && state == State.READING && thrown == null) {
            subscription.request(1);
        } else {
            subscription.cancel();
            body.complete(null);
        }
    }

    // ---- any thread ----

    /** Returns whether the caller is within the handler, which must not wait for itself. */
    boolean isHandingOver() { return handingOver.isHeldByCurrentThread(); }

    boolean isReading() { return state == State.READING; }

    /** Returns the id to resume after. */
    String lastEventId() { return takenId; }

    /** Has {@link #run} return soon. */
    void close() {
        state = state == State.READING ? State.CLOSED : state;
        done.countDown();
    }

    /** Takes what cancels the request that is sent now: there may be several, one after the other. */
    <T extends Future<?>> T sending(T one) {
        sent = one;
        if (state == State.LEFT) {
            one.cancel(true);
        }
        return one;
    }

    // ---- the thread that waits ----

    /**
     * Sends the request, and waits until the connection is over.
     *
     * @throws IOException what the handler threw
     */
    End run(Sender sender) throws IOException, InterruptedException {
        // A silent name server holds up this thread, and nothing else.
        Thread sending = new Thread(() -> send(sender), "sse-connect");
        sending.setDaemon(true);
        sending.start();
        boolean timedOut = false;
        try {
            timedOut = await();
        } catch (InterruptedException stop) {
            close();
            throw stop;
        } finally {
            leave();
        }
        return end(timedOut);
    }

    private void send(Sender sender) {
        try {
            CompletableFuture<HttpResponse<Void>> all = sender.apply(request, this::head);
            lastRead = System.nanoTime();
            (sent == null ? sending(all) : all).whenComplete((response, failure) -> over(failure));
        } catch (RuntimeException notSent) {
            over(notSent);
        }
    }

    private void over(Throwable failure) {
        lost = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        done.countDown();
    }

    /** Waits until nothing more will come; returns true if the server was silent for too long. */
    private boolean await() throws InterruptedException {
        boolean isSilent = false;
        while (!isSilent && !done.await(nanosLeft(), TimeUnit.NANOSECONDS)) {
            // A process that stood still first reads what has arrived meanwhile.
            long late = -nanosLeft();
            boolean isDone = done.await(late > STOOD_STILL ? settings.grace.toNanos() : SECOND_LOOK, TimeUnit.NANOSECONDS);
            if (!isDone && handingOver.tryLock(1, TimeUnit.SECONDS)) {
                isSilent = nanosLeft() <= 0 && done.getCount() > 0;
                state = isSilent ? State.LEFT : state;
                handingOver.unlock();
            }
        }
        return isSilent;
    }

    /** Before the answer the time is a little longer: java.net.http is to report first that nothing connects. */
    private long nanosLeft() {
        boolean hasNoLimit = settings.idleTimeout.isZero() || answer != null && !isStream();
        long idle = settings.idleTimeout.plus(answer == null ? settings.grace : Duration.ZERO).toNanos();
        return hasNoLimit ? Long.MAX_VALUE : lastRead + idle - System.nanoTime();
    }

    /** Lets a call of the handler finish, if that does not take long, and lets go of the connection. */
    private void leave() throws IOException, InterruptedException {
        if (handingOver.tryLock(MILLIS_TO_FINISH, TimeUnit.MILLISECONDS)) {
            handingOver.unlock();
        }
        state = State.LEFT;
        if (sent != null) {
            sent.cancel(true);
        }
        if (subscription != null) {
            subscription.cancel();
        }
        if (thrown instanceof IOException any) {
            throw any;
        } else if (thrown instanceof RuntimeException any) {
            throw any;
        } else if (thrown instanceof Error any) {
            throw any;
        }
    }

    // ---- how it ended ----

    private End end(boolean timedOut) {
        End end = new End(Answer.Kind.RETRY, "", timedOut, answer, parser.retry(),
            Duration.ofNanos(isStream() ? System.nanoTime() - headAt : 0), hadEvent);
        String failure = lost == null ? "" : settings.failure.apply(lost);
        if (timedOut) {
            return end.as(Answer.Kind.RETRY, "nothing came for " + Backoff.seconds(settings.idleTimeout));
        } else if (answer == null) {
            return end.as(isFinal(lost) ? Answer.Kind.REFUSED : Answer.Kind.RETRY, failure);
        } else if (!isStream()) {
            return end.as(answer.kind(), answer.words() + shownBeginning());
        }
        return lost != null ? end.as(Answer.Kind.RETRY, "connection lost, " + failure)
            : end.as(Answer.Kind.STREAM, parser.isWithinEvent() ? "the stream ended in the middle of an event"
                : parser.hasReadAnything() || beginning.size() == 0 ? ""
                : "the stream ended, and no event came" + shownBeginning());
    }

    private boolean isStream() { return answer != null && answer.kind() == Answer.Kind.STREAM; }

    /** Another attempt would fail in the same way; a name that is not found may be found later. */
    private static boolean isFinal(Throwable failure) {
        return failure instanceof IllegalArgumentException && !(failure instanceof UnresolvedAddressException)
            || failure instanceof SSLPeerUnverifiedException || failure != null && isFinal(failure.getCause());
    }

    /** Returns how the answer begins, on one line; nothing if that is no text. */
    private String shownBeginning() {
        String text = settings.quote.apply(beginning.toString(StandardCharsets.UTF_8)).replaceAll("\\s+", " ").strip();
        String shown = text.substring(0, text.offsetByCodePoints(0, Math.min(SHOWN, text.codePointCount(0, text.length()))));
        return shown.isEmpty() || shown.chars().anyMatch(Character::isISOControl) ? "" : "; the answer begins: " + shown;
    }
}
