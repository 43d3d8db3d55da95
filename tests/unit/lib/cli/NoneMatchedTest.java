package lib.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import lib.sse.SseEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tests.support.Script;

/** The message that events came and none was as asked for; time is a number here. */
class NoneMatchedTest {
    private final StringWriter said = new StringWriter();
    private long now = Long.MAX_VALUE - 5; // it may overflow

    private Selection selection(String options) throws Exception {
        Tool tool = Tool.of(Script.commandLine("sse-listen").setErr(new PrintWriter(said)).getCommandSpec());
        Selection made = new Selection();
        new CommandLine(made).parseArgs(options.isEmpty() ? new String[0] : options.split(" "));
        made.nanoTime = () -> now;
        made.start(tool, new SseSources(tool), false, event -> { }, () -> { });
        return made;
    }

    private static String message(int events) {
        return "sse-listen: " + events + (events == 1 ? " event" : " events") + " came, none matched --event, --where and --each\n";
    }

    @ParameterizedTest
    @CsvSource({"-e tuch", "-w /gestur=0", "-e touch -w =1", "--each /none"})
    void nothingOfTwentyEventsIsToldOnce(String options) throws Exception {
        Selection selection = selection(options);
        Selection.Source source = selection.new Source("h", () -> { });
        for (int i = 1; i <= 100; i++) {
            source.event(new SseEvent("touch", "", "{\"none\":[]}"));
            assertEquals(i < 20 ? "" : message(20), said.toString());
        }
        assertEquals(7, selection.atEnd(7));
        assertEquals(message(20), said.toString());
    }

    @Test
    void nothingOfAMinuteIsTold() throws Exception {
        Selection.Source source = selection("-e tuch").new Source("h", () -> { });
        for (long seconds : new long[] {0, 59, 1, 100}) {
            now += seconds * 1_000_000_000;
            source.event(new SseEvent("touch", "", "1"));
        }
        assertEquals(message(3), said.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "-w /a=1                | {\"a\":2}~{\"a\":1}~{\"a\":2} | 0",
        "-w /a=1                | ``                            | 0",
        "``                     | 1                             | 0",
        "-w /a=1                | {\"a\":2}                     | 1",
        "--each /a -w =1        | {\"a\":[]}~{\"a\":[2,3]}      | 2"})
    void nothingIsToldAtTheEndUnlessSomethingCame(String options, String data, int told) throws Exception {
        Selection selection = selection(options);
        Selection.Source source = selection.new Source("h", () -> { });
        for (String one : Arrays.asList(data.isEmpty() ? new String[0] : data.split("~"))) {
            source.event(new SseEvent("touch", "", one));
        }
        selection.atEnd(0);
        assertEquals(told == 0 ? "" : message(told), said.toString());
    }

    @Test
    void eventThatLacksAFieldDoesMatch() throws Exception {
        Selection selection = selection("--each /a");
        selection.new Source("h", () -> { }).event(new SseEvent("touch", "", "{}"));
        assertEquals(1, selection.atEnd(0));
        assertEquals("sse-listen: an event was skipped: the data has no list /a\nsse-listen: 1 skipped\n", said.toString());
    }
}
