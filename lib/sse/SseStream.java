//SOURCES Answer.java Progress.java Reason.java SseClient.java SseEvent.java SseParser.java
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
import java.util.function.Function;

/**
 * One exchange: the answer's head, then its body, which is handed over if it is an event stream.
 *
 * <p>Two threads meet here. The reading thread claims each hand-over: it sets {@code busy}, then looks at
 * {@code detached}. The listening thread leaves: it sets {@code detached}, then looks at {@code busy}. Both facts are
 * volatile, so at least one of the two sees what the other has set; nothing is handed over after {@link #detach} unless
 * {@link #isBusy} says so. All that the reading thread writes before {@code busy} becomes false is seen by who finds it
 * false.
 */
final class SseStream implements BodyHandler<Void>, BodySubscriber<Void>, SseParser.Handler {
    /** More than is shown, because what is secret in it is taken out first. */
    private static final int BODY_PREFIX = 16 << 10;

    private final SseClient.Handler handler;
    private final Function<ResponseInfo, Answer> judge;
    private final Progress progress;
    private final SseClient client;
    private final SseParser parser;
    private final CompletableFuture<Void> body = new CompletableFuture<>();
    private final ByteArrayOutputStream bodyPrefix = new ByteArrayOutputStream();

    private volatile Thread busy;
    private volatile boolean detached;
    private volatile boolean abandoned;
    private volatile long lastRead = System.nanoTime();
    private volatile Throwable failure;
    private volatile long answeredAt;
    private volatile Answer answer;
    private volatile Subscription subscription;
    private volatile boolean broughtSomething;
    private String takenId;

    /** @param judge says what the head means; called once, on the reading thread, before the body comes */
    SseStream(SseClient client, SseClient.Handler handler, Function<ResponseInfo, Answer> judge) {
        this.client = client;
        this.handler = handler;
        this.judge = judge;
        progress = client.progress();
        takenId = progress.lastEventId();
        parser = new SseParser(takenId, client.maxEventBytes(), this);
    }

    // ---- the reading thread ----

    @Override
    public BodySubscriber<Void> apply(ResponseInfo info) {
        answeredAt = System.nanoTime();
        lastRead = answeredAt;
        answer = judge.apply(info);
        client.watch().wake();
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
        if (answer.kind() == Answer.Kind.REDIRECT || detached) {
            end(one);
        } else {
            one.request(1);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> bytes) {
        lastRead = System.nanoTime();
        if (answer.kind() == Answer.Kind.STREAM) {
            broughtSomething = true;
            if (!parser.hasReadAnything()) {
                keepPrefix(bytes);
            }
            handOver(bytes);
        } else {
            keepPrefix(bytes);
        }
        boolean enough = answer.kind() != Answer.Kind.STREAM && bodyPrefix.size() == BODY_PREFIX;
        if (detached || failure != null || enough) {
            end(subscription);
        } else {
            subscription.request(1);
        }
    }

    private void end(Subscription one) {
        one.cancel();
        body.complete(null);
        client.watch().wake();
    }

    private void handOver(List<ByteBuffer> bytes) {
        busy = Thread.currentThread();
        try {
            if (!detached) {
                feed(bytes);
            }
        } catch (Throwable thrown) {
            failure = thrown;
        }
        lastRead = System.nanoTime();
        busy = null;
        if (abandoned && failure != null) {
            client.say("after the end: " + Reason.of(failure));
        } else if (detached || progress.isKept()) {
            client.watch().wake();
        }
    }

    /** What was handed over before something went wrong still goes out, and counts as taken once it has. */
    private void feed(List<ByteBuffer> bytes) throws IOException {
        try {
            for (ByteBuffer part : bytes) {
                parser.feed(part);
            }
            takenId = detached ? takenId : parser.lastEventId();
        } finally {
            handler.flush();
            progress.taken(takenId);
        }
    }

    @Override
    public void event(SseEvent event) throws IOException {
        if (!detached) {
            handler.event(event);
            takenId = event.id();
        }
    }

    @Override
    public void comment(String text) throws IOException {
        if (!detached) {
            handler.comment(text);
        }
    }

    @Override
    public void tooLarge(int bytes) throws IOException {
        if (!detached) {
            client.say("dropped an event of more than " + bytes + " bytes");
            handler.tooLarge(bytes);
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
    public void onError(Throwable thrown) {
        body.completeExceptionally(thrown);
    }

    @Override
    public void onComplete() {
        body.complete(null);
    }

    // ---- the listening thread, and who closes ----

    /** Nothing more is handed over; what is being handed over goes on: see {@link #isBusy}. */
    void detach() {
        detached = true;
    }

    boolean isBusy() {
        return busy != null;
    }

    boolean isBusy(Thread thread) {
        return busy == thread;
    }

    /** Once it is detached: lets go of the connection. What is still being handed over then is not waited for. */
    void close() {
        abandoned = true;
        Subscription one = subscription;
        if (one != null) {
            one.cancel();
        }
    }

    /** When it last brought something, or the handler was done with it. */
    long lastRead() {
        return lastRead;
    }

    /** What its head means; empty as long as there is none. */
    Optional<Answer> answer() {
        return Optional.ofNullable(answer);
    }

    /** When its head came. */
    long answeredAt() {
        return answeredAt;
    }

    /** Once it is detached and not busy: whether it was of use. */
    boolean broughtSomething() {
        return broughtSomething;
    }

    /** Once it is detached and not busy: the reconnection time that the stream has set. */
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

    /** Throws what the handler threw. */
    void rethrow() throws IOException {
        if (failure instanceof IOException thrown) {
            throw thrown;
        } else if (failure instanceof RuntimeException thrown) {
            throw thrown;
        } else if (failure instanceof Error thrown) {
            throw thrown;
        }
    }
}
