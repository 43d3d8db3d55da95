//SOURCES SseClient.java
package lib.sse;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A request as curl describes it. It is made anew at every connect, so that a token in a file may change:
 *
 * <pre>{@code
 * SseRequest request = new SseRequest("https://example.org/events").headerFile(Path.of("token.txt"));
 * new SseClient(request).listen(event -> System.out.println(event.data()));
 * }</pre>
 *
 * <p>A header with an empty value is not sent, nor is a usual header of that name. Not for changes while a client uses it.
 */
public final class SseRequest implements SseClient.Request {
    /** RFC 9110, 5.6.2. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
    private static final Pattern PRINTABLE = Pattern.compile("[ -~\t]*");
    /** These belong to one connection; java.net.http sets them. Browsers copy fields of HTTP/2 such as ":path" along. */
    private static final Pattern OF_THE_CONNECTION = Pattern.compile("(?i):.*|connection|keep-alive|proxy-connection|te"
        + "|trailer|transfer-encoding|upgrade|http2-settings|content-length|expect");

    private final URI url;
    private final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private final List<Path> headerFiles = new ArrayList<>();
    private final Set<String> leftOut = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    private final Set<String> said = new HashSet<>();
    private Consumer<String> notices = System.err::println;
    private String credentials;
    private String userAgent = "";
    private String method = "";
    private byte[] body;

    /**
     * @param url an http or https URL; user info in it becomes an {@code Authorization} header
     * @throws IllegalArgumentException if it is something else; no message of this class repeats a URL or a value
     */
    public SseRequest(String url) {
        try {
            URI whole = new URI(url).parseServerAuthority();
            credentials = whole.getUserInfo() == null ? "" : withColon(whole.getUserInfo());
            this.url = URI.create(url.replaceFirst("//[^/?#]*@", "//"));
            if (whole.getHost() != null && ("" + whole.getScheme()).matches("(?i)https?")) {
                return;
            }
        } catch (URISyntaxException itsMessageRepeatsTheUrl) {
            // Said below.
        }
        throw new IllegalArgumentException("URL: expected http://HOST... or https://HOST...");
    }

    /**
     * Adds a header. One that belongs to a connection, such as {@code Connection}, is left out with a notice.
     *
     * @param line {@code NAME:VALUE}
     * @throws IllegalArgumentException if it is something else
     */
    public SseRequest header(String line) { add(line, headers); return this; }

    /** Adds the headers in a file, one {@code NAME:VALUE} a line. */
    public SseRequest headerFile(Path file) { headerFiles.add(file); return this; }

    /** Sends {@code USER:PASSWORD} as Basic credentials, unless there is a header {@code Authorization}. */
    public SseRequest basicAuthorization(String userAndPassword) { credentials = withColon(userAndPassword); return this; }

    /** Sets what the client calls itself, unless there is a header {@code User-Agent}. */
    public SseRequest userAgent(String product) { userAgent = product; return this; }

    /** Sets the method. The default is {@code POST} with a body, else {@code GET}. */
    public SseRequest method(String name) {
        if (!TOKEN.matcher(name).matches() || name.equalsIgnoreCase("CONNECT")) {
            throw new IllegalArgumentException("method '" + name + "': expected a name like GET or POST");
        }
        method = name;
        return this;
    }

    /** Sets the body, a form unless a header gives another {@code Content-Type}. */
    public SseRequest body(byte[] bytes) { body = bytes.clone(); return this; }

    /** Receives warnings, one line each. Defaults to standard error. */
    public SseRequest notices(Consumer<String> lines) { notices = lines; return this; }

    /** Makes the request, from the files as they are now. */
    @Override
    public HttpRequest make() throws IOException {
        Map<String, List<String>> all = headers();
        String others = leftOut.stream().filter(said::add).collect(Collectors.joining(", "));
        if (!others.isEmpty()) {
            notices.accept(this + ": left out, because it belongs to one connection: " + others);
        }
        if (!userAgent.isEmpty()) {
            all.putIfAbsent("User-Agent", List.of(userAgent));
        }
        if (!credentials.isEmpty()) {
            String coded = Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
            all.putIfAbsent("Authorization", List.of("Basic " + coded));
        }
        if (body != null) {
            all.putIfAbsent("Content-Type", List.of("application/x-www-form-urlencoded"));
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(url);
        all.forEach((name, values) -> values.forEach(value -> request.header(name, values.contains("") ? "" : value)));
        String sent = !method.isEmpty() ? method : body == null ? "GET" : "POST";
        boolean hasBody = body != null && body.length > 0;
        // Up to JDK 18 GET() too sends "Content-Length: 0"; later ones do not.
        return (!hasBody && sent.equals("GET") ? request.GET()
            : request.method(sent, hasBody ? BodyPublishers.ofByteArray(body) : BodyPublishers.noBody())).build();
    }

    /** Returns scheme, host and port of the URL; the rest of it may hold secrets. */
    @Override
    public String toString() { return url.getScheme() + "://" + url.getAuthority() + "/\u2026"; }

    private static String withColon(String userAndPassword) {
        return userAndPassword.isEmpty() || userAndPassword.contains(":") ? userAndPassword : userAndPassword + ":";
    }

    private Map<String, List<String>> headers() throws IOException {
        Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.forEach((name, values) -> all.put(name, new ArrayList<>(values)));
        for (Path file : headerFiles) {
            try {
                Files.readString(file).replaceFirst("^\uFEFF", "").lines().filter(line -> !line.isBlank())
                    .forEach(line -> add(line, all));
            } catch (IllegalArgumentException | IOException failure) {
                String reason = failure instanceof NoSuchFileException ? "no such file"
                    : failure instanceof CharacterCodingException ? "not UTF-8" : failure.getMessage();
                throw new IOException("header file " + file + ": " + reason, failure);
            }
        }
        return all;
    }

    private void add(String line, Map<String, List<String>> all) {
        int colon = line.indexOf(':', 1);
        if (colon < 1) {
            throw new IllegalArgumentException("expected NAME:VALUE in a header");
        }
        String name = line.substring(0, colon).strip();
        String value = line.substring(colon + 1).strip();
        if (OF_THE_CONNECTION.matcher(name).matches()) {
            leftOut.add(name);
        } else if (!TOKEN.matcher(name).matches()) {
            throw new IllegalArgumentException("header " + name + ": expected a name that can be set");
        } else if (!PRINTABLE.matcher(value).matches()) {
            throw new IllegalArgumentException("header " + name + ": expected a value of printable ASCII");
        } else {
            all.computeIfAbsent(name, any -> new ArrayList<>()).add(value);
        }
    }
}
