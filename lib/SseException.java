package lib;

import java.io.IOException;

/** A subscription is over because connecting again is of no use, or is not wanted any more. */
public final class SseException extends IOException {
    private static final long serialVersionUID = 1;

    /** Why it is over. */
    public enum Kind {
        /** The server gave an answer that will not get better: a status, a content type, a redirect. */
        REFUSED,
        /** As many connections in a row failed as were to be tried. */
        GAVE_UP
    }

    private final Kind kind;

    public SseException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
