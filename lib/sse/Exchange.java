//SOURCES Answer.java Reason.java Redirect.java Secrets.java Silence.java SseClient.java SseException.java
//SOURCES SseRequest.java SseStream.java Transport.java Watch.java
package lib.sse;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.ResponseInfo;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLPeerUnverifiedException;

/** One try of a subscription: from the request to the end of the stream, with the redirects between. */
final class Exchange {
    /** How it ended. */
    enum End {
        /** All is over: see {@link Result#outcome}. */
        OVER,
        /** The stream is somewhere else. */
        REDIRECTED,
        /** The server ended the stream. */
        ENDED,
        /** We ended it: nothing came for too long. */
        IDLE,
        /** The connection was lost, did not come about, or brought an answer that may get better. */
        FAILED,
        /** No connection came about; another address of the server may do better. */
        NOT_CONNECTED
    }

    /**
     * What became of it.
     *
     * @param outcome    null unless all is over
     * @param reason     in words; the usual end of a stream needs none
     * @param stream     what it brought; null if there was no stream
     * @param retryAfter how long the answer asks to wait
     */
    record Result(End end, SseClient.Outcome outcome, String reason, SseStream stream, Optional<Duration> retryAfter) {
        static Result over(SseClient.Outcome outcome) {
            return new Result(End.OVER, outcome, "", null, Optional.empty());
        }

        static Result of(End end, String reason, SseStream stream) {
            return new Result(end, null, reason, stream, Optional.empty());
        }
    }

    private static final long TIME_FOR_A_REASON = TimeUnit.SECONDS.toNanos(2);
    private static final int REASON_LENGTH = 200;

    private final SseClient client;
    private final Transport transport;
    private final SseClient.Handler handler;
    private final SseRequest first;
    private SseRequest request;
    /** What the messages say of the way so far. */
    private String redirected = "";

    Exchange(SseClient client, Transport transport, SseRequest request, SseClient.Handler handler) {
        this.client = client;
        this.transport = transport;
        this.first = request;
        this.request = request;
        this.handler = handler;
    }

    /** @throws IOException what the handler threw; an {@link SseException} if the server refused */
    Result run() throws IOException, InterruptedException {
        for (int redirects = 0; ; redirects++) {
            Result result = ask();
            if (result.end != End.REDIRECTED) {
                return new Result(result.end, result.outcome, redirected + result.reason, result.stream, result.retryAfter);
            } else if (redirects == client.maxRedirects()) {
                redirected = "";
                throw refused("more than " + redirects + (redirects == 1 ? " redirect" : " redirects"));
            }
            follow(result.stream.answer().orElseThrow());
        }
    }

    private void follow(Answer redirect) throws SseException {
        SseRequest next;
        try {
            next = Redirect.follow(request, redirect.status(), redirect.location());
        } catch (IllegalArgumentException notFollowed) {
            throw refused(redirect.words() + " with a redirect that is not followed: " + notFollowed.getMessage());
        }
        redirected = "redirected to " + next
            + (Redirect.leavesHeadersBehind(request, next) ? ", without your headers" : "") + ": ";
        request = next;
    }

    /** Asks at each of the server's addresses in turn, until one answers. */
    private Result ask() throws IOException, InterruptedException {
        CompletableFuture<List<Optional<InetAddress>>> addresses = transport.addresses(request);
        addresses.whenComplete((all, failure) -> client.watch().wake());
        LongSupplier patience = Watch.leftOf(client.connectTimeout());
        boolean isUnlimited = client.connectTimeout().isZero();
        SseClient.Outcome outcome = client.watch().await(
            () -> addresses.isDone() ? 0 : isUnlimited ? Long.MAX_VALUE : patience.getAsLong());
        if (outcome != null) {
            return Result.over(outcome);
        } else if (!addresses.isDone()) {
            return Result.of(End.FAILED, "host not found in time", null);
        } else if (addresses.isCompletedExceptionally()) {
            return Result.of(End.FAILED, "host not found", null);
        }
        for (Iterator<Optional<InetAddress>> next = addresses.join().iterator(); ; ) {
            Result result = ask(next.next());
            if (result.end != End.NOT_CONNECTED) {
                return result;
            } else if (!next.hasNext()) {
                return Result.of(End.FAILED, result.reason, null);
            }
            client.debug(request + ": " + result.reason + "; trying the next address");
        }
    }

    private Result ask(Optional<InetAddress> address) throws IOException, InterruptedException {
        SseStream stream = new SseStream(client, handler, this::judge);
        client.watch().attach(stream);
        CompletableFuture<HttpResponse<Void>> answered;
        try {
            client.debug(request.method() + " " + request.url()
                + address.map(one -> " at " + one.getHostAddress()).orElse(""));
            answered = transport.send(request, address, client.progress().sendable(), stream);
        } catch (IOException headerFile) {
            return Result.of(End.FAILED, headerFile.getMessage(), null);
        }
        answered.whenComplete((answer, failure) -> client.watch().wake());
        SseClient.Outcome outcome;
        boolean isCut;
        try {
            outcome = client.watch().await(untilOver(stream, answered));
            isCut = !answered.isDone();
        } finally {
            client.watch().leave(stream);
            answered.cancel(true);
        }
        stream.rethrow();
        return outcome != null ? Result.over(outcome) : result(stream, answered, isCut);
    }

    private LongSupplier untilOver(SseStream stream, CompletableFuture<?> answered) {
        long idle = client.idleTimeout().toNanos();
        Silence silence = new Silence(idle);
        return () -> {
            if (answered.isDone()) {
                return 0;
            } else if (stream.isBusy()) {
                // Who is done with a hand-over wakes nobody: the next look is when it could be idle at the earliest.
                return idle == 0 ? Long.MAX_VALUE : idle;
            }
            long left = silence.left(System.nanoTime(), stream.lastRead());
            boolean isReason = stream.answer().filter(answer -> answer.kind() != Answer.Kind.STREAM).isPresent();
            return isReason ? Math.min(left, TIME_FOR_A_REASON - (System.nanoTime() - stream.answeredAt())) : left;
        };
    }

    /** On the reading thread, before the body comes. */
    private Answer judge(ResponseInfo head) {
        Answer answer = Answer.of(request.method(), head.statusCode(), head.headers());
        client.debug("HTTP status " + head.statusCode() + " " + head.headers().map());
        transport.keepCookies(request, head.headers());
        if (answer.kind() == Answer.Kind.STREAM) {
            client.connected();
        }
        return answer;
    }

    private Result result(SseStream stream, CompletableFuture<?> answered, boolean isCut) throws SseException {
        Optional<Answer> answer = stream.answer();
        if (answer.isEmpty()) {
            return isCut ? Result.of(End.IDLE, nothingCame(), null) : unanswered(answered);
        }
        return switch (answer.get().kind()) {
            case STREAM -> isCut ? Result.of(End.IDLE, nothingCame(), stream)
                : answered.isCompletedExceptionally()
                    ? Result.of(End.FAILED, "connection lost, " + reason(answered), stream)
                    : Result.of(End.ENDED, howItEnded(stream), stream);
            case OVER -> Result.over(SseClient.Outcome.NO_CONTENT);
            case REDIRECT -> Result.of(End.REDIRECTED, "", stream);
            case RETRY -> failed(answer.get(), stream);
            case REFUSED -> {
                if (client.retriesAllErrors()) {
                    yield failed(answer.get(), stream);
                }
                throw refused(words(answer.get(), stream));
            }
        };
    }

    private Result unanswered(CompletableFuture<?> answered) throws SseException {
        if (!answered.isCompletedExceptionally()) {
            // What a proxy answers to CONNECT does not get to the body handler.
            throw refused("HTTP status 407" + wantsCredentials());
        }
        String reason = reason(answered) + transport.proxyName(request).map(name -> " (through the " + name + ")").orElse("");
        if (reason.equals(Reason.CLOSED_UNANSWERED) && request.scheme.equals("http")) {
            // So does a TLS server that is asked in plain text.
            reason += ": is it https?";
        }
        if (Reason.has(failure(answered), SSLPeerUnverifiedException.class) && !client.retriesAllErrors()) {
            throw refused(reason);
        }
        return Result.of(isNotConnected(Reason.cause(failure(answered))) ? End.NOT_CONNECTED : End.FAILED, reason, null);
    }

    private static boolean isNotConnected(Throwable failure) {
        return failure instanceof ConnectException || failure instanceof HttpConnectTimeoutException
            || failure instanceof NoRouteToHostException
            || failure instanceof SocketException && String.valueOf(failure.getMessage()).contains("unreachable");
    }

    private Result failed(Answer answer, SseStream stream) {
        return new Result(End.FAILED, null, words(answer, stream), null, answer.retryAfter());
    }

    private String words(Answer answer, SseStream stream) {
        return clean(answer.words()) + (answer.status() == 407 ? wantsCredentials() : "") + beginning("; ", stream);
    }

    private String wantsCredentials() {
        return transport.proxyName(request).map(name -> ", the " + name + " wants credentials, or other ones").orElse("");
    }

    private String nothingCame() {
        return "nothing came for " + SseClient.seconds(client.idleTimeout());
    }

    private String howItEnded(SseStream stream) {
        return stream.isWithinEvent() ? "the stream ended in the middle of an event"
            : stream.hasReadAnything() || stream.bodyPrefix().isEmpty() ? ""
            : "the stream ended, and no event came" + beginning("; ", stream);
    }

    private static Throwable failure(CompletableFuture<?> answered) {
        return answered.handle((answer, failure) -> failure).join();
    }

    private String reason(CompletableFuture<?> answered) {
        return clean(Reason.of(failure(answered)));
    }

    /** How the body begins, on one line; nothing if that is no text. */
    private String beginning(String before, SseStream stream) {
        String text = clean(stream.bodyPrefix()).replaceAll("\\s+", " ").strip();
        boolean isText = text.codePoints().noneMatch(c -> Character.getType(c) == Character.CONTROL || c == 0xFFFD);
        if (text.isEmpty() || !isText) {
            return "";
        }
        int length = text.offsetByCodePoints(0, Math.min(REASON_LENGTH, text.codePointCount(0, text.length())));
        return before + "the answer begins: " + text.substring(0, length);
    }

    private String clean(String text) {
        return new Secrets(request).clean(new Secrets(first).clean(text));
    }

    private SseException refused(String reason) {
        return new SseException(SseException.Kind.REFUSED, client + ": " + redirected + reason);
    }
}
