//SOURCES Reason.java
package lib.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.stream.Collectors.joining;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

/** Reads certificates and private keys from files. An IOException names a file that cannot be used. */
public final class Pem {
    private static final Pattern BLOCK = Pattern.compile("(?s)-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----");

    private Pem() {}

    /** Reads the certificates in a file, as authorities to trust. */
    public static KeyStore authorities(Path file) throws IOException {
        try {
            KeyStore store = emptyStore();
            for (Certificate authority : certificates(Files.readString(file, ISO_8859_1))) {
                store.setCertificateEntry("authority " + store.size(), authority);
            }
            return store;
        } catch (GeneralSecurityException | IOException failure) {
            throw new IOException("certificates " + file + ": " + Reason.of(failure) + "; expected PEM", failure);
        }
    }

    /** Reads the certificate in a file with its private key: PEM, or PKCS#12. */
    static KeyManager[] keys(Path file, char[] password) throws IOException {
        try {
            String text = Files.readString(file, ISO_8859_1);
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            KeyStore store = text.contains("-----BEGIN ") ? pem(text, password)
                : KeyStore.getInstance(file.toFile(), password);
            factory.init(store, password);
            return factory.getKeyManagers();
        } catch (GeneralSecurityException | IllegalArgumentException | IOException failure) {
            throw new IOException("certificate " + file + ": " + Reason.of(failure) + "; expected a certificate with"
                + " its key in PEM, unencrypted and in PKCS#8, or in PKCS#12 with its password in --pass", failure);
        }
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static KeyStore pem(String text, char[] password) throws GeneralSecurityException, IOException {
        Certificate[] chain = certificates(text).toArray(Certificate[]::new);
        String key = blocks(text, "PRIVATE KEY").map(block -> block.group(2)).findFirst()
            .orElseThrow(() -> new GeneralSecurityException("no such private key in it"));
        KeyStore store = emptyStore();
        store.setKeyEntry("key", KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm())
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(key))), password, chain);
        return store;
    }

    private static Stream<MatchResult> blocks(String pem, String kind) {
        return BLOCK.matcher(pem).results().filter(block -> block.group(1).equals(kind));
    }

    private static Collection<? extends Certificate> certificates(String pem) throws CertificateException {
        String blocks = blocks(pem, "CERTIFICATE").map(MatchResult::group).collect(joining("\n"));
        if (blocks.isEmpty()) {
            throw new CertificateException("no certificate in it");
        }
        return CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(blocks.getBytes(ISO_8859_1)));
    }
}
