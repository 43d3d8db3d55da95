//SOURCES ../sse/SseClient.java ../sse/SseException.java ../sse/SseParser.java ../sse/StateFile.java Tool.java
package lib.cli;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lib.sse.SseClient;
import lib.sse.SseException;
import lib.sse.SseParser;
import lib.sse.StateFile;

/** Listens to several subscriptions at once, or to standard input. Each connects, resumes and ends by itself. */
final class SseSources {
    private static final int BUFFER = 64 << 10;

    private final Tool tool;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<Callable<Integer>, AutoCloseable> sources = new LinkedHashMap<>();
    private volatile boolean isOver;
    private volatile boolean timeIsOver;
    private volatile boolean wasConnected;

    SseSources(Tool tool) { this.tool = tool; }

    /** Adds a subscription that keeps its last event ID in a file, or null. */
    void add(SseClient client, SseParser.Handler handler, Path state) {
        sources.put(() -> listen(() -> listen(client, handler, state)), client);
    }

    private SseClient listen(SseClient client, SseParser.Handler handler, Path state) throws Exception {
        try (StateFile file = state == null ? null : StateFile.open(state, tool::notice)) {
            if (file != null && !file.lastEventId().isEmpty()) {
                client.lastEventId(file.lastEventId());
            }
            client.listen(file == null ? handler : file.around(handler));
            return client;
        }
    }

    /** Adds an event stream that something else has fetched. It is read once. */
    void add(InputStream in, int maxEventBytes, SseParser.Handler handler) {
        sources.put(() -> listen(() -> read(in, new SseParser("", maxEventBytes, handler), handler)), in);
    }

    /**
     * Listens until all are over. One that was refused, or gave up, says so at once, and the others go on.
     *
     * @param maxTime        null or 0 for ever
     * @param whenTimeIsOver the exit status then
     * @return the highest of the exit statuses; if the time was over before any source was there, the one of giving up
     * @throws Exception anything else that one of them has thrown, which ends all
     */
    int listen(Duration maxTime, int whenTimeIsOver) throws Exception {
        if (maxTime != null && !maxTime.isZero()) {
            CompletableFuture.delayedExecutor(maxTime.toNanos(), NANOSECONDS, threads).execute(this::endInTime);
        }
        int status = 0;
        try {
            for (Future<Integer> end : threads.invokeAll(sources.keySet())) {
                status = Math.max(status, end.get());
            }
        } catch (ExecutionException ended) {
            throw ended.getCause() instanceof Exception thrown ? thrown : new IllegalStateException(ended.getCause());
        }
        return Math.max(status, !timeIsOver ? 0 : wasConnected ? whenTimeIsOver : Math.max(whenTimeIsOver, Tool.GAVE_UP));
    }

    private int listen(Callable<?> source) throws Exception {
        try {
            source.call();
            return 0;
        } catch (SseException end) {
            return tool.statusOf(new SseException(end.kind(), end.getMessage().replaceFirst(
                "(content type.*, expected text/event-stream)", "$1 (--any-content-type takes any)")));
        } catch (Throwable failure) {
            if (isOver && failure instanceof ClosedChannelException) {
                return 0;
            }
            close();
            throw failure;
        }
    }

    /** Gives a second to whatever goes out by itself, such as copies. */
    private void endInTime() {
        timeIsOver = !isOver;
        close();
        CompletableFuture.delayedExecutor(1, SECONDS, threads).execute(tool::endWork);
    }

    /** Notes that one of the sources is there. */
    void connected() { wasConnected = true; }

    /** Ends all, and waits for none: the caller may be in a handler for which the others wait. */
    void close() {
        isOver = true;
        sources.values().forEach(source -> threads.submit(() -> {
            source.close();
            return null;
        }));
    }

    /** Keeps events back once all is over, so that they do not count as taken. */
    void checkNotOver() throws ClosedChannelException {
        if (isOver) {
            throw new ClosedChannelException();
        }
    }

    private Object read(InputStream in, SseParser parser, SseParser.Handler handler) throws IOException {
        handler.open();
        byte[] bytes = new byte[BUFFER];
        for (int length = in.read(bytes); length >= 0; length = in.read(bytes)) {
            try {
                parser.feed(ByteBuffer.wrap(bytes, 0, length));
            } finally {
                handler.flush(parser.lastEventId());
            }
        }
        if (parser.isWithinEvent()) {
            tool.notice("standard input ended in the middle of an event");
        }
        return parser;
    }
}
