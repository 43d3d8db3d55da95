//SOURCES Counts.java FewNotices.java OnError.java Oversize.java Pace.java UdpLater.java UdpRoutes.java UdpSource.java
//SOURCES UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
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
 * <p>For use by one sending thread; {@link #cancel}, {@link #close}, {@link #counts} and {@link #troubles} may be
 * called from any. Whatever is set has to be set before any other call: afterwards it is an
 * {@link IllegalStateException}.
 */
public final class UdpBroadcaster implements AutoCloseable {

    /** The most that one datagram holds over IPv4: 65507 bytes. */
    public static final int MAX_PAYLOAD = 65507;

    private static final long MILLIS_TO_FINISH = 500;

    private final List<UdpTarget> targets;

    private UdpSource source = UdpSource.ANY;
    private OnError onError = OnError.RETRY;
    private Optional<Pace> pace = Optional.empty();
    private Consumer<String> notices = System.err::println;
    private Consumer<String> losses = message -> notices.accept(message);
    private int maxPayload = MAX_PAYLOAD;
    /** Null while it is not set. */
    private Oversize oversize;
    private int repeat = 1;
    private Duration repeatDelay = Duration.ZERO;
    private Optional<OutputStream> tee = Optional.empty();
    private Optional<OutputStream> dryRun = Optional.empty();

    private final FewNotices tooLarge = new FewNotices();
    private final FewNotices leftOut = new FewNotices();

    /** Null until whatever is set is set. */
    private UdpRoutes routes;
    /** Fair, so that copies and new datagrams take turns. */
    private final ReentrantLock lock = new ReentrantLock(true);
    private final UdpLater later = new UdpLater(this::sendCopy);
    /** What the thread of copies has ended with, until somebody is told. */
    private volatile Throwable unheard;
    private volatile boolean isOpen;
    private volatile long received;

    /**
     * @param targets {@code HOST:PORT}, {@code [IPv6%IF]:PORT}, or {@code all:PORT} for the directed broadcast address of
     *                every IPv4 interface that is up, but for the loopback and tunnels
     * @throws IllegalArgumentException for anything else, which the message names, and for none
     */
    public UdpBroadcaster(String... targets) {
        if (targets.length == 0) {
            throw new IllegalArgumentException("no target: expected at least one");
        }
        this.targets = Arrays.stream(targets).map(UdpTarget::of).toList();
    }

    /**
     * Where multicast, 255.255.255.255 and link-local addresses leave; for all others the source address only.
     *
     * @param nameOrAddress of an interface, which {@link #open} finds
     */
    public UdpBroadcaster via(String nameOrAddress) {
        return set(() -> source = source.withVia(nameOrAddress));
    }

    /** The source address and port, as {@code [ADDR]:PORT}; {@code :5001} leaves the address to the system. */
    public UdpBroadcaster source(String addressAndPort) {
        return set(() -> source = source.withSource(addressAndPort));
    }

    /** How many routers plus one a multicast datagram may pass, 0 to 255; 1 unless set. */
    public UdpBroadcaster multicastTtl(int ttl) {
        return set(() -> source = source.withMulticast(ttl, source.multicastLoop()));
    }

    /** Whether receivers on this host get multicast too; they do unless set. */
    public UdpBroadcaster multicastLoop(boolean loop) {
        return set(() -> source = source.withMulticast(source.multicastTtl(), loop));
    }

    /** What happens to a datagram that the system refuses; {@link OnError#RETRY} unless set. */
    public UdpBroadcaster onError(OnError action) {
        return set(() -> onError = action);
    }

    /** The most datagrams in a second to all targets together, evenly spaced, copies counted; more than 0. */
    public UdpBroadcaster rate(double perSecond) {
        if (!(perSecond > 0)) {
            throw new IllegalArgumentException("rate " + perSecond + ": expected more than 0 datagrams per second");
        }
        return set(() -> pace = Optional.of(new Pace(perSecond, System.nanoTime())));
    }

    /** Takes lines on what goes wrong, from any thread; they go to standard error unless set. */
    public UdpBroadcaster notices(Consumer<String> lines) {
        return set(() -> notices = lines);
    }

    /** Takes in their place those on what was not sent although no setting let it go; from any thread. */
    public UdpBroadcaster losses(Consumer<String> lines) {
        return set(() -> losses = lines);
    }

    /**
     * How often each payload is sent, at least once, and the time between. Where there is a time between, copies do not
     * hold up the next payload; where there is none, they go out at once.
     */
    public UdpBroadcaster repeat(int times, Duration between) {
        if (times < 1) {
            throw new IllegalArgumentException("repeat " + times + ": expected at least 1");
        }
        return set(() -> {
            repeat = times;
            repeatDelay = between;
        });
    }

    /** The most bytes that a datagram may have, 0 to {@link #MAX_PAYLOAD}, which it is unless set. */
    public UdpBroadcaster maxPayload(int bytes) {
        if (bytes < 0 || bytes > MAX_PAYLOAD) {
            throw new IllegalArgumentException("payload size " + bytes + ": expected 0 to " + MAX_PAYLOAD);
        }
        return set(() -> maxPayload = bytes);
    }

    /** What happens to a larger payload. Unless set it is not sent, which {@link Counts#isComplete} tells. */
    public UdpBroadcaster oversize(Oversize action) {
        return set(() -> oversize = action);
    }

    /** Takes a copy of each payload that any target got, and a line feed after it. */
    public UdpBroadcaster tee(OutputStream copies) {
        return set(() -> tee = Optional.of(copies));
    }

    /** Nothing is sent; this takes a line for each datagram, which tells where it would go. */
    public UdpBroadcaster dryRun(OutputStream lines) {
        return set(() -> dryRun = Optional.of(lines));
    }

    private synchronized UdpBroadcaster set(Runnable setting) {
        if (routes != null) {
            throw new IllegalStateException("this has to be set before anything else is done");
        }
        setting.run();
        return this;
    }

    private synchronized UdpRoutes routes() {
        if (routes == null) {
            routes = new UdpRoutes(targets, source, onError, pace, notices, onError == OnError.SKIP ? notices : losses);
        }
        return routes;
    }

    /**
     * Opens the sockets and looks up names, so that mistakes and failures are told now. Otherwise the first {@code send}
     * does it. It waits for a name server for half a second at the most, with {@link OnError#FAIL} for 10 s.
     *
     * @throws IOException              if the interface or the source is not there, or in use; the message names it
     * @throws IllegalArgumentException if there cannot be such a target; the message names it
     */
    public UdpBroadcaster open() throws IOException {
        lock.lock();
        try {
            routes().open();
            isOpen = true;
            return this;
        } finally {
            leave();
        }
    }

    /** Sends a text in UTF-8: see {@link #send(ByteBuffer)}. */
    public void send(String payload) throws IOException {
        send(StandardCharsets.UTF_8.encode(payload));
    }

    /**
     * Sends one datagram to each target.
     *
     * @param payload its position stays where it is
     * @throws InterruptedIOException if {@link #cancel}, {@link #close} or an interrupt of this thread came before it was sent
     * @throws IOException            if the system does not take it, or if it is too large, and that is to fail; the
     *                                message names the target and the reason; also whatever {@link #open} throws
     */
    public void send(ByteBuffer payload) throws IOException {
        send(payload, payload.remaining());
    }

    /**
     * The same for a payload of which only the beginning was kept, because the rest is more than a datagram holds: the
     * size is that of the whole, in bytes.
     */
    public void send(ByteBuffer payload, long size) throws IOException {
        received++;
        ByteBuffer datagram = size <= maxPayload ? payload : fitted(payload, size);
        if (datagram != null && sendWithCopies(datagram) && tee.isPresent()) {
            tee.get().write(ByteBuffer.allocate(datagram.remaining() + 1)
                .put(datagram.duplicate()).put((byte) '\n').array());
            tee.get().flush();
        }
    }

    /** Counts a payload that the caller cannot make as received and not sent; a notice tells the reason. */
    public void skip(String reason) {
        received++;
        routes().skip(repeat, false);
        leftOut.say(reason, losses);
    }

    /** What of a payload that is too large is sent, without a part of a character of UTF-8; null if nothing is. */
    private ByteBuffer fitted(ByteBuffer payload, long size) throws IOException {
        String reason = size + " bytes, more than the " + maxPayload + " of a datagram";
        if (oversize == Oversize.FAIL) {
            routes().fail(repeat);
            throw new IOException(reason);
        } else if (oversize == Oversize.TRUNCATE) {
            tooLarge.say(reason + ": cut off", notices);
            int end = payload.position() + Math.min(maxPayload, payload.remaining());
            int least = Math.max(payload.position(), end - 3); // a character has 4 bytes at most
            while (end > least && end < payload.limit() && (payload.get(end) & 0xC0) == 0x80) {
                end--;
            }
            return payload.duplicate().limit(end);
        }
        boolean isLetGo = oversize == Oversize.SKIP;
        routes().skip(repeat, isLetGo);
        tooLarge.say(reason + ": not sent", isLetGo ? notices : losses);
        return null;
    }

    /** Copies follow at once, or later if there is a time between. Returns whether any target took it. */
    private boolean sendWithCopies(ByteBuffer datagram) throws IOException {
        boolean taken = false;
        int left = repeat;
        try {
            throwUnheard();
            if (!isOpen) {
                open();
            }
            do {
                left--;
                taken |= transmit(datagram);
            } while (left > 0 && repeatDelay.isZero());
            if (left > 0) {
                later.add(datagram, left, repeatDelay.toNanos());
                left = 0;
                routes().checkNotEnded();
            }
            return taken;
        } finally {
            routes().fail(left);
        }
    }

    private boolean transmit(ByteBuffer datagram) throws IOException {
        lock.lock();
        try {
            if (dryRun.isEmpty()) {
                return routes().send(datagram);
            }
            routes().show(datagram.remaining(), dryRun.get());
            return false;
        } finally {
            leave();
        }
    }

    /** Whoever has the sockets closes them after the end, or if they could not be opened. */
    private void leave() {
        if (routes().isEnded() || !isOpen) {
            routes().close();
        }
        lock.unlock();
    }

    /** On the thread of copies. What fails there ends all, and is told to whoever sends or closes next. */
    private void sendCopy(ByteBuffer datagram) {
        try {
            transmit(datagram);
        } catch (IOException | RuntimeException | Error failure) {
            if (!routes().isEnded()) {
                unheard = failure;
                cancel();
                if (dryRun.isEmpty()) {
                    losses.accept("a copy was not sent: " + failure.getMessage());
                }
            }
        }
    }

    /** As what it is: an IOException, or unchecked. */
    @SuppressWarnings("unchecked")
    private <T extends Throwable> void throwUnheard() throws T {
        T failure = (T) unheard;
        unheard = null;
        if (failure != null) {
            throw failure;
        }
    }

    /** What has happened so far. */
    public Counts counts() {
        return routes().counts(received, later.unsent());
    }

    /** Which targets do not work now, and why: a text for each. */
    public List<String> troubles() {
        return routes().troubles();
    }

    /**
     * Ends every wait: what has not been sent by now is not sent, and a {@link #send} that waits throws. Waits half a
     * second at the most until it has, so that the {@link #counts} are final.
     */
    public void cancel() {
        routes().end();
        later.end();
        try {
            if (lock.tryLock() || lock.tryLock(MILLIS_TO_FINISH, TimeUnit.MILLISECONDS)) {
                leave();
            } else {
                routes().close();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
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
        // A callback of what is being sent cannot wait until it has returned itself.
        if (!lock.isHeldByCurrentThread()) {
            later.drain();
        }
        cancel();
        throwUnheard();
    }
}
