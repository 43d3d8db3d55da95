package lib;

import java.io.IOException;
import java.util.List;
import lib.UdpBroadcaster.Oversize;
import lib.UdpBroadcaster.Target;
import picocli.CommandLine.Option;

/** The options of the UDP side, and the sender that they describe. */
public final class UdpOptions {
    /** What a target is, for the help. */
    public static final String TARGETS = "Where datagrams go: HOST:PORT or [IPv6]:PORT; broadcast addresses are fine.";

    @Option(names = "--max-size", paramLabel = "BYTES", order = 40, defaultValue = "" + UdpBroadcaster.MAX_PAYLOAD,
        description = "The most that goes into a datagram (${DEFAULT-VALUE}).")
    private int maxPayload;

    @Option(names = "--oversize", paramLabel = "skip|fail|truncate", order = 41, defaultValue = "skip",
        description = "What happens to more: not sent, the end, or cut off (${DEFAULT-VALUE}).")
    private Oversize oversize;

    /** @param targets as {@link Target#of} reads them */
    public UdpBroadcaster broadcaster(ToolOptions tool, List<String> targets) throws IOException {
        try {
            return new UdpBroadcaster(targets.stream().map(Target::of).toList())
                .maxPayload(maxPayload, oversize)
                .notices(tool::notice);
        } catch (IllegalArgumentException mistake) {
            throw tool.usage(mistake.getMessage());
        }
    }
}
