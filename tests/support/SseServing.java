package tests.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** sse-serve as a process of its own, and what its clients see. */
public final class SseServing implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 60_000;
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    public final Script script;
    public final int port;
    private final OutputStream in;

    /** Serves at a free port, unless the arguments say another. */
    public static SseServing start(String... arguments) throws IOException {
        return start(List.of(), arguments);
    }

    /** @param javaOptions for its JVM */
    public static SseServing start(List<String> javaOptions, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(Script.command("SseServe", "--port", "0"));
        command.addAll(1, javaOptions);
        command.addAll(List.of(arguments));
        return start(command);
    }

    /** Serves with seconds that are shorter, and with so much time for clients to get the rest. */
    public static SseServing startQuick(int tickMillis, int millisToFinish, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(Script.command("QuickServe", "" + tickMillis, "" + millisToFinish, "--port", "0"));
        command.addAll(List.of(arguments));
        return start(command);
    }

    private static SseServing start(List<String> command) throws IOException {
        return new SseServing(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /** @param process whose messages come by its standard output */
    public SseServing(Process process) throws IOException {
        script = Script.of(process);
        in = process.getOutputStream();
        port = Integer.parseInt(notice("http://").replaceFirst(".*:([0-9]+)/events.*", "$1"));
    }

    /** The next message that has this in it, waited for. */
    public String notice(String text) throws IOException {
        String line = script.nextLine();
        while (line != null && !line.contains(text)) {
            line = script.nextLine();
        }
        assertNotNull(line, "ended without a message with '" + text + "'");
        return line;
    }

    public String url(String path) {
        return "http://127.0.0.1:" + port + path;
    }

    public SseServing lines(String... lines) throws IOException {
        for (String line : lines) {
            in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
        in.flush();
        return this;
    }

    public SseServing endInput() throws IOException {
        in.close();
        return this;
    }

    /** Ends it as a crash would. */
    public void kill() throws InterruptedException {
        script.process.destroyForcibly().waitFor();
    }

    /** A request with these headers, NAME, VALUE, ..., without the body of its answer. */
    public HttpResponse<InputStream> request(String method, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url(path)))
            .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<InputStream> answer = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        answer.body().close();
        return answer;
    }

    /** The first line of the answer. */
    public String status(String path, String... headers) throws IOException {
        try (Stream stream = new Stream(port, path, headers)) {
            return stream.status;
        }
    }

    /** Asks again until this is the first line of the answer. */
    public void awaitStatus(String expected, String path, String... headers) throws Exception {
        Lan.await(path + " answers " + expected, () -> status(path, headers).equals(expected));
    }

    /** A client that is connected. */
    public Stream connect(String path, String... headers) throws IOException {
        Stream stream = new Stream(port, path, headers);
        assertEquals("HTTP/1.1 200 OK", stream.status);
        assertEquals("retry: 1000", stream.next());
        assertEquals("", stream.next());
        return stream;
    }

    @Override
    public void close() {
        script.close();
    }

    /** A client that reads when it is told to: by HTTP/1.0, in which a body is what it is. */
    public static final class Stream implements AutoCloseable {
        public final String status;
        private final Socket socket;
        private final BufferedReader in;

        public Stream(int port, String path, String... headers) throws IOException {
            socket = new Socket();
            socket.setReceiveBufferSize(16 << 10);
            socket.connect(new InetSocketAddress("127.0.0.1", port));
            socket.setSoTimeout(PATIENCE_MILLIS);
            StringBuilder head = new StringBuilder("GET " + path + " HTTP/1.0\r\n");
            for (int i = 0; i < headers.length; i += 2) {
                head.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
            }
            socket.getOutputStream().write(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
            in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            status = in.readLine();
            skipTo(String::isEmpty);
        }

        /** The next line, null at the end. */
        public String next() throws IOException {
            return in.readLine();
        }

        /** The next line that is not an id. */
        public String nextWithoutId() throws IOException {
            return skipTo(line -> !line.startsWith("id: "));
        }

        public String skipTo(Predicate<String> wanted) throws IOException {
            String line = next();
            while (line != null && !wanted.test(line)) {
                line = next();
            }
            return line;
        }

        public void assertNext(String... lines) throws IOException {
            for (String line : lines) {
                assertEquals(line, next());
            }
        }

        /** Takes so many characters, or fewer, and drops them. */
        public void read(int most) throws IOException {
            in.read(new char[most]);
        }

        /** All lines of data up to the end. */
        public List<String> restOfData() throws IOException {
            List<String> data = new ArrayList<>();
            for (String line = next(); line != null; line = next()) {
                if (line.startsWith("data: ")) {
                    data.add(line.substring(6));
                }
            }
            return data;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
