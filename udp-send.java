///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//CDS
//DESCRIPTION Send each line of standard input as one UDP datagram: echo on | udp-send 192.168.8.255:5000
//SOURCES lib/cli/EventReader.java lib/cli/FieldOptions.java lib/cli/Format.java lib/cli/LineReader.java
//SOURCES lib/cli/Tool.java lib/cli/UdpOptions.java lib/sse/SseEvent.java lib/sse/SseParser.java lib/udp/UdpBroadcaster.java
//SOURCES lib/udp/UdpOutput.java

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import lib.cli.EventReader;
import lib.cli.FieldOptions;
import lib.cli.Format.Placeholder;
import lib.cli.Format;
import lib.cli.LineReader;
import lib.cli.Tool;
import lib.cli.UdpOptions;
import lib.sse.SseEvent;
import lib.sse.SseParser;
import lib.udp.UdpBroadcaster;
import lib.udp.UdpOutput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "udp-send",
    description = "Sends each line of standard input, or one message, as one UDP datagram to every target.",
    footer = {
        "  tail -f app.log | udp-send 192.168.8.255:5000",
        "  sse-listen http://localhost:8080/events | udp-send -F '{data}' 10.0.0.255:5000",
        "  udp-send -m on 192.168.8.20:5000 192.168.8.21:5000"})
class UdpSend implements Callable<Integer> {
    private static final Duration TO_SEND_ONE = Duration.ofSeconds(10);
    /** In JSON what goes into a datagram may be six times as long, and may stand beside something that is not sent. */
    private static final int LONGEST_EVENT = 4 << 20;

    @Parameters(arity = "1..*", paramLabel = "TARGET", description = UdpOptions.TARGETS)
    private List<String> targets;

    @Option(names = {"-m", "--message"}, paramLabel = "TEXT", order = 1,
        description = "Send this as the only line, and do not read standard input.")
    private String message;

    @Option(names = {"-F", "--format"}, paramLabel = "TEMPLATE", order = 2,
        description = "Send this for each line: {line}, or of an event in JSON {data} {event} {id} {json} {/a} {../a};"
            + " {time}, {json:X}, \\n, \\xHH, {{; @FILE.")
    private String format;

    @Option(names = {"-0", "--null"}, order = 3, description = "Lines end in NUL instead of LF or CR LF.")
    private boolean nullEnds;

    @Option(names = {"-N", "--newline"}, order = 4, description = "Send each line with its own line end.")
    private boolean keepEnds;

    @Option(names = "--whole", order = 5, description = "Send all of standard input as one datagram, whatever is in it.")
    private boolean whole;

    @Option(names = "--max-time", paramLabel = "SEC", order = 6,
        description = "Give up after this time (0: never), with status 124, or 1 if a target does not work. With"
            + " --message it is 10 unless given, and as long as all targets work it goes on.")
    private Duration maxTime;

    @Mixin
    private FieldOptions fields;

    @Mixin
    private UdpOptions udp;

    @Mixin
    private Tool tool;

    private Format template;
    private long lineNumber;
    private boolean readsEvents;
    private boolean goesOnIfAllWorks;
    private volatile boolean gaveUp;

    @Override
    public Integer call() throws Exception {
        template = template();
        readsEvents = template.needsEvent() || fields.areGiven();
        InputStream in = input();
        try (UdpOutput lan = udp.open(targets)) {
            giveUpInTime(lan, in);
            sendAll(in, lan);
        } catch (IOException failure) {
            if (!gaveUp) {
                throw failure;
            }
        }
        return gaveUp ? Tool.TIME_OVER : 0;
    }

    private Format template() {
        String text = format != null ? format : fields.hasEach() ? "{data}" : "{line}";
        Format made = fields.format(tool, "--format", text, Placeholder.LINE, Placeholder.DATA, Placeholder.EVENT,
            Placeholder.ID, Placeholder.JSON, Placeholder.TIME, Placeholder.FIELD);
        if (fields.hasEach() && made.has(Placeholder.LINE)) {
            throw tool.usage("--each goes with {data}, not with {line}");
        }
        return made;
    }

    private InputStream input() throws IOException {
        if (whole && (nullEnds || message != null)) {
            throw tool.usage("--whole goes without --null and --message");
        } else if (message != null) {
            udp.tellFailuresOnly();
            goesOnIfAllWorks = maxTime == null;
            maxTime = goesOnIfAllWorks ? TO_SEND_ONE : maxTime;
            return new ByteArrayInputStream(message.getBytes(StandardCharsets.UTF_8));
        } else if (System.console() != null) {
            throw tool.usage("standard input is a terminal: pipe lines in, or give one with --message");
        }
        return tool.standardInput();
    }

    private void sendAll(InputStream in, UdpOutput lan) throws IOException {
        int limit = readsEvents ? LONGEST_EVENT : UdpBroadcaster.MAX_PAYLOAD + 1;
        if (whole || message != null) {
            byte[] all = in.readNBytes(limit);
            send(all, 0, all.length, all.length + in.transferTo(OutputStream.nullOutputStream()), lan);
            return;
        }
        LineReader lines = new LineReader(in, limit);
        if (nullEnds) {
            lines.endInNull();
        }
        if (keepEnds) {
            lines.keepEnds();
        }
        lines.forEach((line, offset, length, size) -> send(line, offset, length, size, lan));
    }

    private void giveUpInTime(UdpOutput lan, InputStream in) {
        if (maxTime != null && !maxTime.isZero()) {
            Thread timer = new Thread(() -> giveUp(lan, in), "max-time");
            timer.setDaemon(true);
            timer.start();
        }
    }

    private void giveUp(UdpOutput lan, InputStream in) {
        try {
            TimeUnit.NANOSECONDS.sleep(maxTime.toNanos());
            while (goesOnIfAllWorks && lan.troubles().isEmpty()) {
                TimeUnit.SECONDS.sleep(1);
            }
            gaveUp = true;
            String time = BigDecimal.valueOf(maxTime.toMillis(), 3).stripTrailingZeros().toPlainString();
            List<String> troubles = lan.troubles();
            troubles.forEach(tool::error);
            if (troubles.isEmpty()) {
                tool.error("gave up after " + time + " s");
            } else {
                tool.notice("gave up after " + time + " s");
            }
            lan.close();
            in.close();
        } catch (IOException | InterruptedException nothingLeftToEnd) {
            return;
        }
    }

    private void send(byte[] line, int offset, int length, long size, UdpOutput lan) throws IOException {
        lineNumber++;
        if (!readsEvents) {
            long leftOut = template.has(Placeholder.LINE) ? size - length : 0;
            template.write(null, Arrays.copyOfRange(line, offset, offset + length),
                payload -> lan.send(payload, payload.remaining() + leftOut));
        } else if (size > length) {
            skip(size + " bytes, more than the " + LONGEST_EVENT + " of an event", lan);
        } else {
            sendEvent(Arrays.copyOfRange(line, offset, offset + length), lan);
        }
    }

    private void sendEvent(byte[] line, UdpOutput lan) throws IOException {
        Optional<SseEvent> event;
        try {
            event = EventReader.read(line, 0, line.length);
        } catch (IllegalArgumentException notAnEvent) {
            if (!looksIntoData()) {
                skip(notAnEvent.getMessage(), lan);
                return;
            }
            event = Optional.of(new SseEvent("message", "", new String(line, StandardCharsets.UTF_8)));
        }
        if (event.isEmpty()) {
            tool.debug("line " + lineNumber + ": a comment, not sent");
            return;
        }
        SseParser.Handler each = fields.hasEach() ? one -> template.write(one, lan::send)
            : one -> template.write(one, line, lan::send);
        fields.pick(event.get(), each, reason -> skip(reason, lan));
    }

    private void skip(String reason, UdpOutput lan) {
        lan.skip("line " + lineNumber + ": " + reason + "; skipped");
    }

    /** A line that is no event is then the data. */
    private boolean looksIntoData() {
        return template.has(Placeholder.FIELD) || fields.areGiven();
    }

    public static void main(String... args) {
        Tool.main(new UdpSend(), args);
    }
}
