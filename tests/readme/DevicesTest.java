package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tests.support.Readme;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/** Each line of docs/devices.md, with a stand-in that says what the device's documentation shows. */
class DevicesTest {
    private static final String BLOCKS = "device-";
    /** Where only the receiver matters. */
    private static final String TOUCH = "data: {\"panelId\":101}\n\n";
    private static final String CHANGES_AFTERWARDS = "\f";

    private static final Map<String, String> STREAMS = Map.of(
        "nanoleaf", """
            id: 4
            data: {"events":[{"panelId":101,"gesture":0},{"panelId":101,"gesture":2},{"panelId":102,"gesture":0}]}

            """,
        "hue", """
            : hi

            id: 1634576695:0
            data: [{"creationtime":"2021-10-18T17:04:55Z","data":[{"id":"77c0","id_v1":"/lights/1","on":{"on":true},"type":"light"}],"id":"9de1","type":"update"},{"creationtime":"2021-10-18T17:04:55Z","data":[{"id":"77c1","type":"grouped_light","on":{"on":true}},{"button":{"button_report":{"event":"short_release","updated":"2021-10-18T17:04:55Z"},"last_event":"short_release"},"id":"3fa1","type":"button"},{"button":{"button_report":{"event":"long_press","updated":"2021-10-18T17:04:55Z"},"last_event":"long_press"},"id":"b2c4","type":"button"}],"id":"c0de","type":"update"}]

            """,
        "esphome", """
            retry: 30000
            id: 1
            event: ping
            data: {"title":"hall","comment":"","ota":true,"log":true,"lang":"en"}

            event: state
            data: {"id":"binary_sensor/Door","domain":"binary_sensor","name":"Door","icon":"","state":"OFF","value":false}

            \fevent: log
            data: [D][binary_sensor:036]: 'Door': Sending state ON

            event: state
            data: {"id":"sensor/RSSI","domain":"sensor","name":"RSSI","icon":"","state":"-60 dBm","value":-60}

            event: state
            data: {"id":"binary_sensor/Door","domain":"binary_sensor","name":"Door","icon":"","state":"ON","value":true}

            """,
        "home-connect", """
            event: KEEP-ALIVE
            data:

            event: CONNECTED
            id: SIEMENS-HCS02DWH1-1
            data:

            event: STATUS
            id: SIEMENS-HCS02DWH1-1
            data: {"items":[{"timestamp":1690000000,"handling":"none","uri":"/api/homeappliances/SIEMENS-HCS02DWH1-1/status/BSH.Common.Status.DoorState","key":"BSH.Common.Status.DoorState","value":"BSH.Common.EnumType.DoorState.Open","level":"hint"}],"haId":"SIEMENS-HCS02DWH1-1"}

            """,
        "openhab", """
            event: message
            data: {"topic":"openhab/items/Lamp/statechanged","payload":"{\\"type\\":\\"OnOff\\",\\"value\\":\\"ON\\",\\"oldType\\":\\"OnOff\\",\\"oldValue\\":\\"OFF\\"}","type":"ItemStateChangedEvent"}

            event: alive
            data: {"type":"ALIVE","interval":10}

            """,
        "home-assistant", """
            data: ping

            data: {"event_type":"call_service","data":{"domain":"light","service":"turn_on"},"origin":"LOCAL"}

            data: {"event_type":"state_changed","data":{"entity_id":"light.kitchen","old_state":{"state":"off"},"new_state":{"entity_id":"light.kitchen","state":"on","attributes":{"brightness":128}}},"origin":"LOCAL"}

            """,
        "wikimedia", """
            :ok

            event: message
            id: [{"topic":"eqiad.mediawiki.recentchange","partition":0,"timestamp":1700000000000}]
            data: {"$schema":"/mediawiki/recentchange/1.0.0","type":"edit","title":"Paris","wiki":"frwiki"}

            event: message
            data: {"$schema":"/mediawiki/recentchange/1.0.0","type":"log","title":"Hamburg","wiki":"dewiki"}

            event: message
            data: {"$schema":"/mediawiki/recentchange/1.0.0","type":"edit","title":"Berlin","wiki":"dewiki"}

            """,
        "language-model", """
            data: {"id":"1","choices":[{"index":0,"delta":{"role":"assistant"}}]}

            data: {"id":"1","choices":[{"index":0,"delta":{"content":"Hel"}}]}

            data: {"id":"1","choices":[{"index":0,"delta":{"content":"lo"}}]}

            data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

            data: [DONE]

            """);

    @TempDir
    Path folder;

    static Set<String> devices() throws IOException {
        return Readme.blocks(BLOCKS).keySet().stream().map(name -> name.substring(BLOCKS.length()))
            .filter(name -> !name.equals("wake")).collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("devices")
    void lineSendsWhatStandsBelowIt(String device) throws Exception {
        List<String> block = Readme.block(BLOCKS + device).lines().toList();
        String[] parts = STREAMS.getOrDefault(device, TOUCH).split(CHANGES_AFTERWARDS);
        try (UdpReceiver receiver = new UdpReceiver(); SseServer server = new SseServer(connection -> play(connection, parts))) {
            run(block.get(0), server, receiver, "--no-retry");
            for (String expected : block.subList(1, block.size())) {
                byte[] payload = receiver.next();
                boolean isHex = expected.matches("[0-9a-f]{2}( [0-9a-f]{2})*");
                assertEquals(expected, isHex ? HexFormat.ofDelimiter(" ").formatHex(payload)
                    : new String(payload, StandardCharsets.UTF_8));
            }
            receiver.assertNothingMore();
        }
    }

    /** What is behind the mark happens after the time that --settle leaves out. */
    private static void play(SseServer.Connection connection, String... parts) throws Exception {
        connection.send(SseServer.OK + parts[0]);
        for (int i = 1; i < parts.length; i++) {
            Thread.sleep(2500);
            connection.send(parts[i]);
        }
    }

    @Test
    void tokenThatIsRenewedTooLateIsReadAgain() throws Exception {
        String line = Readme.block(BLOCKS + "home-connect").lines().findFirst().orElseThrow();
        try (UdpReceiver receiver = new UdpReceiver(); SseServer server = new SseServer(connection -> {
                boolean isNew = connection.header("Authorization").orElseThrow().equals("Bearer NEW");
                if (connection.number == 1) {
                    Files.writeString(folder.resolve("header"), "Authorization: Bearer NEW");
                }
                connection.send(isNew ? SseServer.OK + STREAMS.get("home-connect") : "HTTP/1.1 401 Unauthorized\r\n\r\n");
            })) {
            run(line, server, receiver, "--retry-delay", "0.01", "-c", "1");
            assertTrue(receiver.nextText().startsWith("SIEMENS-HCS02DWH1-1 "));
            assertEquals(2, server.further());
        }
    }

    /** Runs it to its end, with a URL on loopback in place of the device's, and the receiver as target. */
    private void run(String line, SseServer server, UdpReceiver receiver, String... options) throws Exception {
        assertTrue(line.startsWith("$ sse-to-udp "), line);
        String bare = line.substring("$ sse-to-udp ".length()).replace("-k --pinnedpubkey sha256//PIN ", "");
        List<String> arguments = new ArrayList<>(List.of(options));
        arguments.add("-q");
        for (String word : bare.split(" (?=(?:[^']*'[^']*')*[^']*$)")) {
            arguments.add(word.replace("'", ""));
        }
        arguments.set(arguments.size() - 1, receiver.target());
        int url = arguments.size() - 2;
        arguments.set(url, arguments.get(url).replaceFirst("https?://[^/]+", server.url("")));
        List<String> headers = new ArrayList<>();
        for (int i = 0; i < url; i++) {
            if (arguments.get(i).matches("@(hue|token)\\.txt")) {
                String header = arguments.get(i).contains("hue") ? "hue-application-key: KEY" : "Authorization: Bearer TOKEN";
                headers.add(header);
                arguments.set(i, "@" + Files.writeString(folder.resolve("header"), header));
            }
        }
        Script.Ended ended = Script.here("sse-to-udp", arguments.toArray(String[]::new));
        String head = server.next().head;
        assertTrue(headers.stream().allMatch(head.lines().toList()::contains), head);
        assertTrue(ended.status() == 0 || ended.status() == 6, ended.err());
    }

    @Test
    void wakeOnLanSendsItsMagicPacket() throws Exception {
        List<String> lines = Readme.block(BLOCKS + "wake").lines().toList();
        Process make = new ProcessBuilder("bash", "-c", lines.get(0).substring(2)).directory(folder.toFile()).start();
        assertEquals(0, make.waitFor());
        try (UdpReceiver receiver = new UdpReceiver(); SseServer server = SseServer.stream(TOUCH)) {
            run(lines.get(1).replace("@wake.txt", "@" + folder.resolve("wake.txt")).replace("-F", "-c 1 -F"), server, receiver, "--no-retry");
            assertEquals("ff".repeat(6) + "001122334455".repeat(16), HexFormat.of().formatHex(receiver.next()));
            receiver.assertNothingMore();
        }
    }
}
