import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import lib.sse.SseEvent;
import lib.sse.SseParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What sse-serve writes is what the grammar reads. */
@SuppressWarnings("auxiliaryclass")
class SseBroadcasterTest {
    private static List<SseEvent> parsed(byte[] frame) throws IOException {
        List<SseEvent> events = new ArrayList<>();
        new SseParser("", 1 << 20, events::add).feed(ByteBuffer.wrap(frame));
        return events;
    }

    private static void assertArrivesAsItIs(SseEvent event) throws IOException {
        String data = event.data().replace("\r\n", "\n").replace('\r', '\n');
        assertEquals(List.of(new SseEvent(event.event(), event.id(), data)), parsed(SseBroadcaster.frame(event)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a", " a", ":", "data: x", "\n", "\r", "\r\n", "a\nb", "a\rb", "a\r\nb", "a\n\nid: 9\n\nb",
        "\n\n\n", "\r\r\n\n", "\u0000", "\uFEFFa", "\u2028", "\u0085", "event: x\r\rdata: y", "\u00fc \ud83d\ude00"})
    void dataMayBeAnything(String data) throws Exception {
        assertArrivesAsItIs(new SseEvent("message", "1", data));
        assertArrivesAsItIs(new SseEvent("touch", "", data));
    }

    @Test
    void emptyTypeIsTheUsualOne() throws Exception {
        SseBroadcaster broadcaster = new SseBroadcaster(1, 1000, line -> { }, () -> { });
        SseBroadcaster.Cursor cursor = broadcaster.connect("client", SseBroadcaster.Message::json, "", 0);
        broadcaster.send(new SseEvent("", "1", "x"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        cursor.write(Channels.newChannel(bytes), ByteBuffer.allocate(1000));
        String json = parsed(bytes.toByteArray()).get(0).data();
        assertTrue(json.startsWith("{\"event\":\"message\",\"id\":\"1\",\"data\":\"x\",\"time\":"), json);
    }

    @Test
    void nothingInAnEventLeavesItsField() throws Exception {
        List<String> pieces = List.of("\r", "\n", ":", " ", "\u0000", "\uFEFF", "\u2028", "data", "id: 7", "event: z", "a");
        Random random = new Random(6);
        for (int i = 0; i < 20_000; i++) {
            SseEvent event = new SseEvent(any(pieces, random, 3), any(pieces, random, 3), any(pieces, random, 8));
            boolean sayable = !(event.event() + event.id()).matches("(?s).*[\r\n].*") && !event.id().contains("\u0000");
            if (sayable && !event.event().isEmpty()) {
                assertArrivesAsItIs(event);
            } else if (!sayable) {
                assertThrows(IllegalArgumentException.class, () -> SseBroadcaster.frame(event));
            }
        }
    }

    private static String any(List<String> pieces, Random random, int most) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            text.append(pieces.get(random.nextInt(pieces.size())));
        }
        return text.toString();
    }
}
