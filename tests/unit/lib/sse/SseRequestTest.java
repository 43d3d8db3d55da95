package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked for, as tables. */
class SseRequestTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "http://h/,             http://h/",
        "HTTP://h:81/a?x=1,     HTTP://h:81/a?x=1",
        "https://u:p@h/%20?q=%7B, https://h/%20?q=%7B",
        "http://[::1]:81/x,     http://[::1]:81/x",
        "http://[fe80::1%eth0]/, http://[fe80::1%eth0]/"})
    void userInfoIsNotPartOfTheUrl(String url, String asked) throws IOException {
        assertEquals(URI.create(asked), new SseRequest(url).make().uri());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "h/secret", "/secret", "http:", "http://", "http:///secret", "ftp://h/secret", "file:///secret",
        "mailto:secret", "http://h:x/secret", "http://[::1/secret", "http://h h/secret", "http://h/sec ret", "http://h/%zz",
        "http://my_host/secret", "//h/secret", "?secret", "http://u:secret@"})
    void anythingElseIsRefusedWithoutRepeatingIt(String url) {
        String message = assertThrows(IllegalArgumentException.class, () -> new SseRequest(url)).getMessage();
        assertEquals("URL: expected http://HOST... or https://HOST...", message);
    }

    @Test
    void restOfTheUrlIsNotInItsText() {
        assertEquals("https://h:81/\u2026", new SseRequest("https://u:secret@h:81/secret?secret").toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection: keep-alive", "connection:close", "Keep-Alive: 5", "Proxy-Connection: x", "TE: trailers",
        "Upgrade: h2c", "HTTP2-Settings: x", "Content-Length: 5", "Transfer-Encoding: chunked", "Expect: 100-continue",
        ":authority: h", ":method: GET"})
    void headerOfAConnectionIsLeftOut(String line) throws IOException {
        SseRequest request = new SseRequest("http://h/").header(line).header("X-A: 1");
        assertEquals(Map.of("X-A", List.of("1")), request.make().headers().map());
    }

    @Test
    void credentialsStandInOneHeaderTheUsersOwnFirst() throws IOException {
        SseRequest request = new SseRequest("http://me:p%40ss@h/");
        assertEquals(List.of("Basic bWU6cEBzcw=="), request.make().headers().allValues("Authorization"));
        request.header("authorization: Bearer x");
        assertEquals(List.of("Bearer x"), request.make().headers().allValues("Authorization"));
    }

    @ParameterizedTest
    @CsvSource({"me:p\u00E4ss%41+, bWU6cMOkc3MlNDEr", "me:, bWU6", "me, bWU6", "a:b:c, YTpiOmM="})
    void credentialsAreSentAsTheyAre(String credentials, String coded) throws IOException {
        assertEquals(List.of("Basic " + coded), new SseRequest("http://h/").basicAuthorization(credentials).make().headers()
            .allValues("Authorization"));
    }

    @Test
    void headerFileMayBeginWithAByteOrderMarkAndEndAnyhow() throws IOException {
        Path file = Files.writeString(folder.resolve("h"), "\uFEFFX-A: 1\r\n\r\n  \nX-B:2\rX-C: 3");
        HttpRequest request = new SseRequest("http://h/").headerFile(file).make();
        for (String header : List.of("X-A 1", "X-B 2", "X-C 3")) {
            assertEquals(Optional.of(header.substring(4)), request.headers().firstValue(header.substring(0, 3)));
        }
    }

    @Test
    void headerFileIsReadAnewForEachRequest() throws IOException {
        Path file = folder.resolve("token");
        SseRequest request = new SseRequest("http://h/").headerFile(file).header("X-A: 0");
        for (String token : List.of("first", "second")) {
            Files.writeString(file, "Authorization: Bearer " + token + "\nx-a: 1\n");
            assertEquals(Optional.of("Bearer " + token), request.make().headers().firstValue("Authorization"));
            assertEquals(List.of("0", "1"), request.make().headers().allValues("X-A"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "                | no such file",
        "secret          | expected NAME:VALUE in a header",
        "X-A: secr\u00E9t | header X-A: expected a value of printable ASCII",
        "X A: secret     | header X A: expected a name that can be set",
        "\uFFFF          | not UTF-8"})
    void headerFileThatIsNoneIsNamedAndItsValuesAreNot(String content, String reason) throws IOException {
        Path file = folder.resolve("headers");
        if (content != null) {
            Files.write(file, content.equals("\uFFFF") ? new byte[] {(byte) 0xFF} : content.getBytes(StandardCharsets.UTF_8));
        }
        IOException failure = assertThrows(IOException.class, () -> new SseRequest("http://h/").headerFile(file).make());
        assertEquals("header file " + file + ": " + reason, failure.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "secret       | expected NAME:VALUE in a header",
        "X-A: secr\u00E9t | header X-A: expected a value of printable ASCII",
        "X-A: \u001Bsecret | header X-A: expected a value of printable ASCII",
        "X A: secret  | header X A: expected a name that can be set"})
    void anythingElseThanAHeaderIsRefusedWithoutItsValue(String line, String message) {
        SseRequest request = new SseRequest("http://h/");
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> request.header(line)).getMessage());
    }

    /** The client takes it for the id to begin with. */
    @Test
    void lastEventIdIsAHeaderLikeOthers() throws IOException {
        assertEquals(Optional.of("9"), new SseRequest("http://h/").header("last-event-id: 9").make().headers().firstValue("Last-Event-ID"));
    }

    /** The client sends neither it nor its own header of that name. */
    @Test
    void headerWithAnEmptyValueStandsForNone() throws IOException {
        SseRequest request = new SseRequest("http://h/").header("X-A: 1").header("x-a:").header("Accept:").header("User-Agent:")
            .userAgent("sse-listen/1").basicAuthorization("a:b").header("Authorization: ").body(new byte[1]).header("content-type:");
        assertEquals(Map.of("X-A", List.of("", ""), "Accept", List.of(""), "User-Agent", List.of(""), "Authorization", List.of(""),
            "content-type", List.of("")), request.make().headers().map());
    }

    @ParameterizedTest
    @CsvSource({", , GET, -1", ", q, POST, 1", "PUT, q, PUT, 1", "GET, q, GET, 1", "DELETE, , DELETE, 0", ", '', POST, 0"})
    void methodIsPostWithABodyUnlessSet(String method, String body, String sent, long length) throws IOException {
        SseRequest request = new SseRequest("http://h/");
        if (method != null) {
            request.method(method);
        }
        if (body != null) {
            request.body(body.getBytes(StandardCharsets.UTF_8));
        }
        HttpRequest made = request.make();
        assertEquals(sent, made.method());
        assertEquals(length, made.bodyPublisher().map(HttpRequest.BodyPublisher::contentLength).orElse(-1L));
        assertEquals(Optional.ofNullable(body).map(any -> "application/x-www-form-urlencoded"), made.headers().firstValue("Content-Type"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "G T", "CONNECT", "connect", "GET\r\n"})
    void methodThatIsNoneIsRefused(String method) {
        assertThrows(IllegalArgumentException.class, () -> new SseRequest("http://h/").method(method));
    }

    @Test
    void userAgentIsOursUnlessTheUserSetsOne() throws IOException {
        SseRequest request = new SseRequest("http://h/").userAgent("sse-listen/1");
        assertEquals(List.of("sse-listen/1"), request.make().headers().allValues("User-Agent"));
        assertEquals(List.of("x"), request.header("user-agent: x").make().headers().allValues("User-Agent"));
    }
}
