import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Brings together what is there to be compared with, each as a command line that wants its arguments. */
final class Contestants {
    static final String OURS = "sse-listen";
    static final String OKHTTP = "okhttp-sse";
    static final String LAUNCH_DARKLY = "okhttp-eventsource";
    static final String NODE = "eventsource-parser";
    static final String PYTHON = "Python";
    static final String FLOOR = "java.net.http";
    static final String CURL = "curl";
    static final String C = "C";
    private static final String EVENTSOURCE_PARSER = "eventsource-parser@4.1.3";

    final Path root = root();
    final Path folder;
    final Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    private final Path bench = root.resolve("tests/bench");
    private final Results results;
    private final URI one;
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

    /** Those that print JSON lines, ready for a URL; those that are missing are told. */
    Map<String, List<String>> listeners() throws Exception {
        if (!listeners.isEmpty()) {
            return listeners;
        }
        listeners.put(OURS, ours("sse-listen", "SseListen", "--no-retry"));
        listeners.put(FLOOR, script("Floor", runtimeOptions("sse-listen")));
        listeners.put(OKHTTP, script("OkHttpSse", List.of()));
        listeners.put(LAUNCH_DARKLY, script("LaunchDarkly", List.of()));
        node().ifPresent(command -> listeners.put(NODE, command));
        python("loop.py").ifPresent(command -> listeners.put(PYTHON, command));
        program("curl").ifPresent(command -> listeners.put(CURL, List.of(command, "-sN")));
        return listeners;
    }

    /** One of our scripts as JBang starts it: with the options that it gives its JVM, and with its class-data archive. */
    List<String> ours(String alias, String mainClass, String... arguments) throws Exception {
        jbang("build", alias);
        String classPath = jbang("info", "classpath", alias).strip();
        Path archive = Path.of(classPath.split(":")[0].replaceFirst("\\.jar$", ".jsa"));
        if (ran.add(alias)) {
            Files.deleteIfExists(archive);
            jbang(firstRun(alias));
        }
        List<String> command = new ArrayList<>(List.of(java.toString()));
        if (Files.exists(archive)) {
            command.add("-XX:SharedArchiveFile=" + archive);
        }
        command.addAll(runtimeOptions(alias));
        command.addAll(List.of("-cp", classPath, mainClass));
        command.addAll(List.of(arguments));
        return command;
    }

    /** JBang makes the archive when the first run ends, of what that has loaded: here a run for one event. */
    private String[] firstRun(String alias) {
        return switch (alias) {
            case "sse-listen" -> new String[] {alias, "-c", "1", one.toString()};
            case "sse-to-udp" -> new String[] {alias, "-q", "-c", "1", one.toString(), "127.255.255.255:9"};
            default -> new String[] {alias, "-q", "-m", "one", "127.255.255.255:9"};
        };
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

    List<String> runtimeOptions(String alias) throws IOException {
        return Files.readAllLines(root.resolve(alias + ".java")).stream()
            .filter(line -> line.startsWith("//RUNTIME_OPTIONS "))
            .flatMap(line -> Arrays.stream(line.split(" ")).skip(1)).toList();
    }

    String jbang(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(root.resolve("jbang").toString(), "--quiet"));
        command.addAll(List.of(arguments));
        return output(root, command);
    }

    private Optional<List<String>> node() throws Exception {
        Optional<String> node = program("node");
        Optional<String> npm = program("npm");
        if (node.isEmpty() || npm.isEmpty()) {
            return Optional.empty();
        }
        try {
            output(folder, List.of(npm.get(), "install", "--no-fund", "--no-audit", EVENTSOURCE_PARSER));
        } catch (IOException notInstalled) {
            results.remark("skipped: " + NODE + ", npm does not install it");
            return Optional.empty();
        }
        Path script = Files.copy(bench.resolve("parser.mjs"), folder.resolve("parser.mjs"));
        return Optional.of(List.of(node.get(), script.toString()));
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
    Optional<List<String>> c(String source) throws Exception {
        Optional<String> compiler = program("cc");
        if (compiler.isEmpty()) {
            return Optional.empty();
        }
        Path program = folder.resolve(source.replace(".c", ""));
        output(folder, List.of(compiler.get(), "-O2", "-o", program.toString(), bench.resolve(source).toString()));
        return Optional.of(List.of(program.toString()));
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
            if (one.getKey().equals(FLOOR) || one.getKey().equals(CURL)) {
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
