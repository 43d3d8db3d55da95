//DEPS com.fasterxml.jackson.core:jackson-core:2.22.4
//SOURCES ../sse/SseEvent.java ../sse/SseParser.java
package lib.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lib.sse.SseEvent;
import lib.sse.SseParser;

/**
 * Fields of JSON texts, named by JSON pointers (RFC 6901) and read in one pass, without a tree.
 *
 * <p>A string is its text. A number, {@code true}, {@code false} and {@code null} are as they stand in the JSON, and so
 * are lists and objects, but for white space. Of fields with one name the last counts.
 */
final class Fields {
    static final JsonFactory JSON = JsonFactory.builder()
        .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build()).build();

    /** The data is not what was asked for: no JSON, or without such a field. The message says which. */
    static final class MissingFieldException extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        MissingFieldException(String message) {
            super(message);
        }
    }

    record Field(boolean isList, String text) {}

    /** Where some pointers have come to: at the end of one, and before the names that others go on with. */
    private static final class Step {
        final Map<String, Step> next = new HashMap<>();
        String pointer;

        void forget(Map<String, Field> found) {
            found.remove(pointer);
            next.values().forEach(step -> step.forget(found));
        }
    }

    private final Step first = new Step();

    /** @throws IllegalArgumentException for what is no JSON pointer; the message names it */
    Fields(List<String> pointers) {
        for (String pointer : pointers) {
            if (!pointer.matches("(?s)(/.*)?") || pointer.matches("(?s).*~(?![01]).*")) {
                throw new IllegalArgumentException("'" + pointer + "': expected a JSON pointer such as /events/0/panelId"
                    + " (in a name ~1 is a slash, and ~0 is ~)");
            }
            Step step = first;
            List<String> names = List.of(pointer.split("/", -1));
            for (String name : names.subList(1, names.size())) {
                step = step.next.computeIfAbsent(name.replace("~1", "/").replace("~0", "~"), any -> new Step());
            }
            step.pointer = pointer;
        }
    }

    /**
     * The fields that a text has, by their pointers.
     *
     * @throws MissingFieldException if it is not JSON
     */
    Map<String, Field> read(String json) {
        Map<String, Field> found = new HashMap<>();
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() == null) {
                throw new MissingFieldException("the data is not JSON: it is empty");
            }
            read(parser, json, first, found);
            if (parser.nextToken() != null) {
                throw new MissingFieldException("the data is not JSON: more than one value");
            }
            return found;
        } catch (IOException notJson) {
            throw new MissingFieldException("the data is not JSON: " + reason(notJson));
        }
    }

    /** The same, where no JSON has no fields. */
    Map<String, Field> readIfJson(String text) {
        try {
            return read(text);
        } catch (MissingFieldException notJson) {
            return Map.of();
        }
    }

    /** Reads the value that the parser is at, to its end. */
    private static void read(JsonParser parser, String json, Step step, Map<String, Field> found) throws IOException {
        step.forget(found);
        boolean isList = parser.currentToken() == JsonToken.START_ARRAY;
        int start = (int) parser.currentTokenLocation().getCharOffset();
        if (step.next.isEmpty()) {
            parser.skipChildren();
        } else if (parser.currentToken().isStructStart()) {
            for (int index = 0; !parser.nextToken().isStructEnd(); index++) {
                Step next = step.next.get(isList ? "" + index : parser.currentName());
                if (!isList) {
                    parser.nextToken();
                }
                if (next == null) {
                    parser.skipChildren();
                } else {
                    read(parser, json, next, found);
                }
            }
        }
        if (step.pointer != null) {
            found.put(step.pointer, new Field(isList, text(parser, json, start)));
        }
    }

    /** The text of one of the fields that were found; thrown as by {@link #read} if it is not among them. */
    static String text(String pointer, Map<String, Field> found) {
        if (!found.containsKey(pointer)) {
            throw new MissingFieldException("the data has no " + pointer);
        }
        return found.get(pointer).text();
    }

    /**
     * Hands over an event for each element of a list, one after the other, so that they are not in memory together.
     *
     * @param list the text of a field
     */
    static void forEach(String list, SseEvent event, SseParser.Handler handler) throws IOException {
        try (JsonParser parser = JSON.createParser(list)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                int start = (int) parser.currentTokenLocation().getCharOffset();
                handler.event(new SseEvent(event.event(), event.id(), text(parser.skipChildren(), list, start)));
            }
        }
    }

    /** @param start where the value begins that the parser is at the end of */
    private static String text(JsonParser parser, String json, int start) throws IOException {
        return parser.currentToken().isScalarValue() ? parser.getText()
            : compact(json, start, (int) parser.currentLocation().getCharOffset());
    }

    /** Without white space outside of strings. */
    private static String compact(String json, int start, int end) {
        StringBuilder compact = new StringBuilder(end - start);
        boolean inString = false;
        for (int at = start; at < end; at++) {
            char one = json.charAt(at);
            inString ^= one == '"';
            if (inString || one > ' ') {
                compact.append(one);
            }
            if (one == '\\') {
                compact.append(json.charAt(++at));
            }
        }
        return compact.toString();
    }

    /** Why it is not JSON. */
    static String reason(IOException notJson) {
        String reason = notJson instanceof JsonProcessingException syntax ? syntax.getOriginalMessage() : notJson.getMessage();
        return reason.replaceFirst(" \\(start marker at .*", "");
    }
}
