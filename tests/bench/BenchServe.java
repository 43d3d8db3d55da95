///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//MAIN BenchServe
//DESCRIPTION Measure sse-serve with many clients at once, on loopback: ./jbang tests/bench/BenchServe.java 1000 1000 20
//SOURCES ../../examples/sse-serve.java ../../lib/cli/Tool.java

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import lib.cli.Tool;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "bench-serve",
    description = "Serves lines of 100 bytes with sse-serve to many clients of this machine, and measures the server.",
    footer = "  bench-serve 1000 1000 20")
class BenchServe implements Callable<Integer> {
    private static final long SECOND = 1_000_000_000;
    private static final String EVENT = "{\"id\":\"1\",\"data\":\"" + "x".repeat(100) + "\"}\n";
    /** As it arrives. */
    private static final int EVENT_BYTES = ("id: 1\ndata: " + "x".repeat(100) + "\n\n").length();

    @Parameters(index = "0", paramLabel = "CLIENTS", description = "How many clients.")
    private int clients;

    @Parameters(index = "1", paramLabel = "RATE", description = "How many events in a second.")
    private int rate;

    @Parameters(index = "2", paramLabel = "SEC", description = "For how many seconds.")
    private int seconds;

    @Mixin
    private Tool tool;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(256 << 10);

    /** What one client has got, and the longest time in which it got nothing. */
    private static final class Client {
        long bytes;
        long last;
        long worst;
        boolean isOver;
    }

    @Override
    public Integer call() throws Exception {
        Process server = server();
        try (BufferedReader says = server.errorReader(); Selector selector = Selector.open()) {
            int port = Integer.parseInt(says.readLine().replaceFirst(".*:([0-9]+)/events.*", "$1"));
            List<Client> all = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                all.add(connect(port, selector));
            }
            Duration before = server.info().totalCpuDuration().orElseThrow();
            long start = System.nanoTime();
            FutureTask<String> lines = new FutureTask<>(() -> sendAll(server, start, before));
            new Thread(lines, "lines").start();
            while (all.stream().anyMatch(client -> !client.isOver)) {
                selector.select(this::read, 1000);
            }
            long events = (long) rate * seconds;
            System.out.printf("%d clients, %d events/s for %d s on JDK %s: %s, worst gap %d ms, %d of %d clients got all%n",
                clients, rate, seconds, System.getProperty("java.version"), lines.get(),
                all.stream().mapToLong(client -> client.worst).max().orElseThrow() / 1_000_000,
                all.stream().filter(client -> client.bytes == events * EVENT_BYTES).count(), clients);
        } finally {
            server.destroyForcibly();
        }
        return 0;
    }

    /** With the options of this JVM, which are those of the scripts. */
    private Process server() throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "SseServe", "--json", "--port", "0",
            "--max-clients", "" + clients, "--heartbeat", "0", "--linger", "0"));
        return new ProcessBuilder(command).start();
    }

    private Client connect(int port, Selector selector) throws IOException {
        SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
        channel.write(US_ASCII.encode("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        for (String head = ""; !head.endsWith("retry: 1000\n\n");) {
            channel.read(buffer.clear());
            head += US_ASCII.decode(buffer.flip());
        }
        channel.configureBlocking(false);
        Client client = new Client();
        channel.register(selector, SelectionKey.OP_READ, client);
        return client;
    }

    /** Sends evenly, and says what the server has used for it. */
    private String sendAll(Process server, long start, Duration before) throws IOException {
        try (OutputStream out = server.getOutputStream()) {
            for (long i = 0; i < (long) rate * seconds; i++) {
                long turn = start + i * SECOND / rate;
                while (System.nanoTime() < turn) {
                    LockSupport.parkNanos(turn - System.nanoTime());
                }
                out.write(EVENT.getBytes(US_ASCII));
                out.flush();
            }
            double used = server.info().totalCpuDuration().orElseThrow().minus(before).toNanos();
            return String.format("%.0f %% of a core, %d MiB resident at the most", 100 * used / (System.nanoTime() - start),
                peakKilobytes(server.pid()) >> 10);
        }
    }

    private static long peakKilobytes(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream().filter(line -> line.startsWith("VmHWM:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).sum();
    }

    private void read(SelectionKey key) {
        Client client = (Client) key.attachment();
        try {
            int read = ((SocketChannel) key.channel()).read(buffer.clear());
            long now = System.nanoTime();
            if (read < 0) {
                key.cancel();
                client.isOver = true;
                return;
            }
            client.worst = client.last == 0 ? 0 : Math.max(client.worst, now - client.last);
            client.last = now;
            client.bytes += read;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public static void main(String... args) {
        Tool.main(new BenchServe(), args);
    }
}
