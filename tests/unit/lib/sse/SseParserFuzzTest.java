package lib.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The parser against {@link NaiveParser}, on streams made at random.
 *
 * <p>{@code FUZZ_CASES=10000000 ./jbang test SseParserFuzzTest} runs longer; {@code FUZZ_SEED=…} repeats a run.
 */
class SseParserFuzzTest {
    private static final int CASES = Integer.parseInt(System.getenv().getOrDefault("FUZZ_CASES", "20000"));
    private static final long SEED = System.getenv().containsKey("FUZZ_SEED")
        ? Long.parseLong(System.getenv("FUZZ_SEED"))
        : System.nanoTime();

    private static final String[] LINES = {
        "data: a\n", "data:b\r\n", "data\r", "data:\n", "event: c\n", "event\r", "id: 1\n", "id\r\n", "id: 2\r",
        "id:\0\n", "retry: 10\n", "retry: 007\r", "retry: +5\n", "retry: 5000000000\n", ": d\n", ":\r\n", "e: f\n",
        "\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n"};
    private static final String[] TOKENS = {
        "data", "data", "event", "id", "retry", "DATA", "dat", "dataa", ":", ":", ":", ": ", ": ", ":  ", " ", "\t",
        "\n", "\n", "\n\n", "\r", "\r\r", "\r\n", "\r\n\r\n", "\n\r", "\uFEFF", "\0", "0", "42", "9223372036854775807",
        "9223372036854775808", "00000000000000000000", "-", "+", "x", "hello", "\u00E9", "\u20AC", "\uD83D\uDE00",
        "\u0085", "\u2028", "\uFFFD", "\u000B", "\f", "a much longer run of characters"};
    private static final int[] BROKEN = {
        0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBB, 0xBF, 0xC0, 0xC1, 0xC2, 0xC3, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xF5,
        0xFF};

    /** A stream, a cut before some of its bytes, and what the parser is told at the beginning. */
    private record Case(byte[] stream, boolean[] cuts, String lastEventId, int maxEventBytes) {

        List<ByteBuffer> parts() {
            List<ByteBuffer> parts = new ArrayList<>();
            int from = 0;
            for (int i = 1; i <= stream.length; i++) {
                if (i == stream.length || cuts[i]) {
                    parts.add(ByteBuffer.wrap(stream, from, i - from));
                    from = i;
                }
            }
            return parts;
        }

        Case without(int from, int to) {
            byte[] shorter = new byte[stream.length - (to - from)];
            boolean[] itsCuts = new boolean[shorter.length];
            System.arraycopy(stream, 0, shorter, 0, from);
            System.arraycopy(cuts, 0, itsCuts, 0, from);
            System.arraycopy(stream, to, shorter, from, stream.length - to);
            System.arraycopy(cuts, to, itsCuts, from, stream.length - to);
            return new Case(shorter, itsCuts, lastEventId, maxEventBytes);
        }

        Case withoutCut(int at) {
            boolean[] fewer = cuts.clone();
            fewer[at] = false;
            return new Case(stream, fewer, lastEventId, maxEventBytes);
        }

        @Override
        public String toString() {
            StringBuilder parts = new StringBuilder();
            parts().forEach(part -> parts.append(' ').append(HexFormat.of().withUpperCase()
                .formatHex(part.array(), part.position(), part.limit())));
            return "stream" + parts + ", last event ID '" + lastEventId + "', at most " + maxEventBytes + " bytes";
        }
    }

    /** What both say, as far as they differ. */
    private record Difference(Parsed expected, Parsed actual) {}

    @Test
    @Timeout(value = 1, unit = TimeUnit.DAYS)
    void streamsAtRandom() {
        for (int i = 0; i < CASES; i++) {
            // A generator for each case, so that one that fails can be repeated alone.
            Case one = anyCase(new SplittableRandom(SEED + i));
            if (difference(one) != null) {
                Case smallest = shrunk(one);
                Difference difference = difference(smallest);
                assertEquals(difference.expected, difference.actual,
                    "FUZZ_CASES=1 FUZZ_SEED=" + (SEED + i) + " finds this, shortened here: " + smallest);
            }
        }
    }

    /** Up to four bytes at the end of a line, of every kind that the decoder of UTF-8 knows, in every order. */
    @Test
    void everyShortSequenceOfBytes() {
        int[] kinds = {
            'a', 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
        byte[] stream = "data:____\n\n".getBytes(UTF_8);
        for (int number = 0; number < Math.pow(kinds.length, 4); number++) {
            int rest = number;
            for (int i = 5; i < 9; i++) {
                stream[i] = (byte) kinds[rest % kinds.length];
                rest /= kinds.length;
            }
            Parsed expected = NaiveParser.parse("", stream.length, stream);
            if (!expected.equals(Parsed.of("", stream.length, List.of(ByteBuffer.wrap(stream))))) {
                fail(HexFormat.of().formatHex(stream));
            }
        }
    }

    private static Case anyCase(SplittableRandom random) {
        boolean bounded = random.nextInt(4) == 0;
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        if (random.nextInt(8) == 0) {
            stream.writeBytes("\uFEFF".getBytes(UTF_8));
        }
        for (int left = random.nextInt(24); left > 0; left--) {
            addAny(stream, random);
        }
        if (bounded) {
            // The naive parser does not know of a line that has become too long before its end.
            stream.write('\n');
        }
        byte[] bytes = stream.toByteArray();
        boolean[] cuts = new boolean[bytes.length];
        int usualLength = new int[] {1, 2, 4, 16, Integer.MAX_VALUE}[random.nextInt(5)];
        for (int i = 0; i < cuts.length; i++) {
            cuts[i] = random.nextInt(usualLength) == 0;
        }
        return new Case(bytes, cuts, random.nextInt(4) == 0 ? "7" : "", bounded ? 1 + random.nextInt(24) : 1 << 20);
    }

    private static void addAny(ByteArrayOutputStream stream, SplittableRandom random) {
        int kind = random.nextInt(16);
        if (kind < 7) {
            stream.writeBytes(LINES[random.nextInt(LINES.length)].getBytes(UTF_8));
        } else if (kind < 13) {
            stream.writeBytes(TOKENS[random.nextInt(TOKENS.length)].getBytes(UTF_8));
        } else if (kind < 15) {
            stream.write(BROKEN[random.nextInt(BROKEN.length)]);
        } else {
            stream.write(random.nextInt(256));
        }
    }

    /** Both parsers at every cut: an event must not come later than it can, nor sooner. */
    private static Difference difference(Case one) {
        Parsed.Recorder recorder = new Parsed.Recorder();
        SseParser parser = new SseParser(one.lastEventId, one.maxEventBytes, recorder);
        int read = 0;
        for (ByteBuffer part : one.parts()) {
            read += part.remaining();
            try {
                parser.feed(part);
            } catch (Exception failure) {
                recorder.calls.add(failure);
            }
            boolean last = read == one.stream.length;
            if (last || one.maxEventBytes >= one.stream.length) {
                Parsed expected = NaiveParser.parse(
                    one.lastEventId, one.maxEventBytes, Arrays.copyOf(one.stream, read));
                Parsed actual = Parsed.of(parser, recorder);
                if (!expected.equals(actual)) {
                    return new Difference(expected, actual);
                }
            }
        }
        return null;
    }

    /** Takes away ever shorter pieces, and cuts, as long as there is still a difference. */
    private static Case shrunk(Case failing) {
        Case best = failing;
        for (int length = failing.stream.length; length > 0; length--) {
            for (int from = 0; from + length <= best.stream.length; from++) {
                Case shorter = best.without(from, from + length);
                if (difference(shorter) != null) {
                    best = shorter;
                    length = Math.min(length, best.stream.length);
                    from = -1;
                }
            }
        }
        for (int i = 0; i < best.cuts.length; i++) {
            Case fewer = best.withoutCut(i);
            best = difference(fewer) != null ? fewer : best;
        }
        return best;
    }
}
