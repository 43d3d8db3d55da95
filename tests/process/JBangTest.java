package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.JBangHome;
import tests.support.Lan;
import tests.support.Readme;
import tests.support.Script;
import tests.support.Sources;
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

    /** What one start has fetched serves all that do not look at the fetching. */
    @TempDir
    static Path home;

    private static Path wrapper;
    private static String central;

    private final Map<String, String> environment = new HashMap<>();
    private Path workingFolder = wrapper.getParent();

    @BeforeAll
    static void copyTheWrapperAndStartItOnce() throws Exception {
        Path folder = Files.createDirectory(home.resolve("with a space"));
        for (String file : List.of("jbang", "jbang.sha256", "jbang-catalog.json")) {
            Files.copy(Script.root().resolve(file), folder.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        wrapper = folder.resolve("jbang");
        Files.writeString(folder.resolve("Hello.java"), HELLO);
        central = centralFromOurCache();
        JBangTest first = new JBangTest();
        first.makeAnEnvironment();
        first.jbang("", "version").assertIs(0, "0.132.1\n");
    }

    @AfterAll
    static void removeLinks() throws IOException {
        JBangHome.removeLinks(home);
    }

    @BeforeEach
    void makeAnEnvironment() {
        environment.put("PATH", pathWithoutJBang());
        environment.put("HOME", home.toString());
        environment.put("MAVEN_CENTRAL", central);
        // Java takes the home folder from the system's list of users, and so does JBang.
        environment.put("JBANG_DIR", home.resolve(".jbang").toString());
        environment.put("JBANG_REPO", home.resolve(".m2").toString());
        environment.put("JAVA_HOME", System.getProperty("java.home"));
    }

    /** As on the first start. */
    private Path emptyCache() throws IOException {
        Path cache = Files.createTempDirectory(home, "cache");
        environment.put("XDG_CACHE_HOME", cache.toString());
        return cache.resolve("jbang-wrapper");
    }

    private static String pathWithoutJBang() {
        return String.join(":", Arrays.stream(System.getenv("PATH").split(":"))
            .filter(folder -> !new File(folder, "jbang").exists()).toList());
    }

    /** The jars that this very run was started with, laid out as in Maven Central, or Maven Central itself. */
    private static String centralFromOurCache() throws IOException {
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
        ProcessBuilder builder = new ProcessBuilder(command).directory(workingFolder.toFile());
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

    // ---- which JBang ----

    @Test
    void argumentsStandardInputAndStatusArePassed() throws Exception {
        Script.Ended ended = jbang("from stdin", "Hello.java", "a b", "\"'$x", "", "@Hello.java");
        assertEquals("[a b, \"'$x, , @Hello.java]from stdin\n", ended.out(), ended.err());
        assertEquals(7, ended.status());
        environment.put("MAVEN_CENTRAL", "http://127.0.0.1:1");
        assertEquals(7, jbang("", "Hello.java").status(), "the second start needs no network");
        assertEquals("[a, @x]", jbang("", "--quiet", "Hello.java", "a", "@@x").out().strip(), "other forms are for JBang");
    }

    @Test
    void signalsArePassed() throws Exception {
        Files.writeString(wrapper.resolveSibling("Wait.java"), """
            class Wait {
                public static void main(String... args) throws Exception {
                    System.out.println("waiting");
                    Thread.currentThread().join();
                }
            }
            """);
        try (Script script = start(wrapper.toString(), "Wait.java")) {
            assertEquals("waiting", script.nextLine());
            script.signal("TERM");
            assertEquals(143, script.end().status());
        }
    }

    @Test
    void twoFirstStartsAtOnceBothWork() throws Exception {
        Path cache = emptyCache();
        try (Script one = start(wrapper.toString(), "version"); Script other = start(wrapper.toString(), "version")) {
            one.input("").end().assertIs(0, "0.132.1\n");
            other.input("").end().assertIs(0, "0.132.1\n");
        }
        try (Stream<Path> files = Files.list(cache)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void whatIsNotPinnedIsRefused() throws Exception {
        Path cache = emptyCache();
        Path folder = Files.createDirectory(home.resolve("not pinned"));
        Path copy = Files.copy(wrapper, folder.resolve("jbang"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.writeString(folder.resolve("jbang.sha256"),
            Files.readString(wrapper.resolveSibling("jbang.sha256")).replaceFirst("^[0-9a-f]{8}", "00000000"));
        environment.merge("PATH", anotherJBang() + ":", (path, first) -> first + path);
        run("", copy.toString(), "version")
            .assertIs(1, "", "jbang: .*: expected SHA-256 00000000[0-9a-f]{56}, got [0-9a-f]{64}");
        try (Stream<Path> files = Files.list(cache)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void reasonComesFirstWhereThePinnedJBangCanNotBeFetched() throws Exception {
        emptyCache();
        environment.put("MAVEN_CENTRAL", "http://127.0.0.1:1");
        jbang("", "version").assertIs(1, "", "jbang: failed to connect to 127.0.0.1 .*");
        Path another = anotherJBang();
        environment.merge("PATH", another + ":", (path, first) -> first + path);
        jbang("", "a b", "").assertIs(0, "another [a b] []\n",
            "jbang: failed to connect to 127.0.0.1 .*; " + another + "/jbang runs instead of the pinned JBang");
    }

    @Test
    void reasonIsThatTheHostIsUnknownWhereThereIsNoNetwork() throws Exception {
        Lan.assumeNamespaces();
        emptyCache();
        environment.put("MAVEN_CENTRAL", "http://nowhere.invalid");
        run("", Lan.isolated("ip link set lo up\n./jbang version").command().toArray(String[]::new))
            .assertIs(1, "", "jbang: could not resolve host: nowhere.invalid.*");
    }

    @Test
    void pinnedJBangRunsWhateverIsOnThePath() throws Exception {
        environment.merge("PATH", anotherJBang() + ":", (path, first) -> first + path);
        jbang("", "version").assertIs(0, "0.132.1\n");
    }

    private static Path anotherJBang() throws IOException {
        Path tools = Files.createTempDirectory(home, "tools");
        Path another = Files.writeString(tools.resolve("jbang"), "#!/bin/sh\nprintf another\nprintf ' [%s]' \"$@\"\necho\n");
        assertTrue(another.toFile().setExecutable(true));
        return tools;
    }

    @Test
    void withoutAJdkItSaysWhatToInstall() throws Exception {
        Path tools = Files.createDirectory(home.resolve("tools"));
        for (String tool : List.of("sh", "sed", "cat", "mkdir", "mktemp", "rm", "mv", "sha256sum", "curl", "readlink", "id")) {
            Path found = Arrays.stream(System.getenv("PATH").split(":")).map(folder -> Path.of(folder, tool))
                .filter(Files::isExecutable).findFirst().orElseThrow();
            Files.copy(found.toRealPath(), tools.resolve(tool), StandardCopyOption.COPY_ATTRIBUTES);
        }
        environment.put("PATH", tools.toString());
        environment.remove("JAVA_HOME");
        jbang("", "version").assertIs(1, "", "jbang: no JDK found, 17 or newer is needed \\(.*\\)");
    }

    @Test
    void optionsForJBangsOwnJvmDoNotReachTheScripts() throws Exception {
        Files.writeString(wrapper.resolveSibling("Options.java"), """
            class Options {
                public static void main(String... args) {
                    System.out.println(System.getProperty("ours") + System.getenv("JBANG_JAVA_OPTIONS") + System.getenv("JBANG_JAVAC_OPTIONS"));
                }
            }
            """);
        environment.put("JBANG_JAVA_OPTIONS", "-Dours=1 -XX:+NoSuchOption");
        assertEquals(1, jbang("", "Options.java").status(), "they reach JBang's own");
        environment.put("JBANG_JAVA_OPTIONS", "-Dours=1");
        assertEquals("nullnullnull\n", jbang("", "Options.java").out());
    }

    // ---- two starts at once ----

    @Test
    void twoFirstStartsOfOneScriptBothWork() throws Exception {
        Files.writeString(wrapper.resolveSibling("Edited.java"), HELLO.replace("Hello", "Edited"));
        try (Script one = start(wrapper.toString(), "Edited.java", "a"); Script other = start(wrapper.toString(), "Edited.java", "b")) {
            assertEquals("[a]\n", one.input("").end().out());
            assertEquals("[b]\n", other.input("").end().out());
        }
    }

    @Test
    void startAfterOneThatWasKilledWorks() throws Exception {
        Process killed = new ProcessBuilder("true").start();
        killed.waitFor();
        Path lock = Files.createSymbolicLink(home.resolve(".cache/jbang-wrapper/Hello.java.lock"), Path.of(Long.toString(killed.pid())));
        assertEquals("[a]\n", jbang("", "Hello.java", "a").out());
        assertFalse(Files.isSymbolicLink(lock));
    }

    // ---- what the first start of a script fetches ----

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "Needy.java|                            | jbang: the first start needs a network to fetch these jars; docs/operation.md .*",
        "build Needy.java|                      | jbang: the first start needs a network to fetch these jars; docs/operation.md .*",
        "export portable -O out/x.jar Needy.java|ALL_PROXY=p.test:8080 | .*<host>p.test</host><port>8080</port>.*",
        "Needy.java|https_proxy=http://me:secret@p.test:3128/ | jbang: JBang takes no proxy from the environment; write this into ~/.m2/settings.xml: <settings><proxies><proxy><host>p.test</host><port>3128</port></proxy></proxies></settings>",
        "Needy.java|ALL_PROXY=p.test:8080       | jbang: JBang takes no proxy from the environment; .*<host>p.test</host><port>8080</port>.*",
    })
    void reasonIsSaidWhereTheJarsOfAScriptCannotBeFetched(String arguments, String proxy, String message) throws Exception {
        Lan.assumeNamespaces();
        Files.writeString(wrapper.resolveSibling("Needy.java"), "//DEPS no.such:jar:1.0\n" + HELLO.replace("Hello", "Needy"));
        if (proxy != null) {
            environment.put(proxy.split("=", 2)[0], proxy.split("=", 2)[1]);
        }
        Script.Ended ended = run("", Lan.isolated("ip link set lo up\nexec '" + wrapper + "' " + arguments).command().toArray(String[]::new));
        assertEquals(1, ended.status(), ended.err());
        String last = ended.err().substring(ended.err().lastIndexOf("jbang: ")).replaceAll("\\n *", " ").strip();
        assertTrue(last.matches(message), ended.err());
    }

    // ---- names ----

    @Test
    void aloneItListsTheCommands() throws Exception {
        environment.remove("JAVA_HOME");
        Script.Ended list = run("", wrapper.toString());
        assertEquals("", list.err());
        List<String> names = list.out().lines().map(line -> line.replaceFirst(" .*", "")).toList();
        List<String> expected = new ArrayList<>();
        for (String line : Files.readString(Script.root().resolve("jbang-catalog.json")).replaceFirst("(?s)\"templates\".*", "").split("\n")) {
            if (line.matches("    \"[a-z-]+\": \\{")) {
                expected.add(line.split("\"")[1]);
            }
        }
        expected.addAll(List.of("install", "uninstall", "--help"));
        assertEquals(expected, names);
        assertTrue(list.out().lines().allMatch(line -> line.matches("[a-z-]+ +[A-Z].*") && line.length() <= 120), list.out());
    }

    @ParameterizedTest
    @CsvSource({"udp-sned, udp-send", "sse-lisen, sse-listen", "Demo, demo", "tests, test", "uninstal, uninstall", "sse_to_udp, sse-to-udp"})
    void unknownNameIsOneLineWithTheNearest(String typed, String nearest) throws Exception {
        run("", wrapper.toString(), typed, "a")
            .assertIs(1, "", "jbang: no command '" + typed + "', the nearest is " + nearest + "; ./jbang alone lists them all");
    }

    @Test
    void nameIsFoundFromAnyFolderThroughALinkInTheLocaleCAndNoNameServerIsAsked() throws Exception {
        Lan.assumeNamespaces();
        Path checkout = Files.createDirectory(home.resolve("Pr\u00fcf stand"));
        for (String file : List.of("jbang", "jbang.sha256")) {
            Files.copy(wrapper.resolveSibling(file), checkout.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        Files.writeString(checkout.resolve("Gr\u00fc\u00dfe.java"), HELLO);
        Files.writeString(checkout.resolve("jbang-catalog.json"), """
            {
              "aliases": {
                "other": {
                  "script-ref": "Other.java"
                },
                "hello": {
                  "script-ref": "Gr\u00fc\u00dfe.java",
                  "description": "Greet. Example: hello"
                }
              }
            }
            """);
        Files.createSymbolicLink(home.resolve("link"), checkout.resolve("jbang"));
        environment.put("LC_ALL", "C");
        workingFolder = Files.createDirectory(home.resolve("elsewhere"));
        Files.writeString(home.resolve("resolv.conf"), "nameserver 127.0.0.1\n");
        Script.Ended ended = run("", Lan.isolated(String.join("\n",
            "ip link set lo up; mount --bind ../resolv.conf /etc/resolv.conf",
            "exec 3< <(exec " + String.join(" ", Script.command("UdpListen", "-v", "-c", "1", "-F", "asked", "127.0.0.1:53")) + " 2>&1)",
            "server=$!; read -ru 3",
            "../link hello '\u00e4\u20ac' ''",
            "kill $server; cat <&3")).command().toArray(String[]::new));
        assertEquals("[\u00e4\u20ac, ]\n", ended.out(), ended.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--quiet udp-send -n 127.0.0.1:5000", "run udp-send -m udp-send -n 127.0.0.1:5000"})
    void commandIsKnownToAllOfJBangInAnyFolder(String arguments) throws Exception {
        workingFolder = Files.createTempDirectory(home, "any");
        Script.Ended ended = run("hello\n", (Script.root() + "/jbang " + arguments).split(" "));
        assertTrue(ended.out().matches("127.0.0.1:5000 \\(lo\\): [58] bytes\n"), ended.out() + ended.err());
    }

    @Test
    void relayFromTheTemplateWorksInAnyFolder() throws Exception {
        workingFolder = Files.createTempDirectory(home, "any");
        String real = Script.root().resolve("jbang").toString();
        Script.Ended init = run("", real, "init", "-t", "sse-relay", "Touch.java");
        assertEquals(0, init.status());
        assertTrue(init.err().endsWith("jbang: run it with: " + real + " Touch.java\njbang: its head names " + Script.root().resolve("lib")
            + ", so it works in any folder while that is there\n"), init.err());
        String touch = Files.readString(workingFolder.resolve("Touch.java"));
        assertTrue(touch.contains(Script.root().resolve("lib") + "/sse/SseClient.java"), touch);
        String catalog = Script.root().resolve("jbang-catalog.json").toString();
        assertEquals(0, run("", real, "init", "-t", "sse-relay@" + catalog, "-Dlib=" + Script.root().resolve("lib"), "Long.java").status());
        assertEquals(touch.replace("Touch", "Long"), Files.readString(workingFolder.resolve("Long.java")), "the same, spelled out");
        assertEquals(0, run("", real, "init", "--template=sse-relay", "-Dlib=../mine", "Mine.java").status());
        assertTrue(Files.readString(workingFolder.resolve("Mine.java")).contains("../mine/sse/SseClient.java"));
        try (SseServer server = new SseServer(connection -> connection.send(SseServer.OK + "data: touched\n\n").hold()); UdpReceiver receiver = new UdpReceiver();
                Script relay = start(real, "Touch.java", server.url("/"), receiver.target())) {
            assertEquals("Recv message form SSE Server!", receiver.nextText());
            assertTrue(relay.process.isAlive());
        }
    }

    @Test
    void aliasOfACatalogUrlWorksInAnEmptyHome() throws Exception {
        HttpServer repository = JBangHome.serveRepository();
        String base = "http://127.0.0.1:" + repository.getAddress().getPort() + "/";
        try (SseServer server = SseServer.stream("data: 1\n\n")) {
            jbang("", "trust", "add", base).assertIs(0, "", ".*");
            Script.Ended listen = jbang("", "--quiet", "sse-listen@" + base + "jbang-catalog.json", "-c", "1", server.url("/"));
            assertEquals("{\"event\":\"message\",\"id\":\"\",\"data\":\"1\"}\n", listen.out(), listen.err());
        } finally {
            repository.stop(0);
        }
        // The server has the repository's files and no others, so this holds for what the other commands consist of, too.
        for (String other : List.of("sse-to-udp", "udp-send", "examples/udp-listen", "examples/sse-serve")) {
            for (Path file : Sources.all(Script.root().resolve(other + ".java"))) {
                assertTrue(file.startsWith(Script.root()) && Files.isRegularFile(file), file.toString());
            }
        }
    }

    // ---- JShell ----

    @Test
    void linesOfTheDocsWorkInJShell() throws Exception {
        String block = Readme.block("jshell");
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
