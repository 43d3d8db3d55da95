//SOURCES SseClient.java
package lib.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Answers a server that asks for Digest authentication, with the credentials of a request that bears Basic ones. Once a
 * server has asked for Digest, Basic is not sent any more.
 * <pre>{@code
 * SseRequest request = new SseRequest("http://camera/events").basicAuthorization("user:password");
 * new SseClient(request).around(new Digest()).listen(event -> System.out.println(event.data()));
 * }</pre>
 *
 * <p>This is RFC 7616, or RFC 2069 where the server names no {@code qop}, with the strongest algorithm that it offers.
 * Use one object for each client.
 */
public final class Digest implements UnaryOperator<SseClient.Sender> {
    /** Begins with the weakest. */
    private static final List<String> ALGORITHMS = List.of("MD5", "SHA-256");
    private static final String TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]++";
    /** Finds schemes, each before its parameters, with commas between all of them: RFC 9110, 11.6.1. */
    private static final Pattern SCHEME_OR_PARAMETER = Pattern.compile("(?<scheme>" + TOKEN + ")(?!\\s*=)"
        + "|(?<name>" + TOKEN + ")\\s*=\\s*(?:\"(?<quoted>(?:[^\"\\\\]|\\\\.)*+)\"|(?<value>[^\\s,\"]*+))");
    private static final Pattern BASIC = Pattern.compile("(?i)Basic +((?:[A-Z0-9+/]{4})*(?:[A-Z0-9+/]{2,3})?)=*");
    private static final String PRINTABLE = "[ -~\t]*";

    /** Makes what is sent as {@code cnonce}. A test sets it. */
    Supplier<String> nonces = () -> UUID.randomUUID().toString();
    private Map<String, String> challenge = Map.of();
    private int count;

    @Override
    public SseClient.Sender apply(SseClient.Sender next) {
        return (request, body) -> {
            Matcher basic = BASIC.matcher(request.headers().firstValue("Authorization").orElse(""));
            String credentials = basic.matches() ? new String(Base64.getDecoder().decode(basic.group(1)), UTF_8) : "";
            return credentials.contains(":") ? send(next, request, body, credentials, 0) : next.send(request, body);
        };
    }

    private CompletableFuture<HttpResponse<Void>> send(SseClient.Sender next, HttpRequest request,
            HttpResponse.BodyHandler<Void> body, String credentials, int challenges) {
        HttpRequest answer = challenge.isEmpty() ? request
            : HttpRequest.newBuilder(request, (name, value) -> true)
                .setHeader("Authorization", authorization(request.method(), request.uri(), credentials)).build();
        boolean[] isAsked = new boolean[1];
        return next.send(answer, head -> {
            isAsked[0] = head.statusCode() == 401 && isAsked(head.headers().allValues("WWW-Authenticate"), challenges);
            // The lines are closed at once, because the end of this answer may never come.
            return !isAsked[0] ? body.apply(head) : BodySubscribers.mapping(BodySubscribers.ofLines(UTF_8), lines -> {
                lines.close();
                return null;
            });
        }).thenCompose(response -> !isAsked[0] ? CompletableFuture.completedFuture(response)
            : send(next, request, body, credentials, challenges + 1));
    }

    /**
     * Reads the challenges of a 401, and returns whether it makes sense to ask again: if there was one to this request
     * before, the password is wrong, unless the server says that only the nonce was too old.
     */
    boolean isAsked(List<String> headers, int before) {
        Optional<Map<String, String>> best = headers.stream().flatMap(header -> challenges(header).stream())
            .filter(Digest::canBeAnswered).max(Comparator.comparing(one -> ALGORITHMS.indexOf(algorithm(one))))
            .filter(one -> before == 0 || before == 1 && "true".equalsIgnoreCase(one.get("stale")));
        challenge = best.orElse(challenge);
        count = best.isPresent() ? 0 : count;
        return best.isPresent();
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
            && challenge.values().stream().allMatch(value -> value.matches(PRINTABLE));
    }

    private static String algorithm(Map<String, String> challenge) {
        return challenge.getOrDefault("algorithm", "MD5").toUpperCase(Locale.ROOT);
    }

    /** Returns the value of {@code Authorization} for one sending of a request, once a challenge was read. */
    String authorization(String method, URI url, String credentials) {
        String user = credentials.substring(0, credentials.indexOf(':'));
        String realm = challenge.get("realm");
        String nonce = challenge.get("nonce");
        String uri = (url.getRawPath().isEmpty() ? "/" : url.getRawPath())
            + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery());
        String ours = nonces.get();
        String nonceCount = String.format("%08x", ++count);
        boolean hasQop = challenge.containsKey("qop");
        String response = hash(hash(user + ":" + realm + credentials.substring(user.length())) + ":" + nonce
            + (hasQop ? ":" + nonceCount + ":" + ours + ":auth" : "") + ":" + hash(method + ":" + uri));
        String username = user.matches(PRINTABLE) ? quoted("username", user)
            : ", username*=UTF-8''" + HexFormat.of().withUpperCase().withPrefix("%").formatHex(user.getBytes(UTF_8));
        return "Digest " + username.substring(2) + quoted("realm", realm) + quoted("nonce", nonce) + quoted("uri", uri)
            + quoted("response", response)
            + (challenge.containsKey("algorithm") ? ", algorithm=" + algorithm(challenge) : "")
            + (challenge.containsKey("opaque") ? quoted("opaque", challenge.get("opaque")) : "")
            + (hasQop ? ", qop=auth, nc=" + nonceCount + quoted("cnonce", ours) : "");
    }

    private static String quoted(String name, String value) {
        return ", " + name + "=\"" + value.replaceAll("[\\\\\"]", "\\\\$0") + "\"";
    }

    private String hash(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm(challenge));
            return HexFormat.of().formatHex(digest.digest(text.getBytes(UTF_8)));
        } catch (NoSuchAlgorithmException everyJavaHasIt) {
            throw new IllegalStateException(everyJavaHasIt);
        }
    }
}
