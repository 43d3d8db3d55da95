//DEPS com.fasterxml.jackson.core:jackson-core:2.22.4
//SOURCES ../sse/SseEvent.java Fields.java
package lib.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lib.sse.SseEvent;

/** Reads the lines that {@code EventJson} writes. */
public final class EventReader {
    private static final Set<String> OURS = Set.of("event", "id", "data");
    private static final Set<String> OF_A_COMMENT = Set.of("comment", "source", "time");

    private EventReader() {}

    /**
     * Reads an event: an object with a string {@code data}. {@code event} and {@code id} may be missing and are then
     * {@code "message"} and {@code ""}; other keys are passed over.
     *
     * @return empty for a comment: an object with a string {@code comment}, and no other keys than {@code EventJson} writes
     * @throws IllegalArgumentException for anything else; the message says what is wrong
     */
    public static Optional<SseEvent> read(byte[] line, int offset, int length) {
        Map<String, String> texts = texts(line, offset, length);
        String data = texts.get("data");
        if (data != null) {
            return Optional.of(new SseEvent(texts.getOrDefault("event", "message"), texts.getOrDefault("id", ""), data));
        } else if (texts.get("comment") == null || !OF_A_COMMENT.containsAll(texts.keySet())) {
            throw new IllegalArgumentException("no \"data\"");
        }
        return Optional.empty();
    }

    /** Returns the values of an object by their keys, null for one that is no string. */
    private static Map<String, String> texts(byte[] line, int offset, int length) {
        Map<String, String> texts = new HashMap<>();
        try (JsonParser parser = Fields.JSON.createParser(line, offset, length)
                .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("not a JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                boolean isText = parser.nextToken() == JsonToken.VALUE_STRING;
                if (!isText && OURS.contains(name)) {
                    throw new IllegalArgumentException("\"" + name + "\" is not a string");
                }
                texts.put(name, isText ? parser.getText() : null);
                parser.skipChildren();
            }
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException("more than one JSON value");
            }
        } catch (IOException notJson) {
            throw new IllegalArgumentException("not JSON", notJson);
        }
        return texts;
    }
}
