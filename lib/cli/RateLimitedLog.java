package lib.cli;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Lets the first three messages of a kind out, then one a minute, which says how many there were between. */
public final class RateLimitedLog {
    private static final int FIRST = 3;
    private static final long BETWEEN = TimeUnit.MINUTES.toNanos(1);

    private final Map<String, Kind> kinds = new HashMap<>();

    /** Prints a message, unless there were too many of its kind. */
    public synchronized void say(String kind, String message, Consumer<String> out) {
        Kind one = kinds.computeIfAbsent(kind, unknown -> new Kind());
        if (one.said >= FIRST && System.nanoTime() - one.last < BETWEEN) {
            one.kept++;
            return;
        }
        one.said++;
        one.last = System.nanoTime();
        String more = one.said == FIRST ? " (from now on one such line a minute)"
            : one.kept == 0 ? "" : " (and " + one.kept + " more before it)";
        one.kept = 0;
        out.accept(message + more);
    }

    private static final class Kind {
        private long said;
        private long kept;
        private long last;
    }
}
