package lib.sse;

import java.io.EOFException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/** Why something failed, in the few words that a user needs. */
public final class Reason {
    static final String CLOSED_UNANSWERED = "connection closed without an answer";
    private static final String NO_TUNNEL = "Tunnel failed, got: ";
    private static final Pattern BODY = Pattern.compile("chunked transfer encoding|fixed content-length");
    private static final String ALERT = "Received fatal alert: ";
    private static final Map<Class<?>, String> WORDS = Map.of(
        UnknownHostException.class, "host not found",
        HttpConnectTimeoutException.class, "no connection in time",
        NoRouteToHostException.class, "no route to host",
        NoSuchFileException.class, "no such file",
        AccessDeniedException.class, "permission denied");

    private Reason() {}

    /** One line without the exception's class, if it says something itself. */
    public static String of(Throwable failure) {
        Throwable cause = cause(failure);
        String message = String.valueOf(cause.getMessage());
        if (WORDS.containsKey(cause.getClass())) {
            return WORDS.get(cause.getClass());
        } else if (cause instanceof FileSystemException file && file.getReason() != null) {
            return file.getReason();
        } else if (cause instanceof SSLException) {
            return ofCertificate(cause);
        } else if (cause instanceof ConnectException && has(cause, UnresolvedAddressException.class)) {
            return "host not found";
        } else if (cause instanceof ConnectException && cause.getMessage() == null) {
            return "connection refused";
        } else if (message.endsWith("header parser received no bytes")) {
            return CLOSED_UNANSWERED;
        } else if (message.contains("\u0015\u0003")) {
            // The alert of a TLS server that read our request.
            return "the server speaks TLS: is it https?";
        } else if (has(cause, EOFException.class) && BODY.matcher(message).lookingAt()) {
            return "the server broke off in the middle of its answer";
        } else if (message.startsWith(NO_TUNNEL)) {
            return "HTTP status " + message.substring(NO_TUNNEL.length()) + " instead of a tunnel";
        }
        return cause.getMessage() == null || message.isBlank() ? cause.getClass().getSimpleName() : message;
    }

    /** What is behind an exception that only says that a task failed. */
    static Throwable cause(Throwable failure) {
        boolean onlySays = failure instanceof CompletionException || failure instanceof ExecutionException;
        return onlySays && failure.getCause() != null ? cause(failure.getCause()) : failure;
    }

    /** Why a server was not trusted. */
    public static String ofCertificate(Throwable failure) {
        if (has(failure, CertificateExpiredException.class)) {
            return "the server's certificate has expired";
        } else if (has(failure, CertificateNotYetValidException.class)) {
            return "the server's certificate is not valid yet";
        } else if (has(failure, CertPathBuilderException.class)) {
            return "the server's certificate is self-signed, or from an authority that is not trusted";
        }
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
        if (root instanceof SSLPeerUnverifiedException) {
            return message;
        } else if (root instanceof CertificateException && (message.startsWith("No ") || message.contains("match"))) {
            return "the server's certificate is for another host: " + message;
        } else if (message.contains(ALERT) && message.contains("certificate")) {
            return "the server wants a certificate, or does not trust ours ("
                + message.substring(message.indexOf(ALERT) + ALERT.length()) + ")";
        } else if (message.startsWith("Un") && message.contains(" SSL message")) {
            return "the server does not speak TLS: is it http?";
        }
        return "TLS: " + message;
    }

    static boolean has(Throwable failure, Class<? extends Throwable> kind) {
        return failure != null && (kind.isInstance(failure) || has(failure.getCause(), kind));
    }
}
