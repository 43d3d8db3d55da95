package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked for, as tables. */
class SseRequestTest {
    @TempDir
    Path folder;

    private static HttpRequest built(SseRequest request) throws IOException {
        return request.build(request.headers(Map.of("Authorization", new Digest(() -> "").authorization(request))), Optional.empty());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '~', value = {
        "http://h/                        ~ http://h/",
        "http://h                         ~ http://h/",
        "HTTP://H/x                       ~ http://H/x",
        "http://h?x=1                     ~ http://h/?x=1",
        "http://h/a#part                  ~ http://h/a",
        "http://h:81/                     ~ http://h:81/",
        "http://h:/                       ~ http://h/",
        "http://u:p@h/                    ~ http://h/",
        "http://u:p@h@h2/                 ~ http://h2/",
        "h                                ~ http://h/",
        "h:8080/x                         ~ http://h:8080/x",
        "u:p@h:8080/x                     ~ http://h:8080/x",
        "localhost/x?y=z://               ~ http://localhost/x?y=z://",
        "http://h/a b                     ~ http://h/a%20b",
        "http://h/{a}|^\"\\`<>[x]         ~ http://h/%7Ba%7D%7C%5E%22%5C%60%3C%3E%5Bx%5D",
        "http://h/?q={a}|^\"\\`<>[x]      ~ http://h/?q=%7Ba%7D%7C%5E%22%5C%60%3C%3E[x]",
        "http://h/?q=a b                  ~ http://h/?q=a%20b",
        "http://h/%20%zz%4                ~ http://h/%20%25zz%254",
        "http://h/100%                    ~ http://h/100%25",
        "http://h/\u00E9?\u20AC           ~ http://h/%C3%A9?%E2%82%AC",
        "http://h/a//b/../c               ~ http://h/a//b/../c",
        "http://b\u00FCcher.example/      ~ http://xn--bcher-kva.example/",
        "http://my_host/x                 ~ http://my_host/x",
        "http://[::1]:81/x                ~ http://[::1]:81/x",
        "http://[fe80::1%25eth0]/x        ~ http://[fe80::1%eth0]/x"})
    void urlIsReadAsCurlAndBrowsersReadIt(String url, String read) {
        assertEquals(read, new SseRequest(url).url());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "/secret", "http:", "http://", "http:///secret", "http://:80/secret", "ftp://h/secret",
        "file:///secret", "mailto:secret", "http://h:x/secret", "http://h:99999999/secret", "http://[::1/secret", "http://h h/secret",
        "http://h/a\nsecret", "http://h/a\u007Fsecret", "//h/secret", "ws://h/secret", "?secret", "#secret"})
    void whatIsNoUrlIsRefusedWithoutTellingIt(String url) {
        String message = assertThrows(IllegalArgumentException.class, () -> new SseRequest(url)).getMessage();
        assertFalse(message.contains("secret"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://h:0/", "http://h:65536/"})
    void portIsWithinItsBounds(String url) {
        String message = assertThrows(IllegalArgumentException.class, () -> new SseRequest(url)).getMessage();
        assertEquals("URL: port " + url.replaceAll("[^0-9]", "") + ", expected 1 to 65535", message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection: keep-alive", "connection:close", "Keep-Alive: 5", "Proxy-Connection: x", "TE: trailers",
        "Upgrade: h2c", "HTTP2-Settings: x", "Content-Length: 5", "Transfer-Encoding: chunked", "Expect: 100-continue",
        ":authority: h", ":method: GET"})
    void whatBelongsToOneConnectionIsLeftOut(String line) throws IOException {
        SseRequest request = new SseRequest("http://h/").header(line).header("X-A: 1");
        String name = line.substring(0, line.indexOf(':', 1));
        assertEquals(Set.of(name), request.leftOut);
        assertEquals(Optional.empty(), built(request).headers().firstValue("Connection"));
        assertEquals(Optional.of("1"), built(request).headers().firstValue("X-A"));
    }

    @Test
    void credentialsStandInOneHeaderTheUsersOwnFirst() throws IOException {
        SseRequest request = new SseRequest("http://me:p%40ss@h/");
        assertEquals(List.of("Basic bWU6cEBzcw=="), built(request).headers().allValues("Authorization"));
        request.header("authorization: Bearer x");
        assertEquals(List.of("Bearer x"), built(request).headers().allValues("Authorization"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"me:p\u00E4ss%41+", "me:", "a:b:c"})
    void credentialsAreSentAsTheyAre(String credentials) throws IOException {
        assertEquals(List.of(SseRequest.basic(credentials)),
            built(new SseRequest("http://h/").basicAuthorization(credentials)).headers().allValues("Authorization"));
    }

    @Test
    void headerFileMayBeginWithAByteOrderMarkAndEndAnyhow() throws IOException {
        Path file = Files.writeString(folder.resolve("h"), "\uFEFFX-A: 1\r\n\r\n  \nX-B:2\rX-C: 3");
        HttpRequest request = built(new SseRequest("http://h/").headerFile(file));
        for (String header : List.of("X-A 1", "X-B 2", "X-C 3")) {
            assertEquals(Optional.of(header.substring(4)), request.headers().firstValue(header.substring(0, 3)));
        }
    }

    @Test
    void lastEventIdOfTheUserIsTheFirstOneAndNoHeader() throws IOException {
        SseRequest request = new SseRequest("http://h/").header("last-event-id: 9");
        assertEquals("9", request.firstLastEventId());
        assertEquals(Optional.empty(), built(request).headers().firstValue("Last-Event-ID"));
    }

    @Test
    void headerWithAnEmptyValueIsNotSentAtAll() throws IOException {
        SseRequest request = new SseRequest("http://h/").header("X-A: 1").header("x-a:").header("Accept:");
        assertEquals(Map.of("Cache-Control", List.of("no-cache")), built(request).headers().map());
    }

    @Test
    void userAgentIsOursUnlessTheUserSetsOne() throws IOException {
        SseRequest request = new SseRequest("http://h/").userAgent("sse-listen/1");
        assertEquals(List.of("sse-listen/1"), built(request).headers().allValues("User-Agent"));
        assertEquals(List.of("x"), built(request.header("user-agent: x")).headers().allValues("User-Agent"));
    }
}
