///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//RUNTIME_OPTIONS -XX:+UseSerialGC -Xms64m -Xmn32m
//DESCRIPTION Measure ours beside others', on loopback: bench throughput start --runs 4
//DEPS info.picocli:picocli:4.7.7
//SOURCES Brokers.java Contestants.java Load.java Receiver.java Results.java Trial.java

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measures ours beside others', each as a process of its own, and prints tables in Markdown.",
    footer = {"", "Examples:", "  bench", "  bench throughput --runs 6", "  bench --quick"})
class Bench implements Callable<Integer> {
    enum Section { throughput, latency, pause, datagrams, start, memory, idle, brokers }

    @Parameters(paramLabel = "SECTION", description = "${COMPLETION-CANDIDATES}; all unless given.")
    private Set<Section> sections = Set.of(Section.values());

    @Option(names = "--runs", paramLabel = "N", description = "How many rounds, in place of each section's own number.")
    private Integer runs;

    @Option(names = "--quick", description = "Very little of each, in seconds: only to see that it works.")
    private boolean quick;

    /** These take as long as all others together. */
    private static final Set<String> ONCE = Set.of(Contestants.PYTHON, Contestants.LAUNCH_DARKLY);
    private static final Path NOTHING = Path.of("/dev/null");
    private static final String JSON = "200 B of JSON";
    private static final String JSON_EVENT = "data: " + "{\"panelId\":101,\"gesture\":0,\"strength\":1}".repeat(5) + "\n\n";
    private static final String EVERYBODY = "127.255.255.255";
    private static final String JBANG = "by jbang";
    private static final String JBANG_HELLO = "hello, by jbang";
    private static final String FIRST_LINE = "start to first line, s";
    private static final String EXIT = "first line to exit, s";
    private static final String SWITCHES = "context switches/s";
    private static final String OWN_SWITCHES = "without the JVM's own threads";
    private static final String PEAK = "peak MiB";

    private final Results results = new Results();
    private Contestants contestants;
    private Load load;

    /** One measurement of one contestant. */
    @FunctionalInterface
    private interface Measurement {
        void of(String contestant, List<String> command) throws Exception;
    }

    @Override
    public Integer call() throws Exception {
        Path folder = Files.createTempDirectory("bench");
        try (Load server = new Load()) {
            load = server;
            contestants = new Contestants(folder, results, load.serve("/first", Load.holding("data: hello\n\n")));
            results.remark("load of the machine before: " + loadAverage());
            if (sections.contains(Section.start)) {
                start();
            }
            if (sections.contains(Section.throughput) || sections.contains(Section.memory)) {
                throughput();
            }
            if (sections.contains(Section.memory)) {
                memoryOverTime();
            }
            results.table("throughput", JSON + ", s",
                JSON + ", MiB", "4 KiB, s", "4 KiB, MiB", "10 lines, s", "10 lines, MiB");
            if (sections.contains(Section.datagrams) || sections.contains(Section.memory)) {
                datagrams();
            }
            if (sections.contains(Section.latency) || sections.contains(Section.memory)) {
                latency();
            }
            if (sections.contains(Section.pause)) {
                pause();
            }
            if (sections.contains(Section.idle)) {
                idle();
            }
            if (sections.contains(Section.brokers)) {
                brokers();
            }
            results.remark("load of the machine after: " + loadAverage());
        } finally {
            results.print();
            delete(folder);
        }
        return 0;
    }

    /** Round after round, from the first contestant to the last and then backward. */
    private void interleave(int usualRuns, Map<String, List<String>> commands, Measurement measurement) throws Exception {
        boolean once = quick || sections.equals(Set.of(Section.memory));
        int rounds = runs != null ? runs : once ? 1 : usualRuns;
        List<String> order = new ArrayList<>(commands.keySet());
        for (int round = 0; round < rounds; round++) {
            for (String contestant : order) {
                System.err.println("round " + (round + 1) + ": " + contestant);
                measurement.of(contestant, commands.get(contestant));
            }
            Collections.reverse(order);
        }
    }

    private void throughput() throws Exception {
        Map<String, List<String>> commands = contestants.listeners();
        contestants.verify(commands, load.serve("/small",
            Load.burst("event: touch\nid: 4\ndata: {\"name\":\"\u00e4\\\\\"}\ndata: \u20ac\n\n:comment\nid:4\ndata:x\n\n", 3)));
        Map<String, Load.Body> streams = new LinkedHashMap<>();
        streams.put(JSON, burst(JSON_EVENT, 3_000_000));
        streams.put("4 KiB", burst("data: " + "abcdefgh".repeat(512) + "\n\n", 200_000));
        streams.put("10 lines", burst("data: abcdefghi abcdefghi \n".repeat(10) + "\n", 1_000_000));
        for (Map.Entry<String, Load.Body> stream : streams.entrySet()) {
            String figure = stream.getKey() + ", s";
            String memory = stream.getKey() + ", MiB";
            URI uri = load.serve("/" + stream.getKey().replace(' ', '-'), stream.getValue());
            for (int i = 0; i < 3; i++) {
                results.add(figure, "bare reader", Load.drain(uri));
            }
            interleave(3, commands, (contestant, command) -> {
                if (ONCE.contains(contestant) && results.rounds(figure, contestant) == 1) {
                    return;
                }
                Trial trial = Trial.run(Contestants.with(command, uri.toString()), NOTHING, NOTHING);
                results.add(figure, contestant, trial.seconds());
                results.add(memory, contestant, trial.peakMebibytes());
            });
        }
        results.ratio(JSON + ", s", Contestants.OKHTTP, Contestants.OURS, ">= 2.3");
        results.ratio(JSON + ", s", Contestants.OURS, Contestants.BUN, "<= 1.15");
        results.ratio(JSON + ", s", Contestants.OURS, Contestants.FLOOR_INLINE, "<= 1.8");
        results.ratio(JSON + ", s", Contestants.OURS, Contestants.FLOOR, "<= 1.35");
        for (String stream : streams.keySet()) {
            results.largest(stream + ", MiB", Contestants.OURS, " MiB", "<= 100");
        }
    }

    /** Four times the events, in the memory of once the events. */
    private void memoryOverTime() throws Exception {
        URI uri = load.serve("/long", burst(JSON_EVENT, 12_000_000));
        List<String> command = contestants.listeners().get(Contestants.OURS);
        results.add(JSON + ", MiB", Contestants.OURS + ", 4 times the events",
            Trial.run(Contestants.with(command, uri.toString()), NOTHING, NOTHING).peakMebibytes());
    }

    private Load.Body burst(String event, int times) {
        return Load.burst(event, quick ? times / 100 : times);
    }

    private void datagrams() throws Exception {
        int lines = quick ? 20_000 : 1_000_000;
        Path file = contestants.folder.resolve("lines");
        Files.write(file, Collections.nCopies(lines, "0123456789".repeat(7)));
        Map<String, List<String>> commands = new LinkedHashMap<>();
        commands.put("udp-send", contestants.ours("udp-send", "UdpSend", "-q", EVERYBODY + ":PORT"));
        contestants.c("sendto.c").ifPresent(c -> commands.put(Contestants.C, Contestants.with(c, EVERYBODY, "PORT")));
        contestants.python("sendto.py")
            .ifPresent(python -> commands.put(Contestants.PYTHON, Contestants.with(python, EVERYBODY, "PORT")));
        contestants.program("socat").ifPresent(socat ->
            commands.put("socat", List.of(socat, "-u", "-", "UDP4-DATAGRAM:" + EVERYBODY + ":PORT,broadcast")));
        String sending = lines + " datagrams, first to last, s";
        String exit = "exec to exit, s";
        String whole = "of 1000, as they were sent";
        String memory = "datagrams, peak MiB";
        interleave(4, commands, (contestant, command) -> {
            try (Receiver receiver = new Receiver(false)) {
                Trial trial = Trial.run(receiver.aimed(command), file, NOTHING);
                receiver.finish();
                results.add(sending, contestant, receiver.seconds());
                results.add(exit, contestant, trial.seconds());
                results.add(whole, contestant, 1000.0 * receiver.lines(70) / lines);
                results.add(memory, contestant, trial.peakMebibytes());
            }
        });
        results.ratio(sending, Contestants.C, "udp-send", ">= 0.9");
        results.largest(memory, "udp-send", " MiB", "<= 100");
        results.table("datagrams", sending, exit, whole, memory);
    }

    private Map<String, List<String>> relays() throws Exception {
        Map<String, List<String>> commands = new LinkedHashMap<>();
        commands.put("sse-to-udp", contestants.ours("sse-to-udp", "SseToUdp", "-q", "--no-retry", "URL", EVERYBODY + ":PORT"));
        contestants.python("loop.py")
            .ifPresent(python -> commands.put(Contestants.PYTHON, Contestants.with(python, "URL", EVERYBODY, "PORT")));
        contestants.c("relay.c").ifPresent(c -> commands.put(Contestants.C, Contestants.with(c, "URL", EVERYBODY, "PORT")));
        return commands;
    }

    private void latency() throws Exception {
        latency(relays(), 1000, 1000, quick ? 2 : 7, 3);
        latency(relays(), 10, 30, quick ? 4 : 13, 2);
    }

    /** Events that come one by one after others have come: the delay that a person feels. */
    private void pause() throws Exception {
        int before = 150;
        int alone = quick ? 5 : 60;
        URI uri = load.serve("/pause", Load.both(Load.paced(50, before), Load.paced(2.5, alone)));
        String[] figures = {"first 30 p50, us", "after a pause of 0.4 s: p50, us", "after a pause of 0.4 s: p90, us"};
        interleave(2, relays(), (contestant, command) -> {
            try (Receiver receiver = new Receiver(true)) {
                Trial.run(receiver.aimed(command, uri), NOTHING, NOTHING);
                receiver.finish();
                results.add(figures[0], contestant, receiver.micros(0, 30, 0.5));
                results.add(figures[1], contestant, receiver.micros(before, receiver.count(), 0.5));
                results.add(figures[2], contestant, receiver.micros(before, receiver.count(), 0.9));
            }
        });
        results.ratio(figures[1], "sse-to-udp", Contestants.PYTHON, "<= 1.3");
        results.table("pause", figures);
    }

    /** @param first so many events are reported apart */
    private void latency(Map<String, List<String>> commands, int rate, int first, int seconds, int rounds) throws Exception {
        URI uri = load.serve("/paced" + rate, Load.paced(rate, rate * seconds));
        String at = rate + "/s, ";
        String[] figures = Stream.of("first event", "first " + first + " p50", "first " + first + " p99", "p50", "p99", "p99.9")
            .map(name -> at + name + ", us").toArray(String[]::new);
        interleave(rounds, commands, (contestant, command) -> {
            try (Receiver receiver = new Receiver(true)) {
                Trial trial = Trial.run(receiver.aimed(command, uri), NOTHING, NOTHING);
                receiver.finish();
                if (receiver.count() != rate * seconds) {
                    results.remark(at + contestant + " lost " + (rate * seconds - receiver.count()));
                }
                results.add(figures[0], contestant, receiver.micros(0, 1, 1));
                results.add(figures[1], contestant, receiver.micros(0, first, 0.5));
                results.add(figures[2], contestant, receiver.micros(0, first, 0.99));
                results.add(figures[3], contestant, receiver.micros(first, receiver.count(), 0.5));
                results.add(figures[4], contestant, receiver.micros(first, receiver.count(), 0.99));
                results.add(figures[5], contestant, receiver.micros(first, receiver.count(), 0.999));
                results.add(at + PEAK, contestant, trial.peakMebibytes());
            }
        });
        results.ratio(figures[3], "sse-to-udp", Contestants.PYTHON, rate == 1000 ? "<= 1.0" : "<= 1.2");
        results.ratio(figures[4], "sse-to-udp", Contestants.PYTHON, "<= 1.5");
        results.largest(at + PEAK, "sse-to-udp", " MiB", "<= 100");
        results.table("latency", figures);
    }

    /** Each gets one event and ends by itself; curl ends because the server does. */
    private void start() throws Exception {
        String event = "data: hello\n\n";
        String held = load.serve("/one", Load.holding(event)).toString();
        String ended = load.serve("/one-and-end", Load.burst(event, 1)).toString();
        String jbang = contestants.root.resolve("jbang").toString();
        Path jar = contestants.folder.resolve("portable/sse-listen.jar");
        contestants.jbang("export", "portable", "--force", "-O", jar.toString(), "sse-listen");
        List<String> hello = contestants.script("Hello", List.of());
        Map<String, List<String>> commands = new LinkedHashMap<>();
        commands.put(JBANG_HELLO, List.of(jbang, "--quiet", contestants.root.resolve("tests/bench/Hello.java").toString()));
        commands.put(JBANG, List.of(jbang, "--quiet", contestants.root.resolve("sse-listen.java").toString(), "-c", "1", held));
        commands.put("by jar", List.of(contestants.java.toString(), "-jar", jar.toString(), "-c", "1", held));
        Map<String, Path> jdks = contestants.jdks();
        for (Map.Entry<String, Path> jdk : jdks.entrySet()) {
            List<String> helloThere = new ArrayList<>(hello);
            helloThere.set(0, jdk.getValue().resolve("bin/java").toString());
            commands.put("hello, " + jdk.getKey(), helloThere);
            contestants.installed(jdk.getValue(), "-c", "1", held)
                .ifPresent(command -> commands.put("installed, " + jdk.getKey(), command));
        }
        contestants.python("loop.py").ifPresent(python -> commands.put(Contestants.PYTHON, Contestants.with(python, held, "1")));
        contestants.program("curl").ifPresent(curl -> commands.put(Contestants.CURL, List.of(curl, "-sN", ended)));
        // Makes the archive that "by jbang" starts from, after another JDK may have built the jar.
        contestants.ours("sse-listen", "SseListen");
        interleave(10, commands, (contestant, command) -> {
            Trial trial = Trial.read(command);
            results.add(FIRST_LINE, contestant, trial.firstByteSeconds());
            results.add(EXIT, contestant, trial.seconds() - trial.firstByteSeconds());
            results.add(PEAK, contestant, trial.peakMebibytes());
        });
        results.difference(FIRST_LINE, JBANG, JBANG_HELLO, " s", "<= 0.30");
        results.largest(EXIT, JBANG, " s", "<= 0.05");
        for (String jdk : jdks.keySet()) {
            results.difference(FIRST_LINE, "installed, " + jdk, "hello, " + jdk, " s", "<= 0.25");
            results.largest(EXIT, "installed, " + jdk, " s", "<= 0.05");
        }
        results.table("start", FIRST_LINE, EXIT, PEAK);
    }

    /** All at the same time: there is nothing that one could take from another. */
    private void idle() throws Exception {
        int seconds = quick ? 1 : 10;
        URI uri = load.serve("/idle", Load.holding("data: hello\n\n"));
        Map<String, List<String>> commands = new LinkedHashMap<>(contestants.listeners());
        commands.replaceAll((name, command) -> Contestants.with(command, uri.toString()));
        commands.put("java that waits", Contestants.with(contestants.script("Hello", List.of()), "wait"));
        commands.put("java that waits, our options", 
            Contestants.with(contestants.script("Hello", contestants.runtimeOptions("sse-listen")), "wait"));
        Map<String, Process> running = new LinkedHashMap<>();
        for (Map.Entry<String, List<String>> one : commands.entrySet()) {
            running.put(one.getKey(), new ProcessBuilder(one.getValue()).redirectOutput(NOTHING.toFile())
                .redirectError(NOTHING.toFile()).start());
        }
        TimeUnit.SECONDS.sleep(quick ? 1 : 5);
        Map<String, Map<String, Long>> before = new LinkedHashMap<>();
        for (Map.Entry<String, Process> one : running.entrySet()) {
            before.put(one.getKey(), switches(one.getValue().pid()));
        }
        TimeUnit.SECONDS.sleep(seconds);
        for (Map.Entry<String, Process> one : running.entrySet()) {
            if (!one.getValue().isAlive()) {
                results.remark("idle: " + one.getKey() + " ended by itself, status " + one.getValue().exitValue());
                continue;
            }
            Map<String, Long> after = switches(one.getValue().pid());
            before.get(one.getKey()).forEach((thread, count) -> after.computeIfPresent(thread, (key, now) -> now - count));
            results.add(SWITCHES, one.getKey(),
                after.values().stream().mapToLong(Long::longValue).sum() / (double) seconds);
            results.add(OWN_SWITCHES, one.getKey(), after.entrySet().stream()
                .filter(thread -> !JVM_THREAD.test(thread.getKey())).mapToLong(Map.Entry::getValue).sum() / (double) seconds);
            if (one.getKey().equals(Contestants.OURS)) {
                results.remark("idle, context switches in " + seconds + " s of " + Contestants.OURS + ": "
                    + after.entrySet().stream().filter(thread -> thread.getValue() > 0).map(Object::toString)
                        .collect(Collectors.joining(", ")));
            }
            one.getValue().destroyForcibly();
        }
        results.largest(OWN_SWITCHES, Contestants.OURS, "/s", "<= 0.1");
        results.table("idle", SWITCHES, OWN_SWITCHES);
    }

    private void brokers() throws Exception {
        int events = quick ? 3000 : 300_000;
        String figure = "acknowledged events a second";
        try (Brokers brokers = new Brokers(contestants, load.serve("/brokers", Load.burst(JSON_EVENT, events)), events)) {
            interleave(4, brokers.commands(), (contestant, command) ->
                results.add(figure, contestant, brokers.eventsPerSecond(contestant, command)));
        }
        results.ratio(figure, "sse-to-mqtt", "sse-listen and mosquitto_pub", ">= 1.0");
        results.ratio(figure, "sse-to-kafka", "sse-listen and kcat", ">= 1.0");
        results.table("brokers", figure);
    }

    private static final Predicate<String> JVM_THREAD = name -> name.startsWith("VM ") || name.startsWith("C1 ")
        || name.startsWith("C2 ") || name.startsWith("G1 ") || name.startsWith("GC ") || name.startsWith("Monitor ")
        || name.startsWith("Sweeper") || name.startsWith("Reference") || name.startsWith("Common-Cleaner") || name.startsWith("Service");

    /** How often each thread was woken or held up so far; the name in /proc has 15 characters. */
    private static Map<String, Long> switches(long pid) throws IOException {
        Map<String, Long> all = new LinkedHashMap<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
            for (Path task : tasks.toList()) {
                Map<String, String> status = Files.readAllLines(task.resolve("status")).stream()
                    .map(line -> line.split(":\t", 2)).filter(pair -> pair.length == 2)
                    .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1].strip()));
                all.merge(status.get("Name"), Long.parseLong(status.get("voluntary_ctxt_switches"))
                    + Long.parseLong(status.get("nonvoluntary_ctxt_switches")), Long::sum);
            }
        }
        return all;
    }

    private static String loadAverage() throws IOException {
        return Files.readString(Path.of("/proc/loadavg")).strip();
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Collections.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    public static void main(String... args) {
        System.exit(new CommandLine(new Bench()).execute(args));
    }
}
