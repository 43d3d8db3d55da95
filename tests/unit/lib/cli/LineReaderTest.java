package lib.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes into lines: each case is read at once, byte by byte, and in parts of some bytes. One character is one byte. */
class LineReaderTest {
    private static final int LIMIT = 1 << 28;

    /** Input that comes in parts of at most some bytes, as from a pipe. */
    private static final class Pipe extends ByteArrayInputStream {
        private final int most;

        Pipe(byte[] bytes, int most) {
            super(bytes);
            this.most = most;
        }

        @Override
        public synchronized int read(byte[] buffer, int offset, int length) {
            return super.read(buffer, offset, Math.min(length, most));
        }
    }

    static Stream<Arguments> inputs() {
        String all = IntStream.range(0, 256).filter(c -> c != '\n').mapToObj(c -> String.valueOf((char) c))
            .collect(Collectors.joining());
        return Stream.of(
            arguments("", List.of(), List.of()),
            arguments("a", List.of("a"), List.of("a")),
            arguments("a\n", List.of("a"), List.of("a\n")),
            arguments("a\nb", List.of("a", "b"), List.of("a\n", "b")),
            arguments("a\nb\n", List.of("a", "b"), List.of("a\n", "b\n")),
            arguments("\n", List.of(""), List.of("\n")),
            arguments("\n\na\n\n", List.of("", "", "a", ""), List.of("\n", "\n", "a\n", "\n")),
            arguments("a\r\nb\r\n", List.of("a", "b"), List.of("a\r\n", "b\r\n")),
            arguments("\r\n\r\n", List.of("", ""), List.of("\r\n", "\r\n")),
            arguments("a\r\r\nb", List.of("a\r", "b"), List.of("a\r\r\n", "b")),
            arguments("a\rb\n\rc\n", List.of("a\rb", "\rc"), List.of("a\rb\n", "\rc\n")),
            arguments("a\r", List.of("a\r"), List.of("a\r")),
            arguments("\r", List.of("\r"), List.of("\r")),
            arguments("a\0b\n\0\n", List.of("a\0b", "\0"), List.of("a\0b\n", "\0\n")),
            arguments(" a \n\t\n", List.of(" a ", "\t"), List.of(" a \n", "\t\n")),
            arguments("\u00EF\u00BB\u00BFa\n", List.of("\u00EF\u00BB\u00BFa"), List.of("\u00EF\u00BB\u00BFa\n")),
            arguments(all + "\n" + all, List.of(all, all), List.of(all + "\n", all)));
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void linesEndInLineFeed(String input, List<String> lines, List<String> withTheirEnds) throws IOException {
        for (int most : new int[] {Integer.MAX_VALUE, 1, 2, 3, 5}) {
            assertEquals(lines, lines(input, '\n', false, most));
            assertEquals(withTheirEnds, lines(input, '\n', true, most));
        }
    }

    static Stream<Arguments> inputsWithNull() {
        return Stream.of(
            arguments("", List.of(), List.of()),
            arguments("a\0b", List.of("a", "b"), List.of("a\0", "b")),
            arguments("a\0b\0", List.of("a", "b"), List.of("a\0", "b\0")),
            arguments("\0\0", List.of("", ""), List.of("\0", "\0")),
            arguments("a\nb\r\n\0c\r\0", List.of("a\nb\r\n", "c\r"), List.of("a\nb\r\n\0", "c\r\0")));
    }

    @ParameterizedTest
    @MethodSource("inputsWithNull")
    void linesEndInNull(String input, List<String> lines, List<String> withTheirEnds) throws IOException {
        for (int most : new int[] {Integer.MAX_VALUE, 1, 2, 3}) {
            assertEquals(lines, lines(input, 0, false, most));
            assertEquals(withTheirEnds, lines(input, 0, true, most));
        }
    }

    @Test
    void linesOfAnyLengthAreWhole() throws IOException {
        List<String> lines = Stream.of(0, 65_535, 1, 65_536, 65_537, 1_000_000, 2, 131_072, 3)
            .map(length -> "0123456789abcdef".repeat(length / 16 + 1).substring(0, length)).toList();
        for (String lineEnd : List.of("\n", "\r\n")) {
            String input = String.join(lineEnd, lines) + lineEnd;
            for (int most : new int[] {Integer.MAX_VALUE, 4096, 7}) {
                assertEquals(lines, lines(input, '\n', false, most));
            }
        }
        assertEquals(lines, lines(String.join("\n", lines), '\n', false, 65_536));
    }

    @Test
    void carriageReturnAtTheEndOfTheBufferBelongsToItsLineFeed() throws IOException {
        for (int length = 65_533; length <= 65_538; length++) {
            String line = "x".repeat(length);
            assertEquals(List.of(line, "y"), lines(line + "\r\ny\r\n", '\n', false, Integer.MAX_VALUE));
        }
    }

    @Test
    void lineIsHandedOverBeforeMoreIsRead() throws IOException {
        List<String> seen = new ArrayList<>();
        InputStream in = new InputStream() {
            private final String[] parts = {"a\nb\nc", "d\n", "e"};
            private final List<List<String>> seenBefore = List.of(
                List.of(), List.of("a", "b"), List.of("a", "b", "cd"), List.of("a", "b", "cd"));
            private int next;

            @Override
            public int read() {
                throw new AssertionError("one byte");
            }

            @Override
            public int read(byte[] buffer, int offset, int length) {
                assertEquals(seenBefore.get(next), seen);
                if (next == parts.length) {
                    return -1;
                }
                byte[] part = parts[next++].getBytes(ISO_8859_1);
                System.arraycopy(part, 0, buffer, offset, part.length);
                return part.length;
            }
        };
        new LineReader(in, LIMIT)
            .forEach((bytes, offset, length, size) -> seen.add(new String(bytes, offset, length, ISO_8859_1)));
        assertEquals(List.of("a", "b", "cd", "e"), seen);
    }

    @Test
    void whatTheHandlerThrowsComesThroughAtOnce() {
        IOException full = new IOException("full");
        List<Integer> lengths = new ArrayList<>();
        IOException thrown = assertThrows(IOException.class,
            () -> new LineReader(new Pipe("a\nbc\n".getBytes(ISO_8859_1), 10), LIMIT)
                .forEach((bytes, offset, length, size) -> {
                    lengths.add(length);
                    throw full;
                }));
        assertSame(full, thrown);
        assertEquals(List.of(1), lengths);
    }

    @Test
    void whatTheInputThrowsComesThroughAfterTheLinesBefore() {
        IOException broken = new IOException("broken");
        List<String> seen = new ArrayList<>();
        InputStream in = new InputStream() {
            private int next;

            @Override
            public int read() throws IOException {
                if (next == 3) {
                    throw broken;
                }
                return "a\nb".charAt(next++);
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                buffer[offset] = (byte) read();
                return 1;
            }
        };
        assertSame(broken, assertThrows(IOException.class, () -> new LineReader(in, LIMIT)
            .forEach((bytes, offset, length, size) -> seen.add(new String(bytes, offset, length, ISO_8859_1)))));
        assertEquals(List.of("a"), seen);
    }

    @ParameterizedTest
    @CsvSource({"70000, 0", "70000, 70000", "70000, 70001", "70000, 135536", "70000, 135537", "70000, 1000003", "1, 65537", "100000, 165537"})
    void ofALineAboveTheLimitTheBeginningIsKeptAndItsSizeIsTold(int limit, int size) throws IOException {
        String line = "0123456789abcde".repeat(size / 15 + 1).substring(0, size);
        for (String lineEnd : List.of("\n", "\r\n")) {
            for (int most : new int[] {Integer.MAX_VALUE, 4096, 4093}) {
                List<String> seen = new ArrayList<>();
                List<Long> sizes = new ArrayList<>();
                new LineReader(new Pipe((line + lineEnd + "next" + lineEnd + line).getBytes(ISO_8859_1), most), limit)
                    .forEach((bytes, offset, length, whole) -> {
                        seen.add(new String(bytes, offset, length, ISO_8859_1));
                        sizes.add(whole);
                    });
                String first = seen.get(0);
                assertTrue(line.startsWith(first) && first.length() >= Math.min(size, limit), first.length() + " bytes");
                assertEquals("next", seen.get(1));
                List<Long> expected = size == 0 ? List.of(0L, 4L) : List.of((long) size, 4L, (long) size);
                assertEquals(expected, sizes);
            }
        }
    }

    private static List<String> lines(String input, int lineEnd, boolean keepEnds, int most) throws IOException {
        List<String> lines = new ArrayList<>();
        LineReader reader = new LineReader(new Pipe(input.getBytes(ISO_8859_1), most), LIMIT);
        if (lineEnd == 0) {
            reader.endInNull();
        }
        if (keepEnds) {
            reader.keepEnds();
        }
        reader.forEach((bytes, offset, length, size) -> lines.add(new String(bytes, offset, length, ISO_8859_1)));
        return lines;
    }
}
