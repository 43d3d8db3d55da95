///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION See it work without a device: a light controller, the relay and a receiver in one process
//MAIN Demo
//SOURCES ../sse-to-udp.java

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

/** Touches of a light controller, relayed by sse-to-udp over real sockets, all on loopback. */
@SuppressWarnings("auxiliaryclass")
class Demo {
    private static final int[] QUIET_MILLIS = {500, 120, 90, 1200, 80, 110, 70, 900};

    private final Map<String, Long> touchedAt = new ConcurrentHashMap<>();
    private boolean connectedBefore;

    public static void main(String... args) throws Exception {
        System.exit(new Demo().run());
    }

    private int run() throws Exception {
        HttpServer controller = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        controller.setExecutor(Executors.newCachedThreadPool());
        controller.createContext("/api/v1/token/events", this::touches);
        controller.start();
        try (DatagramSocket receiver = new DatagramSocket(0, InetAddress.getByName("0.0.0.0"))) {
            String url = "http://127.0.0.1:" + controller.getAddress().getPort() + "/api/v1/token/events?id=4";
            String target = "127.255.255.255:" + receiver.getLocalPort();
            System.out.println("$ sse-to-udp '" + url + "' " + target);
            CompletableFuture<Integer> relay = CompletableFuture.supplyAsync(
                () -> SseToUdp.commandLine().execute("-q", url, target), Executors.newSingleThreadExecutor());
            receive(receiver);
            int status = relay.get();
            System.out.println(QUIET_MILLIS.length + " touches, each received as one datagram;"
                + " then the controller answered 204 and the relay ended with status " + status + ".");
            return status;
        }
    }

    /** What the controller does: a touch now and then, always with id 4, and then nothing more. */
    private void touches(HttpExchange exchange) throws IOException {
        if (connectedBefore) {
            exchange.sendResponseHeaders(204, -1);
            return;
        }
        connectedBefore = true;
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream stream = exchange.getResponseBody()) {
            for (int panel = 0; panel < QUIET_MILLIS.length; panel++) {
                Thread.sleep(QUIET_MILLIS[panel]);
                String data = "{\"events\":[{\"panelId\":" + (100 + panel) + ",\"gesture\":" + panel % 2 + "}]}";
                touchedAt.put(data, System.nanoTime());
                stream.write(("retry: 100\nid: 4\ndata: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
                stream.flush();
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private void receive(DatagramSocket receiver) throws IOException {
        receiver.setSoTimeout(20_000);
        DatagramPacket packet = new DatagramPacket(new byte[65536], 65536);
        for (int i = 0; i < QUIET_MILLIS.length; i++) {
            packet.setLength(65536);
            receiver.receive(packet);
            long received = System.nanoTime();
            String payload = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
            System.out.printf("%s   %.2f ms after the touch%n", payload, (received - touchedAt.get(payload)) / 1e6);
        }
    }
}
