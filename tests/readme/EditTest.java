package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tests.support.JBangHome;
import tests.support.Readme;
import tests.support.Script;
import tests.support.Sources;
import tests.support.SseServing;
import tests.support.UdpReceiver;

/** A script of one's own: made from the template, changed, and opened in an editor. */
class EditTest {
    private static final String ORIGINAL = "Recv message form SSE Server!";

    /** One JBang for all, so that it makes what they share once. */
    @TempDir
    static Path folder;

    private static JBangHome jbang;

    private Path work;

    @BeforeAll
    static void makeAHome() {
        jbang = new JBangHome(folder.resolve("jbang"));
    }

    @BeforeEach
    void makeAFolder() throws IOException {
        work = Files.createTempDirectory(folder, "work");
    }

    @AfterAll
    static void removeLinks() throws IOException {
        JBangHome.removeLinks(folder);
    }

    /** Runs a command of the docs, with these words of it replaced, and expects success. */
    private void run(String command, String... replaced) throws Exception {
        String line = command.replaceFirst("^(\\./)?jbang ", "");
        for (int i = 0; i < replaced.length; i += 2) {
            line = line.replace(replaced[i], replaced[i + 1]);
        }
        Script.Ended ended = jbang.run(work, line.split(" "));
        assertEquals(0, ended.status(), () -> command + ": " + ended.out() + ended.err());
    }

    @Test
    void scriptFromTheTemplateWorksInACheckoutAndAChangeTakesEffect() throws Exception {
        for (String needed : List.of("jbang-catalog.json", "lib", "examples")) {
            Files.createSymbolicLink(work.resolve(needed), Script.root().resolve(needed));
        }
        makeAndRelay(Readme.block("init"));
        Path script = work.resolve("Touch.java");
        Files.writeString(script, Files.readString(script).replace('"' + ORIGINAL + '"', "\"changed: \" + event.data()"));
        relay("changed: hello");
    }

    @Test
    void scriptFromTheTemplateWorksFromACatalogUrl() throws Exception {
        HttpServer repository = JBangHome.serveRepository();
        String base = "http://127.0.0.1:" + repository.getAddress().getPort();
        try {
            makeAndRelay(Readme.block("init-url"), "https://HOST/PATH", base, "https://HOST/", base + "/");
        } finally {
            repository.stop(0);
        }
    }

    @Test
    void templateIsTheExampleButForItsHead() throws Exception {
        List<List<String>> bodies = new ArrayList<>();
        for (String file : List.of("examples/nanoleaf-touch.java", "examples/templates/sse-relay.java.qute")) {
            List<String> lines = Files.readAllLines(Script.root().resolve(file));
            assertTrue(lines.get(1).startsWith("//DESCRIPTION ") && lines.get(2).startsWith("//SOURCES "), file);
            bodies.add(lines.subList(3, lines.size()).stream()
                .map(line -> line.replace("NanoleafTouch", "{baseName}")).toList());
        }
        assertEquals(bodies.get(0), bodies.get(1));
    }

    /** The last of these commands runs the script. */
    private void makeAndRelay(String commands, String... replaced) throws Exception {
        List<String> lines = commands.lines().toList();
        for (String line : lines.subList(0, lines.size() - 1)) {
            run(line, replaced);
        }
        assertTrue(lines.get(lines.size() - 1).endsWith("jbang Touch.java http://localhost:8080/events 192.168.8.255:5000"));
        assertTrue(Files.readAllLines(work.resolve("Touch.java")).size() <= 24, "the script is short");
        relay(ORIGINAL);
    }

    private void relay(String expected) throws Exception {
        try (SseServing server = SseServing.start("--wait", "1"); UdpReceiver receiver = new UdpReceiver()) {
            server.lines("hello").endInput();
            run("jbang Touch.java " + server.url("/events") + " " + receiver.target());
            assertEquals(List.of(expected), receiver.arrived());
        }
    }

    @Test
    void projectForMavenHoldsAllSourcesAndCompiles() throws Exception {
        List<String> lines = Readme.block("maven").lines().toList();
        run(lines.get(0).replace("-O touch", "-O " + work.resolve("touch"))
            .replace("examples/", Script.root().resolve("examples") + "/"));
        assertEquals(List.of("cd touch", "mvn package"), lines.subList(1, 3));
        String pom = Files.readString(work.resolve("touch/pom.xml"));
        assertTrue(pom.contains("<mainClass>NanoleafTouch</mainClass>"), pom);
        assertFalse(pom.contains("<arg>-J"), "Maven's javac has no JVM of its own");
        Path classes = Files.createDirectory(work.resolve("classes"));
        try (Stream<Path> all = Files.walk(work.resolve("touch/src/main/java"))) {
            Sources.compile(all.filter(file -> file.toString().endsWith(".java")).toList(), List.of("-d", classes.toString(), "-cp", "", "-proc:none"));
        }
        assertTrue(Files.exists(classes.resolve("NanoleafTouch.class")));
    }

    @Test
    void editMakesAProjectWhoseFilesAreOurs() throws Exception {
        for (String script : List.of("sse-to-udp", "nanoleaf-touch")) {
            Script.Ended edit = jbang.run(Script.root(), "edit", "--no-open", "--sandbox", script);
            assertEquals(0, edit.status(), edit.err());
            Path sources = Path.of(edit.out().strip()).resolve("src");
            Path ours = Stream.of("", "examples/").map(place -> Script.root().resolve(place + script + ".java"))
                .filter(Files::exists).findFirst().orElseThrow();
            assertTrue(Files.isSameFile(ours, sources.resolve(script + ".java")));
            try (Stream<Path> library = Files.walk(sources.resolve("lib"))) {
                for (Path file : library.filter(Files::isRegularFile).toList()) {
                    Path same = Script.root().resolve("lib").resolve(sources.resolve("lib").relativize(file));
                    assertTrue(Files.isSameFile(file, same), file.toString());
                }
            }
            assertTrue(Files.exists(sources.resolve("lib/sse/SseEvent.java")));
        }
    }
}
