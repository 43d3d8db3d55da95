package lib.sse;

import java.util.concurrent.TimeUnit;

/**
 * When a stream that brings nothing counts as lost. Whoever finds that its time is over looks once more a little later:
 * what has arrived while this process stood still, stopped or suspended, is read first. Times are in nanoseconds.
 *
 * <p>For use by one thread.
 */
final class Silence {
    private static final long SECOND_LOOK = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long SECOND_LOOK_AFTER_A_PAUSE = TimeUnit.SECONDS.toNanos(1);
    /** Whoever looks later than this has stood still. */
    private static final long LATE = TimeUnit.MILLISECONDS.toNanos(20);

    private final long most;
    private long suspectedSince = Long.MIN_VALUE;
    private long lookAgain;

    /** @param most how long it may bring nothing; 0 for ever */
    Silence(long most) {
        this.most = most;
    }

    /**
     * How long until the next look; not above 0 if it is lost.
     *
     * @param lastRead when it last brought something
     */
    long left(long now, long lastRead) {
        long left = lastRead + most - now;
        if (most == 0) {
            return Long.MAX_VALUE;
        } else if (left > 0) {
            return left;
        }
        if (suspectedSince != lastRead) {
            suspectedSince = lastRead;
            lookAgain = now + (left < -LATE ? SECOND_LOOK_AFTER_A_PAUSE : SECOND_LOOK);
        }
        return lookAgain - now;
    }
}
