package lib.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Collects bytes, again and again in the same place. */
public final class Payload {
    private static final int KEPT = 1 << 20;
    private static final int LARGEST = Integer.MAX_VALUE - 8;

    private byte[] bytes = new byte[0];
    private int length;

    /** Returns all bytes, valid until more are added or they are cleared. */
    public ByteBuffer bytes() { return ByteBuffer.wrap(bytes, 0, length); }

    @Override
    public String toString() { return new String(bytes, 0, length, UTF_8); }

    public Payload clear() {
        bytes = bytes.length > KEPT ? new byte[0] : bytes;
        length = 0;
        return this;
    }

    Payload add(byte... more) { return add(more, 0, more.length); }

    Payload add(byte[] more, int offset, int count) {
        System.arraycopy(more, offset, room(count), length, count);
        length += count;
        return this;
    }

    /** Returns where up to so many bytes may be written from {@link #length} on; {@link #length(int)} takes how many were. */
    byte[] room(int count) {
        if (bytes.length - length < count) {
            int doubled = (int) Math.min(2L * bytes.length, LARGEST);
            bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(length, count), doubled));
        }
        return bytes;
    }

    int length() { return length; }
    void length(int now) { length = now; }
}
