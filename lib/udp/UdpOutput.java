//SOURCES HostPort.java Names.java UdpBroadcaster.java UdpSource.java
package lib.udp;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Adds to a broadcaster what a command line offers: a limit, decisions about refused datagrams, a dry run, copies, counts.
 * <pre>{@code
 * UdpSource source = new UdpSource("", ":0", 1, true);
 * try (UdpOutput lan = new UdpOutput(new UdpBroadcaster(), source, System.err::println, System.err::println)) {
 *     lan.target("all:5000").maxPayload(1472).open().send(payload);
 * }
 * }</pre>
 */
public final class UdpOutput implements UdpBroadcaster.Monitor, AutoCloseable {
    /** What happens to a datagram that the system refuses: it is sent again until it goes out, not sent, or the end. */
    public enum OnError { retry, skip, fail }

    /** What happens to a payload that is too large: it is not sent, the end, or cut off at a character of UTF-8. */
    public enum Oversize { unset, skip, fail, truncate }

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
            return received + " received, " + sent + " sent, " + bytes + " bytes, " + skipped + " skipped, " + retried + " retried, "
                + failed + " failed";
        }
    }

    private static final long TO_ANSWER = TimeUnit.SECONDS.toNanos(10);

    private final UdpBroadcaster lan;
    private final UdpSource source;
    private final Consumer<String> notices;
    private final Consumer<String> errors;
    private final Map<String, UdpBroadcaster.Finder> targets = new LinkedHashMap<>();
    private final ReentrantLock sending = new ReentrantLock();
    private final long startedAt = System.nanoTime();
    private OnError onError = OnError.retry;
    private Oversize oversize = Oversize.unset;
    private int maxPayload = UdpBroadcaster.MAX_PAYLOAD;
    private OutputStream tee;
    private OutputStream dryRun;
    /** The largest payload that is known to fit one packet. IPv6 takes this one everywhere. */
    private int fits = 1232;
    /** How many targets have refused the datagram that is being sent. */
    private int refused;
    private volatile long received;
    private volatile long sent;
    private volatile long bytes;
    private volatile long skipped;
    private volatile long allowedLoss;
    private volatile long retried;
    private volatile long failed;

    /** @param errors receives lines about datagrams that are not sent although no option allowed it */
    public UdpOutput(UdpBroadcaster lan, UdpSource source, Consumer<String> notices, Consumer<String> errors) {
        this.lan = source.isAny() ? lan : lan.options(source);
        this.source = source;
        this.notices = notices;
        this.errors = errors;
    }

    /** Adds what a user wrote: see {@link UdpSource#finder}. */
    public UdpOutput target(String text) throws IOException {
        targets.put(text, source.finder(text));
        lan.target(text, targets.get(text));
        return this;
    }

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
        lan.notices(notices).monitor(this, onError == OnError.skip ? notices : errors).open();
        lan.failures().stream().filter(one -> one.getCause() instanceof UnknownHostException)
            .forEach(one -> notices.accept(one.getMessage() + "; trying again until it works"));
        return this;
    }

    public void send(ByteBuffer payload) throws IOException { send(payload, payload.remaining()); }

    /** Sends a payload of this size in bytes, of which only the beginning was kept if the rest is too large for a datagram. */
    public void send(ByteBuffer payload, long size) throws IOException {
        sending.lock();
        try {
            count(payload, size);
        } finally {
            sending.unlock();
        }
    }

    private void count(ByteBuffer payload, long size) throws IOException {
        received++;
        long before = sent + skipped;
        long sentBefore = sent;
        try {
            ByteBuffer datagram = size <= maxPayload ? payload : fitted(payload, size);
            if (datagram != null && dryRun != null) {
                String lines = String.join("", ways(": " + datagram.remaining() + " bytes\n")).repeat(lan.copies());
                dryRun.write(lines.getBytes(UTF_8));
                dryRun.flush();
            } else if (datagram != null) {
                lan.send(datagram);
                if (datagram.remaining() > fits) {
                    checkFits(datagram.remaining());
                }
            }
            if (tee != null && datagram != null && (dryRun != null || sent > sentBefore)) {
                tee.write(ByteBuffer.allocate(datagram.remaining() + 1).put(datagram.duplicate()).put((byte) '\n').array());
                tee.flush();
            }
        } catch (IOException | RuntimeException failure) {
            failed += dryRun != null ? 0 : lan.datagrams() - (sent + skipped - before);
            throw failure;
        }
    }

    /** Returns what of a payload that is too large is sent, without a part of a character of UTF-8; null if nothing is. */
    private ByteBuffer fitted(ByteBuffer payload, long size) throws IOException {
        String reason = size + " bytes, more than the " + maxPayload + " of a datagram";
        if (oversize == Oversize.fail) {
            throw new IOException(reason);
        } else if (oversize != Oversize.truncate) {
            skip(reason + ": not sent", oversize == Oversize.skip);
            return null;
        }
        notices.accept(reason + ": cut off");
        int end = payload.position() + Math.min(maxPayload, payload.remaining());
        int least = Math.max(payload.position(), end - 3); // A character has at most 4 bytes.
        while (end > least && end < payload.limit() && (payload.get(end) & 0xC0) == 0x80) {
            end--;
        }
        return payload.duplicate().limit(end);
    }

    /** Counts a payload that the caller cannot make as received and not sent; a line says why. */
    public void skip(String reason) {
        received++;
        skip(reason, false);
    }

    private void skip(String reason, boolean isAllowed) {
        skipped += lan.datagrams();
        allowedLoss += isAllowed ? lan.datagrams() : 0;
        (isAllowed ? notices : errors).accept(reason);
    }

    /** Returns where datagrams go now, and by which interface: a text for each address. */
    public List<String> destinations() { return ways("").stream().map(way -> way.replaceFirst("^.* -> ", "")).toList(); }

    /** Returns for each address where a datagram comes from and goes to now, or why it does not go, with an ending. */
    private List<String> ways(String ending) {
        List<String> ways = new ArrayList<>();
        targets.forEach((name, finder) -> {
            try {
                finder.find().forEach(to -> ways.add(way(name, to) + ending));
            } catch (IOException none) {
                ways.add(name + " (" + none.getMessage() + ")" + ending);
            }
        });
        return ways;
    }

    private String way(String name, InetSocketAddress to) {
        try {
            return source.way(to);
        } catch (IOException noWay) {
            return HostPort.label(name, to) + " (" + UdpBroadcaster.reason(noWay, to) + ")";
        }
    }

    /** Says once that payloads are larger than one packet. */
    private void checkFits(int size) {
        fits = Math.max(size, fits);
        targets.forEach((name, finder) -> {
            try {
                for (InetSocketAddress to : finder.find()) {
                    int most = source.unfragmented(to);
                    if (size > most && fits < UdpBroadcaster.MAX_PAYLOAD + 1) {
                        fits = UdpBroadcaster.MAX_PAYLOAD + 1;
                        notices.accept(HostPort.label(name, to) + ": " + size + " bytes, more than the " + most
                            + " that leave there in one packet: sent in parts, and lost if one part is (this is said once)");
                    }
                }
            } catch (IOException notNow) {
                fits = 0;
            }
        });
    }

    @Override
    public void done(int datagrams, int leftOut, int size) {
        sent += datagrams;
        bytes += (long) datagrams * size;
        skipped += leftOut;
        allowedLoss += onError == OnError.skip ? leftOut : 0;
        refused = 0;
    }

    @Override
    public boolean isRetried(List<IOException> failures) throws IOException {
        boolean isNameServerAwaited = failures.stream().allMatch(one -> one.getMessage().endsWith(Names.NO_ANSWER))
            && System.nanoTime() - startedAt < TO_ANSWER;
        if (onError == OnError.fail && !isNameServerAwaited) {
            throw new IOException(failures.get(0).getMessage(), failures.get(0));
        }
        retried += onError == OnError.skip ? 0 : Math.max(0, failures.size() - refused);
        refused = Math.max(refused, failures.size());
        return onError != OnError.skip;
    }

    /** Returns what has happened so far. May be called from any thread, as the following methods. */
    public Counts counts() { return new Counts(received, sent, bytes, skipped, allowedLoss, retried, failed); }

    /** Returns which targets do not work now, and why: a text for each. */
    public List<String> troubles() { return lan.failures().stream().map(Throwable::getMessage).toList(); }

    /** Closes the sockets, and waits half a second at most until a {@link #send} on another thread has thrown and is counted. */
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
