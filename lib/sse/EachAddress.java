//SOURCES SseClient.java
//RUNTIME_OPTIONS -Djdk.httpclient.allowRestrictedHeaders=host
package lib.sse;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.UnaryOperator;

/**
 * Tries each address of an http server in turn, while java.net.http tries the first one only. A development server often
 * listens at one of the two addresses of {@code localhost}.
 *
 * <pre>{@code new SseClient("http://localhost:8080/events").around(new EachAddress())}</pre>
 *
 * <p>Names in URLs of https, and of servers behind a proxy, are left to java.net.http and to the proxy. A URL cannot hold
 * a name with an underscore: write {@code -} in its place, and the name into a header {@code Host}.
 */
public final class EachAddress implements UnaryOperator<SseClient.Sender> {
    private static final boolean CAN_SET_HOST = canSetHost();

    private final ProxySelector proxies;

    public EachAddress() {
        this(HttpClient.Builder.NO_PROXY);
    }

    /** @param proxies which servers are behind a proxy */
    public EachAddress(ProxySelector proxies) {
        this.proxies = proxies;
    }

    @Override
    public SseClient.Sender apply(SseClient.Sender next) {
        return (request, body) -> {
            try {
                return send(next, requests(request).iterator(), body);
            } catch (UnknownHostException | IllegalArgumentException notSent) {
                return CompletableFuture.failedFuture(notSent);
            }
        };
    }

    private static CompletableFuture<HttpResponse<Void>> send(SseClient.Sender next, Iterator<HttpRequest> requests,
            HttpResponse.BodyHandler<Void> body) {
        return next.send(requests.next(), body).exceptionallyCompose(failure -> {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            boolean isUnconnected = cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException;
            return isUnconnected && requests.hasNext() ? send(next, requests, body) : CompletableFuture.failedFuture(failure);
        });
    }

    private List<HttpRequest> requests(HttpRequest request) throws UnknownHostException {
        URI url = request.uri();
        // RFC 6874 writes "%25" between an address and its zone, Java "%".
        String host = url.getHost().replace("%25", "%");
        String named = request.headers().firstValue("Host").orElse("").replaceFirst(":[0-9]*$", "");
        boolean isUnderscored = named.contains("_") && named.replace('_', '-').equalsIgnoreCase(host);
        boolean isPlain = !isUnderscored && !host.contains("%") && !host.endsWith(".");
        if (!CAN_SET_HOST || url.getScheme().equals("https") || proxies.select(url).get(0).type() != Proxy.Type.DIRECT) {
            if (isUnderscored) {
                throw new IllegalArgumentException("Java sends a host name with an underscore neither over https nor to a proxy");
            }
            // TLS does not know the dot behind a full name.
            return List.of(isPlain || !CAN_SET_HOST ? request : at(host.replaceFirst("\\.$", ""), host, request));
        }
        InetAddress[] all = InetAddress.getAllByName(isUnderscored ? named : host);
        return all.length == 1 && isPlain ? List.of(request) : Arrays.stream(all).map(InetAddress::getHostAddress)
            .map(one -> at(one.contains(":") ? "[" + one + "]" : one, host, request)).toList();
    }

    /** Returns a request that is sent to this address or name, and bears the host in a header. */
    private static HttpRequest at(String address, String host, HttpRequest request) {
        URI url = request.uri();
        String port = url.getPort() < 0 ? "" : ":" + url.getPort();
        HttpRequest.Builder there = HttpRequest.newBuilder(request, (name, value) -> true).uri(URI.create(url.getScheme() + "://"
            + address + port + url.getRawPath() + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery())));
        if (request.headers().firstValue("Host").isEmpty()) {
            // A zone means something on this machine only.
            there.header("Host", host.replaceFirst("%[^]]*", "") + port);
        }
        return there.build();
    }

    /** java.net.http reads the property once: it can be too late where JBang has not set it. */
    private static boolean canSetHost() {
        try {
            System.getProperties().putIfAbsent("jdk.httpclient.allowRestrictedHeaders", "host");
            HttpRequest.newBuilder().header("Host", "");
            return true;
        } catch (IllegalArgumentException tooLate) {
            return false;
        }
    }
}
