//SOURCES UdpBroadcaster.java UdpSource.java
package lib.udp;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import lib.udp.UdpBroadcaster.OnError;

/**
 * Adds to a broadcaster what a command line offers: a limit, a dry run, copies, counts.
 * <pre>{@code
 * UdpSource source = new UdpSource("", ":0", 1, true);
 * try (UdpOutput lan = new UdpOutput(new UdpBroadcaster(), source, System.err::println, System.err::println)) {
 *     lan.target("all:5000").maxPayload(1472).open().send(payload);
 * }
 * }</pre>
 */
public final class UdpOutput implements AutoCloseable {
    /** Says what happens to a payload that is too large: it is not sent, the end, or cut off at a character of UTF-8. */
    public enum Oversize { skip, fail, truncate }

    /**
     * Counts payloads that were received and bytes that were sent; all else is datagrams.
     *
     * @param skipped     left out while the rest went on
     * @param allowedLoss those of them that an option allowed
     * @param retried     refused and then offered again
     * @param failed      not sent because of a failure or of the end
     */
    public record Counts(long received, long sent, long bytes, long skipped, long allowedLoss, long retried, long failed) {
        /** Returns whether everything went out to every target, except for what an option allowed. */
        public boolean isComplete() { return failed == 0 && skipped == allowedLoss; }

        /** Returns what has happened since then. */
        public Counts since(Counts then) {
            return new Counts(received - then.received, sent - then.sent, bytes - then.bytes, skipped - then.skipped,
                allowedLoss - then.allowedLoss, retried - then.retried, failed - then.failed);
        }

        @Override
        public String toString() {
            return received + " received, " + sent + " sent, " + bytes + " bytes, " + skipped + " skipped, " + retried
                + " retried, " + failed + " failed";
        }
    }

    private final UdpBroadcaster lan;
    private final UdpSource source;
    private final Consumer<String> notices;
    private final Consumer<String> errors;
    private final ReentrantLock sending = new ReentrantLock();
    private final LongAdder received = new LongAdder();
    private final LongAdder leftOut = new LongAdder();
    private final LongAdder allowedLeftOut = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private OnError onError = OnError.retry;
    private Oversize oversize;
    private int maxPayload = UdpBroadcaster.MAX_PAYLOAD;
    private OutputStream tee;
    private OutputStream dryRun;

    /** @param errors receives lines about datagrams that are not sent although no option allowed it */
    public UdpOutput(UdpBroadcaster lan, UdpSource source, Consumer<String> notices, Consumer<String> errors) {
        this.lan = source.isAny() ? lan : lan.options(source);
        this.source = source;
        this.notices = notices;
        this.errors = errors;
    }

    /** Adds what a user wrote: see {@link UdpSource#finder}. */
    public UdpOutput target(String text) throws IOException { lan.target(text, source.finder(text)); return this; }

    public UdpOutput onError(OnError action) { onError = action; return this; }

    /** Sets the most bytes of a payload, 0 to {@link UdpBroadcaster#MAX_PAYLOAD}. */
    public UdpOutput maxPayload(int most) {
        if (most < 0 || most > UdpBroadcaster.MAX_PAYLOAD) {
            throw new IllegalArgumentException("payload size " + most + ": expected 0 to " + UdpBroadcaster.MAX_PAYLOAD);
        }
        maxPayload = most;
        return this;
    }

    /** Sets what happens to a larger payload. Unless set it is not sent, and the counts are not complete. */
    public UdpOutput oversize(Oversize action) { oversize = action; return this; }

    /** Receives a copy of each payload that any target got, and a line feed after it. */
    public UdpOutput tee(OutputStream copies) { tee = copies; return this; }

    /** Sends nothing; this receives a line for each datagram, which tells where it would go. */
    public UdpOutput dryRun(OutputStream lines) { dryRun = lines; return this; }

    /** @throws IOException if the interface or the source is missing or in use; the message names it */
    public UdpOutput open() throws IOException {
        source.check();
        lan.notices(notices).losses(onError == OnError.skip ? notices : errors).onError(onError).open();
        lan.failures().stream().filter(one -> one.getCause() instanceof UnknownHostException)
            .forEach(one -> notices.accept(one.getMessage() + "; trying again until it works"));
        return this;
    }

    public void send(ByteBuffer payload) throws IOException { send(payload, payload.remaining()); }

    /** Sends a payload of this size in bytes. Only its beginning needs to be there if it is too large for a datagram. */
    public void send(ByteBuffer payload, long size) throws IOException {
        sending.lock();
        Counts before = counts();
        try {
            received.increment();
            if (size <= maxPayload) {
                sendFitting(payload);
            } else if (oversize == Oversize.truncate) {
                notices.accept(tooLarge(size) + ": cut off");
                sendFitting(cutOff(payload));
            } else if (oversize == Oversize.fail) {
                throw new IOException(tooLarge(size));
            } else {
                leaveOut(tooLarge(size) + ": not sent", oversize == Oversize.skip);
            }
        } catch (IOException | RuntimeException failure) {
            Counts since = counts().since(before);
            failed.add(dryRun != null ? 0 : lan.datagrams() - since.sent - since.skipped);
            throw failure;
        } finally {
            sending.unlock();
        }
    }

    private String tooLarge(long size) { return size + " bytes, more than the " + maxPayload + " of a datagram"; }

    private ByteBuffer cutOff(ByteBuffer payload) {
        int end = payload.position() + Math.min(maxPayload, payload.remaining());
        int least = Math.max(payload.position(), end - 3); // A character has at most 4 bytes.
        while (end > least && end < payload.limit() && (payload.get(end) & 0xC0) == 0x80) {
            end--;
        }
        return payload.duplicate().limit(end);
    }

    private void sendFitting(ByteBuffer payload) throws IOException {
        long before = lan.sent.sum();
        if (dryRun != null) {
            String ending = ": " + payload.remaining() + " bytes\n";
            String lines = source.ways().stream().map(way -> way + ending).collect(Collectors.joining());
            dryRun.write(lines.repeat(lan.copies()).getBytes(UTF_8));
            dryRun.flush();
        } else {
            lan.send(payload);
        }
        if (tee != null && (dryRun != null || lan.sent.sum() > before)) {
            tee.write(ByteBuffer.allocate(payload.remaining() + 1).put(payload.duplicate()).put((byte) '\n').array());
            tee.flush();
        }
    }

    /** Counts a payload that the caller cannot make as received and not sent; a line says why. */
    public void skip(String reason) {
        received.increment();
        leaveOut(reason, false);
    }

    private void leaveOut(String reason, boolean isAllowed) {
        leftOut.add(lan.datagrams());
        allowedLeftOut.add(isAllowed ? lan.datagrams() : 0);
        (isAllowed ? notices : errors).accept(reason);
    }

    /** Returns where datagrams go now, and by which interface: a text for each address. */
    public List<String> destinations() {
        return source.ways().stream().map(way -> way.replaceFirst("^.* -> ", "")).toList();
    }

    /** Returns what has happened so far. May be called from any thread, as the following methods. */
    public Counts counts() {
        long refused = lan.skipped.sum();
        long allowedLoss = allowedLeftOut.sum() + (onError == OnError.skip ? refused : 0);
        return new Counts(received.sum(), lan.sent.sum(), lan.bytes.sum(), refused + leftOut.sum(), allowedLoss,
            lan.retried.sum(), failed.sum());
    }

    /** Returns which targets do not work now, and why: a text for each. */
    public List<String> troubles() { return lan.failures().stream().map(Throwable::getMessage).toList(); }

    /** Closes the sockets. Waits half a second at most until a {@link #send} on another thread has thrown and is counted. */
    @Override
    public void close() {
        lan.close();
        try {
            if (sending.tryLock(500, TimeUnit.MILLISECONDS)) {
                sending.unlock();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
