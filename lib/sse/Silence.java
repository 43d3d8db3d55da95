package lib.sse;

import java.util.concurrent.TimeUnit;

/**
 * When a stream that brings nothing counts as lost. Whoever finds that its time is over looks once more a little later,
 * and much later if this process stood still, stopped or suspended: the reader first takes what has arrived meanwhile.
 * Times are in nanoseconds.
 */
final class Silence {
    private static final long SECOND_LOOK = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long SECOND_LOOK_AFTER_A_PAUSE = TimeUnit.SECONDS.toNanos(1);
    /** Whoever looks later than this has stood still. */
    private static final long LATE = TimeUnit.MILLISECONDS.toNanos(20);

    private final long most;
    private long secondLook = Long.MIN_VALUE;

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
        long over = lastRead + most;
        if (now >= over && secondLook < over) {
            secondLook = now + (now - over > LATE ? SECOND_LOOK_AFTER_A_PAUSE : SECOND_LOOK);
        }
        return most == 0 ? Long.MAX_VALUE : Math.max(over, secondLook) - now;
    }
}
