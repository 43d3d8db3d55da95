//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/SseEvent.java ../sse/SseParser.java FieldOptions.java RateLimitedLog.java SseSources.java Tool.java
package lib.cli;

import java.io.Flushable;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import lib.sse.SseEvent;
import lib.sse.SseParser;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Holds the options that say which events are asked for. Passes these on from all sources, and ends after the last. */
final class Selection {
    private static final int MANY = 20;
    private static final long LONG = TimeUnit.MINUTES.toNanos(1);

    @Option(names = {"-e", "--event"}, paramLabel = "TYPE", order = 30,
        description = "Keep only events of this type. Repeatable.")
    private Set<String> types = Set.of();

    @Option(names = {"-E", "--exclude"}, paramLabel = "TYPE", order = 30,
        description = "Drop events of this type. Repeatable.")
    private Set<String> excluded = Set.of();

    @Mixin
    private FieldOptions fields;

    @Option(names = {"-c", "--count"}, paramLabel = "N", order = 31,
        description = "Stop after N events were printed or sent.")
    private Integer count;

    @Option(names = "--settle", paramLabel = "SEC", order = 90,
        description = "Drop events for this time after each connect, because some servers send their whole state first (0).")
    private Duration settle = Duration.ZERO;

    private final Map<String, Integer> servers = new HashMap<>();
    private final RateLimitedLog log = new RateLimitedLog();
    private Consumer<String> skipped;
    private Tool tool;
    private SseSources sources;
    private boolean comments;
    private SseParser.Handler handler;
    private Flushable out;
    private long fieldless;
    private long taken;
    private long events;
    private long firstEvent;
    private boolean isTold;
    LongSupplier nanoTime = System::nanoTime;
    /** The source of the event that is being handed over. */
    private String source;

    boolean hasCount() { return count != null; }
    String source() { return source; }
    FieldOptions fields() { return fields; }

    /** Receives one line for each event that lacks a needed field. Unless set, these are errors and the status is 1. */
    void skipped(Consumer<String> lines) { skipped = lines; }

    /**
     * Begins, before the first event.
     *
     * @param sources  are closed after the last event that is asked for
     * @param comments whether to hand over comments too, each as an event without a type
     */
    void start(Tool tool, SseSources sources, boolean comments, SseParser.Handler handler, Flushable out) {
        tool.within(1, Integer.MAX_VALUE, count == null ? 1 : count, "--count");
        this.tool = tool;
        this.sources = sources;
        this.comments = comments;
        this.handler = handler;
        this.out = out;
    }

    int atEnd(int status) {
        tellIfNoneMatched(true);
        if (skipped != null || fieldless == 0) {
            return status;
        }
        tool.notice(fieldless + " skipped");
        return status == 0 ? Tool.LOCAL_FAILURE : status;
    }

    /** Takes the events of one source. Several of one server are numbered. */
    class Source implements SseParser.Handler {
        private final String name;
        private Runnable whenConnected;
        private long settled;

        /** @param whenConnected is run at the first connection */
        Source(String server, Runnable whenConnected) {
            this.whenConnected = whenConnected;
            int number = servers.merge(server, 1, Integer::sum);
            name = number == 1 ? server : server + "#" + number;
        }

        @Override
        public void open() {
            sources.connected();
            settled = System.nanoTime() + settle.toNanos();
            whenConnected.run();
            whenConnected = () -> { };
        }

        @Override
        public void event(SseEvent event) throws IOException {
            synchronized (sources) {
                sources.checkNotOver();
                if (!excluded.contains(event.event()) && (settle.isZero() || System.nanoTime() - settled >= 0)) {
                    source = name;
                    boolean isWanted = types.isEmpty() || types.contains(event.event());
                    taken += isWanted && fields.pick(event, handler, Selection.this::skip) ? 1 : 0;
                    firstEvent = events++ == 0 ? nanoTime.getAsLong() : firstEvent;
                    tellIfNoneMatched(false);
                    if (count != null && taken == count) {
                        out.flush();
                        sources.close();
                    }
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

    /** Says so once, because a mistyped name would show nothing. */
    private void tellIfNoneMatched(boolean isEnd) {
        if (events > 0 && taken + fieldless == 0 && !isTold
            && (isEnd || events >= MANY || nanoTime.getAsLong() - firstEvent >= LONG)) {
            isTold = true;
            tool.notice(events + (events == 1 ? " event" : " events") + " came, none matched --event, --where and --each");
        }
    }

    private void skip(String reason) {
        fieldless++;
        String line = "an event was skipped: " + reason;
        if (skipped == null) {
            log.say("skipped", line, tool::error);
        } else {
            skipped.accept(line);
        }
    }
}
