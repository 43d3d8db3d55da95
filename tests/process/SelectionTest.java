package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import lib.cli.EventJson;
import lib.cli.Payload;
import lib.sse.SseEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
                .assertIs(0, "", "sse-to-udp: connected to .*", "sse-to-udp: 3 received, 3 sent, 27 bytes, 0 skipped, 0 retried, 0 failed");
            assertEquals(List.of("panel 101", "panel 103", "panel 104"), receiver.arrived());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", value = {
        "-F {/on}                      | {\"on\":true}~{\"on\":1.0E2}           | true~1.0E2           | -",
        "-F {/on}                      | {\"on\":true}~x~{\"off\":1}            | true                 | the data is not JSON: Unrecognized token 'x': .*~the data has no /on",
        "-F <\\x02{/on}\\n             | {\"on\":\"ü\"}                         | <\u0002ü%n            | -",
        "-F {event}={/on} -w /on=1     | {\"on\":1}~x~{\"on\":2}~{\"on\":\"1\"} | touch=1~touch=1      | -",
        "-w /on!=1 -w !=[DONE]         | {\"on\":1}~x~{}~[DONE]                 | x~{}                 | -",
        "--each /l                     | {\"l\":[ 1,\"a b\",[ 2 ] ]}~{\"l\":[]} | 1~a b~[2]            | -",
        "--each /l -F {/a}             | {\"l\":[{\"a\":1},{},{\"a\":3}]}       | 1~3                  | the data has no /a",
        "--each /l                     | {\"l\":{}}~{\"l\":[7]}                 | 7                    | the data has no list /l",
        "--each /l -F {json} -w /a=1   | {\"l\":[{\"a\":1}, {\"a\":2}]}         | {\"event\":\"touch\",\"id\":\"9\",\"data\":\"{\\\"a\\\":1}\"} | -"})
    void relayAndPipeSelectAlike(String options, String data, String datagrams, String reasons) throws Exception {
        List<String> expected = List.of(datagrams.replace("%n", "\n").split("~"));
        List<String> skipped = reasons == null ? List.of() : List.of(reasons.split("~"));
        List<String> lines = Stream.of(data.split("~")).map(one -> {
            Payload line = new Payload();
            EventJson.write(new SseEvent("touch", "9", one), null, line);
            return line.toString();
        }).toList();
        List<String> arguments = new ArrayList<>(List.of(options.trim().split(" ")));
        if (!arguments.contains("-F")) {
            arguments.addAll(List.of("-F", "{data}"));
        }
        arguments.add("-q");
        try (UdpReceiver receiver = new UdpReceiver();
                SseServer server = serve(Stream.of(data.split("~")).map(one -> "event: touch\nid: 9\ndata: " + one + "\n\n").toArray(String[]::new))) {
            List<String> relay = new ArrayList<>(arguments);
            relay.addAll(List.of("--no-retry", server.url("/"), receiver.target()));
            relay(relay.toArray(String[]::new)).assertIs(skipped.isEmpty() ? 0 : 1, "",
                skipped.stream().map(reason -> "sse-to-udp: an event was skipped: " + reason).toArray(String[]::new));
            assertEquals(expected, receiver.arrived());
            List<String> told = new ArrayList<>();
            for (String line : lines) {
                List<String> send = new ArrayList<>(arguments);
                send.addAll(List.of("-m", line, receiver.target()));
                Script.Ended ended = Script.here("udp-send", send.toArray(String[]::new));
                assertEquals(ended.err().isEmpty() ? 0 : 1, ended.status(), ended.err());
                told.addAll(ended.err().lines().toList());
            }
            assertEquals(skipped.size(), told.size(), told.toString());
            for (int i = 0; i < told.size(); i++) {
                assertTrue(told.get(i).matches("udp-send: line 1: " + skipped.get(i) + "; skipped"), told.get(i));
            }
            assertEquals(expected, receiver.arrived());
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
        "--each /l             | {\"l\":[1,[2, 3]]}                | 1~[2,3]",
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
        Script.run("data: " + TOUCHES + "\n\n" + "data: x\n\n".repeat(5), "SseListen", "--each", "/events", "-").assertIs(1,
            "{\"event\":\"message\",\"id\":\"\",\"data\":\"{\\\"panelId\\\":101,\\\"gesture\\\":0}\"}\n"
            + "{\"event\":\"message\",\"id\":\"\",\"data\":\"{\\\"panelId\\\":102,\\\"gesture\\\":1}\"}\n",
            "sse-listen: an event was skipped: the data is not JSON: Unrecognized token 'x': .*",
            "sse-listen: an event was skipped: the data is not JSON: Unrecognized token 'x': .*",
            "sse-listen: an event was skipped: the data is not JSON: Unrecognized token 'x': .* \\(from now on one such line in 1 min\\)",
            "sse-listen: 5 skipped");
    }

    /** The first loads no class of Jackson, which costs a start time; the second does. */
    @Test
    void jsonIsReadOnlyWhereAFieldIsAskedFor() throws Exception {
        for (String format : List.of("{data}", "{/a}")) {
            List<String> command = new ArrayList<>(Script.command("SseListen", "-F", format, "-"));
            command.add(1, "-Xlog:class+load:stderr");
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
        "-w /gestur=0                  | none where /gestur=0",
        "-w /a -w /b!=1 -e touch       | none of type touch where /a and /b!=1",
        "-e tuch -E ping               | none of type tuch",
        "-E ping -E touch -w /a        | -",
        "--settle 100 -w /a            | -",
        "--each /none                  | -",
        "-e touch --each /none         | -"})
    void whatIsAskedForAndNeverCameIsToldAtTheEnd(String options, String told) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(options.trim().split(" ")));
        try (SseServer server = serve(event("ping", "1"), event("touch", "{\"none\":[]}")); UdpReceiver receiver = new UdpReceiver()) {
            if (told == null) {
                arguments.addAll(List.of("-E", "ping"));
            }
            arguments.addAll(List.of("--no-retry", server.url("/"), receiver.target()));
            String err = relay(arguments.toArray(String[]::new)).err();
            assertEquals(told == null ? "" : "sse-to-udp: " + (options.contains("-E") ? "1 event" : "2 events") + " came, " + told + "; the last one was of type touch\n",
                err.replaceFirst("sse-to-udp: connected to .*\n", "").replaceFirst("sse-to-udp: 0 received.*\n", ""));
            assertEquals(List.of(), receiver.arrived());
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
