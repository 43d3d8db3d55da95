import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import lib.cli.Format.Placeholder;
import lib.cli.Tool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What becomes of a broker's messages. */
class MessageFormatTest {
    private final List<String> taken = new ArrayList<>();
    private final StringWriter err = new StringWriter();

    @Command(name = "to-udp")
    static class ToUdp implements Runnable {
        @Mixin
        MessageFormat format;

        @Mixin
        Tool tool;

        @Override
        public void run() { }
    }

    private MessageFormat.Sink sink(String options, Placeholder... keys) {
        ToUdp script = new ToUdp();
        Tool.commandLine(script).setErr(new PrintWriter(err)).execute(options.isEmpty() ? new String[0] : options.split(" "));
        return script.format.sink(script.tool, payload -> taken.add(ISO_8859_1.decode(payload).toString()), taken::add, keys);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "``                           | {\"on\":1}       | {\"on\":1}",
        "-F {topic}/{key}={data}      | x                | home/a/k=x",
        "-F {json:topic}{json:data}   | say \"on\"       | \"home/a\"\"say \\\"on\\\"\"",
        "-F {/on}{json:/s}            | {\"on\":1,\"s\":\"\"} | 1\"\"",
        "-F {/on}                     | {\"off\":1}      | a message was skipped: the data has no /on",
        "-w /on=1 -F {topic}          | {\"on\":1}       | home/a",
        "-w /on=1                     | {\"on\":2}       | ``",
        "--each /l -F {../a}{data}    | {\"a\":1,\"l\":[2,3]} | 12~13"})
    void messageIsMadeAsTheOptionsSay(String options, String payload, String expected) throws Exception {
        sink(options, Placeholder.KEY).take("home/a", "k", payload.getBytes(UTF_8));
        assertEquals(expected, String.join("~", taken));
    }

    @Test
    void bytesPassThroughAsTheyAre() throws Exception {
        String bytes = "\u00FF\0\u0080\n";
        sink("").take("t", "", bytes.getBytes(ISO_8859_1));
        sink("-F [{data}]").take("t", "", bytes.getBytes(ISO_8859_1));
        assertEquals(List.of(bytes, "[" + bytes + "]"), taken);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "-F {key}   | --format: {key} is not known here, expected one of {data} {topic} {time} {/a} ({{ is a brace)",
        "-F {../a}  | '../a': expected --each as many times as it goes up"})
    void mistakeIsNamed(String options, String message) {
        try {
            sink(options);
        } catch (picocli.CommandLine.ParameterException mistake) {
            taken.add(mistake.getMessage());
        }
        assertEquals(List.of(message), taken);
    }
}
