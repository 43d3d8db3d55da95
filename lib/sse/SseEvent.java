package lib.sse;

/**
 * One dispatched event.
 *
 * @param event the event type; {@code "message"} where the stream named none
 * @param id    the last event ID in force when the event was dispatched, {@code ""} if there is none; it may
 *              come from an earlier event, and nothing says that it is unique
 * @param data  the data lines, joined by LF
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage">WHATWG HTML, 9.2.6</a>
 */
public record SseEvent(String event, String id, String data) {}
