package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tests.support.JBangHome;
import tests.support.Readme;
import tests.support.Script;
import tests.support.Sources;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/**
 * The changes in docs/recipes.md do what it says: each is applied to the example and to the script from the template, and
 * the script is run.
 */
class ChangesTest {
    private static final String EXAMPLE = "examples/nanoleaf-touch.java";
    private static final String FROM_TEMPLATE = "Touch.java";
    /** Those of the line that says where events come from and go to, and those of the line that says what is done. */
    private static final List<List<String>> LINES = List.of(
        List.of("two-targets", "header", "repeat"),
        List.of("text", "json-field", "two-texts", "two-sources", "file", "program", "state-file", "once-a-second", "webhook"));
    private static final String ORIGINAL = "Recv message form SSE Server!";
    private static final String TAP = "{\"events\":[{\"panelId\":101,\"gesture\":0}]}";
    private static final String DOUBLE_TAP = "{\"events\":[{\"panelId\":102,\"gesture\":1}]}";

    /** One for all, so that JBang makes what they share once. */
    @TempDir
    static Path folder;

    private static final Map<String, String> ORIGINALS = new HashMap<>();
    private static Map<String, String> changes;

    @BeforeAll
    static void readChanges() throws Exception {
        changes = Readme.blocks("change-");
        Files.createDirectory(folder.resolve("examples"));
        Files.createSymbolicLink(folder.resolve("lib"), Script.root().resolve("lib"));
        List<String> init = new ArrayList<>(List.of(Readme.block("init").lines().findFirst().orElseThrow().split(" ")));
        init.set(0, Script.root().resolve(init.get(0)).normalize().toString());
        ProcessBuilder builder = new ProcessBuilder(init).directory(folder.toFile());
        builder.environment().put("JBANG_DIR", folder.resolve("jbang").toString());
        try (Script script = Script.of(builder.start())) {
            Script.Ended ended = script.input("").end();
            assertEquals(0, ended.status(), ended.err());
        }
        ORIGINALS.put(FROM_TEMPLATE, Files.readString(folder.resolve(FROM_TEMPLATE)));
        ORIGINALS.put(EXAMPLE, Files.readString(Script.root().resolve(EXAMPLE)));
    }

    static List<String> scripts() {
        return List.of(EXAMPLE, FROM_TEMPLATE);
    }

    @AfterAll
    static void removeLinks() throws IOException {
        JBangHome.removeLinks(folder);
    }

    @Test
    void thereAreTwelveAndEachIsTestedHere() {
        Set<String> tested = LINES.stream().flatMap(List::stream).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(12, tested.size());
        assertEquals(tested, new TreeSet<>(changes.keySet().stream().map(name -> name.substring("change-".length())).toList()));
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void changesOfDifferentLinesGoOneUponAnother(String script) throws Exception {
        String jackson = null;
        for (String where : LINES.get(0)) {
            for (String what : LINES.get(1)) {
                Path changed = changed(script, List.of(what, where), Map.of());
                List<String> lines = Files.readAllLines(changed);
                assertEquals(ORIGINALS.get(script).lines().count() + added(what) + added(where), lines.size());
                changed(script, List.of(where, what), Map.of());
                assertEquals(lines.stream().sorted().toList(), Files.readAllLines(changed).stream().sorted().toList(), "in the other order");
                if (what.equals("json-field") && jackson == null) {
                    Script.Ended path = new JBangHome(folder.resolve("jbang")).run(folder, "info", "classpath", script);
                    assertEquals(0, path.status(), path.err());
                    jackson = path.out().strip();
                }
                Path classes = Files.createDirectories(folder.resolve("both"));
                String classPath = Script.classPath() + (what.equals("json-field") ? File.pathSeparator + jackson : "");
                Sources.compile(List.of(changed), List.of("-d", classes.toString(), "-cp", classPath, "-proc:none"));
            }
        }
    }

    private static long added(String change) {
        String diff = changes.get("change-" + change);
        return diff.lines().filter(line -> line.startsWith("+")).count() - diff.lines().filter(line -> line.startsWith("-")).count();
    }

    /** The controller: a tap, a double tap, and nothing more for whoever asks again. */
    private static SseServer controller() throws IOException {
        return new SseServer(connection -> {
            boolean again = connection.number > 0 || connection.header("Last-Event-ID").isPresent();
            connection.send(again ? "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
                : SseServer.OK + "retry: 100\nid: 4\ndata: " + TAP + "\n\nid: 5\ndata: " + DOUBLE_TAP + "\n\n");
        });
    }

    /** Applies changes one upon another, with these parts of them replaced. */
    private static Path changed(String script, List<String> names, Map<String, String> replaced) throws Exception {
        Path file = Files.writeString(folder.resolve(script), ORIGINALS.get(script));
        for (String name : names) {
            String diff = changes.get("change-" + name);
            for (Map.Entry<String, String> entry : replaced.entrySet()) {
                assertTrue(diff.contains(entry.getKey()), diff);
                diff = diff.replace(entry.getKey(), entry.getValue());
            }
            try (Script patch = Script.start(List.of("patch", "--no-backup-if-mismatch", file.toString()))) {
                Script.Ended patched = patch.input(diff).end();
                assertEquals(0, patched.status(), () -> names + ": " + patched.out() + patched.err());
            }
        }
        return file;
    }

    /** Runs the script with a change until the controller has nothing more; with the library that these tests have. */
    private static String run(String script, String change, Map<String, String> replaced, SseServer controller, UdpReceiver receiver)
            throws Exception {
        Path file = changed(script, List.of(change), replaced);
        Sources.assertAllImportsOf(file);
        Path classes = Files.createDirectories(folder.resolve("classes"));
        Sources.compile(file, classes);
        String mainClass = script.equals(EXAMPLE) ? "NanoleafTouch" : "Touch";
        List<String> command = Script.command(mainClass, controller.url("/"), receiver.target());
        command.replaceAll(word -> word.equals(Script.classPath()) ? classes + File.pathSeparator + word : word);
        try (Script run = Script.of(new ProcessBuilder(command).directory(folder.toFile()).start())) {
            Script.Ended ended = run.input("").end();
            assertEquals(0, ended.status(), ended.err());
            return ended.out();
        }
    }

    @ParameterizedTest
    @CsvSource({
        EXAMPLE + ", text", EXAMPLE + ", repeat", EXAMPLE + ", once-a-second",
        FROM_TEMPLATE + ", text", FROM_TEMPLATE + ", repeat", FROM_TEMPLATE + ", once-a-second",
    })
    void whatIsSentChanges(String script, String change) throws Exception {
        List<String> expected = switch (change) {
            case "text" -> List.of("touched: " + TAP, "touched: " + DOUBLE_TAP);
            case "once-a-second" -> List.of(ORIGINAL);
            default -> List.of(ORIGINAL, ORIGINAL, ORIGINAL, ORIGINAL, ORIGINAL, ORIGINAL);
        };
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            run(script, change, Map.of(), controller, receiver);
            assertEquals(expected, receiver.arrived());
        }
    }

    /** As a user runs it, by JBang: it needs what only JBang fetches. */
    @ParameterizedTest
    @MethodSource("scripts")
    void fieldOfTheDataIsSent(String script) throws Exception {
        changed(script, List.of("json-field", "repeat"), Map.of());
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            Script.Ended ended = new JBangHome(folder.resolve("jbang")).run(folder, script, controller.url("/"), receiver.target());
            assertEquals(0, ended.status(), ended.err());
            assertEquals(List.of("double tap", "double tap", "double tap"), receiver.arrived());
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void bothTargetsGetIt(String script) throws Exception {
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver(); UdpReceiver other = new UdpReceiver()) {
            run(script, "two-targets", Map.of("192.168.8.20:6000", other.target()), controller, receiver);
            assertEquals(List.of(ORIGINAL, ORIGINAL), receiver.arrived());
            assertEquals(List.of(ORIGINAL, ORIGINAL), other.arrived());
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void eachTargetGetsItsText(String script) throws Exception {
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver(); UdpReceiver lamp = new UdpReceiver()) {
            run(script, "two-texts", Map.of("192.168.8.20:6000", lamp.target()), controller, receiver);
            assertEquals(List.of(ORIGINAL, ORIGINAL), receiver.arrived());
            assertEquals(List.of("{\"on\":true}", "{\"on\":true}"), lamp.arrived());
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void eventsOfBothSourcesAreSent(String script) throws Exception {
        try (SseServer controller = controller(); SseServer upstairs = controller(); UdpReceiver receiver = new UdpReceiver()) {
            run(script, "two-sources", Map.of("http://192.168.8.21", upstairs.url("")), controller, receiver);
            assertEquals(List.of("downstairs: " + TAP, "downstairs: " + DOUBLE_TAP, "upstairs: " + TAP, "upstairs: " + DOUBLE_TAP),
                receiver.arrived().stream().sorted().toList());
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void headerIsSent(String script) throws Exception {
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            run(script, "header", Map.of(), controller, receiver);
            assertEquals("Bearer TOKEN", controller.next().header("Authorization").orElse("none"));
            assertEquals(List.of(ORIGINAL, ORIGINAL), receiver.arrived());
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void fileGetsTheLines(String script) throws Exception {
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            Files.deleteIfExists(folder.resolve("touches.jsonl"));
            run(script, "file", Map.of(), controller, receiver);
            assertEquals(List.of(TAP, DOUBLE_TAP), Files.readAllLines(folder.resolve("touches.jsonl")));
            receiver.assertNothingMore();
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void programRunsForEachEvent(String script) throws Exception {
        Path program = Files.writeString(folder.resolve("on-touch.sh"), "#!/bin/sh\nprintf 'on touch: %s\\n' \"$1\"\n");
        assertTrue(program.toFile().setExecutable(true));
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            assertEquals("on touch: " + TAP + "\non touch: " + DOUBLE_TAP + "\n", run(script, "program", Map.of(), controller, receiver));
            receiver.assertNothingMore();
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void nextRunResumes(String script) throws Exception {
        Files.deleteIfExists(folder.resolve("last-id"));
        try (UdpReceiver receiver = new UdpReceiver()) {
            try (SseServer controller = controller()) {
                run(script, "state-file", Map.of(), controller, receiver);
                assertEquals(List.of(ORIGINAL, ORIGINAL), receiver.arrived());
            }
            try (SseServer controller = controller()) {
                run(script, "state-file", Map.of(), controller, receiver);
                assertEquals("5", controller.next().header("Last-Event-ID").orElse("none"));
                receiver.assertNothingMore();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void webServerIsTold(String script) throws Exception {
        Map<String, String> told = new HashMap<>();
        try (SseServer web = new SseServer(connection -> {
            told.put(connection.requestLine() + told.size(), connection.body);
            connection.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        }); SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            run(script, "webhook", Map.of("http://192.168.8.20:8123", web.url("")), controller, receiver);
            assertEquals(Map.of("POST /api/webhook/touch HTTP/1.10", TAP, "POST /api/webhook/touch HTTP/1.11", DOUBLE_TAP), told);
            receiver.assertNothingMore();
        }
    }
}
