//SOURCES ../lib/cli/EventJson.java ../lib/cli/Payload.java ../lib/sse/SseEvent.java
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import lib.cli.EventJson;
import lib.cli.Payload;
import lib.sse.SseEvent;

/**
 * The events as bytes, and where each client stands among them. One thread sends, another serves all clients, and neither
 * holds the other up. Each event exists once, as long as it is kept for latecomers or a client still needs it.
 */
final class SseBroadcaster {
    private static final int MOST_KEPT_BYTES = 16 << 20;
    private static final Pattern LINE_END = Pattern.compile("\r\n|\r|\n");

    private final int kept;
    private final int clientBuffer;
    private final Consumer<String> details;
    private final Runnable onNews;

    private final Set<Cursor> cursors = new HashSet<>();
    private final Deque<Message> last = new ArrayDeque<>();
    private final String run = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
    private final Payload line = new Payload();
    private Message newest = new Message("", new byte[0], new byte[0], new AtomicReference<>());
    private long lastBytes;
    private long count;
    private volatile boolean ended;

    /**
     * @param kept   how many events are kept for latecomers, within a bound in bytes
     * @param onNews is told when there is something for the clients, or nothing any more
     */
    SseBroadcaster(int kept, int clientBuffer, Consumer<String> details, Runnable onNews) {
        this.kept = kept;
        this.clientBuffer = clientBuffer;
        this.details = details;
        this.onNews = onNews;
    }

    // ---- the sender ----

    /**
     * Sends an event to all clients. If it has no id, it gets one that no other event has, not even in another run. Waits
     * while all clients are behind, because nobody would gain by more speed.
     *
     * @throws IllegalArgumentException if the stream's grammar cannot express it; the message tells why
     */
    void send(SseEvent event) throws InterruptedIOException {
        send(message(event));
    }

    private synchronized void send(Message message) throws InterruptedIOException {
        try {
            while (!cursors.isEmpty() && cursors.stream().allMatch(Cursor::isBehind)) {
                wait();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
        newest.next.set(message);
        newest = message;
        cursors.forEach(cursor -> cursor.waiting += cursor.form.apply(message).length);
        last.add(message);
        lastBytes += message.size();
        while (last.size() > kept || lastBytes > MOST_KEPT_BYTES) {
            lastBytes -= last.remove().size();
        }
        onNews.run();
    }

    /** There is nothing more. Waits until clients have got the rest, for so long at the most. */
    synchronized void end(Duration patience) throws InterruptedException {
        ended = true;
        onNews.run();
        long end = System.nanoTime() + patience.toNanos();
        for (long left = patience.toMillis(); left > 0 && !cursors.isEmpty(); left = (end - System.nanoTime()) / 1_000_000) {
            wait(left);
        }
    }

    /** Waits until so many clients are there at the same time. */
    synchronized void awaitClients(int number) throws InterruptedException {
        while (cursors.size() < number) {
            wait();
        }
    }

    private Message message(SseEvent event) {
        String id = event.id().isEmpty() ? run + "-" + ++count : event.id();
        String type = event.event().isEmpty() ? "message" : event.event();
        SseEvent complete = new SseEvent(type, id, event.data());
        EventJson.write(complete, null, Instant.now(), line.clear());
        SseEvent json = new SseEvent("message", id, line.toString());
        return new Message(id, frame(complete), frame(json), new AtomicReference<>());
    }

    /**
     * Returns the event in the grammar of event streams. A line end in the data starts a new {@code data} line.
     *
     * @throws IllegalArgumentException if the type or the id cannot be expressed
     */
    static byte[] frame(SseEvent event) {
        refuse("\r\n", event.event(), "the type of an event has no line end");
        refuse("\r\n", event.id(), "the id of an event has no line end");
        refuse("\0", event.id(), "the id of an event has no NUL");
        String type = event.event().equals("message") ? "" : "event: " + event.event() + "\n";
        String id = event.id().isEmpty() ? "" : "id: " + event.id() + "\n";
        String data = LINE_END.matcher(event.data()).replaceAll("\ndata: ");
        return (type + id + "data: " + data + "\n\n").getBytes(UTF_8);
    }

    private static void refuse(String characters, String value, String message) {
        if (value.chars().anyMatch(one -> characters.indexOf(one) >= 0)) {
            throw new IllegalArgumentException(message);
        }
    }

    // ---- the clients ----

    /** How many clients are there. */
    synchronized int clients() {
        return cursors.size();
    }

    /** Whether there is nothing for such a client any more, see {@link #connect}. */
    synchronized boolean isOverFor(String lastEventId, int number) {
        return ended && missed(lastEventId, number).isEmpty();
    }

    /** Adds a client, which first gets what it missed: all events if its last one is not kept, or so many if it names none. */
    synchronized Cursor connect(String client, Function<Message, byte[]> form, String lastEventId, int number) {
        List<Message> missed = missed(lastEventId, number);
        Cursor cursor = new Cursor(client, form, missed);
        cursors.add(cursor);
        notifyAll();
        details.accept(client + ": connected, " + missed.size() + " events to catch up; " + cursors.size() + " clients");
        return cursor;
    }

    /** The newest event with that id counts: ids may repeat, and an event should not. */
    private List<Message> missed(String lastEventId, int number) {
        List<Message> all = List.copyOf(last);
        int first = lastEventId.isEmpty() ? Math.max(0, all.size() - number)
            : all.stream().map(Message::id).toList().lastIndexOf(lastEventId) + 1;
        return all.subList(first, all.size());
    }

    /**
     * An event as bytes, in the forms that a client may ask for.
     *
     * @param event as it is
     * @param json  as an event of type {@code message}, its data being the whole of it as a JSON line
     * @param next  the message behind it, once there is one
     */
    record Message(String id, byte[] event, byte[] json, AtomicReference<Message> next) {
        private int size() {
            return event.length + json.length;
        }
    }

    /** Where one client stands: which of the bytes come next. For one thread. */
    final class Cursor {
        private final String client;
        private final Function<Message, byte[]> form;
        private final long limit;
        private Message at;
        private int offset;
        /** Changes under the lock only. */
        private volatile long waiting;

        /** What it is to get first does not count as slowness. */
        private Cursor(String client, Function<Message, byte[]> form, List<Message> missed) {
            this.client = client;
            this.form = form;
            at = missed.isEmpty() ? newest : missed.get(0);
            offset = missed.isEmpty() ? form.apply(at).length : 0;
            waiting = missed.stream().mapToLong(message -> form.apply(message).length).sum();
            limit = clientBuffer + waiting;
        }

        /** Offers what comes next, by way of a buffer in which the rest stays if not all of it was taken. */
        int write(WritableByteChannel channel, ByteBuffer buffer) throws IOException {
            buffer.clear();
            int from = offset;
            for (Message message = at; message != null && buffer.hasRemaining(); message = message.next.get()) {
                byte[] bytes = form.apply(message);
                buffer.put(bytes, from, Math.min(bytes.length - from, buffer.remaining()));
                from = 0;
            }
            int taken = channel.write(buffer.flip());
            offset += taken;
            while (at.next.get() != null && offset >= form.apply(at).length) {
                offset -= form.apply(at).length;
                at = at.next.get();
            }
            synchronized (SseBroadcaster.this) {
                waiting -= taken;
                if (!isBehind()) {
                    SseBroadcaster.this.notifyAll();
                }
            }
            return taken;
        }

        boolean hasMore() {
            return waiting > 0;
        }

        /** Whether this client got all, and nothing more comes. */
        boolean isOver() {
            return ended && waiting == 0;
        }

        /** Whether too much waits for this client; a single event never is too much. */
        boolean isTooSlow() {
            return waiting > limit && at.next.get() != null;
        }

        /** This client is gone. */
        void close() {
            synchronized (SseBroadcaster.this) {
                if (cursors.remove(this)) {
                    details.accept(client + ": gone; " + cursors.size() + " clients");
                    SseBroadcaster.this.notifyAll();
                }
            }
        }

        private boolean isBehind() {
            return waiting > limit / 2;
        }
    }
}
