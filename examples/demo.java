///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION See it work without a device: a light controller, the relay and a receiver in one process
//MAIN Demo
//SOURCES sse-serve.java ../sse-to-udp.java

import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import lib.ToolOptions;

/** Touches of a light controller, served by sse-serve and relayed by sse-to-udp over real sockets, all on loopback. */
@SuppressWarnings("auxiliaryclass")
class Demo {
    private static final int[] QUIET_MILLIS = {500, 120, 90, 1200, 80, 110, 70, 900};

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, Long> touchedAt = new ConcurrentHashMap<>();

    public static void main(String... args) throws Exception {
        System.exit(new Demo().run());
    }

    private int run() throws Exception {
        String url = "http://127.0.0.1:" + startController() + "/events";
        try (DatagramSocket receiver = new DatagramSocket(0, InetAddress.getByName("0.0.0.0"))) {
            String target = "127.255.255.255:" + receiver.getLocalPort();
            System.out.println("$ sse-to-udp " + url + " " + target);
            CompletableFuture<Integer> relay = CompletableFuture.supplyAsync(
                () -> SseToUdp.commandLine().execute("-q", url, target), threads);
            receive(receiver);
            int status = relay.get();
            System.out.println(QUIET_MILLIS.length + " touches, each received as one datagram;"
                + " then the controller answered 204 and the relay ended with status " + status + ".");
            return status;
        }
    }

    /** Returns its port. */
    private int startController() throws Exception {
        PipedOutputStream touches = new PipedOutputStream();
        SseServe controller = new SseServe();
        controller.in = new PipedInputStream(touches);
        threads.execute(() -> ToolOptions.commandLine(controller)
            .execute("-q", "--port", "0", "--wait", "1", "--retry", "100"));
        threads.submit(() -> touch(touches));
        return controller.servedPort.get();
    }

    /** A touch now and then, and then nothing more. */
    private Void touch(PipedOutputStream touches) throws IOException, InterruptedException {
        try (touches) {
            for (int panel = 0; panel < QUIET_MILLIS.length; panel++) {
                Thread.sleep(QUIET_MILLIS[panel]);
                String data = "{\"events\":[{\"panelId\":" + (100 + panel) + ",\"gesture\":" + panel % 2 + "}]}";
                touchedAt.put(data, System.nanoTime());
                touches.write((data + "\n").getBytes(StandardCharsets.UTF_8));
                touches.flush();
            }
        }
        return null;
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
