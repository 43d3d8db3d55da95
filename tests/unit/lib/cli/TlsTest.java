package lib.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import javax.net.ssl.SSLServerSocket;
import lib.sse.Proxies;
import lib.sse.SseClient;
import lib.sse.SseException;
import lib.sse.SseRequest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.TestCertificates;
import tests.support.TestProxy;

/** Whom a subscription trusts over TLS, what it says of the others, and that a stream stays a stream. */
@Execution(ExecutionMode.CONCURRENT)
class TlsTest {
    private static final String NO_CONTENT = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    private static final String UNTRUSTED = "the server's certificate is self-signed, or from an authority that is not trusted";

    @TempDir
    private Path folder;
    private TestCertificates certificates;

    private final List<String> notices = new CopyOnWriteArrayList<>();

    @BeforeEach
    void makeCertificates() throws Exception {
        certificates = TestCertificates.in(folder);
    }

    private SseClient client(SseServer server) {
        return client(server.uri("/secret"));
    }

    private SseClient client(URI uri) {
        SafeWords words = new SafeWords(Proxies.of(Map.of()));
        return new SseClient(new SseRequest(uri.toString())).words(words::failure, words::quote).around(words).retryDelay(Duration.ofMillis(10)).notices(notices::add);
    }

    private Consumer<HttpClient.Builder> tls(String... options) throws Exception {
        return CommandLine.populateCommand(new TlsOptions(), options).settings(value -> value, notices::add);
    }

    /** Trusts the authority. */
    private Consumer<HttpClient.Builder> trusting(String... options) throws Exception {
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("--cacert", certificates.authority().toString()));
        return tls(all.toArray(String[]::new));
    }

    private static SseServer.Script always(String answer) {
        return connection -> connection.send(answer);
    }

    // ---- the server's certificate ----

    @Test
    void serverOfATrustedAuthorityIsTrustedByItsNameAndByItsAddress() throws Exception {
        try (SseServer server = certificates.server("server", always(NO_CONTENT))) {
            for (String host : List.of("127.0.0.1", "localhost")) {
                client(URI.create("https://" + host + ":" + server.port() + "/")).http(trusting())
                    .listen(event -> { });
                assertEquals("GET / HTTP/1.1", server.next().requestLine());
            }
            assertEquals(List.of(), notices);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "server      | without | " + UNTRUSTED,
        "self-signed | without | " + UNTRUSTED,
        "self-signed | with    | " + UNTRUSTED,
        "expired     | with    | the server's certificate has expired",
        "early       | with    | the server's certificate is not valid yet",
        "other-host  | with    | the server's certificate is for another host: No subject alternative names matching IP address 127.0.0.1 found"})
    void eachFailureSaysWhichAndIsTriedAgainBeforeAnythingIsSent(String certificate, String authority, String reason)
            throws Exception {
        try (SseServer server = certificates.server(certificate, always(NO_CONTENT))) {
            Consumer<HttpClient.Builder> tls = authority.equals("with") ? trusting() : tls();
            SseException end = assertThrows(SseException.class, () -> client(server).http(tls).maxRetries(1).listen(event -> { }));
            assertEquals(SseException.Kind.GAVE_UP, end.kind());
            assertEquals(server.uri("/") + "…: " + reason + "; gave up after 1 retry", end.getMessage());
            assertEquals(List.of(server.uri("/") + "…: " + reason + "; connecting again in 0.01 s"), notices);
            assertEquals(0, server.further());
        }
    }

    @Test
    void otherNameIsToldFromOtherAddress() throws Exception {
        try (SseServer server = certificates.server("other-host", always(NO_CONTENT))) {
            URI url = URI.create("https://localhost:" + server.port() + "/");
            SseException end = assertThrows(SseException.class, () -> client(url).http(trusting()).maxRetries(0).listen(event -> { }));
            assertEquals("https://localhost:" + server.port() + "/…: the server's certificate is for another host: "
                + "No subject alternative DNS name matching localhost found.; gave up", end.getMessage());
        }
    }

    @Test
    void scriptEndsWithSixAndOneLine() throws Exception {
        try (SseServer server = certificates.server("expired", always(NO_CONTENT))) {
            Script.here("sse-listen", "--no-retry", "--cacert", certificates.authority().toString(), server.url("/secret"))
                .assertIs(6, "", "sse-listen: " + server.uri("/") + "…: the server's certificate has expired; gave up");
            assertEquals(0, server.further());
        }
    }

    @Test
    void selfSignedCertificateMayBeItsOwnAuthority() throws Exception {
        Path file = certificates.write("self-signed.pem", certificates.pem("self-signed"));
        try (SseServer server = certificates.server("self-signed", always(NO_CONTENT))) {
            client(server).http(tls("--cacert", file.toString())).listen(event -> { });
        }
    }

    @Test
    void fileOfAuthoritiesMayHoldSeveralAndText() throws Exception {
        Path file = certificates.write("bundle.pem", "# a comment -----\r\n" + certificates.pem("self-signed")
            + "\nSubject: CN=authority\n" + certificates.pem("authority").replace("\n", "\r\n"));
        for (String one : List.of("self-signed", "server")) {
            try (SseServer server = certificates.server(one, always(NO_CONTENT))) {
                client(server).http(tls("--cacert", file.toString())).listen(event -> { });
            }
        }
    }

    @Test
    void plainServerBehindAnHttpsUrlFailsWithAReason() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
            daemon(() -> {
                while (true) {
                    Socket one = socket.accept();
                    one.getInputStream().read();
                    one.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                }
            });
            URI url = URI.create("https://127.0.0.1:" + socket.getLocalPort() + "/");
            // Now and then java.net.http does not see that a handshake has failed: that one ends by its time.
            SseClient client = client(url).maxRetries(3).http(builder -> builder.connectTimeout(Duration.ofSeconds(1)));
            notices.add(assertThrows(SseException.class, () -> client.listen(event -> { })).getMessage());
            assertTrue(notices.get(notices.size() - 1).contains("; gave up"), notices.toString());
            assertTrue(notices.stream().anyMatch(one -> one.startsWith(url + "…: TLS: ")),
                notices.toString());
        }
    }

    @Test
    void tlsServerBehindAnHttpUrlFailsWithAReason() throws Exception {
        try (SseServer server = certificates.server("server", always(NO_CONTENT))) {
            URI url = URI.create("http://127.0.0.1:" + server.port() + "/");
            SseException end = assertThrows(SseException.class, () -> client(url).maxRetries(0).listen(event -> { }));
            assertTrue(end.getMessage().startsWith(url + "…: "), end.getMessage());
            assertEquals(1, end.getMessage().lines().count());
        }
    }

    // ---- insecure ----

    private String insecure(String reason, String certificate, SseServer server) throws Exception {
        return "insecure: 127.0.0.1:" + server.port() + ": " + reason + "; going on all the same; --pinnedpubkey " + pin(certificate) + " takes this key only";
    }

    private String pin(String certificate) throws Exception {
        byte[] key = certificates.chain(certificate)[0].getPublicKey().getEncoded();
        return "sha256//" + Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "self-signed | " + UNTRUSTED,
        "expired     | the server's certificate has expired",
        "other-host  | the server's certificate is for another host: No subject alternative names matching IP address 127.0.0.1 found"})
    void insecureGoesOnAndSaysSoWhenItMeetsTheServer(String certificate, String reason) throws Exception {
        for (String version : List.of("TLSv1.3", "TLSv1.2")) {
            notices.clear();
            SSLServerSocket socket = certificates.socket(certificate);
            socket.setEnabledProtocols(new String[] {version});
            try (SseServer server = new SseServer(connection ->
                    connection.send(connection.number < 3 ? SseServer.OK + "data: x\n\n" : NO_CONTENT), socket, "https")) {
                client(server).http(trusting("-k")).listen(event -> { });
                String warning = insecure(reason, certificate, server);
                assertEquals(warning, notices.get(0), version);
                assertEquals(5, notices.stream().filter(one -> !one.equals(warning)).count(), notices.toString());
                assertEquals(4, server.further());
            }
        }
    }

    @Test
    void insecureSaysNothingWhereAllIsWell() throws Exception {
        try (SseServer server = certificates.server("server", always(NO_CONTENT)); SseServer plain = new SseServer(always(NO_CONTENT))) {
            client(server).http(trusting("-k")).listen(event -> { });
            client(plain).http(tls("-k")).listen(event -> { });
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void oneInsecureClientDoesNotMakeAnotherInsecure() throws Exception {
        try (SseServer server = certificates.server("self-signed", always(NO_CONTENT))) {
            client(server).http(tls("-k")).listen(event -> { });
            server.next();
            assertThrows(SseException.class, () -> client(server).maxRetries(0).listen(event -> { }));
            assertEquals(0, server.further());
        }
    }

    @Test
    void insecureScriptWarnsInOneLine() throws Exception {
        try (SseServer server = certificates.server("self-signed", always(NO_CONTENT))) {
            Script.here("sse-listen", "-k", server.url("/secret"))
                .assertIs(0, "", Pattern.quote("sse-listen: " + insecure(UNTRUSTED, "self-signed", server)));
        }
    }

    // ---- pinned keys ----

    @Test
    void pinIsThatOfOpensslAndCurl() throws Exception {
        assumeTrue(onThePath("openssl"), "no openssl");
        Path pem = certificates.write("to-pin.pem", certificates.pem("server"));
        Script.shell("openssl x509 -in " + pem + " -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64")
            .assertIs(0, pin("server").substring("sha256//".length()) + "\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "server      |    | with    | server                  | -",
        "server      |    | with    | other-host, server      | -",
        "server      |    | without | server                  | again " + UNTRUSTED,
        "expired     |    | with    | expired                 | again the server's certificate has expired",
        "server      |    | with    | other-host              | final",
        "self-signed |    | without | other-host              | final",
        "self-signed | -k | without | self-signed             | -",
        "expired     | -k | without | expired                 | -",
        "other-host  | -k | without | other-host              | -",
        "other-host  | -k | without | server, other-host      | -",
        "server      | -k | with    | other-host              | final",
        "self-signed | -k | without | other-host, authority   | final"})
    void pinDecidesWithInsecureAndIsAskedForInAdditionWithout(String certificate, String insecure, String authority,
            String pinned, String end) throws Exception {
        List<String> pins = new ArrayList<>();
        for (String one : pinned.split(", ")) {
            pins.add(pin(one));
        }
        List<String> options = new ArrayList<>(List.of("--pinnedpubkey", String.join(";", pins)));
        if (insecure != null) {
            options.add(insecure);
        }
        for (String version : List.of("TLSv1.3", "TLSv1.2")) {
            SSLServerSocket socket = certificates.socket(certificate);
            socket.setEnabledProtocols(new String[] {version});
            try (SseServer server = new SseServer(connection ->
                    connection.send(connection.number < 1 ? SseServer.OK + "data: x\n\n" : NO_CONTENT), socket, "https")) {
                notices.clear();
                String[] all = options.toArray(String[]::new);
                SseClient client = client(server).http(authority.equals("with") ? trusting(all) : tls(all));
                String again = server.uri("/") + "…: the stream ended; connecting again in 0.01 s";
                if (end.equals("-")) {
                    client.listen(event -> { });
                    assertEquals(List.of(again), notices);
                    assertEquals(2, server.further());
                } else if (end.equals("final")) {
                    SseException failure = assertThrows(SseException.class, () -> client.listen(event -> { }));
                    assertEquals(SseException.Kind.REFUSED, failure.kind());
                    assertEquals(server.uri("/") + "…: the server's key is " + pin(certificate) + ", which --pinnedpubkey does not name",
                        failure.getMessage());
                    assertEquals(List.of(), notices);
                    assertEquals(0, server.further());
                } else {
                    SseException failure = assertThrows(SseException.class, () -> client.maxRetries(1).listen(event -> { }));
                    assertEquals(server.uri("/") + "…: " + end.replace("again ", "") + "; gave up after 1 retry", failure.getMessage());
                    assertEquals(0, server.further());
                }
            }
        }
    }

    @Test
    void pinHoldsForTheServerOfARedirectToo() throws Exception {
        try (SseServer other = certificates.server("other-host", always(NO_CONTENT)); SseServer server = certificates.server("self-signed",
                always("HTTP/1.1 307 X\r\nLocation: " + other.url("/secret") + "\r\nConnection: close\r\n\r\n"))) {
            SseException end = assertThrows(SseException.class,
                () -> client(server).http(tls("-k", "--pinnedpubkey", pin("self-signed"))).listen(event -> { }));
            assertEquals(server.uri("/") + "…: redirected to " + other.uri("/") + "…: the server's key is " + pin("other-host")
                + ", which --pinnedpubkey does not name", end.getMessage());
            assertEquals(0, other.further());
            client(server)
                .http(tls("-k", "--pinnedpubkey", pin("self-signed") + ";" + pin("other-host"))).listen(event -> { });
            assertEquals(1, other.further());
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void pinIsThatOfTheServerBehindAProxy() throws Exception {
        try (TestProxy proxy = new TestProxy(); SseServer server = certificates.server("self-signed", always(NO_CONTENT))) {
            Proxies through = Proxies.of(proxy.address(), Map.of());
            client(server).http(builder -> builder.proxy(through))
                .http(tls("-k", "--pinnedpubkey", pin("self-signed"))).listen(event -> { });
            assertEquals(1, server.further());
            SseException end = assertThrows(SseException.class,
                () -> client(server).http(builder -> builder.proxy(through)).http(tls("-k", "--pinnedpubkey", pin("server"))).listen(event -> { }));
            assertEquals(SseException.Kind.REFUSED, end.kind());
            assertTrue(end.getMessage().contains("the server's key is " + pin("self-signed")), end.getMessage());
            assertEquals(1, server.further());
            assertEquals(2, proxy.requests().size());
        }
    }

    /** As a Hue bridge has it: a certificate on its id, by an authority of its own, and it is dialled by its address. */
    @Test
    void scriptTakesTheKeyThatTheWarningOfInsecureTells() throws Exception {
        try (SseServer server = certificates.server("other-host", always(NO_CONTENT))) {
            String warning = Script.here("sse-listen", "-k", server.url("/")).err();
            String pin = warning.replaceFirst("(?s).*--pinnedpubkey (\\S+) takes this key only\n", "$1");
            Script.here("sse-listen", "-k", "--pinnedpubkey", pin, server.url("/")).assertIs(0, "");
            Path pins = certificates.write("pins.txt", pin("server") + "\n" + pin + "\n");
            Script.here("sse-listen", "-k", "--pinnedpubkey", "@" + pins, server.url("/")).assertIs(0, "");
            assertEquals(3, server.further());
            Script.here("sse-listen", "-k", "--pinnedpubkey", pin("server"), server.url("/")).assertIs(5, "", Pattern.quote("sse-listen: "
                + server.uri("/") + "…: the server's key is " + pin + ", which --pinnedpubkey does not name"));
            Script.here("sse-listen", "-k", "--pinnedpubkey", pin("server"), "--retry-all-errors", "--max-retries", "1",
                "--retry-delay", "0.01", "-q", server.url("/")).assertIs(6, "", ".* does not name; gave up after 1 retry");
            assertEquals(3, server.further());
        }
    }

    // ---- our own certificate ----

    private String pkcs8() throws Exception {
        return TestCertificates.pem("PRIVATE KEY", certificates.key("client").getEncoded());
    }

    private Path pkcs12(String name, String password) throws Exception {
        return certificates.pkcs12(name, "client", password);
    }

    private void assertAccepted(Path certificate, String password) throws Exception {
        try (SseServer server = certificates.serverForClients(always(NO_CONTENT))) {
            client(server).http(trusting("--cert", certificate.toString(), "--pass", password)).maxRetries(0).listen(event -> { });
            server.next();
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void serverThatWantsACertificateGetsOurs() throws Exception {
        String pem = certificates.pem("client");
        assertAccepted(certificates.write("plain.pem", pem + pkcs8()), "");
        assertAccepted(certificates.write("key-first.pem", "Bag Attributes: x-y\n" + pkcs8() + pem), "");
        assertAccepted(pkcs12("client.p12", "changeit"), "changeit");
    }

    @Test
    void scriptTakesThePasswordFromAFile() throws Exception {
        Path password = certificates.write("password", "changeit\n");
        try (SseServer server = certificates.serverForClients(always(NO_CONTENT))) {
            Script.here("sse-listen", "--cacert", certificates.authority().toString(), "--cert",
                pkcs12("script.p12", "changeit").toString(), "--pass", "@" + password, server.url("/")).assertIs(0, "");
        }
    }

    /** As the message says that is made of an encrypted key. */
    @Test
    void pkcs12OfOpensslIsRead() throws Exception {
        assumeTrue(onThePath("openssl"), "no openssl");
        Path plain = certificates.write("for-openssl.pem", certificates.pem("client") + pkcs8());
        Path made = folder.resolve("by-openssl.p12");
        TestCertificates.run(List.of("openssl", "pkcs12", "-export", "-in", plain.toString(), "-out", made.toString(),
            "-passout", "pass:changeit"));
        assertAccepted(made, "changeit");
    }

    private static boolean onThePath(String program) {
        return List.of(System.getenv("PATH").split(":")).stream().anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    @Test
    void withoutACertificateTheServersRefusalIsTold() throws Exception {
        try (SseServer server = certificates.serverForClients(always(NO_CONTENT))) {
            SseException end = assertThrows(SseException.class,
                () -> client(server).http(trusting()).maxRetries(0).listen(event -> { }));
            assertEquals(SseException.Kind.GAVE_UP, end.kind());
            assertTrue(end.getMessage().matches(".*/…: (connection lost, )?TLS: .*(bad_certificate|certificate_required); gave up"),
                end.getMessage());
            assertEquals(0, server.further());
        }
    }

    // ---- files that are not what they should be ----

    private record BadFile(String name, String content, String password, String message) {}

    @Test
    void badCertificateFileIsOneLineBeforeAnythingIsSent() throws Exception {
        String pem = certificates.pem("client");
        byte[] p12 = Files.readAllBytes(pkcs12("good.p12", "changeit"));
        Files.write(folder.resolve("cut.p12"), Arrays.copyOf(p12, p12.length / 2));
        Files.createDirectories(folder.resolve("a-folder"));
        List<BadFile> cases = List.of(
            new BadFile("missing", null, "", "no such file"),
            new BadFile("a-folder", null, "", "Is a directory"),
            new BadFile("empty", "", "", ".+"),
            new BadFile("garbage", "\u0000\u0001garbage", "", ".+"),
            new BadFile("cut.p12", null, "changeit", ".+"),
            new BadFile("good.p12", null, "wrong", ".*password.*"),
            new BadFile("good.p12", null, "", ".*password.*"),
            new BadFile("no-key", pem, "", "no such private key in it"),
            new BadFile("no-certificate", pkcs8(), "", "no certificate in it"),
            new BadFile("bad-certificate", TestCertificates.pem("CERTIFICATE", new byte[] {1, 2, 3}) + pkcs8(), "", ".+"),
            new BadFile("bad-key", pem + TestCertificates.pem("PRIVATE KEY", new byte[] {1, 2, 3}), "", ".+"),
            new BadFile("bad-base64", pem + "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n", "", ".+"),
            new BadFile("encrypted", pem + TestCertificates.pem("ENCRYPTED PRIVATE KEY", new byte[] {1, 2, 3}), "x", "no such private key in it"),
            new BadFile("pkcs1", pem + TestCertificates.pem("RSA PRIVATE KEY", new byte[] {1}), "", "no such private key in it"));
        String expected = "; expected a certificate with its key in PEM, unencrypted and in PKCS#8, or in PKCS#12 with its password in --pass";
        try (SseServer server = certificates.serverForClients(always(NO_CONTENT))) {
            for (BadFile bad : cases) {
                Path file = bad.content == null ? folder.resolve(bad.name) : certificates.write(bad.name, bad.content);
                IOException failure = assertThrows(IOException.class,
                    () -> client(server).http(trusting("--cert", file.toString(), "--pass", bad.password)).listen(event -> { }), bad.name);
                assertTrue(failure.getMessage().matches(Pattern.quote("certificate " + file + ": ") + bad.message + Pattern.quote(expected)),
                    failure.getMessage());
            }
            Path missing = folder.resolve("missing");
            Script.here("sse-listen", "--cert", missing.toString(), server.url("/"))
                .assertIs(1, "", Pattern.quote("sse-listen: certificate " + missing + ": no such file" + expected));
            assertEquals(0, server.further());
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void badFileOfAuthoritiesIsOneLineBeforeAnythingIsSent() throws Exception {
        Files.createDirectories(folder.resolve("a-folder"));
        String none = "no certificate in it";
        List<BadFile> cases = List.of(
            new BadFile("missing", null, "", "no such file"),
            new BadFile("a-folder", null, "", "Is a directory"),
            new BadFile("empty", "", "", none),
            new BadFile("garbage", "\u0000\u0001garbage", "", none),
            new BadFile("only-a-key", pkcs8(), "", none),
            new BadFile("half", certificates.pem("authority").substring(0, 200), "", none),
            new BadFile("bad", TestCertificates.pem("CERTIFICATE", new byte[] {1, 2, 3}), "", ".+"),
            new BadFile("bad-base64", "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n", "", ".+"));
        try (SseServer server = certificates.server("server", always(NO_CONTENT))) {
            for (BadFile bad : cases) {
                Path file = bad.content == null ? folder.resolve(bad.name) : certificates.write(bad.name, bad.content);
                IOException failure = assertThrows(IOException.class,
                    () -> client(server).http(tls("--cacert", file.toString())).listen(event -> { }), bad.name);
                assertTrue(failure.getMessage().matches(Pattern.quote("certificates " + file + ": ") + bad.message + "; expected PEM"),
                    failure.getMessage());
            }
            Path bad = certificates.write("bad", "x");
            Script.here("sse-listen", "--cacert", bad.toString(), server.url("/"))
                .assertIs(1, "", "sse-listen: certificates " + bad + ": " + none + "; expected PEM");
            assertEquals(0, server.further());
        }
    }

    // ---- a stream over TLS ----

    @Test
    void eachEventIsDeliveredAtOnceAlsoInPiecesOfRecords() throws Exception {
        Semaphore taken = new Semaphore(0);
        int all = 200;
        try (SseServer server = certificates.server("server", connection -> {
            connection.send(SseServer.OK);
            for (int i = 0; i < all; i++) {
                if (i % 2 == 0) {
                    connection.send("data: " + i + "\n\n");
                } else {
                    connection.send("da").send("ta: " + i + "\n").send("\n");
                }
                if (!taken.tryAcquire(10, TimeUnit.SECONDS)) {
                    return;
                }
            }
            connection.hold();
        })) {
            AtomicInteger next = new AtomicInteger();
            SseClient client = client(server).http(trusting());
            client.listen(event -> {
                assertEquals(String.valueOf(next.getAndIncrement()), event.data());
                taken.release();
                if (next.get() == all) {
                    client.close();
                }
            });
            assertEquals(List.of(), notices);
            assertEquals(1, server.further());
        }
    }

    @Test
    void burstIsNotStalledNorCutNorReordered() throws Exception {
        int all = 50_000;
        String filling = "x".repeat(1000);
        try (SseServer server = certificates.server("server", connection -> {
            connection.send(SseServer.OK);
            StringBuilder some = new StringBuilder();
            for (int i = 0; i < all; i++) {
                some.append("data: ").append(i).append(' ').append(filling).append("\n\n");
                if (some.length() > 200_000 || i == all - 1) {
                    connection.send(some.toString());
                    some.setLength(0);
                }
            }
            connection.hold();
        })) {
            AtomicInteger next = new AtomicInteger();
            SseClient client = client(server).http(trusting()).idleTimeout(Duration.ofSeconds(20));
            client.listen(event -> {
                assertEquals(next.getAndIncrement() + " " + filling, event.data());
                if (next.get() == all) {
                    client.close();
                }
            });
            assertEquals(List.of(), notices);
        }
    }

    @Test
    void streamThatBringsNothingIsTakenForLostAndResumed() throws Exception {
        try (SseServer server = certificates.server("server", connection -> {
            if (connection.number == 0) {
                connection.send(SseServer.OK + "retry: 100\nid: 1\ndata: a\n\n").hold();
            }
            connection.send(NO_CONTENT);
        })) {
            client(server).http(trusting()).idleTimeout(Duration.ofSeconds(2)).listen(event -> { });
            assertEquals(List.of(server.uri("/") + "…: nothing came for 2 s; connecting again (this is said once)"), notices);
            server.next();
            assertEquals(Optional.of("1"), server.next().header("Last-Event-ID"));
            assertEquals(0, server.further());
        }
    }

    @Test
    void connectionThatIsCutWithoutTheEndOfTlsIsTriedAgain() throws Exception {
        try (ServerSocket plain = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
                SseServer server = certificates.server("server", connection -> {
                    connection.send(connection.number == 0 ? SseServer.OK + "id: 1\ndata: a\n\n" : NO_CONTENT);
                    if (connection.number == 0) {
                        connection.hold();
                    }
                })) {
            CompletableFuture<Socket[]> first = cutter(plain, server.port());
            URI url = URI.create("https://127.0.0.1:" + plain.getLocalPort() + "/");
            client(url).http(trusting()).listen(event -> {
                for (Socket socket : first.join()) {
                    socket.close();
                }
            });
            assertEquals(1, notices.size(), notices.toString());
            assertTrue(notices.get(0).matches(".*/…: (connection lost, .*|the stream ended); connecting again in 0.01 s"), notices.get(0));
            server.next();
            assertEquals(Optional.of("1"), server.next().header("Last-Event-ID"));
        }
    }

    /** Passes bytes between its clients and a server; the sockets of the first pair can be closed. */
    private static CompletableFuture<Socket[]> cutter(ServerSocket plain, int port) {
        CompletableFuture<Socket[]> first = new CompletableFuture<>();
        daemon(() -> {
            while (true) {
                Socket client = plain.accept();
                Socket server = new Socket(InetAddress.getByName("127.0.0.1"), port);
                daemon(() -> client.getInputStream().transferTo(server.getOutputStream()));
                daemon(() -> server.getInputStream().transferTo(client.getOutputStream()));
                first.complete(new Socket[] {client, server});
            }
        });
        return first;
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException closed) {
                return;
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    // ---- a server that hangs ----

    private static CompletableFuture<Object> listen(SseClient client) {
        CompletableFuture<Object> end = new CompletableFuture<>();
        daemon(() -> {
            try {
                client.listen(event -> { });
                end.complete(null);
            } catch (Exception failure) {
                end.complete(failure);
            }
        });
        return end;
    }

    @Test
    void closeEndsItWithinTheHandshakeAndWithinTheStream() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
            SseClient client = client(URI.create("https://127.0.0.1:" + silent.getLocalPort() + "/")).http(trusting());
            CompletableFuture<Object> end = listen(client);
            try (Socket socket = silent.accept()) {
                socket.getInputStream().read();
                client.close();
                end.get(5, TimeUnit.SECONDS);
            }
        }
        CompletableFuture<Boolean> begun = new CompletableFuture<>();
        try (SseServer server = certificates.server("server", connection -> {
            connection.send(SseServer.OK);
            begun.complete(true);
            connection.hold();
        })) {
            SseClient client = client(server).http(trusting());
            CompletableFuture<Object> end = listen(client);
            begun.get(20, TimeUnit.SECONDS);
            client.close();
            end.get(5, TimeUnit.SECONDS);
        }
        assertEquals(List.of(), notices);
    }

    @Test
    void handshakeThatHangsIsGivenUpInTime() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
            SseClient client = client(URI.create("https://127.0.0.1:" + silent.getLocalPort() + "/secret")).http(trusting())
                .http(builder -> builder.connectTimeout(Duration.ofMillis(500))).maxRetries(1);
            Object end = listen(client).get(20, TimeUnit.SECONDS);
            assertEquals("https://127.0.0.1:" + silent.getLocalPort() + "/…: no connection in time; gave up after 1 retry",
                ((SseException) end).getMessage());
            assertEquals(1, notices.size(), notices.toString());
            assertFalse(notices.get(0).contains("secret"));
        }
    }

    @Test
    void connectionThatIsNotAnsweredIsClosedWhenItIsGivenUp() throws Exception {
        CountDownLatch closed = new CountDownLatch(3);
        try (SseServer server = certificates.server("server", connection -> {
            if (connection.number < 3) {
                connection.hold();
                closed.countDown();
            }
            connection.send(NO_CONTENT);
        })) {
            Script.here("sse-listen", "-q", "--cacert", certificates.authority().toString(), "--idle-timeout", "1", server.url("/")).assertIs(0, "");
            assertTrue(closed.await(20, TimeUnit.SECONDS), closed.getCount() + " still open");
        }
    }
}
