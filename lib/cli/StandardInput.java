//SOURCES Reason.java StandardOutput.java
package lib.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** Reads standard input, undecoded. Closing it ends a read that waits, with a ClosedChannelException. */
final class StandardInput extends FilterInputStream {
    /** @throws IOException if the caller closed it: the JVM then opens a file of its own in its place and would send that */
    StandardInput() throws IOException {
        super(Channels.newInputStream(new FileInputStream(FileDescriptor.in).getChannel()));
        Path input = Path.of("/proc/self/fd/0");
        Path javaHome = Path.of(System.getProperty("java.home")).toRealPath();
        if (Files.isSymbolicLink(input) && Files.readSymbolicLink(input).startsWith(javaHome)) {
            throw new IOException("standard input is closed");
        }
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        try {
            int count;
            while ((count = super.read(bytes, offset, length)) == 0 && length > 0) {
                // Another process that shares it has made it one that does not wait.
                LockSupport.parkNanos(StandardOutput.NANOS_UNTIL_READY);
            }
            return count;
        } catch (IOException failure) {
            throw failure instanceof ClosedChannelException ? failure
                : new IOException("standard input: " + Reason.of(failure), failure);
        }
    }
}
