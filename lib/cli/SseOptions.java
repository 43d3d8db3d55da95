//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/Cookies.java ../sse/Digest.java ../sse/EachAddress.java ../sse/Proxies.java ../sse/SseClient.java
//SOURCES ../sse/SseParser.java ../sse/SseRequest.java AnyContentType.java ConnectionLog.java EventJson.java
//SOURCES Format.java HttpsClient.java SafeWords.java Secrets.java Selection.java SseSources.java TlsOptions.java
//SOURCES Tool.java Urls.java
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
import java.util.Optional;
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
    /** Options with an order outside of this say how to connect, which standard input needs not. */
    private static final int FIRST_OF_ANY_STREAM = 30;
    private static final int LAST_OF_ANY_STREAM = 79;

    @Parameters(index = "0..*", arity = "1", paramLabel = "URL",
        description = "Where the events come from: [http://]HOST... or https://HOST...; several if the further ones have"
            + " their scheme; @FILE: the URL is in FILE, where nobody sees it; -: standard input, an event stream that"
            + " something else has fetched.")
    private List<String> arguments;

    @Option(names = {"-H", "--header"}, paramLabel = "NAME:VALUE", order = 20,
        description = "Send this header. Repeatable. @FILE: one a line, read again at every connect; @-: standard input.")
    private void header(String line) {
        // A pipe can be read once, like standard input.
        if (Tool.file(line).filter(file -> file.equals("-") || !Files.isRegularFile(Path.of(file)) && Files.exists(Path.of(file)))
                .isPresent()) {
            asked.add(request -> tool().text(line).lines().filter(not(String::isBlank)).forEach(request::header));
        } else {
            asked.add(request -> Tool.file(line).map(Path::of).map(request::headerFile).orElseGet(() -> request.header(line)));
        }
    }

    @Option(names = {"-d", "--data"}, paramLabel = "DATA", order = 21,
        description = "Send this body, again only after a failure; several are joined with &. @FILE: what is in FILE;"
            + " @-: standard input.")
    private List<String> data = List.of();

    @Option(names = {"-u", "--user"}, paramLabel = "USER:PASS", order = 22,
        description = "Basic authentication, or Digest if the server asks for it; @FILE: it is in FILE.")
    private void user(String user) { asked.add(request -> request.basicAuthorization(tool().text(user))); }

    @Option(names = {"-X", "--request"}, paramLabel = "METHOD", order = 23,
        description = "The method: GET, or POST with --data.")
    private void method(String method) { asked.add(request -> request.method(method)); }

    @Option(names = "--any-content-type", arity = "0", order = 24,
        description = "Read the answer as an event stream whatever its content type is.")
    private void anyContentType(boolean on) { settings.add(client -> client.around(AnyContentType::around)); }

    @Option(names = "--max-redirs", paramLabel = "N", order = 24, description = "Follow up to N redirects at a connect (20).")
    private void maxRedirects(int most) {
        settings.add(client -> client.maxRedirects(tool().within(0, Integer.MAX_VALUE, most, "--max-redirs")));
    }

    @Mixin
    private Selection selection;

    @Option(names = {"-m", "--max-time"}, paramLabel = "SEC", order = 32,
        description = "End after this time (0: never), with status 0; with 124 if --count was not reached.")
    private Duration maxTime;

    @Option(names = "--max-event-size", paramLabel = "BYTES", order = 33,
        description = "Drop larger events, with a message (" + SseParser.DEFAULT_MAX_EVENT_BYTES + ").")
    private int maxEventBytes = SseParser.DEFAULT_MAX_EVENT_BYTES;

    @Option(names = {"-F", "--format"}, paramLabel = "TEMPLATE", order = 40,
        description = "Write this for each event: {data} {event} {id} {json} {source} {time}, {/a} (a field), {../a},"
            + " {json:X}, \\n, \\xHH, {{. @FILE: it is in FILE.")
    private String format;

    @Option(names = "--timestamps", order = 41, description = "Add the time of arrival to {json}.")
    private boolean timestamps;

    @Option(names = "--comments", order = 42, description = "Print comments too, as {json}.")
    private boolean comments;

    @Option(names = "--state-file", paramLabel = "FILE", order = 80,
        description = "Keep the last event ID in FILE, and resume after it at the next start.")
    private Path stateFile;

    @Option(names = "--last-event-id", paramLabel = "ID", order = 81,
        description = "Resume after this event, if the server can. The ID in --state-file comes first.")
    private void lastEventId(String id) { settings.add(client -> client.lastEventId(id)); }

    @Option(names = "--no-retry", arity = "0", order = 82, description = "Connect once; the end of the stream is the end.")
    private void noRetry(boolean on) { settings.add(client -> client.maxRetries(0)); }

    @Option(names = "--max-retries", paramLabel = "N", order = 83,
        description = "Give up when N retries in a row have failed (never). With --data: also retry when the stream has ended.")
    private void maxRetries(int most) {
        settings.add(client -> client.maxRetries(tool().within(0, Integer.MAX_VALUE, most, "--max-retries")));
    }

    @Option(names = "--retry-all-errors", arity = "0", order = 84,
        description = "Try again after a status or content type too that would be final.")
    private void retryAllErrors(boolean on) { settings.add(SseClient::retryAllErrors); }

    @Option(names = "--retry-delay", paramLabel = "SEC", order = 85,
        description = "Wait this long before connecting again, unless the server sets it (1).")
    private void retryDelay(Duration time) { settings.add(client -> client.retryDelay(time)); }

    @Option(names = "--ignore-retry", arity = "0", order = 86, description = "Keep to --retry-delay, whatever the server sets.")
    private void ignoreRetry(boolean on) { settings.add(SseClient::ignoreRetry); }

    @Option(names = "--retry-max-delay", paramLabel = "SEC", order = 87,
        description = "Each further failure doubles the wait, up to this (30).")
    private void retryMaxDelay(Duration time) { settings.add(client -> client.retryMaxDelay(time)); }

    @Option(names = "--idle-timeout", paramLabel = "SEC", order = 88,
        description = "Connect again if nothing came for this time (300; 0: never).")
    private Duration idleTimeout = Duration.ofSeconds(300);

    @Option(names = "--connect-timeout", paramLabel = "SEC", order = 89,
        description = "Give up a connect after this time (10; 0: the system's).")
    private Duration connectTimeout = Duration.ofSeconds(10);

    @Mixin
    private TlsOptions tls;

    @Option(names = {"-x", "--proxy"}, paramLabel = "PROXY", order = 105,
        description = "Go through [http://][USER:PASS@]HOST[:PORT], '' for none; @FILE: it is in FILE. The default is"
            + " http_proxy, https_proxy or all_proxy. Hosts in no_proxy are reached without.")
    private String proxy;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    private final List<Consumer<SseRequest>> asked = new ArrayList<>();
    private final List<Consumer<SseClient>> settings = new ArrayList<>();
    private Consumer<String> connected = server -> { };

    /** The arguments behind the first that are no further URLs. */
    public List<String> targets(List<String> behindTheFirst) {
        List<String> targets = behindTheFirst.stream().filter(not(SseOptions::isUrl)).toList();
        if (targets.isEmpty()) {
            throw tool().usage("missing TARGET");
        }
        return targets;
    }

    private static boolean isUrl(String argument) {
        return argument.matches("(?i)https?://.*") || argument.startsWith("@") || argument.equals("-");
    }

    private List<String> urls() {
        List<String> urls = Stream.concat(arguments.stream().limit(1),
            arguments.stream().skip(1).filter(SseOptions::isUrl)).toList();
        if (urls.contains("-") && urls.size() > 1) {
            throw tool().usage("standard input (-) goes without URLs beside it");
        }
        int mostOthers = command.positionalParameters().stream()
            .mapToInt(one -> one.index().min() == 0 ? 0 : one.index().max()).max().orElse(0);
        if (arguments.size() - urls.size() > mostOthers) {
            throw new UnmatchedArgumentException(command.commandLine(), List.of(""));
        }
        return urls;
    }

    /**
     * What is made of an event.
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

    /** What an option of the script makes of an event, with the same placeholders. */
    public Format template(String option, String text) {
        Format made = selection.fields().format(tool(), option, text, Placeholder.DATA, Placeholder.EVENT, Placeholder.ID,
            Placeholder.JSON, Placeholder.SOURCE, Placeholder.TIME, Placeholder.FIELD);
        if (comments && made.has(Placeholder.FIELD)) {
            throw tool().usage("--comments goes without a field in " + option);
        }
        return made.source(selection::source);
    }

    /** Takes a line on each event that is not output for want of a field. Unless set these are told, and a failure. */
    public SseOptions skipped(Consumer<String> lines) { selection.skipped(lines); return this; }

    /** Receives the name of each server at the first connection to it, before the first event. */
    public SseOptions connected(Consumer<String> servers) { connected = servers; return this; }

    /** As {@link #listen(SseParser.Handler, Flushable)} where nothing is held back. */
    public int listen(SseParser.Handler handler) throws Exception {
        return listen(handler, () -> { });
    }

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

    /** One for each URL; what they have in common is made once. */
    private void addClients(Tool tool, SseSources sources) throws IOException {
        try {
            Proxies proxies = proxy == null ? Proxies.of(System.getenv()) : Proxies.of(tool.text(proxy), System.getenv());
            Consumer<HttpClient.Builder> http = http(proxies);
            Consumer<HttpClient.Builder> trust = tls.settings(tool::text, tool::notice);
            Secrets secrets = new Secrets();
            int number = 0;
            for (String url : urls()) {
                Urls where = Urls.parse(tool.text(url).strip());
                proxies.name(URI.create(where.url())); // a wrong one is a mistake on the command line
                SseRequest request = where.request().userAgent(command.name() + "/" + Tool.VERSION).notices(tool::notice);
                asked.forEach(setting -> setting.accept(request));
                if (!data.isEmpty()) {
                    request.body(data.stream().map(one -> new String(tool.bytes(one), ISO_8859_1)).collect(joining("&"))
                        .getBytes(ISO_8859_1));
                }
                SafeWords words = new SafeWords(proxies, secrets);
                SseClient client = new SseClient(request).idleTimeout(idleTimeout)
                    .maxEventBytes(maxEventBytes).notices(new ConnectionLog(tool::notice, System::nanoTime)).words(words::failure, words::quote)
                    .http(http.andThen(HttpsClient::withoutTls)).around(new HttpsClient(http.andThen(trust)))
                    .around(words).around(this::traced).around(new EachAddress(proxies)).around(proxies).around(new Cookies())
                    .around(new Digest()).around(words);
                settings.forEach(setting -> setting.accept(client));
                number++;
                sources.add(client, selection.new Source(where.authority()) {
                    private boolean isKnown;

                    @Override
                    public void open() {
                        super.open();
                        if (!isKnown) {
                            isKnown = true;
                            connected.accept(request.toString());
                        }
                    }
                }, stateFile == null || number == 1 ? stateFile
                    : Path.of(stateFile + "." + number));
            }
        } catch (IllegalArgumentException mistake) {
            throw tool.usage(mistake.getMessage());
        }
    }

    /** Silence counts from when there is a connection, so no connect takes longer than the idle time. */
    private Consumer<HttpClient.Builder> http(Proxies proxies) {
        Duration longest = Stream.of(connectTimeout, idleTimeout).filter(time -> !time.isZero()).min(Comparator.naturalOrder())
            .orElse(Duration.ofDays(1));
        return builder -> builder.version(HttpClient.Version.HTTP_1_1).executor(Runnable::run).connectTimeout(longest).proxy(proxies);
    }

    private SseClient.Sender traced(SseClient.Sender next) {
        return (request, body) -> {
            tool().debug(request.method() + " " + request.uri());
            return next.send(request, head -> {
                tool().debug("HTTP status " + head.statusCode() + " " + head.headers().map());
                return body.apply(head);
            });
        };
    }

    private void addStandardInput(Tool tool, SseSources sources) throws IOException {
        command.commandLine().getParseResult().matchedOptions().stream()
            .filter(one -> one.order() < FIRST_OF_ANY_STREAM || one.order() > LAST_OF_ANY_STREAM && one.order() < 190)
            .findFirst().ifPresent(one -> {
                throw tool.usage(one.longestName() + " is for a URL, not for an event stream from standard input (-)");
            });
        sources.add(tool.standardInput(), maxEventBytes, selection.new Source("-") {
            @Override
            public void tooLarge(int bytes) {
                tool.notice("dropped an event of more than " + bytes + " bytes");
            }
        });
    }

    private Tool tool() { return Tool.of(command); }
}
