//SOURCES HttpUrl.java SseRequest.java
package lib.sse;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The credentials of a request in the form that its server wants: Basic, and once it has asked for Digest only that, by
 * RFC 7616, or RFC 2069 where it names no {@code qop}. The strongest algorithm that it offers is taken.
 */
final class Digest {
    /** From the weakest on. */
    private static final List<String> ALGORITHMS = List.of("MD5", "SHA-256");
    private static final String TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]++";
    /** RFC 9110, 11.6.1: schemes, each before its parameters; commas stand between all of them. */
    private static final Pattern SCHEME_OR_PARAMETER = Pattern.compile("(?<scheme>" + TOKEN + ")(?!\\s*=)"
        + "|(?<name>" + TOKEN + ")\\s*=\\s*(?:\"(?<quoted>(?:[^\"\\\\]|\\\\.)*+)\"|(?<value>[^\\s,\"]*+))");

    private final Supplier<String> nonces;
    private Map<String, String> challenge = Map.of();
    private int count;

    /** @param nonces makes what is sent as {@code cnonce} */
    Digest(Supplier<String> nonces) {
        this.nonces = nonces;
    }

    /**
     * Reads the challenges of a 401, and says whether it makes sense to ask again.
     *
     * @param before how many to this request there were before: after one the password is wrong, unless the server says
     *               that only the nonce was too old
     */
    boolean isAsked(SseRequest request, List<String> headers, int before) {
        Optional<Map<String, String>> best = headers.stream().flatMap(header -> challenges(header).stream())
            .filter(Digest::canBeAnswered).max(Comparator.comparing(one -> ALGORITHMS.indexOf(algorithm(one))))
            .filter(one -> before == 0 || before == 1 && "true".equalsIgnoreCase(one.get("stale")));
        boolean isAsked = !request.credentials.isEmpty() && best.isPresent();
        if (isAsked) {
            challenge = best.get();
            count = 0;
        }
        return isAsked;
    }

    private static List<Map<String, String>> challenges(String header) {
        List<Map<String, String>> all = new ArrayList<>();
        Map<String, String> last = new TreeMap<>();
        for (Matcher next = SCHEME_OR_PARAMETER.matcher(header); next.find(); ) {
            if (next.group("scheme") != null) {
                last = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
                last.put("", next.group("scheme"));
                all.add(last);
            } else {
                String quoted = next.group("quoted");
                last.put(next.group("name"), quoted == null ? next.group("value") : quoted.replaceAll("\\\\(.)", "$1"));
            }
        }
        return all;
    }

    private static boolean canBeAnswered(Map<String, String> challenge) {
        return challenge.get("").equalsIgnoreCase("Digest") && ALGORITHMS.contains(algorithm(challenge))
            && challenge.containsKey("realm") && challenge.containsKey("nonce")
            && challenge.getOrDefault("qop", "auth").matches("(?i)(.*[\\s,])?auth([\\s,].*)?")
            && challenge.values().stream().allMatch(SseRequest::isPrintableAscii);
    }

    private static String algorithm(Map<String, String> challenge) {
        return challenge.getOrDefault("algorithm", "MD5").toUpperCase(Locale.ROOT);
    }

    /** The value of {@code Authorization} for one sending of the request; "" if it has no credentials. */
    String authorization(SseRequest request) {
        String credentials = request.credentials;
        if (credentials.isEmpty() || challenge.isEmpty()) {
            return SseRequest.basic(credentials);
        }
        String user = credentials.substring(0, credentials.indexOf(':'));
        String realm = challenge.get("realm");
        String nonce = challenge.get("nonce");
        String uri = request.url.path() + request.url.query();
        String ours = nonces.get();
        String nonceCount = String.format("%08x", ++count);
        boolean hasQop = challenge.containsKey("qop");
        String response = hash(hash(user + ":" + realm + credentials.substring(user.length())) + ":" + nonce
            + (hasQop ? ":" + nonceCount + ":" + ours + ":auth" : "") + ":" + hash(request.method() + ":" + uri));
        return "Digest " + (SseRequest.isPrintableAscii(user) ? quoted("username", user)
                : "username*=UTF-8''" + HttpUrl.percentEncoded(user))
            + ", " + quoted("realm", realm) + ", " + quoted("nonce", nonce)
            + ", " + quoted("uri", uri) + ", " + quoted("response", response)
            + (challenge.containsKey("algorithm") ? ", algorithm=" + algorithm(challenge) : "")
            + (challenge.containsKey("opaque") ? ", " + quoted("opaque", challenge.get("opaque")) : "")
            + (hasQop ? ", qop=auth, nc=" + nonceCount + ", " + quoted("cnonce", ours) : "");
    }

    private static String quoted(String name, String value) {
        return name + "=\"" + value.replaceAll("[\\\\\"]", "\\\\$0") + "\"";
    }

    private String hash(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm(challenge));
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException broken) {
            throw new IllegalStateException(broken);
        }
    }
}
