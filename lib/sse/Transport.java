//SOURCES Exchange.java PeerTls.java Reason.java SseClient.java SseRequest.java
package lib.sse;

import java.io.IOException;
import java.net.ConnectException;
import java.net.CookieManager;
import java.net.HttpCookie;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** How requests get to their servers: by which proxy, at which address, with what TLS and cookies. */
final class Transport {
    /** Plain http needs none, and to make one takes as long as the rest of a start. */
    private static final SSLContext NO_TLS = new SSLContext(null, null, "none") {};

    private final SseClient client;
    private final CookieManager cookies = new CookieManager();
    private SSLContext tls;

    Transport(SseClient client) {
        this.client = client;
    }

    /**
     * Asks, by each of the ways in turn until a connection comes about, and has the answer read.
     *
     * @return is done when the answer is read, or will not come any more
     * @throws IOException if a header file cannot be read, or holds something that is no header
     */
    CompletableFuture<HttpResponse<Void>> send(SseRequest request, Exchange exchange) throws IOException {
        List<String> cookie = cookies.get(URI.create(request.url()), Map.of()).getOrDefault("Cookie", List.of());
        Map<String, List<String>> headers = request.headers(Map.of("Last-Event-ID", client.progress.sendable(),
            "Cookie", String.join("; ", cookie), "Authorization", client.digest.authorization(request),
            "Proxy-Authorization", client.proxy.authorization(request)));
        exchange.secrets.add(request, headers);
        return CompletableFuture.supplyAsync(() -> send(request, headers, ways(request).iterator(), exchange),
            Transport::start).thenCompose(sent -> sent);
    }

    /** On a thread of its own, so that the listening thread stays free to watch the time. */
    private static void start(Runnable task) {
        Thread thread = new Thread(task, "sse-connect");
        thread.setDaemon(true);
        thread.start();
    }

    /** @param server at which address to ask it; empty where java.net.http, or the proxy, looks it up */
    private record Way(Optional<InetSocketAddress> proxy, Optional<InetAddress> server) {}

    /** One for each address of the server, or of the proxy: java.net.http tries only the first address of a name. */
    private List<Way> ways(SseRequest request) {
        Optional<InetSocketAddress> proxy = client.proxy.address(request);
        boolean isByName = proxy.isPresent() || !SseRequest.CAN_SET_HOST;
        String host = request.url.host();
        // With an underscore, for example.
        boolean isOdd = URI.create(request.url()).getHost() == null;
        if (isByName && isOdd) {
            throw new IllegalArgumentException("Java cannot send a host name like this one");
        }
        try {
            InetAddress[] all = InetAddress.getAllByName(proxy.map(InetSocketAddress::getHostString).orElse(host));
            boolean isLeftToJava = isByName || all.length == 1 && !isOdd && !host.endsWith(".");
            return Arrays.stream(all).map(one -> new Way(proxy.map(any -> new InetSocketAddress(one, any.getPort())),
                isLeftToJava ? Optional.empty() : Optional.of(one))).distinct().toList();
        } catch (UnknownHostException unknown) {
            throw new CompletionException(unknown);
        }
    }

    private CompletableFuture<HttpResponse<Void>> send(SseRequest request, Map<String, List<String>> headers,
            Iterator<Way> ways, Exchange exchange) {
        if (exchange.isLeft) {
            throw new CancellationException();
        }
        Way way = ways.next();
        client.debug.accept(request.method() + " " + request.url() + way.server.map(one -> " at " + one).orElse(""));
        HttpClient http = httpClient(request, way);
        // The whole answer may be handed over before sendAsync returns.
        exchange.begins(http);
        CompletableFuture<HttpResponse<Void>> sent = http.sendAsync(request.build(headers, way.server), head -> {
            keepCookies(request, head.headers());
            return exchange.begin(head);
        });
        exchange.isSent(sent);
        return sent.exceptionallyComposeAsync(failure -> {
            Throwable cause = Reason.cause(failure);
            boolean isConnected = !(cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException);
            if (isConnected || !ways.hasNext()) {
                return CompletableFuture.failedFuture(failure);
            }
            client.debug.accept(request + ": " + Reason.of(failure) + "; trying the next address");
            end(http, Optional.of(sent));
            return send(request, headers, ways, exchange);
        }, Transport::start);
    }

    /**
     * A client for one request: to end it is to end all that belongs to the request, whatever it waits for. Its tasks
     * run on the thread that reads, so that there is no switch between socket and handler.
     */
    private HttpClient httpClient(SseRequest request, Way way) {
        boolean isNamed = way.server.isPresent() && request.url.scheme().equals("https");
        SSLContext context = request.url.scheme().equals("https") ? tls() : NO_TLS;
        HttpClient.Builder builder = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .sslContext(isNamed ? PeerTls.of(context, request.url.tlsName()) : context)
            .sslParameters(isNamed ? PeerTls.parameters(request.url.tlsName()) : new SSLParameters())
            .proxy(way.proxy.map(ProxySelector::of).orElse(HttpClient.Builder.NO_PROXY))
            .executor(Runnable::run);
        // Silence means that there is a connection.
        Stream.of(client.connectTimeout, client.idleTimeout).filter(time -> !time.isZero()).min(Comparator.naturalOrder())
            .ifPresent(builder::connectTimeout);
        return builder.build();
    }

    private synchronized SSLContext tls() {
        if (tls == null) {
            tls = client.tls.get();
        }
        return tls;
    }

    /** RFC 6265; what a server sets goes back to it as long as this client lives. */
    private void keepCookies(SseRequest request, HttpHeaders headers) {
        for (String set : headers.allValues("Set-Cookie")) {
            try {
                // Where there is an "expires=" the JDK does not take it for a cookie of RFC 2965.
                String cookie = set + "; not-expires=";
                // What is none would be in the JDK's log, with the whole URL.
                HttpCookie.parse(cookie);
                cookies.put(URI.create(request.url()), Map.of("Set-Cookie", List.of(cookie)));
            } catch (IOException | IllegalArgumentException notACookie) {
                continue;
            }
        }
    }

    /**
     * Ends a request, and its client with all connections and its thread, for which an exiting JVM would wait 0.3 s.
     * {@code shutdownNow} does it too, but only since JDK 21. The thread bears the client's number in its name, as the
     * client itself does.
     */
    static void end(HttpClient http, Optional<Future<?>> sent) {
        // First, for java.net.http asks once more by itself where a connection ends before the answer.
        sent.ifPresent(request -> request.cancel(true));
        String name = http.toString().replaceFirst(".*\\((\\d+)\\)", "HttpClient-$1-SelectorManager");
        Thread[] threads = new Thread[2 * Thread.activeCount() + 10];
        Thread.enumerate(threads);
        Arrays.stream(threads).filter(thread -> thread != null && thread.getName().equals(name)).forEach(Thread::interrupt);
    }
}
