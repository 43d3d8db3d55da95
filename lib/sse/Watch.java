//SOURCES Progress.java SseClient.java SseStream.java
package lib.sse;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * The listening thread, which watches while another one reads: it parks until something happens or a time is over, and
 * saves the last event ID meanwhile. Whoever changes one of the facts that it looks at wakes it afterwards.
 */
final class Watch {
    private static final Duration TIME_TO_FINISH = Duration.ofMillis(800);

    private final AtomicReference<Thread> listener = new AtomicReference<>();
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean closed;
    private volatile SseStream stream;
    private LongSupplier timeLeft = () -> Long.MAX_VALUE;
    private Progress progress;

    /** This thread listens from now on. */
    void begin() {
        if (!listener.compareAndSet(null, Thread.currentThread())) {
            throw new IllegalStateException("a client listens once");
        }
    }

    /** @param maxTime zero for ever */
    void begin(Progress what, Duration maxTime) {
        progress = what;
        timeLeft = maxTime.isZero() ? timeLeft : leftOf(maxTime);
    }

    /** Nobody listens any more. */
    void finish() {
        closed = true;
        finished.countDown();
    }

    boolean isClosed() {
        return closed;
    }

    /** The last stream; null if there was none. */
    SseStream stream() {
        return stream;
    }

    /** Has the listening thread look again; for any thread. */
    void wake() {
        LockSupport.unpark(listener.get());
    }

    /** Ends it all, and waits a little for it unless this thread is part of it; for any thread. */
    void close() {
        closed = true;
        SseStream now = stream;
        if (now != null) {
            now.detach();
        }
        wake();
        Thread self = Thread.currentThread();
        boolean isPart = listener.get() == null || listener.get() == self || now != null && now.isBusy(self);
        try {
            if (!isPart) {
                finished.await(TIME_TO_FINISH.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException stop) {
            self.interrupt();
        }
    }

    /** From now on {@link #close} ends this stream. */
    void attach(SseStream one) {
        stream = one;
        if (closed) {
            one.detach();
        }
    }

    /**
     * Waits until there is no time left (null) or all is over (how).
     *
     * @param nanosLeft asked again whenever this thread was woken
     */
    SseClient.Outcome await(LongSupplier nanosLeft) throws InterruptedException {
        while (true) {
            if (Thread.interrupted()) {
                closed = true;
                throw new InterruptedException();
            }
            long leftOfAll = timeLeft.getAsLong();
            if (closed || leftOfAll <= 0) {
                SseClient.Outcome outcome = closed ? SseClient.Outcome.CLOSED : SseClient.Outcome.TIME_OVER;
                closed = true;
                return outcome;
            }
            long left = nanosLeft.getAsLong();
            if (left <= 0) {
                return null;
            }
            long leftToSave = progress.nanosToSave();
            if (leftToSave <= 0) {
                progress.save();
            } else {
                LockSupport.parkNanos(this, Math.min(left, Math.min(leftOfAll, leftToSave)));
            }
        }
    }

    /**
     * Nothing more is handed over. What is being handed over may finish: it is waited for, but not for long once all is
     * over, as it is when this thread is interrupted.
     */
    void leave(SseStream left) {
        left.detach();
        boolean wasInterrupted = false;
        LongSupplier patience = () -> Long.MAX_VALUE;
        boolean isOver = false;
        while (left.isBusy() && patience.getAsLong() > 0) {
            if (closed && !isOver) {
                isOver = true;
                patience = leftOf(TIME_TO_FINISH);
            }
            LockSupport.parkNanos(this, patience.getAsLong());
            if (Thread.interrupted()) {
                wasInterrupted = true;
                closed = true;
            }
        }
        left.close();
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is left of a time that begins now, in nanoseconds. */
    static LongSupplier leftOf(Duration time) {
        long start = System.nanoTime();
        long nanos = time.toNanos();
        return () -> nanos - (System.nanoTime() - start);
    }
}
