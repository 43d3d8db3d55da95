///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Serve the lines of standard input as Server-Sent Events, with a page to watch them: tail -f app.log | sse-serve
//SOURCES HttpAnswer.java HttpLoop.java HttpRequest.java SseBroadcaster.java SseServePage.java ../lib/cli/EventReader.java
//SOURCES ../lib/cli/LineReader.java ../lib/cli/Tool.java ../lib/cli/Reason.java ../lib/sse/SseEvent.java

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.cli.EventReader;
import lib.cli.LineReader;
import lib.cli.Tool;
import lib.cli.Reason;
import lib.sse.SseEvent;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "sse-serve",
    description = "Serves each line of standard input as an event at /events, and a page that shows them at /.",
    footer = {
        "  tail -f app.log | sse-serve",
        "  sse-listen http://192.168.8.20/events | sse-serve --json --port 9000",
        "  udp-listen 5000 | sse-serve --host 0.0.0.0 --token @token.txt"})
class SseServe implements Callable<Integer> {
    /** As much as sse-listen takes for one event, unless told otherwise. */
    private static final int LONGEST_LINE = 16 << 20;
    private static final String SECONDS_UNTIL_ROOM = "10";
    private static final String SECONDS_UNTIL_NAME = "1";
    private static final Pattern IP_ADDRESS = Pattern.compile("[0-9.]+|\\[[0-9a-f:.%]+]");
    /** The names that Yaffle's polyfill, Mercure's clients, amvtek's polyfill and the header give it. */
    private static final List<String> LAST_EVENT_ID = List.of("lastEventId", "lastEventID", "evs_last_event_id", "last-event-id");

    @Option(names = {"-p", "--port"}, paramLabel = "PORT", order = 1, defaultValue = "8080",
        description = "Serve at this port (${DEFAULT-VALUE}; 0: a free port).")
    private int port;

    @Option(names = "--host", paramLabel = "ADDR", order = 2, defaultValue = "127.0.0.1",
        description = "Serve at this address: this machine only (${DEFAULT-VALUE}), or 0.0.0.0 for every network.")
    private String host;

    @Option(names = "--token", paramLabel = "TOKEN", order = 3,
        description = "Serve only clients that send this bearer token. The page asks for it. @FILE reads it from FILE.")
    private String token;

    @Option(names = "--server-name", paramLabel = "NAME", order = 4,
        description = "Without --token, answer to this name too, not only to addresses and this machine's name. Repeatable.")
    private List<String> serverNames = List.of();

    @Option(names = "--allow-origin", paramLabel = "ORIGIN", order = 5,
        description = "Let pages from this origin read the events (CORS). * means any. Repeatable.")
    private List<String> origins = List.of();

    @Option(names = {"-j", "--json"}, order = 6,
        description = "Read each line as an event in JSON, as sse-listen prints it. Otherwise a line is the data.")
    private boolean json;

    @Option(names = "--replay", paramLabel = "N", order = 7, defaultValue = "1000",
        description = "Keep the last N events for clients that return or join late (${DEFAULT-VALUE}), at most 16 MiB.")
    private int replay;

    @Option(names = "--retry", paramLabel = "MS", order = 8, defaultValue = "1000",
        description = "Tell clients to wait this long before they reconnect (${DEFAULT-VALUE}).")
    private int retry;

    @Option(names = "--heartbeat", paramLabel = "SEC", order = 9, defaultValue = "15",
        description = "Send a comment to idle clients this often, to notice who is gone (${DEFAULT-VALUE}; 0: never).")
    private Duration heartbeat;

    @Option(names = "--client-buffer", paramLabel = "BYTES", order = 10, defaultValue = "1048576",
        description = "Drop a client that falls this far behind (${DEFAULT-VALUE}).")
    private int clientBuffer;

    @Option(names = "--max-clients", paramLabel = "N", order = 11, defaultValue = "1000",
        description = "Answer 503 to any client beyond this number (${DEFAULT-VALUE}).")
    private int maxClients;

    @Option(names = {"-w", "--wait"}, paramLabel = "N", order = 12, defaultValue = "0",
        description = "Start reading when N clients are connected (${DEFAULT-VALUE}).")
    private int wait;

    @Option(names = "--linger", paramLabel = "SEC", order = 13, defaultValue = "5",
        description = "After the end of input, answer 204 this long, so that clients end too (${DEFAULT-VALUE}).")
    private Duration linger;

    @Mixin
    private Tool tool;

    /** Shorter in tests. */
    Duration tick = Duration.ofSeconds(1);
    Duration timeToFinish = Duration.ofSeconds(10);

    private final SseServePage page = new SseServePage();
    private CompletableFuture<String> machine;
    private SseBroadcaster broadcaster;
    /** What lets a client in, in place of the token; null if nothing is asked for. */
    private String cookie;
    private long lineNumber;
    private boolean lineSkipped;

    @Override
    public Integer call() throws Exception {
        check();
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw tool.usage("--host " + host + ": expected an address of this machine");
        }
        try (HttpLoop server = new HttpLoop(address, this::answer, tool::notice)) {
            broadcaster = new SseBroadcaster(replay, clientBuffer, tool::debug, server::wakeup);
            start(server, address.getAddress().isLoopbackAddress());
            broadcaster.awaitClients(wait);
            new LineReader(tool.standardInput(), LONGEST_LINE).forEach(this::send);
            broadcaster.end(timeToFinish);
            Thread.sleep(linger.toMillis());
        } catch (BindException unusable) {
            throw new IOException(host + " port " + port + ": " + Reason.of(unusable), unusable);
        }
        int left = broadcaster.clients();
        if (left > 0) {
            tool.error("at the end " + left + (left == 1 ? " client" : " clients") + " had not got everything");
        }
        return lineSkipped || left > 0 ? Tool.LOCAL_FAILURE : 0;
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

    private HttpAnswer answer(HttpRequest request) {
        HttpAnswer answer = cookie != null || isOurName(request.header("host")) ? route(request)
            : !machine.isDone() ? HttpAnswer.of(503).with("Retry-After", SECONDS_UNTIL_NAME)
            : HttpAnswer.of(421, "This name is not known here: sse-serve --server-name NAME makes it known.\n");
        allowOrigin(request, answer.with("X-Content-Type-Options", "nosniff").with("Vary", "Origin"));
        if (answer.events() == null) {
            tool.debug("%s: %s %d %.30s".formatted(request.client(), request.method(), answer.status(), request.path()));
        }
        return answer;
    }

    private HttpAnswer route(HttpRequest request) {
        if (request.method().equals("OPTIONS")) {
            return HttpAnswer.of(204).with("Access-Control-Allow-Headers", "Authorization, Last-Event-ID");
        }
        return switch (request.method() + " " + request.path()) {
            case "GET /", "HEAD /" -> page.answer();
            case "GET /events", "HEAD /events" -> events(request, SseBroadcaster.Message::event);
            case "GET /events/json", "HEAD /events/json" -> events(request, SseBroadcaster.Message::json);
            case "POST /session" -> session(request);
            default -> HttpAnswer.of(List.of("/", "/events", "/events/json", "/session").contains(request.path()) ? 405 : 404);
        };
    }

    /** A new EventSource and most polyfills can only use the query. The header, which comes at a reconnect, is newer. */
    private static String lastEventId(HttpRequest request) {
        String header = new String(request.header("last-event-id").getBytes(ISO_8859_1), UTF_8);
        return Stream.concat(Stream.of(header), LAST_EVENT_ID.stream().map(name -> request.query().getOrDefault(name, "")))
            .filter(id -> !id.isEmpty()).findFirst().orElse("");
    }

    private HttpAnswer events(HttpRequest request, Function<SseBroadcaster.Message, byte[]> form) {
        if (cookie != null && !hasToken(request) && !hasSession(request)) {
            return HttpAnswer.of(401).with("WWW-Authenticate", "Bearer");
        }
        String lastEventId = lastEventId(request);
        int number = Integer.parseInt(request.query().getOrDefault("last", "0"));
        if (broadcaster.isOverFor(lastEventId, number)) {
            return HttpAnswer.of(204);
        }
        HttpAnswer answer = HttpAnswer.of(200, "retry: " + retry + "\n\n").with("Content-Type", "text/event-stream")
            .with("Cache-Control", "no-store").with("X-Accel-Buffering", "no");
        return request.method().equals("HEAD") ? answer
            : broadcaster.clients() >= maxClients ? HttpAnswer.of(503).with("Retry-After", SECONDS_UNTIL_ROOM)
            : answer.followedBy(broadcaster.connect(request.client(), form, lastEventId, number));
    }

    // ---- who may ----

    /** Whether nobody else can give this name to this machine: by such a name a foreign page could read the events. */
    private boolean isOurName(String hostAndPort) {
        String name = hostAndPort.toLowerCase(Locale.ROOT).replaceFirst("[.]?(:[0-9]*)?$", "");
        String ours = machine.getNow("localhost").toLowerCase(Locale.ROOT);
        String label = ours.replaceFirst("[.].*", "");
        return name.isEmpty() || IP_ADDRESS.matcher(name).matches() || serverNames.stream().anyMatch(name::equalsIgnoreCase)
            || List.of("localhost", host, ours, label, label + ".local", label + ".lan", label + ".home.arpa").contains(name);
    }

    private boolean hasToken(HttpRequest request) {
        String value = request.header("authorization");
        return value.regionMatches(true, 0, "Bearer ", 0, 7) && isOurs(cookie(value.substring(7).strip()));
    }

    private boolean hasSession(HttpRequest request) {
        return Pattern.compile("[;,] *").splitAsStream(request.header("cookie")).anyMatch(this::isOurs);
    }

    /** Compares in a time that does not tell how much of a guess is right. */
    private boolean isOurs(String given) {
        return MessageDigest.isEqual(cookie.getBytes(ISO_8859_1), given.getBytes(ISO_8859_1));
    }

    /** An EventSource sends cookies, but no headers of ours. Without a path, this one works below a proxy's prefix too. */
    private HttpAnswer session(HttpRequest request) {
        return cookie == null ? HttpAnswer.of(204) : !hasToken(request) ? HttpAnswer.of(401)
            : HttpAnswer.of(204).with("Set-Cookie", cookie + "; HttpOnly; SameSite=Strict");
    }

    /** Makes a cookie that holds a hash of the token, so that who can read it does not know the token. */
    private static String cookie(String token) {
        return "sse-serve=" + HexFormat.of().formatHex(sha256(token));
    }

    private void allowOrigin(HttpRequest request, HttpAnswer answer) {
        String origin = origins.contains("*") ? "*" : request.header("origin");
        if (origins.contains(origin)) {
            answer.with("Access-Control-Allow-Origin", origin);
        }
    }

    // ---- setting up ----

    private void check() {
        tool.within(0, 65535, port, "--port");
        tool.within(0, 1_000_000, replay, "--replay");
        tool.within(0, Integer.MAX_VALUE, retry, "--retry");
        tool.within(1, 1 << 30, clientBuffer, "--client-buffer");
        tool.within(1, 1_000_000, maxClients, "--max-clients");
        tool.within(0, maxClients, wait, "--wait");
        for (String origin : origins) {
            if (!origin.matches("[*]|null|[a-z][a-z0-9+.-]*://[^/A-Z\\s]+")) {
                throw tool.usage("--allow-origin '" + origin
                    + "': expected *, or SCHEME://HOST[:PORT] in lower case and no more");
            }
        }
        if (token != null) {
            String value = tool.text(token);
            if (!value.matches("[!-~]+")) {
                throw tool.usage("--token: expected printable ASCII without spaces");
            }
            cookie = cookie(value);
        }
    }

    private void start(HttpLoop server, boolean onThisMachineOnly) {
        machine = CompletableFuture.supplyAsync(SseServe::nameOfThisMachine);
        Thread thread = new Thread(() -> server.run(tick, heartbeat), "server");
        thread.setUncaughtExceptionHandler((ended, failure) -> {
            tool.error("server: " + failure);
            System.exit(Tool.LOCAL_FAILURE);
        });
        thread.setDaemon(true);
        thread.start();
        if (!onThisMachineOnly && cookie == null) {
            tool.notice("no authentication: whoever reaches " + host + " can read the events (--token asks for one)");
        }
        tool.notice("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.port()
            + "/events, and a page at /");
    }

    /** May take seconds where no name server answers. */
    private static String nameOfThisMachine() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "localhost";
        }
    }

    static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }

    public static void main(String... args) {
        Tool.main(new SseServe(), args);
    }
}
