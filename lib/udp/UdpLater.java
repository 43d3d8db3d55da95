package lib.udp;

import java.nio.ByteBuffer;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Copies that go out later, on a thread of their own. What waits is bounded: who adds more has to wait. For use by one
 * adding thread; the other methods may be called from any.
 */
final class UdpLater {
    private static final int MOST_BYTES = 16 << 20;
    private static final int BYTES_AROUND_PAYLOAD = 100;

    /** After the end it takes no more, without a word. */
    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1, task -> {
        Thread daemon = new Thread(task, "udp-later");
        daemon.setDaemon(true);
        return daemon;
    }, new ThreadPoolExecutor.DiscardPolicy());
    /** Bytes that may still be added; all of them when nothing waits. */
    private final Semaphore room = new Semaphore(MOST_BYTES, true);
    private final AtomicLong unsent = new AtomicLong();
    private final Consumer<ByteBuffer> sender;

    /** @param sender sends a copy now; throws nothing */
    UdpLater(Consumer<ByteBuffer> sender) {
        this.sender = sender;
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** @param nanosBetween the time to the first copy, and from each to the next */
    void add(ByteBuffer payload, int times, long nanosBetween) {
        unsent.addAndGet(times);
        room.acquireUninterruptibly(payload.remaining() + BYTES_AROUND_PAYLOAD);
        schedule(ByteBuffer.allocate(payload.remaining()).put(payload.duplicate()).flip(), times, nanosBetween);
        if (thread.isShutdown()) {
            end();
        }
    }

    private void schedule(ByteBuffer payload, int times, long nanosBetween) {
        thread.schedule(() -> {
            unsent.decrementAndGet();
            sender.accept(payload);
            if (times > 1) {
                schedule(payload, times - 1, nanosBetween);
            } else {
                room.release(payload.remaining() + BYTES_AROUND_PAYLOAD);
            }
        }, nanosBetween, TimeUnit.NANOSECONDS);
    }

    /** Waits until all is sent, or until the end. */
    void drain() {
        room.acquireUninterruptibly(MOST_BYTES);
    }

    /** From now on nothing is sent, and nobody waits. Not by an interrupt, which would close the socket. */
    void end() {
        thread.shutdown();
        room.release(Math.max(0, MOST_BYTES - room.availablePermits()));
    }

    /** How many copies were not sent because of the end; none while there is still time for them. */
    long unsent() {
        return thread.isShutdown() ? unsent.get() : 0;
    }
}
