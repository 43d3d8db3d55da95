//SOURCES Answer.java Backoff.java SseEvent.java SseParser.java
package lib.sse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Handles the answer to one request. The thread that reads the socket hands over what it reads, under a lock. The thread
 * in {@link #run} waits; it decides under the same lock that the connection is over, so nothing is handed over after that.
 */
final class SseConnection implements HttpResponse.BodyHandler<Void>, HttpResponse.BodySubscriber<Void>, SseParser.Handler {

    /** Holds what the connections of a client share, such as the words for a failure, and what may be quoted of a server. */
    record Settings(Duration idleTimeout, int maxEventBytes, long millisToBegin, long millisToRead, LongSupplier clock,
        Function<Throwable, String> failure, UnaryOperator<String> quote, Runnable opened, Consumer<String> notices) {}

    /**
     * Tells how a connection ended: STREAM is well, RETRY is any failure. The reason is "" at the usual end of a stream, and
     * the answer is null if none came.
     */
    record End(Answer.Kind kind, String reason, boolean timedOut, Answer answer, Optional<Duration> retry, Duration openFor,
            boolean hadEvent) {

        static End of(Answer.Kind kind, String reason) {
            return new End(kind, reason, false, null, Optional.empty(), Duration.ZERO, false);
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    /** Bounds what is kept: more than is shown, because secrets are taken out before it is cut. */
    private static final int BEGINNING = 16 << 10;
    private static final int SHOWN = 200;
    private static final long MILLIS_TO_FINISH = 800;

    private final Settings settings;
    private final SseParser.Handler handler;
    private final SseParser parser;
    private final ReentrantLock handingOver = new ReentrantLock();
    private final CompletableFuture<Void> body = new CompletableFuture<>();
    private final ByteArrayOutputStream beginning = new ByteArrayOutputStream();
    /** Is down when nothing more will come. */
    private final CountDownLatch done = new CountDownLatch(1);
    /** Completes when nobody waits any more, not even for a call of the handler. */
    private final CompletableFuture<Void> left = new CompletableFuture<>();
    /** Lets a call of the handler finish, and no other begin. A test reads it. */
    volatile boolean isOver;
    private Flow.Subscription subscription;
    private boolean hadEvent;
    private String handedOverId;
    private volatile String takenId;
    private volatile Answer answer;
    private volatile long headAt;
    private volatile long lastRead;
    private volatile Throwable lost;
    private volatile Work rethrow = () -> { };

    /** @param lastEventId is in force when the stream begins */
    SseConnection(String lastEventId, Settings settings, SseParser.Handler handler) {
        this.settings = settings;
        this.handler = handler;
        lastRead = settings.clock.getAsLong();
        takenId = lastEventId;
        handedOverId = lastEventId;
        parser = new SseParser(lastEventId, settings.maxEventBytes, this);
    }

    // ---- the reading thread ----

    @Override
    public HttpResponse.BodySubscriber<Void> apply(HttpResponse.ResponseInfo head) {
        headAt = settings.clock.getAsLong();
        lastRead = headAt;
        answer = Answer.of(head.statusCode(), head.headers(), settings.quote);
        if (!isStream()) {
            CompletableFuture.delayedExecutor(settings.millisToBegin, TimeUnit.MILLISECONDS).execute(done::countDown);
        }
        return this;
    }

    @Override
    public CompletionStage<Void> getBody() { return body; }

    @Override
    public void onSubscribe(Flow.Subscription one) {
        subscription = one;
        left.thenRun(one::cancel);
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

    private void handOver(Work work) {
        boolean wantsMore = false;
        handingOver.lock();
        try {
            if (!isOver) {
                work.run();
                wantsMore = !isOver && (isStream() || answer.kind() != Answer.Kind.REDIRECT && beginning.size() < BEGINNING);
            }
        } catch (IOException | RuntimeException | Error any) {
            rethrow = () -> { throw any; };
            done.countDown();
        } finally {
            handingOver.unlock();
        }
        if (wantsMore) {
            subscription.request(1);
        } else {
            subscription.cancel();
            body.complete(null);
        }
    }

    private void keepBeginning(ByteBuffer bytes) {
        byte[] some = new byte[Math.min(bytes.remaining(), BEGINNING - beginning.size())];
        bytes.duplicate().get(some);
        beginning.writeBytes(some);
    }

    /** Flushes events that were handed over before something went wrong, too. They count as taken after that. */
    private void feed(List<ByteBuffer> buffers) throws IOException {
        try {
            for (ByteBuffer bytes : buffers) {
                parser.feed(bytes);
            }
            handedOverId = isOver ? handedOverId : parser.lastEventId();
        } finally {
            handler.flush(handedOverId);
            takenId = handedOverId;
            lastRead = settings.clock.getAsLong();
        }
    }

    @Override
    public void event(SseEvent event) throws IOException {
        if (!isOver) {
            handler.event(event);
            handedOverId = event.id();
            hadEvent = true;
        }
    }

    @Override
    public void comment(String text) throws IOException {
        if (!isOver) {
            handler.comment(text);
        }
    }

    @Override
    public void tooLarge(int bytes) throws IOException {
        if (!isOver) {
            settings.notices.accept("dropped an event of more than " + bytes + " bytes");
            handler.tooLarge(bytes);
            hadEvent = true;
        }
    }

    /** Returns the id to resume after. */
    String lastEventId() { return takenId; }

    /** Has {@link #run} return soon. */
    void close() {
        isOver = true;
        done.countDown();
    }

    /** Has a request canceled when nobody waits any more. There may be several, one after the other. */
    <T> CompletableFuture<T> canceledAtTheEnd(CompletableFuture<T> sent) {
        lastRead = settings.clock.getAsLong();
        left.thenRun(() -> sent.cancel(true));
        return sent;
    }

    /**
     * Sends the request, and waits until the connection is over.
     *
     * @throws IOException what the handler threw
     */
    End run(Supplier<CompletableFuture<?>> sender) throws IOException, InterruptedException {
        // A silent name server holds up this thread, and nothing else.
        Thread sending = new Thread(() -> {
            try {
                canceledAtTheEnd(sender.get()).whenComplete((response, failure) -> end(failure));
            } catch (RuntimeException | Error notSent) {
                end(notSent);
            }
        }, "sse-connect");
        sending.setDaemon(true);
        sending.start();
        boolean timedOut = false;
        try {
            timedOut = await();
        } finally {
            isOver = true;
            // A call of the handler may finish, if that does not take long.
            if (handingOver.tryLock(MILLIS_TO_FINISH, TimeUnit.MILLISECONDS)) {
                handingOver.unlock();
            }
            left.complete(null);
            rethrow.run();
        }
        return ended(timedOut);
    }

    private void end(Throwable failure) {
        lost = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        done.countDown();
    }

    /** Waits until nothing more will come; returns true if the server was silent for too long. */
    private boolean await() throws InterruptedException {
        while (!isOver && !done.await(nanosLeft(), TimeUnit.NANOSECONDS)) {
            if (!done.await(settings.millisToRead, TimeUnit.MILLISECONDS) && handingOver.tryLock(1, TimeUnit.SECONDS)) {
                if (nanosLeft() <= 0) {
                    isOver = true;
                }
                handingOver.unlock();
            }
        }
        return done.getCount() > 0;
    }

    private long nanosLeft() {
        boolean hasNoLimit = settings.idleTimeout.isZero() || answer != null && !isStream();
        return hasNoLimit ? Long.MAX_VALUE : lastRead + settings.idleTimeout.toNanos() - settings.clock.getAsLong();
    }

    private boolean isStream() { return answer != null && answer.kind() == Answer.Kind.STREAM; }

    private End ended(boolean timedOut) {
        Answer.Kind kind = timedOut || isStream() && lost != null ? Answer.Kind.RETRY
            : answer != null ? answer.kind() : isFinal(lost) ? Answer.Kind.REFUSED : Answer.Kind.RETRY;
        String failure = lost == null ? "" : settings.failure.apply(lost);
        String reason = timedOut ? "nothing came for " + Backoff.seconds(settings.idleTimeout)
            : answer == null ? failure
            : !isStream() ? answer.words() + shownBeginning()
            : lost != null ? "connection lost, " + failure
            : !hadEvent && beginning.size() > 0 ? "the stream ended, and no event came" + shownBeginning()
            : parser.isWithinEvent() ? "the stream ended in the middle of an event" : "";
        Duration openFor = Duration.ofNanos(isStream() ? settings.clock.getAsLong() - headAt : 0);
        return new End(kind, reason, timedOut, answer, parser.retry(), openFor, hadEvent);
    }

    /** Returns whether another attempt would fail in the same way. A name that is not found may be found later. */
    private static boolean isFinal(Throwable failure) {
        return failure != null && (isFinal(failure.getCause())
            || failure instanceof IllegalArgumentException && !(failure instanceof UnresolvedAddressException));
    }

    /** Returns how the answer begins, on one line; nothing if that is no text. */
    private String shownBeginning() {
        String text = settings.quote.apply(beginning.toString(StandardCharsets.UTF_8)).replaceAll("\\s+", " ").strip();
        String shown = text.replaceFirst("(?s)(.{" + SHOWN + "}).+", "$1");
        return shown.isEmpty() || shown.chars().anyMatch(Character::isISOControl) ? "" : "; the answer begins: " + shown;
    }
}
