//SOURCES HttpProxy.java LateTls.java Reason.java SseEvent.java SseException.java SseParser.java SseRequest.java
//SOURCES StateFile.java
package lib.sse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * One subscription: connects, reads, connects again, resumes, until it is over for good.
 *
 * <p>The thread in {@link #listen} watches over the time-outs. Events are handed over on the thread that reads the
 * socket, one after the other; while the handler blocks nothing is read, and the server has to wait. Set a client up
 * before {@code listen}; only {@link #close} may be called while it runs, from any thread.
 *
 * <p>What is promised: an event is handed over once at the most by one connection. After a reconnect it depends on the
 * server: one that resumes by {@code Last-Event-ID} sends each event that the handler has not taken, one that does not
 * has lost what happened in between. Ids are never compared: a server may give all events the same.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model">
 *     WHATWG HTML, 9.2.3 Processing model</a>
 */
public final class SseClient implements AutoCloseable {

    /**
     * Takes the events. What it throws ends {@link SseClient#listen} with that very exception; it is never taken for
     * a lost connection.
     */
    @FunctionalInterface
    public interface Handler extends SseParser.Handler {
        /** The events of one read from the network were all handed over: what was held back for more goes out. */
        default void flush() throws IOException {}
    }

    /** How a subscription ended without a failure. */
    public enum End {
        /** The server answered 204: there is nothing more, and nobody should ask again. */
        NO_CONTENT,
        /** The stream ended, and no reconnect was wanted. */
        STREAM_ENDED,
        /** The time given by {@link SseClient#maxTime} is over. */
        TIME_OVER,
        /** {@link SseClient#close} was called. */
        CLOSED
    }

    private static final Duration SHORTEST_WAIT = Duration.ofMillis(10);
    private static final Duration SHORTEST_SERVER_WAIT = Duration.ofMillis(100);
    private static final Duration LONGEST_SERVER_WAIT = Duration.ofDays(1);
    private static final Duration HELD = Duration.ofMinutes(1);
    private static final Duration BETWEEN_SAVES = Duration.ofMillis(20);
    private static final Duration TIME_TO_FINISH = Duration.ofMillis(300);
    private static final Duration TIME_FOR_A_REASON = Duration.ofSeconds(2);
    private static final Duration BETWEEN_FAILED_SAVES = Duration.ofSeconds(1);
    private static final Duration FOREVER = Duration.ofDays(36_500);
    private static final int REASON_LENGTH = 200;
    private static final int REASON_BYTES = 4 * REASON_LENGTH;
    private static final String EVENT_STREAM = "text/event-stream";
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final SseRequest request;
    private final Object monitor = new Object();

    private String initialLastEventId = "";
    private StateFile stateFile;
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration idleTimeout = Duration.ofSeconds(300);
    private Duration retryDelay = Duration.ofSeconds(1);
    private Duration retryMaxDelay = Duration.ofSeconds(30);
    private Duration maxTime;
    private int maxRetries = Integer.MAX_VALUE;
    private int maxRedirects = 20;
    private int maxEventBytes = SseParser.DEFAULT_MAX_EVENT_BYTES;
    private Consumer<String> notices = message -> {};
    private Consumer<String> details = message -> {};

    private Supplier<SSLContext> tls = SseClient::defaultTls;
    private HttpProxy proxy = HttpProxy.of(Map.of());
    private HttpClient http;
    private Thread listener;
    private Thread selector;
    private volatile Thread handling;
    private boolean finished;
    private LongSupplier endOfTime = () -> Long.MAX_VALUE;
    private LongSupplier saveAgain = () -> 0;
    private String savedLastEventId;
    private boolean savingFails;
    private boolean unsendableIdSaid;
    private Optional<Duration> serverRetry = Optional.empty();
    private volatile boolean closed;
    private volatile String lastEventId;
    private volatile long reconnects;

    public SseClient(SseRequest request) {
        this.request = request;
    }

    /** A subscription without headers of its own; {@code uri} as for {@link SseRequest#SseRequest}. */
    public SseClient(URI uri) {
        this(new SseRequest(uri));
    }

    /** The last event ID to begin with; a {@link #stateFile} that has one comes before it. */
    public SseClient lastEventId(String id) {
        initialLastEventId = id;
        return this;
    }

    /** Where the last event ID is kept, so that the next run resumes after the last event that the handler took. */
    public SseClient stateFile(Path file) {
        stateFile = new StateFile(file);
        return this;
    }

    /** For TCP and TLS, not for the answer; 10 s unless set, zero for what the system does. */
    public SseClient connectTimeout(Duration time) {
        connectTimeout = time;
        return this;
    }

    /**
     * How long a stream may bring nothing, no comment either, before it is taken for lost; 300 s unless set, zero for
     * ever. The wait for an answer is not limited: some servers begin it with the first event.
     */
    public SseClient idleTimeout(Duration time) {
        idleTimeout = time;
        return this;
    }

    /** Makes the TLS context, when the first https connection needs it; the JDK's default unless set. */
    public SseClient tls(Supplier<SSLContext> context) {
        tls = context;
        return this;
    }

    /** What to go through; nothing unless set. */
    public SseClient proxy(HttpProxy one) {
        proxy = one;
        return this;
    }

    /** The reconnection time until the server sets another, which is held within 100 ms and a day; at least 10 ms, 1 s unless set. */
    public SseClient retryDelay(Duration time) {
        retryDelay = time.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : time;
        return this;
    }

    /** Failures in a row double the wait up to this, or to the reconnection time if that is longer; 30 s unless set. */
    public SseClient retryMaxDelay(Duration time) {
        retryMaxDelay = time;
        return this;
    }

    /** After how many failures in a row to give up, 0 for the first; unlimited unless set. */
    public SseClient maxRetries(int retries) {
        maxRetries = retries;
        return this;
    }

    /** How many redirects one connect may follow; 20 unless set. */
    public SseClient maxRedirects(int redirects) {
        maxRedirects = redirects;
        return this;
    }

    /** See {@link SseParser#SseParser(String, int, SseParser.Handler)}. */
    public SseClient maxEventBytes(int bytes) {
        maxEventBytes = bytes;
        return this;
    }

    /** When to end, counted from the start of {@link #listen}; never unless set. */
    public SseClient maxTime(Duration time) {
        maxTime = time;
        return this;
    }

    /** Takes lines on what happened and what comes next; they may hold text from the network as it came. */
    public SseClient notices(Consumer<String> lines) {
        notices = lines;
        return this;
    }

    /** Takes lines that only somebody who looks for a fault wants; they may hold the whole URL. */
    public SseClient details(Consumer<String> lines) {
        details = lines;
        return this;
    }

    /** The id of the last event that the handler took, or of a block without data behind it; "" if there is none. */
    public String lastEventId() {
        return lastEventId == null ? initialLastEventId : lastEventId;
    }

    /** How often a connection was lost, or did not come about, and another followed; from any thread. */
    public long reconnects() {
        return reconnects;
    }

    /**
     * Listens until it is over for good. A client listens once.
     *
     * @return how it ended
     * @throws SseException         if the server refused, or too many connections in a row failed
     * @throws IOException          whatever the handler threw; or a header file or the state file can not be read
     * @throws InterruptedException if this thread was interrupted; the connection is closed then
     */
    public End listen(Handler handler) throws IOException, InterruptedException {
        synchronized (monitor) {
            if (listener != null) {
                throw new IllegalStateException("a client listens once");
            }
            listener = Thread.currentThread();
            endOfTime = maxTime == null ? endOfTime : leftOf(maxTime);
        }
        try {
            request.build("", proxy);
            resume();
            http = newHttpClient();
            return listenUntilOver(handler);
        } finally {
            finish();
        }
    }

    /**
     * Ends {@link #listen}. The handler is not called again, but a call that runs may finish: this waits for it 0.3 s
     * at the most, or not at all within the handler.
     */
    @Override
    public void close() {
        synchronized (monitor) {
            closed = true;
            monitor.notifyAll();
            boolean inside = Thread.currentThread() == handling || Thread.currentThread() == listener;
            if (listener != null && !inside) {
                waitUntil(() -> finished, TIME_TO_FINISH);
            }
        }
    }

    private void resume() throws IOException {
        lastEventId = initialLastEventId;
        if (stateFile != null) {
            try {
                lastEventId = stateFile.read().filter(id -> !id.isEmpty()).orElse(initialLastEventId);
                stateFile.write(lastEventId);
                savedLastEventId = lastEventId;
            } catch (IOException failure) {
                throw new IOException(stateFile + ": " + Reason.of(failure), failure);
            }
        }
    }

    private static SSLContext defaultTls() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException broken) {
            throw new IllegalStateException("TLS: " + broken.getMessage(), broken);
        }
    }

    private HttpClient newHttpClient() {
        HttpClient.Builder builder = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .sslContext(LateTls.context(tls))
            .sslParameters(new SSLParameters())
            .proxy(proxy)
            .executor(this::execute);
        if (!connectTimeout.isZero()) {
            builder.connectTimeout(connectTimeout);
        }
        return builder.build();
    }

    /**
     * Everything runs where it comes up, so that there is no hand-over between the socket and the handler. Only what
     * comes up in the listening thread goes to another, because a handler that blocks must not block the watch.
     */
    private void execute(Runnable task) {
        if (Thread.currentThread() == listener) {
            Thread thread = new Thread(task, "sse-connect");
            thread.setDaemon(true);
            thread.start();
        } else {
            task.run();
        }
    }

    private End listenUntilOver(Handler handler) throws IOException, InterruptedException {
        int failures = 0;
        while (true) {
            Attempt attempt = connect(handler, failures > 0);
            if (attempt.end != null) {
                return attempt.end;
            }
            failures = attempt.proved ? 1 : failures + 1;
            if (attempt.streamEnded && maxRetries == 0) {
                return End.STREAM_ENDED;
            }
            if (failures > maxRetries) {
                throw new SseException(SseException.Kind.GAVE_UP, request + ": " + attempt.reason + "; gave up"
                    + (maxRetries == 0 ? "" : " after " + maxRetries + " retries"));
            }
            Duration wait = waitBeforeRetry(failures, attempt.retryAfter);
            reconnects++;
            notices.accept(request + ": " + attempt.reason + "; connecting again in " + seconds(wait));
            End end = watch(leftOf(wait));
            if (end != null) {
                return end;
            }
        }
    }

    /** The standard leaves the back-off to us: "optionally, wait some more", never less. */
    private Duration waitBeforeRetry(int failures, Optional<Duration> retryAfter) {
        Duration first = serverRetry.map(SseClient::bounded).orElse(retryDelay);
        Duration most = retryMaxDelay.compareTo(first) > 0 ? retryMaxDelay : first;
        Duration wait = first;
        for (int i = 1; i < failures && wait.compareTo(most) < 0; i++) {
            wait = wait.multipliedBy(2);
        }
        wait = wait.compareTo(most) < 0 ? wait : most;
        Duration asked = retryAfter.map(SseClient::bounded).orElse(Duration.ZERO);
        wait = wait.compareTo(asked) > 0 ? wait : asked;
        double jitter = failures == 1 ? 0 : ThreadLocalRandom.current().nextDouble(0.2);
        return wait.plusNanos((long) (wait.toNanos() * jitter));
    }

    private static Duration bounded(Duration asked) {
        return asked.compareTo(SHORTEST_SERVER_WAIT) < 0 ? SHORTEST_SERVER_WAIT
            : asked.compareTo(LONGEST_SERVER_WAIT) > 0 ? LONGEST_SERVER_WAIT : asked;
    }

    /** One try: from the request to the end of the stream, with the redirects between. */
    private Attempt connect(Handler handler, boolean again) throws IOException, InterruptedException {
        Set<String> visited = new HashSet<>();
        SseRequest next = request;
        while (true) {
            visited.add(next.method() + " " + next.uri());
            HttpRequest message;
            try {
                message = next.build(sendableLastEventId(), proxy);
            } catch (IOException headerFile) {
                return Attempt.lost(headerFile.getMessage());
            }
            details.accept(message.method() + " " + message.uri());
            Connection connection = new Connection(next, handler, again);
            CompletableFuture<HttpResponse<Void>> exchange = http.sendAsync(message, connection);
            exchange.whenComplete((answer, failure) -> wakeListener());
            End end;
            boolean cut;
            try {
                end = watchExchange(connection, exchange);
                cut = !exchange.isDone();
            } finally {
                connection.leave();
                exchange.cancel(true);
            }
            ResponseInfo answer = connection.answer;
            if (end != null) {
                return Attempt.over(end);
            } else if (answer == null && !cut && !exchange.isCompletedExceptionally()) {
                // What a proxy answers to CONNECT does not get to the body handler.
                throw refusedByProxy(connection);
            } else if (connection.streaming || answer == null) {
                return cut ? connection.lost("nothing came for " + seconds(idleTimeout))
                    : exchange.isCompletedExceptionally() ? connection.lost(reason(connection, exchange))
                    : connection.lost("the stream ended").withStreamEnded();
            }
            Optional<String> location = answer.headers().firstValue("Location");
            if (!REDIRECTS.contains(answer.statusCode()) || location.isEmpty()) {
                return judge(connection);
            } else if (visited.size() > maxRedirects) {
                throw refused("more than " + maxRedirects + " redirects");
            }
            next = redirected(next, answer.statusCode(), location.get());
            if (visited.contains(next.method() + " " + next.uri())) {
                throw refused("redirects in a loop at " + next);
            }
        }
    }

    /** Some servers begin an answer with the first event: the wait for it is told, not limited. */
    private End watchExchange(Connection connection, CompletableFuture<?> exchange) throws InterruptedException {
        while (true) {
            LongSupplier untilTold = idleTimeout.isZero() ? () -> Long.MAX_VALUE : leftOf(idleTimeout);
            End end = watch(() -> exchange.isDone() ? 0
                : connection.answer == null ? untilTold.getAsLong() : connection.nanosLeft());
            if (end != null || exchange.isDone() || connection.answer != null) {
                return end;
            }
            notices.accept(request + ": no answer for " + seconds(idleTimeout) + ", still waiting");
        }
    }

    private String reason(Connection connection, CompletableFuture<?> exchange) {
        String reason = Reason.of(exchange.handle((answer, failure) -> failure).join());
        return connection.streaming ? "connection lost, " + reason
            : proxy.name(connection.sent.uri()).map(name -> reason + " (through the " + name + ")").orElse(reason);
    }

    private SseRequest redirected(SseRequest from, int status, String location) throws SseException {
        try {
            return from.redirected(status, location);
        } catch (IllegalArgumentException notFollowed) {
            throw refused("HTTP status " + status + " with a redirect that is not followed: "
                + notFollowed.getMessage());
        }
    }

    private Attempt judge(Connection connection) throws SseException {
        int status = connection.answer.statusCode();
        HttpHeaders headers = connection.answer.headers();
        if (connection.beginning.size() > 0) {
            details.accept("the answer begins: " + connection.beginning());
        }
        if (status == 204) {
            return Attempt.over(End.NO_CONTENT);
        } else if (status == 200) {
            throw refused(problem(headers).orElseThrow() + "; the answer begins: "
                + request.withoutSecrets(connection.sent.withoutSecrets(connection.beginning())));
        } else if (status == 408 || status == 425 || status == 429 || status >= 500) {
            return connection.lost("HTTP status " + status).withRetryAfter(retryAfter(headers));
        } else if (status == 407) {
            throw refusedByProxy(connection);
        }
        throw refused("HTTP status " + status);
    }

    /** What keeps an answer of status 200 from being an event stream. */
    private static Optional<String> problem(HttpHeaders headers) {
        String encoding = headers.firstValue("Content-Encoding").orElse("identity").strip();
        String type = headers.firstValue("Content-Type").orElse("");
        int parameters = type.indexOf(';');
        String essence = (parameters < 0 ? type : type.substring(0, parameters)).strip();
        if (type.isEmpty()) {
            return Optional.of("no content type, expected " + EVENT_STREAM);
        } else if (!essence.equalsIgnoreCase(EVENT_STREAM)) {
            return Optional.of("content type " + type + ", expected " + EVENT_STREAM);
        } else if (!encoding.isEmpty() && !encoding.equalsIgnoreCase("identity")) {
            return Optional.of("content encoding " + encoding + ", which was not asked for");
        }
        return Optional.empty();
    }

    /** RFC 9110, 10.2.3: seconds, or a date. */
    private static Optional<Duration> retryAfter(HttpHeaders headers) {
        String value = headers.firstValue("Retry-After").orElse("").strip();
        try {
            return Optional.of(value.matches("[0-9]{1,9}")
                ? Duration.ofSeconds(Long.parseLong(value))
                : Duration.between(ZonedDateTime.now(), ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)));
        } catch (DateTimeParseException neither) {
            return Optional.empty();
        }
    }

    private SseException refusedByProxy(Connection connection) {
        return refused("HTTP status 407" + proxy.name(connection.sent.uri())
            .map(name -> ", the " + name + " wants credentials, or other ones").orElse(""));
    }

    private SseException refused(String reason) {
        return new SseException(SseException.Kind.REFUSED, request + ": " + reason);
    }

    private String sendableLastEventId() {
        if (SseRequest.isPrintableAscii(lastEventId)) {
            return lastEventId;
        }
        if (!unsendableIdSaid) {
            unsendableIdSaid = true;
            notices.accept(request + ": the last event ID is not printable ASCII, which no header here can carry: "
                + "connecting without it");
        }
        return "";
    }

    /**
     * Waits until there is no time left (null) or all is over (how); saves the state meanwhile.
     *
     * @param nanosLeft asked within the monitor, again whenever something happened
     */
    private End watch(LongSupplier nanosLeft) throws InterruptedException {
        while (true) {
            synchronized (monitor) {
                long left = nanosLeft.getAsLong();
                long leftOfAll = endOfTime.getAsLong();
                if (closed || leftOfAll <= 0) {
                    End end = closed ? End.CLOSED : End.TIME_OVER;
                    closed = true;
                    return end;
                } else if (left <= 0) {
                    return null;
                }
                long leftToSave = nanosToSave();
                if (leftToSave > 0) {
                    TimeUnit.NANOSECONDS.timedWait(monitor, Math.min(left, Math.min(leftOfAll, leftToSave)));
                    continue;
                }
            }
            save();
        }
    }

    private static LongSupplier leftOf(Duration time) {
        long start = System.nanoTime();
        return () -> time.toNanos() - (System.nanoTime() - start);
    }

    private long nanosToSave() {
        boolean due = stateFile != null && !lastEventId.equals(savedLastEventId);
        return due ? saveAgain.getAsLong() : Long.MAX_VALUE;
    }

    private void save() {
        String id = lastEventId;
        try {
            stateFile.write(id);
            savedLastEventId = id;
            saveAgain = leftOf(BETWEEN_SAVES);
            if (savingFails) {
                notices.accept(stateFile + ": written again");
            }
            savingFails = false;
        } catch (IOException failure) {
            if (!savingFails) {
                notices.accept(stateFile + ": " + Reason.of(failure) + "; it still holds an older id, trying again");
            }
            savingFails = true;
            saveAgain = leftOf(BETWEEN_FAILED_SAVES);
        }
    }

    private void finish() {
        closed = true;
        if (savedLastEventId != null && nanosToSave() != Long.MAX_VALUE) {
            save();
        }
        synchronized (monitor) {
            finished = true;
            monitor.notifyAll();
            if (selector != null && handling == null) {
                selector.interrupt();
            }
        }
        endHttp();
    }

    /** Since 21 a client can be ended; before, its thread ends when it is interrupted, or with the garbage. */
    private void endHttp() {
        try {
            if (http != null) {
                HttpClient.class.getMethod("shutdownNow").invoke(http);
            }
        } catch (ReflectiveOperationException before21) {
            return;
        }
    }

    /** Within the monitor. */
    private void waitUntil(BooleanSupplier done, Duration most) {
        LongSupplier left = leftOf(most);
        try {
            while (!done.getAsBoolean() && left.getAsLong() > 0) {
                TimeUnit.NANOSECONDS.timedWait(monitor, left.getAsLong());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.3f", time.toNanos() / 1e9).replaceFirst("\\.?0+$", "") + " s";
    }

    /**
     * What became of one try.
     *
     * @param end    how all is over; null if there is to be another try, for which the rest tells the reason
     * @param proved whether it went well enough for failures to be counted from the beginning again
     */
    private record Attempt(End end, String reason, boolean proved, boolean streamEnded, Optional<Duration> retryAfter) {
        static Attempt over(End end) {
            return new Attempt(end, "", true, false, Optional.empty());
        }

        static Attempt lost(String reason) {
            return new Attempt(null, reason, false, false, Optional.empty());
        }

        Attempt withStreamEnded() {
            return new Attempt(end, reason, proved, true, retryAfter);
        }

        Attempt withRetryAfter(Optional<Duration> asked) {
            return new Attempt(end, reason, proved, streamEnded, asked);
        }
    }

    private void wakeListener() {
        synchronized (monitor) {
            monitor.notifyAll();
        }
    }

    /** One request, its answer, and what comes of it. */
    private final class Connection implements BodyHandler<Void>, BodySubscriber<Void>, SseParser.Handler {
        private final SseRequest sent;
        private final Handler handler;
        private final boolean again;
        private final SseParser parser = new SseParser(lastEventId, maxEventBytes, this);
        private final CompletableFuture<Void> body = new CompletableFuture<>();
        private final ByteArrayOutputStream beginning = new ByteArrayOutputStream();
        private volatile ResponseInfo answer;
        private volatile boolean streaming;
        private volatile Subscription subscription;
        private LongSupplier nanosLeft = () -> Long.MAX_VALUE;
        private LongSupplier nanosToHold = () -> Long.MAX_VALUE;
        private boolean delivered;
        private boolean left;
        private boolean askedMeanwhile;
        private String takenId = lastEventId;
        private Throwable failure;

        Connection(SseRequest sent, Handler handler, boolean again) {
            this.sent = sent;
            this.handler = handler;
            this.again = again;
        }

        @Override
        public BodySubscriber<Void> apply(ResponseInfo info) {
            synchronized (monitor) {
                if (Thread.currentThread().getName().endsWith("-SelectorManager")) {
                    selector = Thread.currentThread();
                }
                streaming = info.statusCode() == 200 && problem(info.headers()).isEmpty();
                answer = info;
                nanosToHold = leftOf(HELD);
                nanosLeft = streaming ? idleTime() : leftOf(TIME_FOR_A_REASON);
                monitor.notifyAll();
            }
            details.accept("HTTP status " + info.statusCode() + " " + info.headers().map());
            if (streaming && again) {
                notices.accept(request + ": connected again");
            }
            return this;
        }

        @Override
        public CompletionStage<Void> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Subscription one) {
            subscription = one;
            one.request(1);
        }

        @Override
        public void onNext(List<ByteBuffer> bytes) {
            if (!streaming) {
                keepBeginning(bytes);
                return;
            }
            if (!begin()) {
                subscription.cancel();
                return;
            }
            try {
                hand(bytes);
            } catch (Throwable thrown) {
                failure = thrown;
            }
            boolean goOn;
            synchronized (monitor) {
                handling = null;
                nanosLeft = idleTime();
                goOn = failure == null && !left && !closed;
                if (!goOn || stateFile != null || askedMeanwhile) {
                    askedMeanwhile = false;
                    monitor.notifyAll();
                }
            }
            if (goOn) {
                subscription.request(1);
            } else {
                subscription.cancel();
                body.complete(null);
            }
        }

        private boolean begin() {
            synchronized (monitor) {
                boolean wanted = !left && !closed;
                if (wanted) {
                    handling = Thread.currentThread();
                }
                return wanted;
            }
        }

        /** What was handed over before something went wrong still goes out, and counts as taken once it has. */
        private void hand(List<ByteBuffer> bytes) throws IOException {
            try {
                for (ByteBuffer part : bytes) {
                    parser.feed(part);
                }
                takenId = closed ? takenId : parser.lastEventId();
            } finally {
                serverRetry = parser.retry().or(() -> serverRetry);
                handler.flush();
                lastEventId = takenId;
            }
        }

        @Override
        public void event(SseEvent event) throws IOException {
            if (!closed) {
                handler.event(event);
                delivered = true;
                takenId = event.id();
            }
        }

        @Override
        public void comment(String text) throws IOException {
            if (!closed) {
                handler.comment(text);
            }
        }

        @Override
        public void tooLarge(int bytes) throws IOException {
            notices.accept(request + ": dropped an event of more than " + bytes + " bytes");
            handler.tooLarge(bytes);
        }

        private void keepBeginning(List<ByteBuffer> bytes) {
            for (ByteBuffer part : bytes) {
                while (part.hasRemaining() && beginning.size() < REASON_BYTES) {
                    beginning.write(part.get());
                }
            }
            if (beginning.size() < REASON_BYTES) {
                subscription.request(1);
            } else {
                subscription.cancel();
                body.complete(null);
            }
        }

        String beginning() {
            String text = beginning.toString(StandardCharsets.UTF_8);
            return text.substring(0, text.offsetByCodePoints(0, Math.min(REASON_LENGTH, text.codePointCount(0, text.length()))));
        }

        @Override
        public void onError(Throwable thrown) {
            body.completeExceptionally(thrown);
        }

        @Override
        public void onComplete() {
            body.complete(null);
        }

        /** How long it may still bring nothing. */
        long nanosLeft() {
            askedMeanwhile = handling != null;
            return askedMeanwhile ? Long.MAX_VALUE : nanosLeft.getAsLong();
        }

        private LongSupplier idleTime() {
            return idleTimeout.isZero() ? () -> Long.MAX_VALUE : leftOf(idleTimeout);
        }

        /** From here on nothing is handed over. What is being handed over may finish, unless all is to end soon. */
        void leave() throws IOException {
            synchronized (monitor) {
                left = true;
                waitUntil(() -> handling == null || closed, FOREVER);
                waitUntil(() -> handling == null, TIME_TO_FINISH);
            }
            if (subscription != null) {
                subscription.cancel();
            }
            if (failure instanceof IOException thrown) {
                throw thrown;
            } else if (failure instanceof RuntimeException thrown) {
                throw thrown;
            } else if (failure instanceof Error thrown) {
                throw thrown;
            }
        }

        Attempt lost(String reason) {
            return new Attempt(null, reason, delivered || nanosToHold.getAsLong() <= 0, false, Optional.empty());
        }
    }
}
