//SOURCES SseClient.java
package lib.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Chooses the HTTP proxy of each request as curl does, and sends the proxy's credentials.
 * <pre>{@code
 * Proxies proxies = Proxies.of(System.getenv());
 * new SseClient("https://example.org/events").http(builder -> builder.proxy(proxies)).around(proxies)
 * }</pre>
 *
 * <p>A proxy of another kind, such as SOCKS, is a mistake only where a request would go through it.
 */
public final class Proxies extends ProxySelector implements UnaryOperator<SseClient.Sender> {
    /** Names a proxy among the variables that comes from none of them. */
    private static final String OPTION = "the proxy";
    private static final int USUAL_PORT = 1080;
    private static final Pattern PROXY = Pattern.compile("(?i:http://)?(?:(?<user>(?:[^/?#%]|%[0-9A-Fa-f]{2})*)@)?"
        + "(?<host>\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._~-]+)(?::(?<port>[1-9][0-9]{0,4}))?(?:/.*)?");
    private static final Pattern ADDRESS = Pattern.compile("[0-9]+(\\.[0-9]+){3}|[0-9a-f:.]*:[0-9a-f:.]*");
    private static final Pattern NETWORK = Pattern.compile("(?<address>" + ADDRESS + ")(/(?<bits>[0-9]{1,3}))?");

    static {
        // java.net.http reads this when it is first used: Basic credentials may be shown to the proxy of an https URL.
        System.getProperties().putIfAbsent("jdk.http.auth.tunneling.disabledSchemes", "");
    }

    private final Map<String, String> variables;
    /** Names the hosts that are reached without a proxy. */
    private final String direct;

    private Proxies(Map<String, String> variables, Map<String, String> environment) {
        this.variables = variables;
        direct = first(environment, "no_proxy", "NO_PROXY").map(environment::get).orElse("").toLowerCase(Locale.ROOT).strip();
    }

    /** Returns what {@code http_proxy}, {@code https_proxy}, {@code all_proxy} and {@code no_proxy} say. */
    public static Proxies of(Map<String, String> environment) { return new Proxies(environment, environment); }

    /**
     * Returns one proxy for everything but what {@code no_proxy} names.
     *
     * @param proxy {@code [http://][USER:PASSWORD@]HOST[:PORT]}, or "" for none
     */
    public static Proxies of(String proxy, Map<String, String> environment) {
        return new Proxies(Map.of(OPTION, proxy), environment);
    }

    private static Optional<String> first(Map<String, String> environment, String... names) {
        return Stream.of(names).filter(name -> !environment.getOrDefault(name, "").isEmpty()).findFirst();
    }

    /** Returns the parts of the proxy for a URL. */
    private Optional<Matcher> proxyFor(URI url) {
        // HTTP_PROXY is what a CGI program is given for a request header "Proxy:", so curl does not read it.
        Optional<String> setting = url.getScheme().equalsIgnoreCase("https")
            ? first(variables, OPTION, "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
            : first(variables, OPTION, "http_proxy", "all_proxy", "ALL_PROXY");
        return setting.filter(any -> !isDirect(bare(url.getHost().toLowerCase(Locale.ROOT)))).map(name -> {
            Matcher parts = PROXY.matcher(variables.get(name));
            if (!parts.matches() || port(parts) > 65535) {
                throw new IllegalArgumentException(name + ": expected [http://][USER:PASS@]HOST[:PORT], an HTTP proxy");
            }
            return parts;
        });
    }

    private static int port(Matcher parts) {
        return parts.group("port") == null ? USUAL_PORT : Integer.parseInt(parts.group("port"));
    }

    /**
     * Returns the proxy for a URL as messages tell it, {@code proxy HOST:PORT} without credentials; empty for none.
     * @throws IllegalArgumentException if it is no HTTP proxy; the message does not repeat it
     */
    public Optional<String> name(URI url) {
        return proxyFor(url).map(parts -> "proxy " + bare(parts.group("host")) + ":" + port(parts));
    }

    /** @throws IllegalArgumentException as for {@link #name} */
    @Override
    public List<Proxy> select(URI url) {
        return List.of(proxyFor(url).map(parts -> InetSocketAddress.createUnresolved(bare(parts.group("host")), port(parts)))
            .map(address -> new Proxy(Proxy.Type.HTTP, address)).orElse(Proxy.NO_PROXY));
    }

    @Override
    public void connectFailed(URI url, SocketAddress proxy, IOException failure) {}

    /** Sends the credentials of the proxy along, and fails with an IllegalArgumentException where it wants other ones. */
    @Override
    public SseClient.Sender apply(SseClient.Sender next) {
        return (request, body) -> proxyFor(request.uri()).map(proxy -> next.send(withCredentials(proxy, request), body)
            .thenApply(this::accepted)).orElseGet(() -> next.send(request, body));
    }

    /** Sees the answer to CONNECT, which comes to no body handler. */
    private HttpResponse<Void> accepted(HttpResponse<Void> response) {
        if (response.statusCode() == 407) {
            throw new IllegalArgumentException("HTTP status 407, the " + name(response.request().uri()).orElse("proxy")
                + " wants credentials, or other ones");
        }
        return response;
    }

    private static HttpRequest withCredentials(Matcher proxy, HttpRequest request) {
        String user = proxy.group("user");
        if (user == null || user.isEmpty() || request.headers().firstValue("Proxy-Authorization").isPresent()) {
            return request;
        }
        String whole = (user.contains(":") ? user : user + ":").replace("+", "%2B");
        String coded = Base64.getEncoder().encodeToString(URLDecoder.decode(whole, UTF_8).getBytes(UTF_8));
        return HttpRequest.newBuilder(request, (name, value) -> true).header("Proxy-Authorization", "Basic " + coded).build();
    }

    /** Returns a host without brackets, zone, and the dot behind a full name. */
    private static String bare(String host) { return host.replaceAll("[\\[\\]]|%.*|\\.$", ""); }

    private boolean isDirect(String host) {
        return direct.equals("*")
            || Stream.of(direct.split("[,\\s]+")).anyMatch(name -> !name.isEmpty() && covers(name, host));
    }

    /**
     * Returns whether a name in {@code no_proxy} covers a host: {@code example.org}, {@code .example.org} and
     * {@code example.org.} that host and all below it, {@code 10.0.0.0/8} all addresses that begin so.
     */
    private static boolean covers(String name, String host) {
        String bareName = bare(name).replaceFirst("^\\.", "");
        Matcher network = NETWORK.matcher(bareName);
        if (!ADDRESS.matcher(host).matches()) {
            return host.equals(bareName) || host.endsWith("." + bareName);
        } else if (!network.matches()) {
            return false;
        }
        try {
            byte[] first = InetAddress.getByName(network.group("address")).getAddress();
            byte[] one = InetAddress.getByName(host).getAddress();
            int rest = network.group("bits") == null ? 0 : 8 * first.length - Integer.parseInt(network.group("bits"));
            return first.length == one.length && rest >= new BigInteger(1, first).xor(new BigInteger(1, one)).bitLength();
        } catch (UnknownHostException notAnAddress) {
            return false;
        }
    }
}
