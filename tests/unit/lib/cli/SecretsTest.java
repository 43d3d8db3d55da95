package lib.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.net.URI;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import lib.sse.Proxies;
import lib.sse.SseRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server repeats of a request. */
class SecretsTest {
    private static SafeWords words() { return new SafeWords(Proxies.of(Map.of())); }

    private static SafeWords sent(String url, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        for (String header : headers) {
            request.header(header.replaceFirst(":.*", ""), header.replaceFirst("[^:]*:", ""));
        }
        SafeWords secrets = words();
        secrets.add(request.build());
        return secrets;
    }

    private static String clean(String text) throws Exception {
        HttpRequest user = new SseRequest("http://user:Pa%2Fss@h/").make();
        return sent("http://h/api/v1/ToKeN-1234%2B/events?id=4&key=S3cr%C3%A9t%22&x=1", "X-Key:abcdef-123456", "X-Short:7",
            "Content-Type:application/json", "accept:text/event-stream", "User-Agent:sse-listen/1.0", "Accept-Language:de-CH-1996",
            "Cookie:session=deadbeef01; a=1", "Authorization:" + user.headers().firstValue("Authorization").orElseThrow(),
            "Proxy-Authorization:Basic cHJveHktdXNlcjpwcm94eS1wYXNz").clean(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "/api/v1/ToKeN-1234%2B/events", "/API/V1/TOKEN-1234%2B/EVENTS", "ToKeN-1234%2B", "token-1234+", "TOKEN-1234%2b",
        "id=4&key=S3cr%C3%A9t%22&x=1", "S3cr%C3%A9t%22", "S3cr\u00E9t\"", "s3cr\u00E9t\\\"", "user:Pa/ss", "Pa\\/ss",
        "ABCDEF-123456", "deadbeef01", "proxy-user:proxy-pass", "proxy-pass"})
    void isTakenOutInEveryForm(String secret) throws Exception {
        String clean = clean("no stream at '" + secret + "' here");
        assertFalse(clean.toLowerCase(Locale.ROOT).contains(secret.toLowerCase(Locale.ROOT)), clean);
        assertEquals("no stream at ", clean.substring(0, 13));
        assertEquals(" here", clean.substring(clean.length() - 5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP status 404 for me, 4 with 7, id=4: use Bearer", "no text/event-stream, application/json",
        "sse-listen/1.0 does not speak de-CH-1996"})
    void textThatIsShortOrPublicStays(String text) throws Exception {
        assertEquals(text, clean(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"abcdef-123456:", "abcdef-123456", "me:abcdef-123456"})
    void credentialsAreTakenOutWhateverIsSentOfThem(String credentials) throws Exception {
        HttpRequest basic = new SseRequest("http://h/").basicAuthorization(credentials).make();
        SafeWords secrets = sent("http://h/", "Authorization:Digest username=\"abcdef-123456\", response=\"0123456789abcdef\"");
        secrets.add(basic);
        assertEquals("no \u2026 here, no username or response", secrets.clean("no abcdef-123456 here, no username or response"));
    }

    @Test
    void requestWithoutSecretsChangesNothing() {
        assertEquals("/ and ? and Basic ", sent("http://h/").clean("/ and ? and Basic "));
    }

    /** Tokens may change at each connect for years: those of long ago are forgotten, the ones that stay are not. */
    @Test
    void onlyTheLatestRequestsAreRemembered() throws Exception {
        SafeWords secrets = words();
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            tokens.add("token-" + (1_000_000 + i));
            secrets.add(new SseRequest("http://user:for-ever@h/").make());
            secrets.add(HttpRequest.newBuilder(URI.create("http://h/")).header("X-A", tokens.get(i)).build());
        }
        assertEquals(tokens.get(0) + " \u2026 \u2026", secrets.clean(tokens.get(0) + " for-ever " + tokens.get(999)));
    }
}
