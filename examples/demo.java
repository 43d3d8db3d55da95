///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION See it work without a device: a light controller, the relay and a receiver, all on loopback
//MAIN Demo
//SOURCES sse-serve.java ../sse-to-udp.java ../lib/cli/Tool.java

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import lib.cli.Tool;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "demo",
    description = "Plays a light controller with sse-serve, relays its touches with sse-to-udp, and receives the datagrams.",
    footer = "  demo")
@SuppressWarnings("auxiliaryclass")
class Demo implements Callable<Integer> {
    private static final int[] QUIET_MILLIS = {500, 120, 90, 1200, 80, 110, 70, 900};
    private static final int PATIENCE_MILLIS = 20_000;

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        // It says which port it serves at, and who comes.
        Process controller = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp", System.getProperty("java.class.path"), "SseServe", "-v", "--port", "0", "--retry", "100").start();
        try (DatagramSocket receiver = new DatagramSocket(0, InetAddress.getByName("0.0.0.0"));
                BufferedReader says = controller.errorReader(UTF_8)) {
            String url = says.readLine().replaceAll("^sse-serve: |, .*", "");
            String target = "127.255.255.255:" + receiver.getLocalPort();
            System.out.println("$ sse-to-udp " + url + " " + target);
            // Not on the common pool: with two cores that has one thread, and since JDK 25 the HTTP client wants it.
            FutureTask<Integer> relay = new FutureTask<>(() -> Tool.commandLine(new SseToUdp()).execute("-q", "-x", "", url, target));
            new Thread(relay, "relay").start();
            says.readLine(); // the relay is there
            try (OutputStream touches = controller.getOutputStream()) {
                play(touches, receiver);
            }
            int status = relay.get();
            System.out.println(QUIET_MILLIS.length + " touches, each received as one datagram;"
                + " then the controller answered 204 and the relay ended with status " + status + ".");
            return status;
        } finally {
            controller.destroy();
        }
    }

    /** Each touch is a line for the controller, and some time later a datagram. */
    private static void play(OutputStream touches, DatagramSocket receiver) throws IOException, InterruptedException {
        receiver.setSoTimeout(PATIENCE_MILLIS);
        DatagramPacket packet = new DatagramPacket(new byte[65536], 65536);
        for (int i = 0; i < QUIET_MILLIS.length; i++) {
            Thread.sleep(QUIET_MILLIS[i]);
            long touched = System.nanoTime();
            touches.write(("{\"events\":[{\"panelId\":" + (100 + i) + ",\"gesture\":" + i % 2 + "}]}\n").getBytes(UTF_8));
            touches.flush();
            receiver.receive(packet);
            System.out.printf("%s   %.2f ms after the touch%n",
                new String(packet.getData(), 0, packet.getLength(), UTF_8), (System.nanoTime() - touched) / 1e6);
        }
    }

    public static void main(String... args) {
        Tool.main(new Demo(), args);
    }
}
