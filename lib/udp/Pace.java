package lib.udp;

/**
 * Evenly spaced turns, so many a second. The schedule is absolute: a turn that comes a little late does not move the ones
 * after it. So the rate is kept although a thread cannot wake up for each of 50,000 turns a second.
 */
final class Pace {
    /** Turns that were missed for longer are not made up for: they would come as a burst. */
    private static final double MOST_LATE_NANOS = 5e6;

    private final double interval;
    private final long origin;
    /** When the next turn should be, in nanoseconds after the origin. */
    private double due;

    /** Times are those of a monotonic clock, in nanoseconds. */
    Pace(double perSecond, long now) {
        if (!(perSecond > 0)) {
            throw new IllegalArgumentException("rate " + perSecond + ": expected more than 0 datagrams per second");
        }
        interval = 1e9 / perSecond;
        origin = now;
    }

    /** Takes the next turn; returns its time, before {@code now} if it is late. */
    long next(long now) {
        double turn = Math.max(due, now - origin - MOST_LATE_NANOS);
        due = turn + interval;
        return origin + (long) turn;
    }
}
