//SOURCES ../sse/SseClient.java ../sse/SseEvent.java ../sse/SseParser.java
package lib.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import lib.sse.SseClient;
import lib.sse.SseEvent;
import lib.sse.SseParser;

/** An event stream that something else has fetched. It is read once; the end of input is the end. */
final class SseInput implements SseParser.Handler {
    private static final int BUFFER = 64 << 10;

    private final InputStream in;
    private final Consumer<String> notices;
    private volatile SseClient.Handler handler;
    private volatile FutureTask<Void> reading;
    private volatile IOException failure;
    private volatile boolean closed;

    /** @param notices takes lines on what did not become an event */
    SseInput(InputStream in, Consumer<String> notices) {
        this.in = in;
        this.notices = notices;
    }

    /**
     * Hands all events over.
     *
     * @param maxTime null for ever
     * @return whether it came to an end, or was closed, within the time
     * @throws IOException what the input or the handler threw
     */
    boolean read(SseClient.Handler events, int maxEventBytes, Duration maxTime) throws IOException, InterruptedException {
        handler = events;
        SseParser parser = new SseParser("", maxEventBytes, this);
        reading = new FutureTask<>(() -> feed(parser), null);
        // On a thread of its own: a read from standard input cannot be ended.
        Thread thread = new Thread(reading, "standard input");
        thread.setDaemon(true);
        thread.start();
        try {
            reading.get(closed ? 0 : maxTime == null ? Long.MAX_VALUE : maxTime.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException timeIsOver) {
            boolean wasClosed = closed;
            closed = true;
            return wasClosed;
        } catch (CancellationException wasClosed) {
            return true;
        } catch (ExecutionException bug) {
            throw new IllegalStateException(bug.getCause());
        }
        if (failure != null) {
            throw failure;
        }
        return true;
    }

    /** Nothing more is handed over. For any thread. */
    void close() {
        closed = true;
        FutureTask<Void> running = reading;
        if (running != null) {
            running.cancel(false);
        }
    }

    private void feed(SseParser parser) {
        byte[] bytes = new byte[BUFFER];
        try {
            for (int length = in.read(bytes); length >= 0 && !closed; length = in.read(bytes)) {
                try {
                    parser.feed(ByteBuffer.wrap(bytes, 0, length));
                } finally {
                    handler.flush();
                }
            }
            if (!closed && parser.isWithinEvent()) {
                notices.accept("standard input ended in the middle of an event");
            } else if (!closed && !parser.hasReadAnything()) {
                notices.accept("no event came from standard input");
            }
        } catch (IOException thrown) {
            failure = thrown;
        }
    }

    @Override
    public void event(SseEvent event) throws IOException {
        if (!closed) {
            handler.event(event);
        }
    }

    @Override
    public void comment(String text) throws IOException {
        if (!closed) {
            handler.comment(text);
        }
    }

    @Override
    public void tooLarge(int bytes) {
        notices.accept("dropped an event of more than " + bytes + " bytes");
    }
}
