//SOURCES ../sse/Reason.java
package lib.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.KeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.NoSuchPaddingException;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import lib.sse.Reason;

/** Whom TLS trusts, and how we show who we are. */
public final class Tls {
    private static final Pattern PEM_BLOCK = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final int LONGER_THAN_A_TICKET = (int) Duration.ofDays(8).toSeconds();
    private static final String NO_KEY = "no private key in it, expected one beside the certificate";
    private static final String BAD_KEY = "the private key can not be read";
    private static final List<String> KEY_KINDS = List.of("RSA", "EC", "Ed25519", "Ed448");

    private Path authorities;
    private Path certificate;
    private char[] password = {};
    private boolean insecure;

    /** Trust these authorities instead of the JDK's: a file of certificates in PEM. */
    public Tls authorities(Path pem) {
        authorities = pem;
        return this;
    }

    /**
     * Show this certificate to a server that asks for one.
     *
     * @param file the chain and the private key (PKCS#8) in PEM, or both in PKCS#12
     * @param key  what the private key, or the PKCS#12 file, is encrypted with; empty if it is not
     */
    public Tls certificate(Path file, String key) {
        certificate = file;
        password = key.toCharArray();
        return this;
    }

    /** Go on with a server that is not trusted, and say each time why it is not. */
    public Tls insecure() {
        insecure = true;
        return this;
    }

    /**
     * Reads the files and tells how to make a context of them, for {@link SseClient#tls}.
     *
     * @param notices takes what {@link #insecure} has to say
     * @throws IOException if a file cannot be read or used; the message names it
     */
    public Supplier<SSLContext> context(Consumer<String> notices) throws IOException {
        if (authorities != null) {
            readAuthorities(authorities);
        }
        KeyManager[] keys = certificate == null ? null : keyManagers();
        return () -> newContext(keys, notices);
    }

    private SSLContext newContext(KeyManager[] keys, Consumer<String> notices) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, new TrustManager[] {new Trust(authorities, insecure, notices)}, null);
            if (insecure) {
                // A resumed session is not verified again, so that nothing would be said. Tickets of TLS 1.3 come after
                // the verification; the JDK drops them where sessions are to live longer than RFC 8446, 4.6.1 allows.
                context.getClientSessionContext().setSessionTimeout(LONGER_THAN_A_TICKET);
            }
            return context;
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException("TLS: " + failure.getMessage(), failure);
        }
    }

    private KeyManager[] keyManagers() throws IOException {
        try {
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(keyStore(), password);
            return factory.getKeyManagers();
        } catch (UnrecoverableKeyException notDecrypted) {
            throw new IOException("certificate " + certificate + ": wrong password", notDecrypted);
        } catch (GeneralSecurityException | IOException failure) {
            throw new IOException("certificate " + certificate + ": " + Reason.of(failure), failure);
        }
    }

    private KeyStore keyStore() throws IOException, GeneralSecurityException {
        byte[] content = Files.readAllBytes(certificate);
        String text = new String(content, StandardCharsets.ISO_8859_1);
        if (!text.contains("-----BEGIN ")) {
            return pkcs12(content);
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("key", privateKey(text), password, certificates(text).toArray(Certificate[]::new));
        return store;
    }

    private KeyStore pkcs12(byte[] content) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(new ByteArrayInputStream(content), password);
        } catch (IOException failure) {
            throw failure.getCause() instanceof UnrecoverableKeyException notDecrypted ? notDecrypted
                : new GeneralSecurityException("neither PEM nor a whole PKCS#12", failure);
        }
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias)) {
                return store;
            }
        }
        throw new IOException(NO_KEY);
    }

    private PrivateKey privateKey(String pem) throws IOException, GeneralSecurityException {
        for (Matcher block = PEM_BLOCK.matcher(pem); block.find();) {
            switch (block.group(1)) {
                case "PRIVATE KEY" -> {
                    return privateKey(new PKCS8EncodedKeySpec(decoded(block.group(2))));
                }
                case "ENCRYPTED PRIVATE KEY" -> {
                    return privateKey(decrypted(decoded(block.group(2))));
                }
                case "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY" ->
                    throw new IOException("the private key is not in PKCS#8: openssl pkcs8 -topk8 -nocrypt converts it");
                default -> { }
            }
        }
        throw new IOException(NO_KEY);
    }

    private static byte[] decoded(String base64) throws IOException {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException notBase64) {
            throw new IOException(BAD_KEY, notBase64);
        }
    }

    private KeySpec decrypted(byte[] content) throws IOException {
        if (password.length == 0) {
            throw new IOException("the private key is encrypted, and there is no password");
        }
        EncryptedPrivateKeyInfo encrypted;
        try {
            encrypted = new EncryptedPrivateKeyInfo(content);
        } catch (IOException failure) {
            throw new IOException(BAD_KEY, failure);
        }
        // PBES2 names the algorithm in its parameters only.
        String algorithm = encrypted.getAlgName().equals("PBES2") || encrypted.getAlgName().startsWith("1.2.840.113549.1.5.13")
            ? String.valueOf(encrypted.getAlgParameters()) : encrypted.getAlgName();
        try {
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(Cipher.DECRYPT_MODE, SecretKeyFactory.getInstance(algorithm)
                .generateSecret(new PBEKeySpec(password)), encrypted.getAlgParameters());
            return encrypted.getKeySpec(cipher);
        } catch (NoSuchAlgorithmException | NoSuchPaddingException unknown) {
            throw new IOException("the private key is encrypted in a way that Java does not know: "
                + "openssl pkcs8 -topk8 -v2 aes-256-cbc makes one that it does", unknown);
        } catch (GeneralSecurityException notDecrypted) {
            throw new IOException("the private key can not be decrypted: wrong password?", notDecrypted);
        }
    }

    private static PrivateKey privateKey(KeySpec content) throws GeneralSecurityException {
        for (String kind : KEY_KINDS) {
            try {
                return KeyFactory.getInstance(kind).generatePrivate(content);
            } catch (InvalidKeySpecException anotherKind) {
                continue;
            }
        }
        throw new GeneralSecurityException("the private key is none of " + String.join(", ", KEY_KINDS));
    }

    private static List<X509Certificate> readAuthorities(Path file) throws IOException {
        try {
            return certificates(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (IOException failure) {
            throw new IOException("certificates " + file + ": " + Reason.of(failure), failure);
        }
    }

    private static List<X509Certificate> certificates(String pem) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Matcher block = PEM_BLOCK.matcher(pem); block.find();) {
                if (block.group(1).equals("CERTIFICATE")) {
                    InputStream content = new ByteArrayInputStream(block.group().getBytes(StandardCharsets.US_ASCII));
                    certificates.add((X509Certificate) factory.generateCertificate(content));
                }
            }
        } catch (CertificateException failure) {
            throw new IOException("a certificate in it can not be read", failure);
        }
        if (certificates.isEmpty()) {
            throw new IOException("expected certificates in PEM, found none");
        }
        return certificates;
    }

    /** The JDK's own verification, the host's name included, with authorities of the user and mercy where asked for. */
    private static final class Trust extends X509ExtendedTrustManager {
        private final Path authorities;
        private final boolean insecure;
        private final Consumer<String> notices;
        private X509ExtendedTrustManager verifier;

        Trust(Path authorities, boolean insecure, Consumer<String> notices) {
            this.authorities = authorities;
            this.insecure = insecure;
            this.notices = notices;
        }

        private synchronized X509ExtendedTrustManager verifier() throws CertificateException {
            if (verifier == null) {
                try {
                    verifier = newVerifier();
                } catch (GeneralSecurityException | IOException failure) {
                    throw new CertificateException(Reason.of(failure), failure);
                }
            }
            return verifier;
        }

        private X509ExtendedTrustManager newVerifier() throws GeneralSecurityException, IOException {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            KeyStore store = null;
            if (authorities != null) {
                store = KeyStore.getInstance(KeyStore.getDefaultType());
                store.load(null, null);
                for (X509Certificate authority : readAuthorities(authorities)) {
                    store.setCertificateEntry("authority " + store.size(), authority);
                }
            }
            factory.init(store);
            return (X509ExtendedTrustManager) Arrays.stream(factory.getTrustManagers())
                .filter(X509ExtendedTrustManager.class::isInstance).findFirst().orElseThrow();
        }

        @FunctionalInterface
        private interface Check {
            void run() throws CertificateException;
        }

        private void check(Check check, SSLSession session) throws CertificateException {
            try {
                check.run();
            } catch (CertificateException notTrusted) {
                if (!insecure) {
                    throw notTrusted;
                }
                notices.accept("insecure: " + Reason.ofCertificate(notTrusted) + "; going on all the same");
                if (session != null) {
                    // TLS 1.2 would resume this one.
                    session.invalidate();
                }
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(() -> verifier().checkServerTrusted(chain, type, engine), engine.getHandshakeSession());
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(() -> verifier().checkServerTrusted(chain, type, socket), null);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(() -> verifier().checkServerTrusted(chain, type), null);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("we are no server");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            throw new CertificateException("we are no server");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("we are no server");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
