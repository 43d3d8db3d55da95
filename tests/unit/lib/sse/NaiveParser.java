package lib.sse;

import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The grammar a second time, in the order of the standard and with no thought of speed: the whole stream is decoded,
 * then cut into lines, then interpreted line by line. What the parser adds to the standard, the bound of an event, is
 * counted from the number of bytes that each character came from.
 */
final class NaiveParser {
    private static final BigInteger LARGEST_RETRY = BigInteger.valueOf(999_999_999_999_999_999L);
    private static final int LONGEST_FIELD_START = 10;

    /** A character and how many bytes it took; U+FFFD stands for any number of malformed ones. */
    private record Decoded(int character, int bytes) {}

    /** A line without its end; {@code skipped} is the size of the byte order mark before it. */
    private record Line(List<Decoded> characters, int skipped) {
        String text() {
            StringBuilder text = new StringBuilder();
            characters.forEach(one -> text.appendCodePoint(one.character));
            return text.toString();
        }

        int bytes() {
            return skipped + characters.stream().mapToInt(Decoded::bytes).sum();
        }

        Line from(int index) {
            return new Line(characters.subList(index, characters.size()), 0);
        }

        int indexOf(int character) {
            for (int i = 0; i < characters.size(); i++) {
                if (characters.get(i).character == character) {
                    return i;
                }
            }
            return -1;
        }
    }

    private final int maxEventBytes;
    private final List<Object> calls = new ArrayList<>();
    private String lastEventId;
    private Optional<Duration> retry = Optional.empty();

    private String dataBuffer = "";
    private String eventTypeBuffer = "";
    private String lastEventIdBuffer;
    private long eventBytes;
    private boolean dropped;

    private NaiveParser(String lastEventId, int maxEventBytes) {
        this.lastEventId = lastEventId;
        this.lastEventIdBuffer = lastEventId;
        this.maxEventBytes = maxEventBytes;
    }

    /** What becomes of all of a stream. */
    static Parsed parse(String lastEventId, int maxEventBytes, byte[] stream) {
        NaiveParser parser = new NaiveParser(lastEventId, maxEventBytes);
        for (Line line : lines(decode(stream))) {
            parser.interpret(line);
        }
        return new Parsed(parser.calls, parser.lastEventId, parser.retry);
    }

    // ---- Encoding Standard: the decoder of UTF-8

    private static List<Decoded> decode(byte[] stream) {
        List<Decoded> characters = new ArrayList<>();
        int codePoint = 0;
        int bytesNeeded = 0;
        int bytesSeen = 0;
        int lowerBoundary = 0x80;
        int upperBoundary = 0xBF;
        int i = 0;
        while (i < stream.length) {
            int next = stream[i] & 0xFF;
            if (bytesNeeded == 0) {
                i++;
                if (next <= 0x7F) {
                    characters.add(new Decoded(next, 1));
                } else if (next >= 0xC2 && next <= 0xDF) {
                    bytesNeeded = 1;
                    codePoint = next & 0x1F;
                } else if (next >= 0xE0 && next <= 0xEF) {
                    lowerBoundary = next == 0xE0 ? 0xA0 : 0x80;
                    upperBoundary = next == 0xED ? 0x9F : 0xBF;
                    bytesNeeded = 2;
                    codePoint = next & 0x0F;
                } else if (next >= 0xF0 && next <= 0xF4) {
                    lowerBoundary = next == 0xF0 ? 0x90 : 0x80;
                    upperBoundary = next == 0xF4 ? 0x8F : 0xBF;
                    bytesNeeded = 3;
                    codePoint = next & 0x07;
                } else {
                    characters.add(new Decoded(0xFFFD, 1));
                }
            } else if (next < lowerBoundary || next > upperBoundary) {
                // This byte is looked at once more, as the first of a character.
                characters.add(new Decoded(0xFFFD, 1 + bytesSeen));
                bytesNeeded = bytesSeen = 0;
                lowerBoundary = 0x80;
                upperBoundary = 0xBF;
            } else {
                i++;
                lowerBoundary = 0x80;
                upperBoundary = 0xBF;
                codePoint = codePoint << 6 | next & 0x3F;
                bytesSeen++;
                if (bytesSeen == bytesNeeded) {
                    characters.add(new Decoded(codePoint, 1 + bytesSeen));
                    bytesNeeded = bytesSeen = 0;
                }
            }
        }
        if (bytesNeeded > 0) {
            characters.add(new Decoded(0xFFFD, 1 + bytesSeen));
        }
        return characters;
    }

    // ---- HTML Standard: parsing an event stream

    /** The lines that have an end; what stands behind the last of them is not one. */
    private static List<Line> lines(List<Decoded> stream) {
        boolean marked = !stream.isEmpty() && stream.get(0).character == 0xFEFF;
        List<Line> lines = new ArrayList<>();
        int start = marked ? 1 : 0;
        int skipped = marked ? 3 : 0;
        for (int i = start; i < stream.size(); i++) {
            int character = stream.get(i).character;
            boolean secondOfTwo = character == '\n' && i > 0 && stream.get(i - 1).character == '\r';
            if (secondOfTwo) {
                start = i + 1;
            } else if (character == '\n' || character == '\r') {
                lines.add(new Line(stream.subList(start, i), skipped));
                start = i + 1;
                skipped = 0;
            }
        }
        return lines;
    }

    // ---- HTML Standard: interpreting an event stream

    private void interpret(Line line) {
        int colon = line.indexOf(':');
        if (line.characters.isEmpty()) {
            dispatch();
        } else if (colon == 0) {
            comment(withoutOneSpace(line.from(1)));
        } else if (colon > 0) {
            process(line.text().substring(0, line.text().indexOf(':')), withoutOneSpace(line.from(colon + 1)), line);
        } else {
            process(line.text(), line.from(line.characters.size()), line);
        }
    }

    private static Line withoutOneSpace(Line line) {
        return line.indexOf(' ') == 0 ? line.from(1) : line;
    }

    private void process(String field, Line value, Line line) {
        switch (field) {
            case "event" -> {
                if (fits(value.bytes())) {
                    eventTypeBuffer = value.text();
                }
            }
            case "data" -> {
                if (fits(value.bytes() + (dataBuffer.isEmpty() ? 0 : 1))) {
                    dataBuffer += value.text() + "\n";
                }
            }
            case "id" -> {
                if (value.text().indexOf('\0') < 0) {
                    lastEventIdBuffer = value.bytes() <= maxEventBytes ? value.text() : lastEventIdBuffer;
                    fits(value.bytes());
                } else if (isTooLong(line)) {
                    drop();
                }
            }
            case "retry" -> {
                String text = value.text();
                if (text.matches("[0-9]+") && new BigInteger(text).compareTo(LARGEST_RETRY) <= 0 && !isTooLong(line)) {
                    retry = Optional.of(Duration.ofMillis(Long.parseLong(text)));
                }
            }
            default -> {
                // "The field is ignored."
            }
        }
    }

    private void dispatch() {
        lastEventId = lastEventIdBuffer;
        if (!dropped && !dataBuffer.isEmpty()) {
            String type = eventTypeBuffer.isEmpty() ? "message" : eventTypeBuffer;
            calls.add(new SseEvent(type, lastEventId, dataBuffer.substring(0, dataBuffer.length() - 1)));
        }
        dataBuffer = "";
        eventTypeBuffer = "";
        eventBytes = 0;
        dropped = false;
    }

    // ---- what the parser adds

    private void comment(Line text) {
        calls.add(text.bytes() <= maxEventBytes
            ? new Parsed.Comment(text.text())
            : new Parsed.TooLarge(maxEventBytes));
    }

    private boolean fits(int bytes) {
        eventBytes += bytes;
        if (eventBytes > maxEventBytes) {
            drop();
        }
        return !dropped;
    }

    private void drop() {
        if (!dropped) {
            calls.add(new Parsed.TooLarge(maxEventBytes));
        }
        dropped = true;
    }

    /** Such a line is not kept: a NUL in its value is not seen, nor is a number with that many zeros before it. */
    private boolean isTooLong(Line line) {
        return line.bytes() > LONGEST_FIELD_START + maxEventBytes;
    }
}
