//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/HttpProxy.java ../sse/SseClient.java ../sse/SseEvent.java ../sse/SseParser.java
//SOURCES ../sse/SseRequest.java Format.java Tls.java Tool.java
package lib.cli;

import java.io.Flushable;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import lib.cli.Format.Placeholder;
import lib.sse.HttpProxy;
import lib.sse.SseClient;
import lib.sse.SseEvent;
import lib.sse.SseParser;
import lib.sse.SseRequest;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The options of a subscription, and the subscription that they describe. */
public final class SseOptions {
    @Parameters(index = "0", paramLabel = "URL",
        description = "Where the events come from, http or https; @FILE: the URL is in FILE, where nobody sees it.")
    private String url;

    @Option(names = {"-H", "--header"}, paramLabel = "NAME:VALUE", order = 10,
        description = "Send this header; @FILE: one a line, read again at every connect. Repeatable.")
    private List<String> headers = List.of();

    @Option(names = {"-u", "--user"}, paramLabel = "USER:PASS", order = 11,
        description = "Basic authentication; @FILE: it is in FILE.")
    private String user;

    @Option(names = {"-X", "--request"}, paramLabel = "METHOD", order = 12,
        description = "The method; GET, or POST with --data.")
    private String method;

    @Option(names = {"-d", "--data"}, paramLabel = "DATA", order = 13,
        description = "Send this body, again at every connect; @FILE: what is in FILE; @-: standard input.")
    private String data;

    @Option(names = {"-k", "--insecure"}, order = 14,
        description = "Go on with a server that TLS does not trust.")
    private boolean insecure;

    @Option(names = "--cacert", paramLabel = "FILE", order = 15,
        description = "Trust the certificates in FILE (PEM) instead of the JDK's.")
    private Path authorities;

    @Option(names = "--cert", paramLabel = "FILE", order = 16,
        description = "Show this certificate, with its key: PEM or PKCS#12.")
    private Path certificate;

    @Option(names = "--pass", paramLabel = "PASS", order = 17,
        description = "What the key of --cert is encrypted with; @FILE: it is in FILE.")
    private String password = "";

    @Option(names = {"-x", "--proxy"}, paramLabel = "PROXY", order = 18,
        description = "Go through [http://][USER:PASS@]HOST[:PORT], '' for none; @FILE: it is in FILE. Else by"
            + " http_proxy, https_proxy, all_proxy; never for the hosts in no_proxy.")
    private String proxy;

    @Option(names = "--max-redirs", paramLabel = "N", order = 19, defaultValue = "20",
        description = "How many redirects a connect may follow (${DEFAULT-VALUE}).")
    private int maxRedirects;

    @Option(names = "--connect-timeout", paramLabel = "SEC", order = 20, defaultValue = "10",
        description = "Give up a connect after this time (${DEFAULT-VALUE}; 0: the system's).")
    private Duration connectTimeout;

    @Option(names = "--idle-timeout", paramLabel = "SEC", order = 21, defaultValue = "300",
        description = "Connect again if nothing came for this time (${DEFAULT-VALUE}; 0: never).")
    private Duration idleTimeout;

    @Option(names = "--retry-delay", paramLabel = "SEC", order = 22, defaultValue = "1",
        description = "Wait this long before the first retry, unless the server sets it (${DEFAULT-VALUE}).")
    private Duration retryDelay;

    @Option(names = "--retry-max-delay", paramLabel = "SEC", order = 23, defaultValue = "30",
        description = "Failures in a row double the wait up to this (${DEFAULT-VALUE}).")
    private Duration retryMaxDelay;

    @Option(names = "--max-retries", paramLabel = "N", order = 24,
        description = "Give up after N failures in a row (never).")
    private Integer maxRetries;

    @Option(names = "--no-retry", order = 25, description = "Connect once; the end of the stream is the end.")
    private boolean noRetry;

    @Option(names = "--last-event-id", paramLabel = "ID", order = 26,
        description = "Resume after this event, if the server can.")
    private String lastEventId = "";

    @Option(names = "--state-file", paramLabel = "FILE", order = 27,
        description = "Keep the last event ID in FILE, and resume from it; where there is one, it comes before"
            + " --last-event-id.")
    private Path stateFile;

    @Option(names = "--max-event-size", paramLabel = "BYTES", order = 28,
        defaultValue = "" + SseParser.DEFAULT_MAX_EVENT_BYTES,
        description = "Drop larger events, with a message (${DEFAULT-VALUE}).")
    private int maxEventBytes;

    @Option(names = {"-e", "--event"}, paramLabel = "TYPE", order = 30,
        description = "Only events of this type. Repeatable.")
    private Set<String> types = Set.of();

    @Option(names = {"-c", "--count"}, paramLabel = "N", order = 31, description = "End after N events.")
    private Integer count;

    @Option(names = {"-m", "--max-time"}, paramLabel = "SEC", order = 32,
        description = "End after this time: with status 0, or 124 if --count was not reached.")
    private Duration maxTime;

    @Option(names = {"-F", "--format"}, paramLabel = "TEMPLATE", order = 33,
        description = "What becomes of an event: {data} {event} {id} {json} stand for its parts; @FILE: it is in FILE,"
            + " where text that is not ASCII has to be if the locale is C.")
    private String format;

    @Option(names = "--timestamps", order = 34, description = "Add the time of arrival to {json}.")
    private boolean timestamps;

    @Option(names = "--comments", order = 35, description = "Comments too, as {json}.")
    private boolean comments;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /**
     * What the user wants to be made of an event.
     *
     * @param usual what it is where the user said nothing
     */
    public Format format(String usual) {
        Format made = tool().format(format == null ? usual : format,
            Placeholder.DATA, Placeholder.EVENT, Placeholder.ID, Placeholder.JSON);
        if (timestamps && !made.has(Placeholder.JSON)) {
            throw tool().usage("--timestamps goes with a --format that has {json}");
        } else if (comments && !made.isJson()) {
            throw tool().usage("--comments goes with --format {json}");
        }
        return timestamps ? made.timestamps() : made;
    }

    /** As {@link #listen(SseParser.Handler, Flushable)} where nothing is held back. */
    public int listen(SseParser.Handler handler) throws Exception {
        return listen(handler, () -> { });
    }

    /**
     * Listens until it is over, and ends cleanly when the process is asked to end.
     *
     * @param handler takes the events that the user asked for; also the comments if that was asked for, each as an event
     *                without a type, which no other event is
     * @param out     is flushed when the events of one read from the network were all handed over
     * @return the exit status
     * @throws Exception see {@link SseClient#listen}; a mistake on the command line
     */
    public int listen(SseParser.Handler handler, Flushable out) throws Exception {
        SseClient client = client(tool());
        tool().onSignal(client::close);
        tool().status(() -> client.reconnects() + " reconnects");
        SseClient.End end = client.listen(new Selection(client, handler, out));
        return end == SseClient.End.TIME_OVER && count != null ? Tool.TIME_OVER : 0;
    }

    private Tool tool() {
        return Tool.of(command);
    }

    private SseClient client(Tool tool) throws IOException {
        if (count != null) {
            within(1, Integer.MAX_VALUE, count, "--count", tool);
        }
        try {
            HttpProxy through = proxy(tool); // before the request: see there
            SseClient client = new SseClient(request(tool))
                .lastEventId(lastEventId)
                .tls(tls(tool).context(tool::notice))
                .proxy(through)
                .maxRedirects(within(0, Integer.MAX_VALUE, maxRedirects, "--max-redirs", tool))
                .connectTimeout(connectTimeout)
                .idleTimeout(idleTimeout)
                .retryDelay(retryDelay)
                .retryMaxDelay(retryMaxDelay)
                .maxEventBytes(within(1, SseParser.MAX_EVENT_BYTES_LIMIT, maxEventBytes, "--max-event-size", tool))
                .notices(tool::notice)
                .details(tool::detail);
            if (noRetry || maxRetries != null) {
                client.maxRetries(noRetry ? 0 : within(0, Integer.MAX_VALUE, maxRetries, "--max-retries", tool));
            }
            if (stateFile != null) {
                client.stateFile(stateFile);
            }
            return maxTime == null ? client : client.maxTime(maxTime);
        } catch (IllegalArgumentException mistake) {
            throw tool.usage(mistake.getMessage());
        }
    }

    private static int within(int least, int most, int value, String option, Tool tool) {
        if (value < least || value > most) {
            throw tool.usage(option + " " + value + ": expected " + least + " to " + most);
        }
        return value;
    }

    private Tls tls(Tool tool) throws IOException {
        Tls tls = new Tls();
        if (authorities != null) {
            tls.authorities(authorities);
        }
        if (certificate != null) {
            tls.certificate(certificate, tool.text(password));
        }
        return insecure ? tls.insecure() : tls;
    }

    private HttpProxy proxy(Tool tool) {
        return proxy == null ? HttpProxy.of(System.getenv()) : HttpProxy.of(tool.text(proxy), System.getenv());
    }

    private SseRequest request(Tool tool) {
        SseRequest request = new SseRequest(uri(tool));
        for (String header : headers) {
            Tool.file(header).ifPresentOrElse(file -> request.headerFile(Path.of(file)), () -> request.header(header));
        }
        if (user != null) {
            String credentials = tool.text(user);
            request.basicAuthorization(credentials.contains(":") ? credentials : credentials + ":");
        }
        if (data != null) {
            request.body(tool.bytes(data));
        }
        if (method != null) {
            request.method(method);
        }
        return request;
    }

    /** The message does not tell the URL, which may hold a secret. */
    private URI uri(Tool tool) {
        try {
            return new URI(tool.text(url).strip());
        } catch (URISyntaxException mistake) {
            throw tool.usage("URL: " + mistake.getReason() + " at character " + (mistake.getIndex() + 1)
                + ", expected http://HOST... or https://HOST...");
        }
    }

    /** Passes on what the user asked for, and ends after the last of it. */
    private final class Selection implements SseClient.Handler {
        private final SseClient client;
        private final SseParser.Handler handler;
        private final Flushable out;
        private long taken;

        Selection(SseClient client, SseParser.Handler handler, Flushable out) {
            this.client = client;
            this.handler = handler;
            this.out = out;
        }

        @Override
        public void event(SseEvent event) throws IOException {
            if (!types.isEmpty() && !types.contains(event.event())) {
                return;
            }
            handler.event(event);
            taken++;
            if (count != null && taken == count) {
                client.close();
            }
        }

        @Override
        public void comment(String text) throws IOException {
            if (comments) {
                handler.event(new SseEvent("", "", text));
            }
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }
}
