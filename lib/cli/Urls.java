//SOURCES ../sse/SseRequest.java
package lib.cli;

import java.net.IDN;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sse.SseRequest;

/**
 * An http or https URL, read as curl and browsers read it.
 *
 * @param url       without user info, encoded as java.net takes it
 * @param user      {@code USER:PASSWORD}, or ""
 * @param authority host and port
 */
record Urls(String url, String user, String authority) {
    private static final Pattern URL = Pattern.compile("(?:(?<scheme>(?i:https?))://|(?!https?:|[A-Za-z][A-Za-z0-9+.-]*:/))"
        + "(?:(?<user>[^/?#]*)@)?(?<host>\\[[^]/?#]*\\]|[^:/?#\\[\\]@]+)(?::(?<port>[0-9]{0,6}))?"
        + "(?<path>(?:/[^?#]*)?)(?<query>(?:\\?[^#]*)?)(?:#.*)?");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._~-]+)?\\]");
    /** Characters that {@link java.net.URI} does not take. */
    private static final Pattern NOT_IN_A_PATH = Pattern.compile("[^!#-;=?-Z_a-z~]|%(?![0-9A-Fa-f]{2})");
    private static final Pattern NOT_IN_A_QUERY = Pattern.compile("[^!#-;=?-Z\\[\\]_a-z~]|%(?![0-9A-Fa-f]{2})");

    /** @throws IllegalArgumentException if it is something else; the message does not repeat its path */
    static Urls parse(String text) {
        Matcher parts = URL.matcher(text);
        if (!parts.matches() || text.chars().anyMatch(c -> c < ' ' || c == 0x7F)) {
            throw new IllegalArgumentException("URL: expected http://HOST... or https://HOST...");
        }
        String scheme = parts.group("scheme") == null ? "http" : parts.group("scheme").toLowerCase(Locale.ROOT);
        String port = Objects.requireNonNullElse(parts.group("port"), "");
        if (!port.isEmpty() && (Integer.parseInt(port) == 0 || Integer.parseInt(port) > 65535)) {
            throw new IllegalArgumentException("URL: port " + port + ", expected 1 to 65535");
        }
        // RFC 6874 writes %25 between an IPv6 address and its zone. java.net.URI and people write %.
        String host = IDN.toASCII(parts.group("host").replace("%25", "%"), IDN.ALLOW_UNASSIGNED);
        if (!HOST.matcher(host).matches()) {
            throw new IllegalArgumentException("URL: host '" + host + "', expected a name or an address");
        }
        if (host.contains("_") && scheme.equals("https")) {
            throw new IllegalArgumentException("URL: host '" + host + "', Java takes no name with an underscore over https");
        }
        String path = parts.group("path").isEmpty() ? "/" : encoded(parts.group("path"), NOT_IN_A_PATH);
        String authority = host + (port.isEmpty() ? "" : ":" + port);
        return new Urls(scheme + "://" + authority.replace('_', '-') + path + encoded(parts.group("query"), NOT_IN_A_QUERY),
            percentDecoded(Objects.requireNonNullElse(parts.group("user"), "")), authority);
    }

    /** Returns the request for it. A name with an underscore is in a header: see {@link lib.sse.EachAddress}. */
    SseRequest request() {
        SseRequest request = new SseRequest(url).basicAuthorization(user);
        return authority.contains("_") ? request.header("Host: " + authority) : request;
    }

    private static String encoded(String text, Pattern notAllowed) {
        return notAllowed.matcher(text).replaceAll(match ->
            HexFormat.of().withUpperCase().withPrefix("%").formatHex(match.group().getBytes(StandardCharsets.UTF_8)));
    }

    static String percentDecoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException strayPercentSign) {
            return text;
        }
    }
}
