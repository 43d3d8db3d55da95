//SOURCES Counts.java OnError.java Pace.java UdpBroadcaster.java UdpLater.java UdpRoute.java UdpRoutes.java
package lib.udp;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Has each datagram, and its copies, taken by all routes, one datagram after the other. Where it is refused it is offered
 * again, while the caller waits; for how long, {@link UdpBroadcaster} tells. It counts what happens, and owns the end.
 */
final class UdpSender {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);
    private static final long FIRST_WAIT = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(1);
    private static final long MILLIS_TO_FINISH = 500;

    private final UdpRoutes routes;
    private final OnError onError;
    private final Optional<Pace> pace;
    private final Optional<OutputStream> dryRun;
    private final Consumer<String> losses;
    private final UdpLater later = new UdpLater(this::sendCopy);
    /** Fair, so that copies and new datagrams take turns. */
    private final ReentrantLock lock = new ReentrantLock(true);
    /** What is being sent: from here the system takes it without another copy for each route. */
    private final ByteBuffer current = ByteBuffer.allocateDirect(UdpBroadcaster.MAX_PAYLOAD);
    private final CountDownLatch end = new CountDownLatch(1);
    private volatile boolean isOpen;
    /** What the thread of copies has ended with, until somebody is told. */
    private volatile Throwable unheard;
    /** That of the current datagram. */
    private long number;

    private volatile long received;
    private volatile long sent;
    private volatile long bytes;
    private volatile long retried;
    private final AtomicLong skipped = new AtomicLong();
    private final AtomicLong letGo = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    /**
     * @param dryRun what takes lines instead of sending
     * @param losses takes messages on what is not sent to a target while the others go on
     */
    UdpSender(UdpRoutes routes, OnError onError, Optional<Pace> pace, Optional<OutputStream> dryRun,
            Consumer<String> losses) {
        this.routes = routes;
        this.onError = onError;
        this.pace = pace;
        this.dryRun = dryRun;
        this.losses = losses;
    }

    /** Does what {@link UdpBroadcaster#open} tells. */
    void open() throws IOException {
        routes.lookUpNames();
        lock.lock();
        try {
            checkNotEnded();
            routes.open();
            isOpen = true;
        } finally {
            leave();
        }
    }

    /**
     * Sends one payload so many times: now, or as soon as there is a turn and the targets take it; copies follow at once,
     * or later if there is a time between.
     *
     * @return whether any target took it
     * @throws InterruptedIOException after the end, or if that comes first
     */
    boolean send(ByteBuffer payload, int times, Duration between) throws IOException {
        received++;
        boolean taken = false;
        int left = times;
        try {
            if (!isOpen) {
                open();
            }
            do {
                left--;
                taken |= transmit(payload);
            } while (left > 0 && between.isZero());
            if (left > 0) {
                later.add(payload, left, between.toNanos());
                left = 0;
                checkNotEnded();
            }
            return taken;
        } finally {
            if (left > 0) {
                failed.addAndGet(left * routes());
            }
        }
    }

    /** One datagram to each target; whether any took it. */
    private boolean transmit(ByteBuffer payload) throws IOException {
        lock.lock();
        try {
            number++;
            long before = sent;
            checkNotEnded();
            routes.keepUp();
            if (dryRun.isPresent()) {
                show(payload.remaining(), dryRun.get());
                return false;
            }
            current.clear().put(payload.duplicate()).flip();
            if (!offer()) {
                persist();
            }
            return sent > before;
        } catch (IOException | RuntimeException failure) {
            failed.addAndGet(dryRun.isPresent() ? 0 : untaken().size());
            throw failure;
        } finally {
            leave();
        }
    }

    /** Writes a line for each route: where a datagram would come from and go to now. */
    private void show(int size, OutputStream lines) throws IOException {
        for (UdpRoute route : routes.all()) {
            lines.write((route.way() + ": " + size + " bytes\n").getBytes(StandardCharsets.UTF_8));
        }
        lines.flush();
    }

    /** Whoever has the sockets closes them after the end, or if they could not be opened. */
    private void leave() {
        if (isEnded() || !isOpen) {
            routes.close();
        }
        lock.unlock();
    }

    /** On the thread of copies. What fails there ends all, and is told to whoever sends or closes next. */
    private void sendCopy(ByteBuffer payload) {
        try {
            transmit(payload);
        } catch (IOException | RuntimeException | Error failure) {
            unheard = isEnded() ? unheard : failure;
            cancel();
        }
    }

    private boolean isEnded() {
        return end.getCount() == 0;
    }

    private void checkNotEnded() throws IOException {
        if (isEnded()) {
            throwUnheard();
            throw new InterruptedIOException("ended before everything was sent");
        }
    }

    private void throwUnheard() throws IOException {
        Throwable failure = unheard;
        unheard = null;
        if (failure instanceof IOException refusal) {
            throw refusal;
        } else if (failure instanceof RuntimeException mistake) {
            throw mistake;
        } else if (failure != null) {
            throw (Error) failure;
        }
    }

    /** To the routes that have not taken it; whether they all have now. */
    private boolean offer() throws IOException {
        boolean all = true;
        for (UdpRoute route : routes.all()) {
            all &= route.hasTaken(number) || offer(route);
        }
        return all;
    }

    private boolean offer(UdpRoute route) throws IOException {
        checkNotEnded();
        if (pace.isPresent() && route.isOpen()) {
            waitUntil(pace.get().next(System.nanoTime()));
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
            boolean othersTook = untaken.size() < routes.all().size();
            boolean arePassedOver = othersWaited >= PATIENCE || untaken.stream().allMatch(UdpRoute::isPassedOver);
            if (skips || othersTook && arePassedOver) {
                untaken.forEach(route -> route.misses(consequence, losses));
                skipped.addAndGet(untaken.size());
                letGo.addAndGet(skips ? untaken.size() : 0);
                return;
            }
            untaken.forEach(route -> route.sayIfItLasts("trying again until it works, the input waits"));
            retried += wait == FIRST_WAIT ? untaken.size() : 0;
            waitUntil(System.nanoTime() + wait);
            othersWaited += othersTook ? wait : 0;
            wait = Math.min(2 * wait, LONGEST_WAIT);
            routes.refresh();
            offer();
        }
    }

    private List<UdpRoute> untaken() {
        return routes.all().stream().filter(route -> !route.hasTaken(number)).toList();
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

    /** How many datagrams a payload is. */
    private long routes() {
        return routes.all().size();
    }

    /** Counts a payload that is not sent; a setting may have let it go. */
    void skip(int times, boolean isLetGo) {
        received++;
        skipped.addAndGet(times * routes());
        letGo.addAndGet(isLetGo ? times * routes() : 0);
    }

    /** Counts a payload that cannot be sent, which is a failure. */
    void fail(int times) {
        received++;
        failed.addAndGet(times * routes());
    }

    Counts counts() {
        return new Counts(received, sent, bytes, skipped.get(), letGo.get(), retried,
            failed.get() + later.unsent() * routes());
    }

    List<String> troubles() {
        return routes.all().stream().flatMap(route -> route.trouble().stream()).toList();
    }

    /** See {@link UdpBroadcaster#cancel}. What the system holds up for longer ends because its socket is closed. */
    void cancel() {
        end.countDown();
        later.end();
        try {
            if (lock.tryLock() || lock.tryLock(MILLIS_TO_FINISH, TimeUnit.MILLISECONDS)) {
                leave();
            } else {
                routes.close();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /** See {@link UdpBroadcaster#close}. */
    void close() throws IOException {
        // A callback of what is being sent cannot wait until it has returned itself.
        if (!lock.isHeldByCurrentThread()) {
            later.drain();
        }
        cancel();
        throwUnheard();
    }
}
