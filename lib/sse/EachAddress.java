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
 * <pre>{@code new SseClient(new SseRequest("http://localhost:8080/events")).around(new EachAddress())}</pre>
 *
 * <p>Names in URLs of https, and of servers behind a proxy, are left to java.net.http and to the proxy. A URL cannot hold
 * a name with an underscore: write {@code -} in its place, and the name into a header {@code Host}.
 */
public final class EachAddress implements UnaryOperator<SseClient.Sender> {
    static {
        // java.net.http reads it when it is first used.
        System.getProperties().putIfAbsent("jdk.httpclient.allowRestrictedHeaders", "host");
    }

    private final ProxySelector proxies;

    public EachAddress() { this(HttpClient.Builder.NO_PROXY); }

    /** @param proxies tells which servers are behind a proxy */
    public EachAddress(ProxySelector proxies) { this.proxies = proxies; }

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
        if (url.getScheme().equals("https") || proxies.select(url).get(0).type() != Proxy.Type.DIRECT) {
            if (isUnderscored) {
                throw new IllegalArgumentException("Java sends no host name with an underscore over https or to a proxy");
            }
            // TLS does not know the dot behind a full name.
            return List.of(isPlain ? request : at(host.replaceFirst("\\.$", ""), host, request));
        }
        InetAddress[] all = InetAddress.getAllByName(isUnderscored ? named : host);
        return all.length == 1 && isPlain ? List.of(request) : Arrays.stream(all).map(InetAddress::getHostAddress)
            .map(one -> at(one.contains(":") ? "[" + one + "]" : one, host, request)).toList();
    }

    /** Returns a request to this address or name, with the host in a header; the request itself if none can be set. */
    private static HttpRequest at(String address, String host, HttpRequest request) {
        String port = request.uri().getPort() < 0 ? "" : ":" + request.uri().getPort();
        URI url = URI.create(request.uri().toString().replaceFirst("(?<=//)[^/?]*", address + port));
        HttpRequest.Builder there = HttpRequest.newBuilder(request, (name, value) -> true).uri(url);
        try {
            // A zone means something on this machine only.
            String named = request.headers().firstValue("Host").orElse(host.replaceFirst("%[^]]*", "") + port);
            return there.setHeader("Host", named).build();
        } catch (IllegalArgumentException somethingElseHasUsedItBefore) {
            return request;
        }
    }
}
