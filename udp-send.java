///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
// A heap that is small and stays so, a JVM that does nothing while nothing comes, and a quick start: from what the first
// run kept, and without classes that are made at run time only to put texts together.
//RUNTIME_OPTIONS -XX:+IgnoreUnrecognizedVMOptions -XX:+UseSerialGC -XX:-UsePerfData -Xms6m -Xmn3m -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10
//RUNTIME_OPTIONS -Xlog:disable -Dsun.net.inetaddr.ttl=1
//COMPILE_OPTIONS -XDstringConcat=inline
//CDS
//DESCRIPTION Send each line of standard input as one UDP datagram: echo on | udp-send 192.168.8.255:5000
//SOURCES lib/cli/EventJson.java lib/cli/Format.java lib/cli/LineReader.java lib/cli/Payload.java
//SOURCES lib/cli/StatusLine.java lib/cli/Tool.java lib/cli/UdpOptions.java lib/sse/SseEvent.java
//SOURCES lib/udp/UdpBroadcaster.java

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import lib.cli.EventJson;
import lib.cli.Format.Placeholder;
import lib.cli.Format;
import lib.cli.LineReader;
import lib.cli.Payload;
import lib.cli.StatusLine;
import lib.cli.Tool;
import lib.cli.UdpOptions;
import lib.sse.SseEvent;
import lib.udp.UdpBroadcaster;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine;

@Command(
    name = "udp-send",
    description = "Sends each line of standard input, or one message, as one UDP datagram to every target.",
    footer = {
        "  tail -f app.log | udp-send 192.168.8.255:5000",
        "  sse-listen http://localhost:8080/events | udp-send -F '{data}' 10.0.0.255:5000",
        "  udp-send -m on 192.168.8.20:5000 192.168.8.21:5000"})
class UdpSend implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "TARGET", description = UdpOptions.TARGETS)
    private List<String> targets;

    @Option(names = {"-m", "--message"}, paramLabel = "TEXT", order = 1,
        description = "Send this as the only line, and do not read standard input.")
    private String message;

    @Option(names = {"-F", "--format"}, paramLabel = "TEMPLATE", order = 2, defaultValue = "{line}",
        description = "What becomes of a line: {line} is the line itself; {data} {event} {id} {json} are the parts of"
            + " an event in JSON, as sse-listen prints it; @FILE: the template is in FILE.")
    private String format;

    @Option(names = {"-0", "--null"}, order = 3, description = "Lines end in NUL instead of LF or CR LF.")
    private boolean nullEnds;

    @Option(names = {"-N", "--newline"}, order = 4, description = "Send each line with its own line end.")
    private boolean keepEnds;

    @Mixin
    private UdpOptions udp;

    @Mixin
    private Tool tool;

    /** Standard input unless set. */
    InputStream in;

    private final Payload payload = new Payload();
    private Format template;
    private long lineNumber;
    private boolean lineSkipped;

    @Override
    public Integer call() throws Exception {
        template = Format.ofOption(tool, format, payload, Placeholder.LINE,
            Placeholder.DATA, Placeholder.EVENT, Placeholder.ID, Placeholder.JSON);
        if (message == null && StatusLine.isTerminal(0)) {
            throw tool.usage("standard input is a terminal: pipe lines in, or give one with --message");
        }
        return udp.run(tool, targets, null, message != null, this::sendAll);
    }

    private int sendAll(UdpBroadcaster broadcaster) throws IOException {
        if (message != null) {
            byte[] line = message.getBytes(StandardCharsets.UTF_8);
            send(line, 0, line.length, broadcaster);
        } else {
            InputStream lines = in == null ? tool.standardInput() : in;
            new LineReader(lines, nullEnds ? 0 : '\n', keepEnds)
                .forEach((line, offset, length) -> send(line, offset, length, broadcaster));
        }
        return lineSkipped ? Tool.LOCAL_FAILURE : 0;
    }

    private void send(byte[] line, int offset, int length, UdpBroadcaster broadcaster) throws IOException {
        lineNumber++;
        payload.reset();
        try {
            Optional<SseEvent> event = template.needsEvent() ? EventJson.read(line, offset, length) : Optional.empty();
            if (template.needsEvent() && event.isEmpty()) {
                tool.detail("line " + lineNumber + ": a comment, not sent");
                return;
            }
            template.write(event.orElse(null), line, offset, length);
        } catch (IllegalArgumentException notAnEvent) {
            tool.error("line " + lineNumber + ": " + notAnEvent.getMessage() + "; skipped");
            lineSkipped = true;
            return;
        }
        broadcaster.send(payload.bytes());
    }

    static CommandLine commandLine() {
        return Tool.commandLine(new UdpSend());
    }

    public static void main(String... args) {
        System.exit(commandLine().execute(args));
    }
}
