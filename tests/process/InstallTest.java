package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Installed;
import tests.support.JBangHome;
import tests.support.Lan;
import tests.support.Script;
import tests.support.UdpReceiver;

/** {@code ./jbang install} and {@code uninstall}. */
class InstallTest {
    @TempDir
    Path folder;

    @AfterEach
    void removeLinks() throws Exception {
        JBangHome.removeLinks(folder);
    }

    @Test
    void itSaysWhatItDidAndWhetherTheFolderIsOnThePath() throws Exception {
        List<String> lines = Installed.first().out().lines().toList();
        Path commands = Installed.commands();
        assertEquals("in " + commands + ": " + String.join(" ", Installed.TOOLS), lines.get(0));
        assertTrue(lines.get(1).startsWith("their jars are in " + Installed.home() + "/.local/share/sse-to-udp/"), lines.get(1));
        assertTrue(lines.get(lines.size() - 1).startsWith(commands + " is not on the PATH: "), lines.toString());
    }

    @Test
    void commandsNeedNoJBangNoCheckoutAndNoNetwork() throws Exception {
        Lan.assumeNamespaces();
        ProcessBuilder builder = Installed.in(Installed.home(), Lan.isolated(String.join("\n",
            "ip link set lo up",
            "for hidden in '" + Script.root() + "' \"$XDG_CACHE_HOME\" ~root/.m2 ~root/.jbang; do mount -t tmpfs none \"$hidden\" || exit 9; done",
            "PATH=$HOME/.local/bin:$PATH",
            "exec 3< <(while sleep 0.1; do echo hello; done | sse-serve 2>&1); read -ru 3",
            "exec 4< <(exec udp-listen -v -c 2 -F '{data}' 5001 2>&1); read -ru 4",
            "sse-listen -c 1 -F '<{data}>' http://127.0.0.1:8080/events | udp-send -q 127.255.255.255:5001",
            "sse-to-udp -q -c 1 http://127.0.0.1:8080/events 127.255.255.255:5001",
            "cat <&4")).command());
        try (Script shell = Script.of(builder.start())) {
            shell.input("").end().assertIs(0, "<hello>\nhello\n");
        }
    }

    @Test
    void eachStartsFromWhatARealRunHasLoaded() throws Exception {
        for (String tool : Installed.TOOLS) {
            String command = Files.readString(Installed.commands().resolve(tool));
            boolean aot = Runtime.version().feature() >= 25;
            String kept = command.replaceFirst(aot ? "(?s).* -XX:AOTCache='([^']*)'.*" : "(?s).* -XX:SharedArchiveFile='([^']*)'.*", "$1");
            assertTrue(Files.size(Path.of(kept)) > 1_000_000, kept);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing", "empty", "of another JVM"})
    void withoutWhatWasLoadedItStartsWithoutAWord(String kept) throws Exception {
        Path command = folder.resolve("udp-send");
        String text = Files.readString(Installed.commands().resolve("udp-send"));
        String path = text.replaceFirst("(?s).* -XX:(?:AOTCache|SharedArchiveFile)='([^']*)'.*", "$1");
        Path other = folder.resolve("kept");
        String java = System.getProperty("java.home");
        switch (kept) {
            case "empty" -> Files.createFile(other);
            case "of another JVM" -> {
                Files.copy(Path.of(path), other);
                java = anotherJava();
            }
            default -> assertFalse(Files.exists(other));
        }
        Files.writeString(command, text.replace(path, other.toString()));
        assertTrue(command.toFile().setExecutable(true));
        try (UdpReceiver receiver = new UdpReceiver()) {
            ProcessBuilder builder = Installed.in(folder, List.of(command.toString(), "-m", "x", receiver.target()));
            builder.environment().put("JAVA_HOME", java);
            try (Script script = Script.of(builder.start())) {
                script.input("").end().assertIs(0, "");
            }
            assertEquals("x", receiver.nextText());
        }
    }

    private static String anotherJava() throws Exception {
        assumeTrue(Runtime.version().feature() == 17, "an older JVM does not run what a newer JDK has compiled");
        try (Stream<Path> found = Files.list(Path.of("/usr/lib/jvm"))) {
            String ours = Path.of(System.getProperty("java.home")).toRealPath().toString();
            Path other = found.filter(jvm -> Files.isExecutable(jvm.resolve("bin/java")))
                .filter(jvm -> !real(jvm).equals(ours)).findFirst().orElse(null);
            assumeTrue(other != null, "needs another JVM in /usr/lib/jvm");
            return other.toString();
        }
    }

    private static String real(Path path) {
        try {
            return path.toRealPath().toString();
        } catch (java.io.IOException gone) {
            return "";
        }
    }

    /** A command that finds these: an older Java, one that says its arguments, or none. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "-          | -            | udp-send: no java is found, 17 or newer is needed: .*",
        "-          | 1.8.0_392    | udp-send: .*/path/java is Java 1.8.0_392, 17 or newer is needed: .*",
        "no such    | -            | udp-send: JAVA_HOME has no bin/java, 17 or newer is needed: .*",
        "11.0.2     | 1.8.0_392    | udp-send: JAVA_HOME is Java 11.0.2; .*/path/java is Java 1.8.0_392, 17 or newer is needed: .*",
    })
    void withoutAJavaItSaysWhatToInstall(String home, String path, String message) throws Exception {
        withJava(home, path).assertIs(1, "", message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "-          | 17.0.1       | path | -",
        "17         | 1.8.0_392    | home | -",
        "26-ea      | 17.0.1       | home | -",
        "no such    | 17.0.1       | path | udp-send: JAVA_HOME has no bin/java, 17 or newer is needed; .*/path/java runs instead",
        "1.8.0_392  | 25           | path | udp-send: JAVA_HOME is Java 1.8.0_392, 17 or newer is needed; .*/path/java runs instead",
    })
    void javaOfTheHomeRunsElseThatOfThePath(String home, String path, String which, String message) throws Exception {
        Script.Ended ended = withJava(home, path);
        ended.assertIs(0, folder + "/" + which + "\n", message == null ? new String[0] : new String[] {message});
    }

    /** Runs an installed command where these versions are to be found; each only says where it is. */
    private Script.Ended withJava(String home, String path) throws Exception {
        Path tools = Files.createDirectory(folder.resolve("path"));
        for (String tool : List.of("readlink", "locale")) {
            Files.createSymbolicLink(tools.resolve(tool), Path.of("/usr/bin", tool));
        }
        String text = Files.readString(Installed.commands().resolve("udp-send")).replaceFirst("java='[^']*'", "java=/no/such");
        ProcessBuilder builder = Installed.in(folder, List.of("/bin/sh", Files.writeString(folder.resolve("udp-send"), text).toString()));
        builder.environment().put("PATH", tools.toString());
        builder.environment().remove("JAVA_HOME");
        if (home != null) {
            builder.environment().put("JAVA_HOME", folder.resolve("home").toString());
            fakeJava("home", home);
        }
        if (path != null) {
            fakeJava("jdk", path);
            Files.createSymbolicLink(tools.resolve("java"), folder.resolve("jdk/bin/java"));
            Files.writeString(folder.resolve("jdk/bin/java"), "#!/bin/sh\necho " + folder + "/path\n");
        }
        try (Script script = Script.of(builder.start())) {
            return script.input("").end();
        }
    }

    private void fakeJava(String name, String version) throws Exception {
        Path bin = Files.createDirectories(folder.resolve(name).resolve("bin"));
        if (!version.equals("no such")) {
            Files.writeString(bin.resolveSibling("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
            Path java = Files.writeString(bin.resolve("java"), "#!/bin/sh\necho " + folder.resolve(name) + "\n");
            assertTrue(java.toFile().setExecutable(true));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"JAVA_TOOL_OPTIONS=-XX:+UseG1GC", "JDK_JAVA_OPTIONS=-XX:+UseParallelGC"})
    void collectorInTheEnvironmentDoesNoHarm(String variable) throws Exception {
        for (List<String> command : List.of(List.of(Installed.commands().resolve("udp-send").toString(), "--version"),
                List.of(Script.root().resolve("jbang").toString(), "udp-send", "--version"))) {
            ProcessBuilder builder = Installed.in(folder, command);
            builder.environment().put(variable.split("=", 2)[0], variable.split("=", 2)[1]);
            try (Script script = Script.of(builder.start())) {
                Script.Ended ended = script.input("").end();
                assertEquals("udp-send 1.0.0\n", ended.out(), ended.err());
            }
        }
    }

    @Test
    void processWithoutMemoryEndsWithStatus3() throws Exception {
        ProcessBuilder builder = Installed.in(folder, List.of(Installed.commands().resolve("sse-listen").toString(), "-"));
        builder.environment().put("JDK_JAVA_OPTIONS", "-Xmx12m");
        try (Script script = Script.of(builder.start())) {
            byte[] line = ("data: " + "x".repeat(1 << 20) + "\n").getBytes();
            try (var in = script.process.getOutputStream()) {
                for (int i = 0; i < 30; i++) {
                    in.write(line);
                }
            } catch (java.io.IOException endedBefore) {
                assertFalse(script.process.waitFor() == 0);
            }
            Script.Ended ended = script.end();
            assertEquals(3, ended.status(), ended.err());
            assertTrue(ended.err().contains("OutOfMemoryError"), ended.err());
        }
    }

    @Test
    void dumpOfTheJvmIsNoData() throws Exception {
        File dump = folder.resolve("dump").toFile();
        ProcessBuilder builder = Installed.in(Installed.home(),
            List.of(Installed.commands().resolve("sse-listen").toString(), "-F", "{data}", "-")).redirectError(dump);
        try (Script listen = Script.of(builder.start())) {
            listen.process.getOutputStream().write("data: a\n\n".getBytes());
            listen.process.getOutputStream().flush();
            assertEquals("a", listen.nextLine());
            listen.signal("QUIT");
            Lan.await("the dump", () -> Files.readString(dump.toPath()).contains("Heap"));
            listen.process.getOutputStream().close();
            listen.end().assertIs(0, "");
        }
    }

    @Test
    void installingAgainLeavesWhatRunsAlone() throws Exception {
        Path home = Installed.home();
        String before = Files.readString(Installed.commands().resolve("udp-send"));
        Path old = Path.of(before.replaceFirst("(?s).* -cp '([^':]*)/[^/':]*:.*", "$1"));
        ProcessBuilder builder = Installed.in(home, new ArrayList<>());
        try (UdpReceiver receiver = new UdpReceiver();
                Script running = Script.of(builder.command(Installed.commands().resolve("udp-send").toString(), "-F", "{line}", receiver.target()).start())) {
            running.process.getOutputStream().write("before\n".getBytes());
            running.process.getOutputStream().flush();
            assertEquals("before", receiver.nextText());
            Script.Ended again = Installed.jbang(home, "install");
            assertEquals(0, again.status(), again.err());
            assertTrue(again.out().contains("something runs from " + old), again.out());
            running.input("after\n").end().assertIs(0, "", ".*");
            assertEquals("after", receiver.nextText());
        }
        assertFalse(Files.readString(Installed.commands().resolve("udp-send")).contains(old.toString()));
        assertTrue(Files.exists(old));
    }

    @Test
    void uninstallRemovesWhatInstallMade() throws Exception {
        Path home = Files.createDirectory(folder.resolve("home"));
        Path commands = Files.createDirectories(home.resolve("my bin"));
        Path installation = Files.createDirectories(commands.resolve(".sse-to-udp/abc"));
        Files.writeString(installation.resolve("for"), commands + "\n");
        Path another = Files.createDirectories(commands.resolve(".sse-to-udp/of-another"));
        Files.writeString(another.resolve("for"), "/another\n");
        Path completion = Files.createDirectories(commands.resolve(".sse-to-udp/completions"));
        for (String tool : Installed.TOOLS) {
            Files.writeString(commands.resolve(tool), Files.readString(Installed.commands().resolve(tool))
                .replaceFirst("(?m)^# jars in .*", Matcher.quoteReplacement("# jars in " + installation)));
            Files.createFile(installation.resolve(tool));
            Files.createSymbolicLink(completion.resolve(tool), installation.resolve(tool));
        }
        Files.createFile(commands.resolve("mine"));
        String tools = String.join(" ", Installed.TOOLS);
        Installed.jbang(home, "uninstall", "../my bin").assertIs(0, "removed from " + commands + ": " + tools + "\n");
        try (Stream<Path> left = Files.walk(home)) {
            assertEquals(List.of("for", "mine"), left.filter(file -> !Files.isDirectory(file)).map(file -> file.getFileName().toString()).sorted().toList());
        }
        assertFalse(Files.exists(installation));
        assertTrue(Files.exists(another));
        Installed.jbang(home, "uninstall", commands.toString()).assertIs(0, "nothing of ours is in " + commands + "\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "install a b|jbang: install takes one folder",
        "uninstall a b|jbang: uninstall takes one folder",
        "install --help|jbang: install takes the folder for the commands, ~/.local/bin unless given, or --service: ./jbang install \\[DIR\\]",
        "install /dev/null/bin|jbang: cannot write to /dev/null/bin",
    })
    void mistakesAreOneLine(String arguments, String message) throws Exception {
        Installed.jbang(folder, arguments.split(" ")).assertIs(1, "", message);
    }

    @Test
    void commandOfAnotherIsNotReplaced() throws Exception {
        Path other = Files.writeString(folder.resolve("sse-serve"), "#!/bin/sh\n");
        Installed.jbang(folder, "install", folder.toString())
            .assertIs(1, "", "jbang: " + other + " is not ours: move it away first, or install into another folder");
        Installed.jbang(folder, "uninstall", folder.toString()).assertIs(0, "nothing of ours is in " + folder + "\n");
        assertEquals("#!/bin/sh\n", Files.readString(other));
    }

    @ParameterizedTest
    @CsvSource({"sse-listen, --state-f, --state-file", "udp-send, --overs, --oversize", "sse-to-udp, --tt, --ttl",
        "udp-listen, --max-t, --max-time", "sse-serve, --lin, --linger"})
    void bashCompletesEach(String tool, String typed, String expected) throws Exception {
        String completion = Installed.home() + "/.local/share/bash-completion/completions/" + tool;
        Script.shell("source '" + completion + "'; compopt() { :; }; COMP_WORDS=(" + tool + " " + typed + "); COMP_CWORD=1;"
            + " $(complete -p " + tool + " | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' \"${COMPREPLY[@]}\"")
            .assertIs(0, expected + "\n");
    }

    @Test
    void zshSourcesTheCompletionOfAll() throws Exception {
        assumeTrue(Lan.has("zsh"), "needs zsh");
        String completion = Installed.home() + "/.local/share/sse-to-udp/completion.zsh";
        Script.Ended ended = Script.shell("zsh -f -c 'autoload -U compinit && compinit -u; source \"" + completion + "\"; print ${(k)_comps}'");
        for (String tool : Installed.TOOLS) {
            assertTrue(List.of(ended.out().split("\\s+")).contains(tool), ended.out() + ended.err());
        }
    }
}
