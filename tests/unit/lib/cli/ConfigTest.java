package lib.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Model.CommandSpec;
import tests.support.Script;
import tests.support.UdpReceiver;

/** {@code --config}: what its files say, and where a mistake is. */
class ConfigTest {
    @TempDir
    Path folder;

    private Path config(String text) throws Exception {
        return Files.write(folder.resolve("panel.conf"), text.getBytes(UTF_8));
    }

    private static List<String> words(String tool, String... typed) throws Exception {
        CommandSpec command = Script.commandLine(tool).getCommandSpec();
        return Arrays.asList(new Config().words(command, Tool.of(command)::text, typed));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', ignoreLeadingAndTrailingWhitespace = false, value = {
        "idle-timeout 30|--idle-timeout=30",
        "--idle-timeout 30|--idle-timeout=30",
        "idle-timeout=30|--idle-timeout=30",
        "idle-timeout = 30|--idle-timeout=30",
        " \tidle-timeout \t30|--idle-timeout=30",
        // The rest of the line as it stands.
        "format a  \"b\" 'c' $d %e \\x02 #f |--format=a  \"b\" 'c' $d %e \\x02 #f ",
        "format=  x|--format=  x",
        "where =on|--where==on",
        "-w /a=b|-w=/a=b",
        "-F{data}|-F{data}",
        "-H X: y z|-H=X: y z",
        "format Gr\u00fc\u00dfe|--format=Gr\u00fc\u00dfe",
        // Without a value.
        "no-retry|--no-retry",
        "--quiet|--quiet",
        "-q|-q",
        "-vq|-vq",
        "no-multicast-loop|--no-multicast-loop",
        "format|--format=",
        "-F|-F=",
        "format=|--format=",
        // Arguments.
        "http://h/events?id=4&x=%20 |http://h/events?id=4&x=%20",
        "  192.168.8.255:5000|192.168.8.255:5000",
        "localhost:8080/events|localhost:8080/events",
        "[ff02::1%eth0]:5000|[ff02::1%eth0]:5000",
        "-|-",
        // Files are beside the file that names them.
        "@url.txt|@DIR/url.txt",
        "@@url.txt|@DIR/url.txt",
        "@/url.txt|@/url.txt",
        "@-|@-",
        "header @h.txt|--header=@DIR/h.txt",
        "-u @u.txt|-u=@DIR/u.txt",
        "event @x|--event=@x",
        "state-file id|--state-file=id",
    })
    void lineIsAnOptionOrAnArgument(String line, String word) throws Exception {
        Path file = config(line);
        assertEquals(List.of(word.replace("DIR", folder.toString()), "-K", file.toString()), words("sse-to-udp", "-K", file.toString()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n"})
    void commentsAndBlankLinesAreLeftOut(String end) throws Exception {
        Path file = config(String.join(end, "\uFEFF# a comment", "", " \t", "  # another", "quiet", "http://h/#fragment", ""));
        assertEquals(List.of("--quiet", "http://h/#fragment"), words("sse-to-udp", "-K", file.toString()).subList(0, 2));
        assertEquals(List.of("--config", config("").toString()), words("sse-to-udp", "--config", file.toString()));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "-K a -K b x         | A B",
        "--config=a x -K b   | A B",
        "-qKa -Kb            | A B",
        "x -c 1 -K a         | A",
        "-F -K a             | ",
        "-F -K -K a          | A",
        "-- -K a             | ",
        "-e --config -q      | ",
        "--nonsense -K a     | A",
    })
    void severalAreJoinedAndWhatIsTypedComesBehind(String typed, String expected) throws Exception {
        Files.writeString(folder.resolve("a"), "A:1\n");
        Files.writeString(folder.resolve("b"), "B:1\n");
        String[] words = Arrays.stream(typed.split(" "))
            .map(word -> word.replaceFirst("^(-q?K|--config=|)([ab])$", "$1" + folder + "/$2")).toArray(String[]::new);
        List<String> all = new ArrayList<>();
        if (expected != null) {
            Arrays.stream(expected.split(" ")).map(word -> word + ":1").forEach(all::add);
        }
        all.addAll(List.of(words));
        assertEquals(all, words("sse-listen", words));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "sse-to-udp|idle-timeout soon|:1: Invalid value for option '--idle-timeout': 'soon' is not a number of seconds, 0 to 999999999",
        "sse-to-udp|# c~~idle-timeout|:3: Invalid value for option '--idle-timeout': '' is not a number of seconds, 0 to 999999999",
        "sse-listen|http://h/~count 0|:2: --count 0: expected 1 to 2147483647",
        "sse-listen|http://h/~idel-timeout 30|:2: unknown option '--idel-timeout', did you mean --idle-timeout?",
        "sse-listen|http://h/~quiett|:2: unknown option '--quiett', did you mean --quiet?",
        "sse-listen|http://h/~quiet maybe|:2: Invalid value for option '--quiet': 'maybe' is not a boolean",
        "sse-listen|http://h/~header X: y~header secret|:2, FILE:3: expected NAME:VALUE in a header",
        "sse-listen|http://h/~header A b: secret|:2: header A b: expected a name that can be set",
        "sse-listen|http://h/~-X A B|:2: method 'A B': expected a name like GET or POST",
        "sse-listen|http://h/~-F {x.y}|:2: --format: {x.y} is not known here, expected one of {data} {event} {id} {json} {source} {time} {/a} ({{ is a brace)",
        "sse-listen|quiet~ftp://secret/|:2: URL: expected http://HOST... or https://HOST...",
        "sse-listen|quiet~@no-such|:2: @DIR/no-such: no such file",
        "sse-to-udp|http://h/~host:x|:2: target 'host:x': expected HOST:PORT, [IPv6]:PORT or all:PORT with a valid address and a port from 1 to 65535",
        "udp-listen|x:y|:1: 'x:y': expected PORT, ADDR:PORT or [IPv6]:PORT",
        "sse-serve|token a secret|:1: --token: expected printable ASCII without spaces",
        "sse-serve|port 70000|:1: --port 70000: expected 0 to 65535",
        "sse-serve|config other|:1: --config 'other': expected on the command line",
        "sse-serve|-K other|:1: --config 'other': expected on the command line",
        "sse-to-udp|quiet|: Missing required parameters: 'URL', 'TARGET'",
    })
    void mistakeNamesFileAndLine(String tool, String text, String message) throws Exception {
        Path file = config(text.replaceAll("~(?![01 ])", "\n") + "\n");
        Script.Ended ended = Script.here(tool, "-K", file.toString());
        String expected = message.replace("DIR", folder.toString()).replace("FILE:", file + ":");
        assertEquals(tool + ": " + (expected.startsWith(": ") ? expected.substring(2) : file + expected) + " (" + tool + " --help says more)\n", ended.err());
        assertEquals(2, ended.status());
    }

    @Test
    void mistakeThatWasTypedNamesNoFile() throws Exception {
        String file = config("idle-timeout 30\nheader X: y\nhttp://h/\n").toString();
        assertEquals("sse-listen: Invalid value for option '--idle-timeout': 'soon' is not a number of seconds, 0 to 999999999 (sse-listen --help says more)\n",
            Script.here("sse-listen", "-K", file, "--idle-timeout", "soon").err());
        assertEquals("sse-listen: expected NAME:VALUE in a header (sse-listen --help says more)\n",
            Script.here("sse-listen", "-H", "secret", "-K", file).err());
    }

    @Test
    void fileThatCannotBeReadIsNamed() throws Exception {
        Path missing = folder.resolve("missing.conf");
        assertEquals("sse-listen: @" + missing + ": no such file (sse-listen --help says more)\n", Script.here("sse-listen", "-K", missing.toString()).err());
        Files.write(folder.resolve("bytes.conf"), new byte[] {(byte) 0xff});
        Script.Ended ended = Script.here("sse-listen", "-K", folder.resolve("bytes.conf").toString());
        assertTrue(ended.err().contains("bytes.conf: "), ended.err());
        assertEquals(2, ended.status());
    }

    @Test
    void whatIsTypedWinsWhereverItStands() throws Exception {
        try (UdpReceiver receiver = new UdpReceiver()) {
            String file = config("message from the file\nquiet\n" + receiver.target() + "\n").toString();
            assertEquals(0, Script.here("udp-send", "-K", file).status());
            assertEquals("from the file", receiver.nextText());
            assertEquals(0, Script.here("udp-send", "-m", "typed", "-K", file).status());
            assertEquals("typed", receiver.nextText());
        }
    }
}
