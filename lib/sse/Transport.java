//SOURCES Exchange.java LateTls.java Reason.java SseClient.java SseRequest.java
package lib.sse;

import java.io.IOException;
import java.net.ConnectException;
import java.net.CookieManager;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** The HTTP client of one subscription: proxy, addresses, TLS and cookies. It is made by the thread that listens. */
final class Transport {
    private final Thread listener = Thread.currentThread();
    private final SseClient client;
    private final LateTls tls;
    private final CookieManager cookies = new CookieManager();
    private volatile HttpClient http;
    private volatile Proxy way = Proxy.NO_PROXY;

    Transport(SseClient client) {
        this.client = client;
        tls = new LateTls(client.tls);
        http = newHttpClient();
    }

    private HttpClient newHttpClient() {
        HttpClient.Builder builder = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .sslContext(tls.context())
            .sslParameters(tls.parameters())
            .proxy(new Way())
            .executor(this::execute);
        return client.connectTimeout.isZero() ? builder.build() : builder.connectTimeout(client.connectTimeout).build();
    }

    /** What was found for the request: the URL that java.net.http asks about may bear an address in place of the name. */
    private final class Way extends ProxySelector {
        @Override
        public List<Proxy> select(URI url) {
            return List.of(way);
        }

        @Override
        public void connectFailed(URI url, SocketAddress address, IOException failure) {
            // It is told like every other failure to connect.
        }
    }

    /**
     * Tasks run on the thread that submits them, so that there is no switch between socket and handler. The listening
     * thread's own tasks get a thread, so that it stays free to watch the time-outs.
     */
    private void execute(Runnable task) {
        if (Thread.currentThread() == listener) {
            Thread thread = new Thread(task, "sse-connect");
            thread.setDaemon(true);
            thread.start();
        } else {
            task.run();
        }
    }

    /**
     * Asks, at each of the server's addresses in turn until a connection comes about, and has the answer read.
     *
     * @return is done when the answer is read, or will not come any more
     * @throws IOException if a header file cannot be read, or holds something that is no header
     */
    CompletableFuture<HttpResponse<Void>> send(SseRequest request, Exchange exchange) throws IOException {
        way = client.proxy.way(request);
        String cookie = String.join("; ",
            cookies.get(request.uri(Optional.empty()), Map.of()).getOrDefault("Cookie", List.of()));
        Map<String, List<String>> headers = request.headers(Map.of("Last-Event-ID", client.progress.sendable(),
            "Cookie", cookie, "Authorization", client.digest.authorization(request),
            "Proxy-Authorization", client.proxy.authorization(request)));
        return CompletableFuture.supplyAsync(() -> addresses(request), this::execute)
            .thenCompose(addresses -> send(request, headers, addresses.iterator(), exchange));
    }

    /**
     * Where a request can be sent, in the system's order: java.net.http tries only the first address of a name. Empty
     * where it finds the way by itself.
     */
    private List<Optional<InetAddress>> addresses(SseRequest request) {
        if (way != Proxy.NO_PROXY || !SseRequest.CAN_SET_HOST) {
            return List.of(Optional.empty());
        }
        try {
            InetAddress[] all = InetAddress.getAllByName(request.host);
            // java.net.http takes no name with an underscore.
            boolean isPlain = all.length == 1 && request.uri(Optional.empty()).getHost() != null;
            return isPlain ? List.of(Optional.empty()) : Arrays.stream(all).map(Optional::of).toList();
        } catch (UnknownHostException unknown) {
            throw new CompletionException(unknown);
        }
    }

    private CompletableFuture<HttpResponse<Void>> send(SseRequest request, Map<String, List<String>> headers,
            Iterator<Optional<InetAddress>> addresses, Exchange exchange) {
        if (exchange.isLeft) {
            throw new CancellationException();
        }
        Optional<InetAddress> address = addresses.next();
        client.debug(request.method() + " " + request.url() + address.map(one -> " at " + one.getHostAddress()).orElse(""));
        if (request.scheme.equals("https") && tls.expect(address.isPresent() ? request.host : "")) {
            // A connection that is kept was verified for another name.
            shutDown();
            http = newHttpClient();
        }
        CompletableFuture<HttpResponse<Void>> sent = http.sendAsync(request.build(headers, address), head -> {
            keepCookies(request, head.headers());
            return exchange.apply(head);
        });
        exchange.isSentBy(sent);
        return sent.exceptionallyCompose(failure -> {
            if (!addresses.hasNext() || !isNotConnected(Reason.cause(failure))) {
                return CompletableFuture.failedFuture(failure);
            }
            client.debug(request + ": " + Reason.of(failure) + "; trying the next address");
            return send(request, headers, addresses, exchange);
        });
    }

    /** Whether another address may do better. */
    private static boolean isNotConnected(Throwable failure) {
        return failure instanceof ConnectException || failure instanceof HttpConnectTimeoutException
            || failure instanceof NoRouteToHostException
            || failure instanceof SocketException && String.valueOf(failure.getMessage()).contains("unreachable");
    }

    /** RFC 6265; what a server sets goes back to it as long as this client lives. */
    private void keepCookies(SseRequest request, HttpHeaders headers) {
        try {
            cookies.put(request.uri(Optional.empty()), headers.map());
        } catch (IOException | IllegalArgumentException notACookie) {
            return;
        }
    }

    /** Ends the client, but for what is still being handed over. */
    void close() {
        if (!client.watch.isHandingOver()) {
            shutDown();
        }
    }

    /**
     * Ends the client's thread, for which an exiting JVM would wait 0.3 s. {@code HttpClient.shutdownNow} does it too, but
     * only since JDK 21; this way is the same for all: a name with the client's number, as the client itself bears it.
     */
    private void shutDown() {
        String text = http.toString();
        String number = text.substring(text.lastIndexOf('(') + 1, text.length() - 1);
        Thread[] threads = new Thread[2 * Thread.activeCount() + 10];
        int count = Thread.enumerate(threads);
        for (Thread thread : Arrays.copyOf(threads, count)) {
            if (thread.getName().equals("HttpClient-" + number + "-SelectorManager")) {
                thread.interrupt();
            }
        }
    }
}
