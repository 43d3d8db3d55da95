package lib.udp;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Messages of one kind: the first three go out, then one a minute, which tells how many there were between. */
public final class FewNotices {
    private static final int FIRST = 3;
    private static final long BETWEEN = TimeUnit.MINUTES.toNanos(1);

    private long said;
    private long kept;
    private long last;

    /** Whether a message would go out now. */
    synchronized boolean areDue() {
        return said < FIRST || System.nanoTime() - last >= BETWEEN;
    }

    /** Says it to {@code out}, unless there were too many. Returns whether it went out. */
    public synchronized boolean say(String message, Consumer<String> out) {
        if (!areDue()) {
            kept++;
            return false;
        }
        said++;
        last = System.nanoTime();
        String more = said == FIRST ? " (from now on one such line a minute)"
            : kept == 0 ? "" : " (and " + kept + " more before it)";
        kept = 0;
        out.accept(message + more);
        return true;
    }
}
