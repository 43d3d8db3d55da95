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
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import lib.sse.SseEvent;

/** Reads back what {@code EventJson} wrote. */
public final class EventReader {
    private static final JsonFactory JSON = JsonFactory.builder()
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
        .build();

    private EventReader() {}

    /**
     * An event: an object with a string {@code data}. {@code event} and {@code id} may be
     * missing and are then {@code "message"} and {@code ""}; other keys are passed over.
     *
     * @return empty for a comment, an object with a string {@code comment} and no {@code data}
     * @throws IllegalArgumentException for anything else; the message says what is wrong
     */
    public static Optional<SseEvent> read(byte[] bytes, int offset, int length) {
        try (JsonParser parser = JSON.createParser(bytes, offset, length)) {
            return read(parser);
        } catch (JsonProcessingException notJson) {
            String message = notJson.getOriginalMessage().replaceFirst(" \\(start marker at .*", "");
            throw new IllegalArgumentException("not JSON: " + message, notJson);
        } catch (IOException notUtf8) {
            throw new IllegalArgumentException("not JSON: " + notUtf8.getMessage(), notUtf8);
        }
    }

    /**
     * A datagram that is not text: an object with a base64 {@code bytes}.
     *
     * @return empty for anything else
     */
    public static Optional<byte[]> readBytes(byte[] line, int offset, int length) {
        byte[] bytes = null;
        try (JsonParser parser = JSON.createParser(line, offset, length)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    boolean found = parser.currentName().equals("bytes");
                    if (parser.nextToken() == JsonToken.VALUE_STRING && found) {
                        bytes = parser.getBinaryValue();
                    } else {
                        parser.skipChildren();
                    }
                }
            }
            return Optional.ofNullable(bytes);
        } catch (IOException notJson) {
            return Optional.empty();
        }
    }

    private static Optional<SseEvent> read(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new IllegalArgumentException("not a JSON object");
        }
        Map<String, String> fields = new HashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            if (parser.nextToken() == JsonToken.VALUE_STRING) {
                fields.put(name, parser.getText());
            } else if (name.equals("event") || name.equals("id") || name.equals("data")) {
                throw new IllegalArgumentException("\"" + name + "\" is not a string");
            } else {
                parser.skipChildren();
            }
        }
        if (parser.nextToken() != null) {
            throw new IllegalArgumentException("more than one JSON value");
        }
        if (!fields.containsKey("data") && fields.containsKey("comment")) {
            return Optional.empty();
        }
        if (!fields.containsKey("data")) {
            throw new IllegalArgumentException("no \"data\"");
        }
        return Optional.of(new SseEvent(
            fields.getOrDefault("event", "message"), fields.getOrDefault("id", ""), fields.get("data")));
    }
}
