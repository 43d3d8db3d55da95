//SOURCES ../sse/Reason.java
package lib.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import lib.sse.Reason;

/**
 * Standard output for bytes: what is written is held back until {@link #flush}, and a failure is an exception, which
 * it never is with {@code System.out}.
 */
public final class StandardOutput extends OutputStream {

    /** The program that read our output has ended: a reason to stop, not an error. */
    public static final class ReaderGoneException extends IOException {
        private static final long serialVersionUID = 1;

        ReaderGoneException(IOException cause) {
            super("standard output: the reader is gone", cause);
        }
    }

    private static final int FILE_TYPE = 0170000;
    private static final int PIPE = 0010000;
    private static final int SOCKET = 0140000;

    private final OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 64 << 10);

    @Override
    public void write(int value) throws IOException {
        try {
            out.write(value);
        } catch (IOException failure) {
            throw explained(failure);
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException failure) {
            throw explained(failure);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            out.flush();
        } catch (IOException failure) {
            throw explained(failure);
        }
    }

    /** Writes a line, and its end. */
    public void line(ByteBuffer line) throws IOException {
        write(line.array(), line.arrayOffset() + line.position(), line.remaining());
        write('\n');
    }

    /** Flushes; standard output itself stays open. */
    @Override
    public void close() throws IOException {
        flush();
    }

    /** A pipe or a socket fails for one reason only; the system's own words for it depend on the locale. */
    private static IOException explained(IOException failure) {
        try {
            int type = (int) Files.getAttribute(Path.of("/dev/stdout"), "unix:mode") & FILE_TYPE;
            if (type == PIPE || type == SOCKET) {
                return new ReaderGoneException(failure);
            }
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException notUnix) {
            failure.addSuppressed(notUnix);
        }
        return new IOException("standard output: " + Reason.of(failure), failure);
    }
}
