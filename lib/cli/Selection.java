//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/SseClient.java ../sse/SseEvent.java ../sse/SseParser.java FieldOptions.java RateLimitedLog.java
//SOURCES SseSources.java Tool.java
package lib.cli;

import java.io.Flushable;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import lib.sse.SseClient;
import lib.sse.SseEvent;
import lib.sse.SseParser;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say which events are asked for. Passes these on, from all sources, and ends after the last. */
final class Selection {
    @Option(names = {"-e", "--event"}, paramLabel = "TYPE", order = 30,
        description = "Only events of this type. Repeatable.")
    private Set<String> types = Set.of();

    @Option(names = {"-E", "--exclude"}, paramLabel = "TYPE", order = 30,
        description = "No events of this type. Repeatable.")
    private Set<String> excluded = Set.of();

    @Mixin
    private FieldOptions fields;

    @Option(names = {"-c", "--count"}, paramLabel = "N", order = 31,
        description = "End after N events of which something was output.")
    private Integer count;

    @Option(names = "--settle", paramLabel = "SEC", order = 90,
        description = "Drop what comes within this time after each connect: servers may send their whole state first (0).")
    private Duration settle = Duration.ZERO;

    private final RateLimitedLog few = new RateLimitedLog();
    private Consumer<String> skipped;
    private Tool tool;
    private SseSources sources;
    private boolean comments;
    private SseParser.Handler handler;
    private Flushable out;
    private long fieldless;
    private long taken;
    private long others;
    private String lastOther;
    private boolean emptyListCame;
    /** Where the event comes from that is being handed over. */
    private String source;

    boolean hasCount() { return count != null; }

    String source() { return source; }

    /** Takes a line on each event that is not output for want of a field. Unless set these are told, and a failure. */
    void skipped(Consumer<String> lines) { skipped = lines; }

    /**
     * Is called before the first event.
     *
     * @param sources  of the events, which end after the last one that is asked for
     * @param comments whether comments are asked for too, each as an event without a type
     */
    void start(Tool tool, SseSources sources, boolean comments, SseParser.Handler handler, Flushable out) {
        if (types.contains("") || excluded.contains("")) {
            throw tool.usage((types.contains("") ? "--event" : "--exclude") + " '': expected a type");
        }
        if (count != null) {
            tool.within(1, Integer.MAX_VALUE, count, "--count");
        }
        this.tool = tool;
        this.sources = sources;
        this.comments = comments;
        this.handler = handler;
        this.out = out;
    }

    /** Tells what was asked for if nothing of it came: a mistyped type or pointer would show nothing. */
    int atEnd(int status) {
        if (taken + fieldless == 0 && others > 0 && !emptyListCame) {
            tool.notice(others + (others == 1 ? " event" : " events") + " came, none"
                + (types.isEmpty() ? "" : " of type " + String.join(", ", types)) + fields.wanted()
                + "; the last one was of type " + lastOther);
        }
        if (skipped != null || fieldless == 0) {
            return status;
        }
        tool.notice(fieldless + " skipped");
        return status == 0 ? Tool.LOCAL_FAILURE : status;
    }

    /** Takes the events of one source. */
    class Source implements SseClient.Handler {
        private final String name;
        private long settled;

        Source(String name) {
            this.name = name;
        }

        @Override
        public void open() {
            sources.connected();
            settled = System.nanoTime() + settle.toNanos();
        }

        @Override
        public void event(SseEvent event) throws IOException {
            synchronized (sources) {
                sources.checkNotOver();
                if (!excluded.contains(event.event()) && (settle.isZero() || System.nanoTime() - settled >= 0)) {
                    source = name;
                    select(event);
                }
            }
        }

        @Override
        public void comment(String text) throws IOException {
            synchronized (sources) {
                sources.checkNotOver();
                if (comments) {
                    source = name;
                    handler.event(new SseEvent("", "", text));
                }
            }
        }

        @Override
        public void flush(String lastEventId) throws IOException {
            synchronized (sources) {
                out.flush();
            }
        }
    }

    private void select(SseEvent event) throws IOException {
        boolean isOfType = types.isEmpty() || types.contains(event.event());
        if (isOfType && fields.pick(event, handler, this::skip)) {
            taken++;
            if (count != null && taken == count) {
                out.flush();
                sources.close();
            }
        } else {
            emptyListCame |= isOfType && fields.wanted().isEmpty();
            others++;
            lastOther = event.event();
        }
    }

    private void skip(String reason) {
        fieldless++;
        String line = "an event was skipped: " + reason;
        if (skipped == null) {
            few.say("skipped", line, tool::error);
        } else {
            skipped.accept(line);
        }
    }
}
