///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
// A heap that is small and stays so, a JVM that does nothing while nothing comes, and a quick start: from what the first
// run kept, and without classes that are made at run time only to put texts together.
// It is compiled early and quickly: what counts is the delay of the few events that come.
//RUNTIME_OPTIONS -XX:+IgnoreUnrecognizedVMOptions -XX:+UseSerialGC -XX:-UsePerfData -Xms6m -Xmn3m -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10
//RUNTIME_OPTIONS -XX:TieredStopAtLevel=1 -XX:Tier3InvocationThreshold=20 -XX:Tier0InvokeNotifyFreqLog=3 -Xlog:disable
//RUNTIME_OPTIONS -Dsun.net.inetaddr.ttl=1 -Djdk.internal.httpclient.selectorTimeout=1200000
//COMPILE_OPTIONS -XDstringConcat=inline
//CDS
//DESCRIPTION Relay the events of an SSE URL as UDP datagrams: sse-to-udp http://HOST:8080/events 192.168.8.255:5000
//SOURCES lib/cli/Format.java lib/cli/Payload.java lib/cli/SseOptions.java lib/cli/Tool.java lib/cli/UdpOptions.java
//SOURCES lib/sse/SseClient.java lib/sse/SseEvent.java lib/udp/UdpBroadcaster.java

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import lib.cli.Format;
import lib.cli.Payload;
import lib.cli.SseOptions;
import lib.cli.Tool;
import lib.cli.UdpOptions;
import lib.sse.SseClient;
import lib.sse.SseEvent;
import lib.udp.UdpBroadcaster;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine;

@Command(
    name = "sse-to-udp",
    description = "Sends each event of an SSE URL as one UDP datagram to every target, for as long as it takes.",
    footer = {
        "  sse-to-udp http://localhost:8080/events 192.168.8.255:5000",
        "  sse-to-udp -F 'Recv message form SSE Server!' @url.txt 192.168.8.255:5000"})
class SseToUdp implements Callable<Integer> {
    @Mixin
    private SseOptions sse;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "TARGET", description = UdpOptions.TARGETS)
    private List<String> targets;

    @Mixin
    private UdpOptions udp;

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        Payload payload = new Payload();
        Format template = sse.template(tool, "{data}", payload);
        return udp.run(tool, targets, sse::reconnects, false,
            broadcaster -> sse.listen(tool, new Relay(template, payload, broadcaster)));
    }

    private final class Relay implements SseClient.Handler {
        private final Format template;
        private final Payload payload;
        private final UdpBroadcaster broadcaster;

        Relay(Format template, Payload payload, UdpBroadcaster broadcaster) {
            this.template = template;
            this.payload = payload;
            this.broadcaster = broadcaster;
        }

        @Override
        public void event(SseEvent event) throws IOException {
            payload.reset();
            template.write(event, sse.received());
            broadcaster.send(payload.bytes());
        }

        @Override
        public void comment(String text) throws IOException {
            payload.reset();
            template.writeComment(text, sse.received());
            broadcaster.send(payload.bytes());
        }
    }

    static CommandLine commandLine() {
        return Tool.commandLine(new SseToUdp());
    }

    public static void main(String... args) {
        System.exit(commandLine().execute(args));
    }
}
