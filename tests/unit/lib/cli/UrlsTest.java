package lib.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A URL as people type it. */
class UrlsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '~', value = {
        "http://h/                        ~ http://h/",
        "http://h                         ~ http://h/",
        "HTTP://H/x                       ~ http://H/x",
        "http://h?x=1                     ~ http://h/?x=1",
        "http://h/a#part                  ~ http://h/a",
        "http://h:81/                     ~ http://h:81/",
        "http://h:/                       ~ http://h/",
        "http://u:p@h/                    ~ http://h/",
        "http://u:p@h@h2/                 ~ http://h2/",
        "h                                ~ http://h/",
        "h:8080/x                         ~ http://h:8080/x",
        "u:p@h:8080/x                     ~ http://h:8080/x",
        "localhost/x?y=z://               ~ http://localhost/x?y=z://",
        "http://h/a b                     ~ http://h/a%20b",
        "http://h/{a}|^\"\\`<>[x]         ~ http://h/%7Ba%7D%7C%5E%22%5C%60%3C%3E%5Bx%5D",
        "http://h/?q={a}|^\"\\`<>[x]      ~ http://h/?q=%7Ba%7D%7C%5E%22%5C%60%3C%3E[x]",
        "http://h/?q=a b                  ~ http://h/?q=a%20b",
        "http://h/%20%zz%4                ~ http://h/%20%25zz%254",
        "http://h/100%                    ~ http://h/100%25",
        "http://h/\u00E9?\u20AC           ~ http://h/%C3%A9?%E2%82%AC",
        "http://h/a//b/../c               ~ http://h/a//b/../c",
        "http://b\u00FCcher.example/      ~ http://xn--bcher-kva.example/",
        "http://my_host:8080/x            ~ http://my-host:8080/x",
        "http://[::1]:81/x                ~ http://[::1]:81/x",
        "http://[fe80::1%25eth0]/x        ~ http://[fe80::1%eth0]/x"})
    void urlIsReadAsCurlAndBrowsersReadIt(String url, String read) {
        assertEquals(read, Urls.parse(url).url());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "/secret", "http:", "http://", "http:///secret", "http://:80/secret", "ftp://h/secret",
        "file:///secret", "mailto:secret", "http://h:x/secret", "http://h:99999999/secret", "http://[::1/secret", "http://h h/secret",
        "http://h/a\nsecret", "http://h/a\u007Fsecret", "//h/secret", "ws://h/secret", "?secret", "#secret"})
    void whatIsNoUrlIsRefusedWithoutTellingIt(String url) {
        String message = assertThrows(IllegalArgumentException.class, () -> Urls.parse(url)).getMessage();
        assertFalse(message.contains("secret"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://h:0/", "http://h:65536/"})
    void portIsWithinItsBounds(String url) {
        String message = assertThrows(IllegalArgumentException.class, () -> Urls.parse(url)).getMessage();
        assertEquals("URL: port " + url.replaceAll("[^0-9]", "") + ", expected 1 to 65535", message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '~', value = {
        "h:8080/x                 ~ h:8080",
        "https://u:p@h/           ~ h",
        "http://[fe80::1%25eth0]/ ~ [fe80::1%eth0]",
        "http://my_host:8080/x    ~ my_host:8080"})
    void authorityIsHostAndPortAsTheUserNamesThem(String url, String authority) {
        assertEquals(authority, Urls.parse(url).authority());
    }

    @Test
    void requestIsSentThereWithTheCredentials() throws IOException {
        HttpRequest request = Urls.parse("me:p%40s s@b\u00FCcher.example:81/a b?c={d}").request().make();
        assertEquals("http://xn--bcher-kva.example:81/a%20b?c=%7Bd%7D", request.uri().toString());
        assertEquals(Optional.of("Basic bWU6cEBzIHM="), request.headers().firstValue("Authorization"));
    }

    /** No URI of Java holds one, so that it is in a header: EachAddress looks it up. */
    @Test
    void nameWithAnUnderscoreIsInAHeader() throws IOException {
        HttpRequest request = Urls.parse("http://my_big_host:8080/x").request().make();
        assertEquals("http://my-big-host:8080/x", request.uri().toString());
        assertEquals(Optional.of("my_big_host:8080"), request.headers().firstValue("Host"));
        assertEquals(Optional.empty(), Urls.parse("http://host/a_b").request().make().headers().firstValue("Host"));
    }

    @Test
    void nameWithAnUnderscoreIsRefusedOverHttps() {
        String message = assertThrows(IllegalArgumentException.class, () -> Urls.parse("https://my_host/secret")).getMessage();
        assertEquals("URL: host 'my_host', Java takes no name with an underscore over https", message);
    }
}
