//SOURCES ../sse/SseClient.java ../sse/SseEvent.java ../sse/SseParser.java
package lib.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import lib.sse.SseClient;
import lib.sse.SseEvent;
import lib.sse.SseParser;

/** An event stream that something else has fetched. It is read once; the end of input is the end. */
final class SseInput implements SseParser.Handler {
    private static final int BUFFER = 64 << 10;

    private final InputStream in;
    private final Consumer<String> notices;
    private final CountDownLatch over = new CountDownLatch(1);
    /** Held by the thread that reads, but not while it waits for input, which cannot be ended. */
    private final Lock handingOver = new ReentrantLock();
    private SseClient.Handler handler;
    private Exception failure;

    /** @param notices takes lines on what did not become an event */
    SseInput(InputStream in, Consumer<String> notices) {
        this.in = in;
        this.notices = notices;
    }

    /**
     * Hands all events over. What is being handed over when the time is over, or it is closed, is finished.
     *
     * @param maxTime null for ever
     * @return whether it came to an end, or was closed, within the time
     * @throws Exception what the input or the handler threw
     */
    boolean read(SseClient.Handler events, int maxEventBytes, Duration maxTime) throws Exception {
        handler = events;
        SseParser parser = new SseParser("", maxEventBytes, this);
        Thread thread = new Thread(() -> run(parser), "standard input");
        thread.setDaemon(true);
        thread.start();
        boolean inTime = over.await(maxTime == null ? Long.MAX_VALUE : maxTime.toNanos(), TimeUnit.NANOSECONDS);
        close();
        handingOver.lock();
        if (failure != null) {
            throw failure;
        }
        return inTime;
    }

    /** Nothing more is handed over. For any thread. */
    void close() {
        over.countDown();
    }

    private boolean isOver() {
        return over.getCount() == 0;
    }

    private void run(SseParser parser) {
        handingOver.lock();
        try {
            feed(parser);
        } catch (Exception thrown) {
            failure = thrown;
        } catch (Error bug) {
            failure = new IllegalStateException(bug);
        } finally {
            close();
            handingOver.unlock();
        }
    }

    private void feed(SseParser parser) throws IOException {
        byte[] bytes = new byte[BUFFER];
        for (int length = more(bytes); length >= 0 && !isOver(); length = more(bytes)) {
            try {
                parser.feed(ByteBuffer.wrap(bytes, 0, length));
            } finally {
                handler.flush();
            }
        }
        if (!isOver() && parser.isWithinEvent()) {
            notices.accept("standard input ended in the middle of an event");
        } else if (!isOver() && !parser.hasReadAnything()) {
            notices.accept("no event came from standard input");
        }
    }

    private int more(byte[] bytes) throws IOException {
        handingOver.unlock();
        try {
            return in.read(bytes);
        } finally {
            handingOver.lock();
        }
    }

    @Override
    public void event(SseEvent event) throws IOException {
        if (!isOver()) {
            handler.event(event);
        }
    }

    @Override
    public void comment(String text) throws IOException {
        if (!isOver()) {
            handler.comment(text);
        }
    }

    @Override
    public void tooLarge(int bytes) {
        notices.accept("dropped an event of more than " + bytes + " bytes");
    }
}
