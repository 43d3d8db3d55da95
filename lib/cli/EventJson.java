//SOURCES ../sse/SseEvent.java Payload.java
package lib.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Base64;
import lib.sse.SseEvent;

/**
 * Writes events as JSON in UTF-8: {@code {"event":"message","id":"4","data":"..."}}, always these keys in this order.
 *
 * <p>The output stays on one line and is safe on a terminal: controls (C0, DEL, C1), U+2028, U+2029 and the marks that
 * turn the direction of text (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069) are escaped.
 */
public final class EventJson {
    private static final byte[] EVENT = ascii("{\"event\":\"");
    private static final byte[] ID = ascii("\",\"id\":\"");
    private static final byte[] DATA = ascii("\",\"data\":\"");
    private static final byte[] COMMENT = ascii("{\"comment\":\"");
    private static final byte[] FROM = ascii("{\"from\":\"");
    private static final byte[] BYTES = ascii("\",\"bytes\":\"");
    private static final byte[] SOURCE = ascii("\",\"source\":\"");
    private static final byte[] TIME = ascii("\",\"time\":\"");
    private static final byte[] END = ascii("\"}");

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long EIGHT_ONES = 0x0101010101010101L;
    private static final long EIGHT_HIGHEST_BITS = 0x80 * EIGHT_ONES;
    private static final byte[] HEX = ascii("0123456789ABCDEF");
    /** The length of <code>&#92;u001F</code>, which may stand for one byte. */
    private static final int LONGEST_ESCAPE = 6;
    /** Long text is converted in slices of so many characters. */
    private static final int SLICE = 4 << 10;
    /** Holds what follows the backslash, by a character's first byte: 0 for none, 'u' also where further bytes decide. */
    private static final byte[] ESCAPES = escapes();

    private EventJson() {}

    /**
     * Writes one event, without a line end; a comment, which is an event without a type, as {@code {"comment":"..."}}.
     *
     * @param source   the server it comes from, or null to leave it out
     * @param received when it arrived, written as {@code "time"} at the end (RFC 3339, UTC, milliseconds); null for none
     */
    public static void write(SseEvent event, String source, Instant received, Payload out) {
        if (event.event().isEmpty()) {
            out.add(COMMENT);
        } else {
            text(event.event(), out.add(EVENT));
            text(event.id(), out.add(ID));
            out.add(DATA);
        }
        text(event.data(), out);
        if (source != null) {
            text(source, out.add(SOURCE));
        }
        end(received, out);
    }

    /**
     * Writes one datagram, without a line end: {@code {"from":"192.168.8.1:40000","data":"...","time":"..."}}. A payload
     * that is not UTF-8 is written as {@code "bytes"} in base64 in place of {@code "data"}.
     */
    public static void writeDatagram(String from, byte[] payload, Instant received, Payload out) {
        text(from, out.add(FROM));
        try {
            String data = UTF_8.newDecoder().decode(ByteBuffer.wrap(payload)).toString();
            text(data, out.add(DATA));
        } catch (CharacterCodingException notText) {
            out.add(BYTES).add(Base64.getEncoder().encode(payload));
        }
        end(received, out);
    }

    private static void end(Instant received, Payload out) {
        if (received != null) {
            out.add(TIME).add(ascii(time(received)));
        }
        out.add(END);
    }

    /** Returns a time as events have it. */
    static String time(Instant time) { return Time.RFC_3339.format(time); }

    /** Writes a text in quotation marks, escaped as the texts of events are. */
    static void string(String text, Payload out) {
        text(text, out.add((byte) '"'));
        out.add((byte) '"');
    }

    private static byte[] ascii(String text) { return text.getBytes(US_ASCII); }

    private static void text(String text, Payload out) {
        for (int from = 0, to; from < text.length(); from = to) {
            to = Math.min(from + SLICE, text.length());
            if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
                to--;
            }
            byte[] slice = text.substring(from, to).getBytes(UTF_8);
            out.length(escape(slice, out.room(LONGEST_ESCAPE * slice.length + Long.BYTES), out.length()));
        }
    }

    /**
     * Writes UTF-8 from {@code start} on, eight bytes at a time up to the first that may have to be escaped, and returns where
     * it ends. Text with many quotation marks, such as JSON, takes an eighth less time than byte by byte.
     */
    private static int escape(byte[] utf8, byte[] out, int start) {
        int to = start;
        for (int at = 0; at < utf8.length;) {
            if (at + Long.BYTES <= utf8.length) {
                long eight = (long) LONGS.get(utf8, at);
                long special = special(eight);
                LONGS.set(out, to, eight);
                int plain = special == 0 ? Long.BYTES : Long.numberOfTrailingZeros(special) / Byte.SIZE;
                at += plain;
                to += plain;
                if (plain == Long.BYTES) {
                    continue;
                }
            }
            // Characters outside ASCII seldom stand alone.
            do {
                byte one = utf8[at];
                byte escape = ESCAPES[one & 0xFF];
                int character = escape == 'u' ? character(utf8, at) : one;
                if (escape == 0 || escape == 'u' && !isEscaped(character)) {
                    out[to++] = one;
                    at++;
                    continue;
                }
                out[to++] = '\\';
                out[to++] = escape;
                for (int shift = escape == 'u' ? 12 : -1; shift >= 0; shift -= 4) {
                    out[to++] = HEX[character >> shift & 0xF];
                }
                at += length(one);
            } while (at < utf8.length && utf8[at] < 0);
        }
        return to;
    }

    /**
     * Returns a long whose lowest set bit marks the first byte that is below a space, DEL or above, a quotation mark or a
     * backslash. Higher bits may be wrong.
     */
    private static long special(long eight) {
        long quote = eight ^ '"' * EIGHT_ONES;
        long backslash = eight ^ '\\' * EIGHT_ONES;
        return (eight - ' ' * EIGHT_ONES | eight + EIGHT_ONES | eight | quote - EIGHT_ONES | backslash - EIGHT_ONES)
            & EIGHT_HIGHEST_BITS;
    }

    /** Returns a character of up to three bytes. */
    private static int character(byte[] utf8, int at) {
        return switch (length(utf8[at])) {
            case 1 -> utf8[at];
            case 2 -> (utf8[at] & 0x1F) << 6 | utf8[at + 1] & 0x3F;
            default -> (utf8[at] & 0xF) << 12 | (utf8[at + 1] & 0x3F) << 6 | utf8[at + 2] & 0x3F;
        };
    }

    private static int length(byte first) { return first >= 0 ? 1 : first < (byte) 0xE0 ? 2 : 3; }

    private static boolean isEscaped(int character) {
        return Character.isISOControl(character) || character >= 0x2028 && character <= 0x202E || character == 0x61C
            || character == 0x200E || character == 0x200F || character >= 0x2066 && character <= 0x2069;
    }

    private static byte[] escapes() {
        byte[] escapes = new byte[0x100];
        for (int one = 0; one < 0x80; one++) {
            int letter = "\b\t\n\f\r\"\\".indexOf(one);
            escapes[one] = (byte) (letter >= 0 ? "btnfr\"\\".charAt(letter) : isEscaped(one) ? 'u' : 0);
        }
        escapes[0xC2] = 'u'; // U+0080 to U+00BF
        escapes[0xD8] = 'u'; // U+0600 to U+063F
        escapes[0xE2] = 'u'; // U+2000 to U+2FFF
        return escapes;
    }

    /** Stands on its own because making it takes time, which a start without time stamps saves. */
    private static final class Time {
        static final DateTimeFormatter RFC_3339 = new DateTimeFormatterBuilder().appendInstant(3).toFormatter();
    }
}
