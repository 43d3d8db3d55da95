package lib.cli;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Prints the first five messages of a kind, then one in ten minutes with the number of those left out. Thread-safe. */
public final class RateLimitedLog {
    private static final int FIRST = 5;
    private static final long BETWEEN = TimeUnit.MINUTES.toNanos(10);
    private static final int MOST_KINDS = 50;

    private static final class Kind {
        int said;
        int unsaid;
        long lastSaid;
    }

    /** A test has a clock of its own. */
    LongSupplier nanoTime = System::nanoTime;
    private final Map<String, Kind> kinds = new HashMap<>();
    private boolean isTroubleSaid;

    /** Prints a message unless there were too many of its kind, and returns whether it did. */
    public synchronized boolean say(String kind, String message, Consumer<String> out) {
        if (kinds.size() > MOST_KINDS) {
            kinds.clear();
        }
        long now = nanoTime.getAsLong();
        Kind one = kinds.computeIfAbsent(kind, any -> new Kind());
        boolean isLate = one.said > 0 && now - one.lastSaid >= BETWEEN;
        if (one.said >= FIRST && !isLate) {
            one.unsaid++;
            return false;
        }
        out.accept(message + (one.unsaid == 0 ? "" : " (and " + one.unsaid + " more in "
            + TimeUnit.NANOSECONDS.toMinutes(now - one.lastSaid) + " min)"));
        one.said = isLate && one.unsaid == 0 ? 1 : one.said + 1;
        one.unsaid = 0;
        one.lastSaid = now;
        return true;
    }

    /** Prints a notice of a subscription: the same trouble as above, and "connected again" only after a printed trouble. */
    synchronized void sayOfConnection(String notice, Consumer<String> out) {
        int trouble = notice.indexOf("; connecting again");
        if (trouble >= 0) {
            // How an answer begins, and how long the wait is, may differ each time.
            isTroubleSaid |= say(notice.substring(0, trouble).replaceFirst("; the answer begins: .*", ""), notice, out);
        } else if (!notice.endsWith(": connected again")) {
            out.accept(notice);
        } else if (isTroubleSaid) {
            isTroubleSaid = false;
            out.accept(notice);
        }
    }
}
