package lib.sse;

import java.util.concurrent.TimeUnit;

/**
 * When a stream that brings nothing counts as lost. Whoever comes late to look, because this process stood still, stopped
 * or suspended, leaves the reader a second to take what has arrived meanwhile. Times are in nanoseconds.
 */
final class Silence {
    private static final long LATE = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long TIME_TO_READ = TimeUnit.SECONDS.toNanos(1);

    private final long most;
    private long notBefore = Long.MIN_VALUE;

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
        boolean stoodStill = now - over > LATE && notBefore < over;
        notBefore = stoodStill ? now + TIME_TO_READ : notBefore;
        return most == 0 ? Long.MAX_VALUE : Math.max(over, notBefore) - now;
    }
}
