package tests.support;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A forward proxy on a free port of loopback, which takes every host for loopback and keeps what it was asked. */
public final class TestProxy implements AutoCloseable {
    private final ServerSocket server;
    private final String credentials;
    private final int tunnelStatus;
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final List<Socket> open = new CopyOnWriteArrayList<>();

    public TestProxy() throws IOException {
        this(null, 200);
    }

    /**
     * @param credentials  the value of {@code Proxy-Authorization} that it wants; null for none
     * @param tunnelStatus what it answers to CONNECT
     */
    public TestProxy(String credentials, int tunnelStatus) throws IOException {
        this.credentials = credentials;
        this.tunnelStatus = tunnelStatus;
        server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        start(() -> {
            while (true) {
                Socket client = server.accept();
                open.add(client);
                start(() -> serve(client));
            }
        });
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException closed) {
                return;
            }
        }, "proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(Socket client) throws IOException {
        try (client) {
            String head = SseServer.readHead(client.getInputStream());
            heads.add(head);
            OutputStream answer = client.getOutputStream();
            String[] request = head.lines().findFirst().orElse("").split(" ");
            if (credentials != null && !head.contains("\r\nProxy-Authorization: " + credentials + "\r\n")) {
                answer.write(bytes("HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"));
                return;
            }
            if (request[0].equals("CONNECT")) {
                int port = Integer.parseInt(request[1].substring(request[1].lastIndexOf(':') + 1));
                try (Socket origin = tunnelStatus == 200 ? origin(port) : null) {
                    answer.write(bytes("HTTP/1.1 " + tunnelStatus + " X\r\n" + (origin == null ? "Content-Length: 0\r\n" : "") + "\r\n"));
                    if (origin != null) {
                        pass(client, origin);
                    }
                }
                return;
            }
            URI url = URI.create(request[1]);
            try (Socket origin = origin(url.getPort())) {
                String path = url.getRawPath() + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery());
                origin.getOutputStream().write(bytes(head.replace(request[1], path)
                    .replaceFirst("(?m)^Proxy-Authorization: .*\r\n", "")));
                pass(client, origin);
            }
        }
    }

    private Socket origin(int port) throws IOException {
        Socket origin = new Socket(InetAddress.getByName("127.0.0.1"), port);
        open.add(origin);
        return origin;
    }

    private static void pass(Socket client, Socket origin) throws IOException {
        start(() -> {
            client.getInputStream().transferTo(origin.getOutputStream());
            origin.shutdownOutput();
        });
        origin.getInputStream().transferTo(client.getOutputStream());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The heads of all that it was asked. */
    public List<String> heads() {
        return heads;
    }

    /** The first lines of all that it was asked. */
    public List<String> requests() {
        return heads.stream().map(head -> head.lines().findFirst().orElse("")).toList();
    }

    public String address() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
