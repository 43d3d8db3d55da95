//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/HttpProxy.java ../sse/SseClient.java ../sse/SseEvent.java ../sse/SseParser.java
//SOURCES ../sse/SseRequest.java ../sse/StateFile.java EventJson.java FieldOptions.java
//SOURCES Format.java RateLimitedLog.java SseSources.java TlsOptions.java Tool.java
package lib.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.function.Predicate.not;
import static java.util.stream.Collectors.joining;

import java.io.Flushable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import lib.cli.Format.Placeholder;
import lib.sse.HttpProxy;
import lib.sse.SseClient;
import lib.sse.SseEvent;
import lib.sse.SseParser;
import lib.sse.SseRequest;
import lib.sse.StateFile;
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
        if (Tool.file(line).equals(Optional.of("-"))) {
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

    @Option(names = "--max-redirs", paramLabel = "N", order = 24, description = "Follow up to N redirects at a connect (20).")
    private void maxRedirects(int most) {
        settings.add(client -> client.maxRedirects(tool().within(0, Integer.MAX_VALUE, most, "--max-redirs")));
    }

    @Option(names = {"-e", "--event"}, paramLabel = "TYPE", order = 30,
        description = "Only events of this type. Repeatable.")
    private Set<String> types = Set.of();

    @Option(names = {"-E", "--exclude"}, paramLabel = "TYPE", order = 30,
        description = "No events of this type. Repeatable.")
    private Set<String> excluded = Set.of();

    @Mixin
    private FieldOptions fields;

    @Option(names = {"-c", "--count"}, paramLabel = "N", order = 31,
        description = "End after N events of which something was output.")
    private void count(int most) { count = tool().within(1, Integer.MAX_VALUE, most, "--count"); }

    @Option(names = {"-m", "--max-time"}, paramLabel = "SEC", order = 32,
        description = "End after this time (0: never), with status 0; with 124 if --count was not reached.")
    private Duration maxTime;

    @Option(names = "--max-event-size", paramLabel = "BYTES", order = 33,
        description = "Drop larger events, with a message (" + SseParser.DEFAULT_MAX_EVENT_BYTES + ").")
    private int maxEventBytes = SseParser.DEFAULT_MAX_EVENT_BYTES;

    @Option(names = {"-F", "--format"}, paramLabel = "TEMPLATE", order = 40,
        description = "What is made of an event: {data} {event} {id} {json} stand for its parts, {source} for the server,"
            + " {/events/0/panelId} for a field of the data in JSON (a JSON pointer), {{ for a brace. \\n, \\t, \\r, \\0,"
            + " \\xHH, \\\\ are these bytes. @FILE: the template is in FILE.")
    private String format;

    @Option(names = "--timestamps", order = 41, description = "Add the time of arrival to {json}.")
    private boolean timestamps;

    @Option(names = "--comments", order = 42, description = "Comments too, as {json}.")
    private boolean comments;

    @Option(names = "--state-file", paramLabel = "FILE", order = 80,
        description = "Keep the last event ID in FILE, and resume after it at the next start.")
    private void stateFile(Path file) {
        StateFile ofAll = new StateFile(file);
        settings.add(client -> client.stateFile(ofAll));
    }

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
    private void idleTimeout(Duration time) { settings.add(client -> client.idleTimeout(time)); }

    @Option(names = "--connect-timeout", paramLabel = "SEC", order = 89,
        description = "Give up a connect after this time (10; 0: the system's).")
    private void connectTimeout(Duration time) { settings.add(client -> client.connectTimeout(time)); }

    @Option(names = "--settle", paramLabel = "SEC", order = 90,
        description = "Drop what comes within this time after each connect: servers may send their whole state first (0).")
    private Duration settle = Duration.ZERO;

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
    private final RateLimitedLog few = new RateLimitedLog();
    private Consumer<String> skipped;
    private SseSources sources;
    private SseParser.Handler handler;
    private Flushable out;
    private Integer count;
    private long fieldless;
    private long taken;
    private long others;
    private String lastOther;
    private boolean emptyListCame;
    /** Where the event comes from that is being handed over. */
    private String source;

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
            EventJson.write(event, withSource ? source : null, timestamps ? Instant.now() : null, out));
    }

    /** What an option of the script makes of an event, with the same placeholders. */
    public Format template(String option, String text) {
        Format made = tool().format(option, text,
            Placeholder.DATA, Placeholder.EVENT, Placeholder.ID, Placeholder.JSON, Placeholder.SOURCE, Placeholder.FIELD);
        if (comments && made.has(Placeholder.FIELD)) {
            throw tool().usage("--comments goes without a field in " + option);
        }
        return made.source(() -> source);
    }

    /** Takes a line on each event that is not output for want of a field. Unless set these are told, and a failure. */
    public SseOptions skipped(Consumer<String> lines) { skipped = lines; return this; }

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
        handler = events;
        out = flushed;
        Tool tool = tool();
        if (types.contains("") || excluded.contains("")) {
            throw tool.usage((types.contains("") ? "--event" : "--exclude") + " '': expected a type");
        }
        tool.within(1, SseParser.MAX_EVENT_BYTES_LIMIT, maxEventBytes, "--max-event-size");
        sources = new SseSources(tool);
        if (urls().equals(List.of("-"))) {
            addStandardInput(tool);
        } else {
            addClients(tool);
        }
        tool.onSignal(sources::close);
        tool.atEnd(this::atEnd);
        return sources.listen(maxTime, count == null ? 0 : Tool.TIME_OVER);
    }

    /** One for each URL; what they have in common is made once. */
    private void addClients(Tool tool) throws IOException {
        try {
            Supplier<SSLContext> context = tls.context(tool::text, tool::notice);
            HttpProxy way = proxy == null ? HttpProxy.of(System.getenv()) : HttpProxy.of(tool.text(proxy), System.getenv());
            for (String url : urls()) {
                SseRequest request = new SseRequest(tool.text(url).strip()).userAgent(command.name() + "/" + Tool.VERSION);
                asked.forEach(setting -> setting.accept(request));
                if (!data.isEmpty()) {
                    request.body(data.stream().map(one -> new String(tool.bytes(one), ISO_8859_1)).collect(joining("&"))
                        .getBytes(ISO_8859_1));
                }
                SseClient client = new SseClient(request).tls(context).proxy(way).maxEventBytes(maxEventBytes)
                    .notices(tool::notice).debug(tool::debug);
                settings.forEach(setting -> setting.accept(client));
                sources.add(client, new Selection(request.authority()));
            }
        } catch (IllegalArgumentException mistake) {
            throw tool.usage(mistake.getMessage());
        }
    }

    private void addStandardInput(Tool tool) throws IOException {
        command.commandLine().getParseResult().matchedOptions().stream()
            .filter(one -> one.order() < FIRST_OF_ANY_STREAM || one.order() > LAST_OF_ANY_STREAM && one.order() < 190)
            .findFirst().ifPresent(one -> {
                throw tool.usage(one.longestName() + " is for a URL, not for an event stream from standard input (-)");
            });
        sources.add(tool.standardInput(), maxEventBytes, new Selection("-") {
            @Override
            public void tooLarge(int bytes) {
                tool.notice("dropped an event of more than " + bytes + " bytes");
            }
        });
    }

    /** Tells what was asked for if nothing of it came: a mistyped type or pointer would show nothing. */
    private int atEnd(int status) {
        Tool tool = tool();
        if (taken + fieldless == 0 && others > 0 && !emptyListCame) {
            tool.notice(others + (others == 1 ? " event" : " events") + " came, none"
                + (types.isEmpty() ? "" : " of type " + String.join(", ", types)) + fields.wanted()
                + "; the last one was of type " + lastOther);
        }
        if (skipped != null || fieldless == 0) {
            return status;
        }
        tool.notice(fieldless + " skipped");
        return status == 0 ? Tool.LOCAL_FAILURE : status;
    }

    private Tool tool() { return Tool.of(command); }

    /** Passes on what the user asked for, and ends after the last of it. */
    private class Selection implements SseClient.Handler {
        private final String name;
        private long settled;

        /** @param name of the server */
        Selection(String name) {
            this.name = name;
        }

        @Override
        public void open() {
            settled = System.nanoTime() + settle.toNanos();
        }

        @Override
        public void event(SseEvent event) throws IOException {
            synchronized (sources) {
                sources.checkNotOver();
                if (!excluded.contains(event.event()) && (settle.isZero() || System.nanoTime() - settled >= 0)) {
                    source = name;
                    select(event);
                }
            }
        }

        private void select(SseEvent event) throws IOException {
            boolean isOfType = types.isEmpty() || types.contains(event.event());
            if (isOfType && fields.pick(event, handler, this::skip)) {
                taken++;
                if (count != null && taken == count) {
                    out.flush();
                    sources.close();
                }
            } else {
                emptyListCame |= isOfType && fields.wanted().isEmpty();
                others++;
                lastOther = event.event();
            }
        }

        private void skip(String reason) {
            fieldless++;
            String line = "an event was skipped: " + reason;
            if (skipped == null) {
                few.say("skipped", line, tool()::error);
            } else {
                skipped.accept(line);
            }
        }

        @Override
        public void comment(String text) throws IOException {
            synchronized (sources) {
                sources.checkNotOver();
                if (comments) {
                    source = name;
                    handler.event(new SseEvent("", "", text));
                }
            }
        }

        @Override
        public void flush() throws IOException {
            synchronized (sources) {
                out.flush();
            }
        }
    }
}
