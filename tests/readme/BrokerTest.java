package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lib.cli.Tool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tests.support.Lan;
import tests.support.Readme;
import tests.support.Script;
import tests.support.Sources;
import tests.support.SseServer;
import tests.support.TestCertificates;
import tests.support.UdpReceiver;

/**
 * The lines of docs/brokers.md, with real brokers on loopback, which are killed, and so are the relays. There is one broker
 * of each kind for all tests, which have topics, sessions and groups of their own.
 *
 * <p>Here a relay is killed twice; more often: {@code KILLS=50 ./jbang test BrokerTest}.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BrokerTest {
    private static final int PATIENCE_SECONDS = 100;
    private static final int DEATHS = Integer.parseInt(System.getenv().getOrDefault("KILLS", "2"));
    private static final int LOG_SHOWN = 3000;
    private static final List<String> RELAYS = List.of("sse-to-mqtt", "sse-to-kafka", "mqtt-to-udp", "kafka-to-udp");

    /** The relays, compiled. */
    @TempDir
    static Path built;
    private static String classPath;

    /** The brokers and what they keep. */
    @TempDir
    static Path brokers;
    private static final int MQTT_PORT = freePort();
    private static final int KAFKA_PORT = freePort();
    private static Process mqtt;
    private static Process kafka;
    private static int tests;

    @TempDir
    Path folder;

    private final Deque<Process> running = new ArrayDeque<>();
    /** The test's topic, and how its other names begin. */
    private final String name = "t" + ++tests;

    @BeforeAll
    static void compileTheRelays() throws Exception {
        // What follows the tests' own leaves the JVMs the archive of its classes.
        classPath = Script.classPath() + File.pathSeparator + built;
        List<Path> sources = new ArrayList<>();
        for (String name : RELAYS) {
            sources.add(Script.root().resolve("examples/" + name + ".java"));
            if (name.startsWith("sse-")) {
                Script.Ended jars = Script.shell("'" + Script.root().resolve("jbang") + "' --quiet info classpath --deps-only " + name);
                assertEquals(0, jars.status(), jars.err());
                classPath += File.pathSeparator + jars.out().strip();
            }
        }
        Sources.compile(sources, List.of("-d", built.toString(), "-cp", classPath, "-proc:none",
            "-sourcepath", Script.root().resolve("examples").toString()));
    }

    @BeforeEach
    void install() throws IOException {
        for (String script : List.of("sse-listen", "udp-send")) {
            Script.install(folder.resolve("bin"), script, "");
        }
        for (String script : RELAYS) {
            List<String> command = new ArrayList<>(Script.command(Script.mainClass(script)));
            command.set(command.indexOf("-cp") + 1, classPath);
            command.addAll(1, Sources.directives("RUNTIME_OPTIONS", Script.root().resolve("examples/MqttBroker.java")));
            Path file = folder.resolve("bin").resolve(script);
            Files.writeString(file, "#!/bin/sh\nexec " + String.join(" ", command) + " \"$@\"\n");
            assertTrue(file.toFile().setExecutable(true));
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (Process process : running) {
            kill(process, "KILL");
        }
    }

    @AfterAll
    static void stopTheBrokers() throws Exception {
        for (Process broker : Arrays.asList(mqtt, kafka)) {
            if (broker != null) {
                kill(broker, "KILL");
            }
        }
    }

    /** Two neighbours: a Kafka broker in one process has two listeners. No client is given one of so low a number. */
    private static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(15_000, 32_000);
            try (ServerSocket one = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"));
                    ServerSocket other = new ServerSocket(port + 1, 1, InetAddress.getByName("127.0.0.1"))) {
                return Math.min(one.getLocalPort(), other.getLocalPort());
            } catch (IOException taken) {
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
        Process process = start(commands, log(log));
        running.push(process);
        return process;
    }

    private Process start(String commands, Path log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("setsid", "bash", "-c", commands)
            .directory(Script.root().toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().merge("PATH", folder.resolve("bin") + ":", (path, ours) -> ours + path + ":/usr/sbin");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }

    private static void kill(Process process, String signal) throws Exception {
        if (process.isAlive()) {
            new ProcessBuilder("kill", "-" + signal, "--", "-" + process.pid()).start().waitFor();
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        }
    }

    private Path log(String name) {
        return (name.equals("mosquitto") ? brokers : folder).resolve(name + ".log");
    }

    /** The line of the docs that begins with this command, or all lines of this block. */
    private String recipe(String which, String url) throws IOException {
        String block = which.contains("-to-") ? Readme.block(which.contains("mqtt") ? "mqtt-lines" : "kafka").lines()
            .filter(line -> line.startsWith("./jbang " + which + " ")).findFirst().orElseThrow() : Readme.block(which);
        return block.replaceAll("[.]/jbang (?!kafka-server)", "")
            .replaceAll("http://(server|localhost:8080)/events", url)
            .replaceAll("mqtt://(broker|127[.]0[.]0[.]1) ", "mqtt://127.0.0.1:" + MQTT_PORT + " ")
            .replace("-h broker ", "-h 127.0.0.1 -p " + MQTT_PORT + " ")
            .replace(" broker:9092 ", " 127.0.0.1:" + KAFKA_PORT + " ")
            .replace("'home/", "'" + name + "/").replaceAll(" (events|touches)( |$)", " " + name + "$2")
            .replaceAll("segment-a|(?<=--id )lan", name + "-a")
            .replace("--state-file id", "--state-file " + folder.resolve("id"));
    }

    private Process sender(String recipe, String segment, UdpReceiver receiver, String log) throws IOException {
        return run(recipe(recipe, "").replace(name + "-a", name + segment).replace("192.168.8.255:5000", receiver.target()), log);
    }

    private void await(Lan.Condition condition, String what) throws Exception {
        try {
            Lan.await(PATIENCE_SECONDS, what, condition);
        } catch (AssertionError inVain) {
            StringBuilder logs = new StringBuilder();
            try (Stream<Path> files = Stream.concat(Files.list(folder), Files.list(brokers))) {
                for (Path file : files.filter(each -> each.toString().endsWith(".log")).toList()) {
                    String log = Files.readString(file);
                    logs.append(file.getFileName()).append(":\n").append(log.substring(Math.max(0, log.length() - LOG_SHOWN))).append('\n');
                }
            }
            fail(inVain.getMessage() + "\n" + logs);
        }
    }

    private void awaitLog(String log, String text, int times) throws Exception {
        await(() -> Files.exists(log(log)) && Files.readString(log(log)).split(text, -1).length > times, "'" + text + "' in " + log);
    }

    private void awaitSubscribed(String session, int times) throws Exception {
        awaitLog("mosquitto", ": " + name + session + " 1 ", times);
    }

    private void awaitPort(int port) throws Exception {
        await(() -> {
            try (Socket broker = new Socket("127.0.0.1", port)) {
                return broker.isConnected();
            } catch (IOException notYet) {
                return false;
            }
        }, "the broker");
    }

    // ---- what happens ----

    /** A server that keeps ids, and numbers its events: they are of four types. */
    private final class Numbers implements AutoCloseable {
        private final SseServer server = new SseServer(this::serve);
        private final AtomicInteger last = new AtomicInteger();

        Numbers() throws IOException {}

        private void serve(SseServer.Connection connection) throws Exception {
            connection.send(SseServer.OK);
            int next = connection.header("Last-Event-ID").map(Integer::parseInt).orElse(0);
            while (true) {
                while (next < last.get()) {
                    next++;
                    connection.send("event: touch" + next % 4 + "\nid: " + next + "\ndata: " + next + "\n\n");
                }
                LockSupport.parkNanos(1_000_000);
            }
        }

        void happen(int more) {
            last.addAndGet(more);
        }

        String url() {
            return server.url("/events");
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }

    /** What arrived, in order; each number at least once, and those of a type in the order of their first arrivals. */
    private static final class Arrivals {
        private final Set<Integer> first = new LinkedHashSet<>();
        private long repeated;

        void add(List<String> data) {
            data.forEach(one -> repeated += first.add(Integer.parseInt(one)) ? 0 : 1);
        }

        boolean isAll(int last) {
            return first.size() >= last;
        }

        void assertAllInOrder(int last, String what) {
            assertEquals(IntStream.rangeClosed(1, last).boxed().toList(), first.stream().sorted().toList());
            for (int type = 0; type < 4; type++) {
                int one = type;
                List<Integer> ofType = first.stream().filter(number -> number % 4 == one).toList();
                int late = IntStream.range(1, ofType.size()).filter(i -> ofType.get(i) < ofType.get(i - 1)).findFirst().orElse(-1);
                assertEquals(-1, late, () -> what + ": out of order: " + ofType.subList(Math.max(0, late - 3), Math.min(late + 3, ofType.size())));
            }
            System.out.println("  " + what + ": " + last + " events, " + repeated + " came again");
        }
    }

    private void collect(Arrivals arrivals, int last, UdpReceiver... receivers) throws Exception {
        await(() -> {
            for (UdpReceiver receiver : receivers) {
                arrivals.add(receiver.arrived());
            }
            return arrivals.isAll(last);
        }, "event " + last);
    }

    private String state() throws IOException {
        Path file = folder.resolve("id");
        return Files.exists(file) ? Files.readString(file).strip() : "";
    }

    /** What waits for a broker that was killed ends at a signal, and what the broker had not acknowledged comes again. */
    private void assertNotTaken(Numbers numbers, Process relay, String log) throws Exception {
        String before = state();
        numbers.happen(1);
        awaitLog(log, "waiting for it", 2);
        new ProcessBuilder("kill", Long.toString(relay.pid())).start().waitFor();
        assertTrue(relay.waitFor(20, TimeUnit.SECONDS));
        assertEquals(143, relay.exitValue());
        awaitLog(log, ", 1 not acknowledged", 1);
        assertEquals(before, state());
    }

    /** Kills the relay while events come, again and again; what it publishes is read from the file. */
    private void killTheRelayAgainAndAgain(Numbers numbers, String recipe, int deaths, Path output) throws Exception {
        for (int death = 0; death < deaths; death++) {
            Process relay = run("exec " + recipe(recipe, numbers.url()), "relay");
            numbers.happen(500);
            int enough = numbers.last.get() - 400;
            await(() -> Files.exists(output) && Files.readAllLines(output).size() > enough, "events");
            kill(relay, "KILL");
        }
        run("exec " + recipe(recipe, numbers.url()), "relay");
        Arrivals arrivals = new Arrivals();
        int last = numbers.last.get();
        await(() -> new HashSet<>(Files.readAllLines(output)).size() >= last, "event " + last);
        arrivals.add(Files.readAllLines(output));
        arrivals.assertAllInOrder(last, recipe + " killed " + deaths + " times");
    }

    // ---- MQTT ----

    /** The broker, started if it does not run. Its queues and its packets have limits that tests count on. */
    private Process mqttBroker() throws Exception {
        assumeCommands("mosquitto", "mosquitto_sub");
        if (mqtt == null || !mqtt.isAlive()) {
            Files.createDirectories(brokers.resolve("data"));
            Path file = Files.writeString(brokers.resolve("mosquitto.conf"), "max_queued_messages 0\nmax_packet_size 1000\n"
                + "log_type error\nlog_type warning\nlog_type subscribe\n" + Readme.block("mqtt-broker").replace("listener 1883", "listener " + MQTT_PORT + " 127.0.0.1\nuser root")
                    .replace("/var/lib/mosquitto/", brokers.resolve("data") + "/"));
            mqtt = start("exec mosquitto -c " + file, log("mosquitto"));
            awaitPort(MQTT_PORT);
        }
        return mqtt;
    }

    /** Publishes messages, acknowledged, each of them TOPIC=PAYLOAD below the topic of this test; options may precede them. */
    private void publish(String options, String... messages) throws Exception {
        for (String message : messages) {
            String[] parts = message.split("=");
            assertEquals(0, Script.shell("mosquitto_pub -q 1 -p " + MQTT_PORT + options + " -t " + name + parts[0] + " -m " + parts[1]).status());
        }
    }

    @Test
    void eachSegmentGetsAllThoughMqttBrokerAndSenderAreKilled() throws Exception {
        try (Numbers numbers = new Numbers(); UdpReceiver a = new UdpReceiver(); UdpReceiver b = new UdpReceiver()) {
            Process broker = mqttBroker();
            sender("mqtt-to-udp", "-a", a, "a");
            Process gone = sender("mqtt-to-udp", "-b", b, "b");
            awaitSubscribed("-a", 1);
            awaitSubscribed("-b", 1);
            Process relay = run("exec " + recipe("sse-to-mqtt", numbers.url()), "relay");
            Arrivals onA = new Arrivals();
            Arrivals onB = new Arrivals();
            numbers.happen(20);
            collect(onA, 20, a);
            collect(onB, 20, b);
            kill(gone, "KILL");
            numbers.happen(20);
            collect(onA, 40, a);
            sender("mqtt-to-udp", "-b", b, "b");
            collect(onB, 40, b);
            kill(broker, "KILL");
            numbers.happen(20);
            awaitLog("relay", "waiting for it", 1);
            Process again = mqttBroker();
            collect(onA, 60, a);
            collect(onB, 60, b);
            awaitLog("relay", "it is there again", 1);
            onA.assertAllInOrder(60, "mqtt, segment a");
            onB.assertAllInOrder(60, "mqtt, segment b");
            await(() -> state().equals("60"), "the state");
            kill(again, "KILL");
            assertNotTaken(numbers, relay, "relay");
        }
    }

    @Test
    @Timeout(400)
    void nothingIsMissingWhenTheMqttRelayIsKilledAgainAndAgain() throws Exception {
        mqttBroker();
        try (Numbers numbers = new Numbers()) {
            Path output = folder.resolve("output");
            run("exec stdbuf -oL mosquitto_sub -p " + MQTT_PORT + " -i " + name + " -q 1 -t '" + name + "/#' > " + output, "subscriber");
            awaitSubscribed("", 1);
            killTheRelayAgainAndAgain(numbers, "sse-to-mqtt", DEATHS, output);
        }
    }

    @Test
    void twoCommandsOfTheReadmeBringEventsToTheLan() throws Exception {
        mqttBroker();
        try (Numbers numbers = new Numbers(); UdpReceiver receiver = new UdpReceiver()) {
            List<String> lines = recipe("mqtt-here", numbers.url()).replace("192.168.8.255:5000", receiver.target()).lines().toList();
            assertEquals(2, lines.size());
            run("exec " + lines.get(0), "sender");
            awaitSubscribed("-a", 1);
            run("exec " + lines.get(1), "relay");
            numbers.happen(3);
            Arrivals arrivals = new Arrivals();
            collect(arrivals, 3, receiver);
            arrivals.assertAllInOrder(3, "mqtt, two commands");
        }
    }

    @Test
    void eventThatCannotBePublishedIsSkippedAndTold() throws Exception {
        mqttBroker();
        String events = "event: a#b\ndata: 1\n\nevent: \0\ndata: 2\n\nevent: " + "x".repeat(70_000)
            + "\ndata: 3\n\nevent: +\ndata: 4\n\ndata: " + "x".repeat(2000) + "\n\ndata: 5\n\n";
        try (SseServer server = SseServer.stream(events)) {
            Script.Ended ended = relay(recipe("sse-to-mqtt", server.url("/")) + " -c 6");
            ended.assertIs(1, "", ".* skipped an event: Topic .* wildcard .*", ".* skipped an event: Topic .* null .*",
                ".* skipped an event: .*\\(others are only counted\\)", ".*: 6 received, 1 acknowledged, 5 skipped, 0 not acknowledged");
        }
    }

    @Test
    void topicMayBeAFieldOfTheDataAndAnEventWithoutItIsSkipped() throws Exception {
        mqttBroker();
        try (SseServer server = SseServer.stream("data: {}\n\ndata: {\"panelId\":101}\n\n")) {
            relay("sse-to-mqtt " + server.url("/") + " mqtt://127.0.0.1:" + MQTT_PORT + " -c 1 -r -t " + name + "/{/panelId} -t " + name + "/too")
                .assertIs(1, "", "sse-to-mqtt: an event was skipped: the data has no /panelId",
                "sse-to-mqtt: 2 received, 2 acknowledged, 0 skipped, 0 not acknowledged", "sse-to-mqtt: 1 skipped");
        }
        Script.Ended retained = Script.shell("mosquitto_sub -p " + MQTT_PORT + " -C 2 -W 20 -F %t -t '" + name + "/#'");
        assertEquals(List.of(name + "/101", name + "/too"), retained.out().lines().sorted().toList());
    }

    @Test
    void severalTopicsAreSubscribedAndARetainedMessageComesOnceForASession() throws Exception {
        mqttBroker();
        publish(" -r", "/home/door=open", "/light=on");
        try (UdpReceiver receiver = new UdpReceiver()) {
            String line = "exec mqtt-to-udp mqtt://127.0.0.1:" + MQTT_PORT + " " + receiver.target() + " --id " + name
                + "".concat(" -t T/home/door -t 'T/home/#' -t T/home/+ -t T/light -t T/light").replace("T/", name + "/");
            Process first = run(line, "sender");
            assertEquals(Set.of("open", "on"), Set.of(receiver.nextText(), receiver.nextText()));
            publish("", "/home/door=1", "/light=2");
            assertEquals("1", receiver.nextText());
            assertEquals("2", receiver.nextText());
            kill(first, "TERM");
            publish("", "/home/window=3");
            run(line, "sender");
            assertEquals("3", receiver.nextText());
            awaitSubscribed("", 4);
            publish(" -r", "/home/door=shut");
            assertEquals("shut", receiver.nextText());
            receiver.assertNothingMore();
        }
    }

    private Script.Ended relay(String line) throws Exception {
        return Script.shell(folder.resolve("bin") + "/" + line.replace("\n", ""));
    }

    @Test
    void whyABrokerEndsTheConnectionIsTold() throws Exception {
        int port = freePort();
        try (ServerSocket broker = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
            run("mqtt-to-udp mqtt://127.0.0.1:" + port + " 127.0.0.1:9 -t x -i used-twice", "sender");
            Socket client = broker.accept();
            int connect = 0x10;
            assertEquals(connect, client.getInputStream().read());
            byte[] connectAckAndDisconnect = HexFormat.of().parseHex("2003000000" + "e0018e");
            client.getOutputStream().write(connectAckAndDisconnect);
            awaitLog("sender", ": Server sent DISCONNECT: SESSION_TAKEN_OVER; waiting for it", 1);
        }
    }

    @Test
    void mqttsBrokerWithAnAuthorityOfItsOwnSeesOurCertificateAndPassword() throws Exception {
        assumeCommands("mosquitto", "mosquitto_passwd");
        TestCertificates certificates = TestCertificates.in(Files.createDirectories(folder.resolve("tls")));
        Path authority = certificates.authority();
        Path certificate = certificates.write("server.pem", certificates.pem("server"));
        Path key = certificates.write("key.pem", TestCertificates.pem("PRIVATE KEY", certificates.key("server").getEncoded()));
        Path passwords = certificates.write("passwords", "");
        assertEquals(0, Script.shell("PATH=$PATH:/usr/sbin mosquitto_passwd -b " + passwords + " me secret").status());
        int port = freePort();
        Files.writeString(folder.resolve("mosquitto.conf"), "listener " + port + " 127.0.0.1\nuser root\ncafile " + authority
            + "\ncertfile " + certificate + "\nkeyfile " + key + "\nrequire_certificate true\npassword_file " + passwords + "\n");
        run("exec mosquitto -v -c " + folder.resolve("mosquitto.conf"), "broker");
        awaitPort(port);
        String us = "keystore=" + certificates.pkcs12("client.p12", "client", TestCertificates.PASSWORD)
            + "\nkeystore.password=" + TestCertificates.PASSWORD + "\nusername=me\npassword=";
        Path properties = certificates.write("mqtt.properties", us + "secret\ncafile=" + authority);
        Path wrongPassword = certificates.write("wrong.properties", us + "none\ncafile=" + authority);
        Path jdksAuthorities = certificates.write("jdk.properties", us + "secret");
        try (SseServer server = SseServer.stream("event: touch\ndata: 1\n\n")) {
            String line = recipe("sse-to-mqtt", server.url("/")).replace("mqtt://127.0.0.1:" + MQTT_PORT, "mqtts://127.0.0.1:" + port)
                + " -c 1 --properties ";
            relay(line + properties).assertIs(0, "", "sse-to-mqtt: 1 received, 1 acknowledged, 0 skipped, 0 not acknowledged");
            relay(line + wrongPassword).assertIs(5, "", "sse-to-mqtt: mqtts://127.0.0.1:" + port + ": .*NOT_AUTHORIZED");
            run("exec " + line + jdksAuthorities, "stranger");
            awaitLog("stranger", "is not trusted; waiting for it", 1);
        }
        awaitLog("broker", "'" + name + "/touch'", 1);
    }

    // ---- Kafka ----

    /** The broker, started if it does not run. */
    private Process kafkaBroker() throws Exception {
        assumeCommands("kcat");
        if (kafka == null || !kafka.isAlive()) {
            // It lives for a minute: no optimising compiler.
            kafka = start("export JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1; exec " + Readme.block("kafka").lines().findFirst().orElseThrow()
                .replace("kafka-server 9092 /tmp/kafka", "--quiet kafka-server " + KAFKA_PORT + " " + brokers.resolve("kafka")),
                brokers.resolve("kafka.log"));
            awaitPort(KAFKA_PORT);
            await(() -> Script.shell("kcat -L -m 1 -b 127.0.0.1:" + KAFKA_PORT).out().contains("1 brokers"), "the broker");
        }
        return kafka;
    }

    /** The last, because it leaves no broker, which takes seconds to start. */
    @Test
    @Order(Integer.MAX_VALUE)
    @Timeout(400)
    void eachGroupGetsAllThoughKafkaBrokerAndSenderAreKilled() throws Exception {
        try (Numbers numbers = new Numbers(); UdpReceiver a = new UdpReceiver(); UdpReceiver b = new UdpReceiver(); UdpReceiver other = new UdpReceiver()) {
            Process broker = kafkaBroker();
            Process relay = run("exec " + recipe("sse-to-kafka", numbers.url()), "relay");
            Arrivals onA = new Arrivals();
            numbers.happen(40);
            await(() -> state().equals("40"), "the state");
            sender("kafka-to-udp", "-a", a, "a");
            collect(onA, 40, a);
            Process gone = sender("kafka-to-udp", "-a", b, "b");
            await(() -> {
                numbers.happen(4);
                onA.add(a.arrived());
                List<String> onB = b.arrived();
                onA.add(onB);
                return !onB.isEmpty();
            }, "events on the second sender");
            kill(gone, "KILL");
            onA.add(b.arrived());
            numbers.happen(40);
            collect(onA, numbers.last.get(), a);

            kill(broker, "KILL");
            numbers.happen(20);
            awaitLog("relay", "waiting for it", 1);
            awaitLog("a", ": no answer for 3 s; waiting for it", 1);
            Process again = kafkaBroker();
            awaitLog("a", "it is there again", 1);
            int last = numbers.last.get();
            collect(onA, last, a);
            onA.assertAllInOrder(last, "kafka, two senders of a group");
            await(() -> state().equals(Integer.toString(last)), "the state");

            Process busy = sender("kafka-to-udp", "-b --rate 20", other, "c");
            Arrivals onOther = new Arrivals();
            collect(onOther, 10, other);
            kill(busy, "TERM");
            sender("kafka-to-udp", "-b", other, "c");
            collect(onOther, last, other);
            onOther.assertAllInOrder(last, "kafka, another group");
            assertEquals(0, onOther.repeated);
            kill(again, "KILL");
            assertNotTaken(numbers, relay, "relay");
        }
    }

    @Test
    @Timeout(400)
    void nothingIsMissingWhenTheKafkaRelayIsKilledAgainAndAgain() throws Exception {
        kafkaBroker();
        try (Numbers numbers = new Numbers()) {
            Path output = folder.resolve("output");
            run("until kcat -C -u -q -b 127.0.0.1:" + KAFKA_PORT + " -t " + name + " -o beginning; do sleep 0.2; done > " + output, "subscriber");
            killTheRelayAgainAndAgain(numbers, "sse-to-kafka", DEATHS, output);
        }
    }

    @Test
    void severalTopicsAreWrittenAndRead() throws Exception {
        kafkaBroker();
        String topics = "".concat(" -t T1 -t T2 ").replace("T", name);
        try (SseServer server = SseServer.stream("data: hello\n\n"); UdpReceiver receiver = new UdpReceiver()) {
            relay("sse-to-kafka -q -c 1 " + server.url("/") + " 127.0.0.1:" + KAFKA_PORT + topics)
                .assertIs(0, "");
            run("kafka-to-udp 127.0.0.1:" + KAFKA_PORT + " " + receiver.target() + topics + "-t " + name + "-is-new -G " + name, "sender");
            assertEquals("hello", receiver.nextText());
            assertEquals("hello", receiver.nextText());
            receiver.assertNothingMore();
        }
    }

    @Test
    void brokerThatIsNotThereOrHasNoAddressYetIsWaitedFor() throws Exception {
        Map<String, String> cases = Map.of(
            "kafka-to-udp 127.0.0.1:1 127.0.0.1:9 -t x -t y -G a", "127.0.0.1:1: topic x, y: no answer for 3 s",
            "kafka-to-udp no-such-host.invalid:9092 127.0.0.1:9 -t x -G a", "no-such-host.invalid:9092: topic x: no answer for 3 s",
            "sse-to-kafka - no-such-host.invalid:9092 -t x", "no-such-host.invalid:9092: topic x: no answer for 3 s",
            "mqtt-to-udp mqtt://no_such_host 127.0.0.1:9 -t x -i a", "mqtt://no_such_host: host not found",
            "sse-to-mqtt - mqtts://[::1]:1 -t x", "mqtts://\\[::1]:1: [^;]*");
        List<String> commands = List.copyOf(cases.keySet());
        for (int i = 0; i < commands.size(); i++) {
            run("printf 'data: 1\\n\\n' | " + commands.get(i), "log" + i);
        }
        for (int i = 0; i < commands.size(); i++) {
            awaitLog("log" + i, "; waiting for it\n", 1);
            String command = commands.get(i);
            String said = Files.readString(log("log" + i));
            assertTrue(said.matches(command.split(" ")[0] + ": " + cases.get(command) + "; waiting for it\n"), said);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "mqtt-to-udp mqtt://x 127.0.0.1:9 -t x --id ''|--id '': expected a name",
        "mqtt-to-udp mqtt://x 127.0.0.1:9 -t x -t a#b --id a|Topic .* wildcard.*",
        "mqtt-to-udp mqtt://x 127.0.0.1:9 -t x --id a --properties FILE|--properties: cafile and keystore are for mqtts",
        "mqtt-to-udp mqtt://x 127.0.0.1:9 -t x --id a --properties /dev/null --properties FILE|--properties: cafile and keystore are for mqtts",
        "kafka-to-udp x:1 127.0.0.1:9 -t x --group ''|--group '', --topic 'x': expected a name each",
        "kafka-to-udp x:1 127.0.0.1:9 -t a -t '' --group a|--group 'a', --topic 'a, ': expected a name each",
        "sse-to-mqtt -t x http://127.0.0.1:1/ mqtt://me:secret@127.0.0.1|the broker: expected mqtt://.*",
        "sse-to-mqtt -t x http://127.0.0.1:1/ mqtt://127.0.0.1 --properties USER|--properties: user is none of username, .*",
        "sse-to-kafka -t x -t {y} http://127.0.0.1:1/ 127.0.0.1:1|--topic: \\{y} is not known here, .*"}, quoteCharacter = '"')
    void mistakeIsNamed(String command, String message) throws Exception {
        String line = command.replace("FILE", Files.writeString(folder.resolve("cafile"), "cafile=x").toString())
            .replace("USER", Files.writeString(folder.resolve("user"), "user=me").toString());
        List<String> words = Arrays.stream(line.split(" ")).map(word -> word.replace("''", "")).toList();
        StringWriter err = new StringWriter();
        try (URLClassLoader relays = new ScriptLoader(urls(classPath))) {
            Constructor<?> script = relays.loadClass(Script.mainClass(words.get(0))).getDeclaredConstructor();
            script.setAccessible(true);
            assertEquals(2, Tool.commandLine(script.newInstance()).setErr(new PrintWriter(err))
                .execute(words.subList(1, words.size()).toArray(String[]::new)));
        }
        assertTrue(err.toString().matches(words.get(0) + ": " + message + " \\(" + words.get(0) + " --help says more\\)\n"), err.toString());
    }

    /** Loads classes without a package, which belong together, by itself, also where a test has them too. */
    private static final class ScriptLoader extends URLClassLoader {
        ScriptLoader(URL[] urls) {
            super(urls, BrokerTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.contains(".")) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? findClass(name) : loaded;
        }
    }

    private static URL[] urls(String paths) throws IOException {
        List<URL> urls = new ArrayList<>();
        for (String path : paths.split(File.pathSeparator)) {
            urls.add(Path.of(path).toUri().toURL());
        }
        return urls.toArray(URL[]::new);
    }

    // ---- pipes ----

    @Test
    void pipesBringEventsFromTheServerToTheLan() throws Exception {
        mqttBroker();
        kafkaBroker();
        List<String> lines = recipe("pipes", "URL").lines().toList();
        try (UdpReceiver receiver = new UdpReceiver(); SseServer server = new SseServer(connection -> connection.send(
                connection.number % 2 == 0 ? SseServer.OK + "data: hello\n\n" : "HTTP/1.1 204 No Content\r\n\r\n"))) {
            run(lines.get(0).replace("192.168.8.255:5000", receiver.target()), "mqtt-receiver");
            awaitSubscribed("-a", 1);
            assertEquals(0, run(lines.get(1).replace("URL", server.url("/")), "mqtt-sender").waitFor());
            assertEquals("hello", receiver.nextText());
            assertEquals(0, run(lines.get(3).replace("URL", server.url("/")), "kafka-sender").waitFor());
            run(lines.get(2).replace("192.168.8.255:5000", receiver.target()), "kafka-receiver");
            assertEquals("hello", receiver.nextText());
        }
    }
}
