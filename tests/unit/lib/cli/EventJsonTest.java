package lib.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import lib.sse.SseEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Events as lines of JSON, and back. */
class EventJsonTest {

    // ---- writing

    @Test
    void keysAreAlwaysTheSameInTheSameOrder() {
        assertEquals("{\"event\":\"message\",\"id\":\"4\",\"data\":\"a\"}",
            written(new SseEvent("message", "4", "a"), null));
        assertEquals("{\"event\":\"message\",\"id\":\"\",\"data\":\"\"}",
            written(new SseEvent("message", "", ""), null));
    }

    @Test
    void dataIsAlwaysAString() {
        assertEquals("{\"event\":\"e\",\"id\":\"1\",\"data\":\"{\\\"a\\\":[1,null]}\"}",
            written(new SseEvent("e", "1", "{\"a\":[1,null]}"), null));
    }

    /** What a text becomes, between the quotes. */
    static Stream<Arguments> texts() {
        return Stream.of(
            arguments("\"", "\\\""),
            arguments("\\", "\\\\"),
            arguments("/", "/"),
            arguments("'<>&", "'<>&"),
            arguments("\b\t\n\f\r", "\\b\\t\\n\\f\\r"),
            arguments("\0", "\\u0000"),
            arguments("\u001B[2J", "\\u001B[2J"),
            arguments("\u007F", "\\u007F"),
            arguments("\u0085\u009B", "\\u0085\\u009B"),
            arguments("\u00A0\u00E9\u20AC", "\u00A0\u00E9\u20AC"),
            arguments("\u2027\u2028\u2029\u202F", "\u2027\\u2028\\u2029\u202F"),
            arguments("\u202A\u202B\u202C\u202D\u202E", "\\u202A\\u202B\\u202C\\u202D\\u202E"),
            arguments("\u2065\u2066\u2067\u2068\u2069\u206A", "\u2065\\u2066\\u2067\\u2068\\u2069\u206A"),
            arguments("\u200D\u200E\u200F\u2010", "\u200D\\u200E\\u200F\u2010"),
            arguments("\u061B\u061C\u061D", "\u061B\\u061C\u061D"),
            arguments("\uD83D\uDE00\uDBFF\uDFFF", "\uD83D\uDE00\uDBFF\uDFFF"),
            arguments("\uFEFF\uFFFD\uFFFF", "\uFEFF\uFFFD\uFFFF"));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void textsAreEscapedWhereverTheyStand(String text, String escaped) {
        String expected = "{\"event\":\"e" + escaped + "\",\"id\":\"" + escaped + "\",\"data\":\"" + escaped + "\"}";
        assertEquals(expected, written(new SseEvent("e" + text, text, text), null));
        assertEquals("{\"comment\":\"" + escaped + "\"}", written(new SseEvent("", "", text), null));
    }

    @Test
    void everyCharacterStaysOnTheLineAndComesBack() {
        for (int first = 0; first < Character.MAX_CODE_POINT; first += 0x100) {
            StringBuilder text = new StringBuilder();
            for (int c = first; c < first + 0x100; c++) {
                text.appendCodePoint(Character.isBmpCodePoint(c) && Character.isSurrogate((char) c) ? 'x' : c);
            }
            SseEvent event = new SseEvent("e", text.toString(), text.toString());
            String line = written(event, null);
            assertTrue(line.codePoints().noneMatch(EventJsonTest::isEscaped), line);
            assertEquals(Optional.of(event), read(line));
        }
    }

    // ---- as Jackson writes it

    private static final class Escapes extends CharacterEscapes {
        private static final long serialVersionUID = 1;

        private final int[] ascii = standardAsciiEscapesForJSON();

        Escapes() {
            ascii[0x7F] = ESCAPE_STANDARD;
        }

        @Override
        public int[] getEscapeCodesForAscii() {
            return ascii;
        }

        @Override
        public SerializableString getEscapeSequence(int character) {
            return isEscaped(character) ? new SerializedString(String.format("\\u%04X", character)) : null;
        }
    }

    private static final JsonFactory JACKSON = JsonFactory.builder().enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
        .build().setCharacterEscapes(new Escapes());

    private static void assertWrittenAsJacksonDoesIt(SseEvent event) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JACKSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("event", event.event());
            json.writeStringField("id", event.id());
            json.writeStringField("data", event.data());
            json.writeEndObject();
        }
        assertEquals(out.toString(UTF_8), written(event, null));
    }

    @Test
    void textIsEscapedWhateverStandsBesideWhat() throws IOException {
        int[] characters = ("ab\"\\/\n\t\r\b\f\u0000\u001F \u007F\u0085\u009F\u00A0\u00E9\u061B\u061C\u200D\u200E\u200F\u2027\u2028"
            + "\u2029\u202A\u202E\u202F\u2066\u2069\u206A\u20AC\uFFFD\uD83D\uDE00").codePoints().toArray();
        Random random = new Random(4);
        for (int i = 0; i < 50_000; i++) {
            int common = random.nextInt(8);
            StringBuilder text = new StringBuilder();
            for (int left = random.nextInt(40); left > 0; left--) {
                text.appendCodePoint(random.nextInt(8) < common ? 'a' : characters[random.nextInt(characters.length)]);
            }
            assertWrittenAsJacksonDoesIt(new SseEvent("e" + text, text.toString(), text.reverse().toString()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "\"", "\n", "\u0000", "\u20AC", "\u2028", "\uD83D\uDE00", "a\uD83D\uDE00", "\u00E9\u061C\""})
    void longTextIsEscapedAsAShortOne(String unit) throws IOException {
        for (int length : new int[] {4095, 4096, 4097, 8191, 8192, 8193, 16_383, 16_384, 16_385, 100_000}) {
            assertWrittenAsJacksonDoesIt(new SseEvent("e", "", "x".repeat(length % unit.length()) + unit.repeat(length / unit.length())));
        }
    }

    @Test
    void halfOfACharacterIsAQuestionMark() {
        for (String half : List.of("\uD83D", "\uDE00", "\uDE00\uD83D")) {
            for (int before : new int[] {0, 4094, 4095, 4096}) {
                String text = "x".repeat(before) + half + "y";
                assertEquals("{\"comment\":\"" + text.replace('\uD83D', '?').replace('\uDE00', '?') + "\"}", written(new SseEvent("", "", text), null));
            }
        }
    }

    private static boolean isEscaped(int character) {
        return Character.getType(character) == Character.CONTROL || "\u2028\u2029\u061C\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069"
            .indexOf(character) >= 0;
    }

    @ParameterizedTest
    @CsvSource({
        "2024-01-02T03:04:05Z,           2024-01-02T03:04:05.000Z",
        "2024-01-02T03:04:05.120Z,       2024-01-02T03:04:05.120Z",
        "2024-01-02T03:04:05.123999999Z, 2024-01-02T03:04:05.123Z",
        "2024-12-31T23:59:59.999999999Z, 2024-12-31T23:59:59.999Z",
        "2024-01-02T03:04:05+02:00,      2024-01-02T01:04:05.000Z",
        "1970-01-01T00:00:00Z,           1970-01-01T00:00:00.000Z"})
    void timeIsLastOfOneWidthAndInUtc(String received, String time) {
        Instant instant = OffsetDateTime.parse(received).toInstant();
        assertEquals("{\"event\":\"e\",\"id\":\"1\",\"data\":\"a\",\"time\":\"" + time + "\"}",
            written(new SseEvent("e", "1", "a"), instant));
        assertEquals("{\"comment\":\"c\",\"time\":\"" + time + "\"}", written(new SseEvent("", "", "c"), instant));
    }

    @Test
    void nothingStandsBetweenWhatIsWritten() {
        Payload out = new Payload();
        SseEvent event = new SseEvent("e", "1", "a");
        EventJson.write(event, null, null, out);
        assertEquals("{\"event\":\"e\",\"id\":\"1\",\"data\":\"a\"}", out.toString());
        out.clear().add((byte) '\n');
        EventJson.write(new SseEvent("", "", "b"), null, null, out);
        EventJson.write(event, null, null, out);
        assertEquals("\n{\"comment\":\"b\"}{\"event\":\"e\",\"id\":\"1\",\"data\":\"a\"}", out.toString());
        assertEquals(ByteBuffer.wrap(out.toString().getBytes(UTF_8)), out.bytes());
    }

    @Test
    void datagramIsTextOrElseBase64() {
        Payload out = new Payload();
        EventJson.writeDatagram("[::1]:5", "\u00E9\"\u202E".getBytes(UTF_8), Instant.EPOCH, out);
        assertEquals("{\"from\":\"[::1]:5\",\"data\":\"\u00E9\\\"\\u202E\",\"time\":\"1970-01-01T00:00:00.000Z\"}", out.toString());
        EventJson.writeDatagram("h:1", new byte[] {-1, 0, '"', '?'}, null, out.clear());
        assertEquals("{\"from\":\"h:1\",\"bytes\":\"/wAiPw==\"}", out.toString());
    }

    // ---- reading

    static Stream<Arguments> lines() {
        SseEvent event = new SseEvent("e", "1", "a");
        return Stream.of(
            arguments("{\"event\":\"e\",\"id\":\"1\",\"data\":\"a\"}", event),
            arguments(" { \"data\" : \"a\" ,\t\"id\":\"1\", \"event\":\"e\" } ", event),
            arguments("{\"event\":\"e\",\"id\":\"1\",\"data\":\"a\"}\r", event),
            arguments("{\"event\":\"e\",\"id\":\"1\",\"data\":\"a\",\"time\":\"2024-01-02T03:04:05.000Z\"}", event),
            arguments("{\"x\":{\"data\":\"b\",\"y\":[{}]},\"z\":[\"id\"],\"n\":-1.5e9,\"t\":true,\"u\":null,"
                + "\"event\":\"e\",\"id\":\"1\",\"data\":\"a\"}", event),
            arguments("{\"comment\":\"c\",\"event\":\"e\",\"id\":\"1\",\"data\":\"a\"}", event),
            arguments("{\"\\u0064ata\":\"\\u0061\",\"event\":\"\\u0065\",\"id\":\"\\u0031\"}", event),
            arguments("{\"data\":\"a\"}", new SseEvent("message", "", "a")),
            arguments("{\"data\":\"\"}", new SseEvent("message", "", "")),
            arguments("{\"data\":\"\",\"event\":\"\",\"id\":\"\"}", new SseEvent("", "", "")),
            arguments("{\"data\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\ud83d\\ude00\u00E9\uD83D\uDE00\u007F\u2028\"}",
                new SseEvent("message", "", "\"\\/\b\f\n\r\t\0\uD83D\uDE00\u00E9\uD83D\uDE00\u007F\u2028")),
            arguments("\uFEFF{\"data\":\"a\"}", new SseEvent("message", "", "a")),
            arguments("{\"comment\":\"c\"}", null),
            arguments("{\"comment\":\"\",\"time\":\"2024-01-02T03:04:05.000Z\"}", null));
    }

    @ParameterizedTest
    @MethodSource("lines")
    void lineIsReadBack(String line, SseEvent expected) {
        assertEquals(Optional.ofNullable(expected), read(line));
    }

    static Stream<Arguments> badLines() {
        return Stream.of(
            arguments("", "not a JSON object"),
            arguments(" \t", "not a JSON object"),
            arguments("null", "not a JSON object"),
            arguments("12", "not a JSON object"),
            arguments("\"a\"", "not a JSON object"),
            arguments("[{\"data\":\"a\"}]", "not a JSON object"),
            arguments("hello", "not JSON"),
            arguments("{", "not JSON"),
            arguments("{\"data\":\"a\"", "not JSON"),
            arguments("{\"data\":\"a", "not JSON"),
            arguments("{\"data\":}", "not JSON"),
            arguments("{\"data\":\"a\",}", "not JSON"),
            arguments("{data:\"a\"}", "not JSON"),
            arguments("{\"data\":\"a\tb\"}", "not JSON"),
            arguments("{\"data\":\"\\x\"}", "not JSON"),
            arguments("{}", "no \"data\""),
            arguments("{\"event\":\"e\",\"id\":\"1\"}", "no \"data\""),
            arguments("{\"Data\":\"a\"}", "no \"data\""),
            arguments("{\"x\":{\"data\":\"a\"}}", "no \"data\""),
            arguments("{\"comment\":1}", "no \"data\""),
            arguments("{\"comment\":\"c\",\"on\":true}", "no \"data\""),
            arguments("{\"comment\":\"c\",\"text\":\"t\"}", "no \"data\""),
            arguments("{\"data\":1}", "\"data\" is not a string"),
            arguments("{\"data\":null}", "\"data\" is not a string"),
            arguments("{\"data\":{\"a\":1}}", "\"data\" is not a string"),
            arguments("{\"comment\":\"c\",\"data\":false}", "\"data\" is not a string"),
            arguments("{\"event\":1,\"data\":\"a\"}", "\"event\" is not a string"),
            arguments("{\"id\":4,\"data\":\"a\"}", "\"id\" is not a string"),
            arguments("{\"data\":\"a\",\"data\":\"a\"}", "not JSON"),
            arguments("{\"data\":\"a\",\"x\":1,\"x\":2}", "not JSON"),
            arguments("{\"data\":\"a\",\"x\":{\"y\":1,\"y\":2}}", "not JSON"),
            arguments("{\"data\":\"a\"} {\"data\":\"b\"}", "more than one JSON value"),
            arguments("{\"data\":\"a\"}\n{\"data\":\"b\"}", "more than one JSON value"),
            arguments("{\"data\":\"a\"}1", "more than one JSON value"),
            arguments("{\"data\":\"a\"}x", "not JSON"),
            arguments("{\"data\":\"a\"}]", "not JSON"),
            arguments("{\"data\":\"a\"}\0", "not JSON"),
            arguments("{\"x\":" + "[".repeat(100_000), "not JSON"),
            arguments("{\"x\":".repeat(100_000), "not JSON"));
    }

    @ParameterizedTest
    @MethodSource("badLines")
    void badLineIsRefusedWithTheReason(String line, String message) {
        assertRefused(line.getBytes(UTF_8), message);
    }

    /** One character is one byte. */
    @ParameterizedTest
    @ValueSource(strings = {
        "\u00FF",
        "\u0080",
        "\u00E9",
        "\u00ED\u00A0\u0080"})
    void malformedUtf8IsRefused(String value) {
        assertRefused(("{\"data\":\"" + value + "\"}").getBytes(ISO_8859_1), "not JSON");
    }

    @Test
    void longStringIsReadWhole() {
        SseEvent event = new SseEvent("e", "1", "x\u00E9\n".repeat(8 << 20));
        assertEquals(Optional.of(event), read(written(event, null)));
    }

    @Test
    void onlyTheGivenPartOfTheArrayIsRead() {
        byte[] bytes = "}{\"data\":\"a\"}{\"data\":\"b\"}".getBytes(UTF_8);
        assertEquals(Optional.of(new SseEvent("message", "", "a")), EventReader.read(bytes, 1, 12));
        assertEquals(Optional.of(new SseEvent("message", "", "b")), EventReader.read(bytes, 13, 12));
        assertRefused(Arrays.copyOf(bytes, 0), "not a JSON object");
    }

    private static void assertRefused(byte[] line, String message) {
        assertEquals(message,
            assertThrows(IllegalArgumentException.class, () -> EventReader.read(line, 0, line.length)).getMessage());
    }

    private static Optional<SseEvent> read(String line) {
        byte[] bytes = line.getBytes(UTF_8);
        return EventReader.read(bytes, 0, bytes.length);
    }

    private static String written(SseEvent event, Instant received) {
        Payload out = new Payload();
        EventJson.write(event, null, received, out);
        return out.toString();
    }
}
