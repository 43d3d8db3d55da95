package lib.sse;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Tells what the head of an answer means for a subscription. The location of a redirect is as the server wrote it. */
record Answer(Kind kind, int status, String words, String location, Optional<Duration> retryAfter) {

    /**
     * STREAM: the body is an event stream. NO_CONTENT: nobody should ask again. RETRY: it may get better. REDIRECT: the
     * stream is somewhere else. REFUSED: it will not get better.
     */
    enum Kind { STREAM, NO_CONTENT, RETRY, REDIRECT, REFUSED }

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> TEMPORARY = Set.of(408, 425, 429);
    private static final Pattern MIME_TYPE = Pattern.compile("[\\w!#$%&'+.^`|~-]+/[\\w!#$%&'*+.^`|~-]+\\s*(;.*)?");

    /** Reads the head of an answer; {@code quote} returns what may be shown of a text by the server. */
    static Answer of(int status, HttpHeaders headers, UnaryOperator<String> quote) {
        String words = status == 200 ? problem(headers, quote) : "HTTP status " + status;
        Optional<String> location = headers.firstValue("Location");
        Kind kind = words.isEmpty() ? Kind.STREAM
            : status == 204 ? Kind.NO_CONTENT
            : REDIRECTS.contains(status) && location.isPresent() ? Kind.REDIRECT
            : TEMPORARY.contains(status) || status >= 500 ? Kind.RETRY : Kind.REFUSED;
        return new Answer(kind, status, words, location.orElse(""), retryAfter(headers));
    }

    /** Returns why the body is no event stream that can be read; "" if it is one. */
    private static String problem(HttpHeaders headers, UnaryOperator<String> quote) {
        List<String> types = headers.allValues("Content-Type").stream().flatMap(value -> Stream.of(value.split(",")))
            .map(String::strip).filter(value -> !value.isEmpty()).toList();
        // As the Fetch standard extracts a MIME type: the last one that can be parsed counts, but for */*.
        String type = types.stream().filter(MIME_TYPE.asMatchPredicate()).reduce((first, second) -> second)
            .orElse(types.isEmpty() ? "" : types.get(types.size() - 1));
        String shown = quote.apply(type);
        return !type.replaceFirst("\\s*;.*", "").equalsIgnoreCase("text/event-stream")
            ? (type.isEmpty() ? "no content type" : shown.isEmpty() ? "wrong content type" : "content type " + shown)
                + ", expected text/event-stream"
            : headers.firstValue("Content-Encoding").orElse("").matches("(?i)(x-)?gzip|deflate|br|zstd")
            ? "the stream is compressed, which this cannot read; curl --compressed can" : "";
    }

    /** Reads seconds, or a date: RFC 9110, 10.2.3. */
    private static Optional<Duration> retryAfter(HttpHeaders headers) {
        String value = headers.firstValue("Retry-After").orElse("").strip();
        try {
            return Optional.of(value.matches("[0-9]{1,9}")
                ? Duration.ofSeconds(Long.parseLong(value))
                : Duration.between(ZonedDateTime.now(), ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)));
        } catch (DateTimeParseException neither) {
            return Optional.empty();
        }
    }
}
