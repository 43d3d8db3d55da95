package lib.sse;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** All that can be seen of a parser: what it called, in that order, and what it was left with. */
record Parsed(List<Object> calls, String lastEventId, Optional<Duration> retry) {

    /** A call of {@link SseParser.Handler#comment}. */
    record Comment(String text) {}

    /** A call of {@link SseParser.Handler#tooLarge}. */
    record TooLarge(int maxEventBytes) {}

    /** Takes down the calls. */
    static final class Recorder implements SseParser.Handler {
        final List<Object> calls = new ArrayList<>();

        @Override
        public void event(SseEvent event) {
            calls.add(event);
        }

        @Override
        public void comment(String text) {
            calls.add(new Comment(text));
        }

        @Override
        public void tooLarge(int maxEventBytes) {
            calls.add(new TooLarge(maxEventBytes));
        }
    }

    /** Printable ASCII stands for itself and all else is escaped, so that a difference can be seen. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        (calls + ", last event ID '" + lastEventId + "', " + retry).chars().forEach(c -> {
            if (c >= ' ' && c < 0x7F) {
                text.append((char) c);
            } else {
                text.append(String.format("\\u%04X", c));
            }
        });
        return text.toString();
    }

    /** What a new parser makes of these parts of a stream. */
    static Parsed of(String lastEventId, int maxEventBytes, List<ByteBuffer> parts) {
        Recorder recorder = new Recorder();
        SseParser parser = new SseParser(lastEventId, maxEventBytes, recorder);
        try {
            for (ByteBuffer part : parts) {
                parser.feed(part);
            }
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
        return of(parser, recorder);
    }

    static Parsed of(SseParser parser, Recorder recorder) {
        return new Parsed(List.copyOf(recorder.calls), parser.lastEventId(), parser.retry());
    }

    /** The stream in parts of that many bytes, the last may be shorter. */
    static List<ByteBuffer> inPartsOf(int length, byte[] stream) {
        List<ByteBuffer> parts = new ArrayList<>();
        for (int from = 0; from < stream.length; from += length) {
            parts.add(ByteBuffer.wrap(Arrays.copyOfRange(stream, from, Math.min(from + length, stream.length))));
        }
        return Collections.unmodifiableList(parts);
    }
}
