//SOURCES HttpUrl.java Reason.java
package lib.sse;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What is asked of the server: the URL, method, headers and body of a subscription. It is sent anew at every connect.
 *
 * <p>Set it up before it is used: it is not safe for changes by one thread while another connects.
 */
public final class SseRequest {
    /** RFC 9110, 5.6.2. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
    private static final String LAST_EVENT_ID = "Last-Event-ID";
    /** What belongs to one connection, not to the request; java.net.http sets it by itself. */
    private static final Set<String> OF_THE_CONNECTION = Set.of("connection", "keep-alive", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade", "http2-settings", "content-length", "expect");
    /** "Request-body-header names" of the Fetch standard. */
    private static final List<String> ABOUT_THE_BODY =
        List.of("Content-Encoding", "Content-Language", "Content-Location", "Content-Type");
    private static final List<String> NOT_SENT = List.of("");
    private static final Map<Path, String> READ_ONCE = new HashMap<>();
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

    final HttpUrl url;
    /** What the user has set, by names in any case; one with an empty value among others is not sent. */
    final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    final List<Path> headerFiles = new ArrayList<>();
    final Set<String> leftOut = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    /** {@code USER:PASSWORD}, or "". */
    String credentials = "";
    String userAgent = "";
    String method = "";
    byte[] body;
    /** Whether a server got the body, or some of it. */
    volatile boolean hasSentBody;

    /**
     * @param url {@code http} or {@code https}, or without a scheme, which is {@code http}. What no URL may hold is
     *            encoded as browsers do it. User info in it becomes an {@code Authorization} header.
     * @throws IllegalArgumentException if it is something else; the message does not tell its path
     */
    public SseRequest(String url) {
        this(HttpUrl.parse(url));
        credentials = this.url.credentials();
    }

    private SseRequest(HttpUrl url) {
        this.url = url;
    }

    /**
     * Adds a header, which replaces a header of ours with that name. {@code Last-Event-ID} is what the subscription
     * begins with. What belongs to one connection, such as {@code Connection}, is left out with a notice.
     *
     * @param line {@code NAME:VALUE}; with an empty value the header is not sent at all; in place of a
     *             {@code User-Agent} java.net.http sends its own
     * @throws IllegalArgumentException if it is something else, or java.net.http does not let it be set; the message
     *                                  does not tell the value
     */
    public SseRequest header(String line) { add(line, headers); return this; }

    /** Adds the headers in a file, one {@code NAME:VALUE} a line; a regular file is read again at every connect. */
    public SseRequest headerFile(Path file) { headerFiles.add(file); return this; }

    /**
     * Sends Basic credentials, or Digest credentials once the server asks for them; not if there is a header
     * {@code Authorization}.
     *
     * @param userAndPassword {@code USER:PASSWORD}
     */
    public SseRequest basicAuthorization(String userAndPassword) {
        credentials = HttpUrl.withColon(userAndPassword);
        return this;
    }

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

    /** Whether it asks for an act, which is done once its stream has ended well, and never done again without a word. */
    boolean asksForAnAct() {
        return body != null || method().equals("POST");
    }

    /** The whole URL without user info; it may hold secrets: see {@link #toString}. */
    String url() {
        return url.whole(url.host());
    }

    /** Tells it from others, also in a file, without what may be secret. */
    String name() {
        return url.scheme() + "://" + authority() + "#" + String.format("%08x", url().hashCode());
    }

    /** Host and port, as they stand in the URL. */
    public String authority() {
        return url.authority();
    }

    /** Scheme, host and port of the URL; the rest of it, which may hold secrets, is left out. */
    @Override
    public String toString() {
        return url.toString();
    }

    /**
     * The request to follow a redirect with, as in "HTTP-redirect fetch" of the Fetch standard. What the user set for
     * one origin does not travel to another, and does not come back from there either.
     *
     * @throws IllegalArgumentException if the location cannot be followed; the message does not tell its path
     */
    SseRequest redirected(int status, String location) {
        SseRequest next = new SseRequest(url.resolve(location));
        if (url.scheme().equals("https") && !next.url.scheme().equals("https")) {
            throw new IllegalArgumentException("from https to http, " + next);
        }
        boolean sameOrigin = next.url.hasOriginOf(url);
        if (sameOrigin) {
            next.headers.putAll(headers);
            next.headerFiles.addAll(headerFiles);
            next.credentials = credentials;
        }
        next.userAgent = userAgent;
        boolean becomesGet = status == 303 && !method().equals("GET") && !method().equals("HEAD")
            || (status == 301 || status == 302) && method().equals("POST");
        next.method = becomesGet ? "GET" : method();
        next.body = becomesGet ? null : body;
        if (becomesGet) {
            ABOUT_THE_BODY.forEach(name -> next.headers.put(name, NOT_SENT));
        } else if (!sameOrigin && (headers.containsKey("Content-Type") || !headerFiles.isEmpty())) {
            // It may have a type of its own, which does not travel.
            next.headers.put("Content-Type", NOT_SENT);
        }
        return next;
    }

    /** Whether something that the user set for the server is not sent with the next one any more. */
    boolean leavesHeadersBehind(SseRequest next) {
        return !next.url.hasOriginOf(url) && !(headers.isEmpty() && headerFiles.isEmpty() && credentials.isEmpty());
    }

    /** What {@code Last-Event-ID} the user has set; "" if none. */
    String firstLastEventId() throws IOException {
        return userHeaders().getOrDefault(LAST_EVENT_ID, List.of()).stream().reduce("", (one, last) -> last);
    }

    /** @throws IOException if a header file cannot be read, or holds something that is no header */
    Map<String, List<String>> userHeaders() throws IOException {
        Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.forEach((name, values) -> all.put(name, new ArrayList<>(values)));
        for (Path file : headerFiles) {
            read(file, all);
        }
        return all;
    }

    /**
     * What is sent in headers now: the user's, and ours that the user has not set.
     *
     * @param more of ours, for this time
     * @throws IOException if a header file cannot be read, or holds something that is no header
     */
    Map<String, List<String>> headers(Map<String, String> more) throws IOException {
        Map<String, List<String>> all = userHeaders();
        // It was the first one, and moves on.
        all.remove(LAST_EVENT_ID);
        more.forEach((name, value) -> all.putIfAbsent(name, List.of(value)));
        all.putIfAbsent("Accept", List.of("text/event-stream"));
        all.putIfAbsent("Cache-Control", List.of("no-cache"));
        all.putIfAbsent("User-Agent", List.of(userAgent));
        if (body != null) {
            all.putIfAbsent("Content-Type", List.of("application/x-www-form-urlencoded"));
        }
        all.values().removeIf(values -> values.contains(""));
        return all;
    }

    /** @param address which of the host's addresses to ask; empty if that is left to java.net.http */
    HttpRequest build(Map<String, List<String>> headers, Optional<InetAddress> address) {
        String at = address.map(InetAddress::getHostAddress).map(text -> text.contains(":") ? "[" + text + "]" : text)
            .orElse(url.scheme().equals("https") ? url.tlsName() : url.host());
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url.whole(at)));
        if (CAN_SET_HOST && (address.isPresent() || url.host().contains("%"))) {
            // A zone means something on this machine only (RFC 6874, 4).
            headers.putIfAbsent("Host", List.of(authority().replaceFirst("%[^]]*", "")));
        }
        headers.forEach((name, values) -> values.forEach(value -> request.header(name, value)));
        if (body != null && body.length > 0) {
            return request.method(method(), BodyPublishers.fromPublisher(connection -> {
                hasSentBody = true;
                BodyPublishers.ofByteArray(body).subscribe(connection);
            }, body.length)).build();
        }
        // Up to JDK 18 GET() too sends "Content-Length: 0"; later ones do not.
        return (method().equals("GET") ? request.GET() : request.method(method(), BodyPublishers.noBody())).build();
    }

    static String basic(String credentials) {
        String coded = Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
        return coded.isEmpty() ? "" : "Basic " + coded;
    }

    private static boolean canSet(String name) {
        try {
            HttpRequest.newBuilder().header(name, "");
            return true;
        } catch (IllegalArgumentException notAllowed) {
            return false;
        }
    }

    private void read(Path file, Map<String, List<String>> all) throws IOException {
        try {
            text(file).replaceFirst("^\uFEFF", "").lines().filter(line -> !line.isBlank()).forEach(line -> add(line, all));
        } catch (IllegalArgumentException | IOException failure) {
            throw new IOException("header file " + file + ": " + Reason.of(failure), failure);
        }
    }

    /** What is no regular file, such as a pipe, is read once for all requests of this process: later it is empty. */
    private static String text(Path file) throws IOException {
        if (Files.isRegularFile(file)) {
            return Files.readString(file);
        }
        synchronized (READ_ONCE) {
            if (!READ_ONCE.containsKey(file)) {
                READ_ONCE.put(file, Files.readString(file));
            }
            return READ_ONCE.get(file);
        }
    }

    private void add(String line, Map<String, List<String>> all) {
        int colon = line.indexOf(':', 1);
        if (colon < 1) {
            throw new IllegalArgumentException("expected NAME:VALUE in a header");
        }
        String name = line.substring(0, colon).strip();
        String value = line.substring(colon + 1).strip();
        // Browsers copy the fields of HTTP/2 along, such as ":method: GET".
        if (name.startsWith(":") || OF_THE_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
            leftOut.add(name);
        } else if (!canSet(name)) {
            throw new IllegalArgumentException("header " + name + ": expected a name that can be set");
        } else if (!isPrintableAscii(value) && !name.equalsIgnoreCase(LAST_EVENT_ID)) {
            throw new IllegalArgumentException("header " + name + ": expected a value of printable ASCII");
        } else {
            all.computeIfAbsent(name, any -> new ArrayList<>()).add(value);
        }
    }

    /** What java.net.http can send in a header: it writes them as US-ASCII. */
    static boolean isPrintableAscii(String value) {
        return value.chars().allMatch(character -> character >= ' ' && character <= '~' || character == '\t');
    }
}
