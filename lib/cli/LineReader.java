package lib.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** Bytes in, lines out: each without a copy, and undecoded. */
public final class LineReader {

    /** Takes a line: {@code bytes[offset, offset + length)}, which is valid during the call only. */
    @FunctionalInterface
    public interface Handler {
        void line(byte[] bytes, int offset, int length) throws IOException;
    }

    private static final int USUAL_BUFFER = 64 << 10;
    private static final int LONGEST_LINE = 1 << 28;

    private final InputStream in;
    private final int lineEnd;
    private final boolean keepEnds;
    private byte[] buffer = new byte[USUAL_BUFFER];

    /**
     * @param lineEnd  the byte that ends a line; if it is LF, a CR before it belongs to the line end
     * @param keepEnds whether a line is handed over with its own line end
     */
    public LineReader(InputStream in, int lineEnd, boolean keepEnds) {
        this.in = in;
        this.lineEnd = lineEnd;
        this.keepEnds = keepEnds;
    }

    /**
     * Reads to the end. A line is handed over as soon as its end was read; the last one may be without.
     *
     * @throws IOException whatever the input or the handler threw; a line is longer than 256 MiB
     */
    public void forEach(Handler handler) throws IOException {
        int start = 0;
        int end = 0;
        int read;
        while ((read = in.read(buffer, end, buffer.length - end)) >= 0) {
            int from = end;
            end += read;
            for (int at = indexOfEnd(from, end); at >= 0; at = indexOfEnd(start, end)) {
                handOver(handler, start, at, at + 1);
                start = at + 1;
            }
            System.arraycopy(buffer, start, buffer, 0, end - start);
            end -= start;
            start = 0;
            if (end == buffer.length) {
                grow();
            }
        }
        if (end > 0) {
            handOver(handler, 0, end, end);
        }
    }

    /** By itself, so that the compiler sees a loop in which nothing changes: twice as fast as within the other one. */
    private int indexOfEnd(int from, int to) {
        byte[] bytes = buffer;
        byte wanted = (byte) lineEnd;
        for (int i = from; i < to; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    private void handOver(Handler handler, int start, int lineEndAt, int next) throws IOException {
        int end = keepEnds ? next : lineEndAt;
        if (!keepEnds && lineEnd == '\n' && next > lineEndAt && end > start && buffer[end - 1] == '\r') {
            end--;
        }
        handler.line(buffer, start, end - start);
    }

    private void grow() throws IOException {
        if (buffer.length >= LONGEST_LINE) {
            throw new IOException("a line is longer than " + LONGEST_LINE + " bytes");
        }
        buffer = Arrays.copyOf(buffer, 2 * buffer.length);
    }
}
