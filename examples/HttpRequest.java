import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The head of an HTTP/1 request (RFC 9112). The query is decoded, the names of headers are in lower case, and headers of
 * one name are joined by commas. Messages show the client.
 */
record HttpRequest(String client, String method, String path, Map<String, String> query, Map<String, String> headers) {
    private static final Pattern FIRST_LINE =
        Pattern.compile("([A-Z]{1,20}) (?:https?://[^/?\\s]*)?([/*][^?\\s]*)(?:\\?(\\S*))? HTTP/1\\.[01]");
    private static final Pattern HEADER = Pattern.compile("([^\\s:]+):[ \t]*([^\\r]*?)[ \t]*");
    private static final Pattern LINE_END = Pattern.compile("\r?\n");
    private static final Pattern END = Pattern.compile("\r?\n\r?\n");

    /** Whether these characters, one for each byte that has come, hold the whole head. */
    static boolean isWhole(String text) {
        return END.matcher(text).find();
    }

    /** @throws IllegalArgumentException if this is no such head */
    static HttpRequest parse(String client, String text) {
        String[] lines = LINE_END.split(END.split(text, 2)[0]);
        Matcher first = matched(FIRST_LINE, lines[0]);
        Map<String, String> headers = new HashMap<>();
        for (int i = 1; i < lines.length; i++) {
            Matcher header = matched(HEADER, lines[i]);
            String name = header.group(1).toLowerCase(Locale.ROOT);
            headers.merge(name, header.group(2), (one, other) -> one + ", " + other);
        }
        return new HttpRequest(client, first.group(1), first.group(2), query(first.group(3)), headers);
    }

    private static Matcher matched(Pattern pattern, String line) {
        Matcher matcher = pattern.matcher(line);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not an HTTP request");
        }
        return matcher;
    }

    private static Map<String, String> query(String text) {
        Map<String, String> query = new HashMap<>();
        for (String parameter : text == null ? new String[0] : text.split("&")) {
            String[] parts = parameter.split("=", 2);
            query.put(URLDecoder.decode(parts[0], UTF_8), parts.length == 1 ? "" : URLDecoder.decode(parts[1], UTF_8));
        }
        return query;
    }

    /** The value of a header, "" if there is none. */
    String header(String name) {
        return headers.getOrDefault(name, "");
    }
}
