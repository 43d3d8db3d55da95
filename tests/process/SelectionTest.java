package tests.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.cli.EventJson;
import lib.cli.Payload;
import lib.sse.SseEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/** Which events are output, and what of them: the same in all scripts. */
class SelectionTest {
    private static final String TOUCHES = "{\"events\":[{\"panelId\":101,\"gesture\":0},{\"panelId\":102,\"gesture\":1}]}";

    @TempDir
    Path folder;

    /** A stream that ends. */
    private static SseServer serve(String... events) throws Exception {
        return new SseServer(connection -> connection.send(SseServer.OK + String.join("", events)));
    }

    private static String event(String type, String data) {
        return "event: " + type + "\nid: " + data.hashCode() + "\ndata: " + data + "\n\n";
    }

    private static Script.Ended relay(String... arguments) throws Exception {
        return Script.here("sse-to-udp", arguments);
    }

    @Test
    void touchesOfOneKindAreSentAndPingsAreNot() throws Exception {
        try (SseServer server = serve(event("ping", "now"), event("touch", TOUCHES), event("ping", "now"), event("touch", "{\"events\":[]}"),
                event("touch", "{\"events\":[{\"panelId\":103,\"gesture\":0},{\"panelId\":104,\"gesture\":0}]}"));
                UdpReceiver receiver = new UdpReceiver()) {
            relay("--no-retry", "-E", "ping", "--each", "/events", "--where", "/gesture=0", "-F", "panel {/panelId}", server.url("/"), receiver.target())
                .assertIs(0, "", "sse-to-udp: connected to .*", "sse-to-udp: 3 received, 3 sent, 27 bytes, 0 skipped, 0 failed");
            assertEquals(List.of("panel 101", "panel 103", "panel 104"), receiver.arrived());
        }
    }

    /** What the options make of the data of some events: the outputs, and the reasons why something was skipped. */
    private record Row(List<String> options, List<String> data, List<String> outputs, List<String> skipped) {
        static Row of(String row) {
            String[] columns = row.split(" *\\| ", 4);
            return new Row(Stream.of(columns[0].split(" ")).map(word -> word.equals("''") ? "" : word).toList(), list(columns[1]),
                list(columns[2]), list(columns[3]));
        }

        private static List<String> list(String column) {
            return column.isBlank() ? List.of() : List.of(column.strip().split("~"));
        }
    }

    static final String[] ROWS = {
        "-F {/on} | {\"on\":true}~{\"on\":1.0E2} | true~1.0E2 | ",
        "-F {/on} | {\"on\":true}~x~{\"off\":1} | true | the data has no /on~the data has no /on",
        "-F <\\x02{/on}\\n | {\"on\":\"ü\"} | <\u0002ü%n | ",
        "-F {event}={/on} -w /on=1 | {\"on\":1}~x~{\"on\":2}~{\"on\":\"1\"} | touch=1~touch=1 | ",
        "-w /on!=1 -w !=[DONE] | {\"on\":1}~x~{}~[DONE] | x~{} | ",
        "--each /l | {\"l\":[ 1,\"a b\",[ 2 ] ]}~{\"l\":[]} | 1~a b~[ 2 ] | ",
        "--each /l -F {/a} | {\"l\":[{\"a\":1},{},{\"a\":3}]} | 1~3 | the data has no /a",
        "--each /l | {\"l\":{}}~{\"l\":[7]} | 7 | the data has no list /l",
        "--each /l -F {json} -w /a=1 | {\"l\":[{\"a\":1}, {\"a\":2}]} | {\"event\":\"touch\",\"id\":\"9\",\"data\":\"{\\\"a\\\":1}\"} | ",
        // Each operator.
        "-w /a=1 -w /a=2 -F {/a} | {\"a\":1}~{\"a\":2}~{\"a\":3}~{} | 1~2 | ",
        "-w /a=1 -w /a=2 -w /b -F {/a} | {\"a\":1,\"b\":0}~{\"a\":2}~{\"b\":1} | 1 | ",
        "-w /a!=1 -w /a!=2 | {\"a\":1}~{\"a\":2}~{\"a\":3}~{} | {\"a\":3}~{} | ",
        "-w /n<3 -F {/n} | {\"n\":2.9}~{\"n\":3}~{\"n\":\"x\"}~{\"n\":\"-1\"} | 2.9~-1 | ",
        "-w /n<=3 -F {/n} | {\"n\":3.0}~{\"n\":3.1}~{\"n\":null} | 3.0 | ",
        "-w /n>3 -F {/n} | {\"n\":3}~{\"n\":1e1}~{\"n\":[]} | 1e1 | ",
        "-w /n>=3 -F {/n} | {\"n\":3}~{\"n\":2}~{} | 3 | ",
        "-w /s=~^o[nf]+$ -F {/s} | {\"s\":\"on\"}~{\"s\":\"open\"}~{\"s\":\"off\"}~{} | on~off | ",
        "-w /s | {\"s\":null}~{} | {\"s\":null} | ",
        "-w =on -w =off | on~off~\"on\"~auto | on~off | ",
        "-w =~^o | on~auto | on | ",
        // Lists in lists, and what is around an element.
        "--each '' --each /d -w ../t=u -F {../t}{/i} | [{\"t\":\"u\",\"d\":[{\"i\":1},{\"i\":2}]},{\"t\":\"v\"},{\"d\":[{\"i\":3}],\"t\":\"u\"}] | u1~u2~u3 | ",
        "--each /l --each '' -F {../../n}{data} | {\"l\":[[1],[2,3]],\"n\":\"n\"} | n1~n2~n3 | ",
        "--each '' --each /d -F {../t}{data} | [{\"d\":[1]},{\"t\":2,\"d\":[3]},{}] | 23 | the data has no ../t~the data has no list /d",
        "--each '' --each /data -w /type=button -F {\"id\":{json:/id},\"press\":{json:/button/button_report/event},\"at\":{json:../creationtime}}"
            + " | [{\"creationtime\":\"T1\",\"data\":[{\"id\":\"1\",\"type\":\"light\"},{\"id\":\"2\",\"type\":\"button\",\"button\":{\"button_report\":{\"event\":\"long\"}}}]},"
            + "{\"data\":[{\"type\":\"button\",\"id\":\"\\\"\",\"button\":{\"button_report\":{\"event\":\"short\"}}}],\"creationtime\":\"T2\"}]"
            + " | {\"id\":\"2\",\"press\":\"long\",\"at\":\"T1\"}~{\"id\":\"\\\"\",\"press\":\"short\",\"at\":\"T2\"} | ",
        // Each placeholder.
        "-F {event}{id}{data} | a b | touch9a b | ",
        "-F {\"t\":{json:data},\"e\":{json:event},\"i\":{json:id}} | say \"on\\\" | {\"t\":\"say \\\"on\\\\\\\"\",\"e\":\"touch\",\"i\":\"9\"} | ",
        "-F {json:/s}{json:/n}{json:/l} | {\"s\":\"a\\\"b\",\"n\":1.0,\"l\":[ \"x\" ]} | \"a\\\"b\"1.0[ \"x\" ] | ",
        "-F {time}{json:time} | x | TIME\"TIME\" | ",
        "-F {/p/v}{json:/p} -w /p/v=ON | {\"p\":\"{\\\"v\\\":\\\"ON\\\"}\"}~{\"p\":\"ON\"} | ON\"{\\\"v\\\":\\\"ON\\\"}\" | "};

    static Stream<Row> rows() {
        return Stream.of(ROWS).map(Row::of);
    }

    private static String withoutTimes(String output) {
        return output.replaceAll("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z", "TIME").replace("\n", "%n");
    }

    private static String stream(Row row) {
        return row.data.stream().map(one -> "event: touch\nid: 9\ndata: " + one + "\n\n").collect(Collectors.joining());
    }

    private static List<String> options(Row row, String... more) {
        List<String> options = new ArrayList<>(row.options);
        if (!options.contains("-F")) {
            options.addAll(List.of("-F", "{data}"));
        }
        options.addAll(List.of(more));
        return options;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void relayAndPipeSelectAlike(Row row) throws Exception {
        try (UdpReceiver receiver = new UdpReceiver(); SseServer server = serve(stream(row))) {
            relay(options(row, "-q", "--no-retry", server.url("/"), receiver.target()).toArray(String[]::new))
                .assertIs(row.skipped.isEmpty() ? 0 : 1, "",
                    row.skipped.stream().map(reason -> "sse-to-udp: an event was skipped: " + reason).toArray(String[]::new));
            assertEquals(row.outputs, receiver.arrived().stream().map(SelectionTest::withoutTimes).toList());
            List<String> told = new ArrayList<>();
            for (String one : row.data) {
                Payload line = new Payload();
                EventJson.write(new SseEvent("touch", "9", one), null, null, line);
                Script.Ended ended = Script.here("udp-send", options(row, "-q", "-m", line.toString(), receiver.target()).toArray(String[]::new));
                assertEquals(ended.err().isEmpty() ? 0 : 1, ended.status(), ended.err());
                told.addAll(ended.err().lines().toList());
            }
            assertEquals(row.skipped.size(), told.size(), told.toString());
            for (int i = 0; i < told.size(); i++) {
                assertTrue(told.get(i).matches("udp-send: line 1: " + row.skipped.get(i) + "; skipped"), told.get(i));
            }
            assertEquals(row.outputs, receiver.arrived().stream().map(SelectionTest::withoutTimes).toList());
        }
    }

    /** Runs sse-listen once for the options of each row, with the URL before them; a line "--" ends the output of each. */
    static final class ListenToAll {
        public static void main(String... url) throws Exception {
            PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
            for (int i = 0; i < ROWS.length; i++) {
                int status = Script.commandLine("sse-listen").setErr(new PrintWriter(new OutputStreamWriter(System.err, UTF_8), true))
                    .execute(options(Row.of(ROWS[i]), "-q", "--no-retry", url[0] + i).toArray(String[]::new));
                out.println("-- " + status);
            }
            System.exit(0); // as the commands end, whose threads are kept for a while
        }
    }

    /** In one process, because each takes half a second to start. */
    @Test
    void listenerSelectsAlikeToo() throws Exception {
        List<Row> rows = rows().toList();
        try (SseServer server = new SseServer(connection ->
                connection.send(SseServer.OK + stream(rows.get(Integer.parseInt(connection.requestLine().split("[/ ]+")[1])))));
                Script listen = Script.start(ListenToAll.class.getName(), server.url("/"))) {
            Script.Ended ended = listen.end();
            List<String> expected = rows.stream().flatMap(row ->
                Stream.concat(row.outputs.stream(), Stream.of("-- " + (row.skipped.isEmpty() ? 0 : 1)))).toList();
            assertEquals(String.join("\n", expected).replace("%n", "\n"), withoutTimes(ended.out()).replace("%n", "\n").stripTrailing());
            List<String> skipped = rows.stream().flatMap(row -> row.skipped.stream()).toList();
            List<String> told = ended.err().lines().toList();
            assertEquals(skipped.size(), told.size(), ended.err());
            for (int i = 0; i < told.size(); i++) {
                assertTrue(told.get(i).matches("sse-listen: an event was skipped: " + skipped.get(i)), told.get(i));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "-w /a==1              | '/a==1': expected /a=1",
        "-w /a!==1             | '/a!==1': expected /a!=1",
        "-w ==on               | '==on': expected =on",
        "-w /events/*/x=1      | '/events/*/x': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)",
        "-w /e[0]/x=1          | '/e[0]/x': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)",
        "-w .a=1               | '.a': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)",
        "-w a                  | 'a': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)",
        "-w /s=~[a             | '/s=~[a': expected a regular expression: Unclosed character class",
        "-w /n<three           | '/n<three': expected a number after <",
        "-w /n>=               | '/n>=': expected a number after >=",
        "-w ../a=1             | '../a': expected --each as many times as it goes up",
        "--each /l -F {../../a} | '../../a': expected --each as many times as it goes up",
        "--each .l             | '.l': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)",
        "--each /l[*]          | '/l[*]': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)",
        "--each ../l           | '../l': expected a list below the data, such as /events",
        "-F {/e[0]}            | --format: '/e[0]': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)",
        "-F {json:/e/*}        | --format: '/e/*': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)",
        "-F {json:e[0]}        | --format: {json:e[0]} is not known here, expected one of .* {/a} ({{ is a brace)"})
    void mistakeIsNamedWithTheRightForm(String options, String message) throws Exception {
        Map<String, List<String>> scripts = Map.of("sse-listen", List.of("http://localhost:1"),
            "sse-to-udp", List.of("http://localhost:1", "127.0.0.1:1"), "udp-send", List.of("-m", "x", "127.0.0.1:1"));
        for (String script : scripts.keySet()) {
            List<String> arguments = new ArrayList<>(List.of(options.trim().split(" +")));
            arguments.addAll(scripts.get(script));
            Script.here(script, arguments.toArray(String[]::new)).assertIs(2, "",
                Pattern.quote(script + ": " + message + " (" + script + " --help says more)").replace(".*", "\\E.*\\Q"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", value = {
        // Where a field is asked for, a line that is no event is the data.
        "-F {/on}              | {\"on\":true}                     | true",
        "-F {/data/on}{event}  | {\"data\":{\"on\":1}}             | 1message",
        "-F {/comment}{/on}    | {\"comment\":\"c\",\"on\":1}      | c1",
        "-F {line}={/on}       | {\"on\":true}                     | {\"on\":true}=true",
        "-w /on=1              | { \"on\":1 }                      | { \"on\":1 }",
        "-w /on=1              | off                               | -",
        "-w =off               | off                               | off",
        "--each /l             | {\"l\":[1,[2, 3]]}                | 1~[2, 3]",
        "--each=               | [\"a b\",\"c\"]                   | a b~c",
        "--each /l -F {/on}    | {\"l\":[{\"on\":1},{\"on\":2}]}   | 1~2",
        // A line that is one is not.
        "-F {/on}              | {\"data\":\"{\\\"on\\\":1}\",\"on\":2} | 1",
        "-w /on=1              | {\"data\":\"{\\\"on\\\":1}\"}     | {\"data\":\"{\\\"on\\\":1}\"}",
        "--each /l             | {\"data\":\"{\\\"l\\\":[1,2]}\"}  | 1~2",
        "-F {/on}              | {\"comment\":\"c\"}               | -"})
    void lineOfADeviceIsTheDataWhereAFieldIsAskedFor(String options, String line, String datagrams) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(options.trim().split(" ")));
        try (UdpReceiver receiver = new UdpReceiver()) {
            arguments.addAll(List.of("-q", "-m", line, receiver.target()));
            Script.here("udp-send", arguments.toArray(String[]::new)).assertIs(0, "");
            assertEquals(datagrams == null ? List.of() : List.of(datagrams.split("~")), receiver.arrived());
        }
    }

    @Test
    void elementsArePrintedAsEventsAndWhatIsSkippedIsCountedAndAFailure() throws Exception {
        Script.run("data: " + TOUCHES + "\n\n" + "data: x\n\n".repeat(6), "SseListen", "--each", "/events", "-").assertIs(1,
            "{\"event\":\"message\",\"id\":\"\",\"data\":\"{\\\"panelId\\\":101,\\\"gesture\\\":0}\"}\n"
            + "{\"event\":\"message\",\"id\":\"\",\"data\":\"{\\\"panelId\\\":102,\\\"gesture\\\":1}\"}\n",
            "sse-listen: an event was skipped: the data has no list /events",
            "sse-listen: an event was skipped: the data has no list /events",
            "sse-listen: an event was skipped: the data has no list /events",
            "sse-listen: an event was skipped: the data has no list /events",
            "sse-listen: an event was skipped: the data has no list /events",
            "sse-listen: 6 skipped");
    }

    /** The first loads no class of Jackson, which costs a start time; the second does. */
    @Test
    void jsonIsReadOnlyWhereAFieldIsAskedFor() throws Exception {
        for (String format : List.of("{data}", "{/a}")) {
            List<String> command = new ArrayList<>(Script.command("SseListen", "-F", format, "-"));
            command.add(command.indexOf("-cp"), "-Xlog:class+load:stderr");
            try (Script listen = Script.start(command)) {
                Script.Ended ended = listen.input("data: {\"a\":1}\n\n").end();
                assertEquals(0, ended.status());
                assertTrue(ended.err().contains("lib.cli.FieldOptions"), ended.err());
                assertEquals(format.equals("{/a}"), ended.err().contains("com.fasterxml"));
            }
        }
    }

    @Test
    void countIsOfEventsOfWhichSomethingWasOutput() throws Exception {
        String[] events = {event("a", "x"), event("a", "{\"e\":[]}"), event("a", "{\"e\":[1,2]}"), event("b", "{\"e\":[3]}"), event("a", "{\"e\":[4,5]}"), event("a", "{\"e\":[6]}")};
        try (SseServer server = serve(events); UdpReceiver receiver = new UdpReceiver()) {
            relay("-q", "-c", "2", "-E", "b", "--each", "/e", server.url("/"), receiver.target()).assertIs(1, "", "sse-to-udp: an event was skipped: .*");
            assertEquals(List.of("1", "2", "4", "5"), receiver.arrived());
            relay("-q", "-c", "1", "-w", "/e/0=4", "-F", "{event}", server.url("/"), receiver.target()).assertIs(0, "");
            assertEquals(List.of("a"), receiver.arrived());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "-w /gestur=0                  | 2 events",
        "-w /a -w /b!=1 -e touch       | 2 events",
        "-e tuch -E ping               | 1 event",
        "-E ping -E touch -w /a        | -",
        "--settle 100 -w /a            | -",
        "--each /none -E ping          | 1 event"})
    void whatIsAskedForAndNeverCameIsToldAtTheEnd(String options, String told) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(options.trim().split(" ")));
        try (SseServer server = serve(event("ping", "1"), event("touch", "{\"none\":[]}")); UdpReceiver receiver = new UdpReceiver()) {
            arguments.addAll(List.of("--no-retry", server.url("/"), receiver.target()));
            String err = relay(arguments.toArray(String[]::new)).err();
            assertEquals(told == null ? "" : "sse-to-udp: " + told + " came, none matched --event, --where and --each\n",
                err.replaceFirst("sse-to-udp: connected to .*\n", "").replaceFirst("sse-to-udp: 0 received.*\n", ""));
            assertEquals(List.of(), receiver.arrived());
        }
    }

    @ParameterizedTest
    @CsvSource({"19, false", "20, true", "45, true"})
    void nothingOfTwentyEventsIsToldOnceWhileItRuns(int events, boolean isTold) throws Exception {
        try (Script listen = Script.start("SseListen", "-w", "/a", "-")) {
            listen.process.getOutputStream().write("data: x\n\n".repeat(events).getBytes(UTF_8));
            listen.process.getOutputStream().write("data: {\"a\":1}\n\n".getBytes(UTF_8));
            listen.process.getOutputStream().close();
            String told = "sse-listen: 20 events came, none matched --event, --where and --each";
            listen.end().assertIs(0, "{\"event\":\"message\",\"id\":\"\",\"data\":\"{\\\"a\\\":1}\"}\n", isTold ? new String[] {told} : new String[0]);
        }
    }

    @Test
    void lastEventIdMovesOnOverWhatIsNotOutput() throws Exception {
        String[][] options = {{"-w", "/a=1"}, {"-E", "b"}, {"--settle", "100"}, {"-F", "{/a}"}, {"--each", "/a"}};
        for (String[] option : options) {
            Path state = folder.resolve("state" + option[0]);
            try (SseServer server = serve("id: 1\ndata: {\"a\":1}\n\n", "event: b\nid: 2\ndata: x\n\n"); UdpReceiver receiver = new UdpReceiver()) {
                relay(option[0], option[1], "--no-retry", "--state-file", state.toString(), server.url("/"), receiver.target());
                assertEquals("2\n", Files.readString(state), option[0]);
            }
        }
    }

    /** The first stream goes on until something of it is output. The second brings its event with its head. */
    @Test
    void whatComesRightAfterEachConnectIsDropped() throws Exception {
        CountDownLatch settled = new CountDownLatch(1);
        try (UdpReceiver receiver = new UdpReceiver(); SseServer server = new SseServer(connection -> {
            if (connection.number == 0) {
                connection.send(SseServer.OK + "data: state\n\n");
                for (int i = 0; !settled.await(5, TimeUnit.MILLISECONDS); i++) {
                    connection.send("data: " + i + "\n\n");
                }
            } else if (connection.number == 1) {
                connection.send(SseServer.OK + "data: state\n\n");
            } else {
                connection.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            }
        })) {
            CompletableFuture<List<String>> received = CompletableFuture.supplyAsync(() -> {
                try {
                    return List.of(receiver.nextText());
                } catch (IOException failure) {
                    throw new UncheckedIOException(failure);
                } finally {
                    settled.countDown();
                }
            });
            relay("-q", "--retry-delay", "0.01", "--settle", "1", server.url("/"), receiver.target()).assertIs(0, "");
            List<String> all = new ArrayList<>(received.get());
            all.addAll(receiver.arrived());
            assertFalse(all.contains("state"), all.toString());
            assertFalse(all.contains("0"), all.toString());
        }
    }
}
