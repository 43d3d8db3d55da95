package tests.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What {@code ./jbang install} makes: once for all tests, in a home folder of its own, which goes with the JVM. */
public final class Installed {
    /** The five commands. */
    public static final List<String> TOOLS = List.of("sse-listen", "udp-send", "sse-to-udp", "udp-listen", "sse-serve");

    private static final int PATIENCE_SECONDS = 80;

    private static Path home;
    private static Script.Ended first;

    private Installed() {}

    /** The home folder; the commands are in the folder of {@link #commands}. */
    public static synchronized Path home() throws Exception {
        if (home == null) {
            // Everybody may run the commands.
            Path folder = Files.createTempDirectory("in st\u00e4lled",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(folder)));
            first = jbang(folder, "install");
            assertEquals(0, first.status(), first.err());
            home = folder;
        }
        return home;
    }

    /** How the installation went. */
    public static Script.Ended first() throws Exception {
        home();
        return first;
    }

    public static Path commands() throws Exception {
        return home().resolve(".local/bin");
    }

    /** Runs our {@code ./jbang} in this home folder; what JBang keeps is that of this run. */
    public static Script.Ended jbang(Path home, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(Script.root().resolve("jbang").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = in(home, command);
        // What it does on loopback needs none.
        builder.environment().put("http_proxy", "http://127.0.0.1:9");
        try (Script script = Script.of(builder.start())) {
            // Each tool is built, run and completed once.
            script.input("").process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return script.end();
        }
    }

    /** A process with this home folder, in a folder of its own there. */
    public static ProcessBuilder in(Path home, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        Map<String, String> environment = builder.environment();
        environment.putIfAbsent("XDG_CACHE_HOME", System.getProperty("user.home") + "/.cache");
        environment.remove("XDG_DATA_HOME");
        environment.put("HOME", home.toString());
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        return builder.directory(Files.createDirectories(home.resolve("elsewhere")).toFile());
    }

    private static void remove(Path tree) {
        try {
            new ProcessBuilder("rm", "-rf", tree.toString()).start().waitFor();
        } catch (IOException | InterruptedException leftBehind) {
            Thread.currentThread().interrupt();
        }
    }
}
