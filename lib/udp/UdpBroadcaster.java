//SOURCES HostPort.java Pace.java
package lib.udp;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Sends each payload as one datagram to every target, in order, with SO_BROADCAST.
 * <pre>{@code
 * try (UdpBroadcaster lan = new UdpBroadcaster("192.168.8.255:5000"); SseClient events = new SseClient(url)) {
 *     events.listen(event -> lan.send(event.data()));
 * }
 * }</pre>
 *
 * <p>A datagram that the system refuses is sent again until the system accepts it, and {@link #send} waits for that. If one
 * target still refuses it 10 s after another accepted it, each further datagram is tried on that target only once, until it
 * accepts one. Links, addresses and names are checked after a datagram, never before it, and a datagram that met a dead link
 * is sent again. UDP does not report whether a datagram arrived.
 *
 * <p>Any thread may send. One that comes while another is sending waits its turn, so two sources may share a broadcaster:
 * <pre>{@code
 * new Thread(() -> relay(upstairs, lan)).start(); // relay is: source.listen(event -> lan.send(event.data()))
 * relay(downstairs, lan);}</pre>
 */
public final class UdpBroadcaster implements AutoCloseable {

    /**
     * Finds the addresses of a target. The thread that sends asks for them at the first datagram, while a datagram waits for
     * the target, and else at most twice a second. A finder that takes long needs a thread of its own, as {@code Names} has.
     * <pre>{@code
     * lan.target("lamps", () -> lamps.stream().map(lamp -> new InetSocketAddress(lamp, 5000)).toList());
     * }</pre>
     */
    public interface Finder extends AutoCloseable {
        /** @throws IOException if there is no address now; the message gives the reason */
        Collection<InetSocketAddress> find() throws IOException;

        @Override
        default void close() { }
    }

    /**
     * Sets options of a new socket, as {@code (channel, to) -> channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 2)}
     * does, or binds it. With options each address has a socket of its own.
     */
    public interface Options {
        void set(DatagramChannel channel, InetAddress to) throws IOException;
    }

    /** Says what happens to a datagram that the system refuses: it is sent again until it goes out, not sent, or the end. */
    public enum OnError { retry, skip, fail }

    /** The largest payload of a datagram over IPv4, in bytes. */
    public static final int MAX_PAYLOAD = 65507;

    private static final long BETWEEN_CHECKS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);
    private static final long FIRST_WAIT = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(1);
    private static final long TOO_SHORT_FOR_A_MESSAGE = TimeUnit.MILLISECONDS.toNanos(100);

    // How many datagrams were sent, with how many bytes, left out, and refused and then offered again.
    final LongAdder sent = new LongAdder();
    final LongAdder bytes = new LongAdder();
    final LongAdder skipped = new LongAdder();
    final LongAdder retried = new LongAdder();

    private final List<Target> targets = new ArrayList<>();
    private final Map<Object, DatagramChannel> channels = new ConcurrentHashMap<>(); // by IP version or address
    private final CountDownLatch closed = new CountDownLatch(1);
    private Options options;
    private OnError onError = OnError.retry;
    private Pace pace;
    private int repeat = 1;
    private long nanosBetween;
    private Consumer<String> notices = System.err::println;
    private Consumer<String> losses = line -> notices.accept(line);
    private long checked = System.nanoTime() - BETWEEN_CHECKS;
    /**
     * @param targets {@code HOST:PORT} or {@code [IPv6%IF]:PORT}
     * @throws IllegalArgumentException for anything else; the message names it
     */
    public UdpBroadcaster(String... targets) {
        for (String text : targets) {
            HostPort to = HostPort.of("target", text, "HOST:PORT or [IPv6]:PORT", 1);
            target(text, () -> List.of(to.find()));
        }
    }

    /** Adds a target that something else finds, such as {@link AllNetworks}; the name is for messages. */
    public UdpBroadcaster target(String name, Finder finder) { targets.add(new Target(name, finder)); return this; }

    public UdpBroadcaster options(Options each) { options = each; return this; }

    /** Sends each payload so many times, this time apart. The next payload waits until the last copy is sent. */
    public UdpBroadcaster repeat(int times, Duration between) {
        if (times < 1) {
            throw new IllegalArgumentException("repeat " + times + ": expected at least 1");
        }
        repeat = times;
        nanosBetween = between.toNanos();
        return this;
    }

    /** Sends at most so many datagrams a second to all targets together, copies included, evenly spaced. */
    public UdpBroadcaster rate(double perSecond) { pace = new Pace(perSecond, System.nanoTime()); return this; }

    /** Receives warnings, one line each, on the thread that sends. Defaults to standard error. */
    public UdpBroadcaster notices(Consumer<String> lines) { notices = lines; return this; }

    /** Receives warnings about datagrams that are not sent, in place of {@link #notices}. */
    UdpBroadcaster losses(Consumer<String> lines) { losses = lines; return this; }

    /** Decides about refused datagrams. With {@link OnError#fail}, {@link #send} throws the refusal. Defaults to retry. */
    public UdpBroadcaster onError(OnError action) { onError = action; return this; }

    /** Finds the targets now; otherwise the first datagram has to wait for that. */
    public synchronized UdpBroadcaster open() throws IOException {
        checked = System.nanoTime();
        for (Target one : targets) {
            one.refresh(null);
        }
        return this;
    }

    public void send(String payload) throws IOException { send(StandardCharsets.UTF_8.encode(payload)); }

    /**
     * Sends one datagram to each target. A payload that is too large for one is not sent, with a notice. Its position stays.
     * @throws InterruptedIOException if {@link #close} or an interrupt comes before everything is sent
     */
    public synchronized void send(ByteBuffer payload) throws IOException {
        if (targets.isEmpty()) {
            throw new IllegalStateException("no target: expected at least one");
        } else if (payload.remaining() > MAX_PAYLOAD) {
            losses.accept(payload.remaining() + " bytes, more than the " + MAX_PAYLOAD + " of a datagram: not sent");
            return;
        }
        for (int copy = 0; copy < repeat; copy++) {
            await(copy == 0 ? 0 : nanosBetween);
            transmit(payload);
        }
    }

    private void transmit(ByteBuffer payload) throws IOException {
        try {
            for (Target one : targets) {
                one.offer(payload, false);
            }
            long othersTook = 0;
            for (long wait = FIRST_WAIT; !refresh(payload); wait = Math.min(2 * wait, LONGEST_WAIT)) {
                List<Target> left = targets.stream().filter(one -> one.failure != null).toList();
                if (onError == OnError.fail) {
                    throw new IOException(left.get(0).failure.getMessage(), left.get(0).failure);
                }
                boolean isTaken = targets.stream().anyMatch(one -> !one.taken.isEmpty());
                boolean isLong = othersTook > PATIENCE || left.stream().allMatch(one -> one.missed > 0);
                if (isTaken && isLong || onError == OnError.skip) {
                    left.forEach(one -> one.miss(Math.max(1, one.untaken(one.known))));
                    return;
                }
                retried.add(wait == FIRST_WAIT ? left.size() : 0);
                left.stream().filter(one -> !one.isSaid && System.nanoTime() - one.failsSince > TOO_SHORT_FOR_A_MESSAGE)
                    .forEach(one -> one.say("trying again until it works, the input waits", notices));
                await(wait);
                othersTook += isTaken ? wait : 0;
            }
        } finally {
            for (Target one : targets) {
                sent.add(one.taken.size());
                bytes.add((long) one.taken.size() * payload.remaining());
                one.taken.clear();
            }
        }
    }

    /** Checks the targets that the datagram waits for, and twice a second all. Returns whether all work. */
    private boolean refresh(ByteBuffer payload) throws IOException {
        boolean isDue = System.nanoTime() - checked >= BETWEEN_CHECKS;
        checked = isDue ? System.nanoTime() : checked;
        boolean works = true;
        for (Target one : targets) {
            if (isDue || one.failure != null && one.missed == 0) {
                one.refresh(payload);
            }
            works &= one.failure == null;
        }
        return works;
    }

    /** Returns why targets do not work now. May be called from any thread. */
    List<IOException> failures() { return targets.stream().map(one -> one.failure).filter(Objects::nonNull).toList(); }

    int copies() { return repeat; }

    /** Returns how many datagrams a payload makes, as far as is known. */
    int datagrams() { return repeat * targets.stream().mapToInt(one -> Math.max(1, one.known.size())).sum(); }

    private void await(long nanos) throws InterruptedIOException {
        try {
            if (!closed.await(nanos, TimeUnit.NANOSECONDS)) {
                return;
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        throw new InterruptedIOException("ended before everything was sent");
    }

    private DatagramChannel channel(InetSocketAddress to) throws IOException {
        Object key = options == null ? to.getAddress().getClass() : to;
        DatagramChannel channel = channels.get(key);
        if (channel == null || !channel.isOpen()) {
            channel = open(to, options);
            channels.put(key, channel);
            if (closed.getCount() == 0) {
                channel.close();
            }
        }
        return channel;
    }

    private static DatagramChannel open(InetSocketAddress to, Options options) throws IOException {
        DatagramChannel channel = DatagramChannel.open(
            to.getAddress() instanceof Inet6Address ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
        try {
            channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
            if (options != null) {
                options.set(channel, to.getAddress());
            }
            return channel;
        } catch (IOException | RuntimeException failure) {
            channel.close();
            throw failure;
        }
    }

    /** Returns the source address that the system chooses for a target by now, without sending anything. */
    static InetSocketAddress source(InetSocketAddress to, Options options) throws IOException {
        try (DatagramChannel probe = open(to, options)) {
            return (InetSocketAddress) probe.connect(to).getLocalAddress();
        }
    }

    /** Returns the interface of a target if it has no link, or null. The system takes datagrams for it, and drops them. */
    private NetworkInterface deadLink(InetSocketAddress to) {
        try {
            NetworkInterface network = NetworkInterface.getByInetAddress(source(to, options).getAddress());
            boolean isHere = NetworkInterface.getByInetAddress(to.getAddress()) != null;
            return network == null || network.isUp() || isHere ? null : network;
        } catch (IOException noWay) {
            return null; // The next send reports it.
        }
    }

    /** Ends a {@link #send} that waits on another thread. */
    @Override
    public void close() {
        closed.countDown();
        targets.forEach(one -> one.finder.close());
        channels.values().forEach(one -> one.socket().close());
    }

    /** A target, where it is, and whether it works. */
    private final class Target {
        private final String name;
        private final Finder finder;
        private volatile Set<InetSocketAddress> known = Set.of();
        private final List<InetSocketAddress> linkless = new ArrayList<>();
        /** The system accepted the datagram at hand for these. */
        private final List<InetSocketAddress> taken = new ArrayList<>();
        /** Null while it works; the other fields are about the time since it does not. */
        private volatile IOException failure;
        private long failsSince;
        private boolean isSaid;
        private long missed;

        Target(String name, Finder finder) {
            this.name = name;
            this.finder = finder;
        }

        /** Finds the target anew, checks its links, and sends to each address that has not taken the datagram. */
        void refresh(ByteBuffer payload) throws IOException {
            try {
                goTo(new LinkedHashSet<>(finder.find()));
            } catch (IOException none) {
                known = none instanceof UnknownHostException ? known : Set.of(); // The address of a name stays valid.
                if (known.isEmpty()) {
                    fails(name + ": " + none.getMessage(), none);
                }
            }
            linkless.clear();
            offer(payload, true);
        }

        void offer(ByteBuffer payload, boolean checksLinks) throws IOException {
            for (InetSocketAddress to : known) {
                NetworkInterface deadLink = checksLinks ? deadLink(to) : null;
                if (deadLink != null) {
                    linkless.add(to);
                    taken.remove(to);
                    fails(HostPort.label(name, to) + ": interface " + deadLink.getName() + " has no link", null);
                } else if (payload != null && !taken.contains(to) && !linkless.contains(to)) {
                    send(payload, to);
                }
            }
            if (failure != null && !known.isEmpty() && taken.containsAll(known)) {
                works();
            }
        }

        private void goTo(Set<InetSocketAddress> found) {
            if (!known.isEmpty() && !known.equals(found)) {
                notices.accept(found.stream().map(to -> to.getAddress().getHostAddress())
                    .collect(Collectors.joining(", ", name + ": goes to ", " now")));
                long gone = untaken(known) - untaken(found);
                if (failure != null && gone > 0) {
                    miss(gone);
                }
            }
            known = found;
        }

        private long untaken(Set<InetSocketAddress> of) { return of.stream().filter(to -> !taken.contains(to)).count(); }

        private void send(ByteBuffer payload, InetSocketAddress to) throws IOException {
            try {
                if (pace != null && failure == null) { // A target that cannot be reached takes no turns.
                    long now = System.nanoTime();
                    UdpBroadcaster.this.await(pace.next(now) - now);
                }
                channel(to).send(payload.duplicate(), to);
                taken.add(to);
            } catch (IOException refusal) {
                UdpBroadcaster.this.await(0);
                // The source address of its own socket may be gone.
                Optional.ofNullable(channels.remove(to)).ifPresent(one -> one.socket().close());
                fails(HostPort.label(name, to) + ": " + HostPort.reason(refusal, to), refusal);
            }
        }

        private void fails(String message, IOException cause) {
            failsSince = failure == null ? System.nanoTime() : failsSince;
            failure = new IOException(message, cause);
        }

        private void works() {
            if (isSaid) {
                String label = known.size() == 1 ? HostPort.label(name, known.iterator().next()) : name;
                notices.accept(label + ": works again after " + (System.nanoTime() - failsSince) / 1_000_000_000 + " s, "
                    + (missed == 0 ? "nothing was lost" : missed + " datagrams were not sent to it"));
            }
            failure = null;
            isSaid = false;
            missed = 0;
        }

        private void say(String consequence, Consumer<String> to) {
            isSaid = true;
            to.accept(failure.getMessage() + "; " + consequence);
        }

        /** Leaves datagrams out. From now on nothing waits for this target, until it works again. */
        private void miss(long datagrams) {
            if (missed == 0) {
                say("datagrams to it are skipped until it works again", losses);
            }
            missed += datagrams;
            skipped.add(datagrams);
        }
    }
}
