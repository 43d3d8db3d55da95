package lib.cli;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Lets the first messages of a kind out, then one in a while, which says how many there were. Safe for several threads. */
public final class RateLimitedLog {
    private static final int MOST_KINDS = 50;

    private static final class Kind {
        private int said;
        private int unsaid;
        private long lastSaid;
        private long last;
    }

    private final int first;
    private final long between;
    private final LongSupplier nanoTime;
    private final Map<String, Kind> kinds = new LinkedHashMap<>();

    /** Lets out three messages, then one a minute. */
    public RateLimitedLog() {
        this(3, Duration.ofMinutes(1), System::nanoTime);
    }

    /**
     * @param first    how many messages of a kind go out at once; a kind that was quiet for {@code between} begins anew
     * @param nanoTime {@link System#nanoTime}, or the clock of a test
     */
    RateLimitedLog(int first, Duration between, LongSupplier nanoTime) {
        this.first = first;
        this.between = between.toNanos();
        this.nanoTime = nanoTime;
    }

    /** Prints a message unless there were too many of its kind, and returns whether it did. */
    public synchronized boolean say(String kind, String message, Consumer<String> out) {
        long now = nanoTime.getAsLong();
        Kind one = kinds.remove(kind);
        one = one == null || now - one.last >= between ? new Kind() : one;
        kinds.put(kind, one);
        if (kinds.size() > MOST_KINDS) {
            kinds.remove(kinds.keySet().iterator().next());
        }
        one.last = now;
        if (one.said >= first && now - one.lastSaid < between) {
            one.unsaid++;
            return false;
        }
        one.said++;
        String more = one.said == first ? " (from now on one such line in " + minutes(between) + ")"
            : one.unsaid == 0 ? "" : " (and " + one.unsaid + " more in " + minutes(now - one.lastSaid) + ")";
        one.unsaid = 0;
        one.lastSaid = now;
        out.accept(message + more);
        return true;
    }

    private static String minutes(long nanos) { return TimeUnit.NANOSECONDS.toMinutes(nanos) + " min"; }
}
