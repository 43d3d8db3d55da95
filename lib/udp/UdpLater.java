//SOURCES CancelledException.java
package lib.udp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Copies that go out later, on a thread of their own. What waits is bounded: who adds more has to wait. For use by one
 * adding thread; the other methods may be called from any.
 */
final class UdpLater {
    /** Sends a datagram now. */
    @FunctionalInterface
    interface Sender {
        void send(ByteBuffer payload) throws IOException;
    }

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
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final long nanosBetween;
    private final Sender sender;
    private volatile boolean ended;

    /** @param nanosBetween the time to the first copy, and from each to the next */
    UdpLater(long nanosBetween, Sender sender) {
        this.nanosBetween = nanosBetween;
        this.sender = sender;
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /**
     * @throws IOException        if the sender failed earlier; once, and {@link #drain} does not throw it again
     * @throws CancelledException after the end
     */
    void add(ByteBuffer payload, int times) throws IOException {
        unsent.addAndGet(times);
        if (!ended) {
            room.acquireUninterruptibly(payload.remaining() + BYTES_AROUND_PAYLOAD);
            schedule(ByteBuffer.allocate(payload.remaining()).put(payload.duplicate()).flip(), times);
        }
        if (ended) {
            end();
            throwFailure();
            throw new CancelledException();
        }
    }

    private void schedule(ByteBuffer payload, int times) {
        thread.schedule(() -> send(payload, times), nanosBetween, TimeUnit.NANOSECONDS);
    }

    /** Whatever goes wrong here, a callback of the user's included, must reach the thread that adds or closes. */
    private void send(ByteBuffer payload, int times) {
        try {
            unsent.decrementAndGet();
            sender.send(payload);
            if (times > 1) {
                schedule(payload, times - 1);
            } else {
                room.release(payload.remaining() + BYTES_AROUND_PAYLOAD);
            }
        } catch (CancelledException askedFor) {
            end();
        } catch (IOException | RuntimeException | Error failed) {
            failure.set(failed);
            end();
        }
    }

    /** Waits until all is sent, or until the end. */
    void drain() throws IOException {
        room.acquireUninterruptibly(MOST_BYTES);
        end();
        throwFailure();
    }

    /** From now on nothing is sent, and nobody waits. Not by an interrupt, which would close the socket. */
    void end() {
        ended = true;
        thread.shutdown();
        room.release(Math.max(0, MOST_BYTES - room.availablePermits()));
    }

    /** How many copies were not sent because of the end; none while there is still time for them. */
    long unsent() {
        return ended ? unsent.get() : 0;
    }

    private void throwFailure() throws IOException {
        Throwable failed = failure.getAndSet(null);
        if (failed instanceof IOException refusal) {
            throw refusal;
        } else if (failed instanceof RuntimeException callback) {
            throw callback;
        } else if (failed != null) {
            throw (Error) failed;
        }
    }
}
