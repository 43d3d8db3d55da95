//SOURCES ../sse/SseClient.java
package lib.cli;

import java.net.http.HttpClient;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import lib.sse.SseClient;

/**
 * Sends requests of https by a client of its own, made when the first one comes. To read the trust store takes as long as
 * the rest of a start, and plain http needs none.
 */
final class HttpsClient implements UnaryOperator<SseClient.Sender> {
    private final Consumer<HttpClient.Builder> settings;
    private HttpClient client;

    HttpsClient(Consumer<HttpClient.Builder> settings) {
        this.settings = settings;
    }

    /** Sets up the client for plain http. */
    static void withoutTls(HttpClient.Builder builder) {
        builder.sslContext(new SSLContext(null, null, "none") { }).sslParameters(new SSLParameters());
    }

    @Override
    public SseClient.Sender apply(SseClient.Sender next) {
        return (request, body) -> request.uri().getScheme().equalsIgnoreCase("https")
            ? client().sendAsync(request, body) : next.send(request, body);
    }

    private synchronized HttpClient client() {
        if (client == null) {
            HttpClient.Builder builder = HttpClient.newBuilder();
            settings.accept(builder);
            client = builder.build();
        }
        return client;
    }
}
