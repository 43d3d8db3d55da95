import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Brings together what is there to be compared with, each as a command line that wants its arguments. */
final class Contestants {
    static final String OURS = "sse-listen";
    static final String OKHTTP = "okhttp-sse";
    static final String LAUNCH_DARKLY = "okhttp-eventsource";
    static final String BUN = "eventsource-parser on bun";
    static final String PYTHON = "Python";
    static final String FLOOR = "java.net.http";
    static final String FLOOR_INLINE = "java.net.http, inline";
    static final String CURL = "curl";
    static final String C = "C";
    private static final String EVENTSOURCE_PARSER = "eventsource-parser";
    private static final String EVENTSOURCE_PARSER_VERSION = "4.1.3";
    private static final Path JDKS = Path.of("/usr/lib/jvm");
    private static final Path CRATES = Path.of("/usr/share/cargo/registry");
    /** What reads and prints nothing, or what it has read. */
    private static final Set<String> PRINT_NO_JSON = Set.of(FLOOR, FLOOR_INLINE, CURL);

    final Path root = root();
    final Path folder;
    final Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    private final Path bench = root.resolve("tests/bench");
    private final Results results;
    final URI one;
    private final Set<String> ran = new HashSet<>();
    private final Map<String, List<String>> listeners = new LinkedHashMap<>();
    private final Map<String, Optional<String>> found = new LinkedHashMap<>();

    /** @param one a stream with one event, for the first run of a script */
    Contestants(Path folder, Results results, URI one) {
        this.folder = folder;
        this.results = results;
        this.one = one;
    }

    private static Path root() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.exists(at.resolve("jbang-catalog.json"))) {
                return at;
            }
        }
        throw new IllegalStateException("the benchmark runs below the repository's root");
    }

    /** Those that print JSON lines, or drop what they read, ready for a URL; those that are missing are told. */
    Map<String, List<String>> listeners() throws Exception {
        if (!listeners.isEmpty()) {
            return listeners;
        }
        List<String> floor = script("Floor", runtimeOptions("sse-listen"));
        listeners.put(OURS, ours("sse-listen", "SseListen", "--no-retry"));
        listeners.put(FLOOR, floor);
        listeners.put(FLOOR_INLINE, with(floor, "inline"));
        listeners.put(OKHTTP, script("OkHttpSse", List.of()));
        listeners.put(LAUNCH_DARKLY, script("LaunchDarkly", List.of()));
        eventsourceParser();
        go("listen.go").ifPresent(command -> listeners.put("Go", command));
        rust().ifPresent(command -> listeners.put("Rust", command));
        c("listen.c", "-lcurl").ifPresent(command -> listeners.put("C", command));
        python("loop.py").ifPresent(command -> listeners.put(PYTHON, command));
        program("curl").ifPresent(command -> listeners.put(CURL, List.of(command, "-sN")));
        return listeners;
    }

    /** One of our scripts as JBang starts it: with the options that it gives its JVM, and with its class-data archive. */
    List<String> ours(String alias, String mainClass, String... arguments) throws Exception {
        return with(ours(alias, mainClass, switch (alias) {
            case "sse-listen" -> List.of("-c", "1", one.toString());
            case "sse-to-udp" -> List.of("-q", "-c", "1", one.toString(), "127.255.255.255:9");
            default -> List.of("-q", "-m", "one", "127.255.255.255:9");
        }), arguments);
    }

    /** @param firstRun JBang makes the archive when the first run ends, of what that has loaded: here a run for one event */
    List<String> ours(String alias, String mainClass, List<String> firstRun) throws Exception {
        jbang("build", alias);
        String classPath = jbang("info", "classpath", alias).strip();
        Path archive = Path.of(classPath.split(":")[0].replaceFirst("\\.jar$", ".jsa"));
        if (ran.add(alias)) {
            Files.deleteIfExists(archive);
            jbang(with(List.of(alias), firstRun.toArray(String[]::new)).toArray(String[]::new));
        }
        List<String> command = new ArrayList<>(List.of(java.toString()));
        if (Files.exists(archive)) {
            command.add("-XX:SharedArchiveFile=" + archive);
        }
        command.addAll(runtimeOptions(alias));
        command.addAll(List.of("-cp", classPath, mainClass));
        return command;
    }

    /** A script of this folder by its jar. */
    List<String> script(String name, List<String> options) throws Exception {
        List<String> command = new ArrayList<>(List.of(java.toString()));
        command.addAll(options);
        String path = bench.resolve(name + ".java").toString();
        jbang("build", path);
        command.addAll(List.of("-cp", jbang("info", "classpath", path).strip(), name));
        return command;
    }

    /** What the script gives its JVM, and all that it is compiled with. */
    List<String> runtimeOptions(String alias) throws Exception {
        return Pattern.compile("\"(.*)\"").matcher(jbang("info", "tools", "--select=runtimeOptions", alias)).results()
            .map(option -> option.group(1)).toList();
    }

    String jbang(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(root.resolve("jbang").toString(), "--quiet"));
        command.addAll(List.of(arguments));
        return output(root, command);
    }

    private void eventsourceParser() throws Exception {
        Map<String, List<String>> found = new LinkedHashMap<>();
        program("node").ifPresent(node -> found.put(EVENTSOURCE_PARSER + " on node", List.of(node)));
        program("bun").ifPresent(bun -> found.put(BUN, List.of(bun)));
        program("deno").ifPresent(deno -> found.put(EVENTSOURCE_PARSER + " on deno",
            List.of(deno, "run", "--quiet", "--no-check", "--allow-all", "--node-modules-dir=manual")));
        Optional<String> npm = program("npm");
        if (npm.isPresent() && !found.isEmpty() && isMade(EVENTSOURCE_PARSER, List.of(npm.get(), "install", "--no-fund",
                "--no-audit", EVENTSOURCE_PARSER + "@" + EVENTSOURCE_PARSER_VERSION))) {
            Path script = Files.copy(bench.resolve("parser.mjs"), folder.resolve("parser.mjs"));
            found.forEach((name, command) -> listeners.put(name, with(command, script.toString())));
        }
    }

    private Optional<List<String>> go(String source) throws Exception {
        Optional<String> go = program("go");
        Path program = folder.resolve("listen-go");
        boolean isMade = go.isPresent()
            && isMade(source, List.of(go.get(), "build", "-o", program.toString(), bench.resolve(source).toString()));
        return isMade ? Optional.of(List.of(program.toString())) : Optional.empty();
    }

    /** With the crates that the system has, and no network. */
    private Optional<List<String>> rust() throws Exception {
        Optional<String> cargo = program("cargo");
        if (cargo.isEmpty()) {
            return Optional.empty();
        }
        for (String file : List.of("Cargo.toml", "listen.rs")) {
            Files.copy(bench.resolve(file), folder.resolve(file));
        }
        boolean isMade = isMade("listen.rs", List.of(cargo.get(), "build", "--release", "--offline", "--quiet",
            "--config", "source.crates-io.replace-with='system'", "--config", "source.system.directory='" + CRATES + "'"));
        return isMade ? Optional.of(List.of(folder.resolve("target/release/listen").toString())) : Optional.empty();
    }

    /** A Python that has requests; itself, and no shell script before it. */
    Optional<List<String>> python(String script) throws Exception {
        for (String name : List.of("python3", "/usr/bin/python3")) {
            try {
                String python = output(folder, List.of(name, "-c", "import requests, sys; print(sys.executable)"));
                return Optional.of(List.of(python.strip(), bench.resolve(script).toString()));
            } catch (IOException missing) {
                continue;
            }
        }
        results.remark("skipped: " + PYTHON + ", there is none with requests");
        return Optional.empty();
    }

    /** A C program of this folder, compiled. */
    Optional<List<String>> c(String source, String... libraries) throws Exception {
        Optional<String> compiler = program("cc");
        Path program = folder.resolve(source.replace(".c", "-c"));
        boolean isMade = compiler.isPresent() && isMade(source, with(
            List.of(compiler.get(), "-O2", "-o", program.toString(), bench.resolve(source).toString()), libraries));
        return isMade ? Optional.of(List.of(program.toString())) : Optional.empty();
    }

    /** Whether a contestant could be made; if not, that is told. */
    private boolean isMade(String what, List<String> command) throws Exception {
        try {
            output(folder, command);
            return true;
        } catch (IOException failure) {
            results.remark("skipped: " + what + ", since " + failure.getMessage().lines().limit(3).collect(Collectors.joining(" ")));
            return false;
        }
    }

    /** The JDK that this runs on, and the newest one of this machine. */
    Map<String, Path> jdks() throws IOException {
        Map<String, Path> jdks = new LinkedHashMap<>();
        Path own = Path.of(System.getProperty("java.home"));
        jdks.put("java " + feature(own), own);
        if (Files.isDirectory(JDKS)) {
            try (Stream<Path> all = Files.list(JDKS)) {
                all.filter(jdk -> Files.isExecutable(jdk.resolve("bin/javac"))).max(Comparator.comparing(Contestants::feature))
                    .ifPresent(jdk -> jdks.putIfAbsent("java " + feature(jdk), jdk));
            }
        }
        return jdks;
    }

    private static int feature(Path jdk) {
        try (Stream<String> lines = Files.lines(jdk.resolve("release"))) {
            return lines.filter(line -> line.startsWith("JAVA_VERSION="))
                .mapToInt(line -> Integer.parseInt(line.replaceAll("\\D*(\\d+).*", "$1"))).findFirst().orElse(0);
        } catch (IOException notAJdk) {
            return 0;
        }
    }

    /** What {@code ./jbang install} makes with this JDK, and runs with it. */
    Optional<List<String>> installed(Path jdk, String... arguments) throws Exception {
        Path home = folder.resolve(jdk.getFileName());
        List<String> with = List.of("env", "JAVA_HOME=" + jdk, "XDG_DATA_HOME=" + home);
        boolean isMade = isMade("installed for " + jdk,
            with(with, root.resolve("jbang").toString(), "install", home.resolve("bin").toString()));
        return isMade ? Optional.of(with(with(with, home.resolve("bin/sse-listen").toString()), arguments)) : Optional.empty();
    }

    /** Where a program is; that it is missing is told once. */
    Optional<String> program(String name) {
        return found.computeIfAbsent(name, key -> {
            Optional<String> path = Arrays.stream(System.getenv("PATH").split(":"))
                .map(one -> Path.of(one, name)).filter(Files::isExecutable).map(Path::toString).findFirst();
            if (path.isEmpty()) {
                results.remark("skipped: " + name + " is not installed");
            }
            return path;
        });
    }

    /** Asserts that each prints the same, to the byte. */
    void verify(Map<String, List<String>> listeners, URI small) throws Exception {
        String expected = "";
        for (Map.Entry<String, List<String>> one : listeners.entrySet()) {
            if (PRINT_NO_JSON.contains(one.getKey())) {
                continue;
            }
            String printed = output(folder, with(one.getValue(), small.toString()));
            expected = expected.isEmpty() ? printed : expected;
            if (!printed.equals(expected)) {
                throw new IOException(one.getKey() + " printed\n" + printed + "and not\n" + expected);
            }
        }
        results.remark("checked: all print the same for a small stream, " + expected.length() + " characters");
    }

    static List<String> with(List<String> command, String... arguments) {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(arguments));
        return all;
    }

    private static String output(Path folder, List<String> command) throws Exception {
        Path errors = Files.createTempFile("bench", "errors");
        Process process = new ProcessBuilder(command).directory(folder.toFile())
            .redirectError(errors.toFile()).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException(command + " failed: " + Files.readString(errors).strip());
        }
        Files.delete(errors);
        return output;
    }
}
