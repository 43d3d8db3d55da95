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

/** Standard input, undecoded. Its failures name it. Closing it ends a read that waits, with a ClosedChannelException. */
final class StandardInput extends FilterInputStream {
    /** @throws IOException if the caller closed it. The JVM opens a file of its own in its place then, which would be sent. */
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
            int count = super.read(bytes, offset, length);
            while (count == 0 && length > 0) { // whoever shares it with us has made it one that does not wait
                LockSupport.parkNanos(StandardOutput.NANOS_UNTIL_READY);
                count = super.read(bytes, offset, length);
            }
            return count;
        } catch (ClosedChannelException closedHere) {
            throw closedHere;
        } catch (IOException failure) {
            throw new IOException("standard input: " + Reason.of(failure), failure);
        }
    }
}
