//SOURCES HttpUrl.java SseRequest.java
package lib.sse;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What a server may repeat of what was sent for one connect, and no message of ours may show. */
final class Secrets {
    private static final int SHORTEST_SEGMENT = 8;
    private static final int SHORTEST_VALUE = 4;
    /** Headers that are no secrets. */
    private static final Pattern PUBLIC =
        Pattern.compile("(?i)accept(-.*)?|cache-control|content-.*|host|last-event-id|origin|pragma|user-agent");

    private final Set<String> texts = new LinkedHashSet<>();

    /** Adds what is sent. */
    void add(SseRequest request, Map<String, List<String>> headers) {
        addAll(SHORTEST_SEGMENT, request.url.path().split("/"));
        addAll(SHORTEST_VALUE, request.url.path(), request.url.query().replaceFirst("^\\?", ""));
        addAll(SHORTEST_VALUE, request.url.query().replaceAll("([?&;])[^?&;=]*=", "$1").split("[?&;]"));
        addHeader(SseRequest.basic(request.credentials));
        headers.forEach((name, values) -> {
            if (!PUBLIC.matcher(name).matches()) {
                // The hashes of Digest tell nobody the credentials, its words are usual ones.
                values.stream().filter(value -> !value.startsWith("Digest ")).forEach(this::addHeader);
            }
        });
    }

    private void addHeader(String value) {
        addAll(SHORTEST_VALUE, value);
        addAll(SHORTEST_SEGMENT, value.split("[\\s,;=]+"));
        if (value.regionMatches(true, 0, "Basic ", 0, 6)) {
            try {
                byte[] bytes = Base64.getMimeDecoder().decode(value.substring(6));
                String credentials = new String(bytes, StandardCharsets.UTF_8);
                addAll(SHORTEST_VALUE, credentials);
                // Some servers take a token as the user.
                addAll(SHORTEST_VALUE, credentials.split(":", 2));
            } catch (IllegalArgumentException notBase64) {
                return;
            }
        }
    }

    /** Each as it stands, decoded, and as JSON writes it. */
    private void addAll(int shortest, String... parts) {
        for (String part : parts) {
            for (String form : List.of(part, HttpUrl.percentDecoded(part), part.replace('+', ' '))) {
                if (form.length() >= shortest) {
                    String quoted = form.replace("\\", "\\\\").replace("\"", "\\\"");
                    texts.addAll(List.of(form, quoted, quoted.replace("/", "\\/")));
                }
            }
        }
    }

    /** The text without them. */
    String clean(String text) {
        String safe = text;
        for (String secret : texts.stream().sorted(Comparator.comparingInt(String::length).reversed()).toList()) {
            safe = Pattern.compile(Pattern.quote(secret), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE).matcher(safe)
                .replaceAll("\u2026");
        }
        return safe;
    }
}
