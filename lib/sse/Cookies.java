//SOURCES SseClient.java
package lib.sse;

import java.io.IOException;
import java.net.CookieManager;
import java.net.HttpCookie;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Keeps cookies by RFC 6265: what a server sets goes back to it for as long as the client lives. A header {@code Cookie}
 * of the request comes first.
 * <pre>{@code new SseClient("https://example.org/events").around(new Cookies())}</pre>
 */
public final class Cookies implements UnaryOperator<SseClient.Sender> {
    private final CookieManager jar = new CookieManager();

    @Override
    public SseClient.Sender apply(SseClient.Sender next) {
        return (request, body) -> next.send(with(request), head -> {
            head.headers().allValues("Set-Cookie").forEach(set -> keep(request, set));
            return body.apply(head);
        });
    }

    private HttpRequest with(HttpRequest request) {
        try {
            String kept = String.join("; ", jar.get(request.uri(), Map.of()).getOrDefault("Cookie", List.of()));
            return kept.isEmpty() || request.headers().firstValue("Cookie").isPresent() ? request
                : HttpRequest.newBuilder(request, (name, value) -> true).header("Cookie", kept).build();
        } catch (IOException none) {
            return request;
        }
    }

    private void keep(HttpRequest request, String set) {
        try {
            // Without an "expires=", the JDK may take it for a cookie of RFC 2965.
            String cookie = set + "; not-expires=";
            // The JDK would log anything else, with the whole URL.
            HttpCookie.parse(cookie);
            jar.put(request.uri(), Map.of("Set-Cookie", List.of(cookie)));
        } catch (IOException | IllegalArgumentException notACookie) {
            return;
        }
    }
}
