package lib.sse;

import java.util.concurrent.TimeUnit;

/**
 * When a stream that brings nothing counts as lost. Who finds that its time is over looks once more a little later: what
 * has arrived while this process stood still, stopped or suspended or without memory, is read first. Times are in
 * nanoseconds. For use by one thread.
 */
final class Silence {
    private static final long SECOND_LOOK = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long SECOND_LOOK_AFTER_A_PAUSE = TimeUnit.SECONDS.toNanos(1);
    /** Who comes later than this has overslept. */
    private static final long LATE = TimeUnit.MILLISECONDS.toNanos(20);

    private final long most;
    private boolean suspected;
    private long suspectedLastRead;
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
        if (most == 0) {
            return Long.MAX_VALUE;
        }
        long left = lastRead + most - now;
        if (left > 0) {
            suspected = false;
            return left;
        }
        if (!suspected || suspectedLastRead != lastRead) {
            suspected = true;
            suspectedLastRead = lastRead;
            lookAgain = now + (left < -LATE ? SECOND_LOOK_AFTER_A_PAUSE : SECOND_LOOK);
        }
        return lookAgain - now;
    }
}
