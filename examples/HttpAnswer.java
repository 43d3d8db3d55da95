import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;

/** An answer: its body is whole, or the beginning of one that goes on with events, which may be null. */
record HttpAnswer(int status, Map<String, String> headers, byte[] body, SseBroadcaster.Cursor events) {
    private static final Map<Integer, String> REASONS = Map.of(200, "OK", 204, "No Content", 400, "Bad Request",
        401, "Unauthorized", 404, "Not Found", 405, "Method Not Allowed", 421, "Misdirected Request",
        431, "Request Header Fields Too Large", 503, "Service Unavailable");

    /** A status without a body; that of an error says in words which it is. */
    static HttpAnswer of(int status) {
        return of(status, status < 400 ? "" : status + " " + REASONS.get(status) + "\n");
    }

    /** A body that is plain text, unless a header is added that says otherwise. */
    static HttpAnswer of(int status, String body) {
        HttpAnswer answer = new HttpAnswer(status, new LinkedHashMap<>(), body.getBytes(UTF_8), null);
        return body.isEmpty() ? answer : answer.with("Content-Type", "text/plain");
    }

    /** The same with events behind it. */
    HttpAnswer followedBy(SseBroadcaster.Cursor cursor) {
        return new HttpAnswer(status, headers, body, cursor);
    }

    /** Adds a header. */
    HttpAnswer with(String name, String value) {
        headers.put(name, value);
        return this;
    }

    /** The bytes before the events. */
    ByteBuffer bytes(boolean withBody) {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " " + REASONS.get(status) + "\r\n");
        with("Date", DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)));
        with("Connection", "close");
        if (events == null && body.length > 0) {
            with("Content-Length", "" + body.length);
        }
        headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        byte[] bytes = head.append("\r\n").toString().getBytes(ISO_8859_1);
        ByteBuffer all = ByteBuffer.allocate(bytes.length + body.length).put(bytes);
        return (withBody ? all.put(body) : all).flip();
    }
}
