package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.JBangHome;
import tests.support.Readme;
import tests.support.Script;
import tests.support.Sources;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/** The changes that the README shows do what it says: each is applied to the script, and the script is run. */
class ChangesTest {
    private static final String SCRIPT = "examples/nanoleaf-touch.java";
    private static final String ORIGINAL = "Recv message form SSE Server!";
    private static final String TAP = "{\"events\":[{\"panelId\":101,\"gesture\":0}]}";
    private static final String DOUBLE_TAP = "{\"events\":[{\"panelId\":102,\"gesture\":1}]}";

    /** One for all, so that JBang makes what they share once. */
    @TempDir
    static Path folder;

    private static Map<String, String> changes;

    @BeforeAll
    static void readChanges() throws IOException {
        changes = Readme.blocks("change-");
        Files.createDirectory(folder.resolve("examples"));
        Files.createSymbolicLink(folder.resolve("lib"), Script.root().resolve("lib"));
    }

    @AfterAll
    static void removeLinks() throws IOException {
        JBangHome.removeLinks(folder);
    }

    @Test
    void thereAreTenAndEachIsTestedHere() {
        List<String> tested = List.of("text", "json-field", "two-targets", "header", "file", "program", "state-file", "repeat",
            "once-a-second", "webhook");
        assertEquals(new TreeSet<>(tested), new TreeSet<>(changes.keySet().stream().map(name -> name.substring("change-".length())).toList()));
    }

    /** The controller: a tap, a double tap, and nothing more for whoever asks again. */
    private static SseServer controller() throws IOException {
        return new SseServer(connection -> {
            boolean again = connection.number > 0 || connection.header("Last-Event-ID").isPresent();
            connection.send(again ? "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
                : SseServer.OK + "retry: 100\nid: 4\ndata: " + TAP + "\n\nid: 5\ndata: " + DOUBLE_TAP + "\n\n");
        });
    }

    /** Applies a change, with these parts of it replaced. */
    private static Path changed(String change, Map<String, String> replaced) throws Exception {
        Path script = folder.resolve(SCRIPT);
        Files.writeString(script, Files.readString(Script.root().resolve(SCRIPT)));
        String diff = changes.get("change-" + change);
        for (Map.Entry<String, String> entry : replaced.entrySet()) {
            assertTrue(diff.contains(entry.getKey()), diff);
            diff = diff.replace(entry.getKey(), entry.getValue());
        }
        try (Script patch = Script.start(List.of("patch", "--no-backup-if-mismatch", script.toString()))) {
            Script.Ended patched = patch.input(diff).end();
            assertEquals(0, patched.status(), patched.out() + patched.err());
        }
        return script;
    }

    /** Runs the script with a change until the controller has nothing more; with the library that these tests have. */
    private static String run(String change, Map<String, String> replaced, SseServer controller, UdpReceiver receiver) throws Exception {
        Path script = changed(change, replaced);
        Sources.assertAllImportsOf(script);
        Path classes = Files.createDirectories(folder.resolve("classes"));
        Sources.compile(script, classes);
        List<String> command = Script.command("NanoleafTouch", controller.url("/"), receiver.target());
        command.replaceAll(word -> word.equals(Script.classPath()) ? classes + File.pathSeparator + word : word);
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
        changed("json-field", Map.of());
        try (SseServer controller = controller(); UdpReceiver receiver = new UdpReceiver()) {
            Script.Ended ended = new JBangHome(folder.resolve("jbang")).run(folder, SCRIPT, controller.url("/"), receiver.target());
            assertEquals(0, ended.status(), ended.err());
            assertEquals(List.of("double tap"), receiver.arrived());
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
