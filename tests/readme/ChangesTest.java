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
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.JBangHome;
import tests.support.Readme;
import tests.support.Script;
import tests.support.Sources;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/**
 * The changes in docs/recipes.md do what it says: each is applied to the example and to the script from the template, and
 * compiled. The script from the template is run, whose lines are those of the example (EditTest).
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
    private static String jackson;

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
        for (String where : LINES.get(0)) {
            for (String what : LINES.get(1)) {
                Path changed = changed(script, List.of(what, where), Map.of());
                Sources.assertAllImportsOf(changed);
                List<String> lines = Files.readAllLines(changed);
                assertEquals(ORIGINALS.get(script).lines().count() + added(what) + added(where), lines.size());
                changed(script, List.of(where, what), Map.of());
                assertEquals(lines.stream().sorted().toList(), Files.readAllLines(changed).stream().sorted().toList(), "in the other order");
                Path classes = Files.createDirectories(folder.resolve("both"));
                String classPath = Script.classPath() + (what.equals("json-field") ? File.pathSeparator + jackson(script) : "");
                Sources.compile(List.of(changed), List.of("-d", classes.toString(), "-cp", classPath, "-proc:none"));
            }
        }
    }

    /** What JBang fetches for the script, which is the same for both. */
    private static String jackson(String script) throws Exception {
        if (jackson == null) {
            Script.Ended path = new JBangHome(folder.resolve("jbang")).run(folder, "info", "classpath", "--deps-only", script);
            assertEquals(0, path.status(), path.err());
            jackson = path.out().strip();
        }
        return jackson;
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
    private static String run(String change, Map<String, String> replaced, SseServer controller, UdpReceiver receiver)
            throws Exception {
        Path file = changed(FROM_TEMPLATE, List.of(change), replaced);
        Path classes = Files.createDirectories(folder.resolve("classes"));
        Sources.compile(file, classes);
        List<String> command = Script.command("Touch", controller.url("/"), receiver.target());
        command.replaceAll(word -> word.equals(Script.classPath()) ? word + File.pathSeparator + classes : word);
        try (Script run = Script.of(new ProcessBuilder(command).directory(folder.toFile()).start())) {
            Script.Ended ended = run.input("").end();
            assertEquals(0, ended.status(), ended.err());
            return ended.out();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "repeat", "once-a-second"})
    void whatIsSentChanges(String change) throws Exception {
        List<String> expected = switch (change) {
            case "text" -> List.of("touched: " + TAP, "touched: " + DOUBLE_TAP);
            case "once-a-second" -> List.of(ORIGINAL);
            default -> List.of(ORIGINAL, ORIGINAL, ORIGINAL, ORIGINAL, ORIGINAL, ORIGINAL);
        };
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            run(change, Map.of(), controller, receiver);
            assertEquals(expected, receiver.arrived());
        }
    }

    /** As a user runs it, by JBang: it needs what only JBang fetches. */
    @Test
    void fieldOfTheDataIsSent() throws Exception {
        changed(FROM_TEMPLATE, List.of("json-field", "repeat"), Map.of());
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            Script.Ended ended = new JBangHome(folder.resolve("jbang")).run(folder, FROM_TEMPLATE, controller.url("/"), receiver.target());
            assertEquals(0, ended.status(), ended.err());
            assertEquals(List.of("double tap", "double tap", "double tap"), receiver.arrived());
        }
    }

    @Test
    void bothTargetsGetIt() throws Exception {
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver(); UdpReceiver other = new UdpReceiver()) {
            run("two-targets", Map.of("192.168.8.20:6000", other.target()), controller, receiver);
            assertEquals(List.of(ORIGINAL, ORIGINAL), receiver.arrived());
            assertEquals(List.of(ORIGINAL, ORIGINAL), other.arrived());
        }
    }

    @Test
    void eachTargetGetsItsText() throws Exception {
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver(); UdpReceiver lamp = new UdpReceiver()) {
            run("two-texts", Map.of("192.168.8.20:6000", lamp.target()), controller, receiver);
            assertEquals(List.of(ORIGINAL, ORIGINAL), receiver.arrived());
            assertEquals(List.of("{\"on\":true}", "{\"on\":true}"), lamp.arrived());
        }
    }

    @Test
    void eventsOfBothSourcesAreSent() throws Exception {
        try (SseServer controller = controller(); SseServer upstairs = controller(); UdpReceiver receiver = new UdpReceiver()) {
            run("two-sources", Map.of("http://192.168.8.21", upstairs.url("")), controller, receiver);
            assertEquals(List.of("downstairs: " + TAP, "downstairs: " + DOUBLE_TAP, "upstairs: " + TAP, "upstairs: " + DOUBLE_TAP),
                receiver.arrived().stream().sorted().toList());
        }
    }

    @Test
    void headerIsSent() throws Exception {
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            run("header", Map.of(), controller, receiver);
            assertEquals("Bearer TOKEN", controller.next().header("Authorization").orElse("none"));
            assertEquals(List.of(ORIGINAL, ORIGINAL), receiver.arrived());
        }
    }

    @Test
    void fileGetsTheLines() throws Exception {
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            Files.deleteIfExists(folder.resolve("touches.jsonl"));
            run("file", Map.of(), controller, receiver);
            assertEquals(List.of(TAP, DOUBLE_TAP), Files.readAllLines(folder.resolve("touches.jsonl")));
            receiver.assertNothingMore();
        }
    }

    @Test
    void programRunsForEachEvent() throws Exception {
        Path program = Files.writeString(folder.resolve("on-touch.sh"), "#!/bin/sh\nprintf 'on touch: %s\\n' \"$1\"\n");
        assertTrue(program.toFile().setExecutable(true));
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            assertEquals("on touch: " + TAP + "\non touch: " + DOUBLE_TAP + "\n", run("program", Map.of(), controller, receiver));
            receiver.assertNothingMore();
        }
    }

    @Test
    void nextRunResumes() throws Exception {
        Files.deleteIfExists(folder.resolve("last-id"));
        try (UdpReceiver receiver = new UdpReceiver()) {
            try (SseServer controller = controller()) {
                run("state-file", Map.of(), controller, receiver);
                assertEquals(List.of(ORIGINAL, ORIGINAL), receiver.arrived());
            }
            try (SseServer controller = controller()) {
                run("state-file", Map.of(), controller, receiver);
                assertEquals("5", controller.next().header("Last-Event-ID").orElse("none"));
                receiver.assertNothingMore();
            }
        }
    }

    @Test
    void webServerIsTold() throws Exception {
        Map<String, String> told = new HashMap<>();
        try (SseServer web = new SseServer(connection -> {
            told.put(connection.requestLine() + told.size(), connection.body);
            connection.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        }); SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            run("webhook", Map.of("http://192.168.8.20:8123", web.url("")), controller, receiver);
            assertEquals(Map.of("POST /api/webhook/touch HTTP/1.10", TAP, "POST /api/webhook/touch HTTP/1.11", DOUBLE_TAP), told);
            receiver.assertNothingMore();
        }
    }
}
