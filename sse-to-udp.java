///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
// It is compiled early and quickly: what counts is the delay of the few events that come.
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:Tier3InvocationThreshold=20 -XX:Tier0InvokeNotifyFreqLog=3
//CDS
//DESCRIPTION Relay the events of an SSE URL as UDP datagrams: sse-to-udp http://HOST:8080/events 192.168.8.255:5000
//SOURCES lib/cli/Format.java lib/cli/SseOptions.java lib/cli/Tool.java lib/cli/UdpOptions.java
//SOURCES lib/udp/UdpOutput.java

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import lib.cli.Format;
import lib.cli.SseOptions;
import lib.cli.Tool;
import lib.cli.UdpOptions;
import lib.udp.UdpOutput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "sse-to-udp",
    description = "Sends each event of an SSE URL as one UDP datagram to every target, for as long as it takes.",
    footer = {
        "  sse-to-udp http://localhost:8080/events 192.168.8.255:5000",
        "  sse-to-udp -F 'Recv message form SSE Server!' @url.txt 192.168.8.255:5000"})
class SseToUdp implements Callable<Integer> {
    @Mixin
    private SseOptions sse;

    @Parameters(index = "1..*", arity = "1", paramLabel = "TARGET", description = UdpOptions.TARGETS)
    private List<String> arguments;

    @Mixin
    private UdpOptions udp;

    @Option(names = "--stats", paramLabel = "SEC", order = 74,
        description = "Print the counts of the last SEC seconds, again and again (0: never).")
    private Duration stats = Duration.ZERO;

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        Format format = sse.format("{data}");
        try (UdpOutput lan = udp.stats(stats).open(sse.targets(arguments))) {
            return sse.skipped(lan::skip).connected(udp::connected).listen(event -> format.write(event, lan::send));
        }
    }

    public static void main(String... args) {
        Tool.main(new SseToUdp(), args);
    }
}
