package lib.udp;

import java.net.NoRouteToHostException;

/** Why something failed, in the few words that a user needs. */
final class Reason {
    private Reason() {}

    static String of(Throwable failure) {
        String message = failure.getMessage();
        return failure instanceof NoRouteToHostException ? "no route to host"
            : message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    }
}
