package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.SseServer;

/** What is sent where. Names with several addresses are in AddressTest, which has a file of hosts. */
class EachAddressTest {
    private static final ProxySelector PROXY = ProxySelector.of(new InetSocketAddress("127.0.0.1", 1));

    private final EachAddress direct = new EachAddress();
    private final List<HttpRequest> sent = new ArrayList<>();

    private CompletableFuture<HttpResponse<Void>> refuse(HttpRequest request, HttpResponse.BodyHandler<Void> body) {
        sent.add(request);
        return CompletableFuture.failedFuture(new ConnectException());
    }

    private Throwable failure(EachAddress around, String url, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        for (String header : headers) {
            request.header(header.replaceFirst(":.*", ""), header.replaceFirst("[^:]*:", ""));
        }
        CompletableFuture<HttpResponse<Void>> end = around.apply(this::refuse).send(request.build(), HttpResponse.BodyHandlers.discarding());
        return assertThrows(CompletionException.class, end::join).getCause();
    }

    private List<String> sentTo() {
        return sent.stream().map(one -> one.uri() + one.headers().firstValue("Host").map(" "::concat).orElse("")).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "http://127.0.0.1:81/a?b    | http://127.0.0.1:81/a?b",
        "http://[::1]:81/a?b        | http://[::1]:81/a?b",
        "https://localhost/a        | https://localhost/a",
        "https://localhost.:81/a    | https://localhost:81/a localhost.:81"})
    void oneAddressIsAskedOnceAndOddNamesAreInAHeader(String url, String asked) {
        assertInstanceOf(ConnectException.class, failure(direct, url));
        assertEquals(List.of(asked), sentTo());
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://[::1%LO]:81/a%20b?c", "http://[::1%25LO]:81/a%20b?c"})
    void zoneStaysOnThisMachine(String url) throws IOException {
        assumeTrue(NetworkInterface.getByName("lo") != null && NetworkInterface.getByName("lo").inetAddresses()
            .anyMatch(Inet6Address.class::isInstance), "no IPv6, or loopback has another name here");
        failure(direct, url.replace("LO", "lo"));
        failure(direct, url.replace("LO", "lo"), "Host:other:82");
        String asked = "http://[0:0:0:0:0:0:0:1%lo]:81/a%20b?c ";
        assertEquals(List.of(asked + "[::1]:81", asked + "other:82"), sentTo());
        assertEquals(List.of("other:82"), sent.get(1).headers().allValues("Host"));
    }

    @Test
    void requestToAProxyIsLeftAsItIs() {
        for (String url : List.of("http://no-such-host.invalid/", "http://localhost/", "https://localhost/")) {
            failure(new EachAddress(PROXY), url);
        }
        assertEquals(List.of("http://no-such-host.invalid/", "http://localhost/", "https://localhost/"), sentTo());
    }

    @Test
    void nameThatNobodyKnowsIsNotSent() {
        assertInstanceOf(UnknownHostException.class, failure(direct, "http://no-such-host.invalid/"));
        assertEquals(List.of(), sent);
    }

    /** It is looked up by the name in the header, which cannot be known. */
    @Test
    void nameWithAnUnderscoreIsThatInTheHeader() {
        String message = failure(direct, "http://no-such-host.invalid/", "Host:no_such_host.invalid:81").getMessage();
        assertTrue(message.contains("no_such_host.invalid") && !message.contains("no-such-host"), message);
    }

    @Test
    void nameWithAnUnderscoreIsSentNeitherOverHttpsNorToAProxy() {
        assertInstanceOf(IllegalArgumentException.class, failure(direct, "https://my-host/", "Host:my_host"));
        assertInstanceOf(IllegalArgumentException.class, failure(new EachAddress(PROXY), "http://my-host/", "Host:my_host"));
        assertEquals(List.of(), sent);
    }

    /** The system does not answer whoever comes while others wait to be accepted. */
    @Test
    void nextAddressFollowsOneThatDoesNotAnswer() throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "needs a second address of loopback");
        List<Socket> waiting = new ArrayList<>();
        List<String> received = new ArrayList<>();
        try (SseServer server = SseServer.stream("data: a\n\n");
                ServerSocket busy = new ServerSocket(server.port(), 1, InetAddress.getByName("127.0.0.9"))) {
            fill(busy, waiting);
            // Its addresses are 127.0.0.9 and 127.0.0.1.
            SseClient client = new SseClient("http://several.example:" + server.port() + "/").around(direct).maxRetries(2)
                .retryDelay(Duration.ofMillis(10)).http(builder -> builder.connectTimeout(Duration.ofSeconds(1)));
            client.listen(event -> {
                received.add(event.data());
                client.close();
            });
            assertEquals(List.of("a"), received);
        } finally {
            for (Socket one : waiting) {
                one.close();
            }
        }
    }

    private static void fill(ServerSocket busy, List<Socket> waiting) throws IOException {
        try {
            while (true) {
                Socket one = new Socket();
                waiting.add(one);
                one.connect(busy.getLocalSocketAddress(), 500);
            }
        } catch (SocketTimeoutException full) {
            return;
        }
    }

    @Test
    void anyOtherFailureIsTheEnd() {
        IOException lost = new IOException("lost");
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:1/")).build();
        CompletableFuture<HttpResponse<Void>> end = direct.apply((one, body) -> {
            sent.add(one);
            return CompletableFuture.failedFuture(lost);
        }).send(request, HttpResponse.BodyHandlers.discarding());
        assertSame(lost, assertThrows(CompletionException.class, end::join).getCause());
        assertEquals(1, sent.size());
    }
}
