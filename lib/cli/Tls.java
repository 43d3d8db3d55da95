//SOURCES ../sse/Reason.java Pem.java
package lib.cli;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import lib.sse.Reason;

/** Whom TLS trusts, and how we show who we are. */
final class Tls {
    private static final int LONGER_THAN_A_TICKET = (int) Duration.ofDays(8).toSeconds();

    private KeyStore authorities;
    private KeyManager[] keys;
    private boolean insecure;

    /**
     * Trusts the authorities in this file, which is read now, instead of the JDK's.
     *
     * @throws IOException if it cannot be used; the message names it
     */
    Tls authorities(Path pem) throws IOException {
        authorities = Pem.authorities(pem);
        return this;
    }

    /**
     * Shows this certificate to a server that asks for one.
     *
     * @param file     the chain and the private key (PKCS#8) in PEM, or both in PKCS#12; read now
     * @param password of the private key, or of the PKCS#12 file; empty if it is not encrypted
     * @throws IOException if it cannot be used; the message names it
     */
    Tls certificate(Path file, String password) throws IOException {
        keys = Pem.keys(file, password.toCharArray());
        return this;
    }

    /** Goes on with a server that is not trusted, and says each time why it is not. */
    Tls insecure() {
        insecure = true;
        return this;
    }

    /**
     * Makes the context, for {@link lib.sse.SseClient#tls}. It takes a while, so it waits until it is needed.
     *
     * @param notices takes what {@link #insecure} has to say
     */
    Supplier<SSLContext> context(Consumer<String> notices) {
        return () -> {
            try {
                X509ExtendedTrustManager verifier = verifier();
                SSLContext context = SSLContext.getInstance("TLS");
                context.init(keys, new TrustManager[] {insecure ? new Insecure(verifier, notices) : verifier}, null);
                if (insecure) {
                    // -k has to warn each time, and a resumed session skips the verification. A ticket of TLS 1.3 comes
                    // after the verification; the JDK drops it where sessions may live longer than RFC 8446, 4.6.1 allows.
                    context.getClientSessionContext().setSessionTimeout(LONGER_THAN_A_TICKET);
                }
                return context;
            } catch (GeneralSecurityException failure) {
                throw new IllegalStateException("TLS: " + failure.getMessage(), failure);
            }
        };
    }

    /** The JDK's own: it checks the chain, the dates and the host's name. */
    private X509ExtendedTrustManager verifier() throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(authorities);
        return (X509ExtendedTrustManager) Arrays.stream(factory.getTrustManagers())
            .filter(X509ExtendedTrustManager.class::isInstance).findFirst().orElseThrow();
    }

    /** Takes every server. HTTP clients verify by way of the engine, the other methods are as strict as ever. */
    private static final class Insecure extends X509ExtendedTrustManager {
        private final X509ExtendedTrustManager verifier;
        private final Consumer<String> notices;

        Insecure(X509ExtendedTrustManager verifier, Consumer<String> notices) {
            this.verifier = verifier;
            this.notices = notices;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            try {
                verifier.checkServerTrusted(chain, type, engine);
            } catch (CertificateException notTrusted) {
                notices.accept("insecure: " + Reason.ofCertificate(notTrusted) + "; going on all the same");
                engine.getHandshakeSession().invalidate(); // TLS 1.2 would resume it
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            verifier.checkServerTrusted(chain, type, socket);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            verifier.checkServerTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
            verifier.checkClientTrusted(chain, type, engine);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            verifier.checkClientTrusted(chain, type, socket);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            verifier.checkClientTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return verifier.getAcceptedIssuers();
        }
    }
}
