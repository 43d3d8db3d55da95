//SOURCES HttpUrl.java SseRequest.java
package lib.sse;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which HTTP proxy a connection goes through, if any, by the rules of curl. */
public final class HttpProxy {
    private static final int USUAL_PORT = 1080;
    private static final String EXPECTED = "expected [http://][USER:PASS@]HOST[:PORT], an HTTP proxy";
    private static final Pattern ADDRESS = Pattern.compile("[0-9]+(\\.[0-9]+){3}|[0-9a-f:.]*:[0-9a-f:.]*");
    private static final Pattern NETWORK = Pattern.compile("(?<address>" + ADDRESS + ")(/(?<bits>[0-9]{1,3}))?");

    private final HttpUrl forHttp;
    private final HttpUrl forHttps;
    private final List<String> direct;

    private HttpProxy(HttpUrl forHttp, HttpUrl forHttps, List<String> direct) {
        this.forHttp = forHttp;
        this.forHttps = forHttps;
        this.direct = direct;
    }

    /**
     * One proxy for everything, or with an empty text none for anything.
     *
     * @param text        {@code [http://][USER:PASSWORD@]HOST[:PORT]}
     * @param environment where {@code no_proxy} may stand
     * @throws IllegalArgumentException if it is something else; the message does not tell it
     */
    public static HttpProxy of(String text, Map<String, String> environment) {
        HttpUrl proxy = text.isEmpty() ? null : parse("proxy", text);
        return new HttpProxy(proxy, proxy, direct(environment));
    }

    /** What {@code http_proxy}, {@code https_proxy}, {@code all_proxy} and {@code no_proxy} say. */
    public static HttpProxy of(Map<String, String> environment) {
        // HTTP_PROXY is what a CGI program is given for a request header "Proxy:", so curl does not read it.
        return new HttpProxy(first(environment, "http_proxy", "all_proxy", "ALL_PROXY"),
            first(environment, "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), direct(environment));
    }

    private static HttpUrl first(Map<String, String> environment, String... names) {
        return Arrays.stream(names).filter(name -> !environment.getOrDefault(name, "").isEmpty()).findFirst()
            .map(name -> parse(name, environment.get(name))).orElse(null);
    }

    private static List<String> direct(Map<String, String> environment) {
        String names = environment.getOrDefault("no_proxy", "");
        return Arrays.stream((names.isEmpty() ? environment.getOrDefault("NO_PROXY", "") : names).split("[,\\s]+"))
            .filter(name -> !name.isEmpty()).map(name -> name.toLowerCase(Locale.ROOT)).toList();
    }

    private static HttpUrl parse(String what, String text) {
        try {
            HttpUrl proxy = HttpUrl.parse(text);
            if (proxy.scheme().equals("http")) {
                return proxy;
            }
        } catch (IllegalArgumentException notAUrl) {
            // Said below; the exception would speak of a URL.
        }
        throw new IllegalArgumentException(what + ": " + EXPECTED);
    }

    private Optional<HttpUrl> proxyFor(SseRequest request) {
        String host = bare(request.url.host().toLowerCase(Locale.ROOT));
        HttpUrl proxy = request.url.scheme().equals("https") ? forHttps : forHttp;
        return Optional.ofNullable(proxy)
            .filter(any -> !direct.equals(List.of("*")) && direct.stream().noneMatch(name -> covers(name, host)));
    }

    /** Without brackets, a zone, or the dot behind a full name. */
    private static String bare(String host) {
        return host.replaceAll("[\\[\\]]|%.*|\\.$", "");
    }

    /**
     * {@code example.org}, {@code .example.org} and {@code example.org.} cover that host and all below it;
     * an address covers itself, {@code 10.0.0.0/8} and {@code fd00::/8} all that begin so.
     */
    private static boolean covers(String name, String host) {
        String bareName = bare(name).replaceFirst("^\\.", "");
        return ADDRESS.matcher(host).matches() ? coversAddress(bareName, host)
            : host.equals(bareName) || host.endsWith("." + bareName);
    }

    private static boolean coversAddress(String name, String host) {
        Matcher network = NETWORK.matcher(name);
        try {
            if (network.matches()) {
                byte[] first = InetAddress.getByName(network.group("address")).getAddress();
                byte[] one = InetAddress.getByName(host).getAddress();
                int bits = network.group("bits") == null ? 8 * first.length : Integer.parseInt(network.group("bits"));
                return first.length == one.length && bits <= 8 * first.length
                    && beginning(first, bits).equals(beginning(one, bits));
            }
        } catch (UnknownHostException notAnAddress) {
            // Nor does it cover one.
        }
        return false;
    }

    private static BigInteger beginning(byte[] address, int bits) {
        return new BigInteger(1, address).shiftRight(8 * address.length - bits);
    }

    /** The value of {@code Proxy-Authorization} for a request; "" if it has no proxy with credentials. */
    String authorization(SseRequest request) {
        return proxyFor(request).map(HttpUrl::credentials).map(SseRequest::basic).orElse("");
    }

    /** The proxy for a request as messages tell it, without credentials. */
    Optional<String> name(SseRequest request) {
        return proxyFor(request).map(proxy -> "proxy " + proxy.host() + ":" + port(proxy));
    }

    /** Where a request is sent in place of its own server; it is looked up where a connection begins. */
    Optional<InetSocketAddress> address(SseRequest request) {
        return proxyFor(request).map(proxy -> InetSocketAddress.createUnresolved(bare(proxy.host()), port(proxy)));
    }

    private static int port(HttpUrl proxy) {
        return proxy.port() < 0 ? USUAL_PORT : proxy.port();
    }
}
