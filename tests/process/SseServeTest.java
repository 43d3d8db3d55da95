package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tests.support.Script;
import tests.support.SseServing;

/** sse-serve as its clients meet it, in Chromium apart: see BrowserTest. */
class SseServeTest {
    private static final String KILOBYTE = "x".repeat(1000);

    private static final Map<List<String>, SseServing> SHARED = new HashMap<>();

    @TempDir
    Path folder;

    /** One for all tests that want one with these arguments and leave it as it is. */
    private static SseServing shared(String... arguments) throws IOException {
        SseServing serving = SHARED.get(List.of(arguments));
        if (serving == null) {
            serving = SseServing.start(arguments);
            SHARED.put(List.of(arguments), serving);
        }
        return serving;
    }

    @AfterAll
    static void end() {
        SHARED.values().forEach(SseServing::close);
    }

    // ---- lines in, events out ----

    @Test
    void lineIsTheDataOfAnEvent() throws Exception {
        SseServing serving = shared();
        try (SseServing.Stream stream = serving.connect("/events")) {
            serving.lines("first", "", "{\"data\":\"not read\"}", "a\rb");
            List<String> got = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                got.add(stream.nextWithoutId());
            }
            assertEquals(List.of("data: first", "", "data: ", "", "data: {\"data\":\"not read\"}", "", "data: a", "data: b", ""), got);
        }
    }

    @Test
    void jsonLineKeepsItsTypeAndId() throws Exception {
        SseServing serving = shared("--json");
        try (SseServing.Stream stream = serving.connect("/events")) {
            serving.lines("{\"event\":\"touch\",\"id\":\"4\",\"data\":\"a\\nb\"}", "{\"comment\":\"x\"}", "{\"id\":\"5\",\"data\":\"c\"}");
            stream.assertNext("event: touch", "id: 4", "data: a", "data: b", "", "id: 5", "data: c", "");
        }
    }

    @Test
    void lineThatIsNoEventIsToldAndSkipped() throws Exception {
        Map<String, String> cases = new LinkedHashMap<>();
        cases.put("x", "not JSON");
        cases.put("{\"event\":\"a\\nid: 9\",\"data\":\"\"}", "the type of an event has no line end");
        cases.put("{\"id\":\"a\\rdata: 9\",\"data\":\"\"}", "the id of an event has no line end");
        cases.put("{\"id\":\"a\\u0000\",\"data\":\"\"}", "the id of an event has no NUL");
        cases.put("{\"event\":\"a\"}", "no \"data\"");
        try (SseServing serving = SseServing.start("--json", "--linger", "0"); SseServing.Stream stream = serving.connect("/events")) {
            int number = 1;
            for (Map.Entry<String, String> one : cases.entrySet()) {
                serving.lines(one.getKey(), "{\"id\":\"" + number + "\",\"data\":\"next\"}");
                assertEquals("sse-serve: line " + (2 * number - 1) + ": " + one.getValue() + "; skipped", serving.script.nextLine());
                stream.assertNext("id: " + number, "data: next", "");
                number++;
            }
            serving.endInput();
            assertEquals(1, serving.script.end().status());
        }
    }

    @Test
    void halfACharacterDoesNotStopTheStream() throws Exception {
        SseServing serving = shared("--json");
        try (SseServing.Stream stream = serving.connect("/events")) {
            serving.lines("{\"id\":\"1\",\"data\":\"a\\ud800b\"}", "{\"id\":\"2\",\"data\":\"next\"}");
            assertEquals("id: 2", stream.skipTo("id: 2"::equals));
        }
    }

    @Test
    void jsonStreamHasTheWholeEventAsData() throws Exception {
        SseServing serving = shared("--json");
        try (SseServing.Stream stream = serving.connect("/events/json")) {
            serving.lines("{\"event\":\"touch\",\"id\":\"4\",\"data\":\"a\\nb\"}");
            stream.assertNext("id: 4");
            String data = stream.next();
            assertTrue(data.matches("data: \\{\"event\":\"touch\",\"id\":\"4\",\"data\":\"a\\\\nb\",\"time\":\"[0-9T:.-]+Z\"}"), data);
        }
    }

    // ---- clients that come back ----

    private static List<String> dataAfter(String lastEventId, SseServing serving) throws Exception {
        serving.endInput();
        try (SseServing.Stream stream = new SseServing.Stream(serving.port, "/events", "Last-Event-ID", lastEventId)) {
            return stream.status.contains("204") ? List.of() : stream.restOfData();
        }
    }

    private static String[] events(int from, int to) {
        return IntStream.rangeClosed(from, to).mapToObj(i -> "{\"id\":\"" + i + "\",\"data\":\"d" + i + "\"}").toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "9|3>4,5 5> unknown>1,2,3,4,5",
        "2|3>4,5 1>4,5",
        "0|3>",
    })
    void clientThatComesBackGetsWhatItMissed(int replay, String cases) throws Exception {
        try (SseServing serving = SseServing.start("--json", "--replay=" + replay); SseServing.Stream stream = serving.connect("/events")) {
            serving.lines(events(1, 5));
            stream.skipTo("id: 5"::equals);
            for (String one : cases.split(" ")) {
                String[] parts = one.split(">");
                List<String> missed = parts.length == 1 ? List.of() : Arrays.stream(parts[1].split(",")).map(id -> "d" + id).toList();
                assertEquals(missed, dataAfter(parts[0], serving), one);
            }
        }
    }

    @Test
    void ofEqualIdsTheNewestCounts() throws Exception {
        try (SseServing serving = SseServing.start("--json"); SseServing.Stream stream = serving.connect("/events")) {
            serving.lines("{\"id\":\"4\",\"data\":\"1\"}", "{\"id\":\"4\",\"data\":\"2\"}", "{\"id\":\"\u00e9\",\"data\":\"3\"}", "{\"id\":\"z\",\"data\":\"4\"}");
            stream.skipTo("id: z"::equals);
            assertEquals(List.of("3", "4"), dataAfter("4", serving));
            assertEquals(List.of("4"), dataAfter("\u00e9", serving));
        }
    }

    @Test
    void ownIdsAreNotRepeatedInAnotherRun() throws Exception {
        String id;
        try (SseServing serving = SseServing.start(); SseServing.Stream stream = serving.connect("/events")) {
            serving.lines("1");
            id = stream.next();
        }
        try (SseServing serving = SseServing.start(); SseServing.Stream stream = serving.connect("/events")) {
            serving.lines("2");
            assertNotEquals(id, stream.next());
            assertEquals(List.of("2"), dataAfter(id.substring(4), serving));
        }
    }

    @Test
    void relayOverARestartMissesNothing() throws Exception {
        try (SseServing first = SseServing.start("--json", "-v", "--retry", "50");
                Script listen = Script.start("SseListen", "-F", "{data}", first.url("/events"))) {
            first.notice("connected");
            first.lines(events(1, 2));
            assertEquals("d1", listen.nextLine());
            assertEquals("d2", listen.nextLine());
            first.kill();
            try (SseServing second = SseServing.start("--json", "--port", "" + first.port)) {
                second.lines(events(3, 5)).endInput();
                assertEquals("d3", listen.nextLine());
                assertEquals("d4", listen.nextLine());
                assertEquals("d5", listen.nextLine());
                assertNull(listen.nextLine());
                assertEquals(0, listen.end().status());
            }
        }
    }

    // ---- the beginning of input ----

    @Test
    void nothingIsReadBeforeSoManyClientsAreThere() throws Exception {
        try (SseServing serving = SseServing.start("--wait", "2", "--linger", "0.1").lines("1", "2").endInput();
                SseServing.Stream first = serving.connect("/events")) {
            serving.request("GET", "/");
            try (SseServing.Stream second = serving.connect("/events")) {
                assertEquals(List.of("1", "2"), first.restOfData());
                assertEquals(List.of("1", "2"), second.restOfData());
            }
            assertEquals(0, serving.script.end().status());
        }
    }

    // ---- the end of input ----

    private static Thread inBackground(Callable<?> work) {
        Thread thread = new Thread(() -> {
            try {
                work.call();
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        });
        thread.start();
        return thread;
    }

    @Test
    void atTheEndOfInputClientsGetTheRestAndEnd() throws Exception {
        String[] lines = IntStream.range(0, 40_000).mapToObj(i -> i + " " + KILOBYTE.substring(900)).toArray(String[]::new);
        try (SseServing serving = SseServing.start("-v", "--linger", "600", "--retry", "50");
                Script listen = Script.start("SseListen", "-F", "{data}", serving.url("/events"))) {
            serving.notice("connected");
            Thread input = inBackground(() -> serving.lines(lines).endInput());
            for (String line : lines) {
                assertEquals(line, listen.nextLine());
            }
            input.join();
            assertNull(listen.nextLine());
            assertEquals(0, listen.end().status(), "it asked again and was told that there is no more");
        }
    }

    @Test
    void whoHasNotGotEverythingAtTheEndIsTold() throws Exception {
        try (SseServing serving = SseServing.startQuick(1000, 1, "--heartbeat", "0", "--linger", "0"); SseServing.Stream slow = serving.connect("/events")) {
            serving.lines(KILOBYTE.repeat(10_000)).endInput();
            assertEquals("sse-serve: at the end 1 client had not got everything", serving.script.nextLine());
            assertEquals(1, serving.script.end().status());
            assertTrue(slow.next().startsWith("id: "));
        }
    }

    // ---- clients that are slow, or gone ----

    @Test
    void slowClientIsDroppedAndDoesNotHoldUpTheOthers() throws Exception {
        int count = 20_000;
        List<SseServing.Stream> slow = new ArrayList<>();
        try (SseServing serving = SseServing.start("--client-buffer", "100000");
                SseServing.Stream fast = serving.connect("/events")) {
            for (int i = 0; i < 5; i++) {
                slow.add(serving.connect("/events"));
            }
            for (int i = 0; i < count; i++) {
                serving.lines(i + KILOBYTE);
                if (i % 50 == 49) {
                    String last = "data: " + i + KILOBYTE;
                    assertEquals(last, fast.skipTo(last::equals));
                }
            }
            for (SseServing.Stream stream : slow) {
                serving.notice("is too slow, ");
                assertTrue(countUntilCut(stream) < count);
            }
        }
    }

    private static int countUntilCut(SseServing.Stream stream) throws IOException {
        int count = 0;
        try {
            while (stream.skipTo(line -> line.startsWith("data")) != null) {
                count++;
            }
        } catch (IOException reset) {
            return count;
        }
        return count;
    }

    @Test
    void eventLargerThanTheBufferGoesToWhoIsReady() throws Exception {
        try (SseServing serving = SseServing.start("--client-buffer", "10"); SseServing.Stream stream = serving.connect("/events")) {
            serving.lines(KILOBYTE.repeat(1000));
            assertEquals("data: " + KILOBYTE.repeat(1000), stream.nextWithoutId());
        }
    }

    @Test
    void clientsThatTakeNothingDoNotHoldUpTheInputForGood() throws Exception {
        try (SseServing serving = SseServing.startQuick(20, 1, "--client-buffer", "100000"); SseServing.Stream stuck = serving.connect("/events")) {
            String[] lines = IntStream.range(0, 20_000).mapToObj(i -> KILOBYTE).toArray(String[]::new);
            Thread input = inBackground(() -> serving.lines(lines));
            serving.notice("has taken nothing for 5 s, dropped");
            input.join();
            assertTrue(countUntilCut(stuck) < 20_000);
        }
    }

    @Test
    void heartbeatShowsWhoIsGone() throws Exception {
        try (SseServing serving = SseServing.start("-v", "--heartbeat", "0.05"); SseServing.Stream stays = serving.connect("/events")) {
            serving.connect("/events").close();
            serving.notice("gone; 1 clients");
            stays.assertNext(":", "", ":", "");
        }
    }

    @Test
    void thousandClientsGetEachEventWithinFlatMemory() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self")), "needs /proc");
        try (SseServing serving = SseServing.start(List.of("-Xmx64m"), "--heartbeat", "1")) {
            List<SseServing.Stream> clients = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                clients.add(serving.connect("/events"));
            }
            sendAndReceive(serving, clients, 50);
            long before = residentKilobytes(serving);
            sendAndReceive(serving, clients, 200);
            long after = residentKilobytes(serving);
            assertTrue(after < 300 << 10, after + " KiB");
            assertTrue(after < before * 1.3, before + " KiB, then " + after + " KiB");
            for (SseServing.Stream client : clients) {
                client.close();
            }
        }
    }

    private static void sendAndReceive(SseServing serving, List<SseServing.Stream> clients, int events) throws IOException {
        for (int i = 0; i < events; i += 50) {
            for (int j = 0; j < 50; j++) {
                serving.lines("event " + j + KILOBYTE.substring(800));
            }
            for (SseServing.Stream client : clients) {
                assertTrue(client.skipTo(line -> line.startsWith("data: event 49")) != null);
            }
        }
    }

    private static long residentKilobytes(SseServing serving) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + serving.script.process.pid() + "/status")).stream()
            .filter(line -> line.startsWith("VmRSS:")).mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).sum();
    }

    @Test
    void clientsThatComeAndGoLeaveNothingBehind() throws Exception {
        byte[] request = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        try (SseServing serving = SseServing.start(List.of("-Xmx24m", "-XX:+ExitOnOutOfMemoryError"), "--heartbeat", "0.05")) {
            for (int i = 0; i < 3_000; i++) {
                try (Socket client = new Socket("127.0.0.1", serving.port)) {
                    client.getOutputStream().write(request);
                    assertEquals('H', client.getInputStream().read());
                }
            }
            try (SseServing.Stream stream = serving.connect("/events")) {
                serving.lines("still there");
                assertEquals("data: still there", stream.skipTo(line -> line.startsWith("data")));
            }
        }
    }

    // ---- clients that mean harm ----

    @Test
    void stalledClientsShareOneReplay() throws Exception {
        int number = 300;
        String[] lines = IntStream.range(0, 1000).mapToObj(i -> i + KILOBYTE.repeat(8)).toArray(String[]::new);
        List<SseServing.Stream> stalled = new ArrayList<>();
        try (SseServing serving = SseServing.start().lines(lines); SseServing.Stream good = serving.connect("/events?last=1000")) {
            good.skipTo(("data: " + lines[999])::equals);
            for (int i = 0; i < number; i++) {
                stalled.add(new SseServing.Stream(serving.port, "/events/json", "Last-Event-ID", "unknown"));
            }
            long resident = residentKilobytes(serving);
            assertTrue(resident < 300 << 10, resident + " KiB");
            serving.lines("still there");
            assertEquals("data: still there", good.skipTo(line -> line.startsWith("data")));
        } finally {
            for (SseServing.Stream one : stalled) {
                one.close();
            }
        }
    }

    @Test
    void halfRequestsCostLittle() throws Exception {
        List<Socket> halves = new ArrayList<>();
        try (SseServing serving = SseServing.start(); SseServing.Stream good = serving.connect("/events")) {
            for (int i = 0; i < 5000; i++) {
                Socket half = new Socket("127.0.0.1", serving.port);
                half.getOutputStream().write("GET /events HTTP/1.1\r\nHost: ".getBytes(StandardCharsets.US_ASCII));
                halves.add(half);
            }
            long resident = residentKilobytes(serving);
            assertTrue(resident < 150 << 10, resident + " KiB");
            serving.lines("still there");
            assertEquals("data: still there", good.nextWithoutId());
        } finally {
            for (Socket half : halves) {
                half.close();
            }
        }
    }

    @Test
    void clientAboveTheNumberIsToldToComeLater() throws Exception {
        try (SseServing serving = SseServing.start("--max-clients", "1", "-v")) {
            SseServing.Stream first = serving.connect("/events");
            HttpResponse<?> answer = serving.request("GET", "/events/json");
            assertEquals(503, answer.statusCode());
            assertEquals("10", answer.headers().firstValue("Retry-After").orElse(""));
            first.close();
            serving.notice("gone; 0 clients");
            serving.connect("/events").close();
        }
    }

    @Test
    void wantOfDescriptorsIsToldOnceAndPasses() throws Exception {
        String command = "ulimit -n 80; exec \"$0\" \"$@\" 2>&1";
        List<String> whole = new ArrayList<>(List.of("bash", "-c", command));
        whole.addAll(Script.command("SseServe", "--port", "0", "--heartbeat", "0.05", "--linger", "0"));
        List<Socket> clients = new ArrayList<>();
        try (SseServing serving = new SseServing(new ProcessBuilder(whole).start())) {
            try (SseServing.Stream stream = serving.connect("/events")) {
                stream.assertNext(":", ""); // so that its classes are loaded, which takes descriptors where there is no jar
                for (int i = 0; i < 100; i++) {
                    clients.add(new Socket("127.0.0.1", serving.port));
                }
                String notice = serving.notice("cannot take more connections");
                assertTrue(notice.endsWith(": Too many open files; trying again each second"), notice);
                Duration before = serving.script.process.info().totalCpuDuration().orElseThrow();
                long start = System.nanoTime();
                for (int beats = 0; beats < 20; beats++) {
                    stream.skipTo(":"::equals);
                }
                Duration used = serving.script.process.info().totalCpuDuration().orElseThrow().minus(before);
                assertTrue(used.toNanos() * 4 < System.nanoTime() - start, used.toString());
            }
            for (Socket client : clients) {
                client.close();
            }
            serving.connect("/events").close();
            serving.endInput();
            assertEquals("", serving.script.end().out());
        }
    }

    // ---- what was before ----

    @Test
    void clientThatComesLateBeginsWithTheLastEvents() throws Exception {
        try (SseServing serving = SseServing.start("--json", "--linger", "600").lines(events(1, 5)).endInput()) {
            serving.awaitStatus("HTTP/1.1 204 No Content", "/events");
            for (String one : List.of("?last=2>d4 d5", "?last=9>d1 d2 d3 d4 d5", "?x&last=1&y=z>d5", "?last=0>204", "?last=x>400", "?last=-1>400",
                    "?lastEventId=4>d5", "?lastEventID=4>d5", "?evs_last_event_id=4>d5", "?last-event-id=4>d5", "?last%45vent%49d=4>d5",
                    "?last=2&lastEventId=1>d2 d3 d4 d5", "?lastEventId=&last=2>d4 d5", "?lastEventId&last=1>d5", "?lastEventId=%34>d5",
                    "?lastEventId=unknown>d1 d2 d3 d4 d5", "?lastEventId=%zz>400")) {
                String[] parts = one.split(">");
                try (SseServing.Stream stream = new SseServing.Stream(serving.port, "/events" + parts[0])) {
                    boolean isOk = stream.status.contains("200");
                    assertEquals(parts[1], isOk ? String.join(" ", stream.restOfData()) : stream.status.split(" ")[1], one);
                }
            }
        }
    }

    @Test
    void lastEventIdOfTheHeaderIsNewerThanThatOfTheQuery() throws Exception {
        try (SseServing serving = SseServing.start("--json").lines(events(1, 3)).lines("{\"id\":\"a b+é/&\",\"data\":\"d4\"}", "{\"data\":\"d5\"}");
                SseServing.Stream all = serving.connect("/events?last=5")) {
            all.skipTo("data: d5"::equals);
            for (String one : List.of("1>4>d5", "1>>d2", "a%20b%2B%C3%A9%2F%26>>d5", "a+b%2B%C3%A9/%26>>d5")) {
                String[] parts = one.split(">");
                try (SseServing.Stream stream = serving.connect("/events?lastEventId=" + parts[0], "Last-Event-ID", parts[1].replace("4", "a b+é/&"))) {
                    assertEquals("data: " + parts[2], stream.nextWithoutId(), one);
                }
            }
        }
    }

    // ---- who may ----

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "GET|/events|Accept: x|401",
        "GET|/events/json|Accept: x|401",
        "HEAD|/events|Accept: x|401",
        "GET|/events|Authorization: Bearer wrong|401",
        "GET|/events|Authorization: Basic right|401",
        "GET|/events|Authorization: Bearer right|200",
        "HEAD|/events/json|Authorization: bearer right|200",
        "GET|/events|Cookie: sse-serve=right|401",
        "POST|/session|Authorization: Bearer wrong|401",
        "POST|/session|Authorization: Bearer right|204",
        "GET|/|Accept: x|200",
        "HEAD|/|Accept: x|200",
        "POST|/|Accept: x|405",
        "POST|/events|Authorization: Bearer right|405",
        "GET|/else|Authorization: Bearer right|404",
        "GET|/events/|Authorization: Bearer right|404",
        "OPTIONS|/events|Origin: http://a.example|204",
    })
    void tokenIsAskedFor(String method, String path, String header, int status) throws Exception {
        HttpResponse<?> answer = shared("--token", "right").request(method, path, header.split(": "));
        assertEquals(status, answer.statusCode());
        assertEquals(status == 401 && !path.equals("/session") ? "Bearer" : "", answer.headers().firstValue("WWW-Authenticate").orElse(""));
    }

    @Test
    void tokenIsNotTakenFromTheQueryAndWhatIsLoggedIsShort() throws Exception {
        try (SseServing serving = SseServing.start("--token", "geheim", "-v", "--linger", "0")) {
            assertEquals(401, serving.request("GET", "/events?token=geheim").statusCode());
            assertEquals(200, serving.request("GET", "/events", "Authorization", "Bearer geheim").statusCode());
            assertEquals("HTTP/1.1 404 Not Found", serving.status("/" + "\u001b".repeat(3000)));
            serving.endInput();
            String said = serving.script.end().out();
            assertTrue(said.contains(": GET 401 /events\n") && said.contains(": GET 404 /\\u001b\\u001b"), said);
            assertFalse(said.contains("geheim"), said);
            assertTrue(said.lines().allMatch(line -> line.matches("[ -~]{1,300}")), said);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"127.0.0.1|200", "127.0.0.1:8080|200", "[::1]:8080|200", "LocalHost:80|200", "localhost.|200", "given|200",
        "SELF|200", "SELF:8080|200", "SELF.local|200", "SELF.lan|200", "SELF.home.arpa|200",
        "SELF.example|421", "evil.example|421", "localhost.evil.example:8080|421", "127.0.0.1.evil.example|421", "a, localhost|421", "[::1].evil|421"})
    void requestForAnotherNameIsRefused(String host, int status) throws Exception {
        SseServing open = shared("--server-name", "given");
        String name = host.replace("SELF", InetAddress.getLocalHost().getHostName().replaceFirst("[.].*", ""));
        for (String path : List.of("/", "/events")) {
            if (status == 200) {
                open.awaitStatus("HTTP/1.1 200 OK", path, "Host", name);
            } else {
                open.awaitStatus("HTTP/1.1 421 Misdirected Request", path, "Host", name);
            }
        }
        assertEquals("HTTP/1.1 200 OK", shared("--token", "right").status("/", "Host", name));
    }

    @Test
    void beforeTheNameOfThisMachineIsKnownARequestForItIsToComeLater() throws Exception {
        Path hosts = folder.resolve("hosts");
        assumeTrue(Script.shell("mkfifo '" + hosts + "'").status() == 0, "needs mkfifo");
        try (SseServing serving = SseServing.start(List.of("-Djdk.net.hosts.file=" + hosts))) {
            HttpResponse<?> answer = serving.request("GET", "/");
            assertEquals(200, answer.statusCode());
            assertEquals("HTTP/1.1 503 Service Unavailable", serving.status("/", "Host", "other.example"));
            Files.writeString(hosts, "");
            serving.awaitStatus("HTTP/1.1 421 Misdirected Request", "/", "Host", "other.example");
        }
    }

    @Test
    void sessionIsACookieWithoutTheToken() throws Exception {
        SseServing serving = shared("--token", "right");
        String cookie = serving.request("POST", "/session", "Authorization", "Bearer right").headers().firstValue("Set-Cookie").orElseThrow();
        assertTrue(cookie.matches("sse-serve=[0-9a-f]{64}; HttpOnly; SameSite=Strict"), cookie);
        assertEquals(200, serving.request("GET", "/events", "Cookie", "a=b; " + cookie.replaceFirst(";.*", "")).statusCode());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        "-|-|-",
        "*|*|*",
        "http://a.example|http://a.example|-",
    })
    void otherOriginsReadWhenTheyMay(String allowed, String expectedForA, String expectedForB) throws Exception {
        SseServing serving = allowed == null ? shared() : shared("--allow-origin", allowed);
        for (String origin : List.of("http://a.example", "http://b.example")) {
            HttpResponse<?> answer = serving.request("GET", "/events", "Origin", origin);
            assertEquals(origin.contains("a.") ? expectedForA : expectedForB,
                answer.headers().firstValue("Access-Control-Allow-Origin").orElse(null), origin);
        }
    }

    @Test
    void pageAllowsItsOwnScriptAndStyleOnly() throws Exception {
        String policy = shared().request("GET", "/").headers().firstValue("Content-Security-Policy").orElseThrow();
        assertTrue(policy.startsWith("default-src 'none'; "), policy);
        assertTrue(policy.matches(".*; script-src 'sha256-[^ ]{44}'; style-src 'sha256-[^ ]{44}'; .*"), policy);
        assertFalse(policy.contains("unsafe"), policy);
    }

    @Test
    void openToTheNetworkWithoutATokenIsWarnedOf() throws Exception {
        Script.run("", "SseServe", "--port", "0", "--host", "0.0.0.0", "--linger", "0").assertIs(0, "",
            "sse-serve: no authentication: whoever reaches 0.0.0.0 can read the events \\(--token asks for one\\)",
            "sse-serve: http://0.0.0.0:[0-9]+/events, and a page at /");
        Script.run("", "SseServe", "--port", "0", "--host", "0.0.0.0", "--linger", "0", "--token", "x").assertIs(0, "",
            "sse-serve: http://0.0.0.0:[0-9]+/events, and a page at /");
    }

    @Test
    void portThatIsTakenIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            Script.here("sse-serve", "--port", "" + taken.getLocalPort()).assertIs(1, "",
                "sse-serve: 127.0.0.1 port " + taken.getLocalPort() + ": Address already in use");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--port=65536|--port 65536: expected 0 to 65535",
        "--port=x|Invalid value for option '--port': 'x' is not a whole number up to 2147483647",
        "--replay=-1|--replay -1: expected 0 to 1000000",
        "--retry=-1|--retry -1: expected 0 to 2147483647",
        "--client-buffer=0|--client-buffer 0: expected 1 to 1073741824",
        "--max-clients=0|--max-clients 0: expected 1 to 1000000",
        "--wait=-1|--wait -1: expected 0 to 1000",
        "--heartbeat=-1|Invalid value for option '--heartbeat': '-1' is not a number of seconds, 0 to 999999999",
        "--token=a b|--token: expected printable ASCII without spaces",
        "--token=|--token: expected printable ASCII without spaces",
        "--token=@/no/such/file|@/no/such/file: no such file",
        "--host=no such host|--host no such host: expected an address of this machine",
        "--allow-origin=a.example|--allow-origin 'a.example': expected *, or SCHEME://HOST[:PORT] in lower case and no more",
        "--allow-origin=http://a.example/|--allow-origin 'http://\u2026': expected *, or SCHEME://HOST[:PORT] in lower case and no more",
        "--allow-origin=http://A.example|--allow-origin 'http://\u2026': expected *, or SCHEME://HOST[:PORT] in lower case and no more",
        "more|too many arguments: text with spaces has to be quoted",
    })
    void mistakeIsToldInOneLineWithStatus2(String argument, String message) throws Exception {
        Script.Ended ended = Script.here("sse-serve", argument);
        assertEquals("sse-serve: " + message + " (sse-serve --help says more)\n", ended.err());
        assertEquals(2, ended.status());
    }

    @Test
    void helpFitsATerminal() throws Exception {
        StringWriter out = new StringWriter();
        assertEquals(0, Script.commandLine("sse-serve").setOut(new PrintWriter(out)).execute("--help"));
        assertTrue(out.toString().lines().allMatch(line -> line.length() <= 80), out.toString());
    }
}
