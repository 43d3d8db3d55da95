import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A broker of each kind on loopback, and what brings a stream to it: ours, and a pipe; what is missing is told. */
final class Brokers implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;

    private final Contestants contestants;
    private final List<String> until;
    private final Map<String, List<String>> commands = new LinkedHashMap<>();
    private final List<Process> running = new ArrayList<>();

    /** @param stream so many events, behind which the connection stays open */
    Brokers(Contestants contestants, URI stream, int events) {
        this.contestants = contestants;
        this.until = List.of("-q", "-c", Integer.toString(events), stream.toString());
    }

    /** Each ends when the broker has acknowledged all events. */
    Map<String, List<String>> commands() throws Exception {
        Optional<String> publisher = contestants.program("mosquitto_pub");
        Optional<String> mosquitto = contestants.program("mosquitto");
        if (publisher.isPresent() && mosquitto.isPresent()) {
            int port = freePort();
            start(port, mosquitto.get(), "-c", Files.writeString(contestants.folder.resolve("mosquitto.conf"),
                "listener " + port + " 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n").toString());
            add("mqtt", publisher.get() + " -V 5 -q 1 -l -h 127.0.0.1 -p " + port + " -t bench", "mqtt://127.0.0.1:" + port);
        }
        Optional<String> kcat = contestants.program("kcat");
        if (kcat.isPresent()) {
            int port = freePort();
            start(port, contestants.root.resolve("jbang").toString(), "--quiet", "kafka-server", Integer.toString(port),
                contestants.folder.resolve("kafka").toString());
            add("kafka", kcat.get() + " -P -b 127.0.0.1:" + port + " -t bench", "127.0.0.1:" + port);
        }
        return commands;
    }

    private void add(String kind, String program, String broker) throws Exception {
        String mainClass = kind.equals("mqtt") ? "SseToMqtt" : "SseToKafka";
        List<String> ours = contestants.ours("sse-to-" + kind, mainClass,
            List.of("-q", "-c", "1", contestants.one.toString(), broker, "-t", "bench"));
        ours.addAll(until);
        ours.addAll(List.of(broker, "-t", "bench"));
        commands.put("sse-to-" + kind, ours);
        List<String> listen = contestants.ours("sse-listen", "SseListen", "-F", "'{data}'");
        listen.addAll(until);
        commands.put("sse-listen and " + Path.of(program.split(" ")[0]).getFileName(),
            List.of("bash", "-c", String.join(" ", listen) + " | exec " + program));
    }

    private void start(int port, String... command) throws Exception {
        running.add(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start());
        for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);; TimeUnit.MILLISECONDS.sleep(100)) {
            try {
                new Socket("127.0.0.1", port).close();
                return;
            } catch (IOException notYet) {
                if (System.nanoTime() > end) {
                    throw notYet;
                }
            }
        }
    }

    /** With the next one: Kafka's controller listens there. */
    private static int freePort() throws IOException {
        try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            new ServerSocket(one.getLocalPort() + 1, 1, InetAddress.getByName("127.0.0.1")).close();
            return one.getLocalPort();
        }
    }

    @Override
    public void close() {
        for (Process process : running) {
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
            process.onExit().join();
        }
    }
}
