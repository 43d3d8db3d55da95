//SOURCES ../sse/Proxies.java ../sse/SseClient.java Reason.java Urls.java
package lib.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import lib.sse.Proxies;
import lib.sse.SseClient;

/**
 * Words the failures and answers of one client without the secrets in its latest requests, which a server may repeat. It
 * has to see the requests: put it around the sender first, where it sees what others add to a request, and last, where it
 * sees what they take away.
 */
final class SafeWords implements UnaryOperator<SseClient.Sender> {
    private static final Pattern NO_TEXT = Pattern.compile("[\\p{Cc}&&[^\r\n\t]]");
    private static final int SHORTEST_SEGMENT = 8;
    private static final int SHORTEST_VALUE = 4;
    /** Tokens may change at each connect; all requests of one connect are remembered. */
    private static final int MOST_REQUESTS = 50;
    /** Headers that are no secrets. */
    private static final Pattern PUBLIC =
        Pattern.compile("(?i)accept(-.*)?|cache-control|content-.*|host|last-event-id|origin|pragma|user-agent");

    private final Proxies proxies;
    private final Set<Set<String>> requests = new LinkedHashSet<>();
    private volatile URI asked = URI.create("");

    SafeWords(Proxies proxies) { this.proxies = proxies; }

    @Override
    public SseClient.Sender apply(SseClient.Sender next) {
        return (request, body) -> {
            add(request);
            asked = request.uri();
            return next.send(request, body);
        };
    }

    String failure(Throwable failure) {
        String reason = Reason.printable(clean(Reason.of(failure)));
        // A request that cannot be sent did not get to the proxy.
        boolean isSent = !(Reason.cause(failure) instanceof IllegalArgumentException) && asked.getHost() != null;
        return reason + (isSent ? proxies.name(asked).map(name -> " (through the " + name + ")").orElse("") : "");
    }

    String quote(String text) { return NO_TEXT.matcher(text).find() ? "" : clean(text); }

    synchronized void add(HttpRequest request) {
        Set<String> texts = new HashSet<>();
        URI url = request.uri();
        String query = url.getRawQuery() == null ? "" : url.getRawQuery();
        addAll(texts, SHORTEST_SEGMENT, url.getRawPath().split("/"));
        addAll(texts, SHORTEST_VALUE, url.getRawPath(), query);
        addAll(texts, SHORTEST_VALUE, query.replaceAll("(^|[&;])[^&;=]*=", "$1").split("[&;]"));
        request.headers().map().forEach((name, values) -> {
            if (!PUBLIC.matcher(name).matches()) {
                // The hashes of Digest tell nobody the credentials, its words are usual ones.
                values.stream().filter(value -> !value.startsWith("Digest ")).forEach(value -> addHeader(texts, value));
            }
        });
        requests.remove(texts); // so that the one sent last is the last to be forgotten
        requests.add(texts);
        if (requests.size() > MOST_REQUESTS) {
            requests.remove(requests.iterator().next());
        }
    }

    private static void addHeader(Set<String> texts, String value) {
        addAll(texts, SHORTEST_VALUE, value);
        addAll(texts, SHORTEST_SEGMENT, value.split("[\\s,;=]+"));
        if (value.regionMatches(true, 0, "Basic ", 0, 6)) {
            try {
                String credentials = new String(Base64.getMimeDecoder().decode(value.substring(6)), UTF_8);
                addAll(texts, SHORTEST_VALUE, credentials);
                // Some servers take a token as the user.
                addAll(texts, SHORTEST_VALUE, credentials.split(":", 2));
            } catch (IllegalArgumentException notBase64) {
                return;
            }
        }
    }

    /** Adds each part as it stands, decoded, and as JSON writes it. */
    private static void addAll(Set<String> texts, int shortest, String... parts) {
        for (String part : parts) {
            for (String form : List.of(part, Urls.percentDecoded(part), part.replace('+', ' '))) {
                if (form.length() >= shortest) {
                    String quoted = form.replace("\\", "\\\\").replace("\"", "\\\"");
                    texts.addAll(List.of(form, quoted, quoted.replace("/", "\\/")));
                }
            }
        }
    }

    /** Returns the text with an ellipsis in place of each secret. */
    synchronized String clean(String text) {
        return requests.stream().flatMap(Set::stream).distinct().sorted(Comparator.comparingInt(String::length).reversed())
            .reduce(text, (safe, secret) -> safe.replaceAll("(?iu)" + Pattern.quote(secret), "\u2026"));
    }
}
