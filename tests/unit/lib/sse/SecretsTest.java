package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server repeats of a request. */
class SecretsTest {
    private static final SseRequest REQUEST = new SseRequest(
        "http://user:Pa%2Fss@h/api/v1/ToKeN-1234%2B/events?id=4&key=S3cr%C3%A9t%22&x=1")
        .header("Authorization: Bearer abcdef-123456").header("X-Short: 7").header("Cookie: session=deadbeef01; a=1");

    @ParameterizedTest
    @ValueSource(strings = {
        "/api/v1/ToKeN-1234%2B/events", "/API/V1/TOKEN-1234%2B/EVENTS", "ToKeN-1234%2B", "token-1234+", "TOKEN-1234%2b",
        "id=4&key=S3cr%C3%A9t%22&x=1", "S3cr%C3%A9t%22", "S3cr\u00E9t\"", "s3cr\u00E9t\\\"", "user:Pa/ss", "Pa\\/ss",
        "Bearer abcdef-123456", "ABCDEF-123456", "deadbeef01"})
    void isTakenOutInEveryForm(String secret) {
        String clean = new Secrets(REQUEST).clean("no stream at '" + secret + "' here");
        assertFalse(clean.toLowerCase(java.util.Locale.ROOT).contains(secret.toLowerCase(java.util.Locale.ROOT)), clean);
        assertEquals("no stream at ", clean.substring(0, 13));
        assertEquals(" here", clean.substring(clean.length() - 5));
    }

    @Test
    void whatIsShortOrUsualStays() {
        String text = "HTTP status 404 for me, 4 with 7, id=4: use Bearer";
        assertEquals(text, new Secrets(REQUEST).clean(text));
    }

    @Test
    void tokenThatIsTheUserIsTakenOut() {
        SseRequest request = new SseRequest("http://h/").basicAuthorization("abcdef-123456:");
        assertEquals("no \u2026 here", new Secrets(request).clean("no abcdef-123456 here"));
    }

    @Test
    void requestWithoutSecretsChangesNothing() {
        assertEquals("/ and ?", new Secrets(new SseRequest("http://h/")).clean("/ and ?"));
    }
}
