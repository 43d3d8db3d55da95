//SOURCES CancelledException.java Counts.java FewNotices.java OnError.java Oversize.java Pace.java UdpLater.java
//SOURCES UdpRoutes.java UdpSender.java UdpSource.java UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Sends payloads to one or more targets, each as one datagram, in order, with SO_BROADCAST.
 *
 * <p>What the system refuses is sent again until it takes it, unless {@link #onError} says otherwise; {@link #send}
 * waits for so long. A target that has not taken a datagram 10 s after another target took it no longer holds the
 * others up: each further datagram is tried on it once, until it takes one again. A name that cannot be looked up, an
 * interface that is not up are no failure, but a target that does not work yet. A datagram that was sent may still get
 * lost: UDP does not tell.
 *
 * <p>For use by one sending thread; {@link #cancel}, {@link #close}, {@link #counts} and {@link #troubles} may be called
 * from any. Settings hold from the next {@code send} on; those that the sockets depend on cannot be changed after the
 * first one.
 */
public final class UdpBroadcaster implements AutoCloseable {

    /** The most that one datagram holds over IPv4: 65507 bytes. */
    public static final int MAX_PAYLOAD = UdpSender.LARGEST;

    private final List<UdpTarget> targets;

    private UdpSource source = UdpSource.ANY;
    private OnError onError = OnError.RETRY;
    private Optional<Pace> pace = Optional.empty();
    private Consumer<String> notices = System.err::println;
    private Consumer<String> losses = message -> notices.accept(message);
    private int maxPayload = MAX_PAYLOAD;
    private Optional<Oversize> oversize = Optional.empty();
    private int repeat = 1;
    private Duration repeatDelay = Duration.ZERO;
    private Optional<OutputStream> tee = Optional.empty();
    private Optional<OutputStream> dryRun = Optional.empty();

    private final FewNotices tooLarge = new FewNotices();
    private final FewNotices leftOut = new FewNotices();
    private final Object output = new Object();

    private volatile UdpSender sender;
    private volatile UdpLater later;
    private volatile boolean ended;
    private volatile long received;
    private volatile long skipped;
    private volatile long letGo;
    private volatile long failed;

    /**
     * @param targets {@code HOST:PORT}, {@code [IPv6%IF]:PORT}, or {@code all:PORT} for the directed broadcast address of
     *                every IPv4 interface that is up
     * @throws IllegalArgumentException for anything else; the message names it
     */
    public UdpBroadcaster(String... targets) {
        this.targets = Arrays.stream(targets).map(UdpTarget::of).toList();
    }

    /**
     * Where multicast, 255.255.255.255 and link-local addresses leave, and the source address for all others.
     *
     * @param nameOrAddress of an interface
     * @throws IllegalArgumentException if this machine has no such interface now
     */
    public UdpBroadcaster via(String nameOrAddress) {
        return from(source.withVia(nameOrAddress));
    }

    /** The source address and port, as {@code [ADDR]:PORT}; {@code :5001} leaves the address to the system. */
    public UdpBroadcaster source(String addressAndPort) {
        return from(source.withSource(addressAndPort));
    }

    /** How many routers plus one a multicast datagram may pass, 0 to 255; 1 unless set. */
    public UdpBroadcaster multicastTtl(int ttl) {
        return from(source.withMulticastTtl(ttl));
    }

    /** Whether receivers on this host get multicast too; they do unless set. */
    public UdpBroadcaster multicastLoop(boolean loop) {
        return from(source.withMulticastLoop(loop));
    }

    private UdpBroadcaster from(UdpSource from) {
        checkNotOpen();
        source = from;
        return this;
    }

    /** What happens to a datagram that the system refuses; {@link OnError#RETRY} unless set. */
    public UdpBroadcaster onError(OnError action) {
        checkNotOpen();
        onError = action;
        return this;
    }

    /** The most datagrams in a second to all targets together, evenly spaced, copies counted; more than 0. */
    public UdpBroadcaster rate(double perSecond) {
        checkNotOpen();
        if (!(perSecond > 0)) {
            throw new IllegalArgumentException("rate " + perSecond + ": expected more than 0 datagrams per second");
        }
        pace = Optional.of(new Pace(perSecond, System.nanoTime()));
        return this;
    }

    /** Takes lines on what goes wrong, from any thread; they go to standard error unless set. */
    public UdpBroadcaster notices(Consumer<String> lines) {
        checkNotOpen();
        notices = lines;
        return this;
    }

    /** Takes in their place those on what was not sent although no setting let it go; from any thread. */
    public UdpBroadcaster losses(Consumer<String> lines) {
        checkNotOpen();
        losses = lines;
        return this;
    }

    /**
     * How often each payload is sent, at least once, and the time between. Copies do not hold up the next payload: they
     * go out in between where there is a time between or a {@link #rate}, and at once where there is neither.
     */
    public UdpBroadcaster repeat(int times, Duration between) {
        checkNotOpen();
        if (times < 1) {
            throw new IllegalArgumentException("repeat " + times + ": expected at least 1");
        }
        repeat = times;
        repeatDelay = between;
        return this;
    }

    private void checkNotOpen() {
        if (sender != null) {
            throw new IllegalStateException("this cannot be set after the first send");
        }
    }

    /** The most bytes that a datagram may have, 0 to {@link #MAX_PAYLOAD}, which it is unless set. */
    public UdpBroadcaster maxPayload(int bytes) {
        if (bytes < 0 || bytes > MAX_PAYLOAD) {
            throw new IllegalArgumentException("payload size " + bytes + ": expected 0 to " + MAX_PAYLOAD);
        }
        maxPayload = bytes;
        return this;
    }

    /** What happens to a larger payload. Unless set it is not sent, which {@link Counts#isComplete} tells. */
    public UdpBroadcaster oversize(Oversize action) {
        oversize = Optional.of(action);
        return this;
    }

    /** Takes a copy of each payload that any target got, and a line feed after it. */
    public UdpBroadcaster tee(OutputStream copies) {
        tee = Optional.of(copies);
        return this;
    }

    /** Nothing is sent; this takes a line for each datagram, which tells where it would go. */
    public UdpBroadcaster dryRun(OutputStream lines) {
        dryRun = Optional.of(lines);
        return this;
    }

    /**
     * Opens the sockets and begins to look up names, so that mistakes and failures are told now. The first {@code send}
     * does it otherwise.
     *
     * @throws IOException              if the source is not there or in use; the message names it
     * @throws IllegalArgumentException if there cannot be such a target; the message names it
     */
    public synchronized UdpBroadcaster open() throws IOException {
        if (ended) {
            throw new CancelledException();
        }
        if (sender == null) {
            if (repeat > 1 && (pace.isPresent() || !repeatDelay.isZero())) {
                later = new UdpLater(repeatDelay.toNanos(), this::transmit);
            }
            sender = new UdpSender(new UdpRoutes(targets, source, notices), onError, pace, notices, losses);
            if (ended) {
                cancel();
            }
        }
        return this;
    }

    /** Sends a text in UTF-8: see {@link #send(ByteBuffer)}. */
    public void send(String payload) throws IOException {
        send(StandardCharsets.UTF_8.encode(payload));
    }

    /**
     * Sends one datagram to each target.
     *
     * @param payload its position stays where it is
     * @throws CancelledException if that happened before it was sent, or {@link #close}
     * @throws IOException        if the system does not take it, or if it is too large, and that is to fail; the
     *                            message names the target and the reason; also whatever {@link #open} throws
     */
    public void send(ByteBuffer payload) throws IOException {
        send(payload, payload.remaining());
    }

    /**
     * The same for a payload of which only the beginning was kept, because the rest is more than a datagram holds.
     *
     * @param size of the whole payload, in bytes
     */
    public void send(ByteBuffer payload, long size) throws IOException {
        received++;
        int left = repeat;
        try {
            if (sender == null || ended) {
                open();
            }
            ByteBuffer datagram = size <= maxPayload ? payload : fitted(payload, size);
            if (datagram == null) {
                left = 0;
                return;
            }
            left--;
            if (transmit(datagram) && tee.isPresent()) {
                print(tee.get(), List.of(datagram, ByteBuffer.wrap(new byte[] {'\n'})));
            }
            if (later != null) {
                left = 0;
                later.add(datagram, repeat - 1);
            }
            while (left > 0) {
                left--;
                transmit(datagram);
            }
        } finally {
            // Whoever was given the others counts them.
            failed += left * routes();
        }
    }

    /**
     * Counts a payload that the caller cannot make, as received and not sent to any target.
     *
     * @param reason for the notice
     */
    public void skip(String reason) {
        received++;
        skipped += repeat * routes();
        leftOut.say(reason, losses);
    }

    private long routes() {
        return sender == null ? targets.size() : sender.routes();
    }

    /** Null if it is not to be sent. */
    private ByteBuffer fitted(ByteBuffer payload, long size) throws IOException {
        String reason = size + " bytes, more than the " + maxPayload + " of a datagram";
        if (oversize.equals(Optional.of(Oversize.TRUNCATE))) {
            tooLarge.say(reason + ": cut off", notices);
            return beginning(payload);
        }
        if (oversize.equals(Optional.of(Oversize.FAIL))) {
            throw new IOException(reason);
        }
        skipped += repeat * routes();
        letGo += oversize.isPresent() ? repeat * routes() : 0;
        tooLarge.say(reason + ": not sent", oversize.isPresent() ? notices : losses);
        return null;
    }

    /** As much as goes into a datagram, without a part of a character. */
    private ByteBuffer beginning(ByteBuffer payload) {
        int end = payload.position() + Math.min(maxPayload, payload.remaining());
        while (end > payload.position() && end < payload.limit() && (payload.get(end) & 0xC0) == 0x80) {
            end--;
        }
        return payload.duplicate().limit(end);
    }

    /** One datagram to each target; whether any took it. */
    private boolean transmit(ByteBuffer datagram) throws IOException {
        if (dryRun.isEmpty()) {
            return sender.send(datagram);
        }
        String size = ": " + datagram.remaining() + " bytes\n";
        print(dryRun.get(), sender.ways().stream().map(way -> StandardCharsets.UTF_8.encode(way + size)).toList());
        return false;
    }

    /** Copies come on a thread of their own, and what is written must not be mixed. */
    private void print(OutputStream out, List<ByteBuffer> parts) throws IOException {
        synchronized (output) {
            for (ByteBuffer part : parts) {
                byte[] bytes = new byte[part.remaining()];
                part.duplicate().get(bytes);
                out.write(bytes);
            }
            out.flush();
        }
    }

    /** What has happened so far. */
    public Counts counts() {
        Counts counts = sender == null ? new Counts(0, 0, 0, 0, 0, 0, 0) : sender.counts();
        long unsent = later == null ? 0 : later.unsent() * routes();
        return new Counts(received, counts.sent(), counts.bytes(), skipped + counts.skipped(), letGo + counts.letGo(),
            counts.retried(), failed + counts.failed() + unsent);
    }

    /** Which targets do not work now, and why: a text for each. */
    public List<String> troubles() {
        return sender == null ? List.of() : sender.troubles();
    }

    /**
     * Ends every wait: what has not been sent by now is not sent, and a {@link #send} that waits throws. Waits half a
     * second at the most until it has, so that the {@link #counts} are final.
     */
    public void cancel() {
        ended = true;
        if (later != null) {
            later.end();
        }
        if (sender != null) {
            sender.cancel();
        }
    }

    /**
     * Waits until all copies have gone out, unless cancelled, and closes the sockets. A {@link #send} that waits on
     * another thread throws; what it has not sent counts as failed.
     *
     * @throws IOException if a copy could not be sent, and that is to fail
     */
    @Override
    public void close() throws IOException {
        try {
            if (later != null) {
                later.drain();
            }
        } finally {
            cancel();
        }
        if (sender != null) {
            sender.throwUnheard();
        }
    }
}
