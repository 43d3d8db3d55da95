//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/HttpProxy.java ../sse/SseClient.java ../sse/SseEvent.java ../sse/SseParser.java
//SOURCES ../sse/SseRequest.java ../sse/StateFile.java ../udp/FewNotices.java FieldOptions.java Format.java
//SOURCES RequestOptions.java SseInput.java SseSources.java TlsOptions.java Tool.java
package lib.cli;

import static java.util.function.Predicate.not;

import java.io.Flushable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
import lib.udp.FewNotices;
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

    @Mixin
    private RequestOptions request;

    @Option(names = "--max-redirs", paramLabel = "N", order = 24, defaultValue = "20",
        description = "Follow up to N redirects at a connect (${DEFAULT-VALUE}).")
    private int maxRedirects;

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
    private Integer count;

    @Option(names = {"-m", "--max-time"}, paramLabel = "SEC", order = 32,
        description = "End after this time, with status 0; with 124 if --count was not reached.")
    private Duration maxTime;

    @Option(names = "--max-event-size", paramLabel = "BYTES", order = 33,
        defaultValue = "" + SseParser.DEFAULT_MAX_EVENT_BYTES,
        description = "Drop larger events, with a message (${DEFAULT-VALUE}).")
    private int maxEventBytes;

    @Option(names = {"-F", "--format"}, paramLabel = "TEMPLATE", order = 40,
        description = "What is made of an event: {data} {event} {id} {json} stand for its parts, {source} for the server,"
            + " {/events/0/panelId} for a field of the data in JSON (a JSON pointer), {{ for a brace. \\n, \\t, \\r, \\0,"
            + " \\xHH, \\\\ are these bytes."
            + " @FILE: the template is in FILE, where text beyond ASCII has to be in the locale C.")
    private String format;

    @Option(names = "--timestamps", order = 41, description = "Add the time of arrival to {json}.")
    private boolean timestamps;

    @Option(names = "--comments", order = 42, description = "Comments too, as {json}.")
    private boolean comments;

    @Option(names = "--state-file", paramLabel = "FILE", order = 80,
        description = "Keep the last event ID in FILE, and resume after it at the next start.")
    private Path stateFile;

    @Option(names = "--last-event-id", paramLabel = "ID", order = 81,
        description = "Resume after this event, if the server can. The ID in --state-file comes first.")
    private String lastEventId = "";

    @Option(names = "--no-retry", order = 82, description = "Connect once; the end of the stream is the end.")
    private boolean noRetry;

    @Option(names = "--max-retries", paramLabel = "N", order = 83,
        description = "Give up after N failures in a row (never). With --data: ask again when the stream has ended, too.")
    private Integer maxRetries;

    @Option(names = "--retry-all-errors", order = 83,
        description = "Try again after a status or content type too that would be final.")
    private boolean retryAllErrors;

    @Option(names = "--retry-delay", paramLabel = "SEC", order = 84, defaultValue = "1",
        description = "Wait this long before the first retry, unless the server sets it (${DEFAULT-VALUE}).")
    private Duration retryDelay;

    @Option(names = "--ignore-retry", order = 85, description = "Keep to --retry-delay, whatever the server sets.")
    private boolean ignoreRetry;

    @Option(names = "--retry-max-delay", paramLabel = "SEC", order = 85, defaultValue = "30",
        description = "Each further failure doubles the wait, up to this (${DEFAULT-VALUE}).")
    private Duration retryMaxDelay;

    @Option(names = "--idle-timeout", paramLabel = "SEC", order = 86, defaultValue = "300",
        description = "Connect again if nothing came for this time (${DEFAULT-VALUE}; 0: never).")
    private Duration idleTimeout;

    @Option(names = "--connect-timeout", paramLabel = "SEC", order = 87, defaultValue = "10",
        description = "Give up a connect after this time (${DEFAULT-VALUE}; 0: the system's).")
    private Duration connectTimeout;

    @Option(names = "--settle", paramLabel = "SEC", order = 88,
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

    private Consumer<String> skipped = this::tellSkipped;
    private final FewNotices few = new FewNotices();
    private long told;
    private long fieldless;
    private long taken;
    private long others;
    private String lastOther;
    /** Where the event comes from that is being handed over. */
    private String source;
    private Runnable stop;

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
        int mostOthers = command.positionalParameters().stream().filter(one -> one.index().min() > 0)
            .mapToInt(one -> one.index().max()).max().orElse(0);
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
        if (urls().size() > 1) {
            made.sourceInJson();
        }
        if (timestamps && !made.has(Placeholder.JSON)) {
            throw tool().usage("--timestamps goes with a --format that has {json}");
        } else if (comments && !made.isJson()) {
            throw tool().usage("--comments goes with --format {json}");
        }
        return timestamps ? made.timestamps() : made;
    }

    /** What an option of the script makes of an event, with the same placeholders. */
    public Format template(String option, String text) {
        return tool().format(option, text,
            Placeholder.DATA, Placeholder.EVENT, Placeholder.ID, Placeholder.JSON, Placeholder.SOURCE, Placeholder.FIELD)
            .source(() -> source);
    }

    /** Takes a line on each event that is not output for want of a field. Unless set these are told, and a failure. */
    public SseOptions skipped(Consumer<String> lines) {
        skipped = lines;
        return this;
    }

    private void tellSkipped(String line) {
        if (told++ == 0) {
            tool().atEnd(status -> {
                tool().notice(told + " skipped");
                return status == 0 ? Tool.LOCAL_FAILURE : status;
            });
        }
        few.say(line, tool()::error);
    }

    /** As {@link #listen(SseParser.Handler, Flushable)} where nothing is held back. */
    public int listen(SseParser.Handler handler) throws Exception {
        return listen(handler, () -> { });
    }

    /**
     * Listens until it is over, or until a signal asks the process to end.
     *
     * @param handler takes the events that the user asked for. With {@code --comments} it takes comments too, each as an
     *                event without a type; no other event is without one.
     * @param out     is flushed after the last event of each read from the network
     * @return the exit status
     * @throws Exception see {@link SseClient#listen}; a mistake on the command line
     */
    public int listen(SseParser.Handler handler, Flushable out) throws Exception {
        Tool tool = tool();
        if (count != null) {
            tool.within(1, Integer.MAX_VALUE, count, "--count");
        }
        if (types.contains("") || excluded.contains("")) {
            throw tool.usage((types.contains("") ? "--event" : "--exclude") + " '': expected a type");
        }
        tool.within(1, SseParser.MAX_EVENT_BYTES_LIMIT, maxEventBytes, "--max-event-size");
        List<String> urls = urls();
        if (urls.equals(List.of("-"))) {
            return read(tool, handler, out);
        }
        SseSources sources = new SseSources(tool);
        endBy(sources::close);
        add(urls, sources, handler, out);
        tool.status(() -> sources.reconnects() + " reconnects");
        return sources.listen(status(true));
    }

    /** What the options say once for all of them is read once. */
    private void add(List<String> urls, SseSources sources, SseParser.Handler handler, Flushable out) throws IOException {
        Tool tool = tool();
        try {
            String userAgent = command.name() + "/" + Tool.VERSION;
            List<SseRequest> requests = urls.stream().map(url -> request.request(url, userAgent, tool)).toList();
            StateFile state = stateFile == null ? null : new StateFile(stateFile);
            Supplier<SSLContext> context = tls.context(tool::text, tool::notice);
            HttpProxy way = proxy == null ? HttpProxy.of(System.getenv()) : HttpProxy.of(tool.text(proxy), System.getenv());
            for (SseRequest one : requests) {
                sources.add(client(tool, one, state).tls(context).proxy(way), new Selection(one.authority(), handler, out));
            }
        } catch (IllegalArgumentException mistake) {
            throw tool.usage(mistake.getMessage());
        }
    }

    private int status(boolean timeIsOver) {
        return timeIsOver && count != null ? Tool.TIME_OVER : 0;
    }

    /** An event stream that something else has fetched. */
    private int read(Tool tool, SseParser.Handler handler, Flushable out) throws Exception {
        command.commandLine().getParseResult().matchedOptions().stream()
            .filter(one -> one.order() < FIRST_OF_ANY_STREAM || one.order() > LAST_OF_ANY_STREAM && one.order() < 190)
            .findFirst().ifPresent(one -> {
                throw tool.usage(one.longestName() + " is for a URL, not for an event stream from standard input (-)");
            });
        SseInput input = new SseInput(tool.standardInput(), tool::notice);
        endBy(input::close);
        return status(!input.read(new Selection("-", handler, out), maxEventBytes, maxTime));
    }

    private void endBy(Runnable how) {
        stop = how;
        tool().onSignal(how);
        tool().atEnd(this::atEnd);
    }

    /** Whoever mistyped a type or a pointer would see nothing, and no reason. */
    private int atEnd(int status) {
        if (taken + fieldless == 0 && others > 0 && !(types.isEmpty() && fields.wanted().isEmpty())) {
            tool().notice(others + (others == 1 ? " event" : " events") + " came, none"
                + (types.isEmpty() ? "" : " of type " + String.join(", ", types)) + fields.wanted()
                + "; the last one was of type " + lastOther);
        }
        return status;
    }

    private Tool tool() {
        return Tool.of(command);
    }

    private SseClient client(Tool tool, SseRequest asked, StateFile state) {
        SseClient client = new SseClient(asked)
            .lastEventId(lastEventId)
            .maxRedirects(tool.within(0, Integer.MAX_VALUE, maxRedirects, "--max-redirs"))
            .connectTimeout(connectTimeout)
            .idleTimeout(idleTimeout)
            .retryDelay(retryDelay)
            .retryMaxDelay(retryMaxDelay)
            .maxEventBytes(maxEventBytes)
            .notices(tool::notice)
            .debug(tool::debug);
        if (noRetry || maxRetries != null) {
            client.maxRetries(noRetry ? 0 : tool.within(0, Integer.MAX_VALUE, maxRetries, "--max-retries"));
        }
        if (state != null) {
            client.stateFile(state);
        }
        if (ignoreRetry) {
            client.ignoreRetry();
        }
        if (retryAllErrors) {
            client.retryAllErrors();
        }
        return maxTime == null ? client : client.maxTime(maxTime);
    }

    /** Passes on what the user asked for, and ends after the last of it. */
    private final class Selection implements SseClient.Handler {
        private final String name;
        private final SseParser.Handler handler;
        private final Flushable out;
        private final FieldOptions.Picker picker = fields.picker(tool());
        private long settled;

        /** @param name of the server */
        Selection(String name, SseParser.Handler handler, Flushable out) {
            this.name = name;
            this.handler = handler;
            this.out = out;
        }

        @Override
        public void open() {
            settled = System.nanoTime() + settle.toNanos();
        }

        @Override
        public void event(SseEvent event) throws IOException {
            if (excluded.contains(event.event()) || !settle.isZero() && System.nanoTime() - settled < 0) {
                return;
            }
            source = name;
            if ((types.isEmpty() || types.contains(event.event())) && picker.pick(event, handler, this::skip)) {
                taken++;
                if (count != null && taken == count) {
                    stop.run();
                }
            } else {
                others++;
                lastOther = event.event();
            }
        }

        private void skip(String reason) {
            fieldless++;
            skipped.accept("an event was skipped: " + reason);
        }

        @Override
        public void comment(String text) throws IOException {
            if (comments) {
                source = name;
                handler.event(new SseEvent("", "", text));
            }
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }
}
