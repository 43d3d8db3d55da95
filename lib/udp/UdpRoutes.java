//SOURCES Counts.java FewNotices.java OnError.java Pace.java UdpBroadcaster.java UdpName.java UdpRoute.java
//SOURCES UdpSource.java UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The routes to all targets, which follow interfaces, addresses and names as they change. Each datagram is offered to all
 * of them, and again to those that did not take it, while the caller waits; for how long, {@link UdpBroadcaster} tells.
 * Opening and sending is for one thread at a time.
 */
final class UdpRoutes {
    /** A look opens one socket for each address: about half a millisecond each. */
    private static final long BETWEEN_LOOKS = TimeUnit.MILLISECONDS.toNanos(500);
    /** A name server that answers at all mostly does so within this time. */
    private static final long TO_ANSWER = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);
    private static final long FIRST_WAIT = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(1);

    private final List<UdpTarget> targets;
    private final UdpSource source;
    private final OnError onError;
    private final Optional<Pace> pace;
    private final Consumer<String> notices;
    private final Consumer<String> losses;
    private final Map<String, UdpName> names = new ConcurrentHashMap<>();
    private final CountDownLatch end = new CountDownLatch(1);
    private final FewNotices moves = new FewNotices();
    private volatile List<UdpRoute> all;
    private long looked;

    /** What is being sent: from here the system takes it without another copy for each route. */
    private final ByteBuffer current = ByteBuffer.allocateDirect(UdpBroadcaster.MAX_PAYLOAD);
    private long number;
    private volatile long sent;
    private volatile long bytes;
    private volatile long retried;
    private final AtomicLong skipped = new AtomicLong();
    private final AtomicLong letGo = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    /** @param losses takes messages on what is not sent to a target while the others go on */
    UdpRoutes(List<UdpTarget> targets, UdpSource source, OnError onError, Optional<Pace> pace, Consumer<String> notices,
            Consumer<String> losses) {
        this.targets = targets;
        this.source = source;
        this.onError = onError;
        this.pace = pace;
        this.notices = notices;
        this.losses = losses;
        all = targets.stream().map(target -> new UdpRoute(target, source, notices)).toList();
    }

    /** Opens what can be opened now; what cannot is no failure, but for what {@link UdpBroadcaster#open} throws. */
    void open() throws IOException {
        checkNotEnded();
        source.networkInterface();
        targets.stream().filter(UdpTarget::isName).forEach(target -> names.computeIfAbsent(target.host(), UdpName::new));
        long patience = System.nanoTime() + (onError == OnError.FAIL ? PATIENCE : TO_ANSWER);
        names.values().forEach(name -> name.await(patience));
        checkNotEnded();
        look();
        for (UdpRoute route : all) {
            route.checkFirst();
        }
    }

    /**
     * One datagram to each target, now, or as soon as there is a turn and they take it.
     *
     * @return whether any target took it
     * @throws InterruptedIOException after the end, or if that comes first
     */
    boolean send(ByteBuffer payload) throws IOException {
        number++;
        long before = sent;
        try {
            checkNotEnded();
            keepUp();
            current.clear().put(payload.duplicate()).flip();
            if (!offer()) {
                persist();
            }
            return sent > before;
        } catch (IOException | RuntimeException failure) {
            failed.addAndGet(untaken().size());
            throw failure;
        }
    }

    /** To the routes that have not taken it; whether they all have now. */
    private boolean offer() throws IOException {
        boolean byAll = true;
        for (UdpRoute route : all) {
            byAll &= route.hasTaken(number) || offer(route);
        }
        return byAll;
    }

    private boolean offer(UdpRoute route) throws IOException {
        checkNotEnded();
        if (pace.isPresent() && route.isOpen()) {
            waitUntil(pace.get().next(System.nanoTime()));
            if (isTimeToLook()) {
                route.goTo(route.address());
            }
        }
        if (!route.trySend(current, number)) {
            if (onError == OnError.FAIL) {
                throw new IOException(route.trouble().orElseThrow());
            }
            return false;
        }
        sent++;
        bytes += current.limit();
        return true;
    }

    /** Offers a datagram again to the routes that did not take it, while the caller waits. */
    private void persist() throws IOException {
        boolean skips = onError == OnError.SKIP;
        String consequence = skips ? "datagrams to it are skipped until it works again"
            : "the other targets go on without it until it works again";
        long othersWaited = 0;
        long wait = FIRST_WAIT;
        for (List<UdpRoute> untaken = untaken(); !untaken.isEmpty(); untaken = untaken()) {
            boolean othersTook = untaken.size() < all.size();
            boolean arePassedOver = othersWaited >= PATIENCE || untaken.stream().allMatch(UdpRoute::isPassedOver);
            if (skips || othersTook && arePassedOver) {
                letGo.addAndGet(skips ? untaken.size() : 0);
                leaveOut(untaken, consequence);
                return;
            }
            untaken.forEach(route -> route.sayIfItLasts("trying again until it works, the input waits"));
            retried += wait == FIRST_WAIT ? untaken.size() : 0;
            waitUntil(System.nanoTime() + wait);
            othersWaited += othersTook ? wait : 0;
            wait = Math.min(2 * wait, LONGEST_WAIT);
            look();
            leaveOut(untaken.stream().filter(route -> !all.contains(route)).toList(), "this datagram is not sent to it");
            offer();
        }
    }

    private void leaveOut(List<UdpRoute> routes, String consequence) {
        routes.forEach(route -> route.misses(consequence, losses));
        skipped.addAndGet(routes.size());
    }

    private List<UdpRoute> untaken() {
        return all.stream().filter(route -> !route.hasTaken(number)).toList();
    }

    /** Ends early with an exception if that is asked for meanwhile. */
    private void waitUntil(long time) throws IOException {
        try {
            end.await(time - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a datagram waited");
        }
        checkNotEnded();
    }

    /** Sends nothing, but writes a line for each route: where a datagram would come from and go to now. */
    void show(int size, OutputStream lines) throws IOException {
        checkNotEnded();
        keepUp();
        for (UdpRoute route : all) {
            lines.write((route.way() + ": " + size + " bytes\n").getBytes(StandardCharsets.UTF_8));
        }
        lines.flush();
    }

    /** Looks if it is time to. It is apart from {@link #look}: what each datagram passes is compiled without what is rare. */
    private void keepUp() {
        if (isTimeToLook()) {
            look();
        }
    }

    private boolean isTimeToLook() {
        return System.nanoTime() - looked >= BETWEEN_LOOKS;
    }

    /** Finds out what no send would tell, and opens again what failed. */
    private void look() {
        looked = System.nanoTime();
        all = targets.stream().flatMap(target -> follow(target).stream()).toList();
    }

    /** A target's routes, to the addresses that it has now: a route whose address is still among them keeps it. */
    private List<UdpRoute> follow(UdpTarget target) {
        List<UdpRoute> had = all.stream().filter(route -> route.target == target).toList();
        List<InetSocketAddress> before = had.stream().map(UdpRoute::address).toList();
        try {
            Set<InetSocketAddress> addresses = target.addresses(source, names);
            if (!before.contains(null) && !addresses.equals(Set.copyOf(before))) {
                moves.say(target + ": goes to " + addresses.stream().map(one -> one.getAddress().getHostAddress())
                    .collect(Collectors.joining(", ")) + " now", notices);
            }
            List<UdpRoute> free = new ArrayList<>(had);
            free.removeIf(route -> addresses.contains(route.address()));
            List<UdpRoute> has = new ArrayList<>();
            for (InetSocketAddress address : addresses) {
                UdpRoute route = had.stream().filter(one -> address.equals(one.address())).findFirst()
                    .orElseGet(() -> free.isEmpty() ? new UdpRoute(target, source, notices) : free.remove(0));
                route.goTo(address);
                has.add(route);
            }
            free.forEach(UdpRoute::close);
            return has;
        } catch (IOException | IllegalArgumentException notNow) {
            had.forEach(route -> route.cannotOpen(notNow));
            return had;
        }
    }

    /** Counts payloads that are not sent, which a setting may have let go. From any thread, as what follows. */
    void skip(int payloads, boolean isLetGo) {
        skipped.addAndGet((long) payloads * all.size());
        letGo.addAndGet(isLetGo ? (long) payloads * all.size() : 0);
    }

    /** Counts payloads that are not sent because of a failure or of the end. */
    void fail(int payloads) {
        failed.addAndGet((long) payloads * all.size());
    }

    Counts counts(long received, long unsentCopies) {
        return new Counts(received, sent, bytes, skipped.get(), letGo.get(), retried, failed.get() + unsentCopies * all.size());
    }

    /** Which targets do not work now, and why: a text for each. */
    List<String> troubles() {
        return all.stream().flatMap(route -> route.trouble().stream()).toList();
    }

    /** Ends every wait, for good. */
    void end() {
        end.countDown();
        names.values().forEach(UdpName::close);
    }

    boolean isEnded() {
        return end.getCount() == 0;
    }

    void checkNotEnded() throws InterruptedIOException {
        if (isEnded()) {
            throw new InterruptedIOException("ended before everything was sent");
        }
    }

    /** What the system holds up ends, too. They may be opened again before the end. */
    void close() {
        names.values().forEach(UdpName::close);
        names.clear();
        all.forEach(UdpRoute::close);
    }
}
