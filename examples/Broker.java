// Reads of some size, as after each one all acknowledgements are waited for; and the quick compiler, as in sse-to-udp.
//RUNTIME_OPTIONS -Djdk.httpclient.bufsize=65536 -XX:TieredStopAtLevel=1
//SOURCES ../lib/cli/Tool.java ../lib/cli/Reason.java ../lib/sse/SseException.java

import java.io.Flushable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import lib.cli.Tool;
import lib.cli.Reason;
import lib.sse.SseException;

/** How many events a broker has not answered yet, and what the user is told of it. */
abstract class Broker implements Flushable {
    static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final int SKIPS_TOLD = 3;

    final Tool tool;
    final String name;
    private long received;
    private long acknowledged;
    private long skipped;
    private Throwable finalRefusal;
    private boolean isAway;

    /** @param name what messages call it */
    Broker(Tool tool, String name) {
        this.tool = tool;
        this.name = name;
        tool.atEnd(this::atEnd);
    }

    /** Returns the usual properties and those in the files; a file overrides what comes before it. */
    static Properties properties(Tool tool, List<Path> files, Map<String, String> usual) {
        Properties properties = new Properties();
        properties.putAll(usual);
        for (Path file : files) {
            try (Reader text = Files.newBufferedReader(file)) {
                properties.load(text);
            } catch (IOException | IllegalArgumentException unreadable) {
                throw tool.usage("--properties " + file + ": " + Reason.of(unreadable));
            }
        }
        return properties;
    }

    static byte[] bytes(ByteBuffer some) {
        byte[] bytes = new byte[some.remaining()];
        some.get(bytes);
        return bytes;
    }

    /** Whether it is refused for what the event is, so that the next one may be taken. Any other refusal is the end. */
    abstract boolean isOfTheEvent(Throwable refusal);

    /** Why something failed, in words. */
    String reason(Throwable failure) {
        return Reason.of(failure);
    }

    /** The broker is not there, which is said once. */
    synchronized void away(String reason) {
        if (!isAway) {
            isAway = true;
            tool.notice(name + ": " + reason + "; waiting for it");
        }
    }

    /** The broker is there. */
    synchronized void back() {
        if (isAway) {
            isAway = false;
            tool.notice(name + ": it is there again");
        }
    }

    /** Another event is on its way, and will be {@link #answered}. */
    synchronized void published() {
        received++;
    }

    /** @param refusal null where the broker has acknowledged the event */
    synchronized void answered(Throwable refusal) {
        if (refusal == null) {
            acknowledged++;
        } else if (isOfTheEvent(refusal)) {
            skipped++;
            if (skipped <= SKIPS_TOLD) {
                tool.error("skipped an event: " + reason(refusal) + (skipped == SKIPS_TOLD ? " (others are only counted)" : ""));
            }
        } else {
            finalRefusal = refusal;
        }
        if (isDone()) {
            notifyAll();
        }
    }

    private boolean isDone() {
        return acknowledged + skipped == received || finalRefusal != null;
    }

    /** Waits until all events are answered, for as long as it takes. */
    @Override
    public synchronized void flush() throws IOException {
        while (!isDone()) {
            long before = acknowledged + skipped;
            try {
                wait(PATIENCE.toMillis());
            } catch (InterruptedException stop) {
                throw new InterruptedIOException("ended before everything was acknowledged");
            }
            if (acknowledged + skipped > before) {
                back();
            } else if (!isDone()) {
                away("no answer for " + PATIENCE.toSeconds() + " s");
            }
        }
        if (finalRefusal != null) {
            throw refused(finalRefusal);
        }
    }

    /** To be thrown: the broker will not answer otherwise. */
    SseException refused(Throwable refusal) {
        return new SseException(SseException.Kind.REFUSED, name + ": " + reason(refusal));
    }

    private synchronized int atEnd(int status) {
        long left = received - acknowledged - skipped;
        if (received > 0) {
            tool.notice(received + " received, " + acknowledged + " acknowledged, " + skipped + " skipped, "
                + left + " not acknowledged");
        }
        return status == 0 && left + skipped > 0 ? Tool.LOCAL_FAILURE : status;
    }
}
