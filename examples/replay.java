///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Play back recorded JSON lines with the time between them: replay < touches.jsonl
//SOURCES ../lib/cli/LineReader.java ../lib/cli/StandardOutput.java ../lib/cli/Tool.java

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.cli.LineReader;
import lib.cli.StandardOutput;
import lib.cli.Tool;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "replay",
    description = "Plays back the JSON lines of sse-listen --timestamps or udp-listen, with the time between them.",
    footer = {
        "  replay < touches.jsonl | udp-send -F '{data}' 192.168.8.255:5000",
        "  replay --speed 10 < touches.jsonl | sse-serve --json"})
class Replay implements Callable<Integer> {
    private static final int LONGEST_LINE = 16 << 20;
    /** Within the data a quotation mark has a backslash before it. A line without a time goes out at once. */
    private static final Pattern TIME = Pattern.compile("(?<!\\\\)\"time\"\\s*:\\s*\"(\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:[^\"]+)\"");
    private static final DateTimeFormatter UTC_UNLESS_TOLD = new DateTimeFormatterBuilder()
        .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME).appendPattern("[XXX][XX][X]")
        .parseDefaulting(ChronoField.OFFSET_SECONDS, 0).toFormatter();

    @Option(names = "--speed", paramLabel = "N", order = 1, defaultValue = "1", description = "N times as fast (1).")
    private double speed;

    @Mixin
    private Tool tool;

    private final StandardOutput out = new StandardOutput();
    private Instant last;
    private double due;
    private long lineNumber;
    private boolean lineSkipped;

    @Override
    public Integer call() throws Exception {
        if (!(speed > 0 && speed < Double.POSITIVE_INFINITY)) {
            throw tool.usage("--speed " + speed + ": expected a number above 0");
        }
        new LineReader(tool.standardInput(), LONGEST_LINE).forEach(this::play);
        return lineSkipped ? Tool.LOCAL_FAILURE : 0;
    }

    private void play(byte[] line, int offset, int length, long size) throws IOException {
        lineNumber++;
        if (size > length) {
            tool.error("line " + lineNumber + ": " + size + " bytes, more than the " + LONGEST_LINE + " of a line; skipped");
            lineSkipped = true;
            return;
        }
        Matcher time = TIME.matcher(new String(line, offset, length, ISO_8859_1));
        if (time.find()) {
            await(UTC_UNLESS_TOLD.parse(time.group(1).replace(' ', 'T'), Instant::from));
        }
        out.line(ByteBuffer.wrap(line, offset, length));
        out.flush();
    }

    private void await(Instant time) {
        due = last == null ? System.nanoTime() : due + Math.max(0, Duration.between(last, time).toMillis()) * 1e6 / speed;
        last = time;
        while (System.nanoTime() < due) {
            LockSupport.parkNanos((long) due - System.nanoTime());
        }
    }

    public static void main(String... args) {
        Tool.main(new Replay(), args);
    }
}
