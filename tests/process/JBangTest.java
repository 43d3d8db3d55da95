package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tests.support.JBangHome;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/** The wrapper, the catalog and JShell, on a machine that has a JDK, curl and nothing else of ours. */
class JBangTest {
    private static final String HELLO = """
        //JAVA 17+
        class Hello {
            public static void main(String... args) throws Exception {
                System.out.println(java.util.Arrays.asList(args) + new String(System.in.readAllBytes()));
                System.exit(7);
            }
        }
        """;

    @TempDir
    Path home;

    private Path wrapper;
    private final Map<String, String> environment = new java.util.HashMap<>();

    @BeforeEach
    void copyTheWrapper() throws IOException {
        Path folder = Files.createDirectory(home.resolve("with a space"));
        wrapper = folder.resolve("jbang");
        Files.copy(Script.root().resolve("jbang"), wrapper, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        Files.copy(Script.root().resolve("jbang.sha256"), folder.resolve("jbang.sha256"));
        Files.writeString(folder.resolve("Hello.java"), HELLO);
        environment.put("PATH", pathWithoutJBang());
        environment.put("HOME", home.toString());
        environment.put("MAVEN_CENTRAL", centralFromOurCache());
        // Java takes the home folder from the system's list of users, and so does JBang.
        environment.put("JBANG_DIR", home.resolve(".jbang").toString());
        environment.put("JBANG_REPO", home.resolve(".m2").toString());
        environment.put("JAVA_HOME", System.getProperty("java.home"));
    }

    private static String pathWithoutJBang() {
        return String.join(":", Arrays.stream(System.getenv("PATH").split(":"))
            .filter(folder -> !new File(folder, "jbang").exists()).toList());
    }

    /** The jars that this very run was started with, laid out as in Maven Central, or Maven Central itself. */
    private String centralFromOurCache() throws IOException {
        Path cache = Path.of(System.getenv().getOrDefault("XDG_CACHE_HOME", System.getProperty("user.home") + "/.cache"))
            .resolve("jbang-wrapper");
        Path central = Files.createDirectory(home.resolve("central"));
        for (String line : Files.readAllLines(Script.root().resolve("jbang.sha256"))) {
            Path path = Path.of(line.substring(line.indexOf(' ')).strip());
            Path jar;
            try (Stream<Path> found = Files.isDirectory(cache) ? Files.find(cache, 2, (file, attributes) -> file.endsWith(path.getFileName())) : Stream.empty()) {
                jar = found.findFirst().orElse(null);
            }
            if (jar == null) {
                return "";
            }
            Files.createDirectories(central.resolve(path).getParent());
            Files.copy(jar, central.resolve(path));
        }
        return central.toUri().toString().replaceFirst("/$", "");
    }

    private Script start(String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(wrapper.getParent().toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return Script.of(builder.start());
    }

    private Script.Ended run(String input, String... command) throws Exception {
        try (Script script = start(command)) {
            return script.input(input).end();
        }
    }

    private Script.Ended jbang(String input, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(wrapper.toString()));
        command.addAll(List.of(arguments));
        return run(input, command.toArray(String[]::new));
    }

    @Test
    void wrapperPassesArgumentsStandardInputAndStatus() throws Exception {
        Script.Ended ended = jbang("from stdin", "--quiet", "Hello.java", "a b", "\"'$x");
        assertEquals("[a b, \"'$x]from stdin\n", ended.out(), ended.err());
        assertEquals(7, ended.status());
        environment.put("MAVEN_CENTRAL", "http://127.0.0.1:1");
        assertEquals(7, jbang("", "--quiet", "Hello.java").status(), "the second start needs no network");
    }

    @Test
    void wrapperPassesSignals() throws Exception {
        Files.writeString(wrapper.resolveSibling("Wait.java"), """
            class Wait {
                public static void main(String... args) throws Exception {
                    System.out.println("waiting");
                    Thread.currentThread().join();
                }
            }
            """);
        try (Script script = start(wrapper.toString(), "--quiet", "Wait.java")) {
            assertEquals("waiting", script.nextLine());
            script.signal("TERM");
            assertEquals(143, script.end().status());
        }
    }

    @Test
    void twoFirstStartsAtOnceBothWork() throws Exception {
        try (Script one = start(wrapper.toString(), "version"); Script other = start(wrapper.toString(), "version")) {
            one.input("").end().assertIs(0, "0.132.1\n");
            other.input("").end().assertIs(0, "0.132.1\n");
        }
        try (Stream<Path> cache = Files.list(home.resolve(".cache/jbang-wrapper"))) {
            assertEquals(1, cache.count());
        }
    }

    @Test
    void wrapperRefusesWhatIsNotPinned() throws Exception {
        Path lock = wrapper.resolveSibling("jbang.sha256");
        Files.writeString(lock, Files.readString(lock).replaceFirst("^[0-9a-f]{8}", "00000000"));
        Script.Ended ended = jbang("", "version");
        assertEquals("", ended.out());
        assertEquals(1, ended.err().lines().count(), ended.err());
        assertTrue(ended.err().matches("(?s)jbang: .*: expected SHA-256 00000000[0-9a-f]{56}, got [0-9a-f]{64}\n"), ended.err());
        assertEquals(1, ended.status());
        try (Stream<Path> cache = Files.list(home.resolve(".cache/jbang-wrapper"))) {
            assertEquals(0, cache.count());
        }
    }

    @Test
    void wrapperWithoutNetworkTheFirstTimeSaysSo() throws Exception {
        environment.put("MAVEN_CENTRAL", "http://127.0.0.1:1");
        Script.Ended ended = jbang("", "version");
        assertEquals(1, ended.err().lines().count(), ended.err());
        assertTrue(ended.err().startsWith("jbang: http://127.0.0.1:1/") && ended.err().contains("got nothing"), ended.err());
        assertEquals(1, ended.status());
    }

    @Test
    void wrapperWithoutAJdkSaysWhatToInstall() throws Exception {
        Path tools = Files.createDirectory(home.resolve("tools"));
        for (String tool : List.of("sh", "sed", "cat", "mkdir", "mktemp", "rm", "mv", "sha256sum", "curl", "readlink", "id")) {
            Path found = Arrays.stream(System.getenv("PATH").split(":")).map(folder -> Path.of(folder, tool))
                .filter(Files::isExecutable).findFirst().orElseThrow();
            Files.copy(found.toRealPath(), tools.resolve(tool), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        }
        environment.put("PATH", tools.toString());
        environment.remove("JAVA_HOME");
        Script.Ended ended = jbang("", "version");
        assertTrue(ended.err().matches("jbang: no JDK found, 17 or newer is needed \\(.*\\)\n"), ended.err());
        assertEquals(1, ended.status());
    }

    @Test
    void installedJBangComesFirst() throws Exception {
        Path tools = Files.createDirectory(home.resolve("tools"));
        Path installed = Files.writeString(tools.resolve("jbang"), "#!/bin/sh\necho installed \"$@\"\n");
        assertTrue(installed.toFile().setExecutable(true));
        environment.merge("PATH", tools + ":", (path, first) -> first + path);
        assertEquals("installed a b\n", jbang("", "a b").out());
        assertFalse(Files.exists(home.resolve(".cache")));
    }

    @Test
    void aliasOfACatalogUrlWorksInAnEmptyHome() throws Exception {
        HttpServer repository = JBangHome.serveRepository();
        String base = "http://127.0.0.1:" + repository.getAddress().getPort() + "/";
        try (SseServer server = SseServer.stream("data: 1\n\n"); UdpReceiver receiver = new UdpReceiver()) {
            jbang("", "trust", "add", base).assertIs(0, "", ".*");
            Script.Ended listen = jbang("", "--quiet", "sse-listen@" + base + "jbang-catalog.json", "-c", "1", server.url("/"));
            assertEquals("{\"event\":\"message\",\"id\":\"\",\"data\":\"1\"}\n", listen.out(), listen.err());
            Script.Ended relay = jbang("", "--quiet", "sse-to-udp@" + base + "jbang-catalog.json", "-q", "-c", "1", server.url("/"), receiver.target());
            assertEquals(0, relay.status(), relay.err());
            assertEquals(List.of("1"), receiver.arrived());
            Script.Ended send = jbang("2\n", "--quiet", "udp-send@" + base + "jbang-catalog.json", "-q", receiver.target());
            assertEquals(0, send.status(), send.err());
            assertEquals(List.of("2"), receiver.arrived());
        } finally {
            repository.stop(0);
        }
    }

    // ---- JShell ----

    @Test
    void linesOfTheReadmeWorkInJShell() throws Exception {
        String readme = Files.readString(Script.root().resolve("README.md"));
        String block = readme.replaceFirst("(?s).*```jshell\n(.*?)```.*", "$1");
        try (SseServer server = SseServer.stream("data: from the server\n\n"); UdpReceiver receiver = new UdpReceiver()) {
            String lines = block.replace("http://localhost:8080/events", server.url("/"))
                .replace("192.168.8.255:5000", receiver.target()) + "\n/exit\n";
            environment.remove("MAVEN_CENTRAL");
            ProcessBuilder builder = new ProcessBuilder(Script.root().resolve("jbang").toString(), "--interactive", "shell")
                .directory(Script.root().toFile());
            try (Script shell = Script.of(builder.start())) {
                Script.Ended ended = shell.input(lines).end();
                assertFalse(ended.out().contains("Error"), ended.out());
                assertTrue(ended.out().contains("SseEvent[event=touch, id=4, data=hello]"), ended.out());
                assertTrue(ended.out().contains("SseEvent[event=message, id=, data=from the server]"), ended.out());
            }
            assertEquals(List.of("hello"), receiver.arrived());
        }
    }
}
