//SOURCES SseClient.java
package lib.sse;

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
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Chooses the HTTP proxy of each request as curl does, and sends the proxy's credentials.
 *
 * <pre>{@code
 * Proxies proxies = Proxies.of(System.getenv());
 * new SseClient("https://example.org/events").http(builder -> builder.proxy(proxies)).around(proxies)
 * }</pre>
 *
 * <p>A proxy of another kind, such as SOCKS, is a mistake only where a request would go through it.
 */
public final class Proxies extends ProxySelector implements UnaryOperator<SseClient.Sender> {
    private static final int USUAL_PORT = 1080;
    private static final int WANTS_CREDENTIALS = 407;
    private static final Pattern PROXY = Pattern.compile("(?i:http://)?(?:(?<user>(?:[^/?#%]|%[0-9A-Fa-f]{2})*)@)?"
        + "(?<host>\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._~-]+)(?::(?<port>[1-9][0-9]{0,4}))?(?:/.*)?");
    private static final Pattern ADDRESS = Pattern.compile("[0-9]+(\\.[0-9]+){3}|[0-9a-f:.]*:[0-9a-f:.]*");
    private static final Pattern NETWORK = Pattern.compile("(?<address>" + ADDRESS + ")(/(?<bits>[0-9]{1,3}))?");

    static {
        // java.net.http reads this when it is first used: Basic credentials may be shown to the proxy of an https URL.
        System.getProperties().putIfAbsent("jdk.http.auth.tunneling.disabledSchemes", "");
    }

    /** What a variable of the environment, or an option, says. */
    private record Setting(String name, String text) {
        private Matcher parts() {
            Matcher parts = PROXY.matcher(text);
            if (!parts.matches() || parts.group("port") != null && Integer.parseInt(parts.group("port")) > 65535) {
                throw new IllegalArgumentException(name + ": expected [http://][USER:PASS@]HOST[:PORT], an HTTP proxy");
            }
            return parts;
        }

        InetSocketAddress address() {
            String port = parts().group("port");
            return InetSocketAddress.createUnresolved(bare(parts().group("host")), port == null ? USUAL_PORT : Integer.parseInt(port));
        }

        String authorization() {
            String coded = parts().group("user") == null ? "" : parts().group("user").replace("+", "%2B");
            String user = URLDecoder.decode(coded.contains(":") ? coded : coded + ":", StandardCharsets.UTF_8);
            return user.equals(":") ? "" : "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
        }
    }

    private final Optional<Setting> forHttp;
    private final Optional<Setting> forHttps;
    private final List<String> direct;

    private Proxies(Optional<Setting> forHttp, Optional<Setting> forHttps, Map<String, String> environment) {
        this.forHttp = forHttp;
        this.forHttps = forHttps;
        String names = environment.getOrDefault("no_proxy", "");
        direct = Arrays.stream((names.isEmpty() ? environment.getOrDefault("NO_PROXY", "") : names).split("[,\\s]+"))
            .filter(name -> !name.isEmpty()).map(name -> name.toLowerCase(Locale.ROOT)).toList();
    }

    /**
     * Returns one proxy for everything but what {@code no_proxy} names.
     *
     * @param proxy {@code [http://][USER:PASSWORD@]HOST[:PORT]}, or "" for none
     */
    public static Proxies of(String proxy, Map<String, String> environment) {
        Optional<Setting> one = Optional.of(new Setting("proxy", proxy)).filter(any -> !proxy.isEmpty());
        return new Proxies(one, one, environment);
    }

    /** Returns what {@code http_proxy}, {@code https_proxy}, {@code all_proxy} and {@code no_proxy} say. */
    public static Proxies of(Map<String, String> environment) {
        // HTTP_PROXY is what a CGI program is given for a request header "Proxy:", so curl does not read it.
        return new Proxies(first(environment, "http_proxy", "all_proxy", "ALL_PROXY"),
            first(environment, "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), environment);
    }

    private static Optional<Setting> first(Map<String, String> environment, String... names) {
        return Arrays.stream(names).filter(name -> !environment.getOrDefault(name, "").isEmpty()).findFirst()
            .map(name -> new Setting(name, environment.get(name)));
    }

    private Optional<Setting> proxyFor(URI url) {
        String host = bare(url.getHost().toLowerCase(Locale.ROOT));
        boolean isDirect = direct.equals(List.of("*")) || direct.stream().anyMatch(name -> covers(name, host));
        return (url.getScheme().equalsIgnoreCase("https") ? forHttps : forHttp).filter(any -> !isDirect);
    }

    /**
     * Returns the proxy for a URL as messages tell it: {@code proxy HOST:PORT}, without credentials; empty for none.
     *
     * @throws IllegalArgumentException if it is no HTTP proxy; the message does not repeat it
     */
    public Optional<String> name(URI url) {
        return proxyFor(url).map(Setting::address).map(proxy -> "proxy " + proxy.getHostString() + ":" + proxy.getPort());
    }

    /** @throws IllegalArgumentException as for {@link #name} */
    @Override
    public List<Proxy> select(URI url) {
        return List.of(proxyFor(url).map(proxy -> new Proxy(Proxy.Type.HTTP, proxy.address())).orElse(Proxy.NO_PROXY));
    }

    @Override
    public void connectFailed(URI url, SocketAddress proxy, IOException failure) {}

    /** Sends the credentials of the proxy along, and fails with an IllegalArgumentException where it wants other ones. */
    @Override
    public SseClient.Sender apply(SseClient.Sender next) {
        return (request, body) -> {
            try {
                Optional<String> authorization = proxyFor(request.uri()).map(Setting::authorization);
                return authorization.isEmpty() ? next.send(request, body)
                    : next.send(with(authorization.get(), request), head -> head.statusCode() == WANTS_CREDENTIALS
                        ? HttpResponse.BodySubscribers.discarding() : body.apply(head)).thenApply(this::requireCredentials);
            } catch (IllegalArgumentException notHttp) {
                return CompletableFuture.failedFuture(notHttp);
            }
        };
    }

    /** What a proxy answers to CONNECT does not come to a body handler. */
    private HttpResponse<Void> requireCredentials(HttpResponse<Void> response) {
        if (response.statusCode() == WANTS_CREDENTIALS) {
            throw new IllegalArgumentException("HTTP status 407, the " + name(response.request().uri()).orElse("proxy")
                + " wants credentials, or other ones");
        }
        return response;
    }

    private static HttpRequest with(String authorization, HttpRequest request) {
        return authorization.isEmpty() || request.headers().firstValue("Proxy-Authorization").isPresent() ? request
            : HttpRequest.newBuilder(request, (name, value) -> true).header("Proxy-Authorization", authorization).build();
    }

    /** Returns a host without brackets, zone, and the dot behind a full name. */
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
}
