package lib.sse;

import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/**
 * A TLS context that is made when the first connection needs it. To make one takes as long as the rest of a start, and
 * plain http needs none.
 *
 * <p>For use by one client, which makes one connection after the other.
 */
final class LateTls extends SSLContextSpi {
    private final Supplier<SSLContext> maker;
    private volatile String peer = "";
    private SSLContext made;

    LateTls(Supplier<SSLContext> maker) {
        this.maker = maker;
    }

    SSLContext context() {
        return new SSLContext(this, null, "TLS") {};
    }

    /**
     * Whose certificate the connections from now on have to show, where their URLs bear an address in place of the name;
     * "" where they bear the name.
     *
     * @return whether that is somebody else than before
     */
    boolean expect(String host) {
        boolean isOther = !host.equals(peer);
        peer = host;
        return isOther;
    }

    /** With the name for SNI, which java.net.http takes from the URL, and since JDK 25 not from anywhere else. */
    SSLParameters parameters() {
        SSLParameters parameters = new SSLParameters();
        try {
            if (!peer.isEmpty()) {
                parameters.setServerNames(List.of(new SNIHostName(peer)));
            }
        } catch (IllegalArgumentException noNameOfTheInternet) {
            return parameters;
        }
        return parameters;
    }

    /** The JDK's own context. */
    static SSLContext usual() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException broken) {
            throw new IllegalStateException("TLS: " + broken.getMessage(), broken);
        }
    }

    private synchronized SSLContext made() {
        if (made == null) {
            made = maker.get();
        }
        return made;
    }

    @Override
    protected SSLEngine engineCreateSSLEngine(String host, int port) {
        return made().createSSLEngine(peer.isEmpty() ? host : peer, port);
    }

    // ---- nothing of this is asked for by java.net.http ----

    @Override
    protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random) {}

    @Override
    protected SSLEngine engineCreateSSLEngine() { return made().createSSLEngine(); }

    @Override
    protected SSLSocketFactory engineGetSocketFactory() { return made().getSocketFactory(); }

    @Override
    protected SSLServerSocketFactory engineGetServerSocketFactory() { return made().getServerSocketFactory(); }

    @Override
    protected SSLSessionContext engineGetClientSessionContext() { return made().getClientSessionContext(); }

    @Override
    protected SSLSessionContext engineGetServerSessionContext() { return made().getServerSessionContext(); }
}
