package tests.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;

/** Certificates and keys, made by the JDK's keytool: an authority, and what it signed or did not. */
public final class TestCertificates {
    public static final String PASSWORD = "changeit";
    private static final String HERE = "SAN=ip:127.0.0.1,ip:::1,ip:10.9.0.4,dns:localhost,dns:several.example";

    /** Each is made once for all test classes, because keytool is a JVM of its own for every key. */
    private static byte[] ofServer;
    private static byte[] all;

    private final Path folder;
    private final KeyStore store;

    private TestCertificates(Path folder, KeyStore store) {
        this.folder = folder;
        this.store = store;
    }

    /** Those of {@link #ofServer}, and what a client may be shown or show besides. */
    public static TestCertificates in(Path folder) throws Exception {
        return written(folder, all());
    }

    /** Only an authority and a server. */
    public static TestCertificates ofServer(Path folder) throws Exception {
        return written(folder, ofServer());
    }

    private static TestCertificates written(Path folder, byte[] store) throws Exception {
        Files.write(folder.resolve("all.p12"), store);
        return madeIn(folder);
    }

    private static synchronized byte[] ofServer() throws Exception {
        if (ofServer == null) {
            ofServer = with(new byte[0], List.of(
                List.of("authority", "-ext BC=ca:true"),
                List.of("server", "-signer authority", "-ext", HERE)));
        }
        return ofServer;
    }

    private static synchronized byte[] all() throws Exception {
        if (all == null) {
            String signed = "-signer authority";
            all = with(ofServer(), List.of(
                List.of("expired", signed, "-startdate -10d -validity 5", "-ext", HERE),
                List.of("early", signed, "-startdate +5d", "-ext", HERE),
                List.of("other-host", signed, "-ext SAN=dns:other.example"),
                List.of("self-signed", "-ext", HERE),
                List.of("client", signed)));
        }
        return all;
    }

    /** A store with these beside its own. */
    private static byte[] with(byte[] store, List<List<String>> further) throws Exception {
        Path file = Files.createTempDirectory("certificates").resolve("all.p12");
        try {
            if (store.length > 0) {
                Files.write(file, store);
            }
            for (List<String> one : further) {
                make(file, one.get(0), one.subList(1, one.size()));
            }
            return Files.readAllBytes(file);
        } finally {
            Files.deleteIfExists(file);
            Files.delete(file.getParent());
        }
    }

    /** Those that were made there before. */
    public static TestCertificates madeIn(Path folder) throws Exception {
        return new TestCertificates(folder,
            KeyStore.getInstance(folder.resolve("all.p12").toFile(), PASSWORD.toCharArray()));
    }

    private static void make(Path file, String alias, List<String> more) throws Exception {
        List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-J-XX:TieredStopAtLevel=1",
            "-genkeypair", "-storetype", "PKCS12", "-keystore", file.toString(), "-storepass", PASSWORD,
            "-alias", alias, "-keyalg", "EC", "-dname", "CN=" + alias));
        for (String option : more) {
            command.addAll(Arrays.asList(option.split(" ")));
        }
        run(command);
    }

    /** Runs a command to its end. */
    public static void run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output;
        try (InputStream in = process.getInputStream()) {
            output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertEquals(0, process.waitFor(), () -> command + ": " + output);
    }

    /** A server socket on loopback that shows this certificate. */
    public SSLServerSocket socket(String alias) throws Exception {
        return socket(alias, "127.0.0.1");
    }

    public SSLServerSocket socket(String alias, String address) throws Exception {
        return (SSLServerSocket) context(alias).getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getByName(address));
    }

    /** A server that shows this certificate. */
    public SseServer server(String alias, SseServer.Script script) throws Exception {
        return new SseServer(script, socket(alias), "https");
    }

    /** One that also wants a certificate from the authority. */
    public SseServer serverForClients(SseServer.Script script) throws Exception {
        SSLServerSocket socket = socket("server");
        socket.setNeedClientAuth(true);
        return new SseServer(script, (ServerSocket) socket, "https");
    }

    /** Shows this certificate, and trusts the authority. */
    public SSLContext context(String alias) throws Exception {
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry(alias, key(alias), new char[0], store.getCertificateChain(alias));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, new char[0]);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("authority", store.getCertificate("authority"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    public Key key(String alias) throws Exception {
        return store.getKey(alias, PASSWORD.toCharArray());
    }

    public Certificate[] chain(String alias) throws Exception {
        return store.getCertificateChain(alias);
    }

    /** A file with this key and its certificates, PKCS#12. */
    public Path pkcs12(String name, String alias, String password) throws Exception {
        KeyStore alone = KeyStore.getInstance("PKCS12");
        alone.load(null, null);
        alone.setKeyEntry(alias, key(alias), password.toCharArray(), chain(alias));
        try (OutputStream out = Files.newOutputStream(folder.resolve(name))) {
            alone.store(out, password.toCharArray());
        }
        return folder.resolve(name);
    }

    /** A certificate alone, in PEM. */
    public String pem(String alias) throws Exception {
        return pem("CERTIFICATE", store.getCertificate(alias).getEncoded());
    }

    public static String pem(String kind, byte[] content) {
        return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content)
            + "\n-----END " + kind + "-----\n";
    }

    /** The authority in a file, for {@code --cacert}. */
    public Path authority() throws Exception {
        return write("authority.pem", pem("authority"));
    }

    public Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }
}
