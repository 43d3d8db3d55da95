//DEPS info.picocli:picocli:4.7.7
//SOURCES ../udp/HostPort.java ../udp/UdpBroadcaster.java ../udp/UdpOutput.java RateLimitedLog.java StandardOutput.java
//SOURCES Tool.java
package lib.cli;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static lib.udp.UdpBroadcaster.MAX_PAYLOAD;

import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import lib.udp.HostPort;
import lib.udp.UdpBroadcaster.OnError;
import lib.udp.UdpOutput.Counts;
import lib.udp.UdpOutput;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Holds the options of the UDP side, and opens the sender that they describe. */
public final class UdpOptions {
    /** The description of a target in the help. */
    public static final String TARGETS = "Send to HOST:PORT, [IPv6%%IF]:PORT, or all:PORT (each interface's broadcast"
        + " address). Broadcast and multicast work too.";

    @Option(names = {"-I", "--interface"}, paramLabel = "IFACE", order = 60,
        description = "Send multicast and 255.255.255.255 by this interface, all else from its IPv4 address.")
    private String via = "";

    @Option(names = {"-s", "--source"}, paramLabel = "[ADDR]:PORT", order = 61,
        description = "Send from this address and port.")
    private String source = ":0";

    @Option(names = "--ttl", paramLabel = "N", order = 62,
        description = "Let multicast go this far, 0 to 255: 1 does not pass a router (1).")
    private int ttl = 1;

    @Option(names = "--multicast-loop", order = 63, negatable = true, defaultValue = "true", fallbackValue = "true",
        description = "Deliver multicast to receivers on this host too (yes).")
    private boolean loop;

    @Option(names = "--on-error", paramLabel = "retry|skip|fail", order = 64,
        description = "Retry a datagram that the system refuses until it goes out, skip it, or fail (retry).")
    private OnError onError = OnError.retry;

    @Option(names = "--repeat", paramLabel = "N", order = 65,
        description = "Send each datagram N times, because Wi-Fi loses some (1).")
    private int repeat = 1;

    @Option(names = "--repeat-delay", paramLabel = "SEC", order = 66,
        description = "Wait this long between the copies (0). The next line or event waits for the last copy.")
    private Duration repeatDelay = Duration.ZERO;

    @Option(names = "--rate", paramLabel = "N", order = 67,
        description = "Send at most N datagrams a second to all targets together, copies included, evenly spaced.")
    private double rate = Double.POSITIVE_INFINITY;

    @Option(names = "--max-size", paramLabel = "BYTES", order = 70,
        description = "Put at most this much into a datagram (" + MAX_PAYLOAD + ").")
    private int maxPayload = MAX_PAYLOAD;

    @Option(names = "--oversize", paramLabel = "skip|fail|truncate", order = 71,
        description = "Skip, fail or truncate larger payloads. Default: skip, and exit with status 1.")
    private UdpOutput.Oversize oversize;

    @Option(names = {"-n", "--dry-run"}, order = 72, description = "Send nothing; print where each datagram would go.")
    private boolean dryRun;

    @Option(names = {"-T", "--tee"}, order = 73, description = "Copy each payload to standard output, one a line.")
    private boolean tee;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    private final RateLimitedLog log = new RateLimitedLog();
    private boolean failuresOnly;
    private volatile boolean hasLosses;
    private Duration stats = Duration.ZERO;
    private UdpOutput lan;

    /** Prints the summary at the end only if something was not sent. */
    public void tellFailuresOnly() { failuresOnly = true; }

    /** Prints the counts every so often; zero is never. */
    public UdpOptions stats(Duration every) { stats = every; return this; }

    private void printStats(Tool tool, Counts then) {
        CompletableFuture.delayedExecutor(stats.toNanos(), NANOSECONDS, task -> new Thread(task).start()).execute(() -> {
            Counts now = lan.counts();
            String time = BigDecimal.valueOf(stats.toMillis(), 3).stripTrailingZeros().toPlainString();
            tool.notice("in " + time + " s: " + new Counts(now.received() - then.received(), now.sent() - then.sent(),
                now.bytes() - then.bytes(), now.skipped() - then.skipped(), now.failed() - then.failed()));
            printStats(tool, now);
        });
    }

    /** Prints that events come from a server now, and where datagrams go. */
    public void connected(String server) {
        Tool.of(command).notice("connected to " + server + ", sending to " + String.join(", ", lan.destinations()));
    }

    /**
     * Opens the sender that these options describe. A signal closes it, so that the process does not wait for datagrams
     * that cannot be sent. The end of the process prints the counts.
     *
     * @param targets each as in {@link #TARGETS}
     */
    public UdpOutput open(List<String> targets) throws IOException {
        Tool tool = Tool.of(command);
        OutputStream out = new StandardOutput.Unbuffered();
        tool.within(1, Integer.MAX_VALUE, repeat, "--repeat");
        tool.within(0, MAX_PAYLOAD, maxPayload, "--max-size");
        tool.within(0, 255, ttl, "--ttl");
        try {
            if (!(rate > 0)) {
                throw tool.usage("--rate " + rate + ": expected more than 0 datagrams per second");
            }
            HostPort from = HostPort.of("source", source, "[ADDR]:PORT, as in :5001,", 0);
            lan = new UdpOutput(new UdpOutput.Source(via, from, ttl, loop));
            lan.maxPayload(maxPayload).oversize(oversize).dryRun(dryRun ? out : null);
            lan.tee(tee ? out : OutputStream.nullOutputStream()).onError(onError).repeat(repeat, repeatDelay).rate(rate);
            lan.notices(line -> log.say(kind(line), line, tool::notice));
            lan.losses(line -> {
                hasLosses = true;
                log.say(kind(line), line, tool::error);
            });
            targets.forEach(lan::target);
        } catch (IllegalArgumentException mistake) {
            throw tool.usage(mistake.getMessage());
        }
        tool.onSignal(lan::close);
        tool.atEnd(status -> atEnd(status, tool));
        lan.open();
        if (!stats.isZero()) {
            printStats(tool, lan.counts());
        }
        return lan;
    }

    /** Returns a message without what differs from one to the next, except for the target. */
    private static String kind(String line) {
        return line.replaceAll("\\b[0-9]+ (bytes|of)\\b|^line [0-9]+: .*", "");
    }

    /** Turns status 0 into a failure if something failed or was lost. An error says why: the targets, or else the counts. */
    private int atEnd(int status, Tool tool) {
        Counts counts = lan.counts();
        boolean isFailure = status == 0 && counts.failed() > 0;
        if (isFailure) {
            lan.troubles().forEach(tool::error);
        }
        if (isFailure && lan.troubles().isEmpty()) {
            tool.error(counts.toString());
        } else if ((counts.received() > 0 || status == 0) && !(failuresOnly && counts.failed() + counts.skipped() == 0)) {
            tool.notice(counts.toString());
        }
        boolean isRefused = status == Tool.TIME_OVER && !lan.troubles().isEmpty();
        return (status == 0 || isRefused) && (counts.failed() > 0 || hasLosses) ? Tool.LOCAL_FAILURE : status;
    }
}
