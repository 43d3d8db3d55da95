//SOURCES Pace.java UdpDelivery.java UdpRoute.java UdpRoutes.java UdpSchedule.java UdpSource.java UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Sends payloads to one or more targets, each as one datagram, in order, with SO_BROADCAST.
 *
 * <p>What the system refuses is sent again until it takes it, unless {@link #onError} says otherwise; {@link #send}
 * waits for so long. A target that has not taken a datagram {@value #PATIENCE_SECONDS} s after another target took it
 * is passed over: it is offered every further datagram once, without a wait, until it takes one again. A datagram that
 * was sent may still get lost: UDP does not tell.
 *
 * <p>Set it up before the first {@code send}. For use by one sending thread; {@link #cancel} and {@link #counts} may be
 * called from any.
 */
public final class UdpBroadcaster implements AutoCloseable {

    /** The most that one datagram holds over IPv4: 65507 bytes. */
    public static final int MAX_PAYLOAD = 65507;

    /** What happens to a payload that is larger than a datagram may be. */
    public enum Oversize {
        /** It is not sent; a notice tells. */
        SKIP,
        /** {@link UdpBroadcaster#send} throws. */
        FAIL,
        /** Its beginning is sent, up to a character of UTF-8; a notice tells. */
        TRUNCATE
    }

    /** What happens to a datagram that the system refuses. */
    public enum OnError {
        /** It is sent again until it goes out. */
        RETRY,
        /** It is not sent to the target that refuses; a notice tells when that begins and ends. */
        SKIP,
        /** {@link UdpBroadcaster#send} throws. */
        FAIL
    }

    /**
     * What has happened so far.
     *
     * @param received payloads that were given to {@link #send}
     * @param sent     datagrams that the system took
     * @param bytes    payload bytes in those
     * @param skipped  datagrams that were not sent as the options say: too large, or refused and not waited for
     * @param retried  datagrams that were refused and then offered again
     * @param failed   datagrams that were not sent because of a failure or of the end
     */
    public record Counts(long received, long sent, long bytes, long skipped, long retried, long failed) {}

    /** {@link #cancel} was called before everything was sent. */
    public static final class CancelledException extends IOException {
        private static final long serialVersionUID = 1;

        CancelledException() {
            super("ended before everything was sent");
        }
    }

    static final int PATIENCE_SECONDS = 10;

    private final UdpRoutes routes;
    private final UdpDelivery delivery;

    private int maxPayload = MAX_PAYLOAD;
    private Oversize oversize = Oversize.SKIP;
    private int repeat = 1;
    private Duration repeatDelay = Duration.ZERO;
    private Duration delay = Duration.ZERO;
    private OutputStream tee;
    private OutputStream dryRun;
    private Consumer<String> notices = message -> {};

    private volatile UdpSchedule schedule;
    private volatile long received;
    private volatile long tooLargeSkipped;
    private volatile long tooLargeFailed;

    /** As {@link #UdpBroadcaster(List, UdpSource, int, boolean)}, with what the system does by itself. */
    public UdpBroadcaster(List<UdpTarget> targets) throws IOException {
        this(targets, UdpSource.ANY, 1, true);
    }

    /** The same for targets as {@link UdpTarget#of} reads them. */
    public UdpBroadcaster(String... targets) throws IOException {
        this(Arrays.stream(targets).map(UdpTarget::of).toList());
    }

    /**
     * Resolves the targets and opens a socket for each. A target that can not be reached now is no failure.
     *
     * @param multicastTtl  how many routers plus one a multicast datagram may pass, 0 to 255
     * @param multicastLoop whether receivers on this host get multicast datagrams too
     * @throws IOException              if a target can not be resolved or the source is in use; the message names it
     * @throws IllegalArgumentException if there can not be such a target; the message names it
     */
    public UdpBroadcaster(List<UdpTarget> targets, UdpSource source, int multicastTtl, boolean multicastLoop)
            throws IOException {
        if (multicastTtl < 0 || multicastTtl > 255) {
            throw new IllegalArgumentException("multicast TTL " + multicastTtl + ": expected 0 to 255");
        }
        routes = new UdpRoutes(targets, source, multicastTtl, multicastLoop);
        delivery = new UdpDelivery(routes);
    }

    /** The most bytes that a datagram may have, 0 to {@link #MAX_PAYLOAD}, and what happens to a larger payload. */
    public UdpBroadcaster maxPayload(int most, Oversize larger) {
        if (most < 0 || most > MAX_PAYLOAD) {
            throw new IllegalArgumentException("payload size " + most + ": expected 0 to " + MAX_PAYLOAD);
        }
        maxPayload = most;
        oversize = larger;
        return this;
    }

    /** What happens to a datagram that the system refuses; {@link OnError#RETRY} unless set. */
    public UdpBroadcaster onError(OnError action) {
        delivery.onError = action;
        return this;
    }

    /** Takes lines on what was not sent as it was given. */
    public UdpBroadcaster notices(Consumer<String> lines) {
        notices = lines;
        routes.notices = lines;
        delivery.notices = lines;
        return this;
    }

    /**
     * How often each payload is sent, at least once, and the time between. Copies do not hold up the next payload: they
     * go out in between where there is a time between or a {@link #rate}, and at once where there is neither.
     */
    public UdpBroadcaster repeat(int times, Duration between) {
        if (times < 1) {
            throw new IllegalArgumentException("repeat " + times + ": expected at least 1");
        }
        repeat = times;
        repeatDelay = between;
        return this;
    }

    /** The most datagrams in a second to all targets together, evenly spaced, copies counted; more than 0. */
    public UdpBroadcaster rate(double perSecond) {
        if (!(perSecond > 0)) {
            throw new IllegalArgumentException("rate " + perSecond + ": expected more than 0 datagrams per second");
        }
        delivery.pace = new Pace(perSecond, System.nanoTime());
        return this;
    }

    /** By how much each datagram is held back; {@link #send} does not wait for that. */
    public UdpBroadcaster delay(Duration time) {
        delay = time;
        return this;
    }

    /** Takes a copy of each payload that was sent, and a line feed after it. */
    public UdpBroadcaster tee(OutputStream copies) {
        tee = copies;
        return this;
    }

    /** Nothing is sent; this takes a line for each datagram, which tells where it would go. */
    public UdpBroadcaster dryRun(OutputStream lines) {
        dryRun = lines;
        return this;
    }

    /**
     * Sends one datagram to each target.
     *
     * @param payload its position stays where it is
     * @throws CancelledException if that happened before it was sent
     * @throws IOException        if the system does not take it, or if it is too large, and that is to fail; the
     *                            message names the target and the reason
     */
    public void send(ByteBuffer payload) throws IOException {
        received++;
        ByteBuffer datagram = payload.remaining() <= maxPayload ? payload : fitted(payload);
        if (datagram == null) {
            return;
        }
        if (!delay.isZero()) {
            schedule().add(datagram, delay.toNanos(), repeat);
        } else {
            transmit(datagram);
            if (repeat > 1) {
                sendCopies(datagram);
            }
        }
        if (tee != null) {
            byte[] copy = new byte[datagram.remaining()];
            datagram.duplicate().get(copy);
            tee.write(copy);
            tee.write('\n');
            tee.flush();
        }
    }

    /** Sends a text in UTF-8: see {@link #send(ByteBuffer)}. */
    public void send(String payload) throws IOException {
        send(StandardCharsets.UTF_8.encode(payload));
    }

    private void sendCopies(ByteBuffer datagram) throws IOException {
        if (repeatDelay.isZero() && delivery.pace == null) {
            for (int copy = 1; copy < repeat; copy++) {
                transmit(datagram);
            }
        } else {
            schedule().add(datagram, repeatDelay.toNanos(), repeat - 1);
        }
    }

    private UdpSchedule schedule() {
        if (schedule == null) {
            schedule = new UdpSchedule(repeatDelay.toNanos(), this::transmit);
        }
        return schedule;
    }

    /** Null if it is not to be sent. */
    private ByteBuffer fitted(ByteBuffer payload) throws IOException {
        String size = payload.remaining() + " bytes, more than the " + maxPayload + " of a datagram";
        if (oversize == Oversize.TRUNCATE) {
            notices.accept(size + ": cut off");
            return beginning(payload);
        }
        long datagrams = (long) repeat * routes.all().size();
        if (oversize == Oversize.FAIL) {
            tooLargeFailed += datagrams;
            throw new IOException(size);
        }
        tooLargeSkipped += datagrams;
        notices.accept(size + ": not sent");
        return null;
    }

    /** As much as goes into a datagram, without a part of a character. */
    private ByteBuffer beginning(ByteBuffer payload) {
        int end = payload.position() + maxPayload;
        while (end > payload.position() && (payload.get(end) & 0xC0) == 0x80) {
            end--;
        }
        return payload.duplicate().limit(end);
    }

    /** One datagram to each target. */
    private void transmit(ByteBuffer datagram) throws IOException {
        if (dryRun == null) {
            delivery.send(datagram);
        } else {
            tell(datagram.remaining());
        }
    }

    private synchronized void tell(int size) throws IOException {
        routes.refresh();
        for (UdpRoute route : routes.all()) {
            dryRun.write((route.path() + ": " + size + " bytes\n").getBytes(StandardCharsets.UTF_8));
        }
        dryRun.flush();
    }

    /** What has happened so far. */
    public Counts counts() {
        long unsent = schedule == null ? 0 : schedule.leftUnsent() * routes.all().size();
        return new Counts(received, delivery.sent, delivery.bytes, tooLargeSkipped + delivery.skipped,
            delivery.retried, tooLargeFailed + delivery.failed + unsent);
    }

    /**
     * Ends every wait: what has not been sent by now is not sent, and a {@link #send} that waits throws. Waits half a
     * second at the most until it has, so that the {@link #counts} are final.
     */
    public void cancel() {
        if (schedule != null) {
            schedule.cancel();
        }
        delivery.cancel();
    }

    /** Waits until what is to go out later has gone out, unless cancelled, and closes the sockets. */
    @Override
    public void close() throws IOException {
        try {
            if (schedule != null) {
                schedule.drain();
            }
        } finally {
            routes.close();
        }
    }
}
