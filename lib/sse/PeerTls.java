package lib.sse;

import java.security.SecureRandom;
import java.util.List;
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
 * A TLS context for a server whose address stands in the URL in place of its name: the certificate has to bear the name
 * all the same. java.net.http asks for engines only.
 */
final class PeerTls extends SSLContextSpi {
    private final SSLContext context;
    private final String name;

    private PeerTls(SSLContext context, String name) {
        this.context = context;
        this.name = name;
    }

    static SSLContext of(SSLContext context, String name) {
        return new SSLContext(new PeerTls(context, name), null, "TLS") {};
    }

    /** With the name for SNI, which java.net.http takes from the URL, and since JDK 25 not from anywhere else. */
    static SSLParameters parameters(String name) {
        SSLParameters parameters = new SSLParameters();
        try {
            parameters.setServerNames(List.of(new SNIHostName(name)));
        } catch (IllegalArgumentException noNameOfTheInternet) {
            return parameters;
        }
        return parameters;
    }

    @Override
    protected SSLEngine engineCreateSSLEngine(String address, int port) { return context.createSSLEngine(name, port); }

    @Override
    protected SSLEngine engineCreateSSLEngine() { return context.createSSLEngine(); }

    @Override
    protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random) {}

    @Override
    protected SSLSocketFactory engineGetSocketFactory() { return context.getSocketFactory(); }

    @Override
    protected SSLServerSocketFactory engineGetServerSocketFactory() { return context.getServerSocketFactory(); }

    @Override
    protected SSLSessionContext engineGetClientSessionContext() { return context.getClientSessionContext(); }

    @Override
    protected SSLSessionContext engineGetServerSessionContext() { return context.getServerSessionContext(); }
}
