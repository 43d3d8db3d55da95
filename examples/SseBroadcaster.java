//SOURCES ../lib/cli/EventJson.java ../lib/cli/Payload.java ../lib/sse/SseEvent.java
import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import lib.cli.EventJson;
import lib.cli.Payload;
import lib.sse.SseEvent;

/**
 * Sends events to every client that is connected, each at its own pace, and keeps the last ones for clients that come
 * back. For use by any thread.
 *
 * <p>What waits for a client is bounded: one that is too slow is dropped and does not hold up the others. Only where
 * all of them are behind has the sender to wait.
 */
final class SseBroadcaster {

    /** What a client wants to get. */
    enum Form {
        /** The events, as they are. */
        EVENTS,
        /** Each event as one of type {@code message}, its data being the whole of it as a JSON line. */
        JSON
    }

    private static final int MOST_KEPT_BYTES = 16 << 20;
    private static final Duration STALLED = Duration.ofSeconds(5);
    private static final byte[] COMMENT = ":\n\n".getBytes(UTF_8);
    private static final byte[] END = new byte[0];
    private static final Pattern LINE_END = Pattern.compile("\r\n|\r|\n");

    private final int kept;
    private final int clientBuffer;
    private final byte[] preamble;
    private final Consumer<String> notices;
    private final Consumer<String> details;

    private final Set<Client> clients = new LinkedHashSet<>();
    private final Deque<Message> last = new ArrayDeque<>();
    private final String run = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
    private final Payload line = new Payload();
    private long lastBytes;
    private long count;
    private boolean ended;

    /**
     * @param kept         how many events are kept for clients that come back, within a bound in bytes
     * @param clientBuffer how many bytes may wait for a client
     * @param retry        the reconnection time that clients are told
     * @param notices      takes lines on clients that were dropped
     * @param details      takes lines on clients that come and go
     */
    SseBroadcaster(int kept, int clientBuffer, Duration retry, Consumer<String> notices, Consumer<String> details) {
        this.kept = kept;
        this.clientBuffer = clientBuffer;
        this.preamble = ("retry: " + retry.toMillis() + "\n\n").getBytes(UTF_8);
        this.notices = notices;
        this.details = details;
    }

    /**
     * Answers with the stream: first what the client has missed, then what comes, until that is over. A client that
     * names an event which is not kept gets all that is.
     *
     * @param lastEventId the last event that the client has got, "" if none
     * @return false if there was nothing for this client any more; the exchange is as it was then
     * @throws IOException if the client is gone, or was dropped. It must leave the server's handler, because that is
     *     what makes the server forget the connection; to close the exchange does not do it in every JDK.
     */
    boolean serve(HttpExchange exchange, String lastEventId, Form form) throws IOException {
        Client client = admit(exchange, lastEventId, form);
        if (client == null) {
            return false;
        }
        try {
            client.writeAll();
        } finally {
            remove(client);
        }
        exchange.close();
        return true;
    }

    private synchronized Client admit(HttpExchange exchange, String lastEventId, Form form) throws IOException {
        List<Message> missed = missedSince(lastEventId);
        if (ended && missed.isEmpty()) {
            return null;
        }
        Headers headers = exchange.getResponseHeaders();
        headers.set("Content-Type", "text/event-stream");
        headers.set("Cache-Control", "no-store");
        headers.set("X-Accel-Buffering", "no");
        headers.set("Connection", "close");
        exchange.sendResponseHeaders(200, 0);
        List<byte[]> first = new ArrayList<>(List.of(preamble));
        missed.forEach(message -> first.add(message.in(form)));
        Client client = new Client(exchange, form, first);
        clients.add(client);
        notifyAll();
        details.accept(client + ": connected, " + missed.size() + " events to catch up; " + clients.size() + " clients");
        if (ended) {
            client.end();
        }
        return client;
    }

    /** After this nobody interrupts the client's thread any more, which may soon serve another. */
    private synchronized void remove(Client client) {
        Thread.interrupted();
        if (clients.remove(client)) {
            details.accept(client + ": gone; " + clients.size() + " clients");
        }
        notifyAll();
    }

    /** Waits until so many are there at the same time. */
    synchronized void awaitClients(int number) throws InterruptedException {
        while (clients.size() < number) {
            wait();
        }
    }

    /** Whether there is nothing for this client any more. */
    synchronized boolean isOverFor(String lastEventId) {
        return ended && missedSince(lastEventId).isEmpty();
    }

    /**
     * Sends an event to all. One without an id gets an id that no other event has, also not in another run.
     *
     * @throws IllegalArgumentException if the stream's grammar has no way to say it: the message tells why
     * @throws InterruptedIOException   if this thread was interrupted
     */
    synchronized void send(SseEvent event) throws IOException {
        Message message = message(event);
        awaitRoom();
        keep(message);
        clients.removeIf(client -> !client.offer(message.in(client.form)));
    }

    /** Sends a comment to all that have nothing else to get: it shows both sides whether the other is still there. */
    synchronized void heartbeat() {
        clients.forEach(Client::heartbeat);
    }

    /** There is nothing more: the streams end after what the clients still have to get. Waits for that. */
    synchronized void end(Duration patience) throws InterruptedException {
        ended = true;
        clients.forEach(Client::end);
        long end = System.nanoTime() + patience.toNanos();
        for (long left = patience.toMillis(); left > 0 && !clients.isEmpty(); left = millisUntil(end)) {
            wait(left);
        }
    }

    private static long millisUntil(long end) {
        return (end - System.nanoTime() + 999_999) / 1_000_000;
    }

    private Message message(SseEvent event) {
        String id = event.id().isEmpty() ? run + "-" + ++count : event.id();
        SseEvent complete = new SseEvent(event.event(), id, event.data());
        EventJson.write(complete, Instant.now(), line.clear());
        return new Message(id, frame(complete),
            frame(new SseEvent("message", id, line.toString())));
    }

    /**
     * The event in the grammar of event streams. Data may hold anything: a line end in it is a new {@code data} line.
     *
     * @throws IllegalArgumentException if the type or the id cannot be said
     */
    static byte[] frame(SseEvent event) {
        refuse(LINE_END, event.event(), "the type of an event has no line end");
        refuse(LINE_END, event.id(), "the id of an event has no line end");
        if (event.id().indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the id of an event has no NUL");
        }
        StringBuilder lines = new StringBuilder();
        if (!event.event().equals("message")) {
            lines.append("event: ").append(event.event()).append('\n');
        }
        if (!event.id().isEmpty()) {
            lines.append("id: ").append(event.id()).append('\n');
        }
        for (String line : LINE_END.split(event.data(), -1)) {
            lines.append("data: ").append(line).append('\n');
        }
        return lines.append('\n').toString().getBytes(UTF_8);
    }

    private static void refuse(Pattern what, String value, String message) {
        if (what.matcher(value).find()) {
            throw new IllegalArgumentException(message);
        }
    }

    private void keep(Message message) {
        last.add(message);
        lastBytes += message.size();
        while (last.size() > kept || lastBytes > MOST_KEPT_BYTES) {
            lastBytes -= last.remove().size();
        }
    }

    /** The newest event with that id counts: ids may repeat, and an event should not. */
    private List<Message> missedSince(String lastEventId) {
        LinkedList<Message> missed = new LinkedList<>();
        if (lastEventId.isEmpty()) {
            return missed;
        }
        Iterator<Message> newestFirst = last.descendingIterator();
        while (newestFirst.hasNext()) {
            Message message = newestFirst.next();
            if (message.id.equals(lastEventId)) {
                return missed;
            }
            missed.addFirst(message);
        }
        details.accept("last event ID '" + lastEventId + "' is not kept: sending all that is");
        return missed;
    }

    /** To go on faster than the fastest client would serve nobody; clients that take nothing at all are dropped. */
    private void awaitRoom() throws InterruptedIOException {
        long end = System.nanoTime() + STALLED.toNanos();
        while (!clients.isEmpty() && clients.stream().allMatch(Client::isBehind)) {
            long left = millisUntil(end);
            if (left <= 0) {
                clients.forEach(client -> client.drop("has taken nothing for " + STALLED.toSeconds() + " s"));
                clients.clear();
                return;
            }
            try {
                wait(left);
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException();
            }
        }
    }

    private synchronized void progress() {
        notifyAll();
    }

    private record Message(String id, byte[] event, byte[] json) {
        byte[] in(Form form) {
            return form == Form.EVENTS ? event : json;
        }

        int size() {
            return event.length + json.length;
        }
    }

    /** One connection, what waits for it, and the thread that writes it. */
    private final class Client {
        private final HttpExchange exchange;
        private final String name;
        private final Form form;
        private final Queue<byte[]> queue;
        private final long limit;
        private final Thread writer = Thread.currentThread();
        private long waiting;
        private boolean over;
        private boolean dropped;

        /** What it is to get first does not count as slowness. */
        Client(HttpExchange exchange, Form form, Collection<byte[]> first) {
            this.exchange = exchange;
            this.name = exchange.getRemoteAddress().getAddress().getHostAddress()
                + " port " + exchange.getRemoteAddress().getPort();
            this.form = form;
            queue = new ArrayDeque<>(first);
            waiting = first.stream().mapToLong(bytes -> bytes.length).sum();
            limit = clientBuffer + waiting;
        }

        synchronized boolean offer(byte[] bytes) {
            if (waiting > 0 && waiting + bytes.length > limit) {
                drop("is too slow, " + waiting + " bytes wait for it");
                return false;
            }
            add(bytes);
            return true;
        }

        synchronized void heartbeat() {
            if (waiting == 0) {
                add(COMMENT);
            }
        }

        synchronized void end() {
            over = true;
            notifyAll();
        }

        synchronized boolean isBehind() {
            return waiting > limit / 2;
        }

        /** An interrupt closes the connection under a write that blocks, which nothing else does. */
        synchronized void drop(String why) {
            notices.accept(this + ": " + why + ", dropped");
            dropped = true;
            queue.clear();
            writer.interrupt();
        }

        private void add(byte[] bytes) {
            queue.add(bytes);
            waiting += bytes.length;
            notifyAll();
        }

        void writeAll() throws IOException {
            OutputStream out = exchange.getResponseBody();
            for (byte[] bytes = take(); bytes != END; bytes = take()) {
                out.write(bytes);
                if (isLast(bytes)) {
                    out.flush();
                }
            }
        }

        /** What to write next, waited for; END behind the last of it. */
        private synchronized byte[] take() throws IOException {
            try {
                while (queue.isEmpty() && !over && !dropped) {
                    wait();
                }
            } catch (InterruptedException drop) {
                throw new InterruptedIOException();
            }
            if (dropped) {
                throw new IOException("dropped");
            }
            return queue.isEmpty() ? END : queue.remove();
        }

        /** Counts what was written, and tells whether it was the last of what waits. */
        private boolean isLast(byte[] written) {
            boolean caughtUp;
            boolean last;
            synchronized (this) {
                boolean behind = isBehind();
                waiting -= written.length;
                caughtUp = behind && !isBehind();
                last = queue.isEmpty();
            }
            if (caughtUp) {
                progress();
            }
            return last;
        }

        @Override
        public String toString() {
            return "client " + name;
        }
    }
}
