package lib.cli;

import java.io.EOFException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;

/** Says why something failed, in the few words that a user needs. */
public final class Reason {
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

    private Reason() {}

    /** Returns one line, without the exception's class if it has a message. */
    public static String of(Throwable failure) {
        Throwable cause = cause(failure);
        String message = cause.getMessage() == null ? "" : cause.getMessage();
        return cause instanceof UnknownHostException || has(cause, UnresolvedAddressException.class) ? "host not found"
            : cause instanceof HttpConnectTimeoutException ? "no connection in time"
            : has(cause, NoRouteToHostException.class) ? "no route to host"
            : cause instanceof ConnectException && message.isEmpty() ? "connection refused"
            : cause instanceof NoSuchFileException ? "no such file"
            : cause instanceof AccessDeniedException ? "permission denied"
            : cause instanceof CharacterCodingException ? "not UTF-8"
            : cause instanceof FileSystemException file && file.getReason() != null ? file.getReason()
            : cause instanceof SSLException ? ofCertificate(cause)
            : message.endsWith("header parser received no bytes") ? "connection closed without an answer"
            : causes(cause).anyMatch(one -> ("" + one.getMessage()).startsWith("Connection reset")) ? "connection reset"
            : has(cause, EOFException.class) ? "the server broke off in the middle of its answer"
            : message.isBlank() ? cause.getClass().getSimpleName() : message;
    }

    /** Returns the cause of an exception that only says that a task failed. */
    static Throwable cause(Throwable failure) {
        boolean onlySays = failure instanceof CompletionException || failure instanceof ExecutionException;
        return onlySays && failure.getCause() != null ? cause(failure.getCause()) : failure;
    }

    /** Returns why a server was not trusted. */
    public static String ofCertificate(Throwable failure) {
        Throwable root = causes(failure).reduce(failure, (one, cause) -> cause);
        String message = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
        boolean isOther = root instanceof CertificateException && (message.startsWith("No ") || message.contains("match"));
        return has(failure, CertificateExpiredException.class) ? "the server's certificate has expired"
            : has(failure, CertificateNotYetValidException.class) ? "the server's certificate is not valid yet"
            : has(failure, CertPathBuilderException.class)
                ? "the server's certificate is self-signed, or from an authority that is not trusted"
            : root instanceof IllegalArgumentException ? message
            : isOther ? "the server's certificate is for another host: " + message
            : "TLS: " + message;
    }

    /** Escapes control characters, and marks that turn the direction of text. None may reach a terminal from the network. */
    static String printable(String text) {
        return UNPRINTABLE.matcher(text).replaceAll(one -> String.format("\\\\u%04x", one.group().codePointAt(0)));
    }

    static boolean has(Throwable failure, Class<? extends Throwable> kind) {
        return causes(failure).anyMatch(kind::isInstance);
    }

    private static Stream<Throwable> causes(Throwable failure) {
        return Stream.iterate(failure, Objects::nonNull, Throwable::getCause);
    }
}
