import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A broker of each kind on loopback, and what brings a stream to it: ours, and a pipe; what is missing is told. */
final class Brokers implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;
    private static final String COUNT = "COUNT";
    /** Of more than 65,535, mosquitto_pub -l loses most when its input ends: its packet identifiers begin anew. */
    private static final int MOST_MQTT_EVENTS = 60_000;

    private final Contestants contestants;
    private final int events;
    private final List<String> until;
    private final Map<String, List<String>> commands = new LinkedHashMap<>();
    private final Map<String, Integer> counts = new HashMap<>();
    private final List<Process> running = new ArrayList<>();

    /** @param stream so many events, behind which the connection stays open */
    Brokers(Contestants contestants, URI stream, int events) {
        this.contestants = contestants;
        this.events = events;
        this.until = List.of("-q", "-c", COUNT, stream.toString());
    }

    /** How many events a second the broker acknowledges, without the start. */
    double eventsPerSecond(String contestant, List<String> command) throws Exception {
        int count = counts.get(contestant);
        double one = seconds(command, 1);
        return (count - 1) / (seconds(command, count) - one);
    }

    private static double seconds(List<String> command, int count) throws Exception {
        Path nothing = Path.of("/dev/null");
        return Trial.run(command.stream().map(part -> part.replace(COUNT, Integer.toString(count))).toList(), nothing, nothing)
            .seconds();
    }

    /** What ends when the broker has acknowledged all events; for {@link #eventsPerSecond}. */
    Map<String, List<String>> commands() throws Exception {
        Optional<String> publisher = contestants.program("mosquitto_pub");
        Optional<String> mosquitto = contestants.program("mosquitto");
        if (publisher.isPresent() && mosquitto.isPresent()) {
            int port = freePort();
            start(port, mosquitto.get(), "-c", Files.writeString(contestants.folder.resolve("mosquitto.conf"),
                "listener " + port + " 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n").toString());
            add("mqtt", Math.min(events, MOST_MQTT_EVENTS),
                publisher.get() + " -V mqttv5 -q 1 -l -h 127.0.0.1 -p " + port + " -t bench", "mqtt://127.0.0.1:" + port);
        }
        Optional<String> kcat = contestants.program("kcat");
        if (kcat.isPresent()) {
            int port = freePort();
            start(port, contestants.root.resolve("jbang").toString(), "--quiet", "kafka-server", Integer.toString(port),
                contestants.folder.resolve("kafka").toString());
            add("kafka", events, kcat.get() + " -P -b 127.0.0.1:" + port + " -t bench", "127.0.0.1:" + port);
        }
        return commands;
    }

    private void add(String kind, int count, String program, String broker) throws Exception {
        String mainClass = kind.equals("mqtt") ? "SseToMqtt" : "SseToKafka";
        List<String> ours = contestants.ours("sse-to-" + kind, mainClass,
            List.of("-q", "-c", "1", contestants.one.toString(), broker, "-t", "bench"));
        ours.addAll(until);
        ours.addAll(List.of(broker, "-t", "bench"));
        commands.put("sse-to-" + kind, ours);
        counts.put("sse-to-" + kind, count);
        List<String> listen = contestants.ours("sse-listen", "SseListen", "-F", "'{data}'");
        listen.addAll(until);
        String pipe = "sse-listen and " + Path.of(program.split(" ")[0]).getFileName();
        commands.put(pipe, List.of("bash", "-c", String.join(" ", listen) + " | exec " + program));
        counts.put(pipe, count);
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
