///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//RUNTIME_OPTIONS -XX:+UseSerialGC -Xms64m -Xmn32m
//DESCRIPTION Measure ours beside others', on loopback: bench throughput start --runs 4
//DEPS info.picocli:picocli:4.7.7
//SOURCES Contestants.java Load.java Receiver.java Results.java Trial.java

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
    description = "Measures ours beside others', each as a process of its own, and prints ratios and raw figures.",
    footer = {"", "Examples:", "  bench", "  bench throughput --runs 6", "  bench --quick"})
class Bench implements Callable<Integer> {
    enum Section { throughput, latency, datagrams, start, memory, idle }

    @Parameters(paramLabel = "SECTION", description = "${COMPLETION-CANDIDATES}; all unless given.")
    private Set<Section> sections = Set.of(Section.values());

    @Option(names = "--runs", paramLabel = "N", description = "How many rounds, in place of each section's own number.")
    private Integer runs;

    @Option(names = "--quick", description = "Very little of each, in seconds: only to see that it works.")
    private boolean quick;

    /** It takes as long as all others together, and is not what anybody waits for. */
    private static final int PYTHON_ROUNDS = 1;
    private static final Path NOTHING = Path.of("/dev/null");
    private static final String EVERYBODY = "127.255.255.255";
    private static final String JBANG = "by jbang";
    private static final String JAR = "by jar";

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
            if (sections.contains(Section.datagrams) || sections.contains(Section.memory)) {
                datagrams();
            }
            if (sections.contains(Section.latency) || sections.contains(Section.memory)) {
                latency();
            }
            if (sections.contains(Section.idle)) {
                idle();
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
        streams.put("200 B", burst("data: " + "abcdefghi ".repeat(20) + "\n\n", 3_000_000));
        streams.put("4 KiB", burst("data: " + "abcdefgh".repeat(512) + "\n\n", 200_000));
        streams.put("10 lines", burst("data: abcdefghi abcdefghi \n".repeat(10) + "\n", 1_000_000));
        streams.put("200 B of JSON", burst("data: " + "{\"panelId\":101,\"gesture\":0,\"strength\":1}".repeat(5) + "\n\n", 3_000_000));
        for (Map.Entry<String, Load.Body> stream : streams.entrySet()) {
            String figure = stream.getKey() + ", s";
            String memory = stream.getKey() + ", peak MiB";
            URI uri = load.serve("/" + stream.getKey().replace(' ', '-'), stream.getValue());
            for (int i = 0; i < 3; i++) {
                results.add(figure, "bare reader", Load.drain(uri));
            }
            interleave(3, commands, (contestant, command) -> {
                if (contestant.equals(Contestants.PYTHON) && results.rounds(figure, contestant) == PYTHON_ROUNDS) {
                    return;
                }
                Trial trial = Trial.run(Contestants.with(command, uri.toString()), NOTHING, NOTHING);
                results.add(figure, contestant, trial.seconds());
                results.add(memory, contestant, trial.peakMebibytes());
            });
            String fastest = results.smallest(figure, List.of(Contestants.OKHTTP, Contestants.LAUNCH_DARKLY,
                Contestants.NODE, Contestants.PYTHON));
            commands.keySet().stream().filter(one -> !one.equals(Contestants.OURS) && !one.equals(Contestants.FLOOR))
                .forEach(other -> results.ratio(figure, other, Contestants.OURS, other.equals(fastest) ? ">= 2.5" : ""));
            results.ratio(figure, Contestants.OURS, Contestants.FLOOR, "<= 1.4");
            results.ratio(figure, Contestants.OURS, "bare reader", ">= 2");
            results.ratio(figure, Contestants.CURL, "bare reader", "");
            results.value(memory, Contestants.OURS, " MiB", "<= 100");
        }
    }

    /** Four times the events, in the memory of once the events. */
    private void memoryOverTime() throws Exception {
        URI uri = load.serve("/long", burst("data: " + "abcdefghi ".repeat(20) + "\n\n", 12_000_000));
        interleave(1, Map.of(Contestants.OURS, contestants.listeners().get(Contestants.OURS)), (contestant, command) ->
            results.add("200 B, peak MiB", contestant + ", 4 times the events",
                Trial.run(Contestants.with(command, uri.toString()), NOTHING, NOTHING).peakMebibytes()));
        results.ratio("200 B, peak MiB", Contestants.OURS + ", 4 times the events", Contestants.OURS, "");
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
        String exit = lines + " datagrams, s";
        String sending = lines + " datagrams, first to last, s";
        interleave(4, commands, (contestant, command) -> {
            try (Receiver receiver = new Receiver(false)) {
                Trial trial = Trial.run(receiver.aimed(command), file, NOTHING);
                receiver.finish();
                results.add(exit, contestant, trial.seconds());
                results.add(sending, contestant, receiver.seconds());
                results.add(lines + " datagrams, received as they were sent, of 1000 lines", contestant,
                    1000.0 * receiver.lines(70) / lines);
                results.add(lines + " datagrams, peak MiB", contestant, trial.peakMebibytes());
            }
        });
        results.ratio(sending, Contestants.C, "udp-send", ">= 0.9");
        for (String other : List.of(Contestants.C, Contestants.PYTHON, "socat")) {
            results.ratio(exit, other, "udp-send", "");
        }
        results.value(lines + " datagrams, peak MiB", "udp-send", " MiB", "<= 100");
    }

    private void latency() throws Exception {
        int seconds = quick ? 2 : 10;
        Map<String, List<String>> commands = new LinkedHashMap<>();
        commands.put("sse-to-udp", contestants.ours("sse-to-udp", "SseToUdp", "-q", "--no-retry", "URL", EVERYBODY + ":PORT"));
        contestants.python("loop.py")
            .ifPresent(python -> commands.put(Contestants.PYTHON, Contestants.with(python, "URL", EVERYBODY, "PORT")));
        contestants.c("relay.c").ifPresent(c -> commands.put(Contestants.C, Contestants.with(c, "URL", EVERYBODY, "PORT")));
        for (int rate : List.of(1000, 100)) {
            URI uri = load.serve("/paced" + rate, Load.paced(rate, rate * seconds));
            String at = rate + " events/s, ";
            interleave(3, commands, (contestant, command) -> {
                try (Receiver receiver = new Receiver(true)) {
                    Trial trial = Trial.run(receiver.aimed(command, uri), NOTHING, NOTHING);
                    receiver.finish();
                    results.add(at + "lost", contestant, rate * seconds - receiver.count());
                    results.add(at + "first event, ms", contestant, receiver.micros(0, 1, 1) / 1000);
                    for (double part : new double[] {0.5, 0.99, 0.999}) {
                        String name = "p" + String.valueOf(part * 100).replaceFirst("\\.0$", "") + ", us";
                        results.add(at + "first second, " + name, contestant, receiver.micros(0, rate, part));
                        results.add(at + name, contestant, receiver.micros(rate, receiver.count(), part));
                    }
                    results.add(at + "peak MiB", contestant, trial.peakMebibytes());
                }
            });
            List<String> others = List.of(Contestants.PYTHON, Contestants.C);
            for (String other : others) {
                results.ratio(at + "p50, us", "sse-to-udp", other,
                    other.equals(results.smallest(at + "p50, us", others)) ? "<= 1.1" : "");
                results.ratio(at + "p99, us", "sse-to-udp", other,
                    other.equals(results.smallest(at + "p99, us", others)) ? "<= 1.5" : "");
                results.ratio(at + "p99.9, us", "sse-to-udp", other, "");
            }
            results.value(at + "first event, ms", "sse-to-udp", " ms", "<= 20");
            results.value(at + "peak MiB", "sse-to-udp", " MiB", "<= 100");
        }
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
        commands.put(JBANG, List.of(jbang, "--quiet", contestants.root.resolve("sse-listen.java").toString(), "-c", "1", held));
        commands.put("jbang hello", List.of(jbang, "--quiet", contestants.root.resolve("tests/bench/Hello.java").toString()));
        commands.put(JAR, List.of(contestants.java.toString(), "-jar", jar.toString(), "-c", "1", held));
        commands.put("as JBang starts it", contestants.ours("sse-listen", "SseListen", "-c", "1", held));
        commands.put("java hello", hello);
        contestants.program("curl").ifPresent(curl -> commands.put(Contestants.CURL, List.of(curl, "-sN", ended)));
        contestants.python("loop.py").ifPresent(python -> commands.put(Contestants.PYTHON, Contestants.with(python, held, "1")));
        interleave(10, commands, (contestant, command) -> {
            Trial trial = Trial.read(command);
            results.add("to first line, s", contestant, trial.firstByteSeconds());
            results.add("to exit, s", contestant, trial.seconds());
            results.add("start, peak MiB", contestant, trial.peakMebibytes());
        });
        for (String by : List.of(JBANG, JAR, "as JBang starts it")) {
            String other = by.equals(JBANG) ? "jbang hello" : "java hello";
            results.difference("to first line, s", by, "to first line, s", other, " s", by.equals(JBANG) ? "<= 0.35" : "<= 0.25");
            results.difference("to exit, s", by, "to first line, s", by, " s", "<= 0.05");
            results.ratio("to exit, s", by, other, "");
            results.ratio("to exit, s", by, Contestants.PYTHON, "");
            results.ratio("to exit, s", by, Contestants.CURL, "");
        }
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
            results.add("idle, context switches/s", one.getKey(),
                after.values().stream().mapToLong(Long::longValue).sum() / (double) seconds);
            results.add("idle, context switches/s without the JVM's own threads", one.getKey(), after.entrySet().stream()
                .filter(thread -> !JVM_THREAD.test(thread.getKey())).mapToLong(Map.Entry::getValue).sum() / (double) seconds);
            if (one.getKey().equals(Contestants.OURS)) {
                results.remark("idle, context switches in " + seconds + " s of " + Contestants.OURS + ": "
                    + after.entrySet().stream().filter(thread -> thread.getValue() > 0).map(Object::toString)
                        .collect(Collectors.joining(", ")));
            }
            one.getValue().destroyForcibly();
        }
        results.value("idle, context switches/s without the JVM's own threads", Contestants.OURS, "/s", "<= 0.1");
        results.difference("idle, context switches/s", Contestants.OURS, "idle, context switches/s",
            "java that waits, our options", "/s", "");
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
