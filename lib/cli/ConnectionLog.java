//SOURCES RateLimitedLog.java
package lib.cli;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Keeps the journal of a subscription short: of the same trouble the first five lines, then one in ten minutes. Its end is
 * a line if the trouble was one.
 */
final class ConnectionLog implements Consumer<String> {
    private static final String TROUBLE = "; connecting again in ";

    private final RateLimitedLog log;
    private final Consumer<String> out;
    private boolean isTroubleSaid;

    /** @param nanoTime {@link System#nanoTime}, or the clock of a test */
    ConnectionLog(Consumer<String> out, LongSupplier nanoTime) {
        this.out = out;
        log = new RateLimitedLog(5, Duration.ofMinutes(10), nanoTime);
    }

    @Override
    public synchronized void accept(String notice) {
        if (notice.contains(TROUBLE)) {
            // How an answer begins, and how long the wait is, may differ each time.
            String kind = notice.substring(0, notice.indexOf(TROUBLE)).replaceFirst("; the answer begins: .*", "");
            isTroubleSaid |= log.say(kind, notice, out);
        } else if (!notice.endsWith(": connected again")) {
            // After a silence there is no wait.
            isTroubleSaid |= notice.contains("; connecting again");
            out.accept(notice);
        } else if (isTroubleSaid) {
            isTroubleSaid = false;
            out.accept(notice);
        }
    }
}
