//SOURCES ../udp/Counts.java ../udp/UdpBroadcaster.java Tool.java
package lib.cli;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import lib.udp.Counts;
import lib.udp.UdpBroadcaster;

/** What has become of the datagrams, in words. */
final class UdpSummary {
    private static final double NANOS_PER_SECOND = 1e9;

    private final UdpBroadcaster broadcaster;
    private final Tool tool;
    private final boolean failuresOnly;
    private long lastLook = System.nanoTime();
    private long lastReceived;
    private long lastArrival;

    UdpSummary(UdpBroadcaster broadcaster, Tool tool, boolean failuresOnly) {
        this.broadcaster = broadcaster;
        this.tool = tool;
        this.failuresOnly = failuresOnly;
    }

    /**
     * For {@link Tool#atEnd}: what did not go out although nothing let it go makes status 0 a failure. Why it did not is
     * told to who wants to hear errors only, too. A failure before anything was received has nothing to do with datagrams.
     */
    int atEnd(int status) {
        Counts counts = broadcaster.counts();
        boolean allWent = counts.skipped() + counts.retried() + counts.failed() == 0;
        if (status == 0 && counts.failed() > 0) {
            broadcaster.troubles().forEach(tool::error);
        }
        if ((counts.received() > 0 || status == 0) && !(failuresOnly && allWent)) {
            tool.notice(counts.received() + " received, " + counts.sent() + " sent, " + counts.bytes() + " bytes, "
                + counts.skipped() + " skipped, " + counts.retried() + " retried, " + counts.failed() + " failed");
        }
        boolean isRefused = status == Tool.TIME_OVER && !broadcaster.troubles().isEmpty();
        return (status == 0 || isRefused) && !counts.isComplete() ? Tool.LOCAL_FAILURE : status;
    }

    /** For the status line, about once a second. */
    String live() {
        Counts counts = broadcaster.counts();
        long now = System.nanoTime();
        double rate = (counts.received() - lastReceived) * NANOS_PER_SECOND / Math.max(now - lastLook, 1);
        lastLook = now;
        if (counts.received() != lastReceived) {
            lastArrival = now;
        }
        lastReceived = counts.received();
        String last = lastReceived == 0 ? "none yet"
            : "last " + TimeUnit.NANOSECONDS.toSeconds(now - lastArrival) + " s ago";
        return String.format(Locale.ROOT, "%d received, %.1f/s, %s, %d sent, %d bytes, %d errors",
            lastReceived, rate, last, counts.sent(), counts.bytes(),
            counts.skipped() + counts.retried() + counts.failed());
    }
}
