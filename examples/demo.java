///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION See it work without a device: a light controller, the relay and a receiver in one process
//MAIN Demo
//SOURCES sse-serve.java ../sse-to-udp.java ../lib/cli/Tool.java

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import lib.cli.Tool;

/** Touches of a light controller, served by sse-serve and relayed by sse-to-udp over real sockets, all on loopback. */
@SuppressWarnings("auxiliaryclass")
class Demo {
    private static final int[] QUIET_MILLIS = {500, 120, 90, 1200, 80, 110, 70, 900};

    private final ExecutorService threads = Executors.newCachedThreadPool(Demo::daemon);
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
        SseServe controller = new SseServe();
        controller.in = new Touches();
        threads.execute(() -> {
            int status = Tool.commandLine(controller).execute("-q", "--port", "0", "--wait", "1", "--retry", "100");
            controller.servedPort.completeExceptionally(new IOException("sse-serve ended with status " + status));
        });
        return controller.servedPort.get();
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    }

    /** A line for a touch now and then, and then nothing more. It is read when the relay is there. */
    private final class Touches extends InputStream {
        private InputStream line = InputStream.nullInputStream();
        private int panel;

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = line.read(bytes, offset, length);
            if (count >= 0 || panel == QUIET_MILLIS.length) {
                return count;
            }
            line = new ByteArrayInputStream((touch(panel++) + "\n").getBytes(StandardCharsets.UTF_8));
            return line.read(bytes, offset, length);
        }

        private String touch(int panel) throws InterruptedIOException {
            try {
                Thread.sleep(QUIET_MILLIS[panel]);
            } catch (InterruptedException ended) {
                throw new InterruptedIOException();
            }
            String data = "{\"events\":[{\"panelId\":" + (100 + panel) + ",\"gesture\":" + panel % 2 + "}]}";
            touchedAt.put(data, System.nanoTime());
            return data;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
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
