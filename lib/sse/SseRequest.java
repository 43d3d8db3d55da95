//SOURCES SseClient.java
package lib.sse;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Describes a request as curl does. It is made anew at every connect, so that a token in a file may change:
 * <pre>{@code
 * SseRequest request = new SseRequest("https://example.org/events").headerFile(Path.of("token.txt"));
 * new SseClient(request).listen(event -> System.out.println(event.data()));
 * }</pre>
 *
 * <p>A header with an empty value is not sent, nor is a usual header of that name. A request in use must not change.
 */
public final class SseRequest implements SseClient.Request {
    /** Matches a token of RFC 9110, 5.6.2. */
    private static final String TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
    /** Matches what java.net.http sets, and fields of HTTP/2 such as ":path", which browsers copy along. */
    private static final String OF_THE_CONNECTION = "(?i):.*|connection|keep-alive|proxy-connection|te|trailer"
        + "|transfer-encoding|upgrade|http2-settings|content-length|expect";

    private final URI url;
    private final List<String> headers = new ArrayList<>();
    private final List<Path> headerFiles = new ArrayList<>();
    /** Holds what is sent unless the user gives a header of that name. */
    private final Map<String, String> usual = new TreeMap<>();
    private String method = "";
    private byte[] body;

    /**
     * @param url an http or https URL; user info in it becomes an {@code Authorization} header
     * @throws IllegalArgumentException if it is something else; no message of this class repeats a URL or a value
     */
    public SseRequest(String url) {
        try {
            String userInfo = URI.create(url).getUserInfo();
            basicAuthorization(userInfo == null ? "" : userInfo);
            this.url = URI.create(url.replaceFirst("//[^/?#]*@", "//"));
            if (this.url.getHost() == null || !("" + this.url.getScheme()).matches("(?i)https?")) {
                throw new IllegalArgumentException();
            }
        } catch (IllegalArgumentException itsMessageRepeatsTheUrl) {
            throw new IllegalArgumentException("URL: expected http://HOST... or https://HOST...");
        }
    }

    /**
     * Adds a header. One that belongs to a connection, such as {@code Connection}, is left out.
     *
     * @param line {@code NAME:VALUE}
     * @throws IllegalArgumentException if it is something else
     */
    public SseRequest header(String line) {
        add(line, new TreeMap<>());
        headers.add(line);
        return this;
    }

    /** Adds the headers in a regular file, one {@code NAME:VALUE} a line. */
    public SseRequest headerFile(Path file) { headerFiles.add(file); return this; }

    /** Sends {@code USER:PASSWORD} as Basic credentials, unless it is empty or there is a header {@code Authorization}. */
    public SseRequest basicAuthorization(String userAndPassword) {
        String whole = userAndPassword.contains(":") ? userAndPassword : userAndPassword + ":";
        String coded = Base64.getEncoder().encodeToString(whole.getBytes(StandardCharsets.UTF_8));
        usual.compute("Authorization", (name, before) -> userAndPassword.isEmpty() ? null : "Basic " + coded);
        return this;
    }

    /** Sets what the client calls itself, unless there is a header {@code User-Agent}. */
    public SseRequest userAgent(String product) { usual.put("User-Agent", product); return this; }

    /** Sets the method. The default is {@code POST} with a body, else {@code GET}. */
    public SseRequest method(String name) {
        if (!name.matches(TOKEN) || name.equalsIgnoreCase("CONNECT")) {
            throw new IllegalArgumentException("method '" + name + "': expected a name like GET or POST");
        }
        method = name;
        return this;
    }

    /** Sets the body, a form unless a header gives another {@code Content-Type}. */
    public SseRequest body(byte[] bytes) {
        body = bytes.clone();
        usual.put("Content-Type", "application/x-www-form-urlencoded");
        return this;
    }

    /** Makes the request, from the files as they are now. */
    @Override
    public HttpRequest make() throws IOException {
        Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.forEach(line -> add(line, all));
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
        usual.forEach((name, value) -> all.putIfAbsent(name, List.of(value)));
        HttpRequest.Builder request = HttpRequest.newBuilder(url);
        all.forEach((name, values) -> values.forEach(value -> request.header(name, values.contains("") ? "" : value)));
        String sent = !method.isEmpty() ? method : body == null ? "GET" : "POST";
        byte[] bytes = body == null ? new byte[0] : body;
        // Up to JDK 18 GET() too sends "Content-Length: 0"; later ones do not.
        return (bytes.length == 0 && sent.equals("GET") ? request.GET()
            : request.method(sent, BodyPublishers.ofByteArray(bytes))).build();
    }

    /** Returns scheme, host and port of the URL; the rest of it may hold secrets. */
    @Override
    public String toString() { return url.getScheme() + "://" + url.getAuthority() + "/\u2026"; }

    private void add(String line, Map<String, List<String>> all) {
        int colon = line.indexOf(':', 1);
        if (colon < 1) {
            throw new IllegalArgumentException("expected NAME:VALUE in a header");
        }
        String name = line.substring(0, colon).strip();
        String value = line.substring(colon + 1).strip();
        if (name.matches(OF_THE_CONNECTION)) {
            return;
        } else if (!name.matches(TOKEN)) {
            throw new IllegalArgumentException("header " + name + ": expected a name that can be set");
        } else if (!value.matches("[ -~\t]*")) {
            throw new IllegalArgumentException("header " + name + ": expected a value of printable ASCII");
        }
        all.computeIfAbsent(name, any -> new ArrayList<>()).add(value);
    }
}
