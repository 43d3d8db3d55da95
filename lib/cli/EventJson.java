//DEPS com.fasterxml.jackson.core:jackson-core:2.22.4
//SOURCES ../sse/SseEvent.java
package lib.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import lib.sse.SseEvent;

/**
 * Events as JSON objects in UTF-8: {@code {"event":"message","id":"4","data":"..."}}, always these keys in this order.
 *
 * <p>What is written stays on one line and holds no control character, so that it is safe on a terminal: C0, DEL and
 * C1 are escaped, and so are U+2028 and U+2029. Not for use by several threads at once.
 */
public final class EventJson {
    private static final JsonFactory JSON = JsonFactory.builder()
        .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
        .disable(StreamWriteFeature.FLUSH_PASSED_TO_STREAM)
        .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
        .build()
        .setCharacterEscapes(new TerminalSafe())
        .setRootValueSeparator("");

    private static final SerializableString EVENT = new SerializedString("event");
    private static final SerializableString ID = new SerializedString("id");
    private static final SerializableString DATA = new SerializedString("data");
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long EIGHT_ONES = 0x0101010101010101L;
    private static final long EIGHT_HIGHEST_BITS = 0x80 * EIGHT_ONES;
    private static final int LONGEST_QUICK = 16 << 10;
    private static final int MOST_BYTES_OF_CHARACTER = 3;

    private final JsonGenerator json;
    private final byte[] escaped = new byte[MOST_BYTES_OF_CHARACTER * LONGEST_QUICK + Long.BYTES];

    /** @param out where the objects go; it is neither flushed nor closed */
    public EventJson(OutputStream out) throws IOException {
        json = JSON.createGenerator(out);
    }

    /**
     * Writes one event, without a line end; or a comment as {@code {"comment":"..."}}, which is an event without a type.
     *
     * @param received when it was received, as {@code "time"} at the end (RFC 3339, UTC, milliseconds); null for none
     */
    public void write(SseEvent event, Instant received) throws IOException {
        json.writeStartObject();
        if (event.event().isEmpty()) {
            json.writeStringField("comment", event.data());
            writeTime(received);
            return;
        }
        writeText(EVENT, event.event());
        writeText(ID, event.id());
        writeText(DATA, event.data());
        writeTime(received);
    }

    /** Most text is short and has little to escape: quotation marks, backslashes, line ends. That is quicker here. */
    private void writeText(SerializableString name, String text) throws IOException {
        json.writeFieldName(name);
        int length = text.length() <= LONGEST_QUICK ? escape(text.getBytes(UTF_8)) : -1;
        if (length < 0) {
            json.writeString(text);
        } else {
            json.writeRawUTF8String(escaped, 0, length);
        }
    }

    /**
     * Copies to {@code escaped}, and escapes what is escaped by a backslash and one character.
     *
     * @return the length there; -1 if there is anything else to escape
     */
    private int escape(byte[] bytes) {
        int from = 0;
        int to = 0;
        while (from < bytes.length) {
            if (from + Long.BYTES <= bytes.length) {
                long eight = (long) LONGS.get(bytes, from);
                LONGS.set(escaped, to, eight);
                long special = special(eight);
                if (special == 0) {
                    from += Long.BYTES;
                    to += Long.BYTES;
                    continue;
                }
                int plain = Long.numberOfTrailingZeros(special) / Byte.SIZE;
                from += plain;
                to += plain;
            }
            byte one = bytes[from];
            byte behindBackslash = behindBackslash(one);
            if (behindBackslash != 0) {
                escaped[to++] = '\\';
                escaped[to++] = behindBackslash;
            } else if (isEscapedOtherwise(bytes, from)) {
                return -1;
            } else {
                escaped[to++] = one;
            }
            from++;
        }
        return to;
    }

    /**
     * The highest bit of a byte is set where it is below a space, DEL or above, a quotation mark, a backslash; perhaps
     * also in bytes above such a one, never below the lowest.
     */
    private static long special(long eight) {
        long quote = eight ^ '"' * EIGHT_ONES;
        long backslash = eight ^ '\\' * EIGHT_ONES;
        return (eight - ' ' * EIGHT_ONES | eight + EIGHT_ONES | eight | quote - EIGHT_ONES | backslash - EIGHT_ONES)
            & EIGHT_HIGHEST_BITS;
    }

    private static byte behindBackslash(byte one) {
        return switch (one) {
            case '"', '\\' -> one;
            case '\n' -> 'n';
            case '\t' -> 't';
            default -> 0;
        };
    }

    /** Whether C0, DEL, C1, U+2028 or U+2029 begins here. */
    private static boolean isEscapedOtherwise(byte[] bytes, int at) {
        return switch (bytes[at] & 0xFF) {
            case 0x7F -> true;
            case 0xC2 -> (bytes[at + 1] & 0xFF) < 0xA0;
            case 0xE2 -> (bytes[at + 1] & 0xFF) == 0x80 && (bytes[at + 2] & 0xFE) == 0xA8;
            default -> bytes[at] >= 0 && bytes[at] < ' ';
        };
    }

    /**
     * Writes one datagram, without a line end: {@code {"from":"192.168.8.1:40000","data":"...","time":"..."}}; what is not
     * UTF-8 is {@code "bytes"} in base64 in place of {@code "data"}.
     */
    public void writeDatagram(String from, byte[] payload, Instant received) throws IOException {
        json.writeStartObject();
        json.writeStringField("from", from);
        try {
            json.writeStringField("data", UTF_8.newDecoder().decode(ByteBuffer.wrap(payload)).toString());
        } catch (CharacterCodingException notText) {
            json.writeBinaryField("bytes", payload);
        }
        writeTime(received);
    }

    private void writeTime(Instant received) throws IOException {
        if (received != null) {
            json.writeStringField("time", Time.RFC_3339.format(received));
        }
        json.writeEndObject();
        json.flush();
    }

    /**
     * Reads back what {@link #write} wrote: an object with a string {@code data}. {@code event} and {@code id} may be
     * missing and are then {@code "message"} and {@code ""}; other keys are passed over.
     *
     * @return empty for a comment, an object with a string {@code comment} and no {@code data}
     * @throws IllegalArgumentException for anything else; the message says what is wrong
     */
    public static Optional<SseEvent> read(byte[] bytes, int offset, int length) {
        try (JsonParser parser = JSON.createParser(bytes, offset, length)) {
            return read(parser);
        } catch (JsonProcessingException notJson) {
            String message = notJson.getOriginalMessage().replaceFirst(" \\(start marker at .*", "");
            throw new IllegalArgumentException("not JSON: " + message, notJson);
        } catch (IOException notUtf8) {
            throw new IllegalArgumentException("not JSON: " + notUtf8.getMessage(), notUtf8);
        }
    }

    /**
     * Reads back what {@link #writeDatagram} wrote of a payload that is not text: an object with a base64
     * {@code bytes}.
     *
     * @return empty for anything else
     */
    public static Optional<byte[]> readBytes(byte[] line, int offset, int length) {
        byte[] bytes = null;
        try (JsonParser parser = JSON.createParser(line, offset, length)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    boolean found = parser.currentName().equals("bytes");
                    if (parser.nextToken() == JsonToken.VALUE_STRING && found) {
                        bytes = parser.getBinaryValue();
                    } else {
                        parser.skipChildren();
                    }
                }
            }
            return Optional.ofNullable(bytes);
        } catch (IOException notJson) {
            return Optional.empty();
        }
    }

    private static Optional<SseEvent> read(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new IllegalArgumentException("not a JSON object");
        }
        Map<String, String> fields = new HashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            if (parser.nextToken() == JsonToken.VALUE_STRING) {
                fields.put(name, parser.getText());
            } else if (name.equals("event") || name.equals("id") || name.equals("data")) {
                throw new IllegalArgumentException("\"" + name + "\" is not a string");
            } else {
                parser.skipChildren();
            }
        }
        if (parser.nextToken() != null) {
            throw new IllegalArgumentException("more than one JSON value");
        }
        if (!fields.containsKey("data") && fields.containsKey("comment")) {
            return Optional.empty();
        }
        if (!fields.containsKey("data")) {
            throw new IllegalArgumentException("no \"data\"");
        }
        return Optional.of(new SseEvent(
            fields.getOrDefault("event", "message"), fields.getOrDefault("id", ""), fields.get("data")));
    }

    /** On its own, because making it costs time that a start without time stamps need not spend. */
    private static final class Time {
        static final DateTimeFormatter RFC_3339 = new DateTimeFormatterBuilder().appendInstant(3).toFormatter();
    }

    private static final class TerminalSafe extends CharacterEscapes {
        private static final long serialVersionUID = 1;

        private final int[] ascii = standardAsciiEscapesForJSON();

        TerminalSafe() {
            ascii[0x7F] = ESCAPE_STANDARD;
        }

        @Override
        public int[] getEscapeCodesForAscii() {
            return ascii;
        }

        @Override
        public SerializableString getEscapeSequence(int character) {
            boolean escaped = character < 0xA0 || character == 0x2028 || character == 0x2029;
            return escaped ? new SerializedString(String.format("\\u%04X", character)) : null;
        }
    }
}
