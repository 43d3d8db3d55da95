package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tests.support.Lan;
import tests.support.Readme;
import tests.support.Script;
import tests.support.SseServing;
import tests.support.UdpReceiver;

/** The recipes of the README for more than one relay, line by line, with real brokers on loopback. */
class BrokerTest {
    private static final int PATIENCE_SECONDS = 60;

    @TempDir
    Path folder;

    private final Deque<Process> running = new ArrayDeque<>();
    private SseServing server;
    private int port;

    @BeforeEach
    void start() throws IOException {
        port = freePort();
        server = SseServing.start("--json", "--wait", "1");
        for (String script : List.of("sse-listen", "udp-send")) {
            Script.install(folder.resolve("bin"), script, "");
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (Process process : running) {
            kill(process, "KILL");
        }
        server.close();
    }

    /** Two neighbours: a Kafka broker in one process has two listeners. */
    private static int freePort() throws IOException {
        while (true) {
            try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                    ServerSocket other = new ServerSocket(one.getLocalPort() + 1, 1, InetAddress.getByName("127.0.0.1"))) {
                return other.getLocalPort() - 1;
            } catch (IOException | IllegalArgumentException taken) {
                continue;
            }
        }
    }

    private static void assumeCommands(String... commands) throws Exception {
        for (String command : commands) {
            assumeTrue(Script.shell("PATH=$PATH:/usr/sbin command -v " + command).status() == 0, "needs " + command);
        }
    }

    // ---- what runs ----

    /** Runs lines in a process group of their own; what they say goes to the file. */
    private Process run(String commands, String log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("setsid", "bash", "-c", commands)
            .directory(Script.root().toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log(log).toFile()));
        builder.environment().merge("PATH", folder.resolve("bin") + ":", (path, ours) -> ours + path + ":/usr/sbin");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        process.getOutputStream().close();
        running.push(process);
        return process;
    }

    private void kill(Process process, String signal) throws Exception {
        if (process.isAlive()) {
            new ProcessBuilder("kill", "-" + signal, "--", "-" + process.pid()).start().waitFor();
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        }
    }

    private Path log(String name) {
        return folder.resolve(name + ".log");
    }

    private String recipe(String name) throws IOException {
        return Readme.block(name)
            .replace("http://server/events", server.url("/events"))
            .replace("-h broker ", "-h 127.0.0.1 -p " + port + " ")
            .replace("-b broker:9092 ", "-b 127.0.0.1:" + port + " ");
    }

    private Process sender(String recipe, String segment, UdpReceiver receiver, String log) throws IOException {
        return run(recipe(recipe).replace("segment-a", segment).replace("192.168.8.255:5000", receiver.target()), log);
    }

    private void await(Lan.Condition condition, String what) throws Exception {
        try {
            Lan.await(PATIENCE_SECONDS, what, condition);
        } catch (AssertionError inVain) {
            StringBuilder logs = new StringBuilder();
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(each -> each.toString().endsWith(".log")).toList()) {
                    logs.append(file.getFileName()).append(":\n").append(Files.readString(file)).append('\n');
                }
            }
            fail(inVain.getMessage() + "\n" + logs);
        }
    }

    private void awaitLog(String log, String text, int times) throws Exception {
        await(() -> Files.exists(log(log)) && Files.readString(log(log)).split(text, -1).length > times, "'" + text + "' in " + log);
    }

    private void awaitPort() throws Exception {
        await(() -> {
            try (Socket broker = new Socket("127.0.0.1", port)) {
                return broker.isConnected();
            } catch (IOException notYet) {
                return false;
            }
        }, "the broker");
    }

    /** Events of eight types, with these numbers as data. */
    private void happen(int from, int to) throws IOException {
        for (int i = from; i < to; i++) {
            server.lines("{\"event\":\"touch" + i % 8 + "\",\"id\":\"" + i + "\",\"data\":\"" + i + "\"}");
        }
    }

    private static Set<Integer> numbers(int from, int to) {
        return IntStream.range(from, to).boxed().collect(Collectors.toCollection(TreeSet::new));
    }

    /** Adds what arrives until all these are there. */
    private void collect(Set<Integer> arrived, Set<Integer> expected, UdpReceiver... receivers) throws Exception {
        await(() -> {
            for (UdpReceiver receiver : receivers) {
                arrivals(receiver, arrived);
            }
            return arrived.containsAll(expected);
        }, "all events: " + expected.size() + " expected, " + arrived);
    }

    // ---- MQTT ----

    @Test
    void eachSegmentGetsAllWhenTheMqttBrokerIsRestarted() throws Exception {
        assumeCommands("mosquitto", "mosquitto_sub", "mosquitto_pub");
        String configuration = Readme.block("mqtt-broker")
            .replace("listener 1883", "listener " + port + " 127.0.0.1\nuser root")
            .replace("/var/lib/mosquitto/", folder.resolve("data") + "/");
        Files.createDirectory(folder.resolve("data"));
        Files.writeString(folder.resolve("mosquitto.conf"), configuration);
        String broker = "exec mosquitto -v -c " + folder.resolve("mosquitto.conf");
        try (UdpReceiver a = new UdpReceiver(); UdpReceiver b = new UdpReceiver()) {
            Process first = run(broker, "broker");
            awaitPort();
            sender("mqtt-sender", "segment-a", a, "a");
            Process gone = sender("mqtt-sender", "segment-b", b, "b");
            awaitLog("broker", "Sending SUBACK to segment", 2);
            run(recipe("mqtt-listener"), "listener");

            Set<Integer> onA = new TreeSet<>();
            Set<Integer> onB = new TreeSet<>();
            happen(0, 20);
            collect(onA, numbers(0, 20), a);
            collect(onB, numbers(0, 20), b);
            kill(gone, "TERM");
            happen(20, 60);
            collect(onA, numbers(0, 25), a);
            kill(first, "TERM");
            happen(60, 80);
            awaitLog("listener", "Connection refused", 1);
            run(broker, "broker-again");
            sender("mqtt-sender", "segment-b", b, "b");
            collect(onA, numbers(0, 80), a);
            collect(onB, numbers(0, 80), b);
            assertEquals(numbers(0, 80), onA);
            assertEquals(numbers(0, 80), onB);
        }
    }

    // ---- Kafka ----

    @Test
    void otherSenderOfTheKafkaGroupTakesOverFromOneThatIsKilled() throws Exception {
        assumeCommands("kcat");
        run(Readme.block("kafka-broker").replace("kafka-server 9092 /tmp/kafka", "--quiet kafka-server " + port + " " + folder.resolve("kafka")), "broker");
        await(this::answers, "the broker");
        try (UdpReceiver a = new UdpReceiver(); UdpReceiver b = new UdpReceiver(); UdpReceiver other = new UdpReceiver()) {
            run(recipe("kafka-listener"), "listener");
            happen(0, 8);
            sender("kafka-sender", "segment-a", a, "a");
            Set<Integer> arrived = new TreeSet<>();
            collect(arrived, numbers(0, 8), a);
            Process gone = sender("kafka-sender", "segment-a", b, "b");
            awaitLog("b", "assigned", 1);

            happen(8, 48);
            Set<Integer> onB = new TreeSet<>();
            await(() -> !arrivals(b, onB).isEmpty(), "events on the second sender");
            kill(gone, "KILL");
            happen(48, 88);
            arrived.addAll(onB);
            collect(arrived, numbers(0, 88), a, b);
            assertEquals(numbers(0, 88), arrived);

            sender("kafka-sender", "segment-b", other, "c");
            Set<Integer> onOther = new TreeSet<>();
            collect(onOther, numbers(0, 88), other);
        }
    }

    private boolean answers() throws Exception {
        return Script.shell("kcat -L -m 1 -b 127.0.0.1:" + port).out().contains("1 brokers");
    }

    private static Set<Integer> arrivals(UdpReceiver receiver, Set<Integer> into) throws IOException {
        receiver.arrived().forEach(data -> into.add(Integer.parseInt(data)));
        return into;
    }
}
