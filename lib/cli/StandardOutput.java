//SOURCES ../sse/Reason.java
package lib.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import lib.sse.Reason;

/** Standard output for bytes, buffered until {@link #flush}. Unlike {@code System.out} it throws when it fails. */
public final class StandardOutput extends BufferedOutputStream {
    public StandardOutput() {
        super(new Unbuffered(), 64 << 10);
    }

    /** Writes a line, and its end. */
    public void line(ByteBuffer line) throws IOException {
        write(line.array(), line.arrayOffset() + line.position(), line.remaining());
        write('\n');
    }

    /** The program that read our output has ended: a reason to stop, not an error. */
    static final class ReaderGoneException extends IOException {
        private static final long serialVersionUID = 1;

        ReaderGoneException(IOException cause) {
            super("standard output: the reader is gone", cause);
        }
    }

    private static final class Unbuffered extends FileOutputStream {
        private static final int FILE_TYPE = 0170000;
        private static final int PIPE = 0010000;
        private static final int SOCKET = 0140000;

        Unbuffered() {
            super(FileDescriptor.out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                super.write(bytes, offset, length);
            } catch (IOException failure) {
                throw isPipe() ? new ReaderGoneException(failure)
                    : new IOException("standard output: " + Reason.of(failure), failure);
            }
        }

        /** A pipe or a socket fails for one reason only. The system's own words for it depend on the locale. */
        private static boolean isPipe() {
            try {
                int type = (int) Files.getAttribute(Path.of("/dev/stdout"), "unix:mode") & FILE_TYPE;
                return type == PIPE || type == SOCKET;
            } catch (IOException | UnsupportedOperationException | IllegalArgumentException notUnix) {
                return false;
            }
        }
    }
}
