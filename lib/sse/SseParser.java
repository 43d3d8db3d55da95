//SOURCES SseEvent.java
package lib.sse;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * The event stream grammar: bytes in, events out. One parser reads one connection's body from its first byte.
 *
 * <p>It does no I/O and has no threads: everything happens in the caller of {@link #feed}, the handler included.
 * It is not safe for use by several threads at once. After {@code feed} has thrown it cannot be used again.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream">
 *     WHATWG HTML, 9.2.5 Parsing an event stream and 9.2.6 Interpreting an event stream</a>
 */
public final class SseParser {

    /** What comes out. Whatever a method throws leaves {@link SseParser#feed} as it is. */
    @FunctionalInterface
    public interface Handler {
        /** An event was dispatched. */
        void event(SseEvent event) throws IOException;

        /** A comment line was read; {@code text} is without the colon and one space behind it. */
        default void comment(String text) throws IOException {}

        /** An event, or a comment, of more than {@code maxEventBytes} was dropped; the stream goes on with the next. */
        default void tooLarge(int maxEventBytes) throws IOException {}
    }

    /** What an event may hold unless something else is said: 16 MiB. */
    public static final int DEFAULT_MAX_EVENT_BYTES = 16 << 20;

    /** What an event may hold at the most: 1 GiB. */
    public static final int MAX_EVENT_BYTES_LIMIT = 1 << 30;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long EIGHT_ONES = 0x0101010101010101L;
    private static final long EIGHT_HIGHEST_BITS = 0x80 * EIGHT_ONES;
    private static final long EIGHT_LF = '\n' * EIGHT_ONES;
    private static final long EIGHT_CR = '\r' * EIGHT_ONES;

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    private static final byte[] EVENT = {'e', 'v', 'e', 'n', 't'};
    private static final byte[] DATA = {'d', 'a', 't', 'a'};
    private static final byte[] ID = {'i', 'd'};
    private static final byte[] RETRY = {'r', 'e', 't', 'r', 'y'};
    private static final int LONGEST_FIELD_START = BYTE_ORDER_MARK.length + "event: ".length();
    private static final int USUAL_BUFFER = 64 << 10;

    private final int maxEventBytes;
    private final Handler handler;
    // buffer[lineStart, end) has not been interpreted yet; there is no line end in [lineStart, scanned).
    private byte[] buffer = new byte[0];
    private int lineStart;
    private int scanned;
    private int end;
    private boolean atFirstLine = true;
    private boolean afterCarriageReturn;
    private boolean insideDroppedLine;
    private boolean readAnything;

    // The standard's buffers. data is null until a data line was seen: one without a value makes an event too.
    private String lastEventId;
    private String lastEventIdBuffer;
    private String eventType = "";
    private String data;
    private byte[] dataLines = new byte[0];
    private int dataLinesEnd;
    private long eventBytes;
    private boolean dropped;
    private Optional<Duration> retry = Optional.empty();

    /**
     * @param lastEventId   the last event ID that earlier connections left, {@code ""} if none
     * @param maxEventBytes how many bytes the values of an event's data, event and id lines may have together,
     *                      1 to {@link #MAX_EVENT_BYTES_LIMIT}; it bounds the memory that the parser takes
     * @param handler       called within {@link #feed}
     */
    public SseParser(String lastEventId, int maxEventBytes, Handler handler) {
        if (maxEventBytes < 1 || maxEventBytes > MAX_EVENT_BYTES_LIMIT) {
            throw new IllegalArgumentException("maxEventBytes is " + maxEventBytes + ", expected 1 to " + MAX_EVENT_BYTES_LIMIT);
        }
        this.lastEventId = lastEventId;
        this.lastEventIdBuffer = lastEventId;
        this.maxEventBytes = maxEventBytes;
        this.handler = handler;
    }

    /** A parser for a stream that nothing came before, with the usual bound. */
    public SseParser(Handler handler) {
        this("", DEFAULT_MAX_EVENT_BYTES, handler);
    }

    /**
     * Reads on. An event is handed over within the call that brings the end of its blank line.
     *
     * @param bytes the next bytes of the stream, cut anywhere; read to their limit unless an exception is thrown
     * @throws IOException whatever the handler threw
     */
    public void feed(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            makeRoom();
            int length = Math.min(bytes.remaining(), buffer.length - end);
            bytes.get(buffer, end, length);
            end += length;
            interpretLines();
        }
    }

    /** The last event ID string: what a reconnect sends as {@code Last-Event-ID}; {@code ""} if there is none. */
    public String lastEventId() {
        return lastEventId;
    }

    /** The reconnection time, if the stream has set one. */
    public Optional<Duration> retry() {
        return retry;
    }

    /** Whether a field or a comment has been read: if not, this was perhaps no event stream. */
    public boolean hasReadAnything() {
        return readAnything;
    }

    /** Whether an event has begun that no blank line has ended: at the end of the stream it is dropped. */
    public boolean isWithinEvent() {
        int colon = colon(lineStart, end);
        return data != null || !eventType.isEmpty() || isNamed(DATA, lineStart, colon) || isNamed(EVENT, lineStart, colon);
    }

    /** Leaves at least one free byte behind {@code end}: by moving, by growing, at last by dropping the line. */
    private void makeRoom() throws IOException {
        if (lineStart == end && buffer.length > USUAL_BUFFER) {
            buffer = new byte[0];
        } else if (lineStart > 0) {
            System.arraycopy(buffer, lineStart, buffer, 0, end - lineStart);
        }
        end -= lineStart;
        scanned -= lineStart;
        lineStart = 0;
        int longest = LONGEST_FIELD_START + maxEventBytes + "\n".length();
        if (end == buffer.length && end < longest) {
            buffer = Arrays.copyOf(buffer, grown(end, longest));
        } else if (end == longest) {
            dropLine();
        }
    }

    /** The line is larger than an event may be: what is lost by it is said now, the rest of it is passed over. */
    private void dropLine() throws IOException {
        int to = end;
        end = scanned = 0;
        if (!insideDroppedLine) {
            insideDroppedLine = true;
            interpretLine(0, to);
        }
    }

    private void interpretLines() throws IOException {
        if (afterCarriageReturn) {
            afterCarriageReturn = false;
            if (buffer[scanned] == '\n') {
                lineStart = ++scanned;
            }
        }
        while ((scanned = lineEnd(scanned)) < end) {
            int from = lineStart;
            int to = scanned++;
            // A line is complete with its CR: the LF that may belong to it has perhaps not been sent yet.
            if (buffer[to] == '\r') {
                afterCarriageReturn = scanned == end;
                if (scanned < end && buffer[scanned] == '\n') {
                    scanned++;
                }
            }
            lineStart = scanned;
            if (insideDroppedLine) {
                insideDroppedLine = false;
            } else {
                interpretLine(from, to);
            }
        }
    }

    /** The index of the first CR or LF from {@code from} on, or {@code end}. */
    private int lineEnd(int from) {
        int i = from;
        // Eight bytes at a time: a byte is zero where it was an LF, or a CR; then the highest bit of it is set below.
        while (i + Long.BYTES <= end) {
            long eight = (long) LONGS.get(buffer, i);
            long lf = eight ^ EIGHT_LF;
            long cr = eight ^ EIGHT_CR;
            if ((((lf - EIGHT_ONES) & ~lf | (cr - EIGHT_ONES) & ~cr) & EIGHT_HIGHEST_BITS) != 0) {
                break;
            }
            i += Long.BYTES;
        }
        while (i < end && buffer[i] != '\n' && buffer[i] != '\r') {
            i++;
        }
        return i;
    }

    private void interpretLine(int lineFrom, int to) throws IOException {
        int from = skipByteOrderMark(lineFrom, to);
        if (from == to) {
            dispatch();
            return;
        }
        int colon = colon(from, to);
        int value = Math.min(colon + 1, to);
        if (value < to && buffer[value] == ' ') {
            value++;
        }
        if (colon > from) {
            processField(from, colon, value, to);
            return;
        }
        readAnything = true;
        if (to - value <= maxEventBytes) {
            handler.comment(decode(buffer, value, to));
        } else {
            handler.tooLarge(maxEventBytes);
        }
    }

    /** Where the line begins: behind a byte order mark if the stream begins with it. */
    private int skipByteOrderMark(int from, int to) {
        int length = BYTE_ORDER_MARK.length;
        boolean marked = atFirstLine && to - from >= length
            && Arrays.equals(buffer, from, from + length, BYTE_ORDER_MARK, 0, length);
        atFirstLine = false;
        return marked ? from + length : from;
    }

    /** The index of the first colon, or {@code to}. */
    private int colon(int from, int to) {
        int i = from;
        while (i < to && buffer[i] != ':') {
            i++;
        }
        return i;
    }

    private void processField(int name, int colon, int value, int to) throws IOException {
        if (isNamed(DATA, name, colon)) {
            // "Append the field value to the data buffer, then append a single LF to the data buffer."
            // The last LF would be taken off again at the dispatch: here it stands between the lines only.
            if (fits(to - value + (data == null ? 0 : 1))) {
                appendData(value, to);
            }
        } else if (isNamed(EVENT, name, colon)) {
            if (fits(to - value)) {
                eventType = decode(buffer, value, to);
            }
        } else if (isNamed(ID, name, colon)) {
            setLastEventIdBuffer(value, to);
        } else if (isNamed(RETRY, name, colon)) {
            setRetry(insideDroppedLine ? "" : decode(buffer, value, to));
        } else {
            // "Otherwise: the field is ignored."
            return;
        }
        readAnything = true;
    }

    private boolean isNamed(byte[] name, int from, int to) {
        return Arrays.equals(buffer, from, to, name, 0, name.length);
    }

    /** Most events have one data line, which is the data as it is; the bytes of more are put together first. */
    private void appendData(int from, int to) {
        if (data == null) {
            data = decode(buffer, from, to);
            return;
        }
        if (dataLinesEnd == 0) {
            byte[] first = data.getBytes(StandardCharsets.UTF_8);
            appendDataLine(first, 0, first.length);
        }
        appendDataLine(buffer, from, to);
    }

    private void appendDataLine(byte[] bytes, int from, int to) {
        int length = dataLinesEnd + to - from + 1;
        if (length > dataLines.length) {
            dataLines = Arrays.copyOf(dataLines, grown(length, LONGEST_FIELD_START + maxEventBytes));
        }
        System.arraycopy(bytes, from, dataLines, dataLinesEnd, to - from);
        dataLines[length - 1] = '\n';
        dataLinesEnd = length;
    }

    /** In few large steps: the old buffer should be small beside the new one while it is copied. */
    private static int grown(int size, int most) {
        long next = Math.max(USUAL_BUFFER, 4L * size);
        return next > most / 2 ? most : (int) next;
    }

    /** In an event that is dropped as well, so that a reconnect does not bring the event again. */
    private void setLastEventIdBuffer(int from, int to) throws IOException {
        String id = insideDroppedLine ? "" : decode(buffer, from, to);
        // "If the field value does not contain U+0000 NULL, then set the last event ID buffer."
        if (id.indexOf('\0') < 0) {
            lastEventIdBuffer = to - from <= maxEventBytes ? id : lastEventIdBuffer;
            fits(to - from);
        }
    }

    private void setRetry(String value) {
        try {
            // "If the field value consists of only ASCII digits": one that no long holds is ignored too.
            if (value.matches("[0-9]+")) {
                retry = Optional.of(Duration.ofMillis(Long.parseLong(value)));
            }
        } catch (NumberFormatException tooLarge) {
            return;
        }
    }

    private void dispatch() throws IOException {
        // "Set the last event ID string to the last event ID buffer", in a block without data as well.
        lastEventId = lastEventIdBuffer;
        SseEvent event = data == null || dropped ? null : new SseEvent(
            eventType.isEmpty() ? "message" : eventType,
            lastEventId,
            dataLinesEnd == 0 ? data : decode(dataLines, 0, dataLinesEnd - 1));
        startEvent();
        if (event != null) {
            handler.event(event);
        }
    }

    private void startEvent() {
        eventType = "";
        data = null;
        dataLinesEnd = 0;
        if (dataLines.length > USUAL_BUFFER) {
            dataLines = new byte[0];
        }
        eventBytes = 0;
        dropped = false;
    }

    /**
     * Counts what the event is to keep; when that is too much, the event is dropped. The rest of the block is still read,
     * for its id and its reconnection time.
     */
    private boolean fits(int bytes) throws IOException {
        eventBytes += bytes;
        if (eventBytes > maxEventBytes) {
            boolean alreadySaid = dropped;
            startEvent();
            dropped = true;
            if (!alreadySaid) {
                handler.tooLarge(maxEventBytes);
            }
        }
        return !dropped;
    }

    /**
     * "UTF-8 decode without BOM" of the Encoding Standard. Java's decoder does the same but for one case: an encoded
     * surrogate (ED A0..BF xx) is one U+FFFD in Java and three by the standard, which are three lone bytes for both.
     */
    private static String decode(byte[] source, int from, int to) {
        String text = new String(source, from, to - from, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') < 0) {
            return text;
        }
        byte[] bytes = Arrays.copyOfRange(source, from, to);
        for (int i = 0; i + 1 < bytes.length; i++) {
            if ((bytes[i] & 0xFF) == 0xED && (bytes[i + 1] & 0xE0) == 0xA0) {
                bytes[i] = (byte) 0xFF;
            }
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
