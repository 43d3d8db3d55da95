//SOURCES HttpProxy.java Reason.java
package lib.sse;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is asked of the server: the URL, method, headers and body of a subscription. It is sent anew at every connect.
 *
 * <p>Set it up before it is used: it is not safe for changes by one thread while another connects.
 */
public final class SseRequest {
    private record Header(String name, String value) {}

    /** RFC 9110, 5.6.2. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");

    private static final String RESTRICTED = "jdk.httpclient.allowRestrictedHeaders";
    private static final String CONTENT_TYPE = "Content-Type";
    /** "Request-body-header names" of the Fetch standard. */
    private static final List<String> ABOUT_THE_BODY =
        List.of("Content-Encoding", "Content-Language", "Content-Location", CONTENT_TYPE);
    /** RFC 3986, appendix B. */
    private static final Pattern REFERENCE = Pattern.compile(
        "(?<scheme>[A-Za-z][A-Za-z0-9+.-]*:)?(?<authority>//[^/?#]*)?(?<path>[^?#]*)(?<query>(\\?[^#]*)?)(#.*)?");
    private static final Pattern NOT_IN_A_URL = Pattern.compile("[^!#-;=?-Z\\[\\]_a-z~]|%(?![0-9A-Fa-f]{2})");

    private final URI uri;
    private final List<Header> headers = new ArrayList<>();
    private final List<Path> headerFiles = new ArrayList<>();
    private String method;
    private byte[] body;
    private boolean bodyIsGone;
    private boolean typeIsUnknown;

    /**
     * @param uri {@code http} or {@code https}; user info in it becomes an {@code Authorization} header
     * @throws IllegalArgumentException if it is something else; the message does not tell its path
     */
    public SseRequest(URI uri) {
        String scheme = String.valueOf(uri.getScheme());
        if (!scheme.equalsIgnoreCase("http") && !scheme.equalsIgnoreCase("https") || uri.getHost() == null) {
            throw new IllegalArgumentException("URL: expected http://HOST... or https://HOST...");
        }
        if (uri.getPort() == 0 || uri.getPort() > 65535) {
            throw new IllegalArgumentException("URL: port " + uri.getPort() + ", expected 1 to 65535");
        }
        this.uri = withZoneAsJavaReadsIt(withoutUserInfo(uri));
        if (this.uri.getHost().contains("%") && System.getProperty(RESTRICTED) == null) {
            // A zone means something on this machine only (RFC 6874, 4); java.net.http sends it unless we set the header.
            System.setProperty(RESTRICTED, "host");
        }
        if (uri.getRawUserInfo() != null) {
            basicAuthorization(decoded(uri.getRawUserInfo()));
        }
    }

    /** The credentials in a URL, in which the password may be missing. */
    static String decoded(String userInfo) {
        String credentials = URLDecoder.decode(userInfo.replace("+", "%2B"), StandardCharsets.UTF_8);
        return userInfo.contains(":") ? credentials : credentials + ":";
    }

    /**
     * Adds a header, which replaces a header of ours with that name.
     *
     * @param line {@code NAME:VALUE}; with an empty value the header is not sent at all
     * @throws IllegalArgumentException if it is something else, or java.net.http does not let it be set; the message
     *                                  does not tell the value
     */
    public SseRequest header(String line) {
        headers.add(parse(line));
        return this;
    }

    /** Adds the headers in a file, one {@code NAME:VALUE} a line; it is read again at every connect. */
    public SseRequest headerFile(Path file) {
        headerFiles.add(file);
        return this;
    }

    /** @param credentials {@code USER:PASSWORD} */
    public SseRequest basicAuthorization(String credentials) {
        return header("Authorization: Basic "
            + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
    }

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
    public SseRequest body(byte[] bytes) {
        body = bytes.clone();
        return this;
    }

    /** The URL, without user info. It may hold secrets: see {@link #toString}. */
    public URI uri() {
        return uri;
    }

    /** Scheme, host and port of the URL; the rest of it, which may hold secrets, is left out. */
    @Override
    public String toString() {
        return uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort()) + "/\u2026";
    }

    /** A text from the server, without the parts of the URL that may be secrets. */
    String withoutSecrets(String text) {
        String path = uri.getRawPath();
        String safe = path.length() > 1 ? text.replace(path, "/\u2026") : text;
        return uri.getRawQuery() == null || uri.getRawQuery().isEmpty() ? safe : safe.replace(uri.getRawQuery(), "\u2026");
    }

    /**
     * The request as it goes out now.
     *
     * @param lastEventId printable ASCII, the only text that an HTTP/1.1 header of java.net.http carries; or ""
     * @throws IOException if a header file can not be read, or holds something that is no header
     */
    HttpRequest build(String lastEventId, HttpProxy proxy) throws IOException {
        Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (Header header : headers) {
            add(header, all);
        }
        for (Path file : headerFiles) {
            readHeaders(file).forEach(header -> add(header, all));
        }
        all.putIfAbsent("Accept", List.of("text/event-stream"));
        all.putIfAbsent("Cache-Control", List.of("no-cache"));
        if (!lastEventId.isEmpty()) {
            all.putIfAbsent("Last-Event-ID", List.of(lastEventId));
        }
        proxy.authorization(uri).ifPresent(value -> all.putIfAbsent("Proxy-Authorization", List.of(value)));
        if (bodyIsGone) {
            ABOUT_THE_BODY.forEach(all::remove);
        } else if (body != null && !typeIsUnknown) {
            all.putIfAbsent(CONTENT_TYPE, List.of("application/x-www-form-urlencoded"));
        }
        BodyPublisher content = body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).method(method(), content);
        if (uri.getHost().contains("%")) {
            setHostWithoutZone(request);
        }
        all.forEach((name, values) -> values.stream().filter(value -> !value.isEmpty())
            .forEach(value -> request.header(name, value)));
        return request.build();
    }

    private void setHostWithoutZone(HttpRequest.Builder request) {
        try {
            request.header("Host", uri.getRawAuthority().replaceFirst("%[^]]*", ""));
        } catch (IllegalArgumentException propertyWasReadBefore) {
            return;
        }
    }

    private static void add(Header header, Map<String, List<String>> all) {
        all.computeIfAbsent(header.name, name -> new ArrayList<>()).add(header.value);
    }

    /** The method that is sent. */
    String method() {
        return method != null ? method : body == null ? "GET" : "POST";
    }

    /**
     * The request that a redirect asks for, by the Fetch standard's "HTTP-redirect fetch".
     *
     * <p>What the user set for one origin does not travel to another, and does not come back from there either.
     *
     * @throws IllegalArgumentException if the location can not be followed; the message does not tell its path
     */
    SseRequest redirected(int status, String location) {
        SseRequest next = new SseRequest(resolve(location));
        if (uri.getScheme().equalsIgnoreCase("https") && !next.uri.getScheme().equalsIgnoreCase("https")) {
            throw new IllegalArgumentException("from https to http, " + next);
        }
        next.headers.clear();
        boolean sameOrigin = origin(uri).equals(origin(next.uri));
        if (sameOrigin) {
            next.headers.addAll(headers);
            next.headerFiles.addAll(headerFiles);
        }
        boolean becomesGet = status == 303 && !method().equals("GET") && !method().equals("HEAD")
            || (status == 301 || status == 302) && method().equals("POST");
        next.method = becomesGet ? "GET" : method();
        next.body = becomesGet ? null : body;
        next.bodyIsGone = bodyIsGone || becomesGet;
        next.typeIsUnknown = typeIsUnknown || !sameOrigin && mayHaveTypeOfItsOwn();
        return next;
    }

    private boolean mayHaveTypeOfItsOwn() {
        return !headerFiles.isEmpty() || headers.stream().anyMatch(header -> header.name.equalsIgnoreCase(CONTENT_TYPE));
    }

    /** RFC 3986, 5.2.2; {@link URI#resolve(URI)} follows the one before it. */
    private URI resolve(String location) {
        Matcher reference = REFERENCE.matcher(encoded(location));
        if (!reference.matches()) {
            throw new IllegalArgumentException("location is not a URL");
        }
        String scheme = reference.group("scheme");
        String authority = reference.group("authority");
        String path = reference.group("path");
        String query = reference.group("query");
        if (scheme == null && authority == null) {
            String base = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
            query = path.isEmpty() && query.isEmpty() && uri.getRawQuery() != null ? "?" + uri.getRawQuery() : query;
            path = path.isEmpty() ? base : path.startsWith("/") ? path : base.substring(0, base.lastIndexOf('/') + 1) + path;
            authority = "//" + uri.getRawAuthority();
        }
        try {
            return new URI((scheme == null ? uri.getScheme() + ":" : scheme) + (authority == null ? "" : authority)
                + withoutDots(path) + query);
        } catch (URISyntaxException notAUrl) {
            throw new IllegalArgumentException("location is not a URL: " + notAUrl.getReason(), notAUrl);
        }
    }

    /** What servers write though no URL may hold it; java.net.http makes each byte of a header a character. */
    private static String encoded(String location) {
        return NOT_IN_A_URL.matcher(location)
            .replaceAll(match -> String.format("%%%02X", (int) match.group().charAt(0)));
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

    private static String origin(URI uri) {
        boolean https = uri.getScheme().equalsIgnoreCase("https");
        int port = uri.getPort() >= 0 ? uri.getPort() : https ? 443 : 80;
        return (https ? "https://" : "http://") + uri.getHost().toLowerCase(Locale.ROOT) + ":" + port;
    }

    private static URI withoutUserInfo(URI uri) {
        if (uri.getRawUserInfo() == null) {
            return uri;
        }
        return URI.create(uri.toString().replaceFirst("//[^@/]*@", "//"));
    }

    /** RFC 6874 writes {@code %25} between an IPv6 address and its zone, {@link URI} and people {@code %}. */
    private static URI withZoneAsJavaReadsIt(URI uri) {
        return uri.getHost() != null && uri.getHost().contains("%25")
            ? URI.create(uri.toString().replaceFirst("%25", "%")) : uri;
    }

    private static List<Header> readHeaders(Path file) throws IOException {
        try {
            return Files.readAllLines(file).stream().filter(line -> !line.isBlank()).map(SseRequest::parse).toList();
        } catch (IllegalArgumentException notAHeader) {
            throw new IOException("header file " + file + ": " + notAHeader.getMessage(), notAHeader);
        } catch (IOException unreadable) {
            throw new IOException("header file " + file + ": " + Reason.of(unreadable), unreadable);
        }
    }

    private static Header parse(String line) {
        int colon = line.indexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException("expected NAME:VALUE in a header");
        }
        Header header = new Header(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
        try {
            HttpRequest.newBuilder().header(header.name, "");
        } catch (IllegalArgumentException notAllowed) {
            throw new IllegalArgumentException("header " + header.name + ": expected a name that can be set", notAllowed);
        }
        if (!isPrintableAscii(header.value)) {
            throw new IllegalArgumentException("header " + header.name + ": expected a value of printable ASCII");
        }
        return header;
    }

    /** What java.net.http can send in a header: it writes them as US-ASCII. */
    static boolean isPrintableAscii(String value) {
        return value.chars().allMatch(character -> character >= ' ' && character <= '~' || character == '\t');
    }
}
