//SOURCES HttpProxy.java LateTls.java SseRequest.java SseStream.java
package lib.sse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.CookieManager;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * The HTTP client of one subscription: proxy, addresses, TLS and cookies. It is made by the thread that listens, which
 * sends one request after the other.
 */
final class Transport {
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[.*\\]");

    private final Thread listener = Thread.currentThread();
    private final HttpProxy proxy;
    private final LateTls tls;
    private final Duration connectTimeout;
    private HttpClient http;
    /** Whose certificate an address of an https URL has to show; "" where the URL bears the name. */
    private String peer = "";
    private volatile Proxy way = Proxy.NO_PROXY;
    /** Made when the first cookie comes. */
    private CookieManager cookies;

    /** @param connectTimeout zero for what the system does */
    Transport(HttpProxy proxy, Supplier<SSLContext> tls, Duration connectTimeout) {
        this.proxy = proxy;
        this.tls = new LateTls(tls);
        this.connectTimeout = connectTimeout;
        http = newHttpClient();
    }

    private HttpClient newHttpClient() {
        HttpClient.Builder builder = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .sslContext(tls.context())
            .sslParameters(sslParameters())
            .proxy(new Way())
            .executor(this::execute);
        if (!connectTimeout.isZero()) {
            builder.connectTimeout(connectTimeout);
        }
        return builder.build();
    }

    /** With the name for SNI, which java.net.http takes from the URL, and since JDK 25 not from anywhere else. */
    private SSLParameters sslParameters() {
        SSLParameters parameters = new SSLParameters();
        try {
            if (!peer.isEmpty()) {
                parameters.setServerNames(List.of(new SNIHostName(peer)));
            }
        } catch (IllegalArgumentException noNameOfTheInternet) {
            return parameters;
        }
        return parameters;
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
     * Where a request can be sent, in the system's order: java.net.http tries only the first address of a name. Empty
     * where it finds the way by itself.
     */
    CompletableFuture<List<Optional<InetAddress>>> addresses(SseRequest request) {
        way = proxy.way(request);
        boolean isAddress = ADDRESS.matcher(request.host).matches() && request.uri(Optional.empty()).getHost() != null;
        if (way != Proxy.NO_PROXY || isAddress || !SseRequest.canSetHost()) {
            return CompletableFuture.completedFuture(List.of(Optional.empty()));
        }
        return CompletableFuture.supplyAsync(() -> resolved(request), this::execute);
    }

    private static List<Optional<InetAddress>> resolved(SseRequest request) {
        try {
            InetAddress[] all = InetAddress.getAllByName(request.host);
            // java.net.http takes no name with an underscore.
            boolean isPlain = all.length == 1 && request.uri(Optional.empty()).getHost() != null;
            return isPlain ? List.of(Optional.empty()) : Arrays.stream(all).map(Optional::of).toList();
        } catch (UnknownHostException unknown) {
            throw new CompletionException(unknown);
        }
    }

    /** Sends a request, and has its answer handed to {@code stream}. */
    CompletableFuture<HttpResponse<Void>> send(SseRequest request, Optional<InetAddress> address, String lastEventId,
            BodyHandler<Void> stream) throws IOException {
        String expected = address.isPresent() ? request.host : "";
        if (request.scheme.equals("https") && !expected.equals(peer)) {
            peer = expected;
            tls.expect(peer);
            shutDown(http);
            http = newHttpClient();
        }
        return http.sendAsync(
            request.build(lastEventId, address, proxy.authorization(request), cookies(request)), stream);
    }

    /** RFC 6265; what a server sets goes back to it as long as this client lives. */
    void keepCookies(SseRequest request, HttpHeaders headers) {
        if (headers.firstValue("Set-Cookie").isPresent()) {
            try {
                cookies = cookies == null ? new CookieManager() : cookies;
                cookies.put(request.uri(Optional.empty()), headers.map());
            } catch (IOException | IllegalArgumentException notACookie) {
                return;
            }
        }
    }

    private List<String> cookies(SseRequest request) {
        try {
            return cookies == null ? List.of()
                : cookies.get(request.uri(Optional.empty()), Map.of()).getOrDefault("Cookie", List.of());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** The request's proxy as messages tell it, if it has one. */
    Optional<String> proxyName(SseRequest request) {
        return proxy.name(request);
    }

    /** Ends the client, but for what is still being handed over. */
    void end(SseStream last) {
        if (last == null || !last.isBusy()) {
            shutDown(http);
        }
    }

    /**
     * Ends the client's thread, for which an exiting JVM would wait 0.3 s. {@code HttpClient.shutdownNow} does it too, but
     * only since JDK 21; this way is the same for all: a name with the client's number, as the client itself bears it.
     */
    private static void shutDown(HttpClient http) {
        String client = http.toString();
        String number = client.substring(client.lastIndexOf('(') + 1, client.length() - 1);
        Thread[] threads = new Thread[2 * Thread.activeCount() + 10];
        int count = Thread.enumerate(threads);
        for (Thread thread : Arrays.copyOf(threads, count)) {
            if (thread.getName().equals("HttpClient-" + number + "-SelectorManager")) {
                thread.interrupt();
            }
        }
    }
}
