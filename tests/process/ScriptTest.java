package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.WireMock;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Lan;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/** The scripts as their users meet them: arguments, pipes, signals, statuses and messages. */
class ScriptTest {
    @TempDir
    Path folder;

    // ---- arguments, in this process ----

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", value = {
        "sse-listen|-|Missing required parameter: 'URL'",
        "sse-listen|~-q|URL: expected http://HOST... or https://HOST...",
        "sse-listen|ftp://x/|URL: expected http://HOST... or https://HOST...",
        "sse-listen|http:///secret|URL: expected http://HOST... or https://HOST...",
        "sse-listen|http://x:70000/|URL: port 70000, expected 1 to 65535",
        "sse-listen|http://x:0/|URL: port 0, expected 1 to 65535",
        "sse-listen|@/no/such/file|@/no/such/file: no such file",
        "sse-listen|-H~secret~http://x/|expected NAME:VALUE in a header",
        "sse-listen|-H~A b: secret~http://x/|header A b: expected a name that can be set",
        "sse-listen|-H~X-A: s\u0001ecret~http://x/|header X-A: expected a value of printable ASCII",
        "sse-listen|-H~X-A: ü~http://x/|header X-A: expected a value of printable ASCII",
        "sse-listen|-X~A B~http://x/|method 'A B': expected a name like GET or POST",
        "sse-listen|-c~0~http://x/|--count 0: expected 1 to 2147483647",
        "sse-listen|-c~many~http://x/|Invalid value for option '--count': 'many' is not a whole number up to 2147483647",
        "sse-listen|-c~$1\\~http://x/|Invalid value for option '--count': '$1\\' is not a whole number up to 2147483647",
        "sse-listen|--pinnedpubkey~key.pem~https://x/|--pinnedpubkey: 'key.pem' is no pin, expected sha256//BASE64 of 32 bytes, several separated by ';'",
        "sse-listen|--pinnedpubkey~~https://x/|--pinnedpubkey: '' is no pin, expected sha256//BASE64 of 32 bytes, several separated by ';'",
        "sse-listen|--pinnedpubkey~;~https://x/|--pinnedpubkey: '' is no pin, expected sha256//BASE64 of 32 bytes, several separated by ';'",
        "sse-listen|--pinnedpubkey~sha256//AAAA~https://x/|--pinnedpubkey: 'sha256//AAAA' is no pin, expected sha256//BASE64 of 32 bytes, several separated by ';'",
        "sse-listen|--pinnedpubkey~@/no/such/file~https://x/|@/no/such/file: no such file",
        "sse-listen|-c~99999999999~http://x/|Invalid value for option '--count': '99999999999' is not a whole number up to 2147483647",
        "sse-listen|http://x/~-c|Missing required parameter for option '--count' (N)",
        "sse-listen|-H~-usecret~http://x/|expected NAME:VALUE in a header",
        "sse-listen|-F~gr\uFFFDn~http://x/|expected arguments in UTF-8",
        "udp-send|-m~\uFFFD~127.0.0.1:9|expected arguments in UTF-8",
        "sse-listen|-q=secret~http://x/|Invalid value for option '--quiet': 'secret' is not a boolean",
        "sse-listen|-m~-1~http://x/|Invalid value for option '--max-time': '-1' is not a number of seconds, 0 to 999999999",
        "sse-listen|-m~soon~http://x/|Invalid value for option '--max-time': 'soon' is not a number of seconds, 0 to 999999999",
        "sse-listen|--max-retries~-1~http://x/|--max-retries -1: expected 0 to 2147483647",
        "sse-listen|--max-event-size~0~http://x/|--max-event-size 0: expected 1 to 1073741824",
        "sse-listen|-F~{line}~http://x/|--format: {line} is not known here, expected one of {data} {event} {id} {json} {source} {time} {/a} ({{ is a brace)",
        "sse-listen|-F~{data.on}~http://x/|--format: {data.on} is not known here, expected one of {data} {event} {id} {json} {source} {time} {/a} ({{ is a brace)",
        "sse-to-udp|--each~events~http://x/~127.0.0.1:9|'events': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)",
        "udp-send|-m~x~-w~on=1~127.0.0.1:9|'on': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)",
        "udp-send|--each~/a~-F~{line}~127.0.0.1:9|--each goes with {data}, not with {line}",
        "sse-listen|--settle~-1~http://x/|Invalid value for option '--settle': '-1' is not a number of seconds, 0 to 999999999",
        "udp-listen|-F~{/on}~5000|--format: {/on} is not known here, expected one of {data} {json} ({{ is a brace)",
        "sse-listen|-F~{data}~--timestamps~http://x/|--timestamps goes with a --format that has {json}",
        "sse-listen|-F~{data}~--comments~http://x/|--comments goes with --format {json}",
        "sse-listen|--nonsense~http://x/|unknown option '--nonsense', did you mean --no-retry?",
        "sse-listen|--retrys=secret~http://x/~secret|unknown option '--retrys', did you mean --request or --retry-all-errors or --retry-delay or --retry-max-delay?",
        "sse-listen|--retries=1~http://x/|unknown option '--retries', did you mean --request or --retry-all-errors or --retry-delay or --retry-max-delay?",
        "sse-listen|--headers~Authorization: secret~http://x/|unknown option '--headers', did you mean --header or --help?",
        "sse-listen|--cuont~1~http://x/|unknown option '--cuont'",
        "sse-listen|--fromat=x~http://x/|unknown option '--fromat'",
        "sse-listen|--timeout~1~http://x/|unknown option '--timeout', did you mean --timestamps?",
        "sse-listen|--maxtime~1~http://x/|unknown option '--maxtime', did you mean --max-event-size or --max-redirs or --max-retries or --max-time?",
        "sse-listen|--evnt~x~http://x/|unknown option '--evnt', did you mean --event?",
        "sse-listen|--xyz~http://x/|unknown option '--xyz'",
        "sse-listen|--secret~http://x/|unknown option '--secret', did you mean --settle?",
        "sse-listen|-Zsecret~http://x/|unknown option '-Z'",
        "sse-listen|http://x/~secret|too many arguments: text with spaces has to be quoted",
        "sse-listen|http://x/~-|standard input (-) goes without URLs beside it",
        "sse-listen|-~http://x/|standard input (-) goes without URLs beside it",
        "sse-listen|http://x/~ftp://y/|too many arguments: text with spaces has to be quoted",
        "sse-to-udp|http://x/~https://y/|Missing required parameter: 'TARGET'",
        "sse-to-udp|-|Missing required parameters: 'URL', 'TARGET'",
        "sse-to-udp|http://x/|Missing required parameter: 'TARGET'",
        "sse-to-udp|--on-error~maybe~http://x/~127.0.0.1:9|Invalid value for option '--on-error': expected one of [retry, skip, fail] (case-insensitive) but was 'maybe'",
        "sse-to-udp|127.0.0.1:9~http://x/secret|Missing required parameter: 'TARGET'",
        "sse-to-udp|http://x/~host|target 'host': expected HOST:PORT, [IPv6]:PORT or all:PORT with a valid address and a port from 1 to 65535",
        "udp-send|-|Missing required parameter: 'TARGET'",
        "udp-send|--rate~fast~127.0.0.1:9|Invalid value for option '--rate': 'fast' is not a number",
        "udp-send|--rate~0~--repeat~2000~-m~x~127.0.0.1:9|--rate 0.0: expected more than 0 datagrams per second",
        "udp-listen|-|Missing required parameter: '[ADDR:]PORT'",
        "udp-listen|x|'x': expected PORT, ADDR:PORT or [IPv6]:PORT",
        "udp-listen|-c~0~5000|--count 0: expected 1 to 2147483647",
        "sse-serve|secret|too many arguments: text with spaces has to be quoted",
        "sse-serve|--port~70000|--port 70000: expected 0 to 65535",
        "sse-serve|--token~a secret|--token: expected printable ASCII without spaces",
        "demo|x|too many arguments: text with spaces has to be quoted",
        "udp-send|-F~{x}~127.0.0.1:9|--format: {x} is not known here, expected one of {line} {data} {event} {id} {json} {time} {/a} ({{ is a brace)",
    })
    void mistakeIsToldInOneLineWithStatus2(String script, String arguments, String message) throws Exception {
        Script.Ended ended = Script.here(script, arguments == null ? new String[0] : arguments.split("~"));
        assertEquals(script + ": " + message + " (" + script + " --help says more)\n", ended.err());
        assertEquals(2, ended.status());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", quoteCharacter = '`', value = {
        "-|2|",
        "--help|0|",
        "http://127.0.0.1:9/|2|",
        "http://127.0.0.1:9/ x|2|target 'x': expected HOST:PORT or \\[IPv6\\]:PORT with a valid address and a port from 1 to 65535",
        "ftp://127.0.0.1/secret 127.0.0.1:9|2|URL: expected http://HOST... or https://HOST..."})
    void wrongUseOfAnExampleIsOneLineAndAStatus(String arguments, int status, String message) throws Exception {
        Script.Ended ended = Script.run("", "NanoleafTouch", arguments == null ? new String[0] : arguments.split(" "));
        String both = "expected two arguments: the URL of the events, and HOST:PORT for the datagrams";
        ended.assertIs(status, status == 0 ? both + "\n" : "",
            status == 0 ? new String[0] : new String[] {message == null ? both : message});
    }

    @ParameterizedTest
    @ValueSource(strings = {"sse-listen", "udp-send", "sse-to-udp", "udp-listen", "sse-serve", "demo"})
    void helpAndVersionGoToStandardOutput(String script) throws Exception {
        StringWriter out = new StringWriter();
        assertEquals(0, Script.commandLine(script).setOut(new PrintWriter(out)).execute("--version"));
        assertTrue(out.toString().matches(script + " [0-9]+\\.[0-9]+\\.[0-9]+\n"), out.toString());
        assertEquals(0, Script.commandLine(script).setOut(new PrintWriter(out)).execute("--help"));
        assertTrue(out.toString().contains("Usage: " + script), out.toString());
        assertTrue(out.toString().lines().allMatch(line -> line.length() <= 80), out.toString());
    }

    // ---- sse-listen ----

    private static String sse(String... data) {
        return String.join("", List.of(data).stream().map(one -> "data: " + one.replace("\n", "\ndata: ") + "\n\n").toList());
    }

    @Test
    void printsOneJsonLineForEachEvent() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(connection.number == 0
                ? SseServer.OK + "event: touch\nid: 4\n" + sse("a \"quoted\"\nline", "\u001b[31m\u0000😀\u009b") : "HTTP/1.1 204 X\r\n\r\n"))) {
            Script.run("", "SseListen", "-q", server.url("/")).assertIs(0,
                "{\"event\":\"touch\",\"id\":\"4\",\"data\":\"a \\\"quoted\\\"\\nline\"}\n"
                + "{\"event\":\"message\",\"id\":\"4\",\"data\":\"\\u001B[31m\\u0000😀\\u009B\"}\n");
        }
    }

    @Test
    void printsAnEventAtOnce() throws Exception {
        try (SseServer server = SseServer.stream(sse("first")); Script listen = Script.start("SseListen", server.url("/"))) {
            assertEquals("{\"event\":\"message\",\"id\":\"\",\"data\":\"first\"}", listen.nextLine());
            assertTrue(listen.process.isAlive());
        }
    }

    @Test
    void selectsFormatsAndCounts() throws Exception {
        try (SseServer server = SseServer.stream("event: a\n" + sse("1") + "event: b\n" + sse("2") + sse("3") + sse("4"));
                UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "-e", "b", "-e", "message", "-c", "2", "-F", "{event}={data} {{x}", server.url("/"), receiver.target())
                .assertIs(0, "");
            assertEquals(List.of("b=2 {x}", "message=3 {x}"), receiver.arrived());
        }
    }

    @Test
    void commentsAndTimestamps() throws Exception {
        try (SseServer server = SseServer.stream(": ping\n" + sse("1"))) {
            Script.Ended ended = Script.run("", "SseListen", "--comments", "--timestamps", "-c", "1", server.url("/"));
            String time = ",\"time\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z\"}\n";
            assertTrue(ended.out().matches("\\{\"comment\":\"ping\"" + time
                + "\\{\"event\":\"message\",\"id\":\"\",\"data\":\"1\"" + time), ended.out());
        }
    }

    @Test
    void typeThatNeverCameIsToldAtTheEnd() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send(connection.number == 0
                ? SseServer.OK + sse("1") + "event: ping\n" + sse("2") : "HTTP/1.1 204 X\r\n\r\n"))) {
            Script.here("sse-listen", "-e", "toch", "-e", "tap", "--retry-delay", "0.01", server.url("/")).assertIs(0, "",
                "sse-listen: .*: the stream ended; connecting again in 0.01 s",
                "sse-listen: 2 events came, none matched --event, --where and --each");
        }
    }

    @Test
    void fileWithTheUrlMayBeginWithAByteOrderMarkAndLeaveOutTheScheme() throws Exception {
        try (SseServer server = SseServer.stream(sse("1")); UdpReceiver receiver = new UdpReceiver()) {
            Path url = Files.writeString(folder.resolve("url.txt"), "\uFEFF" + server.url("/x").replace("http://", "") + "\r\n");
            for (String at : List.of("@", "@@")) {
                Script.here("sse-to-udp", "-q", "-c", "1", at + url, receiver.target()).assertIs(0, "");
                assertEquals("GET /x HTTP/1.1", server.next().requestLine());
            }
            assertEquals(List.of("1", "1"), receiver.arrived());
        }
    }

    @ParameterizedTest
    @CsvSource({"-F, 2, ' (sse-listen --help says more)'", "-u, 2, ' (sse-listen --help says more)'", "-H, 1, ''"})
    void fileThatIsNotInUtf8IsRefused(String option, int status, String hint) throws Exception {
        Path latin1 = Files.write(folder.resolve("latin1"), new byte[] {'A', ':', (byte) 0xFC});
        Script.Ended ended = Script.here("sse-listen", "--no-retry", option, "@" + latin1, "http://127.0.0.1:9/");
        assertEquals("sse-listen: " + (status == 2 ? "@" : "header file ") + latin1 + ": not UTF-8" + hint + "\n", ended.err());
        assertEquals(status, ended.status());
    }

    @Test
    void headersMayComeFromStandardInput() throws Exception {
        try (SseServer server = SseServer.stream(sse("1"))) {
            Script.run("X-A: b\n\nX-C: d\n", "SseListen", "-c", "1", "-F", "{data}", "-H", "@-", server.url("/")).assertIs(0, "1\n");
            SseServer.Connection request = server.next();
            assertEquals("b d", request.header("X-A").orElse("") + " " + request.header("X-C").orElse(""));
        }
    }

    @Test
    void eachServerGetsTheBodyAndTheHeadersThatAreReadOnce() throws Exception {
        try (SseServer one = SseServer.stream(sse("1")); SseServer other = SseServer.stream(sse("1"))) {
            Script.shell("$SseListen -q -c 2 -F '{data}' -H @<(printf 'X-A: 1\n') -d @<(printf a=1) -d b=2 " + one.url("/") + " "
                + other.url("/")).assertIs(0, "1\n1\n");
            for (SseServer server : List.of(one, other)) {
                SseServer.Connection request = server.next();
                assertEquals("a=1&b=2", request.body);
                assertEquals(Optional.of("1"), request.header("X-A"));
            }
        }
    }

    @Test
    void sendsTheRequestThatTheOptionsDescribe() throws Exception {
        Path headers = Files.writeString(folder.resolve("headers"), "X-File: yes\n");
        Path body = Files.writeString(folder.resolve("body"), "{\n}\n");
        WireMockServer server = new WireMockServer(WireMockConfiguration.options().dynamicPort().bindAddress("127.0.0.1"));
        server.start();
        try (UdpReceiver receiver = new UdpReceiver()) {
            server.stubFor(WireMock.any(WireMock.anyUrl()).willReturn(WireMock.aResponse()
                .withHeader("Content-Type", "text/event-stream").withBody(sse("a"))));
            Path url = Files.writeString(folder.resolve("url"), server.baseUrl() + "/x?y=z\n");
            Script.here("sse-to-udp", "-q", "-c", "1", "-H", "X-A: b", "-H", "@" + headers, "-u", "me:secret", "-X", "PUT", "-d", "@" + body,
                "-d", "", "-d", "x", "-H", "Content-Type: application/json", "--last-event-id", "7", "@" + url, receiver.target())
                .assertIs(0, "");
            assertEquals(List.of("a"), receiver.arrived());
            server.verify(1, WireMock.putRequestedFor(WireMock.urlEqualTo("/x?y=z"))
                .withHeader("X-A", WireMock.equalTo("b")).withHeader("X-File", WireMock.equalTo("yes"))
                .withBasicAuth(new com.github.tomakehurst.wiremock.client.BasicCredentials("me", "secret"))
                .withHeader("Content-Type", WireMock.equalTo("application/json"))
                .withHeader("Accept", WireMock.equalTo("text/event-stream"))
                .withHeader("Last-Event-ID", WireMock.equalTo("7"))
                .withRequestBody(WireMock.equalTo("{\n}\n&&x")));
            assertEquals(1, server.getAllServeEvents().size());
        } finally {
            server.stop();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "404 Not Found|text/event-stream|5|: HTTP status 404",
        "200 OK|text/html|5|: content type text/html, expected text/event-stream \\(--any-content-type takes any\\)",
        "204 No Content|text/event-stream|0|"})
    void answerDecidesTheStatus(String status, String type, int expected, String message) throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send("HTTP/1.1 " + status + "\r\nContent-Type: " + type
                + "\r\nConnection: close\r\n\r\n" + (status.startsWith("204") ? "" : "\u001b[31mred")))) {
            Script.Ended ended = Script.here("sse-listen", server.url("/secret"));
            ended.assertIs(expected, "", message == null ? new String[0]
                : new String[] {"sse-listen: http://127\\.0\\.0\\.1:[0-9]+/…" + message});
            server.next();
            assertEquals(0, server.further());
        }
    }

    @Test
    void timeOverBeforeTheCountIsStatus124() throws Exception {
        try (SseServer server = SseServer.stream(sse("1")); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "-m", "1", server.url("/"), receiver.target()).assertIs(0, "");
            Script.here("sse-to-udp", "-q", "-m", "1", "-c", "2", server.url("/"), receiver.target()).assertIs(124, "");
            assertEquals(List.of("1", "1"), receiver.arrived());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Type: text/plain", "Content-Type: application/json", "X-A: 1"})
    void anyContentTypeIsReadWhereThatIsAskedFor(String header) throws Exception {
        try (SseServer server = new SseServer(connection ->
                connection.send("HTTP/1.1 200 OK\r\n" + header + "\r\nConnection: close\r\n\r\n" + sse("1"))); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "--no-retry", "--any-content-type", server.url("/"), receiver.target()).assertIs(0, "");
            assertEquals(List.of("1"), receiver.arrived());
        }
    }

    @Test
    void timeOverWithoutAnyConnectionIsStatus6() throws Exception {
        SseServer gone = SseServer.stream("");
        gone.close();
        Script.here("sse-listen", "-q", "-m", "0.3", gone.url("/")).assertIs(6, "");
    }

    @Test
    void givingUpIsStatus6() throws Exception {
        SseServer gone = SseServer.stream("");
        gone.close();
        Script.here("sse-listen", "--max-retries", "1", "--retry-delay", "0.01", gone.url("/secret")).assertIs(6, "",
            "sse-listen: http://127.0.0.1:[0-9]+/…: connection refused; connecting again in 0.01 s",
            "sse-listen: http://127.0.0.1:[0-9]+/…: connection refused; gave up after 1 retry");
        Script.here("sse-listen", "-q", "--no-retry", gone.url("/secret")).assertIs(6, "",
            "sse-listen: http://127.0.0.1:[0-9]+/…: connection refused; gave up");
    }

    @Test
    void onlyVerboseTellsTheWholeUrl() throws Exception {
        try (SseServer server = SseServer.stream(sse("1")); UdpReceiver receiver = new UdpReceiver()) {
            assertFalse(Script.here("sse-to-udp", "-c", "1", server.url("/secret"), receiver.target()).err().contains("secret"));
            assertTrue(Script.here("sse-to-udp", "-v", "-c", "1", server.url("/secret"), receiver.target()).err().contains("/secret"));
        }
    }

    @Test
    void outputIsUtf8InEveryLocale() throws Exception {
        try (SseServer server = SseServer.stream(sse("grün😀"))) {
            Script.shell("LC_ALL=C $SseListen -c 1 -F '{data}' " + server.url("/")).assertIs(0, "grün😀\n");
        }
    }

    // ---- the ends of a pipe ----

    @Test
    void readerThatIsGoneEndsItQuietlyWithStatus0() throws Exception {
        try (SseServer server = new SseServer(connection -> {
            connection.send(SseServer.OK);
            while (true) {
                connection.send(sse("x".repeat(1000)));
            }
        })) {
            Script.shell("$SseListen -F '{data}' " + server.url("/") + " | head -n 1 | cut -c 1-3; echo ${PIPESTATUS[@]}")
                .assertIs(0, "xxx\n0 0 0\n");
        }
    }

    @Test
    void fullDiskIsALocalFailure() throws Exception {
        try (SseServer server = SseServer.stream(sse("1"))) {
            Script.shell("$SseListen " + server.url("/") + " > /dev/full").assertIs(1, "",
                "sse-listen: standard output: No space left on device");
            Script.shell("$SseListen " + server.url("/") + " >&-").assertIs(1, "", "sse-listen: standard output: .+");
        }
    }

    /** Events without end. */
    private static SseServer endless() throws Exception {
        return new SseServer(connection -> {
            connection.send(SseServer.OK);
            while (true) {
                connection.send(sse("x".repeat(100)));
            }
        });
    }

    /** A job in the background of a shell ignores SIGINT, and so does all that it starts, the tests included. */
    private static List<String> heeding(String signal, List<String> command) throws Exception {
        List<String> env = List.of("env", "--default-signal=" + signal);
        assumeTrue(Script.shell(String.join(" ", env) + " true").status() == 0, "needs env --default-signal");
        return Stream.concat(env.stream(), command.stream()).toList();
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130"})
    void signalEndsItAfterAWholeLine(String signal, int status) throws Exception {
        try (SseServer server = endless(); Script listen = Script.start(heeding(signal, Script.command("SseListen", server.url("/"))))) {
            assertNotNull(listen.nextLine());
            // It has a second to end, in which somebody must read.
            FutureTask<Script.Ended> ending = new FutureTask<>(listen::end);
            new Thread(ending).start();
            listen.signal(signal);
            Script.Ended ended = ending.get();
            assertEquals(status, ended.status());
            assertTrue(ended.out().endsWith("}\n"), "a line was cut");
            assertEquals("", ended.err());
        }
    }

    /** A full pipe has no room for one more of the writes, which are of a buffer. */
    @Test
    void signalEndsItSoonAlsoWhileNobodyReads() throws Exception {
        try (SseServer server = endless(); Script listen = Script.start("SseListen", server.url("/"))) {
            Lan.await("a full pipe", () -> listen.process.getInputStream().available() > 56 << 10);
            listen.signal("TERM");
            assertTrue(listen.process.waitFor(10, TimeUnit.SECONDS), "took too long");
            assertEquals(143, listen.process.exitValue());
        }
    }

    @Test
    void signalEndsItSoonAlsoWhileNobodyReadsItsMessages() throws Exception {
        assumeTrue(Lan.has("python3"), "needs python3");
        List<String> command = new ArrayList<>(List.of("python3", "-c", String.join("\n", "import os, sys",
            "reader, writer = os.pipe()", "os.set_inheritable(reader, True)", "os.dup2(writer, 2)",
            "os.write(2, b' ' * 65536)", "os.execv(sys.argv[1], sys.argv[1:])")));
        try (UdpReceiver receiver = new UdpReceiver()) {
            command.addAll(Script.command("UdpSend", receiver.target()));
            try (Script send = Script.start(command)) {
                send.process.getOutputStream().write("a\n".getBytes());
                send.process.getOutputStream().flush();
                assertEquals("a", receiver.nextText());
                send.signal("TERM");
                assertTrue(send.process.waitFor(10, TimeUnit.SECONDS), "took too long");
                assertEquals(143, send.process.exitValue());
            }
        }
    }

    @Test
    void lineThatIsBeingWrittenIsFinishedAfterASignalWhenItsReaderOnlyPauses() throws Exception {
        String line = "x".repeat(200_000);
        try (SseServer server = SseServer.stream(sse(line)); Script listen = Script.start("SseListen", "-F", "{data}", server.url("/"))) {
            Lan.await("a full pipe", () -> listen.process.getInputStream().available() > 56 << 10);
            listen.signal("TERM");
            assertFalse(listen.process.waitFor(100, TimeUnit.MILLISECONDS), "the line is not finished yet");
            listen.end().assertIs(143, line + "\n");
        }
    }

    @Test
    void lastEventFromStandardInputIsWrittenWholeWhenItsReaderOnlyPauses() throws Exception {
        Path input = Files.writeString(folder.resolve("input"), sse("x".repeat(60_000), "y".repeat(60_000), "z"));
        Script.shell("$SseListen -c 2 -F '{data}' - < " + input + " | (sleep 1.5; wc -c)").assertIs(0, "120002\n");
    }

    @Test
    void noControlReachesATerminalInAMessageOrInATrace() throws Exception {
        try (SseServer server = new SseServer(connection -> connection.send("HTTP/1.1 200 OK\r\nContent-Type: a\u001b[31m\u202e\r\n\r\n"))) {
            Script.Ended answer = Script.here("sse-listen", "-v", "--no-retry", server.url("/"));
            Script.Ended file = Script.here("sse-listen", "-v", "--cacert", "no\u001b\u202e\u061c\u2066\u2028file", server.url("/"));
            assertTrue(answer.err().contains("\\u001b[31m"), answer.err());
            assertTrue(file.err().startsWith("sse-listen: certificates no\\u001b\\u202e\\u061c\\u2066\\u2028file: no such file; expected PEM\n"), file.err());
            for (String err : List.of(answer.err(), file.err())) {
                assertTrue(err.contains("sse-listen:     at lib.cli."), err);
                assertTrue(err.lines().allMatch(line -> line.startsWith("sse-listen: ")), err);
                assertTrue(err.codePoints().noneMatch(one -> one != '\n' && Character.isISOControl(one)
                    || Character.getType(one) == Character.FORMAT || one == 0x2028), err);
            }
        }
    }

    // ---- udp-send ----

    @Test
    void sendsEachLineAsOneDatagram() throws Exception {
        try (UdpReceiver receiver = new UdpReceiver()) {
            Script.Ended ended = Script.run("a\r\n\n b\rc \n\u0000\nlast", "UdpSend", "-q", receiver.target());
            ended.assertIs(0, "");
            assertEquals(List.of("a", "", " b\rc ", "\u0000", "last"), receiver.arrived());
        }
    }

    @Test
    void passesBytesThroughUndecoded() throws Exception {
        Path file = folder.resolve("bytes");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        IntStream.range(0, 256).filter(value -> value != '\n').forEach(bytes::write);
        bytes.write('\n');
        Files.write(file, bytes.toByteArray());
        try (UdpReceiver receiver = new UdpReceiver()) {
            Script.shell("$UdpSend -q -N " + receiver.target() + " < " + file).assertIs(0, "");
            org.junit.jupiter.api.Assertions.assertArrayEquals(bytes.toByteArray(), receiver.next());
            receiver.assertNothingMore();
        }
    }

    @Test
    void readsRecordsThatEndInNull() throws Exception {
        try (UdpReceiver receiver = new UdpReceiver()) {
            Script.run("a\nb\r\u0000\u0000c", "UdpSend", "-q", "-0", receiver.target()).assertIs(0, "");
            assertEquals(List.of("a\nb\r", "", "c"), receiver.arrived());
        }
    }

    @Test
    void formatsEventsAndTellsOfLinesThatAreNone() throws Exception {
        String input = "{\"event\":\"e\",\"id\":\"7\",\"data\":\"ü\\n2\"}\nnone\n{\"data\":\"\"}\n{\"comment\":\"x\"}\n{\"data\":1}\n";
        try (UdpReceiver receiver = new UdpReceiver()) {
            Script.run(input, "UdpSend", "-q", "-F", "{event}/{id}/{data}/{line}/{json}", receiver.target()).assertIs(1, "",
                "udp-send: line 2: not JSON; skipped", "udp-send: line 5: \"data\" is not a string; skipped");
            String first = input.substring(0, input.indexOf('\n'));
            assertEquals(List.of("e/7/ü\n2/" + first + "/" + first, "message///{\"data\":\"\"}/{\"data\":\"\"}"), receiver.arrived());
        }
    }

    @Test
    void sendsOneMessageWithoutReadingStandardInput() throws Exception {
        try (UdpReceiver one = new UdpReceiver(); UdpReceiver other = new UdpReceiver();
                Script send = Script.start("UdpSend", "-q", "-m", "on", one.target(), other.target())) {
            send.end().assertIs(0, "");
            assertEquals(List.of("on"), one.arrived());
            assertEquals(List.of("on"), other.arrived());
        }
    }

    @Test
    void closedStandardInputIsNotWhatTheJvmHasOpenedInItsPlace() throws Exception {
        try (UdpReceiver receiver = new UdpReceiver(); SseServer server = SseServer.stream(sse("1"))) {
            Script.shell("$UdpSend -q " + receiver.target() + " <&-").assertIs(1, "", "udp-send: standard input is closed");
            receiver.assertNothingMore();
            Script.shell("$SseListen -d @- " + server.url("/") + " <&-").assertIs(2, "",
                "sse-listen: @-: standard input is closed .*");
            assertEquals(0, server.further());
        }
    }

    @Test
    void standardInputThatCannotBeReadIsNamed() throws Exception {
        Script.shell("$UdpSend -q 127.0.0.1:9 < /").assertIs(1, "", "udp-send: standard input: Is a directory");
        Script.shell("$SseListen -d @- http://127.0.0.1:9/ < /").assertIs(2, "",
            "sse-listen: @-: standard input: Is a directory .*");
    }

    @Test
    void unknownHostIsNamed() throws Exception {
        Script.here("udp-send", "-q", "--max-time", "1", "-m", "x", "no-such-host.invalid:5000").assertIs(1, "",
            "udp-send: no-such-host.invalid:5000: host not found");
    }

    @Test
    void terminalWithoutInputShowsHowToUseIt() throws Exception {
        Script.Ended ended = Script.shell("script -qec \"$UdpSend 127.0.0.1:9\" /dev/null");
        assertTrue(ended.out().startsWith("udp-send: standard input is a terminal: pipe lines in, or give one with --message"),
            ended.out() + ended.err());
        assertEquals(2, ended.status());
    }

    // ---- the whole way ----

    @Test
    void pipeAndOneProcessPutTheSameBytesOnTheWire() throws Exception {
        String[] data = {"plain", "two\nlines\n", "\"quotes\" \\ and {\"json\":[1,2]}", "😀 grün \u2028\u0085", "", " spaces ", "\u0000\u001b[0m", "x".repeat(60_000)};
        String count = "" + data.length;
        try (SseServer server = SseServer.stream(sse(data)); UdpReceiver pipe = new UdpReceiver(); UdpReceiver one = new UdpReceiver()) {
            Script.shell("$SseListen -q -c " + count + " " + server.url("/") + " | $UdpSend -q -F '{data}' " + pipe.target()).assertIs(0, "");
            Script.here("sse-to-udp", "-q", "-c", count, server.url("/"), one.target()).assertIs(0, "");
            assertEquals(List.of(data), one.arrived());
            assertEquals(List.of(data), pipe.arrived());
            Script.shell("$SseListen -q -c " + count + " " + server.url("/") + " | $UdpSend -q " + pipe.target()).assertIs(0, "");
            Script.here("sse-to-udp", "-q", "-F", "{json}", "-c", count, server.url("/"), one.target()).assertIs(0, "");
            assertEquals(one.arrived(), pipe.arrived());
        }
    }

    @Test
    void fixedTextForEveryEventAsTheOriginalDid() throws Exception {
        try (SseServer server = SseServer.stream("id: 4\n" + sse("{}") + "id: 4\n" + sse("{}")); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "-c", "2", "-F", "Recv message form SSE Server!",
                server.url("/api/v1/TOKEN/events?id=4"), receiver.target()).assertIs(0, "");
            assertEquals(List.of("Recv message form SSE Server!", "Recv message form SSE Server!"), receiver.arrived());
        }
    }

    @Test
    void burstOfEventsArrivesCompleteAndInOrder() throws Exception {
        String[] data = IntStream.range(0, 2000).mapToObj(i -> "event " + i).toArray(String[]::new);
        try (SseServer server = SseServer.stream(sse(data)); UdpReceiver receiver = new UdpReceiver()) {
            Script.here("sse-to-udp", "-q", "-c", "2000", server.url("/"), receiver.target()).assertIs(0, "");
            assertEquals(List.of(data), receiver.arrived());
        }
    }

    @Test
    void failingDatagramIsNeverAReconnect() throws Exception {
        try (SseServer server = SseServer.stream(sse("x".repeat(2000)))) {
            Script.here("sse-to-udp", "-q", "--max-size", "1000", "--oversize", "fail", server.url("/"), "127.0.0.1:9")
                .assertIs(1, "", "sse-to-udp: 2000 bytes, more than the 1000 of a datagram.*");
            server.next();
            assertEquals(0, server.further());
        }
    }
}
