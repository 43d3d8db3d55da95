package lib.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Reads lines, each without a copy, and undecoded. Of a line that is longer than the limit it keeps the beginning only,
 * so that no input takes more memory than that.
 */
public final class LineReader {

    @FunctionalInterface
    public interface Handler {
        /**
         * @param bytes the line is in {@code bytes[offset, offset + length)}, which is valid during the call only
         * @param size  the length of the whole line; more than {@code length} if only its beginning was kept
         */
        void line(byte[] bytes, int offset, int length, long size) throws IOException;
    }

    private static final int USUAL_BUFFER = 64 << 10;

    private final InputStream in;
    private final int limit;
    private byte lineEnd = '\n';
    private boolean keepEnds;
    private byte[] buffer = new byte[USUAL_BUFFER];

    /**
     * Reads lines that end in LF or CR LF.
     *
     * @param limit how many bytes of a line are kept at least, 1 to 1 GiB
     */
    public LineReader(InputStream in, int limit) {
        this.in = in;
        this.limit = limit;
    }

    /** Lets lines end in NUL instead. */
    public LineReader endInNull() { lineEnd = 0; return this; }

    /** Hands lines over with their own line ends. */
    public LineReader keepEnds() { keepEnds = true; return this; }

    /**
     * Reads to the end. Hands a line over as soon as its end was read; the last one may be without.
     *
     * @throws IOException whatever the input or the handler threw
     */
    public void forEach(Handler handler) throws IOException {
        int start = 0;
        int end = 0;
        long dropped = 0;
        int read;
        while ((read = in.read(buffer, end, buffer.length - end)) >= 0) {
            int from = end;
            end += read;
            for (int at = indexOfEnd(from, end); at >= 0; at = indexOfEnd(start, end)) {
                handOver(handler, start, at, at + 1, dropped);
                dropped = 0;
                start = at + 1;
            }
            System.arraycopy(buffer, start, buffer, 0, end - start);
            end -= start;
            start = 0;
            if (end == buffer.length && end < limit + USUAL_BUFFER) {
                buffer = Arrays.copyOf(buffer, (int) Math.min(2L * end, limit + USUAL_BUFFER));
            } else if (end == buffer.length) {
                dropped += end - limit;
                end = limit;
            }
        }
        if (end > 0) {
            handOver(handler, 0, end, end, dropped);
        }
    }

    /** Stands by itself so that the compiler sees a loop in which nothing changes: it is twice as fast. */
    private int indexOfEnd(int from, int to) {
        byte[] bytes = buffer;
        byte wanted = lineEnd;
        for (int i = from; i < to; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    private void handOver(Handler handler, int start, int lineEndAt, int next, long dropped) throws IOException {
        int end = keepEnds ? next : lineEndAt;
        if (!keepEnds && lineEnd == '\n' && next > lineEndAt && end > start && buffer[end - 1] == '\r') {
            end--;
        }
        // Where bytes were dropped, those behind the limit do not follow on those before it.
        int length = dropped > 0 ? Math.min(end - start, limit) : end - start;
        handler.line(buffer, start, length, dropped + end - start);
    }
}
