///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Serve the lines of standard input as Server-Sent Events, with a page to watch them: tail -f app.log | sse-serve
//SOURCES SseBroadcaster.java SseServePage.java ../lib/cli/EventReader.java ../lib/cli/LineReader.java
//SOURCES ../lib/cli/Tool.java ../lib/sse/Reason.java ../lib/sse/SseEvent.java

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import lib.cli.EventReader;
import lib.cli.LineReader;
import lib.cli.Tool;
import lib.sse.Reason;
import lib.sse.SseEvent;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine;

@Command(
    name = "sse-serve",
    description = "Serves each line of standard input as an event to every client of /events, and a page that shows them"
        + " at /.",
    footer = {
        "  tail -f app.log | sse-serve",
        "  sse-listen http://192.168.8.20/events | sse-serve --json --port 9000",
        "  udp-listen 5000 | sse-serve --host 0.0.0.0 --token @token.txt"})
class SseServe implements Callable<Integer> {
    /** As much as sse-listen takes for one event, unless told otherwise. */
    private static final int LONGEST_LINE = 16 << 20;
    private static final Duration TIME_TO_FINISH = Duration.ofSeconds(10);
    private static final int BACKLOG = 1024;
    private static final int FIRST_JDK_TO_BLOCK_IN_A_MONITOR = 24;
    private static final String COOKIE = "sse-serve=";

    @Option(names = {"-p", "--port"}, paramLabel = "PORT", order = 1, defaultValue = "8080",
        description = "Where to serve (${DEFAULT-VALUE}; 0: a free port).")
    private int port;

    @Option(names = "--host", paramLabel = "ADDR", order = 2, defaultValue = "127.0.0.1",
        description = "The address to serve at: this machine only (${DEFAULT-VALUE}), or 0.0.0.0 for every network.")
    private String host;

    @Option(names = "--token", paramLabel = "TOKEN", order = 3,
        description = "Serve only who sends this as bearer token; the page asks for it; @FILE: it is in FILE.")
    private String token;

    @Option(names = "--allow-origin", paramLabel = "ORIGIN", order = 4,
        description = "Let pages of this origin read the events (CORS), * for any. Repeatable.")
    private List<String> origins = List.of();

    @Option(names = {"-j", "--json"}, order = 5,
        description = "A line is an event in JSON, as sse-listen prints it, with its type and id; else it is the data.")
    private boolean json;

    @Option(names = "--replay", paramLabel = "N", order = 6, defaultValue = "1000",
        description = "Keep the last N events, 16 MiB at the most, for clients that come back with Last-Event-ID"
            + " (${DEFAULT-VALUE}).")
    private int replay;

    @Option(names = "--retry", paramLabel = "MS", order = 7, defaultValue = "1000",
        description = "Tell clients to wait this long before they come back (${DEFAULT-VALUE}).")
    private int retry;

    @Option(names = "--heartbeat", paramLabel = "SEC", order = 8, defaultValue = "15",
        description = "Send a comment to clients that have nothing to get (${DEFAULT-VALUE}; 0: never); it shows who is"
            + " gone.")
    private Duration heartbeat;

    @Option(names = "--client-buffer", paramLabel = "BYTES", order = 9, defaultValue = "1048576",
        description = "Drop a client that is further behind the others than this (${DEFAULT-VALUE}).")
    private int clientBuffer;

    @Option(names = {"-w", "--wait"}, paramLabel = "N", order = 10, defaultValue = "0",
        description = "Read nothing before N clients are there (${DEFAULT-VALUE}).")
    private int wait;

    @Option(names = "--linger", paramLabel = "SEC", order = 11, defaultValue = "5",
        description = "At the end of input clients get the rest; after that stay so long to answer those that come"
            + " back with 204, so that they end (${DEFAULT-VALUE}).")
    private Duration linger;

    @Mixin
    private Tool tool;

    private final SseServePage page = new SseServePage();
    private SseBroadcaster broadcaster;
    private byte[] secret;
    private long lineNumber;
    private boolean lineSkipped;

    @Override
    public Integer call() throws Exception {
        check();
        broadcaster = new SseBroadcaster(replay, clientBuffer, Duration.ofMillis(retry), tool::notice, tool::debug);
        HttpServer server = open();
        try {
            startHeartbeats();
            broadcaster.awaitClients(wait);
            new LineReader(tool.standardInput(), LONGEST_LINE).forEach(this::send);
            broadcaster.end(TIME_TO_FINISH);
            Thread.sleep(linger.toMillis());
        } finally {
            server.stop(0);
        }
        return lineSkipped ? Tool.LOCAL_FAILURE : 0;
    }

    private void send(byte[] line, int offset, int length, long size) throws IOException {
        lineNumber++;
        try {
            if (size > length) {
                throw new IllegalArgumentException(size + " bytes, more than the " + LONGEST_LINE + " of an event");
            }
            Optional<SseEvent> event = json ? EventReader.read(line, offset, length)
                : Optional.of(new SseEvent("message", "", new String(line, offset, length, UTF_8)));
            if (event.isPresent()) {
                broadcaster.send(event.get());
            }
        } catch (IllegalArgumentException notAnEvent) {
            tool.error("line " + lineNumber + ": " + notAnEvent.getMessage() + "; skipped");
            lineSkipped = true;
        }
    }

    // ---- requests ----

    private void answer(HttpExchange exchange) throws IOException {
        headers(exchange).set("X-Content-Type-Options", "nosniff");
        allowOrigin(exchange);
        String path = exchange.getRequestURI().getPath();
        String request = exchange.getRequestMethod() + " " + path;
        if (request.startsWith("OPTIONS ")) {
            headers(exchange).set("Access-Control-Allow-Headers", "Authorization, Last-Event-ID");
            status(204, exchange);
            return;
        }
        switch (request) {
            case "GET /" -> page.send(exchange);
            case "GET /events", "HEAD /events" -> events(exchange, SseBroadcaster.Form.EVENTS);
            case "GET /events/json", "HEAD /events/json" -> events(exchange, SseBroadcaster.Form.JSON);
            case "POST /session" -> session(exchange);
            default -> status(List.of("/", "/events", "/events/json", "/session").contains(path) ? 405 : 404, exchange);
        }
    }

    private void events(HttpExchange exchange, SseBroadcaster.Form form) throws IOException {
        String lastEventId = lastEventId(exchange);
        if (!isAllowed(exchange)) {
            headers(exchange).set("WWW-Authenticate", "Bearer");
            status(401, exchange);
        } else if (exchange.getRequestMethod().equals("HEAD")) {
            headers(exchange).set("Content-Type", "text/event-stream");
            status(broadcaster.isOverFor(lastEventId) ? 204 : 200, exchange);
        } else if (!broadcaster.serve(exchange, lastEventId, form)) {
            status(204, exchange);
        }
    }

    /** From the header, or from the query for who starts anew and cannot set one: a page with an EventSource. */
    private static String lastEventId(HttpExchange exchange) {
        String query = exchange.getRequestURI().getRawQuery();
        String parameter = "last-event-id=";
        String header = exchange.getRequestHeaders().getFirst("Last-Event-ID");
        if (header != null) {
            return new String(header.getBytes(ISO_8859_1), UTF_8);
        }
        return query != null && query.startsWith(parameter)
            ? URLDecoder.decode(query.substring(parameter.length()), UTF_8) : "";
    }

    private boolean isAllowed(HttpExchange exchange) {
        return secret == null || hasToken(exchange) || hasSession(exchange);
    }

    private boolean hasToken(HttpExchange exchange) {
        String value = exchange.getRequestHeaders().getFirst("Authorization");
        return value != null && value.regionMatches(true, 0, "Bearer ", 0, 7)
            && MessageDigest.isEqual(secret, sha256(value.substring(7).strip().getBytes(ISO_8859_1)));
    }

    /** The cookie holds a hash of the token, so that who can read it does not know the token. */
    private boolean hasSession(HttpExchange exchange) {
        String expected = COOKIE + HexFormat.of().formatHex(sha256(secret));
        return exchange.getRequestHeaders().getOrDefault("Cookie", List.of()).stream()
            .flatMap(header -> List.of(header.split("; *")).stream())
            .anyMatch(cookie -> MessageDigest.isEqual(expected.getBytes(UTF_8), cookie.getBytes(UTF_8)));
    }

    /** The browser's EventSource sends no headers of ours, but cookies. */
    private void session(HttpExchange exchange) throws IOException {
        if (secret != null && !hasToken(exchange)) {
            status(401, exchange);
            return;
        }
        if (secret != null) {
            headers(exchange).set("Set-Cookie",
                COOKIE + HexFormat.of().formatHex(sha256(secret)) + "; HttpOnly; SameSite=Strict; Path=/");
        }
        status(204, exchange);
    }

    private void allowOrigin(HttpExchange exchange) {
        String origin = exchange.getRequestHeaders().getFirst("Origin");
        if (origins.contains("*")) {
            headers(exchange).set("Access-Control-Allow-Origin", "*");
        } else if (!origins.isEmpty()) {
            headers(exchange).set("Vary", "Origin");
            if (origin != null && origins.contains(origin)) {
                headers(exchange).set("Access-Control-Allow-Origin", origin);
            }
        }
    }

    private static Headers headers(HttpExchange exchange) {
        return exchange.getResponseHeaders();
    }

    private static void status(int status, HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    // ---- setting up ----

    private void check() {
        tool.within(0, 65535, port, "--port");
        tool.within(0, 1_000_000, replay, "--replay");
        tool.within(0, Integer.MAX_VALUE, retry, "--retry");
        tool.within(1, 1 << 30, clientBuffer, "--client-buffer");
        tool.within(0, 1_000_000, wait, "--wait");
        if (token != null) {
            String value = tool.text(token);
            if (!value.matches("[!-~]+")) {
                throw tool.usage("--token: expected printable ASCII without spaces");
            }
            secret = sha256(value.getBytes(ISO_8859_1));
        }
    }

    private HttpServer open() throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        InetSocketAddress address = address();
        HttpServer server;
        try {
            server = HttpServer.create(address, BACKLOG);
        } catch (IOException failure) {
            throw new IOException(host + " port " + port + ": " + Reason.of(failure), failure);
        }
        server.setExecutor(threadPerClient());
        server.createContext("/", this::answer);
        server.start();
        if (!address.getAddress().isLoopbackAddress() && secret == null) {
            tool.notice("no authentication: whoever reaches " + host + " can read the events (--token asks for one)");
        }
        tool.notice("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.getAddress().getPort()
            + "/events, and a page at /");
        return server;
    }

    private InetSocketAddress address() {
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException unknown) {
            throw tool.usage("--host " + host + ": expected an address of this machine");
        }
    }

    /** Virtual threads, where one that blocks in the server's monitors does not block the thread that carries it. */
    private static Executor threadPerClient() {
        if (Runtime.version().feature() >= FIRST_JDK_TO_BLOCK_IN_A_MONITOR) {
            try {
                return (Executor) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
            } catch (ReflectiveOperationException notThere) {
                throw new IllegalStateException(notThere);
            }
        }
        return Executors.newCachedThreadPool(task -> daemon(task, "client"));
    }

    private void startHeartbeats() {
        if (!heartbeat.isZero()) {
            Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "heartbeat"))
                .scheduleAtFixedRate(broadcaster::heartbeat, heartbeat.toNanos(), heartbeat.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (java.security.NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }

    static CommandLine commandLine() {
        return Tool.commandLine(new SseServe());
    }

    public static void main(String... args) {
        Tool.main(new SseServe(), args);
    }
}
