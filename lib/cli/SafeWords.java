//SOURCES ../sse/Proxies.java ../sse/SseClient.java Reason.java Secrets.java
package lib.cli;

import java.net.URI;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import lib.sse.Proxies;
import lib.sse.SseClient;

/**
 * Words the failures and answers of one client without secrets. It has to see the requests: put it around the sender
 * first, where it sees what others add to a request, and last, where it sees what they take away.
 */
final class SafeWords implements UnaryOperator<SseClient.Sender> {
    private static final Pattern NO_TEXT = Pattern.compile("[\\p{Cc}&&[^\r\n\t]]");

    private final Proxies proxies;
    private final Secrets secrets;
    private volatile URI asked = URI.create("");
    /** The server that has answered last, in http. */
    private volatile String answered = "";

    /** @param secrets may be shared by several clients */
    SafeWords(Proxies proxies, Secrets secrets) {
        this.proxies = proxies;
        this.secrets = secrets;
    }

    @Override
    public SseClient.Sender apply(SseClient.Sender next) {
        return (request, body) -> {
            secrets.add(request);
            asked = request.uri();
            return next.send(request, head -> {
                answered = request.uri().getRawAuthority();
                return body.apply(head);
            });
        };
    }

    String failure(Throwable failure) {
        String reason = Reason.printable(secrets.clean(Reason.of(failure)));
        // A request that cannot be sent did not get to the proxy.
        if (Reason.cause(failure) instanceof IllegalArgumentException || asked.getHost() == null) {
            return reason;
        }
        // A TLS server that is asked in plain text ends the connection too.
        boolean mayBeTls = reason.equals(Reason.CLOSED_UNANSWERED) && asked.getScheme().equals("http")
            && !answered.equals(asked.getRawAuthority());
        return reason + proxies.name(asked).map(name -> " (through the " + name + ")").orElse(mayBeTls ? ": is it https?" : "");
    }

    String quote(String text) {
        return NO_TEXT.matcher(text).find() ? "" : secrets.clean(text);
    }
}
