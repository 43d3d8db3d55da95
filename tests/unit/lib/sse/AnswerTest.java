package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the head of an answer means, as tables. */
class AnswerTest {
    private static final String TYPE = "Content-Type: text/event-stream";

    /** Headers of one line each, divided by "~". */
    private static HttpHeaders headers(String lines) {
        Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line : lines == null ? new String[0] : lines.split("~")) {
            all.computeIfAbsent(line.replaceFirst(":.*", "").strip(), name -> new ArrayList<>())
                .add(line.replaceFirst("[^:]*:", "").strip());
        }
        return HttpHeaders.of(all, (name, value) -> true);
    }

    private static Answer answer(int status, String lines) {
        return Answer.of(status, headers(lines), text -> text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "200 | STREAM", "201 | REFUSED", "202 | REFUSED", "204 | NO_CONTENT", "205 | REFUSED", "206 | REFUSED",
        "300 | REFUSED", "301 | REDIRECT", "302 | REDIRECT", "303 | REDIRECT", "304 | REFUSED", "307 | REDIRECT",
        "308 | REDIRECT", "400 | REFUSED", "401 | REFUSED", "403 | REFUSED", "404 | REFUSED", "407 | REFUSED",
        "408 | RETRY", "410 | REFUSED", "418 | REFUSED", "425 | RETRY", "429 | RETRY", "500 | RETRY", "501 | RETRY",
        "503 | RETRY", "599 | RETRY"})
    void statusDecides(int status, Answer.Kind kind) {
        Answer answer = answer(status, TYPE + "~Location: /x");
        assertEquals(kind, answer.kind());
        assertEquals(kind == Answer.Kind.STREAM ? "" : "HTTP status " + status, answer.words());
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void redirectToNowhereIsRefused(int status) {
        assertEquals(Answer.Kind.REFUSED, answer(status, TYPE).kind());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "Content-Type: text/event-stream", "content-type: Text/Event-Stream", "Content-Type: text/event-stream;charset=x",
        "Content-Type: text/event-stream ; charset=\"utf-8\"", "Content-Type: text/html~Content-Type: text/event-stream",
        "Content-Type: text/html, text/event-stream", "Content-Type: text/event-stream, */*", "Content-Type: text/event-stream, bogus",
        "Content-Type: text/event-stream, ;charset=x", "Content-Type: */*~Content-Type: text/event-stream~Content-Type: */*",
        TYPE + "~Content-Encoding:", TYPE + "~Content-Encoding: identity", TYPE + "~Content-Encoding: none",
        TYPE + "~Content-Encoding: utf-8", TYPE + "~Content-Encoding: UTF8", TYPE + "~Content-Encoding: chunked",
        TYPE + "~Content-Encoding: identity, none", TYPE + "~Transfer-Encoding: chunked", TYPE + "~Transfer-Encoding: Identity"})
    void thisIsAnEventStream(String lines) {
        assertEquals(new Answer(Answer.Kind.STREAM, 200, "", "", Optional.empty()), answer(200, lines));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "-                                     | no content type, expected text/event-stream",
        "Content-Type:                         | no content type, expected text/event-stream",
        "Content-Type: */*                     | content type */*, expected text/event-stream",
        "Content-Type: text/html, */*          | content type text/html, expected text/event-stream",
        "Content-Type: bogus                   | content type bogus, expected text/event-stream",
        "Content-Type: text/html; charset=x    | content type text/html; charset=x, expected text/event-stream",
        "Content-Type: text/event-streams      | content type text/event-streams, expected text/event-stream",
        "Content-Type: text/event-stream~Content-Type: text/html | content type text/html, expected text/event-stream"})
    void otherTypeIsRefused(String lines, String words) {
        assertEquals(new Answer(Answer.Kind.REFUSED, 200, words, "", Optional.empty()), answer(200, lines));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "x-gzip", "GZIP", "deflate", "br", "zstd"})
    void compressedStreamIsRefusedWithTheWayToReadIt(String coding) {
        assertEquals("the stream is compressed, which this cannot read; curl --compressed can",
            answer(200, TYPE + "~Content-Encoding: " + coding).words());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {"0 | 0", "7 | 7", " 7 | 7", "86400 | 86400", "7.5 | -", "-7 | -", "x | -",
        "99999999999 | -", "'' | -"})
    void secondsOfRetryAfterAreRead(String value, Integer seconds) {
        for (int status : List.of(200, 403, 404, 408, 429, 503)) {
            assertEquals(Optional.ofNullable(seconds).map(Duration::ofSeconds),
                answer(status, "Retry-After: " + value).retryAfter());
        }
    }

    @Test
    void nothingOfTheServersWordsIsInTheAnswersUnlessQuoted() {
        assertEquals("wrong content type, expected text/event-stream",
            Answer.of(200, headers("Content-Type: text/secret"), text -> "").words());
    }

    @Test
    void dateOfRetryAfterIsRead() {
        ZonedDateTime then = ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(100);
        Duration left = answer(503, "Retry-After: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(then)).retryAfter()
            .orElseThrow();
        assertTrue(left.toSeconds() > 80 && left.toSeconds() <= 100, left.toString());
    }
}
