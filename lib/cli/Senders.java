//SOURCES ../sse/SseClient.java
package lib.cli;

import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse.ResponseInfo;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import lib.sse.SseClient;

/** Puts around a sender what only a command line needs. */
final class Senders {
    private Senders() {}

    /** Sets up a client for plain http. Reading the trust store takes as long as the rest of a start. */
    static void withoutTls(HttpClient.Builder builder) {
        builder.sslContext(new SSLContext(null, null, "none") { }).sslParameters(new SSLParameters());
    }

    /** Sends requests of https by a client of its own, made when the first one comes. */
    static UnaryOperator<SseClient.Sender> https(Consumer<HttpClient.Builder> settings) {
        AtomicReference<HttpClient> made = new AtomicReference<>();
        return next -> (request, body) -> {
            if (!request.uri().getScheme().equalsIgnoreCase("https")) {
                return next.send(request, body);
            } else if (made.get() == null) {
                HttpClient.Builder builder = HttpClient.newBuilder();
                settings.accept(builder);
                made.set(builder.build());
            }
            return made.get().sendAsync(request, body);
        };
    }

    /** Prints each request, and the head of its answer. */
    static UnaryOperator<SseClient.Sender> traced(Consumer<String> lines) {
        return next -> (request, body) -> {
            lines.accept(request.method() + " " + request.uri());
            return next.send(request, head -> {
                lines.accept("HTTP status " + head.statusCode() + " " + head.headers().map());
                return body.apply(head);
            });
        };
    }

    /** Takes every answer for an event stream. */
    static SseClient.Sender anyContentType(SseClient.Sender next) {
        return (request, body) -> next.send(request, head -> body.apply(new StreamHead(head)));
    }

    private record StreamHead(ResponseInfo head) implements ResponseInfo {
        @Override
        public int statusCode() { return head.statusCode(); }

        @Override
        public HttpHeaders headers() {
            Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            all.putAll(head.headers().map());
            all.put("Content-Type", List.of("text/event-stream"));
            return HttpHeaders.of(all, (name, value) -> true);
        }

        @Override
        public HttpClient.Version version() { return head.version(); }
    }
}
