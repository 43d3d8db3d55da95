import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** The server, on a free port of loopback: what it sends is ready before anybody asks for it. */
final class Load implements AutoCloseable {

    /** What a connection gets behind the headers. */
    @FunctionalInterface
    interface Body {
        void send(SocketChannel to) throws IOException;
    }

    private static final int BLOCK = 256 << 10;
    private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

    private final ServerSocketChannel server = ServerSocketChannel.open();
    private final Map<String, Body> bodies = new ConcurrentHashMap<>();

    Load() throws IOException {
        server.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
        start("server", this::accept);
    }

    /** Has this body sent to whoever asks for the path. */
    URI serve(String path, Body body) {
        bodies.put(path, body);
        return URI.create("http://127.0.0.1:" + server.socket().getLocalPort() + path);
    }

    /** An event so many times, in large writes. */
    static Body burst(String event, int times) {
        byte[] bytes = event.getBytes(StandardCharsets.UTF_8);
        int inBlock = Math.min(times, Math.max(1, BLOCK / bytes.length));
        ByteBuffer block = ByteBuffer.allocateDirect(inBlock * bytes.length);
        for (int i = 0; i < inBlock; i++) {
            block.put(bytes);
        }
        block.flip();
        return to -> {
            for (int left = times; left > 0; left -= inBlock) {
                write(to, block.duplicate().limit(Math.min(left, inBlock) * bytes.length));
            }
        };
    }

    /** One event, and nothing behind it until the client goes. */
    static Body holding(String event) {
        return to -> {
            burst(event, 1).send(to);
            to.read(ByteBuffer.allocate(1));
        };
    }

    /** Events at a fixed rate, {@code data} being the time of the write in digits and a filling. */
    static Body paced(double perSecond, int events) {
        return to -> {
            ByteBuffer event = ByteBuffer.allocateDirect(128);
            long start = System.nanoTime() + 200_000_000;
            for (long i = 0; i < events; i++) {
                long due = start + (long) (i * 1e9 / perSecond);
                long now;
                while ((now = System.nanoTime()) < due) {
                    LockSupport.parkNanos(due - now);
                }
                event.clear().put(DATA_FIELD);
                for (long unit = 1_000_000_000_000_000_000L; unit > 0; unit /= 10) {
                    event.put((byte) ('0' + now / unit % 10));
                }
                write(to, event.put(FILLING).flip());
            }
        };
    }

    /** One stream after another. */
    static Body both(Body first, Body second) {
        return to -> {
            first.send(to);
            second.send(to);
        };
    }

    private static final byte[] DATA_FIELD = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FILLING = " {\"events\":[{\"panelId\":101,\"gesture\":0}]}\n\n".getBytes(StandardCharsets.US_ASCII);

    private void accept() {
        while (true) {
            try {
                SocketChannel client = server.accept();
                start("connection", () -> answer(client));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void answer(SocketChannel client) {
        try (client) {
            client.setOption(StandardSocketOptions.TCP_NODELAY, true);
            ByteBuffer request = ByteBuffer.allocate(8192);
            String head = "";
            while (!head.endsWith("\r\n\r\n")) {
                if (client.read(request) < 0) {
                    return;
                }
                head = new String(request.array(), 0, request.position(), StandardCharsets.ISO_8859_1);
            }
            write(client, ByteBuffer.wrap(HEAD.getBytes(StandardCharsets.ISO_8859_1)));
            bodies.get(head.split(" ")[1]).send(client);
            client.shutdownOutput();
            client.read(ByteBuffer.allocate(1));
        } catch (IOException clientGone) {
            return;
        }
    }

    private static void write(SocketChannel to, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            to.write(bytes);
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Reads all that there is, as fast as this server can be read at all, and tells how many seconds that took. */
    static double drain(URI uri) throws IOException {
        long start = System.nanoTime();
        try (SocketChannel channel = SocketChannel.open(new InetSocketAddress(uri.getHost(), uri.getPort()))) {
            write(channel, ByteBuffer.wrap(("GET " + uri.getPath() + " HTTP/1.1\r\n\r\n").getBytes(StandardCharsets.US_ASCII)));
            ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK);
            while (channel.read(buffer.clear()) >= 0) {
                continue;
            }
        }
        return (System.nanoTime() - start) / 1e9;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
