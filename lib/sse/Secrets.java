//SOURCES SseRequest.java
package lib.sse;

import java.io.IOException;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** What a server may repeat of a request and no message of ours may show. */
final class Secrets {
    private static final int SHORTEST_SEGMENT = 8;
    private static final int SHORTEST_VALUE = 4;
    private static final Set<String> SCHEMES = Set.of("basic", "bearer", "digest", "token");

    private final List<Pattern> patterns;

    Secrets(SseRequest request) {
        Set<String> texts = new LinkedHashSet<>();
        if (request.path.length() > 1) {
            add(request.path, SHORTEST_VALUE, texts);
        }
        for (String segment : request.path.split("/")) {
            add(segment, SHORTEST_SEGMENT, texts);
        }
        add(request.query.replaceFirst("^\\?", ""), SHORTEST_VALUE, texts);
        for (String pair : request.query.split("[?&;]")) {
            add(pair.substring(pair.indexOf('=') + 1), SHORTEST_VALUE, texts);
        }
        add(request.userInfo, SHORTEST_VALUE, texts);
        for (String part : request.userInfo.split(":")) {
            add(part, SHORTEST_VALUE, texts);
        }
        addHeaders(request, texts);
        patterns = texts.stream().sorted(Comparator.comparingInt(String::length).reversed())
            .map(text -> Pattern.compile(Pattern.quote(text), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE)).toList();
    }

    private static void addHeaders(SseRequest request, Set<String> texts) {
        try {
            for (SseRequest.Header header : request.userHeaders()) {
                add(header.value(), SHORTEST_VALUE, texts);
                for (String word : header.value().split("[\\s,;=]+")) {
                    if (!SCHEMES.contains(word.toLowerCase(java.util.Locale.ROOT))) {
                        add(word, SHORTEST_SEGMENT, texts);
                    }
                }
                if (header.value().regionMatches(true, 0, "Basic ", 0, 6)) {
                    String credentials = new String(Base64.getMimeDecoder().decode(header.value().substring(6)));
                    add(credentials, SHORTEST_VALUE, texts);
                    add(credentials.substring(credentials.indexOf(':') + 1), SHORTEST_VALUE, texts);
                }
            }
        } catch (IOException | IllegalArgumentException unreadableNow) {
            return;
        }
    }

    /** As it stands, decoded, and as JSON writes it. */
    private static void add(String text, int shortest, Set<String> texts) {
        for (String form : List.of(text, SseRequest.percentDecoded(text), text.replace('+', ' '))) {
            if (form.length() >= shortest) {
                texts.add(form);
                texts.add(form.replace("\\", "\\\\").replace("\"", "\\\"").replace("/", "\\/"));
                texts.add(form.replace("\\", "\\\\").replace("\"", "\\\""));
            }
        }
    }

    /** The text without them. */
    String clean(String text) {
        String safe = text;
        for (Pattern pattern : patterns) {
            safe = pattern.matcher(safe).replaceAll("\u2026");
        }
        return safe;
    }
}
