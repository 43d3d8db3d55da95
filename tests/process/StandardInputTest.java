package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Lan;
import tests.support.Script;
import tests.support.UdpReceiver;

/** An event stream from standard input: {@code curl ... | sse-listen -}. */
class StandardInputTest {
    private static final String ENDS = "retry: 5\n\n: c\n\nevent: touch\nid: 4\ndata: a\ndata: b\n\ndata: x\n\n";

    @Test
    void eventsOfStandardInputAreThoseOfAUrl() throws Exception {
        Script.run(ENDS, "SseListen", "--comments", "-").assertIs(0, "{\"comment\":\"c\"}\n"
            + "{\"event\":\"touch\",\"id\":\"4\",\"data\":\"a\\nb\"}\n{\"event\":\"message\",\"id\":\"4\",\"data\":\"x\"}\n");
        Script.run(ENDS, "SseListen", "-0", "-e", "touch", "-F", "{id} {data}", "-").assertIs(0, "4 a\nb\0");
    }

    @Test
    void theyGoToTheLanToo() throws Exception {
        try (UdpReceiver receiver = new UdpReceiver()) {
            Script.run(ENDS, "SseToUdp", "-q", "-F", "{event}", "-", receiver.target()).assertIs(0, "");
            assertEquals(List.of("touch", "message"), receiver.arrived());
        }
    }

    @Test
    void eventIsHandedOverWhenItIsThere() throws Exception {
        try (Script script = Script.start("SseListen", "-F", "{data}", "-")) {
            for (String data : List.of("a", "b")) {
                script.process.getOutputStream().write(("data: " + data + "\n\n").getBytes());
                script.process.getOutputStream().flush();
                assertEquals(data, script.nextLine());
            }
            script.process.getOutputStream().close();
            assertNull(script.nextLine());
            script.end().assertIs(0, "");
        }
    }

    /** Standard input or output does not wait where whoever shares it with us has set it so. */
    private static Script startNotWaiting(int descriptor, String... arguments) throws Exception {
        assumeTrue(Script.shell("command -v python3").status() == 0, "needs python3");
        List<String> command = new ArrayList<>(List.of("python3", "-c",
            "import os, sys; os.set_blocking(" + descriptor + ", False); os.execv(sys.argv[1], sys.argv[1:])"));
        command.addAll(Script.command("SseListen", arguments));
        return Script.start(command);
    }

    @Test
    void inputThatDoesNotWaitIsWaitedFor() throws Exception {
        try (Script script = startNotWaiting(0, "-F", "{data}", "-")) {
            for (String data : List.of("a", "b")) {
                script.process.getOutputStream().write(("data: " + data + "\n\n").getBytes());
                script.process.getOutputStream().flush();
                assertEquals(data, script.nextLine());
            }
            script.process.getOutputStream().close();
            script.end().assertIs(0, "");
        }
    }

    @Test
    void outputThatDoesNotWaitIsWaitedForUntilItHasRoom() throws Exception {
        String line = "x".repeat(1000);
        try (Script script = startNotWaiting(1, "-F", "{data}{data}{data}{data}", "-")) {
            script.input(("data: " + line + "\n\n").repeat(60));
            Lan.await("a full pipe", () -> script.process.getInputStream().available() > 56 << 10);
            script.end().assertIs(0, (line.repeat(4) + "\n").repeat(60));
        }
    }

    @Test
    void halfAnEventAtTheEndIsSaid() throws Exception {
        Script.run("data: 1\n\ndata: half", "SseListen", "-F", "", "-e", "none", "-").assertIs(0, "",
            "sse-listen: standard input ended in the middle of an event", "sse-listen: 1 event came, .*");
    }

    @Test
    void countAndTimeEndItThoughTheInputDoesNot() throws Exception {
        for (String[] row : new String[][] {{"-c", "1", "0"}, {"-m", "0.5", "0"}, {"-m0.5", "-c9", "124"}}) {
            try (Script script = Script.start("SseListen", row[0], row[1], "-F", "{data}", "-")) {
                script.process.getOutputStream().write("data: a\n\ndata: b\n\n".getBytes());
                script.process.getOutputStream().flush();
                assertEquals(Integer.parseInt(row[2]), script.end().status(), row[0]);
            }
        }
    }

    @Test
    void signalEndsIt() throws Exception {
        try (Script script = Script.start("SseListen", "-F", "{data}", "-")) {
            script.process.getOutputStream().write("data: a\n\n".getBytes());
            script.process.getOutputStream().flush();
            assertEquals("a", script.nextLine());
            script.signal("TERM");
            script.end().assertIs(143, "");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--header=A: b", "--data=x", "--user=a:b", "--insecure", "--state-file=x", "--no-retry", "--proxy=x",
        "--idle-timeout=3", "--max-redirs=3", "--settle=3"})
    void whatIsAboutAConnectionIsRefused(String option) throws Exception {
        Script.here("sse-listen", option, "-").assertIs(2, "", "sse-listen: " + option.replaceFirst("=.*", "")
            + " is for a URL, not for an event stream from standard input \\(-\\) \\(sse-listen --help says more\\)");
    }
}
