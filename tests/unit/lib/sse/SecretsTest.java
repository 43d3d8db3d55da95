package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server repeats of a request. */
class SecretsTest {
    private static final SseRequest REQUEST = new SseRequest(
        "http://user:Pa%2Fss@h/api/v1/ToKeN-1234%2B/events?id=4&key=S3cr%C3%A9t%22&x=1")
        .header("X-Key: abcdef-123456").header("X-Short: 7").header("Content-Type: application/json").header("accept: text/event-stream")
        .header("User-Agent: sse-listen/1.0").header("Accept-Language: de-CH-1996");
    private static final Map<String, String> SENT = Map.of("Cookie", "session=deadbeef01; a=1", "Authorization", "Basic x",
        "Proxy-Authorization", SseRequest.basic("proxy-user:proxy-pass"));

    private static String clean(String text) throws IOException {
        Secrets secrets = new Secrets();
        secrets.add(REQUEST, REQUEST.headers(SENT));
        return secrets.clean(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "/api/v1/ToKeN-1234%2B/events", "/API/V1/TOKEN-1234%2B/EVENTS", "ToKeN-1234%2B", "token-1234+", "TOKEN-1234%2b",
        "id=4&key=S3cr%C3%A9t%22&x=1", "S3cr%C3%A9t%22", "S3cr\u00E9t\"", "s3cr\u00E9t\\\"", "user:Pa/ss", "Pa\\/ss",
        "ABCDEF-123456", "deadbeef01", "proxy-user:proxy-pass", "proxy-pass"})
    void isTakenOutInEveryForm(String secret) throws IOException {
        String clean = clean("no stream at '" + secret + "' here");
        assertFalse(clean.toLowerCase(java.util.Locale.ROOT).contains(secret.toLowerCase(java.util.Locale.ROOT)), clean);
        assertEquals("no stream at ", clean.substring(0, 13));
        assertEquals(" here", clean.substring(clean.length() - 5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP status 404 for me, 4 with 7, id=4: use Bearer", "no text/event-stream, application/json",
        "sse-listen/1.0 does not speak de-CH-1996"})
    void whatIsShortOrPublicStays(String text) throws IOException {
        assertEquals(text, clean(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"abcdef-123456:", "abcdef-123456", "me:abcdef-123456"})
    void credentialsAreTakenOutWhateverIsSentOfThem(String credentials) {
        Secrets secrets = new Secrets();
        secrets.add(new SseRequest("http://h/").basicAuthorization(credentials),
            Map.of("Authorization", List.of("Digest username=\"abcdef-123456\", response=\"0123456789abcdef\"")));
        assertEquals("no \u2026 here, no username or response", secrets.clean("no abcdef-123456 here, no username or response"));
    }

    @Test
    void requestWithoutSecretsChangesNothing() {
        Secrets secrets = new Secrets();
        secrets.add(new SseRequest("http://h/"), Map.of());
        assertEquals("/ and ? and Basic ", secrets.clean("/ and ? and Basic "));
    }
}
