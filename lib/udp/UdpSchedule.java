//SOURCES UdpBroadcaster.java
package lib.udp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Datagrams that go out later, in the order of their times, on a thread of their own. What waits is bounded: whoever
 * adds more has to wait. For use by one adding thread; {@link #cancel} may come from any.
 */
final class UdpSchedule {
    /** Sends a datagram now. */
    @FunctionalInterface
    interface Sender {
        void send(ByteBuffer payload) throws IOException;
    }

    private static final long MOST_BYTES = 16 << 20;
    private static final int BYTES_AROUND_PAYLOAD = 100;
    private static final long ORIGIN = System.nanoTime();

    /** @param due in nanoseconds after the origin */
    private record Copy(long due, long number, int times, byte[] payload) {
        int bytes() {
            return payload.length + BYTES_AROUND_PAYLOAD;
        }
    }

    private final PriorityQueue<Copy> copies = new PriorityQueue<>(
        Comparator.comparingLong(Copy::due).thenComparingLong(Copy::number));
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final long nanosBetween;
    private final Sender sender;
    private long bytes;
    private long number;
    private long leftUnsent;
    private boolean sending;
    private boolean started;
    private boolean cancelled;
    private IOException failure;

    /** @param nanosBetween the time from one copy of a datagram to the next */
    UdpSchedule(long nanosBetween, Sender sender) {
        this.nanosBetween = nanosBetween;
        this.sender = sender;
    }

    private static long now() {
        return System.nanoTime() - ORIGIN;
    }

    /**
     * Has a payload sent {@code times} times, the first time in {@code nanos} from now.
     *
     * @throws IOException if the sender failed earlier, or was cancelled
     */
    void add(ByteBuffer payload, long nanos, int times) throws IOException {
        byte[] own = new byte[payload.remaining()];
        payload.duplicate().get(own);
        lock.lock();
        try {
            while (bytes > MOST_BYTES && failure == null && !cancelled) {
                changed.awaitUninterruptibly();
            }
            check();
            put(new Copy(now() + nanos, number++, times, own));
            if (!started) {
                start();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void put(Copy copy) {
        copies.add(copy);
        bytes += copy.bytes();
    }

    private void start() {
        started = true;
        Thread thread = new Thread(this::run, "udp-schedule");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        lock.lock();
        try {
            while (!cancelled) {
                sendWhenDue();
            }
        } catch (IOException failed) {
            failure = failed;
        } catch (InterruptedException nobodyDoesThat) {
            failure = new IOException("interrupted", nobodyDoesThat);
        } finally {
            copies.forEach(copy -> leftUnsent += copy.times);
            copies.clear();
            sending = false;
            changed.signalAll();
            lock.unlock();
        }
    }

    private void sendWhenDue() throws IOException, InterruptedException {
        Copy next = copies.peek();
        if (next == null) {
            changed.await();
            return;
        }
        long wait = next.due - now();
        if (wait > 0) {
            changed.awaitNanos(wait);
            return;
        }
        copies.remove();
        bytes -= next.bytes();
        sendUnlocked(next);
        if (next.times > 1) {
            put(new Copy(now() + nanosBetween, number++, next.times - 1, next.payload));
        }
        changed.signalAll();
    }

    private void sendUnlocked(Copy copy) throws IOException {
        leftUnsent += copy.times - 1;
        sending = true;
        lock.unlock();
        try {
            sender.send(ByteBuffer.wrap(copy.payload));
        } finally {
            lock.lock();
        }
        sending = false;
        leftUnsent -= copy.times - 1;
    }

    /** Waits until all is sent, or the sender failed, or was cancelled. */
    void drain() throws IOException {
        lock.lock();
        try {
            while ((!copies.isEmpty() || sending) && failure == null && !cancelled) {
                changed.awaitUninterruptibly();
            }
            check();
        } finally {
            lock.unlock();
        }
    }

    /** From now on nothing is sent, and nobody waits. */
    void cancel() {
        lock.lock();
        try {
            cancelled = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** How many datagrams were not sent because of the end; none while there is still time for them. */
    long leftUnsent() {
        lock.lock();
        try {
            return failure == null && !cancelled ? 0 : leftUnsent + copies.stream().mapToLong(Copy::times).sum();
        } finally {
            lock.unlock();
        }
    }

    private void check() throws IOException {
        if (failure != null) {
            throw new IOException(failure.getMessage(), failure);
        } else if (cancelled) {
            throw new UdpBroadcaster.CancelledException();
        }
    }
}
