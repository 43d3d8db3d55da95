package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tests.support.Browser;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.SseServing;

/** The page of sse-serve in Chromium. */
class BrowserTest {
    private static final String DATA = "[...document.querySelectorAll('#list .data')].map(e => e.textContent).join('|')";
    private static final String STATE = "document.getElementById('state').textContent";
    private static final String COUNT = "document.getElementById('count').textContent";

    private static Browser browser;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(Browser.isPossible(), "needs Debian's chromium and chromium-driver");
        if (browser == null) {
            browser = new Browser();
        }
    }

    @AfterAll
    static void end() throws Exception {
        if (browser != null) {
            browser.close();
        }
    }

    private static SseServing open(String... arguments) throws Exception {
        SseServing serving = SseServing.start(arguments);
        browser.open(serving.url("/"));
        browser.await("live", STATE);
        browser.console();
        return serving;
    }

    private static String event(String type, int id) {
        return "{\"event\":\"" + type + "\",\"id\":\"" + id + "\",\"data\":\"d" + id + "\"}";
    }

    private static void click(String id) throws Exception {
        browser.run("document.getElementById('" + id + "').click(); return ''");
    }

    private static void choose(String type) throws Exception {
        browser.run("const f = document.getElementById('filter'); f.value = '" + type + "'; f.onchange(); return ''");
    }

    @Test
    void eventsOfAllTypesAppearNewestFirst() throws Exception {
        try (SseServing serving = open("--json")) {
            serving.lines(event("message", 1), event("touch", 2), event("error", 3));
            browser.await("d3|d2|d1", DATA);
            browser.await("error|touch|message", "[...document.querySelectorAll('.type')].map(e => e.textContent).join('|')");
            browser.await("3|2|1", "[...document.querySelectorAll('.id')].map(e => e.textContent).join('|')");
            browser.await("true", "'' + [...document.querySelectorAll('time')].every(e => /^[0-9:]{8}[.][0-9]{3}$/.test(e.textContent))");
            browser.await("3 events", COUNT);
            browser.await("true", "'' + /[1-9]/.test(document.getElementById('line').points.numberOfItems)");
            assertEquals("{\"value\":[]}", browser.console());
        }
    }

    @Test
    void serverRestartShowsReconnectingAndMissesNothing() throws Exception {
        try (SseServing first = open("--json")) {
            first.lines(event("touch", 1), event("touch", 2));
            browser.await("d2|d1", DATA);
            first.kill();
            browser.await("reconnecting", STATE);
            try (SseServing second = SseServing.start("--json", "--port", "" + first.port)) {
                second.lines(event("touch", 3), event("touch", 4), event("touch", 5));
                browser.await("live", STATE);
                browser.await("d5|d4|d3|d2|d1", DATA);
                second.lines(event("touch", 6)).endInput();
                browser.await("d6|d5|d4|d3|d2|d1", DATA);
                browser.await("ended", STATE);
            }
        }
    }

    @Test
    void pageThatComesLateShowsTheLast50AndSetsThemOffFromTheNewOnes() throws Exception {
        try (SseServing serving = SseServing.start("--json"); SseServing.Stream stream = serving.connect("/events")) {
            serving.lines(IntStream.rangeClosed(1, 60).mapToObj(id -> event("touch", id)).toArray(String[]::new));
            stream.skipTo("id: 60"::equals);
            browser.open(serving.url("/"));
            browser.await("0 events, 50 earlier", COUNT);
            serving.lines(event("touch", 61));
            browser.await("1 event, 50 earlier", COUNT);
            String rows = "[...document.querySelectorAll('#list li%s .data')].map(e => e.textContent).join('|')";
            browser.await("d61", rows.formatted(":not(.earlier)"));
            browser.await(IntStream.iterate(60, id -> id > 10, id -> id - 1).mapToObj(id -> "d" + id).collect(Collectors.joining("|")),
                rows.formatted(".earlier"));
        }
    }

    @Test
    void scriptInTheDataStaysText() throws Exception {
        String script = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">";
        String json = script.replace("\"", "\\\"");
        try (SseServing serving = open("--json")) {
            serving.lines("{\"event\":\"" + json + "\",\"id\":\"" + json + "\",\"data\":\"" + json + "\"}");
            browser.await(script, DATA);
            browser.await(script, "document.querySelector('.type').textContent");
            browser.await(script, "document.querySelector('.id').textContent");
            browser.await("sse-serve", "document.title");
            browser.await("1 0", "document.scripts.length + ' ' + document.images.length");
            assertEquals("{\"value\":[]}", browser.console());
        }
    }

    @Test
    void policyRefusesWhatThePageItselfWouldNeverDo() throws Exception {
        try (SseServing serving = open()) {
            serving.lines("hello");
            browser.await("hello", DATA);
            assertEquals("refused", browser.run("try { document.body.innerHTML = '<b>'; return 'done' } catch (e) { return 'refused' }"));
            browser.run("const s = document.createElement('style'); s.textContent = 'body { margin: 77px }'; document.head.append(s); return ''");
            assertNotEquals("77px", browser.run("return getComputedStyle(document.body).marginTop"));
        }
    }

    @Test
    void filterShowsOneType() throws Exception {
        try (SseServing serving = open("--json")) {
            serving.lines(event("a", 1), event("b", 2), event("a", 3));
            browser.await("d3|d2|d1", DATA);
            browser.await("all types|a|b", "[...document.getElementById('filter').options].map(o => o.text).join('|')");
            choose("a");
            browser.await("d3|d1", DATA);
            serving.lines(event("b", 4), event("a", 5));
            browser.await("d5|d3|d1", DATA);
            choose("");
            browser.await("d5|d4|d3|d2|d1", DATA);
        }
    }

    @Test
    void pauseHoldsTheListAndLosesNothing() throws Exception {
        try (SseServing serving = open("--json")) {
            serving.lines(event("a", 1));
            browser.await("d1", DATA);
            click("pause");
            serving.lines(event("a", 2), event("a", 3));
            browser.await("3 events, 2 held", COUNT);
            browser.await("d1", DATA);
            click("pause");
            browser.await("d3|d2|d1", DATA);
            browser.await("3 events", COUNT);
        }
    }

    @Test
    void burstIsShownWithinBounds() throws Exception {
        try (SseServing serving = open()) {
            serving.lines(IntStream.rangeClosed(1, 20_000).mapToObj(i -> "line " + i).toArray(String[]::new));
            browser.await("20000 events", COUNT);
            String newest = IntStream.iterate(20_000, i -> i > 19_500, i -> i - 1).mapToObj(i -> "line " + i).collect(Collectors.joining("|"));
            browser.await(newest, DATA);
        }
    }

    @Test
    void pageAsksForTheToken() throws Exception {
        try (SseServing serving = SseServing.start("--token", "right")) {
            browser.open(serving.url("/"));
            browser.await("locked", STATE);
            enterToken("wrong");
            browser.await("locked", STATE);
            enterToken("right");
            browser.await("live", STATE);
            serving.lines("hello");
            browser.await("hello", DATA);
            assertEquals("", browser.run("return document.cookie"));
        }
    }

    @Test
    void pageWorksBelowAPathPrefixThatAProxyTakesAway() throws Exception {
        try (SseServing serving = SseServing.start("--token", "right"); SseServer proxy = new SseServer(connection -> {
                try (Socket server = new Socket("127.0.0.1", serving.port)) {
                    server.getOutputStream().write(connection.head.replaceFirst(" /panel/?", " /").getBytes(StandardCharsets.UTF_8));
                    server.getInputStream().transferTo(connection.socket.getOutputStream());
                }
            })) {
            browser.open(proxy.url("/panel"));
            browser.await("locked", STATE);
            enterToken("right");
            browser.await("live", STATE);
            serving.lines("hello");
            browser.await("hello", DATA);
            browser.open(proxy.url("/panel/"));
            browser.await("live", STATE);
            browser.await("hello", DATA);
            browser.open(proxy.url("/"));
            browser.await("locked", STATE);
        }
    }

    private static void enterToken(String token) throws Exception {
        browser.run("document.getElementById('token').value = '" + token + "'; document.querySelector('#login button').click(); return ''");
    }

    @Test
    void fitsAPhoneAndFollowsDarkMode() throws Exception {
        try (SseServing serving = open("--json")) {
            serving.lines("{\"event\":\"" + "long-type-".repeat(9) + "\",\"id\":\"" + "1".repeat(60) + "\",\"data\":\"" + "x".repeat(900) + "\"}");
            browser.await("x".repeat(900), DATA);
            String light = browser.run("return getComputedStyle(document.body).backgroundColor");
            browser.devTools("Emulation.setDeviceMetricsOverride", "{\"width\":320,\"height\":640,\"deviceScaleFactor\":2,\"mobile\":true}");
            browser.devTools("Emulation.setEmulatedMedia", "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"dark\"}]}");
            browser.await("320", "'' + document.documentElement.scrollWidth");
            assertNotEquals(light, browser.run("return getComputedStyle(document.body).backgroundColor"));
        } finally {
            browser.devTools("Emulation.clearDeviceMetricsOverride", "{}");
            browser.devTools("Emulation.setEmulatedMedia", "{\"features\":[]}");
        }
    }

    @Test
    void datagramReachesThePage() throws Exception {
        List<Process> pipeline = ProcessBuilder.startPipeline(List.of(
            new ProcessBuilder(Script.command("UdpListen", "-v", "0")),
            new ProcessBuilder(Script.command("SseServe", "--port", "0")).redirectErrorStream(true)));
        try (SseServing serving = new SseServing(pipeline.get(1))) {
            String bound = pipeline.get(0).errorReader(StandardCharsets.UTF_8).readLine();
            String target = "127.255.255.255:" + bound.replaceFirst(".* port ", "");
            browser.open(serving.url("/"));
            browser.await("live", STATE);
            Script.run("<b>on</b>\n", "UdpSend", "-q", target).assertIs(0, "");
            browser.await("<b>on</b>", "document.querySelector('.data') ? JSON.parse(document.querySelector('.data').textContent).data : ''");
        } finally {
            pipeline.forEach(Process::destroyForcibly);
        }
    }
}
