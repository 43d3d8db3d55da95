//SOURCES HostPort.java
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

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
public class UdpBroadcaster implements AutoCloseable {
    /**
     * Finds the addresses of a target. The thread that sends asks for them at the first datagram, for each datagram while
     * the target does not work, and else at most twice a second. A finder that takes long needs a thread of its own.
     * <pre>{@code
     * lan.target("lamps", () -> lamps.stream().map(lamp -> new InetSocketAddress(lamp, 5000)).toList());
     * }</pre>
     */
    public interface Finder {
        /** Returns at least one address. @throws IOException if there is none now; the message gives the reason */
        List<InetSocketAddress> find() throws IOException;
    }

    /** Says what happens to a datagram that the system refuses: it is sent again until it goes out, not sent, or the end. */
    public enum OnError { retry, skip, fail }

    /** The largest payload of a datagram over IPv4, in bytes. */
    public static final int MAX_PAYLOAD = 65507;
    private static final String SKIPPED = "datagrams to it are skipped until it works again";
    private static final long BETWEEN_CHECKS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

    final LongAdder sent = new LongAdder();
    final LongAdder bytes = new LongAdder();
    final LongAdder skipped = new LongAdder();
    final CountDownLatch closed = new CountDownLatch(1);
    final List<Target> targets = new ArrayList<>();
    Consumer<String> notices = System.err::println;
    Consumer<String> losses = line -> notices.accept(line); // about datagrams that no option allowed to leave out

    private final Map<Class<?>, DatagramChannel> channels = new ConcurrentHashMap<>(); // by the class of an address
    private OnError onError = OnError.retry;
    private int repeat = 1;
    private long nanosBetween;
    private long interval;
    private long nextTurn = System.nanoTime();
    private long checked = System.nanoTime();

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
    public final UdpBroadcaster target(String name, Finder finder) { targets.add(new Target(name, finder)); return this; }

    /** Sends each payload so many times, at least 1, this time apart. The next payload waits until the last copy is sent. */
    public UdpBroadcaster repeat(int times, Duration between) {
        repeat = times;
        nanosBetween = between.toNanos();
        return this;
    }

    /** Sends at most so many datagrams a second, more than 0, to all targets together, copies included, evenly spaced. */
    public UdpBroadcaster rate(double perSecond) { interval = Math.round(1e9 / perSecond); return this; }

    /** Receives warnings, one line each, on the thread that sends. Defaults to standard error. */
    public UdpBroadcaster notices(Consumer<String> lines) { notices = lines; return this; }

    /** Decides about refused datagrams. With {@link OnError#fail}, {@link #send} throws the refusal. Defaults to retry. */
    public UdpBroadcaster onError(OnError action) { onError = action; return this; }

    /** Finds the targets now; otherwise the first datagram has to wait for that. */
    public synchronized UdpBroadcaster open() throws IOException { refresh(null); return this; }

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
            pause(copy == 0 ? 0 : nanosBetween);
            transmit(payload);
        }
    }

    private void transmit(ByteBuffer payload) throws IOException {
        for (Target one : targets) {
            one.taken.clear();
            if (one.failure == null) {
                one.offer(payload, false);
            }
        }
        long othersTook = 0;
        for (long nanos = 2_000_000; !refresh(payload); nanos = Math.min(2 * nanos, 1_000_000_000)) {
            List<Target> left = targets.stream().filter(one -> one.failure != null).toList();
            boolean isTaken = targets.stream().anyMatch(one -> !one.taken.isEmpty());
            boolean isLong = othersTook > PATIENCE || left.stream().allMatch(one -> SKIPPED.equals(one.said));
            if (onError == OnError.fail) {
                throw new IOException(left.get(0).failure);
            } else if (onError == OnError.skip || isTaken && isLong) {
                left.forEach(one -> one.say(SKIPPED, onError == OnError.skip ? notices : losses));
                skipped.add(left.size());
                return;
            } else if (nanos > 100_000_000) { // A shorter one needs no message.
                left.forEach(one -> one.say("trying again until it works, the input waits", notices));
            }
            pause(nanos);
            othersTook += isTaken ? nanos : 0;
        }
    }

    /** Checks the targets that do not work, and twice a second all. Returns whether all work then. */
    private boolean refresh(ByteBuffer payload) throws IOException {
        boolean isDue = System.nanoTime() - checked >= BETWEEN_CHECKS;
        checked = isDue ? System.nanoTime() : checked;
        for (Target one : targets) {
            if (isDue || one.failure != null || one.known.isEmpty()) {
                one.refresh(payload);
            }
        }
        return troubles().isEmpty();
    }

    /** Returns which targets do not work now, and why. May be called from any thread. */
    public List<String> troubles() { return targets.stream().map(one -> one.failure).filter(any -> any != null).toList(); }

    /** Takes the next turn of the rate, and returns its time. A turn that is 5 ms late does not move those after it. */
    long turn(long now) {
        nextTurn = now + Math.max(nextTurn - now, -5_000_000) + interval;
        return nextTurn - interval;
    }

    private void pause(long nanos) throws InterruptedIOException {
        try {
            if (!closed.await(nanos, TimeUnit.NANOSECONDS)) {
                return;
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        throw new InterruptedIOException("ended before everything was sent");
    }

    private DatagramChannel channel(InetAddress to) throws IOException {
        DatagramChannel channel = channels.get(to.getClass());
        if (channel == null || !channel.isOpen()) {
            channel = open(to);
            channels.put(to.getClass(), channel);
            pause(0); // If close came first, it has not closed this one.
            prepare(channel, to);
        }
        return channel;
    }

    private static DatagramChannel open(InetAddress to) throws IOException {
        return DatagramChannel.open(to instanceof Inet6Address ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET)
            .setOption(StandardSocketOptions.SO_BROADCAST, true);
    }

    /** Sets options of a new socket or binds it, in a subclass. There is one for IPv4 and one for IPv6. */
    protected void prepare(DatagramChannel socket, InetAddress to) throws IOException { }

    /** Ends a {@link #send} that waits on another thread. */
    @Override
    public void close() {
        closed.countDown();
        channels.values().forEach(one -> one.socket().close());
    }

    /** A target, where it is, and whether it works. */
    final class Target {
        private final String name;
        private final Finder finder;
        volatile Set<InetSocketAddress> known = Set.of();
        /** The names of the interfaces that have the source addresses. */
        final Map<InetSocketAddress, String> networks = new ConcurrentHashMap<>();
        /** The system accepted the datagram at hand for these. */
        private final Set<InetSocketAddress> taken = new LinkedHashSet<>();
        /** The reason why it does not work, and what was said about that; null while it works. */
        private volatile String failure;
        private String said;

        Target(String name, Finder finder) {
            this.name = name;
            this.finder = finder;
        }

        /** Finds the target anew, checks its links, and sends to each address that has not taken the datagram. */
        void refresh(ByteBuffer payload) throws IOException {
            try {
                Set<InetSocketAddress> found = new LinkedHashSet<>(finder.find());
                if (!known.isEmpty() && !known.equals(found)) {
                    List<String> hosts = found.stream().map(to -> to.getAddress().getHostAddress()).toList();
                    notices.accept(name + ": goes to " + String.join(", ", hosts) + " now");
                }
                known = found;
            } catch (IOException none) {
                known = none instanceof UnknownHostException ? known : Set.of(); // The address of a name stays valid.
                failure = known.isEmpty() ? name + ": " + none.getMessage() : failure;
            }
            taken.retainAll(known); // An address that comes back has taken nothing.
            offer(payload, true);
        }

        void offer(ByteBuffer payload, boolean checksLinks) throws IOException {
            for (InetSocketAddress to : known) {
                try {
                    if (checksLinks) {
                        checkLink(to);
                    }
                    if (payload != null && !taken.contains(to)) {
                        long now = System.nanoTime();
                        pause(failure == null ? turn(now) - now : 0); // A target that cannot be reached takes no turns.
                        channel(to.getAddress()).send(payload.duplicate(), to);
                        taken.add(to);
                        sent.increment();
                        bytes.add(payload.remaining());
                    }
                } catch (IOException refusal) {
                    channels.values().forEach(one -> one.socket().close()); // The source address of one may be gone.
                    pause(0);
                    networks.remove(to);
                    boolean isChosen = to.getAddress().isMulticastAddress() || to.getHostString().equals("255.255.255.255");
                    boolean isHelped = isChosen && "Network is unreachable".equals(refusal.getMessage());
                    failure = name + ": " + refusal.getMessage()
                        + (isHelped ? " without a default route: choose an interface with -I" : "");
                }
            }
            if (failure != null && !known.isEmpty() && taken.containsAll(known)) {
                failure = null;
                if (said != null) {
                    notices.accept(name + ": works again");
                }
                said = null;
            }
        }

        /** Fails if the interface has no link, because the system accepts datagrams for it all the same, and drops them. */
        private void checkLink(InetSocketAddress to) throws IOException {
            try (DatagramChannel probe = open(to.getAddress())) {
                prepare(probe, to.getAddress());
                InetSocketAddress source = (InetSocketAddress) probe.connect(to).getLocalAddress();
                NetworkInterface network = NetworkInterface.getByInetAddress(source.getAddress());
                if (network != null && !network.isUp() && NetworkInterface.getByInetAddress(to.getAddress()) == null) {
                    taken.remove(to);
                    throw new IOException("interface " + network.getName() + " has no link");
                }
                networks.put(to, network == null ? "?" : network.getName());
            }
        }

        void say(String consequence, Consumer<String> lines) {
            if (!consequence.equals(said)) {
                said = consequence;
                lines.accept(failure + "; " + consequence);
            }
        }
    }
}
