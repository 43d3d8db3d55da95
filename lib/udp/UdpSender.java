//SOURCES CancelledException.java Counts.java OnError.java Pace.java UdpBroadcaster.java UdpRoute.java UdpRoutes.java
package lib.udp;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Has each datagram taken by all routes, one datagram after the other. Where it is refused it is offered again, while
 * the caller waits; for how long, {@link UdpBroadcaster} tells. For use by any thread.
 */
final class UdpSender {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);
    private static final long FIRST_WAIT = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(1);
    private static final long MILLIS_TO_FINISH = 500;

    private final UdpRoutes routes;
    private final OnError onError;
    private final Optional<Pace> pace;
    private final Consumer<String> notices;
    /** Fair, so that copies and new datagrams take turns. */
    private final ReentrantLock lock = new ReentrantLock(true);
    /** What is being sent: from here the system takes it without another copy for each route. */
    private final ByteBuffer current = ByteBuffer.allocateDirect(UdpBroadcaster.MAX_PAYLOAD);
    private long number;
    private volatile Thread waiting;
    private volatile boolean ended;
    private volatile Throwable unheard;

    private volatile long sent;
    private volatile long bytes;
    private volatile long skipped;
    private volatile long retried;
    private volatile long failed;

    /** @param notices takes those on what is not sent to a target while the others go on */
    UdpSender(UdpRoutes routes, OnError onError, Optional<Pace> pace, Consumer<String> notices) {
        this.routes = routes;
        this.onError = onError;
        this.pace = pace;
        this.notices = notices;
    }

    /**
     * One datagram to each target, now, or as soon as there is a turn and they take it.
     *
     * @return whether any target took it
     * @throws CancelledException after the end, or if that comes first
     */
    boolean send(ByteBuffer datagram) throws IOException {
        lock.lock();
        try {
            number++;
            long before = sent;
            checkNotEnded();
            routes.refresh();
            current.clear().put(datagram.duplicate()).flip();
            if (!offer()) {
                persist();
            }
            return sent > before;
        } catch (IOException | RuntimeException end) {
            failed += untaken().size();
            throw end;
        } finally {
            leave();
        }
    }

    /** Sends nothing, but writes a line for each route: where the datagram would come from and go to now. */
    void show(ByteBuffer datagram, OutputStream lines) throws IOException {
        lock.lock();
        try {
            checkNotEnded();
            routes.refresh();
            for (UdpRoute route : routes.all()) {
                String line = route.way() + ": " + datagram.remaining() + " bytes\n";
                lines.write(line.getBytes(StandardCharsets.UTF_8));
            }
            lines.flush();
        } finally {
            leave();
        }
    }

    /** After the end whoever has the sockets closes them. */
    private void leave() {
        if (ended) {
            routes.close();
        }
        lock.unlock();
    }

    /** Whether this thread is within {@link #send} or {@link #show}, and a callback has brought it here. */
    boolean isSendingHere() {
        return lock.isHeldByCurrentThread();
    }

    /** For what fails on a thread that is none of the user's. It ends all. */
    void endWith(Throwable failure) {
        if (!ended) {
            unheard = failure;
            cancel();
        }
    }

    /** Throws, once, on a thread of the user's what another one has ended with. */
    void throwUnheard() throws IOException {
        Throwable failure = unheard;
        if (failure == null) {
            return;
        }
        unheard = null;
        if (failure instanceof IOException refusal) {
            throw refusal;
        } else if (failure instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) failure;
    }

    void checkNotEnded() throws CancelledException {
        if (ended) {
            throw new CancelledException();
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
        pace.ifPresent(turns -> turns.taken(System.nanoTime()));
        route.works();
        return true;
    }

    /** Offers a datagram again to the routes that did not take it, while the input waits. */
    private void persist() throws IOException {
        String consequence = onError == OnError.SKIP ? "datagrams to it are skipped until it works again"
            : "the other targets go on without it until it works again";
        long othersTook = 0;
        long wait = FIRST_WAIT;
        for (List<UdpRoute> untaken = untaken(); !untaken.isEmpty(); untaken = untaken()) {
            boolean goesOn = onError == OnError.SKIP || untaken.size() < routes.all().size();
            othersTook = goesOn && othersTook == 0 ? System.nanoTime() : othersTook;
            if (onError == OnError.SKIP || goesOn && System.nanoTime() - othersTook >= PATIENCE) {
                untaken.forEach(route -> route.passOver(consequence, notices));
            }
            if (goesOn && untaken.stream().allMatch(UdpRoute::isPassedOver)) {
                untaken.forEach(UdpRoute::misses);
                skipped += untaken.size();
                return;
            }
            untaken.forEach(route -> route.sayIfItFails("trying again until it works, the input waits"));
            retried += wait == FIRST_WAIT ? untaken.size() : 0;
            waitUntil(System.nanoTime() + wait);
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
        waiting = Thread.currentThread();
        for (long left = time - System.nanoTime(); left > 0 && !ended; left = time - System.nanoTime()) {
            LockSupport.parkNanos(this, left);
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while a datagram waited");
            }
        }
        waiting = null;
        checkNotEnded();
    }

    /** How many datagrams a payload is. */
    int routes() {
        return routes.all().size();
    }

    /** What has become of datagrams here; nothing is known of what was received. */
    Counts counts() {
        return new Counts(0, sent, bytes, skipped, onError == OnError.SKIP ? skipped : 0, retried, failed);
    }

    /** Which targets do not work now, and why: a text for each. */
    List<String> troubles() {
        return routes.all().stream().flatMap(route -> route.trouble().stream()).toList();
    }

    /**
     * Ends every wait, for good, and waits a little until it has ended; what waited counts as failed. What the system
     * holds up for longer than that ends because its socket is closed.
     */
    void cancel() {
        ended = true;
        LockSupport.unpark(waiting);
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
}
