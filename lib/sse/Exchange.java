//SOURCES Answer.java Reason.java Redirect.java Secrets.java SseClient.java SseException.java SseRequest.java
//SOURCES SseStream.java Transport.java
package lib.sse;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** One try of a subscription: from the request to the end of the stream, with the redirects between. */
final class Exchange {
    /** How it ended. */
    enum End {
        /** All is over: see {@link Watch#outcome}. */
        OVER,
        /** The server has nothing more. */
        NO_CONTENT,
        /** The stream is somewhere else. */
        REDIRECTED,
        /** The server ended the stream. */
        ENDED,
        /** We ended it: nothing came for too long. */
        IDLE,
        /** The connection was lost, did not come about, or brought an answer that may get better. */
        FAILED
    }

    /**
     * What became of it.
     *
     * @param reason     in words; the usual end of a stream needs none
     * @param stream     the event stream, if there was one
     * @param retryAfter how long the answer asks to wait
     */
    record Result(End end, String reason, Optional<SseStream> stream, Optional<Duration> retryAfter) {
        static Result of(End end, String reason) {
            return new Result(end, reason, Optional.empty(), Optional.empty());
        }
    }

    private static final int REASON_LENGTH = 200;

    private final SseClient client;
    private final Transport transport;
    private final SseClient.Handler handler;
    private SseRequest request;
    /** What the messages say of the way so far. */
    private String redirected = "";

    Exchange(SseClient client, Transport transport, SseClient.Handler handler) {
        this.client = client;
        this.transport = transport;
        this.handler = handler;
        request = client.request;
    }

    /** @throws IOException what the handler threw; an {@link SseException} if the server refused */
    Result run() throws IOException, InterruptedException {
        for (int redirects = 0; ; redirects++) {
            SseStream stream = new SseStream(client, handler, request.method());
            Result result = ask(stream);
            if (result.end != End.REDIRECTED) {
                return new Result(result.end, redirected + result.reason, result.stream, result.retryAfter);
            } else if (redirects == client.maxRedirects) {
                redirected = "";
                throw refused("more than " + redirects + (redirects == 1 ? " redirect" : " redirects"));
            }
            follow(stream.answer().orElseThrow());
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

    private Result ask(SseStream stream) throws IOException, InterruptedException {
        CompletableFuture<?> answered;
        try {
            answered = transport.send(request, stream);
        } catch (IOException headerFile) {
            return Result.of(End.FAILED, headerFile.getMessage());
        }
        answered.whenComplete((answer, failure) -> client.watch.wake());
        boolean isCut;
        try {
            if (!client.watch.await(() -> stream.nanosLeft(answered.isDone()), client.progress)) {
                return Result.of(End.OVER, "");
            }
            isCut = !answered.isDone();
        } finally {
            stream.close();
        }
        Optional<SseStream> events = Optional.of(stream).filter(SseStream::isEventStream);
        if (isCut && (stream.answer().isEmpty() || events.isPresent())) {
            String reason = "nothing came for " + SseClient.seconds(client.idleTimeout);
            return new Result(End.IDLE, reason, events, Optional.empty());
        } else if (stream.answer().isEmpty()) {
            return unanswered(answered);
        } else if (events.isEmpty()) {
            return noStream(stream, stream.answer().get());
        }
        return answered.isCompletedExceptionally()
            ? new Result(End.FAILED, "connection lost, " + reason(answered), events, Optional.empty())
            : new Result(End.ENDED, howItEnded(stream), events, Optional.empty());
    }

    private Result unanswered(CompletableFuture<?> answered) throws SseException {
        if (!answered.isCompletedExceptionally()) {
            // What a proxy answers to CONNECT does not get to the body handler.
            throw refused("HTTP status 407" + wantsCredentials());
        }
        String reason = reason(answered) + proxyName().map(name -> " (through the " + name + ")").orElse("");
        if (reason.equals(Reason.CLOSED_UNANSWERED) && request.scheme.equals("http")) {
            // So does a TLS server that is asked in plain text.
            reason += ": is it https?";
        }
        return Result.of(End.FAILED, reason);
    }

    private Result noStream(SseStream stream, Answer answer) throws SseException {
        if (answer.kind() == Answer.Kind.OVER) {
            return Result.of(End.NO_CONTENT, "");
        } else if (answer.kind() == Answer.Kind.REDIRECT) {
            return Result.of(End.REDIRECTED, "");
        }
        String words = clean(answer.words()) + (answer.status() == 407 ? wantsCredentials() : "") + beginning(stream);
        if (answer.kind() == Answer.Kind.REFUSED && !client.retriesAllErrors) {
            throw refused(words);
        }
        return new Result(End.FAILED, words, Optional.empty(), answer.retryAfter());
    }

    private Optional<String> proxyName() {
        return client.proxy.name(request);
    }

    private String wantsCredentials() {
        return proxyName().map(name -> ", the " + name + " wants credentials, or other ones").orElse("");
    }

    private String howItEnded(SseStream stream) {
        return stream.isWithinEvent() ? "the stream ended in the middle of an event"
            : stream.hasReadAnything() || stream.bodyPrefix().isEmpty() ? ""
            : "the stream ended, and no event came" + beginning(stream);
    }

    private String reason(CompletableFuture<?> answered) {
        return clean(Reason.of(answered.handle((answer, failure) -> failure).join()));
    }

    /** How the body begins, on one line; nothing if that is no text. */
    private String beginning(SseStream stream) {
        String text = clean(stream.bodyPrefix()).replaceAll("\\s+", " ").strip();
        boolean isText = text.codePoints().noneMatch(c -> Character.getType(c) == Character.CONTROL || c == 0xFFFD);
        if (text.isEmpty() || !isText) {
            return "";
        }
        int length = text.offsetByCodePoints(0, Math.min(REASON_LENGTH, text.codePointCount(0, text.length())));
        return "; the answer begins: " + text.substring(0, length);
    }

    private String clean(String text) {
        return new Secrets(request).clean(new Secrets(client.request).clean(text));
    }

    private SseException refused(String reason) {
        return new SseException(SseException.Kind.REFUSED, client + ": " + redirected + reason);
    }
}
