package lib.udp;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Messages of one kind: the first three go out, then one a minute, which tells how many there were between. */
public final class FewNotices {
    private static final int FIRST = 3;
    private static final long BETWEEN = TimeUnit.MINUTES.toNanos(1);

    private long all;
    private long kept;
    private long again;

    /** Says it to {@code out}, unless there were too many. */
    public void say(String message, Consumer<String> out) {
        say(message, false, out);
    }

    /**
     * @param wasKept whether this is one that did not go out when it was said last, and is not another one
     * @return whether it went out
     */
    synchronized boolean say(String message, boolean wasKept, Consumer<String> out) {
        long now = System.nanoTime();
        if (wasKept) {
            kept--;
        } else {
            all++;
        }
        if (all > FIRST && now - again < 0) {
            kept++;
            return false;
        }
        again = now + BETWEEN;
        String more = all == FIRST ? " (from now on one such line a minute)"
            : kept == 0 ? "" : " (and " + kept + " more before it)";
        kept = 0;
        out.accept(message + more);
        return true;
    }
}
