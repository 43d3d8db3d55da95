package lib.sse;

import java.net.URI;
import java.net.http.HttpRequest;

/** Follows redirects as the Fetch standard does: what was set for one origin does not travel to another. */
final class Redirect {
    private Redirect() {}

    /**
     * Returns the request that follows a redirect.
     * @throws IllegalArgumentException if the location cannot be followed; the message repeats nothing of it
     */
    static HttpRequest follow(HttpRequest from, int status, String location) {
        URI to = resolve(from.uri(), location);
        if (from.uri().getScheme().equalsIgnoreCase("https") && to.getScheme().equalsIgnoreCase("http")) {
            throw new IllegalArgumentException("from https to http");
        }
        boolean becomesGet = status == 303 ? !from.method().matches("GET|HEAD")
            : status < 303 && from.method().equals("POST");
        boolean isSameOrigin = origin(from.uri()).equalsIgnoreCase(origin(to));
        HttpRequest.Builder next = HttpRequest.newBuilder(from, (name, value) ->
            isSameOrigin && !(becomesGet && name.matches("(?i)content-(encoding|language|location|type)"))).uri(to);
        return becomesGet ? next.GET().build() : next.build();
    }

    private static URI resolve(URI from, String location) {
        URI base = from.getRawPath().isEmpty() ? from.resolve("/") : from;
        // RFC 3986, 5.2.2; URI.resolve drops the last segment of the path in these two cases.
        String reference = location.startsWith("?") ? base.getRawPath() + location
            : location.matches("(#.*)?") ? base.toString() : location;
        try {
            String to = base.resolve(reference).toASCIIString().replaceFirst("#.*", "").replaceFirst("//[^/?]*@", "//");
            return HttpRequest.newBuilder(URI.create(to)).build().uri();
        } catch (IllegalArgumentException itsMessageRepeatsIt) {
            throw new IllegalArgumentException("its location is no http or https URL");
        }
    }

    /** Returns scheme, host and port; the rest of a URL may be secret. */
    static String origin(URI uri) {
        return uri.getScheme() + "://" + uri.getRawAuthority().replaceFirst(".*@", "") + "/\u2026";
    }
}
