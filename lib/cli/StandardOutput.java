//DEPS info.picocli:picocli:4.7.7
//SOURCES Reason.java
package lib.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Option;

/**
 * Writes bytes to standard output, buffered until {@link #flush}. Unlike {@code System.out} it throws when it fails. As a
 * mixin it has the options that set what ends each output.
 */
public final class StandardOutput extends BufferedOutputStream {
    private static final int BUFFER = 64 << 10;
    /** The time between two tries on a stream that does not wait. */
    static final long NANOS_UNTIL_READY = 10_000_000;

    @Option(names = {"-0", "--null"}, order = 43, description = "End each output with NUL instead of a line end.")
    private boolean endsInNull;

    @Option(names = {"-j", "--join"}, order = 44, description = "Put nothing between outputs, not even a line end.")
    private boolean joins;

    public StandardOutput() { super(new Unbuffered(), BUFFER); }

    /** Writes one output, and its end. */
    public void line(ByteBuffer line) throws IOException {
        write(line.array(), line.arrayOffset() + line.position(), line.remaining());
        if (!joins) {
            write(endsInNull ? 0 : '\n');
        }
    }

    /** Says that the program that read our output has ended. That is a reason to stop, not an error. */
    static final class ReaderGoneException extends IOException {
        private static final long serialVersionUID = 1;

        ReaderGoneException(IOException cause) { super("standard output: the reader is gone", cause); }
    }

    static final class Unbuffered extends FileOutputStream {
        private static final int FILE_TYPE = 0170000;
        private static final int PIPE = 0010000;
        private static final int SOCKET = 0140000;

        Unbuffered() { super(FileDescriptor.out); }

        @Override
        public void write(byte[] bytes) throws IOException { write(bytes, 0, bytes.length); }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            int end = offset + length;
            try {
                for (int at = offset; at < end;) {
                    int count = getChannel().write(ByteBuffer.wrap(bytes, at, Math.min(BUFFER, end - at)));
                    if (count == 0) { // another process that shares it has made it one that does not wait
                        LockSupport.parkNanos(NANOS_UNTIL_READY);
                    }
                    at += count;
                }
            } catch (IOException failure) {
                throw isPipe() ? new ReaderGoneException(failure)
                    : new IOException("standard output: " + Reason.of(failure), failure);
            }
        }

        /** Returns whether a failure means that the reader is gone. The system's words for it depend on the locale. */
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
