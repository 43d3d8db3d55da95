//DEPS info.picocli:picocli:4.7.7
//SOURCES ../udp/UdpBroadcaster.java ../udp/UdpOutput.java ../udp/UdpSource.java RateLimitedLog.java StandardOutput.java
//SOURCES Tool.java
package lib.cli;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import lib.udp.UdpBroadcaster;
import lib.udp.UdpOutput;
import lib.udp.UdpSource;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Holds the options of the UDP side, and opens the sender that they describe. */
public final class UdpOptions {
    /** The description of a target in the help. */
    public static final String TARGETS = "Send to HOST:PORT, [IPv6%%IF]:PORT, or all:PORT (each interface's broadcast"
        + " address). Broadcast and multicast work too.";

    @Option(names = {"-I", "--interface"}, paramLabel = "IFACE|ADDR", order = 60,
        description = "Send multicast, 255.255.255.255 and link-local by this interface. For the rest, only use its"
            + " address as the source.")
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
    private void onError(UdpBroadcaster.OnError action) { settings.add(out -> out.onError(action)); }

    @Option(names = "--repeat", paramLabel = "N", order = 65,
        description = "Send each datagram N times, because Wi-Fi loses some (1).")
    private int repeat = 1;

    @Option(names = "--repeat-delay", paramLabel = "SEC", order = 66,
        description = "Wait this long between the copies (0). The next line or event waits for the last copy.")
    private Duration repeatDelay = Duration.ZERO;

    @Option(names = "--rate", paramLabel = "N", order = 67,
        description = "Send at most N datagrams a second to all targets together, copies included, evenly spaced.")
    private Double rate;

    @Option(names = "--max-size", paramLabel = "BYTES", order = 70,
        description = "Put at most this much into a datagram (" + UdpBroadcaster.MAX_PAYLOAD + ").")
    private void maxPayload(int bytes) { settings.add(out -> out.maxPayload(bytes)); }

    @Option(names = "--oversize", paramLabel = "skip|fail|truncate", order = 71,
        description = "Skip, fail or truncate larger payloads. Default: skip, and exit with status 1.")
    private void oversize(UdpOutput.Oversize action) { settings.add(out -> out.oversize(action)); }

    @Option(names = {"-n", "--dry-run"}, order = 72, description = "Send nothing; print where each datagram would go.")
    private boolean dryRun;

    @Option(names = {"-T", "--tee"}, order = 73, description = "Copy each payload to standard output, one a line.")
    private boolean tee;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    private final List<Consumer<UdpOutput>> settings = new ArrayList<>();
    private final RateLimitedLog log = new RateLimitedLog();
    private boolean failuresOnly;
    private Duration stats = Duration.ZERO;
    private UdpOutput lan;

    /** Prints the summary at the end only if something did not go out at once. */
    public void tellFailuresOnly() { failuresOnly = true; }

    /** Prints the counts every so often; zero is never. */
    public UdpOptions stats(Duration every) { stats = every; return this; }

    private void printStats(Tool tool, UdpOutput.Counts before) {
        Executor later = CompletableFuture.delayedExecutor(stats.toNanos(), NANOSECONDS, task -> new Thread(task).start());
        later.execute(() -> {
            UdpOutput.Counts now = lan.counts();
            String time = BigDecimal.valueOf(stats.toMillis(), 3).stripTrailingZeros().toPlainString();
            tool.notice("in " + time + " s: " + now.since(before));
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
        StandardOutput out = new StandardOutput();
        try {
            UdpBroadcaster sender = new UdpBroadcaster().repeat(repeat, repeatDelay);
            lan = new UdpOutput(rate == null ? sender : sender.rate(rate), new UdpSource(via, source, ttl, loop),
                line -> log.say(kind(line), line, tool::notice), line -> log.say(kind(line), line, tool::error));
            for (String target : targets) {
                lan.target(target);
            }
            settings.forEach(setting -> setting.accept(lan));
            if (dryRun) {
                lan.dryRun(out);
            }
            if (tee) {
                lan.tee(out);
            }
            tool.onSignal(lan::close);
            tool.atEnd(status -> atEnd(status, tool));
            lan.open();
            if (!stats.isZero()) {
                printStats(tool, lan.counts());
            }
            return lan;
        } catch (IllegalArgumentException mistake) {
            throw tool.usage(mistake.getMessage());
        }
    }

    /** Returns a message without what differs from one to the next, except for the target. */
    private static String kind(String line) {
        return line.replaceAll("\\b[0-9]+ (bytes|s|datagrams|of)\\b|^line [0-9]+: .*", "");
    }

    /**
     * Turns status 0 into a failure if something did not go out although no option allowed it. The reason is an error. A
     * failure before anything was received has nothing to do with datagrams.
     */
    private int atEnd(int status, Tool tool) {
        UdpOutput.Counts counts = lan.counts();
        boolean isFailure = status == 0 && counts.failed() > 0;
        boolean isAllSent = counts.skipped() + counts.retried() + counts.failed() == 0;
        if (isFailure) {
            lan.troubles().forEach(tool::error);
        }
        if (isFailure && lan.troubles().isEmpty()) {
            tool.error(counts.toString());
        } else if ((counts.received() > 0 || status == 0) && !(failuresOnly && isAllSent)) {
            tool.notice(counts.toString());
        }
        boolean isRefused = status == Tool.TIME_OVER && !lan.troubles().isEmpty();
        return (status == 0 || isRefused) && !counts.isComplete() ? Tool.LOCAL_FAILURE : status;
    }
}
