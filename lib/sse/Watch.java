//SOURCES Progress.java Reason.java
package lib.sse;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Where the threads of one subscription meet: one listens, which means that it waits; one reads, and hands over what it
 * has read; any may close.
 *
 * <p>The reading thread holds a lock while it hands over, and the listening thread holds the same lock while it decides
 * whether an exchange is over. So nothing is being handed over when that is decided, and nothing is handed over after
 * it. Closing does not wait for the lock: {@code closed} is looked at before each event.
 */
final class Watch {
    /** What the handler is called in. */
    interface HandOver {
        void run() throws IOException;
    }

    private static final long TIME_TO_FINISH = TimeUnit.MILLISECONDS.toNanos(800);
    /** Who is done with a hand-over wakes nobody: whoever found the lock taken looks again. */
    private static final long UNTIL_NEXT_LOOK = TimeUnit.SECONDS.toNanos(1);

    private final Consumer<String> notices;
    private final AtomicReference<Thread> listener = new AtomicReference<>();
    private final ReentrantLock handingOver = new ReentrantLock();
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean closed;
    private volatile boolean abandoned;
    private volatile Throwable failure;

    /** @param notices takes what a handler throws that nobody waits for any more */
    Watch(Consumer<String> notices) {
        this.notices = notices;
    }

    // ---- the listening thread ----

    /** This thread listens from now on. */
    void begin() {
        if (!listener.compareAndSet(null, Thread.currentThread())) {
            throw new IllegalStateException("a client listens once");
        }
    }

    /**
     * Waits until no time is left, or all is over: then what is being handed over may finish, if that does not take
     * long. Saves the progress meanwhile.
     *
     * @param nanosLeft asked again whenever this thread was woken, while nothing is being handed over
     * @return whether it goes on; false once it is closed
     * @throws IOException what the handler threw
     */
    boolean await(LongSupplier nanosLeft, Progress progress) throws IOException, InterruptedException {
        while (true) {
            boolean isInterrupted = Thread.interrupted();
            if (closed || isInterrupted) {
                end();
                rethrow();
                if (isInterrupted) {
                    throw new InterruptedException();
                }
                return false;
            }
            long left = look(nanosLeft);
            if (left <= 0) {
                rethrow();
                return true;
            }
            long leftToSave = progress.nanosToSave();
            if (leftToSave <= 0) {
                progress.save();
            } else {
                LockSupport.parkNanos(this, Math.min(left, leftToSave));
            }
        }
    }

    private long look(LongSupplier nanosLeft) {
        if (!handingOver.tryLock()) {
            return UNTIL_NEXT_LOOK;
        }
        try {
            return nanosLeft.getAsLong();
        } finally {
            handingOver.unlock();
        }
    }

    private void end() {
        closed = true;
        try {
            if (handingOver.tryLock(TIME_TO_FINISH, TimeUnit.NANOSECONDS)) {
                handingOver.unlock();
            }
        } catch (InterruptedException again) {
            Thread.currentThread().interrupt();
        }
        abandoned = true;
    }

    private void rethrow() throws IOException {
        if (failure instanceof IOException thrown) {
            throw thrown;
        } else if (failure instanceof RuntimeException thrown) {
            throw thrown;
        } else if (failure instanceof Error thrown) {
            throw thrown;
        }
    }

    /** Nobody listens any more. */
    void finish() {
        closed = true;
        finished.countDown();
    }

    // ---- the reading thread ----

    /** Hands over, unless all is over, and says whether it goes on. */
    boolean handOver(HandOver work) {
        handingOver.lock();
        try {
            if (!closed) {
                work.run();
            }
        } catch (Throwable thrown) {
            failure = thrown;
        } finally {
            handingOver.unlock();
        }
        // Whoever closed may have closed what the handler writes to, too.
        if (abandoned && failure != null && !(failure instanceof ClosedChannelException)) {
            notices.accept("after the end: " + Reason.of(failure));
        }
        return !closed && failure == null;
    }

    // ---- any thread ----

    boolean isClosed() {
        return closed;
    }

    /** Whether the handler works on after the end. */
    boolean isHandlerAbandoned() {
        return abandoned && handingOver.isLocked();
    }

    /** Has the listening thread look again. */
    void wake() {
        LockSupport.unpark(listener.get());
    }

    /** Ends it all, and waits a little for that, unless this thread is one of those that it would wait for. */
    void close() {
        closed = true;
        wake();
        Thread self = Thread.currentThread();
        try {
            if (listener.get() != null && listener.get() != self && !handingOver.isHeldByCurrentThread()) {
                finished.await(TIME_TO_FINISH, TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException stop) {
            self.interrupt();
        }
    }
}
