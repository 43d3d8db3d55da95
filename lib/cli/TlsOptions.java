//DEPS info.picocli:picocli:4.7.7
//SOURCES Pem.java Reason.java
package lib.cli;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import picocli.CommandLine.Option;

/** Holds the options of TLS: whom to trust, and how to show who we are. */
final class TlsOptions {
    @Option(names = {"-k", "--insecure"}, order = 100,
        description = "Accept any certificate. A warning shows the key's pin, which you can give to --pinnedpubkey.")
    private boolean insecure;

    @Option(names = "--pinnedpubkey", paramLabel = "PINS", order = 101,
        description = "Accept only these keys: sha256//BASE64, separated by ';'. With -k, check nothing else. @FILE: read"
            + " them from FILE.")
    private String pinned;

    @Option(names = "--cacert", paramLabel = "FILE", order = 102,
        description = "Trust the certificates in FILE (PEM) instead of the JDK's.")
    private Path authorities;

    @Option(names = "--cert", paramLabel = "FILE", order = 103,
        description = "Present this certificate with its key: PEM or PKCS#12.")
    private Path certificate;

    @Option(names = "--pass", paramLabel = "PASS", order = 104,
        description = "Use this password for the key of --cert. @FILE: read it from FILE.")
    private String password = "";

    /**
     * Reads the files, and returns what sets up an HTTP client for https. That takes a while, so it waits for the first use.
     *
     * @param text    returns what an option's value stands for
     * @param notices receives the warnings of {@code --insecure}
     * @throws IOException              if a file cannot be used; the message names it
     * @throws IllegalArgumentException if a pin is malformed; the message names it
     */
    Consumer<HttpClient.Builder> settings(UnaryOperator<String> text, Consumer<String> notices) throws IOException {
        KeyStore trusted = authorities == null ? null : Pem.authorities(authorities);
        KeyManager[] keys = certificate == null ? null : Pem.keys(certificate, text.apply(password).toCharArray());
        List<String> pins = pinned == null ? List.of() : pins(text.apply(pinned));
        return builder -> builder.sslContext(context(trusted, keys, pins, notices));
    }

    private SSLContext context(KeyStore trusted, KeyManager[] keys, List<String> pins, Consumer<String> notices) {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            // The JDK's own checks the chain, the dates and the host's name, by its own authorities if none are given.
            X509ExtendedTrustManager usual = (X509ExtendedTrustManager) factory.getTrustManagers()[0];
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, new TrustManager[] {verifier(usual, pins, notices)}, null);
            return context;
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException("TLS: " + failure.getMessage(), failure);
        }
    }

    private static List<String> pins(String text) {
        List<String> pins = List.of(text.strip().split("[;\\s]+", -1));
        pins.stream().filter(pin -> !pin.matches("sha256//[A-Za-z0-9+/]{43}=")).findFirst().ifPresent(wrong -> {
            throw new IllegalArgumentException("--pinnedpubkey: '" + wrong
                + "' is no pin, expected sha256//BASE64 of 32 bytes, several separated by ';'");
        });
        return pins;
    }

    /** Checks for a pinned key first, then asks the JDK. HTTP clients verify by the engine; the other methods are not used. */
    private TrustManager verifier(X509ExtendedTrustManager usual, List<String> pins, Consumer<String> notices) {
        return new X509ExtendedTrustManager() {
            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
                String pin = pin(chain[0]);
                if (!pins.isEmpty() && !pins.contains(pin)) {
                    throw new CertificateException(new IllegalArgumentException(
                        "the server's key is " + pin + ", which --pinnedpubkey does not name"));
                }
                try {
                    usual.checkServerTrusted(chain, type, engine);
                } catch (CertificateException notTrusted) {
                    if (!insecure) {
                        throw notTrusted;
                    } else if (pins.isEmpty()) {
                        notices.accept("insecure: " + engine.getPeerHost() + ":" + engine.getPeerPort() + ": "
                            + Reason.ofCertificate(notTrusted) + "; going on all the same; --pinnedpubkey " + pin
                            + " takes this key only");
                    }
                }
            }

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) { throw notOpen(); }

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type) { throw notOpen(); }

            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) { throw notOpen(); }

            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) { throw notOpen(); }

            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type) { throw notOpen(); }

            @Override
            public X509Certificate[] getAcceptedIssuers() { return usual.getAcceptedIssuers(); }
        };
    }

    private static RuntimeException notOpen() { return new UnsupportedOperationException("only with an SSLEngine"); }

    private static String pin(X509Certificate certificate) throws CertificateException {
        try {
            byte[] key = certificate.getPublicKey().getEncoded();
            return "sha256//" + Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
        } catch (NoSuchAlgorithmException everyJavaHasIt) {
            throw new CertificateException(everyJavaHasIt);
        }
    }
}
