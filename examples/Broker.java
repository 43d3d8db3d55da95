//SOURCES ../lib/cli/Format.java ../lib/cli/Tool.java ../lib/sse/Reason.java ../lib/sse/SseException.java

import java.io.Flushable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import lib.cli.Format.Placeholder;
import lib.cli.Format;
import lib.cli.Tool;
import lib.sse.Reason;
import lib.sse.SseException;

/** The events that a broker has not acknowledged yet, and what the user is told of it. One thread hands events over. */
class Broker implements Flushable {
    private static final int PATIENCE_SECONDS = 3;
    private static final int SKIPS_TOLD = 3;

    private final Tool tool;
    private final String name;
    private final Predicate<Throwable> isOfTheEvent;
    private final Deque<Future<?>> outstanding = new ArrayDeque<>();
    private volatile long received;
    private volatile long acknowledged;
    private volatile long skipped;
    private boolean isAway;

    /** @param isOfTheEvent whether a refusal is for what the event is, so that the next one may be taken */
    Broker(Tool tool, String name, Predicate<Throwable> isOfTheEvent) {
        this.tool = tool;
        this.name = name;
        this.isOfTheEvent = isOfTheEvent;
    }

    /** The template that an option has. */
    static Format template(Tool tool, String option, String text) {
        try {
            return new Format(tool.text(text), Placeholder.DATA, Placeholder.EVENT, Placeholder.ID, Placeholder.JSON);
        } catch (IllegalArgumentException unknown) {
            throw tool.usage(option + ": " + unknown.getMessage());
        }
    }

    /** @param file null for none */
    static Properties properties(Tool tool, Path file) {
        Properties properties = new Properties();
        if (file != null) {
            try (Reader reader = Files.newBufferedReader(file)) {
                properties.load(reader);
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

    /** Says that the broker is not there, once until it is {@link #back}. */
    synchronized void away(String reason) {
        if (!isAway) {
            isAway = true;
            tool.notice(name + ": " + reason + "; waiting for it");
        }
    }

    synchronized void back() {
        if (isAway) {
            isAway = false;
            tool.notice(name + ": it is there again");
        }
    }

    /** Another event is on its way. */
    void add(Future<?> acknowledgement) {
        received++;
        outstanding.add(acknowledgement);
    }

    /** Another event, which cannot be published. */
    void skip(String reason) {
        received++;
        skipped(reason);
    }

    private void skipped(String reason) {
        skipped++;
        if (skipped <= SKIPS_TOLD) {
            tool.error("skipped an event: " + reason + (skipped == SKIPS_TOLD ? " (more of them are only counted)" : ""));
        }
    }

    /** Waits until all of them are acknowledged, for as long as it takes. */
    @Override
    public void flush() throws IOException {
        for (; !outstanding.isEmpty(); outstanding.remove()) {
            Throwable refusal = await(outstanding.peek());
            if (refusal == null) {
                acknowledged++;
            } else if (isOfTheEvent.test(refusal)) {
                skipped(Reason.of(refusal));
            } else {
                throw refused(refusal);
            }
        }
    }

    /** Waits for a connection, for as long as it takes. */
    void awaitConnection(Future<?> connection) throws IOException {
        Throwable refusal = await(connection);
        if (refusal != null) {
            throw refused(refusal);
        }
    }

    /** @return why it was refused; null if it was not */
    private Throwable await(Future<?> answer) throws IOException {
        for (boolean isLate = false; ; isLate = true) {
            try {
                answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                if (isLate) {
                    back();
                }
                return null;
            } catch (TimeoutException notYet) {
                away("no answer for " + PATIENCE_SECONDS + " s");
            } catch (ExecutionException refused) {
                return refused.getCause();
            } catch (InterruptedException stop) {
                throw new InterruptedIOException("ended before " + name + " had acknowledged everything");
            }
        }
    }

    /** To be thrown: what the broker answers is final. */
    SseException refused(Throwable refusal) {
        return new SseException(SseException.Kind.REFUSED, name + ": " + Reason.of(refusal));
    }

    /** For {@link Tool#atEnd}: what was not acknowledged makes status 0 a failure. */
    int atEnd(int status) {
        long left = received - acknowledged - skipped;
        if (received > 0 || status == 0) {
            tool.notice(received + " received, " + acknowledged + " acknowledged, " + skipped + " skipped, " + left + " not acknowledged");
        }
        return status == 0 && left + skipped > 0 ? Tool.LOCAL_FAILURE : status;
    }
}
