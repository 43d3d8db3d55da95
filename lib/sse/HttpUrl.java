package lib.sse;

import java.net.IDN;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An http or https URL, read as curl and browsers read it.
 *
 * @param credentials {@code USER:PASSWORD}, or ""
 * @param port        -1 if there is none
 * @param query       with its question mark, or ""
 */
record HttpUrl(String scheme, String credentials, String host, int port, String path, String query) {
    private static final Pattern URL = Pattern.compile("(?:(?<scheme>(?i:https?))://|(?!https?:|[A-Za-z][A-Za-z0-9+.-]*:/))"
        + "(?:(?<user>[^/?#]*)@)?(?<host>\\[[^]/?#]*\\]|[^:/?#\\[\\]@]+)(?::(?<port>[0-9]{0,6}))?"
        + "(?<path>(?:/[^?#]*)?)(?<query>(?:\\?[^#]*)?)(?:#.*)?");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._~-]+|\\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._~-]+)?\\]");
    /** What {@link URI} does not take. */
    private static final Pattern NOT_IN_A_PATH = Pattern.compile("[^!#-;=?-Z_a-z~]|%(?![0-9A-Fa-f]{2})");
    private static final Pattern NOT_IN_A_QUERY = Pattern.compile("[^!#-;=?-Z\\[\\]_a-z~]|%(?![0-9A-Fa-f]{2})");
    /** RFC 3986, appendix B. */
    private static final Pattern REFERENCE = Pattern.compile(
        "(?<scheme>[A-Za-z][A-Za-z0-9+.-]*:)?(//(?<authority>[^/?#]*))?(?<path>[^?#]*)(?<query>(\\?[^#]*)?)(#.*)?");

    /** @throws IllegalArgumentException see {@link SseRequest#SseRequest(String)} */
    static HttpUrl parse(String text) {
        Matcher parts = URL.matcher(text);
        if (!parts.matches() || text.chars().anyMatch(c -> c < ' ' || c == 0x7F)) {
            throw new IllegalArgumentException("URL: expected http://HOST... or https://HOST...");
        }
        String scheme = parts.group("scheme") == null ? "http" : parts.group("scheme").toLowerCase(Locale.ROOT);
        String digits = parts.group("port");
        int port = digits == null || digits.isEmpty() ? -1 : Integer.parseInt(digits);
        if (port == 0 || port > 65535) {
            throw new IllegalArgumentException("URL: port " + port + ", expected 1 to 65535");
        }
        String path = parts.group("path").isEmpty() ? "/" : encoded(parts.group("path"), NOT_IN_A_PATH);
        String credentials = parts.group("user") == null ? "" : withColon(percentDecoded(parts.group("user")));
        return new HttpUrl(scheme, credentials, ascii(parts.group("host")), port, path,
            encoded(parts.group("query"), NOT_IN_A_QUERY));
    }

    /** Credentials in which the password may be missing. */
    static String withColon(String text) {
        return text.isEmpty() || text.contains(":") ? text : text + ":";
    }

    /** RFC 6874 writes {@code %25} between an IPv6 address and its zone, {@link URI} and people {@code %}. */
    private static String ascii(String host) {
        String name = host.replace("%25", "%");
        try {
            name = name.chars().allMatch(c -> c < 0x80) ? name : IDN.toASCII(name, IDN.ALLOW_UNASSIGNED);
        } catch (IllegalArgumentException notAName) {
            name = "";
        }
        if (!HOST.matcher(name).matches()) {
            throw new IllegalArgumentException("URL: host '" + host + "', expected a name or an address");
        }
        return name;
    }

    private static String encoded(String text, Pattern notAllowed) {
        return notAllowed.matcher(text).replaceAll(match -> percentEncoded(match.group()));
    }

    static String percentEncoded(String text) {
        return HexFormat.of().withUpperCase().withPrefix("%").formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    static String percentDecoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException strayPercentSign) {
            return text;
        }
    }

    /**
     * Where a redirect leads: RFC 3986, 5.2.2, while {@link URI#resolve} follows the one before it.
     *
     * @throws IllegalArgumentException if that is no http or https URL; the message does not tell its path
     */
    HttpUrl resolve(String location) {
        // java.net.http makes each byte of a header a character.
        byte[] bytes = location.getBytes(StandardCharsets.ISO_8859_1);
        Matcher reference = REFERENCE.matcher(new String(bytes, StandardCharsets.UTF_8));
        if (!reference.matches()) {
            throw new IllegalArgumentException("location is not a URL");
        }
        boolean isWhole = reference.group("authority") != null;
        boolean hasScheme = reference.group("scheme") != null;
        if (hasScheme && !isWhole) {
            throw new IllegalArgumentException("location is no http or https URL");
        }
        String to = reference.group("path");
        String toPath = isWhole || to.startsWith("/") ? to : to.isEmpty() ? path : path.replaceFirst("[^/]*$", "") + to;
        String toQuery = !isWhole && to.isEmpty() && reference.group("query").isEmpty() ? query : reference.group("query");
        return parse((hasScheme ? reference.group("scheme") : scheme + ":") + "//"
            + (isWhole ? reference.group("authority") : authority()) + withoutDots(toPath) + toQuery);
    }

    /** RFC 3986, 5.2.4. */
    private static String withoutDots(String path) {
        if (!path.startsWith("/")) {
            return path;
        }
        Deque<String> segments = new ArrayDeque<>();
        for (String segment : path.substring(1).split("/", -1)) {
            if (segment.equals("..")) {
                segments.pollLast();
            } else if (!segment.equals(".")) {
                segments.add(segment);
            }
        }
        return "/" + String.join("/", segments) + (path.matches(".*/\\.\\.?") && !segments.isEmpty() ? "/" : "");
    }

    /** Whether it leads where the other one leads. */
    boolean hasOriginOf(HttpUrl other) {
        return scheme.equals(other.scheme) && host.equalsIgnoreCase(other.host) && realPort() == other.realPort();
    }

    private int realPort() {
        return port >= 0 ? port : scheme.equals("https") ? 443 : 80;
    }

    /** The host without the dot behind a full name, which TLS does not know. */
    String tlsName() {
        return host.replaceFirst("\\.$", "");
    }

    String authority() {
        return host + (port < 0 ? "" : ":" + port);
    }

    /**
     * The whole URL without user info, which may hold secrets: see {@link #toString}.
     *
     * @param address in place of the host
     */
    String whole(String address) {
        return scheme + "://" + address + (port < 0 ? "" : ":" + port) + path + query;
    }

    /** Scheme, host and port; the rest, which may hold secrets, is left out. */
    @Override
    public String toString() {
        return scheme + "://" + authority() + "/\u2026";
    }
}
