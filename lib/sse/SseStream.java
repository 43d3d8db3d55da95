//SOURCES Answer.java Silence.java SseClient.java SseEvent.java SseParser.java
package lib.sse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * One answer: its head, then its body, which is handed over if it is an event stream. The methods of the first part are
 * called by the reading thread, those of the second by the listening thread; {@link Watch} says how the two meet.
 */
final class SseStream implements BodyHandler<Void>, BodySubscriber<Void>, SseParser.Handler {
    /** More than is shown, because what is secret in it is taken out first. */
    private static final int BODY_PREFIX = 16 << 10;
    private static final long TIME_FOR_A_REASON = TimeUnit.SECONDS.toNanos(2);
    private static final long SHORTLY = TimeUnit.MILLISECONDS.toNanos(20);

    private final SseClient client;
    private final SseClient.Handler handler;
    private final String method;
    private final SseParser parser;
    private final Silence silence;
    private final CompletableFuture<Void> body = new CompletableFuture<>();
    private final ByteArrayOutputStream bodyPrefix = new ByteArrayOutputStream();
    private String takenId;
    private boolean broughtSomething;
    /** When the request was sent, the head came, or the handler was done with the last bytes. */
    private volatile long lastRead = System.nanoTime();
    private volatile Answer answer;
    private volatile Subscription subscription;
    private volatile Future<?> exchange = body;
    private volatile boolean isLeft;

    /** @param method the one that is asked with */
    SseStream(SseClient client, SseClient.Handler handler, String method) {
        this.client = client;
        this.handler = handler;
        this.method = method;
        silence = new Silence(client.idleTimeout.toNanos());
        takenId = client.lastEventId();
        parser = new SseParser(takenId, client.maxEventBytes, this);
    }

    // ---- the reading thread ----

    @Override
    public BodySubscriber<Void> apply(ResponseInfo head) {
        client.debug("HTTP status " + head.statusCode() + " " + head.headers().map());
        lastRead = System.nanoTime();
        answer = Answer.of(method, head.statusCode(), head.headers());
        if (isEventStream()) {
            client.connected();
        }
        client.watch.wake();
        return this;
    }

    @Override
    public CompletionStage<Void> getBody() {
        return body;
    }

    @Override
    public void onSubscribe(Subscription one) {
        subscription = one;
        // Nobody wants to know what stands in the body of a redirect.
        goOn(!isLeft && answer.kind() != Answer.Kind.REDIRECT);
    }

    @Override
    public void onNext(List<ByteBuffer> bytes) {
        boolean goesOn = client.watch.handOver(() -> take(bytes));
        goOn(goesOn && !isLeft && (isEventStream() || bodyPrefix.size() < BODY_PREFIX));
        if (client.progress.isKept()) {
            client.watch.wake();
        }
    }

    private void goOn(boolean isWanted) {
        if (isWanted) {
            subscription.request(1);
        } else {
            subscription.cancel();
            body.complete(null);
        }
    }

    /** What was handed over before something went wrong still goes out, and counts as taken once it has. */
    private void take(List<ByteBuffer> bytes) throws IOException {
        if (isLeft) {
            return;
        }
        if (!parser.hasReadAnything()) {
            keepPrefix(bytes);
        }
        if (!isEventStream()) {
            return;
        }
        broughtSomething = true;
        try {
            for (ByteBuffer part : bytes) {
                parser.feed(part);
            }
            takenId = client.watch.isClosed() ? takenId : parser.lastEventId();
        } finally {
            handler.flush();
            client.progress.taken(takenId);
            lastRead = System.nanoTime();
        }
    }

    private void keepPrefix(List<ByteBuffer> bytes) {
        for (ByteBuffer part : bytes) {
            byte[] some = new byte[Math.min(part.remaining(), BODY_PREFIX - bodyPrefix.size())];
            part.duplicate().get(some);
            bodyPrefix.writeBytes(some);
        }
    }

    @Override
    public void event(SseEvent event) throws IOException {
        if (!client.watch.isClosed()) {
            handler.event(event);
            takenId = event.id();
        }
    }

    @Override
    public void comment(String text) throws IOException {
        if (!client.watch.isClosed()) {
            handler.comment(text);
        }
    }

    @Override
    public void tooLarge(int bytes) throws IOException {
        if (!client.watch.isClosed()) {
            client.say("dropped an event of more than " + bytes + " bytes");
            handler.tooLarge(bytes);
        }
    }

    @Override
    public void onError(Throwable thrown) {
        body.completeExceptionally(thrown);
    }

    @Override
    public void onComplete() {
        body.complete(null);
    }

    // ---- the listening thread ----

    /**
     * How long until it is over, as far as can be seen now. Once that is not above 0 nothing more is handed over.
     *
     * @param isAnswered whether the whole answer has come, or will not come any more
     */
    long nanosLeft(boolean isAnswered) {
        long idle = client.idleTimeout.toNanos();
        // Who is done with a hand-over wakes nobody: the next look is when it could be idle at the earliest.
        long whileBusy = isAnswered ? SHORTLY : idle == 0 ? Long.MAX_VALUE : idle;
        return client.watch.unlessHandingOver(() -> {
            long now = System.nanoTime();
            long forReason = answer == null || isEventStream() ? Long.MAX_VALUE : lastRead + TIME_FOR_A_REASON - now;
            long left = isAnswered ? 0 : Math.min(silence.left(now, lastRead), forReason);
            isLeft = left <= 0;
            return left;
        }, whileBusy);
    }

    /** The answer comes, if any does, by this exchange; from the thread that has begun it. */
    void comesBy(Future<?> one) {
        lastRead = System.nanoTime();
        exchange = one;
        if (isLeft) {
            one.cancel(true);
        }
    }

    /** Lets go of the connection, also of one that comes about later. */
    void close() {
        isLeft = true;
        exchange.cancel(true);
        if (subscription != null) {
            subscription.cancel();
        }
    }

    boolean isLeft() {
        return isLeft;
    }

    /** What its head means; empty as long as there is none. */
    Optional<Answer> answer() {
        return Optional.ofNullable(answer);
    }

    boolean isEventStream() {
        return answer != null && answer.kind() == Answer.Kind.STREAM;
    }

    boolean broughtSomething() {
        return broughtSomething;
    }

    /** The reconnection time that the stream has set. */
    Optional<Duration> retry() {
        return parser.retry();
    }

    boolean hasReadAnything() {
        return parser.hasReadAnything();
    }

    boolean isWithinEvent() {
        return parser.isWithinEvent();
    }

    /** How its body begins, as it came. */
    String bodyPrefix() {
        return bodyPrefix.toString(StandardCharsets.UTF_8);
    }
}
