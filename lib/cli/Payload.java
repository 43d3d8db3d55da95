package lib.cli;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Bytes that are written as to a stream and then sent as one. */
public final class Payload extends ByteArrayOutputStream {
    private static final int KEPT = 1 << 20;

    /** What was written, until the next change. */
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(buf, 0, count);
    }

    @Override
    public void reset() {
        super.reset();
        if (buf.length > KEPT) {
            buf = new byte[0];
        }
    }
}
