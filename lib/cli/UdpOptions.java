//DEPS info.picocli:picocli:4.7.7
//SOURCES ../udp/UdpBroadcaster.java ../udp/UdpSource.java ../udp/UdpTarget.java StandardOutput.java StatusLine.java
//SOURCES Tool.java UserSignal.java
package lib.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import lib.udp.UdpBroadcaster.Counts;
import lib.udp.UdpBroadcaster.OnError;
import lib.udp.UdpBroadcaster.Oversize;
import lib.udp.UdpBroadcaster;
import lib.udp.UdpSource;
import lib.udp.UdpTarget;
import picocli.CommandLine.Option;

/** The options of the UDP side, and the sender that they describe. */
public final class UdpOptions {
    /** What a target is, for the help. */
    public static final String TARGETS = "Where datagrams go: HOST:PORT, [IPv6%%IF]:PORT, or all:PORT for the broadcast"
        + " address of every interface. Broadcast and multicast addresses are fine.";

    /** What is done with a broadcaster. */
    @FunctionalInterface
    public interface Work {
        /** @return the exit status */
        int with(UdpBroadcaster broadcaster) throws Exception;
    }

    @Option(names = {"-I", "--interface"}, paramLabel = "IFACE|ADDR", order = 60,
        description = "Where multicast and 255.255.255.255 leave; the source address for the rest.")
    private String via;

    @Option(names = {"-s", "--source"}, paramLabel = "[ADDR]:PORT", order = 61,
        description = "The source address and port.")
    private String source;

    @Option(names = "--ttl", paramLabel = "N", order = 62, defaultValue = "1",
        description = "How far multicast goes, 0 to 255: 1 does not pass a router (${DEFAULT-VALUE}).")
    private int ttl;

    @Option(names = "--multicast-loop", order = 63, negatable = true, defaultValue = "true", fallbackValue = "true",
        description = "Whether receivers on this host get multicast too (they do).")
    private boolean multicastLoop;

    @Option(names = "--on-error", paramLabel = "retry|skip|fail", order = 64, defaultValue = "retry",
        description = "What happens to a datagram that the system refuses: sent again until it goes out, not sent, or"
            + " the end (${DEFAULT-VALUE}).")
    private OnError onError;

    @Option(names = "--repeat", paramLabel = "N", order = 65, defaultValue = "1",
        description = "Send each datagram N times: Wi-Fi loses some (${DEFAULT-VALUE}).")
    private int repeat;

    @Option(names = "--repeat-delay", paramLabel = "SEC", order = 66, defaultValue = "0",
        description = "The time from one of these to the next (${DEFAULT-VALUE}).")
    private Duration repeatDelay;

    @Option(names = "--rate", paramLabel = "N", order = 67,
        description = "At most N datagrams a second, evenly spaced.")
    private Double rate;

    @Option(names = "--delay", paramLabel = "SEC", order = 68, defaultValue = "0",
        description = "Send each datagram so much later (${DEFAULT-VALUE}).")
    private Duration delay;

    @Option(names = "--max-size", paramLabel = "BYTES", order = 70, defaultValue = "" + UdpBroadcaster.MAX_PAYLOAD,
        description = "The most that goes into a datagram (${DEFAULT-VALUE}).")
    private int maxPayload;

    @Option(names = "--oversize", paramLabel = "skip|fail|truncate", order = 71, defaultValue = "skip",
        description = "What happens to more: not sent, the end, or cut off (${DEFAULT-VALUE}).")
    private Oversize oversize;

    @Option(names = {"-n", "--dry-run"}, order = 72, description = "Send nothing; print where each datagram would go.")
    private boolean dryRun;

    @Option(names = {"-T", "--tee"}, order = 73, description = "Copy each payload to standard output, one a line.")
    private boolean tee;

    /**
     * Does the work with the sender that these options describe, and tells at the end what became of the datagrams.
     * Asked to end by a signal, it does not wait for what can not be sent.
     *
     * @param targets    as {@link UdpTarget#of} reads them
     * @param reconnects how often the input was lost so far; null if there is no such thing
     * @param brief      whether an end at which everything was sent needs no words
     * @return what the work returned
     */
    public int run(Tool tool, List<String> targets, LongSupplier reconnects, boolean brief, Work work)
            throws Exception {
        UdpBroadcaster broadcaster = broadcaster(tool, targets);
        Summary summary = new Summary(tool, broadcaster, reconnects, brief);
        boolean alone = !tee && !dryRun || !StatusLine.isTerminal(1);
        Runnable endStatusLine = alone ? tool.statusLine(summary::live) : () -> {};
        Thread onSignal = new Thread(() -> {
            broadcaster.cancel();
            endStatusLine.run();
            summary.say();
        }, "udp-signal");
        Runtime.getRuntime().addShutdownHook(onSignal);
        UserSignal.onSignal(() -> tool.notice(summary.text()));
        try (broadcaster) {
            return work.with(broadcaster);
        } catch (Exception failure) {
            summary.onlyIfAnythingReceived();
            throw failure;
        } finally {
            endStatusLine.run();
            summary.say();
            removeShutdownHook(onSignal);
        }
    }

    private static void removeShutdownHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException endingAlready) {
            return;
        }
    }

    private UdpBroadcaster broadcaster(Tool tool, List<String> targets) throws IOException {
        try {
            List<UdpTarget> parsed = targets.stream().map(UdpTarget::of).toList();
            UdpBroadcaster broadcaster = new UdpBroadcaster(parsed, UdpSource.of(via, source), ttl, multicastLoop)
                .maxPayload(maxPayload, oversize)
                .onError(onError)
                .repeat(repeat, repeatDelay)
                .delay(delay)
                .notices(tool::notice);
            if (rate != null) {
                broadcaster.rate(rate);
            }
            StandardOutput out = new StandardOutput();
            if (dryRun) {
                broadcaster.dryRun(out);
            }
            return tee ? broadcaster.tee(out) : broadcaster;
        } catch (IllegalArgumentException mistake) {
            throw tool.usage(mistake.getMessage());
        }
    }

    /** What has become of the datagrams, in words. */
    private static final class Summary {
        private static final double NANOS_PER_SECOND = 1e9;

        private final Tool tool;
        private final UdpBroadcaster broadcaster;
        private final LongSupplier reconnects;
        private final boolean brief;
        private final AtomicBoolean said = new AtomicBoolean();
        private long lastLook = System.nanoTime();
        private long lastReceived;
        private long lastArrival;

        Summary(Tool tool, UdpBroadcaster broadcaster, LongSupplier reconnects, boolean brief) {
            this.tool = tool;
            this.broadcaster = broadcaster;
            this.reconnects = reconnects;
            this.brief = brief;
        }

        String text() {
            Counts counts = broadcaster.counts();
            return counts.received() + " received, " + counts.sent() + " sent, " + counts.bytes() + " bytes, "
                + counts.skipped() + " skipped, " + counts.retried() + " retried, " + counts.failed() + " failed";
        }

        /** Once, whoever comes first; the other one waits until it is said. */
        synchronized void say() {
            Counts counts = broadcaster.counts();
            boolean silent = brief && counts.skipped() + counts.retried() + counts.failed() == 0;
            if (!said.getAndSet(true) && !silent) {
                tool.notice(text());
            }
        }

        /** A failure before that has nothing to do with datagrams. */
        void onlyIfAnythingReceived() {
            if (broadcaster.counts().received() == 0) {
                said.set(true);
            }
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
            return String.format(Locale.ROOT, "%d received, %.1f/s, %s, %d sent, %d bytes, %s%d errors",
                lastReceived, rate, last, counts.sent(), counts.bytes(),
                reconnects == null ? "" : reconnects.getAsLong() + " reconnects, ",
                counts.skipped() + counts.retried() + counts.failed());
        }
    }
}
