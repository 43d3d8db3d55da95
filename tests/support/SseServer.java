package tests.support;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ServerSocketFactory;

/**
 * A server that does on each connection what a test says, byte for byte, on a free port of loopback. A connection is
 * closed when its script returns.
 */
public final class SseServer implements AutoCloseable {
    public static final String OK = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

    /** What one connection does. */
    @FunctionalInterface
    public interface Script {
        void serve(Connection connection) throws Exception;
    }

    /** One request, and the way to answer it. */
    public static final class Connection {
        public final Socket socket;
        public final String head;
        public final String body;
        /** How many connections there were before. */
        public final int number;

        private Connection(Socket socket, int number) throws IOException {
            this.socket = socket;
            this.number = number;
            this.head = readHead(socket.getInputStream());
            int length = header("Content-Length").map(Integer::parseInt).orElse(0);
            this.body = new String(socket.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
        }

        /** The value of the request's header. */
        public Optional<String> header(String name) {
            return head.lines().filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":"))
                .map(line -> line.substring(name.length() + 1).strip()).findFirst();
        }

        public String requestLine() {
            return head.lines().findFirst().orElse("");
        }

        public Connection send(String text) throws IOException {
            return send(text.getBytes(StandardCharsets.UTF_8));
        }

        public Connection send(byte[] bytes) throws IOException {
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            out.flush();
            return this;
        }

        /** Ends the connection with a reset. */
        public void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        /** Holds the connection open until the client closes it. */
        public void hold() throws IOException {
            try {
                while (socket.getInputStream().read() >= 0) {
                    continue;
                }
            } catch (IOException closed) {
                return;
            }
        }
    }

    private final ServerSocket server;
    private final String scheme;
    private final List<Socket> open = new CopyOnWriteArrayList<>();
    private final BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
    private int number;

    public SseServer(Script script) throws IOException {
        this(script, ServerSocketFactory.getDefault().createServerSocket(0, 50, InetAddress.getByName("127.0.0.1")), "http");
    }

    public SseServer(Script script, ServerSocket server, String scheme) {
        this.server = server;
        this.scheme = scheme;
        start("server", () -> accept(script));
    }

    /** A stream that is the same for each connection, held open behind its end. */
    public static SseServer stream(String body) throws IOException {
        return new SseServer(connection -> connection.send(OK + body).hold());
    }

    private void accept(Script script) {
        try {
            while (true) {
                Socket socket = server.accept();
                open.add(socket);
                int one = number++;
                start("connection " + one, () -> serve(script, socket, one));
            }
        } catch (IOException closed) {
            return;
        }
    }

    private void serve(Script script, Socket socket, int one) {
        try (socket) {
            Connection connection = new Connection(socket, one);
            connections.add(connection);
            script.serve(connection);
        } catch (Exception clientGone) {
            return;
        } finally {
            open.remove(socket);
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** A request's or an answer's first line and headers, up to the empty line behind them. */
    static String readHead(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            head.write(next);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    /** The next connection's request, waited for. */
    public Connection next() throws InterruptedException {
        Connection connection = connections.poll(60, TimeUnit.SECONDS);
        if (connection == null) {
            throw new AssertionError("no connection within 60 s");
        }
        return connection;
    }

    /** How many connections there were that {@link #next} has not told of. */
    public int further() {
        return connections.size();
    }

    public int port() {
        return server.getLocalPort();
    }

    public String url(String path) {
        return scheme + "://127.0.0.1:" + port() + path;
    }

    public URI uri(String path) {
        return URI.create(url(path));
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
