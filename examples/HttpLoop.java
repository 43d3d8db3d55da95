//SOURCES HttpAnswer.java HttpRequest.java SseBroadcaster.java
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A small HTTP/1.1 server in one thread that waits for no client: it offers again what a socket has no room for. Each
 * connection has one request and one answer, so nothing can be asked for behind an answer that nobody reads.
 *
 * <p>Time is counted in ticks in which this process ran, so nobody is late because the process stood still.
 */
final class HttpLoop implements AutoCloseable {
    private static final int BACKLOG = 1024;
    /** More than this, and not whole yet, is refused. */
    private static final int LONGEST_REQUEST = 8 << 10;
    /** Of connections that have no stream. When there are more, the oldest of them is closed. */
    private static final int MOST_WITHOUT_STREAM = 1000;
    private static final int ACCEPTED_AT_ONCE = 100;
    /** So much of what nobody reads the system keeps for each client; else it may be megabytes. */
    private static final int SEND_BUFFER = 128 << 10;

    private static final ByteBuffer COMMENT = US_ASCII.encode(":\n\n");
    private static final int SILENT_TICKS = 60;
    private static final int REQUEST_TICKS = 10;
    private static final int STALLED_TICKS = 5;

    private final Function<HttpRequest, HttpAnswer> handler;
    private final Consumer<String> notices;
    private final Selector selector = Selector.open();
    private final ServerSocketChannel server = ServerSocketChannel.open();
    private final SelectionKey accepting;
    private final Set<Connection> withoutStream = new LinkedHashSet<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
    private boolean acceptFailed;
    private volatile boolean closed;

    /** Listens at the address. The handler must not wait for anything; notices go to the user. */
    HttpLoop(InetSocketAddress address, Function<HttpRequest, HttpAnswer> handler, Consumer<String> notices) throws IOException {
        this.handler = handler;
        this.notices = notices;
        server.bind(address, BACKLOG).configureBlocking(false);
        accepting = server.register(selector, SelectionKey.OP_ACCEPT);
    }

    int port() {
        return server.socket().getLocalPort();
    }

    /** There is more for the streams. From any thread. */
    void wakeup() {
        selector.wakeup();
    }

    /** Serves until it is closed. A tick is a second; a heartbeat is a comment for idle clients, never sent if zero. */
    void run(Duration tick, Duration heartbeat) {
        long beat = heartbeat.isZero() ? Long.MAX_VALUE : heartbeat.toNanos();
        long pause = Math.max(1, Math.min(tick.toNanos(), beat) / 1_000_000);
        long ticked = System.nanoTime();
        long beaten = ticked;
        try (selector; server) {
            while (!closed) {
                boolean isAlone = selector.keys().size() == 1 && accepting.interestOps() != 0;
                selector.select(this::ready, isAlone ? 0 : pause);
                connections(Connection::goOn);
                if (System.nanoTime() - ticked >= tick.toNanos()) {
                    ticked = System.nanoTime();
                    connections(Connection::tick);
                    accepting.interestOps(SelectionKey.OP_ACCEPT);
                }
                if (System.nanoTime() - beaten >= beat) {
                    beaten = System.nanoTime();
                    connections(Connection::heartbeat);
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
    }

    /** Something that is done with one connection. */
    private interface Step {
        void with(Connection connection) throws IOException;
    }

    private void connections(Step step) {
        selector.keys().stream().filter(key -> key != accepting).forEach(key -> attempt(step, key));
    }

    private void attempt(Step step, SelectionKey key) {
        Connection connection = (Connection) key.attachment();
        try {
            if (key.isValid()) {
                step.with(connection);
            }
        } catch (IOException gone) {
            connection.close();
        } catch (RuntimeException failure) {
            notices.accept(connection.client + ": " + failure);
            connection.close();
        }
    }

    private void ready(SelectionKey key) {
        if (key == accepting) {
            accept();
        } else {
            attempt(Connection::ready, key);
        }
    }

    /** Where it fails, for example because there are no more descriptors, it is tried again at the next tick. */
    private void accept() {
        try {
            for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
                SocketChannel channel = server.accept();
                if (channel == null) {
                    return;
                }
                withoutStream.add(new Connection(channel));
                if (withoutStream.size() > MOST_WITHOUT_STREAM) {
                    withoutStream.iterator().next().close();
                }
            }
        } catch (IOException failure) {
            accepting.interestOps(0);
            if (!acceptFailed) {
                notices.accept("cannot take more connections: " + failure.getMessage() + "; trying again each second");
            }
            acceptFailed = true;
        }
    }

    /** One request, and its answer. */
    private final class Connection {
        private final SocketChannel channel;
        private final SelectionKey key;
        private final String client;
        private String request = "";
        private ByteBuffer answer;
        private SseBroadcaster.Cursor events;
        private boolean stalled;
        private boolean ending;
        private int ticks;

        Connection(SocketChannel channel) throws IOException {
            this.channel = channel;
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
            key = channel.register(selector, SelectionKey.OP_READ, this);
            InetSocketAddress address = (InetSocketAddress) channel.getRemoteAddress();
            client = "client " + address.getAddress().getHostAddress() + " port " + address.getPort();
        }

        void ready() throws IOException {
            if (key.isReadable()) {
                read();
            }
            if (key.isValid() && key.isWritable()) {
                write();
            }
        }

        /** What comes behind the request is of no interest, but for its end. */
        private void read() throws IOException {
            if (channel.read(buffer.clear()) < 0) {
                close();
            } else if (answer == null) {
                ticks = request.isEmpty() ? 0 : ticks;
                request += ISO_8859_1.decode(buffer.flip());
                if (HttpRequest.isWhole(request)) {
                    answer(answerToRequest());
                } else if (request.length() > LONGEST_REQUEST) {
                    answer(HttpAnswer.of(431));
                }
            }
        }

        private HttpAnswer answerToRequest() {
            try {
                return handler.apply(HttpRequest.parse(client, request));
            } catch (IllegalArgumentException malformed) {
                return HttpAnswer.of(400);
            }
        }

        private void answer(HttpAnswer given) throws IOException {
            answer = given.bytes(!request.startsWith("HEAD "));
            request = null;
            events = given.events();
            ticks = 0;
            if (events != null) {
                withoutStream.remove(this);
            }
            write();
        }

        private void write() throws IOException {
            int taken = answer.hasRemaining() ? channel.write(answer) : 0;
            boolean isFull = answer.hasRemaining();
            if (!isFull && events != null) {
                taken += events.write(channel, buffer);
                isFull = buffer.hasRemaining();
            }
            ticks = stalled && taken == 0 ? ticks : 0;
            stalled = isFull;
            boolean more = stalled || events != null && events.hasMore();
            key.interestOps(more ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
            if (!more && (events == null || events.isOver())) {
                end();
            }
        }

        /** There may be more events, for this client or for those who are faster. */
        void goOn() throws IOException {
            if (events != null && !ending) {
                if (!stalled) {
                    write();
                } else if (events.isTooSlow()) {
                    drop("is too slow");
                }
            }
        }

        void heartbeat() throws IOException {
            if (events != null && !ending && !answer.hasRemaining() && !events.hasMore()) {
                answer = COMMENT.duplicate();
                write();
            }
        }

        void tick() throws IOException {
            ticks++;
            if (answer == null && ticks >= (request.isEmpty() ? SILENT_TICKS : REQUEST_TICKS)
                    || ending && ticks >= STALLED_TICKS) {
                close();
            } else if (stalled && ticks >= STALLED_TICKS) {
                drop("has taken nothing for " + STALLED_TICKS + " s");
            }
        }

        /** The client gets all, and is waited for a while: a connection that is closed at once may take the rest with it. */
        private void end() throws IOException {
            channel.shutdownOutput();
            ending = true;
            ticks = 0;
            if (events != null) {
                events.close();
            }
        }

        /** What the system still has for this client goes too. */
        private void drop(String why) throws IOException {
            if (events != null) {
                notices.accept(client + ": " + why + ", dropped");
            }
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            close();
        }

        private void close() {
            withoutStream.remove(this);
            if (events != null) {
                events.close();
            }
            try {
                channel.close();
            } catch (IOException goneAnyway) {
                return;
            }
        }
    }
}
