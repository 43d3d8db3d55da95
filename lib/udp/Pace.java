package lib.udp;

/**
 * Evenly spaced turns, so many a second. The schedule is absolute: a turn that comes late does not move the ones after
 * it. So the rate is kept although a thread cannot wake up for each of 50,000 turns a second.
 */
final class Pace {
    /** Turns that the input left out for longer are not made up for: they would come as a burst after the pause. */
    private static final double MOST_IDLE_NANOS = 5e6;
    /** Turns for which the thread woke up, or was done, too late are all made up for, if it was not later than this. */
    private static final double MOST_LATE_NANOS = 1e9;
    /** What may come at once after a late wake-up; the rest is made up for at twice the rate. */
    private static final double BURST_NANOS = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;

    private final double interval;
    private final long origin;
    /** When the next turn should be, and when it may be at the earliest, in nanoseconds after the origin. */
    private double due;
    private double earliest;
    private double taken;

    /** Times are those of a monotonic clock, in nanoseconds. */
    Pace(double perSecond, long now) {
        interval = NANOS_PER_SECOND / perSecond;
        origin = now;
    }

    /** Takes the next turn; returns its time, before {@code now} if it is late. */
    long next(long now) {
        double passed = now - origin;
        if (passed - Math.max(taken, due) > MOST_IDLE_NANOS) {
            due = passed - MOST_IDLE_NANOS;
        }
        due = Math.max(due, passed - MOST_LATE_NANOS);
        earliest = Math.max(earliest, passed - BURST_NANOS);
        double turn = Math.max(due, earliest);
        due += interval;
        earliest = turn + interval / 2;
        return origin + (long) turn;
    }

    /** What the turn was for is done now. */
    void taken(long now) {
        taken = now - origin;
    }
}
