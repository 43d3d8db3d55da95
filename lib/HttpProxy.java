package lib;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Which HTTP proxy a connection goes through, if any, by the rules of curl. */
public final class HttpProxy extends ProxySelector {
    private static final int USUAL_PORT = 1080;

    private final URI forHttp;
    private final URI forHttps;
    private final List<String> direct;

    private HttpProxy(URI forHttp, URI forHttps, List<String> direct) {
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
        URI proxy = parse("proxy", text);
        return new HttpProxy(proxy, proxy, direct(environment));
    }

    /** What {@code http_proxy}, {@code https_proxy}, {@code all_proxy} and {@code no_proxy} say. */
    public static HttpProxy of(Map<String, String> environment) {
        String all = either(environment, "all_proxy").orElse("");
        // HTTP_PROXY is what a CGI program is given for a request header "Proxy:", so curl does not read it.
        String http = environment.getOrDefault("http_proxy", all);
        String https = either(environment, "https_proxy").orElse(all);
        return new HttpProxy(parse("http_proxy", http), parse("https_proxy", https), direct(environment));
    }

    private static Optional<String> either(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.getOrDefault(name, environment.get(name.toUpperCase(Locale.ROOT))));
    }

    private static List<String> direct(Map<String, String> environment) {
        return Arrays.stream(either(environment, "no_proxy").orElse("").split("[,\\s]+"))
            .filter(name -> !name.isEmpty()).map(name -> name.toLowerCase(Locale.ROOT)).toList();
    }

    private static URI parse(String what, String text) {
        if (text.isEmpty()) {
            return null;
        }
        try {
            URI proxy = URI.create(text.contains("://") ? text : "http://" + text);
            if (proxy.getHost() != null && proxy.getScheme().equalsIgnoreCase("http") && proxy.getPort() <= 65535) {
                return proxy;
            }
        } catch (IllegalArgumentException notAUrl) {
            throw new IllegalArgumentException(what + ": " + EXPECTED, notAUrl);
        }
        throw new IllegalArgumentException(what + ": " + EXPECTED);
    }

    private static final String EXPECTED = "expected [http://][USER:PASS@]HOST[:PORT], an HTTP proxy";

    /** The proxy for a URL. */
    private Optional<URI> proxyFor(URI url) {
        String host = url.getHost().toLowerCase(Locale.ROOT);
        URI proxy = url.getScheme().equalsIgnoreCase("https") ? forHttps : forHttp;
        return Optional.ofNullable(proxy).filter(any -> direct.stream().noneMatch(name -> covers(name, host)));
    }

    /** {@code example.org} and {@code .example.org} cover that host and all below it, {@code *} covers all. */
    private static boolean covers(String name, String host) {
        String bare = name.startsWith(".") ? name.substring(1) : name;
        String bareHost = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        return name.equals("*") || bareHost.equals(bare) || host.equals(bare) || host.endsWith("." + bare);
    }

    /** The value of {@code Proxy-Authorization} for a URL, if its proxy has credentials. */
    Optional<String> authorization(URI url) {
        return proxyFor(url).map(URI::getRawUserInfo).map(credentials -> "Basic " + Base64.getEncoder().encodeToString(
            URLDecoder.decode(credentials.replace("+", "%2B"), StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8)));
    }

    /** Whether some proxy has credentials. */
    boolean hasCredentials() {
        return forHttp != null && forHttp.getRawUserInfo() != null
            || forHttps != null && forHttps.getRawUserInfo() != null;
    }

    @Override
    public List<Proxy> select(URI url) {
        return List.of(proxyFor(url).map(proxy -> new Proxy(Proxy.Type.HTTP, new InetSocketAddress(
            proxy.getHost(), proxy.getPort() < 0 ? USUAL_PORT : proxy.getPort()))).orElse(Proxy.NO_PROXY));
    }

    @Override
    public void connectFailed(URI url, SocketAddress proxy, IOException failure) {
        // The client tells of it, like of every other failure to connect.
    }
}
