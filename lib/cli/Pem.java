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
import java.security.KeyStoreException;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.KeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

/** Reads certificates and private keys from files. An IOException names a file that cannot be used. */
public final class Pem {
    private static final Pattern BLOCK = Pattern.compile("(?s)-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----");
    private static final String NO_KEY = "no private key in it, expected one beside the certificate";

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
            throw new IOException("certificates " + file + ": " + Reason.of(failure), failure);
        }
    }

    /** Reads the certificate in a file with its private key: PEM, or PKCS#12. */
    static KeyManager[] keys(Path file, char[] password) throws IOException {
        try {
            String text = Files.readString(file, ISO_8859_1);
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(text.contains("-----BEGIN ") ? pem(text, password) : pkcs12(file, password), password);
            return factory.getKeyManagers();
        } catch (GeneralSecurityException | IOException failure) {
            String reason = failure instanceof UnrecoverableKeyException ? "wrong password" : Reason.of(failure);
            throw new IOException("certificate " + file + ": " + reason, failure);
        }
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static KeyStore pem(String text, char[] password) throws GeneralSecurityException, IOException {
        MatchResult block = blocks(text, ".*PRIVATE KEY").findFirst()
            .orElseThrow(() -> new GeneralSecurityException(NO_KEY));
        if (!block.group(1).equals("PRIVATE KEY")) {
            throw new GeneralSecurityException(block.group(1).startsWith("ENCRYPTED ") || block.group(2).contains(",ENCRYPTED")
                ? "the private key is encrypted: openssl pkcs12 -export -in FILE -out FILE.p12 makes a file to use instead"
                : "the private key is not in PKCS#8: openssl pkcs8 -topk8 -nocrypt converts it");
        }
        Certificate[] chain = certificates(text).toArray(Certificate[]::new);
        String kind = chain[0].getPublicKey().getAlgorithm();
        KeyStore store = emptyStore();
        try {
            KeySpec key = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(block.group(2)));
            store.setKeyEntry("key", KeyFactory.getInstance(kind).generatePrivate(key), password, chain);
            return store;
        } catch (IllegalArgumentException notBase64) {
            throw new GeneralSecurityException("the private key cannot be read", notBase64);
        } catch (InvalidKeySpecException notOne) {
            throw new GeneralSecurityException("the private key is none of the certificate's kind, " + kind, notOne);
        }
    }

    private static KeyStore pkcs12(Path file, char[] password) throws GeneralSecurityException {
        KeyStore store;
        try {
            store = KeyStore.getInstance(file.toFile(), password);
        } catch (KeyStoreException | IOException failure) {
            throw failure.getCause() instanceof UnrecoverableKeyException notDecrypted ? notDecrypted
                : new GeneralSecurityException("neither PEM nor a whole PKCS#12", failure);
        }
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias)) {
                return store;
            }
        }
        throw new GeneralSecurityException(NO_KEY);
    }

    private static Stream<MatchResult> blocks(String pem, String kind) {
        return BLOCK.matcher(pem).results().filter(block -> block.group(1).matches(kind));
    }

    private static Collection<? extends Certificate> certificates(String pem) throws CertificateException {
        String blocks = blocks(pem, "CERTIFICATE").map(MatchResult::group).collect(joining("\n"));
        if (blocks.isEmpty()) {
            throw new CertificateException("expected certificates in PEM, found none");
        }
        try {
            return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(blocks.getBytes(ISO_8859_1)));
        } catch (CertificateException failure) {
            throw new CertificateException("a certificate in it cannot be read", failure);
        }
    }
}
