package tests.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.cli.Tool;
import picocli.CommandLine;

/** A script that runs as a process of its own, with this class path. */
public final class Script implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 100;

    /** How it ended, and all that it wrote and nobody read. */
    public record Ended(int status, String out, String err) {
        /** Asserts status, standard output and standard error; the latter as a pattern of whole lines. */
        public void assertIs(int expectedStatus, String expectedOut, String... errLines) {
            assertEquals(expectedOut, out, () -> "standard output; standard error was: " + err);
            List<String> lines = err.lines().toList();
            assertEquals(errLines.length, lines.size(), () -> "lines on standard error: " + err);
            for (int i = 0; i < errLines.length; i++) {
                String line = lines.get(i);
                String pattern = errLines[i];
                assertTrue(line.matches(pattern), () -> "'" + line + "' is not '" + pattern + "'");
            }
            assertEquals(expectedStatus, status, () -> "status; standard error was: " + err);
        }
    }

    public final Process process;
    private final BufferedReader out;
    private final CompletableFuture<String> err;

    public static Script of(Process process) {
        return new Script(process);
    }

    private Script(Process process) {
        this.process = process;
        out = process.inputReader(StandardCharsets.UTF_8);
        err = CompletableFuture.supplyAsync(() -> text(process.getErrorStream()), command -> {
            Thread thread = new Thread(command, "standard error");
            thread.setDaemon(true);
            thread.start();
        });
    }

    /** @param mainClass for example {@code SseListen} */
    public static Script start(String mainClass, String... arguments) throws IOException {
        return start(command(mainClass, arguments));
    }

    public static Script start(List<String> command) throws IOException {
        return new Script(new ProcessBuilder(command).start());
    }

    /** A script's command line in this process, by the script's name; scripts are in no package that could be imported. */
    public static CommandLine commandLine(String name) throws ReflectiveOperationException {
        Constructor<?> script = Class.forName(mainClass(name)).getDeclaredConstructor();
        script.setAccessible(true);
        return Tool.commandLine(script.newInstance());
    }

    /**
     * Runs a script to its end in this process, which starts no JVM: for whatever says nothing on standard output and
     * needs no signal, no environment and no standard input.
     */
    public static Ended here(String name, String... arguments) throws ReflectiveOperationException {
        StringWriter err = new StringWriter();
        int status = commandLine(name).setErr(new PrintWriter(err)).execute(arguments);
        return new Ended(status, "", err.toString());
    }

    /** The class of a script, by the script's name. */
    public static String mainClass(String name) {
        return Pattern.compile("(?:^|-)(.)").matcher(name).replaceAll(word -> word.group(1).toUpperCase(Locale.ROOT));
    }

    /** Runs a script with this input to its end. */
    public static Ended run(String input, String mainClass, String... arguments) throws Exception {
        try (Script script = start(mainClass, arguments)) {
            return script.input(input).end();
        }
    }

    /** Runs a shell command to its end; {@code $NAME} in it stands for a script, ready to be given arguments. */
    public static Ended shell(String command) throws Exception {
        return shell(command, List.of());
    }

    public static Ended shell(String command, List<String> environment) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", command);
        for (String mainClass : List.of("SseListen", "UdpSend", "SseToUdp")) {
            builder.environment().put(mainClass, String.join(" ", command(mainClass)));
        }
        environment.forEach(entry -> builder.environment()
            .put(entry.substring(0, entry.indexOf('=')), entry.substring(entry.indexOf('=') + 1)));
        try (Script script = new Script(builder.start())) {
            return script.input("").end();
        }
    }

    /** The repository's root. */
    public static Path root() {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            if (folder.resolve("jbang-catalog.json").toFile().exists()) {
                return folder;
            }
        }
        return fail("the tests run below the repository's root");
    }

    /**
     * Makes a command of a script, as if it were installed there.
     *
     * @param script for example {@code sse-listen}
     * @param behind comes behind its arguments
     */
    public static void install(Path folder, String script, String behind) throws IOException {
        Path command = Files.createDirectories(folder).resolve(script);
        Files.writeString(command, "#!/bin/sh\nexec " + String.join(" ", command(mainClass(script))) + " \"$@\"" + behind + "\n");
        assertTrue(command.toFile().setExecutable(true));
    }

    /** The command line of a script. Its JVM starts from the classes that another one has loaded, which saves a quarter. */
    public static List<String> command(String mainClass, String... arguments) {
        return jvm("-XX:SharedArchiveFile=" + Archive.FILE, mainClass, arguments);
    }

    private static List<String> jvm(String archive, String mainClass, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", archive, "-Xlog:disable",
            "-cp", classPath(), mainClass));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    /** The classes that the relay of an event loads (CDS). Where the file cannot be used, a JVM does without. */
    private static final class Archive {
        static final Path FILE = make();

        private static Path make() {
            try {
                Path file = Files.createTempDirectory("classes").resolve("scripts.jsa");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    file.toFile().delete();
                    file.getParent().toFile().delete();
                }));
                try (SseServer server = SseServer.stream("data: 1\n\n"); UdpReceiver receiver = new UdpReceiver()) {
                    start(jvm("-XX:ArchiveClassesAtExit=" + file,
                        "SseToUdp", "-q", "-c", "1", server.url("/"), receiver.target())).end().assertIs(0, "");
                }
                assertTrue(Files.exists(file));
                return file;
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        }
    }

    /** That of the tests; the largest of its jars is the last, because a JVM opens each one in front of what it looks for. */
    public static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).filter(path -> !path.isEmpty())
            .sorted(Comparator.comparing(path -> path.contains("wiremock"))).collect(Collectors.joining(File.pathSeparator));
    }

    public Script input(String text) throws IOException {
        try (OutputStream in = process.getOutputStream()) {
            in.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException endedBefore) {
            return this;
        }
        return this;
    }

    /** Sends it a signal; {@code Process.destroy} would close its streams too. */
    public void signal(String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }

    /** Whether something of standard output is there to be read. */
    public boolean hasLine() throws IOException {
        return out.ready();
    }

    /** The next line of standard output, waited for; null at its end. */
    public String nextLine() throws IOException {
        return out.readLine();
    }

    /** Waits for the end. */
    public Ended end() throws Exception {
        StringBuilder rest = new StringBuilder();
        CompletableFuture<Void> reading = CompletableFuture.runAsync(() -> rest.append(text(out)));
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return fail("still running after " + PATIENCE_SECONDS + " s; standard error: " + err.get());
        }
        reading.get();
        return new Ended(process.exitValue(), rest.toString(), err.get());
    }

    private static String text(InputStream stream) {
        try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException closed) {
            return "";
        }
    }

    private static String text(BufferedReader reader) {
        StringBuilder text = new StringBuilder();
        try {
            for (int c = reader.read(); c >= 0; c = reader.read()) {
                text.append((char) c);
            }
        } catch (IOException closed) {
            return text.toString();
        }
        return text.toString();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
