//DEPS com.fasterxml.jackson.core:jackson-core:2.22.4
//SOURCES ../sse/SseEvent.java
package lib.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lib.sse.SseEvent;

/** Reads back what {@code EventJson} wrote. */
public final class EventReader {
    private static final JsonFactory JSON = JsonFactory.builder()
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
        .build();
    private static final Set<String> OURS = Set.of("event", "id", "data");

    private EventReader() {}

    /**
     * An event: an object with a string {@code data}. {@code event} and {@code id} may be missing and are then
     * {@code "message"} and {@code ""}; other keys are passed over.
     *
     * @return empty for a comment, an object with a string {@code comment} and no {@code data}
     * @throws IllegalArgumentException for anything else; the message says what is wrong
     */
    public static Optional<SseEvent> read(byte[] line, int offset, int length) {
        Map<String, String> texts = texts(line, offset, length);
        String data = texts.get("data");
        if (data == null && !texts.containsKey("comment")) {
            throw new IllegalArgumentException("no \"data\"");
        }
        return Optional.ofNullable(data)
            .map(text -> new SseEvent(texts.getOrDefault("event", "message"), texts.getOrDefault("id", ""), text));
    }

    /**
     * A datagram that is not text: an object with a base64 {@code bytes}.
     *
     * @return empty for anything else
     */
    public static Optional<byte[]> readBytes(byte[] line, int offset, int length) {
        try {
            return Optional.ofNullable(texts(line, offset, length).get("bytes")).map(Base64.getDecoder()::decode);
        } catch (IllegalArgumentException notOne) {
            return Optional.empty();
        }
    }

    private static Map<String, String> texts(byte[] line, int offset, int length) {
        try (JsonParser parser = JSON.createParser(line, offset, length)) {
            return texts(parser);
        } catch (JsonProcessingException notJson) {
            String message = notJson.getOriginalMessage().replaceFirst(" \\(start marker at .*", "");
            throw new IllegalArgumentException("not JSON: " + message, notJson);
        } catch (IOException notUtf8) {
            throw new IllegalArgumentException("not JSON: " + notUtf8.getMessage(), notUtf8);
        }
    }

    /** What is a string in an object, by its key. */
    private static Map<String, String> texts(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new IllegalArgumentException("not a JSON object");
        }
        Map<String, String> texts = new HashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            if (parser.nextToken() == JsonToken.VALUE_STRING) {
                texts.put(name, parser.getText());
            } else if (OURS.contains(name)) {
                throw new IllegalArgumentException("\"" + name + "\" is not a string");
            } else {
                parser.skipChildren();
            }
        }
        if (parser.nextToken() != null) {
            throw new IllegalArgumentException("more than one JSON value");
        }
        return texts;
    }
}
