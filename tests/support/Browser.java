package tests.support;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Headless Chromium by the WebDriver protocol, of which these tests need five commands. */
public final class Browser implements AutoCloseable {
    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
    private static final int PATIENCE_MILLIS = 20_000;
    private static final String CAPABILITIES = """
        {"capabilities": {"alwaysMatch": {
          "timeouts": {"script": %d},
          "goog:loggingPrefs": {"browser": "ALL"},
          "goog:chromeOptions": {"binary": "%s", "args": ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]}}}}
        """.formatted(PATIENCE_MILLIS, CHROMIUM);
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Process driver;
    private final String session;

    public static boolean isPossible() {
        return Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER);
    }

    public Browser() throws Exception {
        driver = new ProcessBuilder(DRIVER.toString(), "--port=0").redirectErrorStream(true).start();
        String base = "http://127.0.0.1:" + port(driver.inputReader(UTF_8)) + "/session";
        String answer = post(base, CAPABILITIES);
        session = base + "/" + field("sessionId", answer);
    }

    private static String port(BufferedReader lines) throws IOException {
        Pattern started = Pattern.compile("started successfully on port ([0-9]+)");
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Matcher matcher = started.matcher(line);
            if (matcher.find()) {
                return matcher.group(1);
            }
        }
        throw new IOException("chromedriver has ended");
    }

    public void open(String url) throws Exception {
        command("/url", "{\"url\": " + quoted(url) + "}");
    }

    /** Runs a function's body in the page; its result must be text. */
    public String run(String body) throws Exception {
        return field("value", command("/execute/sync", "{\"script\": " + quoted(body) + ", \"args\": []}"));
    }

    /** Waits until the expression, which is text, is this. */
    public void await(String expected, String expression) throws Exception {
        String body = "const [expected, done] = arguments, end = Date.now() + " + PATIENCE_MILLIS / 2 + ";"
            + "(function look() { const is = (() => " + expression + ")();"
            + "if (is === expected || Date.now() > end) done(is); else setTimeout(look, 10); })();";
        String is = field("value", command("/execute/async", "{\"script\": " + quoted(body) + ", \"args\": [" + quoted(expected) + "]}"));
        assertEquals(expected, is, expression);
    }

    /** A command of the DevTools protocol, for what a script can not change. */
    public void devTools(String name, String parameters) throws Exception {
        command("/goog/cdp/execute", "{\"cmd\": " + quoted(name) + ", \"params\": " + parameters + "}");
    }

    public byte[] screenshot() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(session + "/screenshot")).build();
        return Base64.getDecoder().decode(field("value", HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body()));
    }

    /** What the console has said since the last call, as JSON. */
    public String console() throws Exception {
        return command("/se/log", "{\"type\": \"browser\"}");
    }

    private String command(String path, String body) throws Exception {
        return post(session + path, body);
    }

    private static String post(String url, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).POST(HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), answer.body());
        return answer.body();
    }

    private static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    /** The first field of this name that is text. */
    private static String field(String name, String json) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token == JsonToken.VALUE_STRING && name.equals(parser.currentName())) {
                    return parser.getText();
                }
            }
        }
        throw new IOException("no text '" + name + "' in " + json);
    }

    /** Ends the browser, and then its driver. */
    @Override
    public void close() throws IOException {
        try {
            HTTP.send(HttpRequest.newBuilder(URI.create(session)).DELETE().build(), HttpResponse.BodyHandlers.discarding());
            driver.destroy();
            driver.waitFor();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
