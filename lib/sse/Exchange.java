//SOURCES Answer.java Reason.java Secrets.java Silence.java SseClient.java SseEvent.java SseException.java
//SOURCES SseParser.java SseRequest.java Transport.java
package lib.sse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
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
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * One request and its answer: the head, then the body, which is handed over if it is an event stream. The methods of
 * the first part are called by the reading thread, the others by the listening thread; see {@link Watch}.
 */
final class Exchange implements HttpResponse.BodySubscriber<Void>, SseParser.Handler {
    /** More than is shown, because what is secret in it is taken out first. */
    private static final int BODY_PREFIX = 16 << 10;
    private static final int SHOWN = 200;
    /** Before the answer, silence counts from this much later: java.net.http is to say first that nothing connects. */
    private static final long TIME_TO_SAY_SO = TimeUnit.SECONDS.toNanos(1);
    private static final long TIME_FOR_A_REASON = TimeUnit.SECONDS.toNanos(2);

    private final SseClient client;
    private final SseClient.Handler handler;
    private final SseRequest request;
    final Secrets secrets;
    /** What the messages say of the way so far. */
    private final String redirected;
    private final int redirects;
    /** How many challenges to this request there were before. */
    private final int challenges;
    private final SseParser parser;
    private final Silence silence;
    private final CompletableFuture<Void> body = new CompletableFuture<>();
    private final ByteArrayOutputStream bodyPrefix = new ByteArrayOutputStream();
    private String takenId;
    private boolean isChallenged;
    private Subscription subscription;

    // What became of it; nobody else writes it.
    /** Null if it was lost, did not come about, or was answered with what may get better. */
    SseClient.Outcome outcome;
    /** Whether nothing came for too long, and that is no failure. */
    boolean isQuiet;
    /** In words; the usual end of a stream, or of all, needs none. */
    String reason;
    volatile boolean isLeft;

    private final long begun = System.nanoTime();
    /** When the request was sent, the head came, or the handler was done with the last bytes. */
    private volatile long lastRead = begun + TIME_TO_SAY_SO;
    private volatile Answer answer;
    private volatile Optional<Future<?>> sent = Optional.empty();
    private volatile HttpClient http;

    Exchange(SseClient client, SseClient.Handler handler) {
        this(client, handler, client.request, new Secrets(), "", 0, 0);
    }

    private Exchange(SseClient client, SseClient.Handler handler, SseRequest request, Secrets secrets,
            String redirected, int redirects, int challenges) {
        this.client = client;
        this.handler = handler;
        this.request = request;
        this.secrets = secrets;
        this.redirected = redirected;
        this.redirects = redirects;
        this.challenges = challenges;
        silence = new Silence(client.idleTimeout.toNanos());
        takenId = client.progress.lastEventId();
        parser = new SseParser(takenId, client.maxEventBytes, this);
    }

    // ---- the reading thread ----

    /** The head has come; this one takes the body. */
    HttpResponse.BodySubscriber<Void> begin(HttpResponse.ResponseInfo head) {
        client.debug.accept("HTTP status " + head.statusCode() + " " + head.headers().map());
        lastRead = System.nanoTime();
        isChallenged = head.statusCode() == 401
            && client.digest.isAsked(request, head.headers().allValues("WWW-Authenticate"), challenges);
        answer = Answer.of(request.method(), head.statusCode(), head.headers());
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
        // Nobody wants to know what stands in the body where something else is asked next.
        boolean isWanted = !isChallenged && answer.kind() != Answer.Kind.REDIRECT;
        goOn(isWanted && client.watch.handOver(() -> {
            if (isStream() && !isLeft) {
                client.connected();
                handler.open();
            }
        }));
    }

    @Override
    public void onNext(List<ByteBuffer> bytes) {
        goOn(client.watch.handOver(() -> take(bytes)) && (isStream() || bodyPrefix.size() < BODY_PREFIX));
    }

    private void goOn(boolean isWanted) {
        if (isWanted && !isLeft) {
            subscription.request(1);
        } else {
            subscription.cancel();
            body.complete(null);
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

    private void take(List<ByteBuffer> bytes) throws IOException {
        if (isLeft) {
            return;
        }
        if (!parser.hasReadAnything()) {
            for (ByteBuffer part : bytes) {
                byte[] some = new byte[Math.min(part.remaining(), BODY_PREFIX - bodyPrefix.size())];
                part.duplicate().get(some);
                bodyPrefix.writeBytes(some);
            }
        }
        if (isStream()) {
            feed(bytes);
        }
    }

    /** What was handed over before something went wrong still goes out, and counts as taken once it has. */
    private void feed(List<ByteBuffer> bytes) throws IOException {
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

    // ---- the listening thread, and who sends for it ----

    /**
     * Asks, and waits until it is over.
     *
     * @return this one, or the last of those that followed a redirect or a challenge
     * @throws IOException what the handler threw; an {@link SseException} if the server refused
     */
    Exchange run(Transport transport) throws IOException, InterruptedException {
        CompletableFuture<Optional<Throwable>> done;
        try {
            done = transport.send(request, this).handle((answer, failure) -> Optional.ofNullable(failure));
        } catch (IOException headerFile) {
            return failed(headerFile.getMessage());
        }
        done.thenRun(client.watch::wake);
        boolean isCut;
        Optional<Throwable> failure;
        try {
            if (!client.watch.await(() -> nanosLeft(done.isDone()), client.progress)) {
                return over(SseClient.Outcome.CLOSED, "");
            }
            isCut = !done.isDone();
            failure = isCut ? Optional.empty() : done.join();
        } finally {
            close();
        }
        if (isCut && (answer == null || isStream())) {
            isQuiet = sent.isPresent() && !client.request.asksForAnAct();
            return failed("nothing came for " + SseClient.seconds(client.idleTimeout));
        } else if (answer == null) {
            return unanswered(failure);
        } else if (isChallenged) {
            return new Exchange(client, handler, request, secrets, redirected, redirects, challenges + 1).run(transport);
        }
        return switch (answer.kind()) {
            case STREAM -> failure.isPresent()
                ? failed("connection lost, " + secrets.clean(Reason.of(failure.get())))
                : over(SseClient.Outcome.STREAM_ENDED, howItEnded());
            case OVER -> over(SseClient.Outcome.NO_CONTENT, "");
            case REDIRECT -> redirect(transport);
            case RETRY -> failed(withoutStream());
            case REFUSED -> refused(withoutStream());
        };
    }

    /**
     * How long until it is over, as far as can be seen now. Once that is not above 0 nothing more is handed over.
     *
     * @param isDone whether the whole answer has come, or will not come any more
     */
    private long nanosLeft(boolean isDone) {
        long now = System.nanoTime();
        long left = isDone ? 0
            : answer == null || isStream() ? silence.left(now, lastRead) : lastRead + TIME_FOR_A_REASON - now;
        isLeft = left <= 0;
        return left;
    }

    /** This one is about to send the request. */
    void begins(HttpClient one) { http = one; }

    /** The request is on its way. */
    void isSent(Future<?> whole) {
        lastRead = System.nanoTime() + TIME_TO_SAY_SO;
        sent = Optional.of(whole);
        if (isLeft) {
            Transport.end(http, sent);
        }
    }

    /** Lets go of the connection, also of one that comes about later. */
    private void close() {
        isLeft = true;
        if (http != null && !client.watch.isHandlerAbandoned()) {
            Transport.end(http, sent);
        }
    }

    // ---- what became of it ----

    private Exchange over(SseClient.Outcome how, String words) {
        outcome = how;
        reason = words.isEmpty() ? "" : redirected + words;
        return this;
    }

    private Exchange failed(String words) {
        return over(null, words);
    }

    private Exchange refused(String words) throws SseException {
        if (client.retriesAllErrors) {
            return failed(words);
        }
        throw new SseException(SseException.Kind.REFUSED, client + ": " + redirected + words);
    }

    private boolean isStream() {
        return answer != null && answer.kind() == Answer.Kind.STREAM;
    }

    /**
     * Whether it was no failure, however it ended: something came, or the stream was open for longer than the wait
     * before, which is not enough where an act was asked for.
     */
    boolean wasOfUse(Duration waited) {
        return isStream() && (parser.hasReadAnything()
            || !client.request.asksForAnAct() && System.nanoTime() - begun > waited.toNanos());
    }

    /** The reconnection time that the stream has set. */
    Optional<Duration> retry() {
        return parser.retry();
    }

    /** How long the answer asks to wait. */
    Optional<Duration> retryAfter() {
        return answer == null ? Optional.empty() : answer.retryAfter();
    }

    private Exchange redirect(Transport transport) throws IOException, InterruptedException {
        if (redirects == client.maxRedirects) {
            return refused("more than " + SseClient.counted(redirects, "redirect", "redirects"));
        }
        SseRequest next;
        try {
            next = request.redirected(answer.status(), answer.location());
        } catch (IllegalArgumentException notFollowed) {
            return refused(answer.words() + " with a redirect that is not followed: " + notFollowed.getMessage());
        }
        String without = request.leavesHeadersBehind(next) ? ", without your headers" : "";
        String words = "redirected to " + next + without + ": ";
        return new Exchange(client, handler, next, secrets, words, redirects + 1, 0).run(transport);
    }

    private Exchange unanswered(Optional<Throwable> failure) throws SseException {
        if (failure.isEmpty()) {
            // What a proxy answers to CONNECT does not get to the body handler.
            return refused("HTTP status 407" + wantsCredentials());
        }
        String reason = secrets.clean(Reason.of(failure.get()));
        // So does a TLS server that is asked in plain text.
        boolean mayBeTls = reason.equals(Reason.CLOSED_UNANSWERED) && request.url.scheme().equals("http");
        String words = reason + client.proxy.name(request).map(name -> " (through the " + name + ")")
            .orElse(mayBeTls ? ": is it https?" : "");
        boolean isFinal = Reason.has(failure.get(), SSLPeerUnverifiedException.class)
            || Reason.has(failure.get(), IllegalArgumentException.class);
        return isFinal ? refused(words) : failed(words);
    }

    private String withoutStream() {
        return answer.words() + (answer.status() == 407 ? wantsCredentials() : "") + beginning();
    }

    private String howItEnded() {
        return parser.isWithinEvent() ? "the stream ended in the middle of an event"
            : parser.hasReadAnything() || bodyPrefix.size() == 0 ? ""
            : "the stream ended, and no event came" + beginning();
    }

    private String wantsCredentials() {
        return client.proxy.name(request).map(name -> ", the " + name + " wants credentials, or other ones").orElse("");
    }

    /** How the body begins, on one line; nothing if that is no text. */
    private String beginning() {
        String text = secrets.clean(bodyPrefix.toString(StandardCharsets.UTF_8)).replaceAll("\\s+", " ").strip();
        int length = text.offsetByCodePoints(0, Math.min(SHOWN, text.codePointCount(0, text.length())));
        String shown = text.substring(0, length);
        boolean isText = shown.codePoints().noneMatch(c -> Character.getType(c) == Character.CONTROL);
        return shown.isEmpty() || !isText ? "" : "; the answer begins: " + shown;
    }
}
