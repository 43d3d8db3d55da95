package lib;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.regex.Pattern;

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

    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    private static final long FIRST_WAIT = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(1);
    /** What is over sooner than this is worth no message. */
    private static final long BLIP = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long BETWEEN_LOOKS_AT_LINKS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long BETWEEN_LOOKS_AT_INTERFACES = TimeUnit.SECONDS.toNanos(2);
    private static final long BETWEEN_REOPENS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long BETWEEN_RESOLVES = TimeUnit.SECONDS.toNanos(1);
    private static final long MOST_TO_FINISH = TimeUnit.MILLISECONDS.toNanos(500);
    /** A name server that does not answer holds up all targets; so it does for a small part of the time only. */
    private static final int REST_AFTER_RESOLVING = 20;
    /** What every network that carries IPv6 can carry in one packet. */
    private static final int SURELY_UNFRAGMENTED = 1232;

    private final List<UdpTarget> targets;
    private final UdpSource source;
    private final int multicastTtl;
    private final boolean multicastLoop;
    private final boolean anyAll;
    private final ReentrantLock lock = new ReentrantLock(true);

    private List<UdpRoute> routes = new ArrayList<>();
    private int maxPayload = MAX_PAYLOAD;
    private Oversize oversize = Oversize.SKIP;
    private OnError onError = OnError.RETRY;
    private int repeat = 1;
    private Duration repeatDelay = Duration.ZERO;
    private Duration delay = Duration.ZERO;
    private Pace pace;
    private volatile UdpSchedule schedule;
    private OutputStream tee;
    private OutputStream dryRun;
    private Consumer<String> notices = message -> {};

    private long number;
    private long linksSeen = System.nanoTime();
    private long interfacesSeen = linksSeen;
    private long resolveAgain = linksSeen;
    private long reopenAgain = linksSeen;
    private boolean fragmentsSaid;
    private volatile long received;
    private volatile long sent;
    private volatile long bytes;
    private volatile long skipped;
    private volatile long retried;
    private volatile long failed;
    private volatile Thread waiting;
    private volatile boolean cancelled;

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
        this.targets = List.copyOf(targets);
        this.source = source;
        this.multicastTtl = multicastTtl;
        this.multicastLoop = multicastLoop;
        this.anyAll = targets.stream().anyMatch(UdpTarget::isAll);
        try {
            openFirst();
        } catch (IOException | IllegalArgumentException failure) {
            closeRoutes();
            throw failure;
        }
    }

    private void openFirst() throws IOException {
        for (UdpTarget target : targets) {
            for (InetSocketAddress address : target.resolve(source)) {
                UdpRoute route = new UdpRoute(target, address);
                routes.add(route);
                try {
                    source.bindAddress(address.getAddress());
                } catch (IOException noAddress) {
                    throw new IllegalArgumentException("target '" + target + "': " + noAddress.getMessage(), noAddress);
                }
                try {
                    route.open(source, multicastTtl, multicastLoop);
                } catch (BindException inUse) {
                    String bound = UdpRoute.text(source.bindAddress(address.getAddress()));
                    throw new IOException("source " + bound + ": " + Reason.of(inUse), inUse);
                } catch (IOException notNow) {
                    route.failure = Reason.of(notNow);
                    route.failingSince = System.nanoTime();
                }
            }
        }
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
        onError = action;
        return this;
    }

    /** Takes lines on what was not sent as it was given. */
    public UdpBroadcaster notices(Consumer<String> lines) {
        notices = lines;
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
        pace = new Pace(perSecond, System.nanoTime());
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
     * @throws IOException        if the system does not take it, or if it is too large, and that is to fail; the message
     *                            names the target and the reason
     */
    public void send(ByteBuffer payload) throws IOException {
        received++;
        ByteBuffer datagram = payload.remaining() <= maxPayload ? payload : fitted(payload);
        if (datagram == null) {
            return;
        }
        if (datagram.remaining() > SURELY_UNFRAGMENTED && !fragmentsSaid) {
            sayIfFragmented(datagram.remaining());
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
            tee.write(datagram.array(), datagram.arrayOffset() + datagram.position(), datagram.remaining());
            tee.write('\n');
            tee.flush();
        }
    }

    /** Sends a text in UTF-8: see {@link #send(ByteBuffer)}. */
    public void send(String payload) throws IOException {
        send(StandardCharsets.UTF_8.encode(payload));
    }

    private void sendCopies(ByteBuffer datagram) throws IOException {
        if (repeatDelay.isZero() && pace == null) {
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
        lock.lock();
        try {
            long datagrams = (long) repeat * routes.size();
            if (oversize == Oversize.FAIL) {
                failed += datagrams;
                throw new IOException(size);
            }
            skipped += datagrams;
        } finally {
            lock.unlock();
        }
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

    private void sayIfFragmented(int size) {
        for (UdpRoute route : routes) {
            int most = route.unfragmented();
            if (size > most && !fragmentsSaid) {
                fragmentsSaid = true;
                notices.accept(route + ": " + size + " bytes, more than the " + most + " that leave there in one packet:"
                    + " sent in parts, and lost if one part is (this is said once)");
            }
        }
    }

    /** One datagram to each target, now, or as soon as there is a turn and they take it. */
    private void transmit(ByteBuffer datagram) throws IOException {
        lock.lock();
        try {
            number++;
            lookAtInterfaces();
            boolean settled = true;
            for (UdpRoute route : routes) {
                settled &= offer(route, datagram);
            }
            if (!settled) {
                persist(datagram);
            }
        } finally {
            lock.unlock();
        }
    }

    /** False if the system did not take it. */
    private boolean offer(UdpRoute route, ByteBuffer datagram) throws IOException {
        if (pace != null) {
            waitUntil(pace.next(System.nanoTime()));
        }
        if (route.isOpen()) {
            try {
                if (dryRun == null) {
                    route.send(datagram);
                } else {
                    tell(route.path() + ": " + datagram.remaining() + " bytes");
                }
                sent++;
                bytes += datagram.remaining();
                route.taken = number;
                if (pace != null) {
                    pace.taken(System.nanoTime());
                }
                if (route.failure != null) {
                    works(route);
                }
                return true;
            } catch (IOException refusal) {
                fails(route, Reason.of(refusal));
            }
        }
        if (onError == OnError.FAIL || dryRun != null) {
            failed++;
            throw new IOException(route + ": " + route.failure);
        }
        return false;
    }

    private void tell(String line) throws IOException {
        dryRun.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        dryRun.flush();
    }

    /** It is opened again before it is used again: what it knew of the network may be wrong by then. */
    private static void fails(UdpRoute route, String reason) {
        if (route.failure == null) {
            route.failingSince = System.nanoTime();
        }
        route.failure = reason;
        try {
            route.close();
        } catch (IOException closedAllTheSame) {
            return;
        }
    }

    private void works(UdpRoute route) {
        if (route.failureSaid) {
            notices.accept(route + ": works again after "
                + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - route.failingSince) + " s, "
                + (route.missed == 0 ? "nothing was lost" : route.missed + " datagrams were not sent to it"));
        }
        route.failure = null;
        route.failureSaid = false;
        route.passedOver = false;
        route.missed = 0;
    }

    /** Offers a datagram again to the routes that did not take it, while the input waits. */
    private void persist(ByteBuffer datagram) throws IOException {
        boolean counted = false;
        long othersTook = 0;
        long wait = FIRST_WAIT;
        try {
            while (true) {
                boolean anyTook = onError == OnError.SKIP || routes.stream().anyMatch(route -> route.taken == number);
                if (anyTook && othersTook == 0) {
                    othersTook = System.nanoTime();
                }
                if (anyTook) {
                    passOver(System.nanoTime() - othersTook >= PATIENCE);
                }
                sayWhatFails();
                if (isSettled(anyTook)) {
                    reopenIfDue();
                    countMissed();
                    return;
                }
                if (!counted) {
                    retried += untaken();
                    counted = true;
                }
                waitUntil(System.nanoTime() + wait);
                wait = Math.min(2 * wait, LONGEST_WAIT);
                reopenIfDue();
                for (UdpRoute route : routes) {
                    if (route.taken != number) {
                        offer(route, datagram);
                    }
                }
            }
        } catch (CancelledException end) {
            failed += untaken();
            throw end;
        }
    }

    private long untaken() {
        return routes.stream().filter(route -> route.taken != number).count();
    }

    /** Every route took it, or is not waited for since another one took it. */
    private boolean isSettled(boolean anyTook) {
        return routes.stream().allMatch(route -> route.taken == number || anyTook && route.passedOver);
    }

    private void passOver(boolean patienceIsOver) {
        for (UdpRoute route : routes) {
            if (route.taken != number && !route.passedOver && (patienceIsOver || onError == OnError.SKIP)) {
                route.passedOver = true;
                route.failureSaid = true;
                notices.accept(route + ": " + route.failure + "; " + (onError == OnError.SKIP
                    ? "datagrams to it are skipped until it works again"
                    : "the other targets go on without it until it works again"));
            }
        }
    }

    private void sayWhatFails() {
        for (UdpRoute route : routes) {
            if (route.taken != number && !route.failureSaid && System.nanoTime() - route.failingSince > BLIP) {
                route.failureSaid = true;
                notices.accept(route + ": " + route.failure + "; trying again until it works, the input waits");
            }
        }
    }

    private void countMissed() {
        for (UdpRoute route : routes) {
            if (route.taken != number) {
                route.missed++;
                skipped++;
            }
        }
    }

    /** What no send would tell: a link that is gone, an interface that came. */
    private void lookAtInterfaces() {
        long now = System.nanoTime();
        if (now - linksSeen > BETWEEN_LOOKS_AT_LINKS) {
            linksSeen = now;
            routes.stream().filter(UdpRoute::isOpen).forEach(UdpBroadcaster::lookAtLink);
        }
        if (anyAll && now - interfacesSeen > BETWEEN_LOOKS_AT_INTERFACES) {
            interfacesSeen = now;
            targets.stream().filter(UdpTarget::isAll).forEach(this::resolveAgain);
        }
    }

    private static void lookAtLink(UdpRoute route) {
        try {
            route.checkLink();
        } catch (IOException noLink) {
            fails(route, noLink.getMessage());
        }
    }

    private void reopenIfDue() {
        long begin = System.nanoTime();
        if (begin - resolveAgain > 0) {
            targets.stream()
                .filter(target -> routes.stream().anyMatch(route -> route.target == target && route.failure != null))
                .forEach(this::resolveAgain);
            long end = System.nanoTime();
            resolveAgain = end + Math.max(BETWEEN_RESOLVES, REST_AFTER_RESOLVING * (end - begin));
        }
        if (begin - reopenAgain > 0) {
            routes.stream().filter(route -> !route.isOpen()).forEach(this::open);
            reopenAgain = System.nanoTime() + BETWEEN_REOPENS;
        }
    }

    /** Gives a target the routes that it has now; those that it had already stay as they are. */
    private void resolveAgain(UdpTarget target) {
        List<UdpRoute> had = routes.stream().filter(route -> route.target == target).toList();
        List<InetSocketAddress> addresses;
        try {
            addresses = target.resolve(source);
            boolean wasLoopback = UdpTarget.isLoopback(had.stream().map(route -> route.address).toList());
            if (target.isAll() && UdpTarget.isLoopback(addresses) && !wasLoopback) {
                throw new IOException("no interface but the loopback is up");
            }
        } catch (IOException | IllegalArgumentException notNow) {
            String reason = Reason.of(notNow).replaceFirst("^" + Pattern.quote(target + ": "), "");
            had.forEach(route -> fails(route, reason));
            return;
        }
        List<UdpRoute> has = addresses.stream()
            .map(address -> had.stream().filter(route -> route.address.equals(address)).findFirst()
                .orElseGet(() -> opened(new UdpRoute(target, address))))
            .toList();
        if (!has.equals(had)) {
            replace(target, had, has);
        }
    }

    private UdpRoute opened(UdpRoute route) {
        open(route);
        return route;
    }

    private void open(UdpRoute route) {
        try {
            route.open(source, multicastTtl, multicastLoop);
        } catch (IOException | IllegalArgumentException notNow) {
            fails(route, Reason.of(notNow));
        }
    }

    private void replace(UdpTarget target, List<UdpRoute> had, List<UdpRoute> has) {
        List<UdpRoute> all = new ArrayList<>();
        for (UdpTarget one : targets) {
            all.addAll(one == target ? has : routes.stream().filter(route -> route.target == one).toList());
        }
        had.stream().filter(route -> !has.contains(route)).forEach(route -> fails(route, "gone"));
        routes = all;
        notices.accept(target + ": goes to "
            + String.join(" ", has.stream().map(route -> route.address.getAddress().getHostAddress()).toList()) + " now");
    }

    /** Ends early with an exception if that is asked for meanwhile. */
    private void waitUntil(long time) throws IOException {
        waiting = Thread.currentThread();
        for (long left = time - System.nanoTime(); left > 0 && !cancelled; left = time - System.nanoTime()) {
            LockSupport.parkNanos(this, left);
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while a datagram waited");
            }
        }
        waiting = null;
        if (cancelled) {
            throw new CancelledException();
        }
    }

    /** What has happened so far. */
    public Counts counts() {
        long unsent = schedule == null ? 0 : schedule.leftUnsent() * routes.size();
        return new Counts(received, sent, bytes, skipped, retried, failed + unsent);
    }

    /**
     * Ends every wait: what has not been sent by now is not sent, and a {@link #send} that waits throws. Waits half a
     * second at the most until it has, so that the {@link #counts} are final.
     */
    public void cancel() {
        cancelled = true;
        if (schedule != null) {
            schedule.cancel();
        }
        LockSupport.unpark(waiting);
        try {
            if (lock.tryLock(MOST_TO_FINISH, TimeUnit.NANOSECONDS)) {
                lock.unlock();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until what is to go out later has gone out, unless cancelled, and closes the sockets. */
    @Override
    public void close() throws IOException {
        try {
            if (schedule != null) {
                schedule.drain();
            }
        } finally {
            closeRoutes();
        }
    }

    private void closeRoutes() throws IOException {
        for (UdpRoute route : routes) {
            route.close();
        }
    }
}
