package tests.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tests.support.Script;

/** {@code replay} as a process of its own. */
class ReplayTest {
    @TempDir
    Path folder;

    private static String line(String data, String time) {
        return "{\"event\":\"touch\",\"id\":\"4\",\"data\":\"" + data + "\",\"time\":\"" + time + "\"}\n";
    }

    private Duration play(byte[] recorded, String... arguments) throws Exception {
        Path from = Files.write(folder.resolve("recorded"), recorded);
        Path to = folder.resolve("played");
        List<String> command = new ArrayList<>(Script.command("Replay", arguments));
        command.add(1, "-Duser.timezone=America/New_York");
        long before = System.nanoTime();
        Process process = new ProcessBuilder(command).redirectInput(from.toFile()).redirectOutput(to.toFile()).start();
        assertEquals("", new String(process.getErrorStream().readAllBytes()));
        assertEquals(0, process.waitFor());
        assertArrayEquals(recorded, Files.readAllBytes(to));
        return Duration.ofNanos(System.nanoTime() - before);
    }

    @Test
    void eachLineWaitsForTheTimeThatPassedBeforeIt() throws Exception {
        String recorded = line("one", "2026-11-25T20:00:00.000Z") + line("two", "2026-11-25T20:00:00.400Z")
            + line("earlier", "2026-11-25T08:00:00.000Z") + line("three", "2026-11-25T09:00:00.4+01:00");
        assertTrue(play(recorded.getBytes()).toMillis() >= 800);
    }

    @Test
    void timeWithoutAZoneIsUtc() throws Exception {
        String[] times = {"2026-11-25T20:00:00Z", "2026-11-25T20:00:01", "2026-11-25 20:00:02.5", "2026-11-25t21:00:03+0100",
            "2026-11-25T19:00:04-01", "2026-11-25T20:00:05.123456789", "2026-11-25 20:00:06z", "2026-11-25T20:01"};
        StringBuilder recorded = new StringBuilder();
        for (String time : times) {
            recorded.append(line("one", time));
        }
        long passed = play(recorded.toString().getBytes(), "--speed", "60").toMillis();
        assertTrue(passed >= 1000 && passed < 60_000, passed + " ms"); // an hour, if it is local time anywhere else
    }

    @Test
    void anHourIsShorterAtAHigherSpeed() throws Exception {
        play((line("one", "2026-11-25T20:00:00Z") + line("two", "2026-11-25T21:00:00Z")).getBytes(), "--speed", "1e7");
    }

    @Test
    void linesWithoutATimeAndAnyBytesPassThroughAtOnce() throws Exception {
        byte[] recorded = (line("\\\"time\\\":\\\"2020-01-01T00:00:00Z\\\"", "2026-11-25T20:00:00Z")
            + "no time\n\na\rb\n{\"time\":\"soon\"}\n{\"time\":7}\n\u00e4?\n").getBytes();
        recorded[recorded.length - 2] = (byte) 0xff;
        play(recorded);
    }

    @Test
    void aLineGoesOutAsSoonAsItIsDue() throws Exception {
        try (Script script = Script.start("Replay")) {
            script.process.getOutputStream().write(line("one", "2026-11-25T20:00:00Z").getBytes());
            script.process.getOutputStream().flush();
            assertEquals(line("one", "2026-11-25T20:00:00Z"), script.nextLine() + "\n");
            script.input("").end().assertIs(0, "");
        }
    }

    @Test
    void timeIsCountedFromTheFirstLine() throws Exception {
        try (Script script = Script.start("Replay")) {
            OutputStream in = script.process.getOutputStream();
            long before = System.nanoTime();
            for (long end = before + 400_000_000; before < end; before = System.nanoTime()) {
                in.write("no time\n".getBytes());
                in.flush();
                assertEquals("no time", script.nextLine());
            }
            in.write((line("one", "2026-11-25T20:00:00.000Z") + line("two", "2026-11-25T20:00:00.300Z")).getBytes());
            in.flush();
            script.nextLine();
            script.nextLine();
            assertTrue(System.nanoTime() - before >= 300_000_000);
        }
    }

    @Test
    void lineThatIsTooLongIsToldAndSkipped() throws Exception {
        Script.run("x".repeat(17 << 20) + "\nnext\n", "Replay").assertIs(1, "next\n",
            "replay: line 1: 17825792 bytes, more than the 16777216 of a line; skipped");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--speed 0|2|--speed 0.0: expected a number above 0 \\(replay --help says more\\)",
        "--speed -1|2|--speed -1.0: expected a number above 0 \\(replay --help says more\\)",
        "--speed fast|2|Invalid value for option '--speed': 'fast' is not a number \\(replay --help says more\\)",
        "|1|.*: Text '2026-13-01T00:00:00Z' could not be parsed.*"})
    void aMistakeIsNamed(String arguments, int status, String message) throws Exception {
        String[] words = arguments == null ? new String[0] : arguments.split(" ");
        Script.run(line("", "2026-13-01T00:00:00Z"), "Replay", words).assertIs(status, "", "replay: " + message);
    }
}
