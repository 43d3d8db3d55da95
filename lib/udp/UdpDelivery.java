//SOURCES Pace.java Reason.java UdpBroadcaster.java UdpRoute.java UdpRoutes.java
package lib.udp;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import lib.udp.UdpBroadcaster.CancelledException;
import lib.udp.UdpBroadcaster.OnError;

/**
 * Has each datagram taken by all routes, one datagram after the other. Where it is refused it is offered again, while
 * the caller waits; for how long, {@link UdpBroadcaster} tells. For use by any thread.
 */
final class UdpDelivery {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(UdpBroadcaster.PATIENCE_SECONDS);
    private static final long FIRST_WAIT = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(1);
    /** What is over sooner than this is worth no message. */
    private static final long BLIP = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long MOST_TO_FINISH = TimeUnit.MILLISECONDS.toNanos(500);
    /** What every network that carries IPv6 can carry in one packet. */
    private static final int SURELY_UNFRAGMENTED = 1232;

    OnError onError = OnError.RETRY;
    Pace pace;
    Consumer<String> notices = message -> {};

    volatile long sent;
    volatile long bytes;
    volatile long skipped;
    volatile long retried;
    volatile long failed;

    private final UdpRoutes routes;
    /** Fair, so that copies and new datagrams take turns. */
    private final ReentrantLock lock = new ReentrantLock(true);
    /** What is being sent: from here the system takes it without another copy for each route. */
    private final ByteBuffer current = ByteBuffer.allocateDirect(UdpBroadcaster.MAX_PAYLOAD);
    private long number;
    private boolean fragmentsSaid;
    private volatile Thread waiting;
    private volatile boolean cancelled;

    UdpDelivery(UdpRoutes routes) {
        this.routes = routes;
    }

    /** One datagram to each target, now, or as soon as there is a turn and they take it. */
    void send(ByteBuffer datagram) throws IOException {
        lock.lock();
        try {
            number++;
            current.clear().put(datagram.duplicate()).flip();
            routes.refresh();
            if (current.limit() > SURELY_UNFRAGMENTED && !fragmentsSaid) {
                sayIfFragmented(current.limit());
            }
            if (!offer()) {
                persist();
            }
        } catch (IOException end) {
            failed += untaken().size();
            throw end;
        } finally {
            lock.unlock();
        }
    }

    private void sayIfFragmented(int size) {
        routes.all().stream().filter(route -> size > route.unfragmented()).findFirst().ifPresent(route -> {
            fragmentsSaid = true;
            notices.accept(route + ": " + size + " bytes, more than the " + route.unfragmented()
                + " that leave there in one packet: sent in parts, and lost if one part is (this is said once)");
        });
    }

    /** To the routes that have not taken it; whether they all have now. */
    private boolean offer() throws IOException {
        boolean all = true;
        for (UdpRoute route : routes.all()) {
            if (route.taken != number && !offer(route)) {
                all = false;
            }
        }
        return all;
    }

    private boolean offer(UdpRoute route) throws IOException {
        if (route.isOpen()) {
            awaitTurn();
            try {
                route.send(current);
                taken(route);
                return true;
            } catch (IOException refusal) {
                route.fails(Reason.of(refusal));
            }
        }
        if (onError == OnError.FAIL) {
            throw new IOException(route + ": " + route.failure);
        }
        return false;
    }

    private void awaitTurn() throws IOException {
        if (pace != null) {
            waitUntil(pace.next(System.nanoTime()));
        } else if (cancelled) {
            throw new CancelledException();
        }
    }

    private void taken(UdpRoute route) {
        sent++;
        bytes += current.limit();
        route.taken = number;
        if (pace != null) {
            pace.taken(System.nanoTime());
        }
        if (route.failure != null) {
            route.works().ifPresent(notices);
        }
    }

    /** Offers a datagram again to the routes that did not take it, while the input waits. */
    private void persist() throws IOException {
        boolean counted = false;
        long othersTook = 0;
        long wait = FIRST_WAIT;
        while (true) {
            List<UdpRoute> untaken = untaken();
            boolean anyTook = onError == OnError.SKIP || untaken.size() < routes.all().size();
            if (anyTook && othersTook == 0) {
                othersTook = System.nanoTime();
            }
            if (anyTook && (onError == OnError.SKIP || System.nanoTime() - othersTook >= PATIENCE)) {
                untaken.forEach(this::passOver);
            }
            if (untaken.stream().allMatch(route -> anyTook && route.passedOver)) {
                untaken.forEach(route -> route.missed++);
                skipped += untaken.size();
                return;
            }
            untaken.forEach(this::sayIfItFails);
            retried += counted ? 0 : untaken.size();
            counted = true;
            waitUntil(System.nanoTime() + wait);
            wait = Math.min(2 * wait, LONGEST_WAIT);
            routes.refresh();
            offer();
        }
    }

    private List<UdpRoute> untaken() {
        return routes.all().stream().filter(route -> route.taken != number).toList();
    }

    /** From now on nothing waits for it. */
    private void passOver(UdpRoute route) {
        if (!route.passedOver) {
            route.passedOver = true;
            route.failureSaid = true;
            notices.accept(route + ": " + route.failure + "; " + (onError == OnError.SKIP
                ? "datagrams to it are skipped until it works again"
                : "the other targets go on without it until it works again"));
        }
    }

    private void sayIfItFails(UdpRoute route) {
        if (!route.failureSaid && System.nanoTime() - route.failingSince > BLIP) {
            route.failureSaid = true;
            notices.accept(route + ": " + route.failure + "; trying again until it works, the input waits");
        }
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

    /** Ends every wait, for good; waits a little until it has ended. */
    void cancel() {
        cancelled = true;
        LockSupport.unpark(waiting);
        try {
            if (lock.tryLock(MOST_TO_FINISH, TimeUnit.NANOSECONDS)) {
                lock.unlock();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
