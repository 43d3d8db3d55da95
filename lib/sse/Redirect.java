//SOURCES SseRequest.java
package lib.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a redirect makes of a request: the Fetch standard's "HTTP-redirect fetch". */
final class Redirect {
    /** RFC 3986, appendix B. */
    private static final Pattern REFERENCE = Pattern.compile(
        "(?<scheme>[A-Za-z][A-Za-z0-9+.-]*:)?(?<authority>//[^/?#]*)?(?<path>[^?#]*)(?<query>(\\?[^#]*)?)(#.*)?");

    /** "Request-body-header names" of the Fetch standard. */
    private static final List<String> ABOUT_THE_BODY =
        List.of("Content-Encoding", "Content-Language", "Content-Location", "Content-Type");

    private static final List<String> NOT_SENT = List.of("");

    private Redirect() {}

    /**
     * The request to follow with. What the user set for one origin does not travel to another, and does not come back
     * from there either.
     *
     * @throws IllegalArgumentException if the location cannot be followed; the message does not tell its path
     */
    static SseRequest follow(SseRequest from, int status, String location) {
        SseRequest next = new SseRequest(resolve(from, location));
        if (from.scheme.equals("https") && !next.scheme.equals("https")) {
            throw new IllegalArgumentException("from https to http, " + next);
        }
        boolean sameOrigin = next.hasOriginOf(from);
        if (sameOrigin) {
            next.headers.putAll(from.headers);
            next.headerFiles.addAll(from.headerFiles);
        }
        next.credentials = sameOrigin ? from.credentials : "";
        next.userAgent = from.userAgent;
        boolean becomesGet = status == 303 && !from.method().equals("GET") && !from.method().equals("HEAD")
            || (status == 301 || status == 302) && from.method().equals("POST");
        next.method = becomesGet ? "GET" : from.method();
        next.body = becomesGet ? null : from.body;
        if (becomesGet) {
            ABOUT_THE_BODY.forEach(name -> next.headers.put(name, NOT_SENT));
        } else if (!sameOrigin && (from.headers.containsKey("Content-Type") || !from.headerFiles.isEmpty())) {
            // It may have a type of its own, which does not travel.
            next.headers.put("Content-Type", NOT_SENT);
        }
        return next;
    }

    /** Whether something that the user set for the server is not sent any more. */
    static boolean leavesHeadersBehind(SseRequest from, SseRequest next) {
        boolean had = !from.headers.isEmpty() || !from.headerFiles.isEmpty() || !from.credentials.isEmpty();
        return had && !next.hasOriginOf(from);
    }

    /** RFC 3986, 5.2.2; {@link java.net.URI#resolve} follows the one before it. */
    private static String resolve(SseRequest from, String location) {
        // java.net.http makes each byte of a header a character.
        Matcher reference = REFERENCE.matcher(new String(location.getBytes(ISO_8859_1), UTF_8));
        if (!reference.matches()) {
            throw new IllegalArgumentException("location is not a URL");
        }
        String scheme = reference.group("scheme") == null ? from.scheme + ":" : reference.group("scheme");
        String path = reference.group("path");
        String query = reference.group("query");
        if (reference.group("authority") != null) {
            return scheme + reference.group("authority") + withoutDots(path) + query;
        } else if (reference.group("scheme") != null) {
            throw new IllegalArgumentException("location is no http or https URL");
        }
        query = path.isEmpty() && query.isEmpty() ? from.query : query;
        path = path.isEmpty() ? from.path : path.startsWith("/") ? path
            : from.path.substring(0, from.path.lastIndexOf('/') + 1) + path;
        return scheme + "//" + from.authority() + withoutDots(path) + query;
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
}
