///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Play back recorded JSON lines with the time between them: replay < touches.jsonl
//SOURCES ../lib/cli/StandardOutput.java ../lib/cli/Tool.java

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    /** Within the data a quotation mark has a backslash before it. A line without a time goes out at once. */
    private static final Pattern TIME = Pattern.compile("(?<!\\\\)\"time\"\\s*:\\s*\"(\\d{4}-\\d\\d-\\d\\dT[^\"]+)\"");

    @Option(names = "--speed", paramLabel = "N", order = 1, defaultValue = "1", description = "N times as fast (1).")
    private double speed;

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        if (!(speed > 0 && speed < Double.POSITIVE_INFINITY)) {
            throw tool.usage("--speed " + speed + ": expected a number above 0");
        }
        // A byte is a character here, so that every line goes out as it came in.
        BufferedReader lines = new BufferedReader(new InputStreamReader(tool.standardInput(), ISO_8859_1));
        StandardOutput out = new StandardOutput();
        long last = Long.MAX_VALUE;
        double due = System.nanoTime() / 1e6;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Matcher time = TIME.matcher(line);
            if (time.find()) {
                long now = Instant.parse(time.group(1)).toEpochMilli();
                due += Math.max(0, now - last) / speed;
                last = now;
                Thread.sleep((long) Math.max(0, due - System.nanoTime() / 1e6));
            }
            out.write((line + "\n").getBytes(ISO_8859_1));
            out.flush();
        }
        return 0;
    }

    public static void main(String... args) {
        Tool.main(new Replay(), args);
    }
}
