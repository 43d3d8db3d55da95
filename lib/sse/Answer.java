package lib.sse;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the head of an answer means for a subscription.
 *
 * @param words      for the user; they may hold text from the server as it came
 * @param location   where a {@link Kind#REDIRECT} leads
 * @param retryAfter how long the server asks to wait
 */
record Answer(Kind kind, int status, String words, String location, Optional<Duration> retryAfter) {

    /**
     * STREAM: the body is an event stream. OVER: there is nothing more, and nobody should ask again. RETRY: it may get
     * better. REDIRECT: the stream is somewhere else. REFUSED: it will not get better.
     */
    enum Kind { STREAM, OVER, RETRY, REDIRECT, REFUSED }

    private static final String EVENT_STREAM = "text/event-stream";
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> PASSING = Set.of(408, 425, 429);
    /** RFC 9110, 8.4.1, and what came after it. Other words, such as "none" and "utf-8", code nothing. */
    private static final Pattern CODING = Pattern.compile("(x-)?gzip|deflate|(x-)?compress|br|zstd|dcb|dcz");

    /** @param method that of the request: a POST may be answered 201 */
    static Answer of(String method, int status, HttpHeaders headers) {
        Optional<String> problem = problem(headers);
        if (status == 200 || status == 201 && method.equals("POST") && problem.isEmpty()) {
            Kind kind = problem.isEmpty() ? Kind.STREAM : Kind.REFUSED;
            return new Answer(kind, status, problem.orElse(""), "", Optional.empty());
        }
        Optional<String> location = headers.firstValue("Location");
        Kind kind = status == 204 ? Kind.OVER
            : REDIRECTS.contains(status) && location.isPresent() ? Kind.REDIRECT
            : PASSING.contains(status) || status >= 500 ? Kind.RETRY : Kind.REFUSED;
        return new Answer(kind, status, "HTTP status " + status, location.orElse(""),
            kind == Kind.RETRY ? retryAfter(headers) : Optional.empty());
    }

    /** What keeps an answer of status 200 from being an event stream. */
    private static Optional<String> problem(HttpHeaders headers) {
        List<String> types = values("Content-Type", headers);
        // Fetch, "extract a MIME type": of several the last one counts.
        String type = types.isEmpty() ? "" : types.get(types.size() - 1);
        if (type.isEmpty()) {
            return Optional.of("no content type, expected " + EVENT_STREAM);
        } else if (!type.replaceFirst("\\s*;.*", "").equalsIgnoreCase(EVENT_STREAM)) {
            return Optional.of("content type " + type + ", expected " + EVENT_STREAM);
        }
        return coding("Content-Encoding", headers).or(() -> coding("Transfer-Encoding", headers))
            .map(coding -> "the stream is compressed (" + coding + "), which this cannot read;"
                + " curl can: curl --compressed -sN URL | sse-listen -");
    }

    private static Optional<String> coding(String header, HttpHeaders headers) {
        return values(header, headers).stream().map(value -> value.toLowerCase(Locale.ROOT))
            .filter(value -> CODING.matcher(value).matches()).findFirst();
    }

    private static List<String> values(String header, HttpHeaders headers) {
        return headers.allValues(header).stream().flatMap(value -> Arrays.stream(value.split(",")))
            .map(String::strip).filter(value -> !value.isEmpty()).toList();
    }

    /** RFC 9110, 10.2.3: seconds, or a date. */
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
