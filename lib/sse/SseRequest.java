//SOURCES Reason.java
package lib.sse;

import java.io.IOException;
import java.net.IDN;
import java.net.InetAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is asked of the server: the URL, method, headers and body of a subscription. It is sent anew at every connect.
 *
 * <p>Set it up before it is used: it is not safe for changes by one thread while another connects.
 */
public final class SseRequest {
    record Header(String name, String value) {
        boolean is(String other) {
            return name.equalsIgnoreCase(other);
        }
    }

    /** RFC 9110, 5.6.2. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
    private static final Pattern URL = Pattern.compile("(?:(?<scheme>(?i:https?))://|(?!https?:|[A-Za-z][A-Za-z0-9+.-]*:/))"
        + "(?:(?<user>[^/?#]*)@)?(?<host>\\[[^]/?#]*\\]|[^:/?#\\[\\]@]+)(?::(?<port>[0-9]{0,6}))?"
        + "(?<path>(?:/[^?#]*)?)(?<query>(?:\\?[^#]*)?)(?:#.*)?");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._~-]+|\\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._~-]+)?\\]");
    /** What {@link URI} does not take. */
    private static final Pattern NOT_IN_A_PATH = Pattern.compile("[^!#-;=?-Z_a-z~]|%(?![0-9A-Fa-f]{2})");
    private static final Pattern NOT_IN_A_QUERY = Pattern.compile("[^!#-;=?-Z\\[\\]_a-z~]|%(?![0-9A-Fa-f]{2})");
    private static final String LAST_EVENT_ID = "Last-Event-ID";
    /** What belongs to one connection, not to the request; java.net.http sets it by itself. */
    private static final Set<String> OF_THE_CONNECTION = Set.of("connection", "keep-alive", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade", "http2-settings", "content-length", "expect");
    /** Not where java.net.http was in use before: it reads its properties once. */
    static final boolean CAN_SET_HOST;

    static {
        // A name with several addresses is asked at one of them, and its name is in the header.
        String allowed = System.getProperty("jdk.httpclient.allowRestrictedHeaders", "");
        System.setProperty("jdk.httpclient.allowRestrictedHeaders", allowed.isEmpty() ? "host" : allowed + ",host");
        // Basic credentials may be shown to the proxy of an https URL.
        System.getProperties().putIfAbsent("jdk.http.auth.tunneling.disabledSchemes", "");
        CAN_SET_HOST = canSet("Host");
    }

    final String scheme;
    final String host;
    final int port;
    final String path;
    final String query;
    final List<Header> headers = new ArrayList<>();
    final List<Path> headerFiles = new ArrayList<>();
    /** Names of headers that are not sent, whoever has set them. */
    final Set<String> notSent = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    final Set<String> leftOut = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    String userInfo = "";
    String userAgent = "";
    String method = "";
    byte[] body;

    /**
     * @param url {@code http} or {@code https}, or without a scheme, which is {@code http}. What no URL may hold is
     *            encoded as browsers do it. User info in it becomes an {@code Authorization} header.
     * @throws IllegalArgumentException if it is something else; the message does not tell its path
     */
    public SseRequest(String url) {
        Matcher parts = URL.matcher(url);
        if (!parts.matches() || url.chars().anyMatch(c -> c < ' ' || c == 0x7F)) {
            throw new IllegalArgumentException("URL: expected http://HOST... or https://HOST...");
        }
        scheme = parts.group("scheme") == null ? "http" : parts.group("scheme").toLowerCase(Locale.ROOT);
        host = ascii(parts.group("host"));
        String digits = parts.group("port");
        port = digits == null || digits.isEmpty() ? -1 : Integer.parseInt(digits);
        if (port == 0 || port > 65535) {
            throw new IllegalArgumentException("URL: port " + port + ", expected 1 to 65535");
        }
        path = parts.group("path").isEmpty() ? "/" : encoded(parts.group("path"), NOT_IN_A_PATH);
        query = encoded(parts.group("query"), NOT_IN_A_QUERY);
        userInfo = parts.group("user") == null ? "" : parts.group("user");
    }

    /** The same for a URL that is one already. */
    public SseRequest(URI url) {
        this(url.toString());
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
        StringBuilder encoded = new StringBuilder();
        for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
            encoded.append(String.format("%%%02X", one));
        }
        return encoded.toString();
    }

    /** The credentials in a URL, in which the password may be missing. */
    static String decoded(String userInfo) {
        String credentials = percentDecoded(userInfo);
        return userInfo.contains(":") ? credentials : credentials + ":";
    }

    static String percentDecoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException strayPercentSign) {
            return text;
        }
    }

    /**
     * Adds a header, which replaces a header of ours with that name. {@code Last-Event-ID} is what the subscription
     * begins with. What belongs to one connection, such as {@code Connection}, is left out with a notice.
     *
     * @param line {@code NAME:VALUE}; with an empty value the header is not sent at all
     * @throws IllegalArgumentException if it is something else, or java.net.http does not let it be set; the message
     *                                  does not tell the value
     */
    public SseRequest header(String line) { parse(line).ifPresent(headers::add); return this; }

    /** Adds the headers in a file, one {@code NAME:VALUE} a line; it is read again at every connect. */
    public SseRequest headerFile(Path file) { headerFiles.add(file); return this; }

    /**
     * Sends Basic credentials, or Digest credentials once the server asks for them; not if there is a header
     * {@code Authorization}.
     *
     * @param credentials {@code USER:PASSWORD}
     */
    public SseRequest basicAuthorization(String credentials) { userInfo = percentEncoded(credentials).replace("%3A", ":"); return this; }

    /** What the client calls itself, as in {@code sse-listen/1.0}; what java.net.http calls itself unless set. */
    public SseRequest userAgent(String product) { userAgent = product; return this; }

    /**
     * The method; without one it is {@code POST} where there is a body, else {@code GET}.
     *
     * @throws IllegalArgumentException if it is not an HTTP token
     */
    public SseRequest method(String name) {
        if (!TOKEN.matcher(name).matches() || name.equalsIgnoreCase("CONNECT")) {
            throw new IllegalArgumentException("method '" + name + "': expected a name like GET or POST");
        }
        method = name;
        return this;
    }

    /** The body, a form unless a header gives another {@code Content-Type}. */
    public SseRequest body(byte[] bytes) { body = bytes.clone(); return this; }

    /** The method that is sent. */
    String method() {
        return !method.isEmpty() ? method : body == null ? "GET" : "POST";
    }

    /** The whole URL without user info; it may hold secrets: see {@link #toString}. */
    String url() {
        return scheme + "://" + authority() + path + query;
    }

    /** Tells it from others, also in a file, without what may be secret. */
    String name() {
        return scheme + "://" + authority() + "#" + String.format("%08x", url().hashCode());
    }

    /** Host and port, as they stand in the URL. */
    public String authority() {
        return host + (port < 0 ? "" : ":" + port);
    }

    /** Scheme, host and port of the URL; the rest of it, which may hold secrets, is left out. */
    @Override
    public String toString() {
        return scheme + "://" + authority() + "/\u2026";
    }

    /** What {@code Last-Event-ID} the user has set; "" if none. */
    String firstLastEventId() throws IOException {
        return userHeaders().stream().filter(header -> header.is(LAST_EVENT_ID)).map(Header::value)
            .reduce("", (one, last) -> last);
    }

    /** @throws IOException if a header file cannot be read, or holds something that is no header */
    List<Header> userHeaders() throws IOException {
        List<Header> all = new ArrayList<>(headers);
        for (Path file : headerFiles) {
            all.addAll(read(file));
        }
        return all;
    }

    /**
     * What is sent in headers now: the user's, and ours that the user has not set. One with an empty value is not sent.
     *
     * @param more of ours, for this time
     * @throws IOException if a header file cannot be read, or holds something that is no header
     */
    Map<String, List<String>> headers(Map<String, String> more) throws IOException {
        Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (Header header : userHeaders()) {
            all.computeIfAbsent(header.name, name -> new ArrayList<>()).add(header.value);
        }
        // It was the first one, and moves on.
        all.remove(LAST_EVENT_ID);
        more.forEach((name, value) -> all.putIfAbsent(name, List.of(value)));
        all.putIfAbsent("Accept", List.of("text/event-stream"));
        all.putIfAbsent("Cache-Control", List.of("no-cache"));
        all.putIfAbsent("User-Agent", List.of(userAgent));
        if (body != null) {
            all.putIfAbsent("Content-Type", List.of("application/x-www-form-urlencoded"));
        }
        notSent.forEach(all::remove);
        return all;
    }

    /** @param address which of the host's addresses to ask; empty if that is left to java.net.http */
    HttpRequest build(Map<String, List<String>> headers, Optional<InetAddress> address) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(address));
        if (CAN_SET_HOST && (address.isPresent() || host.contains("%"))) {
            // A zone means something on this machine only (RFC 6874, 4).
            headers.putIfAbsent("Host", List.of(authority().replaceFirst("%[^]]*", "")));
        }
        headers.forEach((name, values) -> values.stream().filter(value -> !value.isEmpty())
            .forEach(value -> request.header(name, value)));
        if (body != null) {
            return request.method(method(), BodyPublishers.ofByteArray(body)).build();
        }
        // Up to JDK 18 GET() too sends "Content-Length: 0"; later ones do not.
        return (method().equals("GET") ? request.GET() : request.method(method(), BodyPublishers.noBody())).build();
    }

    static String basic(String credentials) {
        return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    private static boolean canSet(String name) {
        try {
            HttpRequest.newBuilder().header(name, "");
            return true;
        } catch (IllegalArgumentException notAllowed) {
            return false;
        }
    }

    /** The URL with one of the host's addresses in place of its name. */
    URI uri(Optional<InetAddress> address) {
        String literal = address.map(InetAddress::getHostAddress).map(text -> text.contains(":") ? "[" + text + "]" : text)
            .orElse(host);
        return URI.create(scheme + "://" + literal + (port < 0 ? "" : ":" + port) + path + query);
    }

    /** Whether it goes where a request to that one went. */
    boolean hasOriginOf(SseRequest other) {
        return scheme.equals(other.scheme) && host.equalsIgnoreCase(other.host) && realPort() == other.realPort();
    }

    int realPort() {
        return port >= 0 ? port : scheme.equals("https") ? 443 : 80;
    }

    private List<Header> read(Path file) throws IOException {
        try {
            List<Header> read = new ArrayList<>();
            for (String line : Files.readString(file).replaceFirst("^\uFEFF", "").split("\r\n|\n|\r")) {
                if (!line.isBlank()) {
                    parse(line).ifPresent(read::add);
                }
            }
            return read;
        } catch (IllegalArgumentException notAHeader) {
            throw new IOException("header file " + file + ": " + notAHeader.getMessage(), notAHeader);
        } catch (IOException unreadable) {
            throw new IOException("header file " + file + ": " + Reason.of(unreadable), unreadable);
        }
    }

    /** Empty for one that is left out. */
    private Optional<Header> parse(String line) {
        int colon = line.indexOf(':', 1);
        if (colon < 1) {
            throw new IllegalArgumentException("expected NAME:VALUE in a header");
        }
        Header header = new Header(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
        // Browsers copy the fields of HTTP/2 along, such as ":method: GET".
        if (header.name.startsWith(":") || OF_THE_CONNECTION.contains(header.name.toLowerCase(Locale.ROOT))) {
            leftOut.add(header.name);
            return Optional.empty();
        }
        if (!canSet(header.name)) {
            throw new IllegalArgumentException("header " + header.name + ": expected a name that can be set");
        }
        if (!isPrintableAscii(header.value) && !header.is(LAST_EVENT_ID)) {
            throw new IllegalArgumentException("header " + header.name + ": expected a value of printable ASCII");
        }
        return Optional.of(header);
    }

    /** What java.net.http can send in a header: it writes them as US-ASCII. */
    static boolean isPrintableAscii(String value) {
        return value.chars().allMatch(character -> character >= ' ' && character <= '~' || character == '\t');
    }
}
