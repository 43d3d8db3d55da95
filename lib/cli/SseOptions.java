//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/Cookies.java ../sse/Digest.java ../sse/EachAddress.java ../sse/Proxies.java ../sse/SseClient.java
//SOURCES ../sse/SseParser.java ../sse/SseRequest.java Config.java EventJson.java Format.java RateLimitedLog.java
//SOURCES SafeWords.java Selection.java Senders.java SseSources.java TlsOptions.java Tool.java Urls.java
package lib.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.function.Predicate.not;
import static java.util.stream.Collectors.joining;

import java.io.Flushable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import lib.cli.Format.Placeholder;
import lib.sse.Cookies;
import lib.sse.Digest;
import lib.sse.EachAddress;
import lib.sse.Proxies;
import lib.sse.SseClient;
import lib.sse.SseParser;
import lib.sse.SseRequest;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The options of a subscription, and the subscription that they describe. */
public final class SseOptions {
    @Parameters(index = "0..*", arity = "1", paramLabel = "URL",
        description = "Read events from this URL; @FILE: from the URL in FILE; -: from standard input. After the first URL,"
            + " each needs its scheme.")
    private List<String> arguments;

    @Option(names = {"-H", "--header"}, paramLabel = "NAME:VALUE", order = 20,
        description = "Send this header. Repeatable. @FILE: send one for each line, read again at every connect;"
            + " @-: standard input.")
    private void header(String line) {
        String file = Config.file(line).orElse("");
        // A pipe can be read once, like standard input.
        boolean isReadOnce = file.equals("-") || Files.exists(Path.of(file)) && !Files.isRegularFile(Path.of(file));
        asked.add(file.isEmpty() ? request -> request.header(line)
            : !isReadOnce ? request -> request.headerFile(Path.of(file))
            : request -> tool().text(line).lines().filter(not(String::isBlank)).forEach(request::header));
    }

    @Option(names = {"-d", "--data"}, paramLabel = "DATA", order = 21,
        description = "Send this body, again only after a failure. Several are joined with &. @FILE: send the content of"
            + " FILE; @-: of standard input.")
    private List<String> data = List.of();

    @Option(names = {"-u", "--user"}, paramLabel = "USER:PASS", order = 22,
        description = "Log in by Basic authentication, or by Digest if the server asks for it. @FILE: read it from FILE.")
    private void user(String user) { asked.add(request -> request.basicAuthorization(tool().text(user))); }

    @Option(names = {"-X", "--request"}, paramLabel = "METHOD", order = 23,
        description = "Use this method (GET, or POST with --data).")
    private void method(String method) { asked.add(request -> request.method(method)); }

    @Option(names = "--any-content-type", arity = "0", order = 24,
        description = "Read every answer as an event stream, whatever its content type.")
    private void anyContentType(boolean on) { settings.add(client -> client.around(Senders::anyContentType)); }

    @Option(names = "--max-redirs", paramLabel = "N", order = 25, description = "Follow up to N redirects at a connect (20).")
    private void maxRedirects(int most) {
        settings.add(client -> client.maxRedirects(tool().within(0, Integer.MAX_VALUE, most, "--max-redirs")));
    }

    @Mixin
    private Selection selection;

    @Option(names = {"-m", "--max-time"}, paramLabel = "SEC", order = 32,
        description = "Stop after this time (0: never), with status 0, or 124 if --count was not reached.")
    private Duration maxTime;

    @Option(names = "--max-event-size", paramLabel = "BYTES", order = 33,
        description = "Drop larger events and say so (" + SseParser.DEFAULT_MAX_EVENT_BYTES + ").")
    private int maxEventBytes = SseParser.DEFAULT_MAX_EVENT_BYTES;

    @Option(names = {"-F", "--format"}, paramLabel = "TEMPLATE", order = 40,
        description = "Write this for each event: {data} {event} {id} {json} {source} {time}, fields {/a} {../a}, {json:X},"
            + " \\n, \\xHH, {{; @FILE.")
    private String format;

    @Option(names = "--timestamps", order = 41, description = "Add the time of arrival to {json}.")
    private boolean timestamps;

    @Option(names = "--comments", order = 42, description = "Also print comments, as {json}.")
    private boolean comments;

    @Option(names = "--state-file", paramLabel = "FILE", order = 80,
        description = "Keep the last event ID in FILE, and resume after it at the next start.")
    private Path stateFile;

    @Option(names = "--last-event-id", paramLabel = "ID", order = 81,
        description = "Resume after this event, if the server can. An ID in --state-file takes precedence.")
    private void lastEventId(String id) { settings.add(client -> client.lastEventId(id)); }

    @Option(names = "--no-retry", arity = "0", order = 82, description = "Connect once, and stop when the stream ends.")
    private void noRetry(boolean on) { settings.add(client -> client.maxRetries(0)); }

    @Option(names = "--max-retries", paramLabel = "N", order = 83,
        description = "Give up after N failed retries in a row (never). With --data, also retry after the stream ended.")
    private void maxRetries(int most) {
        settings.add(client -> client.maxRetries(tool().within(0, Integer.MAX_VALUE, most, "--max-retries")));
    }

    @Option(names = "--retry-all-errors", arity = "0", order = 84,
        description = "Retry also after a status or content type that would be final.")
    private void retryAllErrors(boolean on) { settings.add(SseClient::retryAllErrors); }

    @Option(names = "--retry-delay", paramLabel = "SEC", order = 85,
        description = "Wait this long before connecting again, unless the server sets another time (1).")
    private void retryDelay(Duration time) { settings.add(client -> client.retryDelay(time)); }

    @Option(names = "--ignore-retry", arity = "0", order = 86, description = "Keep to --retry-delay, whatever the server sets.")
    private void ignoreRetry(boolean on) { settings.add(SseClient::ignoreRetry); }

    @Option(names = "--retry-max-delay", paramLabel = "SEC", order = 87,
        description = "Double the wait after each further failure, up to this time (30).")
    private void retryMaxDelay(Duration time) { settings.add(client -> client.retryMaxDelay(time)); }

    @Option(names = "--idle-timeout", paramLabel = "SEC", order = 88,
        description = "Connect again if the server sends nothing for this time (300; 0: never).")
    private Duration idleTimeout = Duration.ofSeconds(300);

    @Option(names = "--connect-timeout", paramLabel = "SEC", order = 89,
        description = "Give up a connect after this time (10; 0: when the system does).")
    private Duration connectTimeout = Duration.ofSeconds(10);

    @Mixin
    private TlsOptions tls;

    @Option(names = {"-x", "--proxy"}, paramLabel = "PROXY", order = 105,
        description = "Use the proxy [http://][USER:PASS@]HOST[:PORT], or none (''), in place of those in *_proxy. @FILE:"
            + " read it from FILE.")
    private String proxy;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    private final List<Consumer<SseRequest>> asked = new ArrayList<>();
    private final List<Consumer<SseClient>> settings = new ArrayList<>();
    private Consumer<String> connected = server -> { };

    /** Returns the arguments behind the first that are no further URLs. */
    public List<String> targets(List<String> behindTheFirst) {
        List<String> targets = behindTheFirst.stream().filter(not(SseOptions::isUrl)).toList();
        if (targets.isEmpty()) {
            throw tool().usage("Missing required parameter: 'TARGET'");
        }
        return targets;
    }

    private static boolean isUrl(String argument) { return argument.matches("(?i)https?://.*|@.*|-"); }

    private List<String> urls() {
        List<String> urls = new ArrayList<>(arguments.subList(0, 1));
        arguments.stream().skip(1).filter(SseOptions::isUrl).forEach(urls::add);
        int mostOthers = command.positionalParameters().stream()
            .mapToInt(one -> one.index().min() == 0 ? 0 : one.index().max()).max().orElse(0);
        if (urls.contains("-") && urls.size() > 1) {
            throw tool().usage("standard input (-) goes without URLs beside it");
        } else if (arguments.size() - urls.size() > mostOthers) {
            throw new UnmatchedArgumentException(command.commandLine(), List.of(""));
        }
        return urls;
    }

    /**
     * Returns the format of an event.
     *
     * @param usual the template if the user gave none
     */
    public Format format(String usual) {
        Format made = template("--format", format == null ? usual : format);
        boolean withSource = urls().size() > 1;
        if (timestamps && !made.has(Placeholder.JSON)) {
            throw tool().usage("--timestamps goes with a --format that has {json}");
        } else if (comments && !made.isJson()) {
            throw tool().usage("--comments goes with --format {json}");
        }
        return made.json((event, out) ->
            EventJson.write(event, withSource ? selection.source() : null, timestamps ? Instant.now() : null, out));
    }

    /** Returns what an option of the script makes of an event, with the same placeholders. */
    public Format template(String option, String text) {
        return selection.fields().format(tool(), option, text, Placeholder.DATA, Placeholder.EVENT, Placeholder.ID,
            Placeholder.JSON, Placeholder.SOURCE, Placeholder.TIME, Placeholder.FIELD).source(selection::source);
    }

    /** Receives one line for each event that lacks a needed field. Unless set, these are errors and the status is 1. */
    public SseOptions skipped(Consumer<String> lines) { selection.skipped(lines); return this; }

    /** Receives the name of each server at the first connection to it, before the first event. */
    public SseOptions connected(Consumer<String> servers) { connected = servers; return this; }

    /** Listens as {@link #listen(SseParser.Handler, Flushable)} does, with a handler that holds nothing back. */
    public int listen(SseParser.Handler handler) throws Exception { return listen(handler, () -> { }); }

    /**
     * Listens until it is over, or until a signal asks the process to end.
     *
     * @param events  takes the events that the user asked for. With {@code --comments} it takes comments too, each as an
     *                event without a type; no other event is without one.
     * @param flushed is flushed after the last event of each read from the network
     * @return the exit status
     * @throws Exception see {@link SseClient#listen}; a mistake on the command line
     */
    public int listen(SseParser.Handler events, Flushable flushed) throws Exception {
        Tool tool = tool();
        tool.within(1, SseParser.MAX_EVENT_BYTES_LIMIT, maxEventBytes, "--max-event-size");
        SseSources sources = new SseSources(tool);
        selection.start(tool, sources, comments, events, flushed);
        if (urls().equals(List.of("-"))) {
            addStandardInput(tool, sources);
        } else {
            addClients(tool, sources);
        }
        tool.onSignal(sources::close);
        tool.atEnd(selection::atEnd);
        return sources.listen(maxTime, selection.hasCount() ? Tool.TIME_OVER : 0);
    }

    /** Adds a client for each URL. */
    private void addClients(Tool tool, SseSources sources) throws IOException {
        try {
            Proxies proxies = proxy == null ? Proxies.of(System.getenv()) : Proxies.of(tool.text(proxy), System.getenv());
            Consumer<HttpClient.Builder> http = http(proxies);
            Consumer<HttpClient.Builder> trust = tls.settings(tool::text, tool::notice);
            if (!data.isEmpty()) {
                String body = data.stream().map(one -> new String(tool.bytes(one), ISO_8859_1)).collect(joining("&"));
                asked.add(request -> request.body(body.getBytes(ISO_8859_1)));
            }
            int number = 0;
            for (String url : urls()) {
                Urls where = Urls.parse(tool.text(url).strip());
                proxies.name(URI.create(where.url())); // a wrong one is a mistake on the command line
                SseRequest request = where.request().userAgent(command.name() + "/" + Tool.VERSION);
                asked.forEach(setting -> setting.accept(request));
                number++;
                SafeWords words = new SafeWords(proxies);
                RateLimitedLog log = new RateLimitedLog();
                SseClient client = new SseClient(request).idleTimeout(idleTimeout).maxEventBytes(maxEventBytes)
                    .notices(notice -> log.sayOfConnection(notice, tool::notice)).words(words::failure, words::quote)
                    .http(http.andThen(Senders::withoutTls)).around(Senders.https(http.andThen(trust))).around(words)
                    .around(Senders.traced(tool::debug)).around(new EachAddress(proxies)).around(proxies)
                    .around(new Cookies()).around(new Digest()).around(words);
                settings.forEach(setting -> setting.accept(client));
                sources.add(client, selection.new Source(where.authority(), () -> connected.accept(request.toString())),
                    stateFile == null || number == 1 ? stateFile : Path.of(stateFile + "." + number));
            }
        } catch (IllegalArgumentException mistake) {
            throw tool.usage(mistake.getMessage());
        }
    }

    /** The idle time counts while connecting too, so no connect takes longer. */
    private Consumer<HttpClient.Builder> http(Proxies proxies) {
        Duration longest = Stream.of(connectTimeout, idleTimeout).filter(not(Duration::isZero)).min(Comparator.naturalOrder())
            .orElse(Duration.ofDays(1));
        return builder -> builder.version(HttpClient.Version.HTTP_1_1).executor(Runnable::run).connectTimeout(longest)
            .proxy(proxies);
    }

    private void addStandardInput(Tool tool, SseSources sources) throws IOException {
        // The help has them in the sections on requests, reconnecting, TLS and proxies.
        command.commandLine().getParseResult().matchedOptions().stream()
            .filter(one -> one.order() < 30 || one.order() >= 80 && one.order() < 190)
            .findFirst().ifPresent(one -> {
                throw tool.usage(one.longestName() + " is for a URL, not for an event stream from standard input (-)");
            });
        sources.add(tool.standardInput(), maxEventBytes, selection.new Source("-", () -> { }) {
            @Override
            public void tooLarge(int bytes) { tool.notice("dropped an event of more than " + bytes + " bytes"); }
        });
    }

    private Tool tool() { return Tool.of(command); }
}
