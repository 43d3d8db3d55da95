package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tests.support.ReplayServer;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/**
 * A relay for a long time between a server that does everything wrong and a process table that is no better.
 *
 * <p>Here for three of each fault; for ten minutes: {@code SOAK_MINUTES=10 ./jbang test SoakTest}.
 */
class SoakTest {
    private static final int CONNECTIONS = 3 * Fault.values().length;
    private static final int MOST_KILOBYTES = 150 * 1024;
    private static final long NANOS = TimeUnit.MINUTES.toNanos(Long.parseLong(System.getenv().getOrDefault("SOAK_MINUTES", "0")));

    /** What a connection does wrong, behind the events that it brings. */
    private enum Fault {
        CLOSE, RESET, STALL, CUT_EVENT, CUT_CHUNK, BAD_CHUNK, GARBAGE_LINES, STATUS_500, STATUS_503, STATUS_429, NONSENSE, REDIRECT, NOTHING
    }

    @TempDir
    Path folder;

    private final long start = System.nanoTime();
    private final Random random = new Random(start);
    /** Each fault once, in an order of chance, and again. */
    private final List<Fault> coming = new ArrayList<>();
    private final Map<Fault, Integer> faults = new ConcurrentHashMap<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger newest = new AtomicInteger();
    private final BitSet received = new BitSet();
    private int repeated;
    private int lives;
    private long peakKilobytes;
    private long mostThreads;

    private boolean goOn() {
        return NANOS == 0 ? connections.get() < CONNECTIONS : System.nanoTime() - start < NANOS;
    }

    private synchronized Fault nextFault() {
        if (coming.isEmpty()) {
            coming.addAll(List.of(Fault.values()));
            Collections.shuffle(coming, random);
        }
        return coming.remove(0);
    }

    private void serve(SseServer.Connection connection) throws Exception {
        int last = ReplayServer.lastId(connection);
        connections.incrementAndGet();
        if (!goOn()) {
            finish(connection, last);
            return;
        }
        Fault fault = nextFault();
        faults.merge(fault, 1, Integer::sum);
        switch (fault) {
            case STATUS_500 -> connection.send("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n");
            case STATUS_503 -> connection.send("HTTP/1.1 503 X\r\nContent-Length: 100\r\n\r\ncut");
            case STATUS_429 -> connection.send("HTTP/1.1 429 X\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");
            case REDIRECT -> connection.send("HTTP/1.1 307 X\r\nLocation: /elsewhere/" + connection.number + "\r\nContent-Length: 0\r\n\r\n");
            case NONSENSE -> connection.send("\u0000\u0001 nonsense\r\n\r\n");
            case NOTHING -> connection.socket.close();
            case CUT_CHUNK, BAD_CHUNK -> serveChunks(connection, last, fault);
            default -> serveStream(connection, last, fault);
        }
    }

    private void serveStream(SseServer.Connection connection, int last, Fault fault) throws IOException {
        connection.send(SseServer.OK);
        for (int id = last + 1, to = next(last); id <= to; id++) {
            connection.send(ReplayServer.event(id));
            if (fault == Fault.GARBAGE_LINES) {
                byte[] garbage = new byte[100];
                random.nextBytes(garbage);
                connection.send(("x" + new String(garbage, StandardCharsets.ISO_8859_1)).replaceAll("[\r\n]", "") + "\n");
            }
        }
        switch (fault) {
            case RESET -> connection.reset();
            case STALL -> connection.hold();
            case CUT_EVENT -> connection.send("id: 999999999\ndata: cut");
            default -> { }
        }
    }

    private void serveChunks(SseServer.Connection connection, int last, Fault fault) throws IOException {
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int id = last + 1, to = next(last); id <= to; id++) {
            String event = ReplayServer.event(id);
            connection.send(Integer.toHexString(event.length()) + "\r\n" + event + "\r\n");
        }
        connection.send(fault == Fault.BAD_CHUNK ? "garbage\r\n" : "ff\r\nid: 999999999\ndata: c");
    }

    /** The rest, without a fault; then 204. */
    private void finish(SseServer.Connection connection, int last) throws IOException {
        if (last >= newest.get()) {
            connection.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            return;
        }
        connection.send(SseServer.OK);
        for (int id = last + 1; id <= newest.get(); id++) {
            connection.send(ReplayServer.event(id));
        }
    }

    private int next(int last) {
        int to = last + 1 + random.nextInt(50);
        return newest.accumulateAndGet(to, Math::max);
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.DAYS)
    void nothingIsMissingAndNothingGrows() throws Exception {
        Path state = folder.resolve("state");
        try (SseServer server = new SseServer(this::serve); UdpReceiver receiver = new UdpReceiver()) {
            int status = 0;
            do {
                try (Script relay = Script.start("SseToUdp", "-q", "--state-file", state.toString(), "--idle-timeout", "0.3",
                        "--retry-delay", "0.01", "--retry-max-delay", "0.05", server.url("/"), receiver.target())) {
                    lives++;
                    live(relay, receiver);
                    status = relay.process.waitFor();
                }
                receiver.arrived().forEach(this::take);
            } while (status != 0);
        }
        System.out.println("  " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) + " s, " + connections + " connections, faults "
            + new TreeMap<>(faults) + ", " + lives + " lives, " + newest + " events, " + (newest.get() - received.cardinality())
            + " missing, " + repeated + " repeated, at most " + peakKilobytes / 1024 + " MiB resident and " + mostThreads + " threads");
        assertEquals(newest.get(), received.cardinality());
        assertEquals(newest.get(), received.length() - 1);
        assertTrue(mostThreads > 0 && mostThreads < 40, "threads: " + mostThreads);
        assertTrue(peakKilobytes > 0 && peakKilobytes < MOST_KILOBYTES, "resident: " + peakKilobytes + " kB");
    }

    /** Until the relay ends by itself or, while faults go on, is ended in the middle of something. */
    private void live(Script relay, UdpReceiver receiver) throws Exception {
        int until = connections.get() + 10 + random.nextInt(20);
        while (relay.process.isAlive() && (connections.get() < until || !goOn())) {
            receiver.poll(200).ifPresent(this::take);
            measure(relay.process.pid());
        }
        if (random.nextBoolean()) {
            relay.process.destroyForcibly();
        } else {
            relay.signal("TERM");
        }
    }

    private void take(String id) {
        int number = Integer.parseInt(id);
        repeated += received.get(number) ? 1 : 0;
        received.set(number);
    }

    private void measure(long pid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
                if (line.startsWith("VmHWM:")) {
                    peakKilobytes = Math.max(peakKilobytes, number(line));
                } else if (line.startsWith("Threads:")) {
                    mostThreads = Math.max(mostThreads, number(line));
                }
            }
        } catch (IOException gone) {
            return;
        }
    }

    private static long number(String line) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
    }
}
