///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//CDS
//DESCRIPTION Send each line of standard input as one UDP datagram: echo on | udp-send 192.168.8.255:5000
//SOURCES lib/cli/EventJson.java lib/cli/Format.java lib/cli/LineReader.java lib/cli/StatusLine.java lib/cli/Tool.java
//SOURCES lib/cli/UdpOptions.java lib/sse/SseEvent.java lib/udp/UdpBroadcaster.java

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import lib.cli.EventJson;
import lib.cli.Format.Placeholder;
import lib.cli.Format;
import lib.cli.LineReader;
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

    private Format template;
    private long lineNumber;
    private boolean lineSkipped;

    @Override
    public Integer call() throws Exception {
        template = tool.format(format, Placeholder.LINE,
            Placeholder.DATA, Placeholder.EVENT, Placeholder.ID, Placeholder.JSON);
        if (message == null && StatusLine.isTerminal(0)) {
            throw tool.usage("standard input is a terminal: pipe lines in, or give one with --message");
        }
        if (message != null) {
            udp.tellFailuresOnly();
        }
        try (UdpBroadcaster lan = udp.open(targets)) {
            return sendAll(lan);
        }
    }

    private int sendAll(UdpBroadcaster lan) throws IOException {
        if (message != null) {
            byte[] line = message.getBytes(StandardCharsets.UTF_8);
            send(line, 0, line.length, lan);
        } else {
            new LineReader(tool.standardInput(), nullEnds ? 0 : '\n', keepEnds)
                .forEach((line, offset, length) -> send(line, offset, length, lan));
        }
        return lineSkipped ? Tool.LOCAL_FAILURE : 0;
    }

    private void send(byte[] line, int offset, int length, UdpBroadcaster lan) throws IOException {
        lineNumber++;
        Optional<SseEvent> event;
        try {
            event = template.needsEvent() ? EventJson.read(line, offset, length) : Optional.empty();
        } catch (IllegalArgumentException notAnEvent) {
            tool.error("line " + lineNumber + ": " + notAnEvent.getMessage() + "; skipped");
            lineSkipped = true;
            return;
        }
        if (template.needsEvent() && event.isEmpty()) {
            tool.detail("line " + lineNumber + ": a comment, not sent");
            return;
        }
        template.write(event.orElse(null), line, offset, length, lan::send);
    }

    static CommandLine commandLine() {
        return Tool.commandLine(new UdpSend());
    }

    public static void main(String... args) {
        Tool.main(new UdpSend(), args);
    }
}
