package lib.cli;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Prints the first messages of a kind, then one in a while, which says how many there were. Safe for several threads. */
public final class RateLimitedLog {
    private static final int MOST_KINDS = 50;

    private static final class Kind {
        int said;
        int unsaid;
        long lastSaid;
        long last;
    }

    private final int first;
    private final long between;
    private final LongSupplier nanoTime;
    private final Map<String, Kind> kinds = new LinkedHashMap<>();

    /** Lets out three messages, then one a minute. */
    public RateLimitedLog() { this(3, Duration.ofMinutes(1), System::nanoTime); }

    /**
     * @param first    how many messages of a kind go out at once; a kind that was quiet for {@code between} begins anew
     * @param nanoTime {@link System#nanoTime}, or the clock of a test
     */
    private RateLimitedLog(int first, Duration between, LongSupplier nanoTime) {
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

    /**
     * Returns what keeps the journal of a subscription short: of the same trouble it prints the first five lines, then
     * one in ten minutes, and "connected again" only if the trouble was printed.
     *
     * @param nanoTime {@link System#nanoTime}, or the clock of a test
     */
    static Consumer<String> ofConnections(Consumer<String> out, LongSupplier nanoTime) {
        RateLimitedLog log = new RateLimitedLog(5, Duration.ofMinutes(10), nanoTime);
        AtomicBoolean isTroubleSaid = new AtomicBoolean();
        return notice -> {
            int trouble = notice.indexOf("; connecting again in ");
            if (trouble >= 0) {
                // How an answer begins, and how long the wait is, may differ each time.
                String kind = notice.substring(0, trouble).replaceFirst("; the answer begins: .*", "");
                isTroubleSaid.compareAndSet(false, log.say(kind, notice, out));
            } else if (!notice.endsWith(": connected again")) {
                // After a silence there is no wait.
                isTroubleSaid.compareAndSet(false, notice.contains("; connecting again"));
                out.accept(notice);
            } else if (isTroubleSaid.getAndSet(false)) {
                out.accept(notice);
            }
        };
    }

    private static String minutes(long nanos) { return TimeUnit.NANOSECONDS.toMinutes(nanos) + " min"; }
}
