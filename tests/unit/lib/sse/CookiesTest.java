package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a server sets goes back to it. */
@ResourceLock("the log of java.net.CookieManager")
class CookiesTest {
    private final Cookies cookies = new Cookies();

    private record Head(int statusCode, HttpHeaders headers, HttpClient.Version version) implements HttpResponse.ResponseInfo {}

    /** Sends a request, which is answered with these cookies, and returns the cookie that was sent. */
    private Optional<String> ask(String url, String own, String... set) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        if (own != null) {
            request.header("Cookie", own);
        }
        List<HttpRequest> sent = new CopyOnWriteArrayList<>();
        cookies.apply((one, body) -> {
            sent.add(one);
            body.apply(new Head(503, HttpHeaders.of(Map.of("Set-Cookie", List.of(set)), (name, value) -> true), HttpClient.Version.HTTP_1_1));
            return CompletableFuture.completedFuture(null);
        }).send(request.build(), HttpResponse.BodyHandlers.discarding());
        return sent.get(0).headers().firstValue("Cookie");
    }

    @Test
    void cookieGoesBackToItsHostAndPathAndNowhereElse() {
        assertEquals(Optional.empty(), ask("http://a.example/", null, "a=1; Path=/", "b=2; Path=/b"));
        assertEquals(Optional.of("a=1"), ask("http://a.example/c", null));
        assertEquals(Set.of("a=1", "b=2"), Set.of(ask("http://a.example/b", null, "a=3; Path=/").orElseThrow().split("; ")));
        assertEquals(Optional.of("a=3"), ask("http://a.example/c", null));
        assertEquals(Optional.empty(), ask("http://b.example/b", null));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "sid=abc                              | sid=abc",
        "sid=abc; Max-Age=3600; Path=/        | sid=abc",
        "sid=abc; Max-Age=3600; Version=1     | sid=abc",
        "sid=abc; HttpOnly; SameSite=Strict   | sid=abc",
        "sid=a,b; Max-Age=3600; SameSite=Lax  | sid=a,b",
        "sid=abc; Expires=Fri, 31 Dec 9999 23:59:59 GMT; Path=/ | sid=abc",
        "sid=abc; Max-Age=0                   | -",
        "sid=abc; Max-Age=3600; Secure        | -",
        "no-cookie                            | -"})
    void cookieGoesBackAsItCameWithoutItsAttributes(String set, String sent) {
        List<String> logged = new CopyOnWriteArrayList<>();
        Logger log = Logger.getLogger("java.net.CookieManager");
        log.setFilter(line -> !logged.add(line.getMessage()));
        try {
            ask("http://a.example/secret/path?key=secret", null, set);
            assertEquals(Optional.ofNullable(sent), ask("http://a.example/secret/path?key=secret", null));
        } finally {
            log.setFilter(null);
        }
        assertEquals(List.of(), logged);
    }

    @Test
    void cookieOfTheUserComesBeforeTheServers() {
        assertEquals(Optional.of("mine=1"), ask("http://a.example/", "mine=1", "a=1; Path=/"));
        assertEquals(Optional.of("mine=1"), ask("http://a.example/", "mine=1"));
    }
}
