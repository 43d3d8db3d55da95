//DEPS com.fasterxml.jackson.core:jackson-core:2.22.4
//SOURCES ../sse/SseEvent.java ../sse/SseParser.java
package lib.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sse.SseEvent;
import lib.sse.SseParser;

/**
 * Reads fields of JSON texts, named by JSON pointers (RFC 6901), in one pass and without a tree.
 *
 * <p>A string is its text. A number, {@code true}, {@code false} and {@code null} are as they stand in the JSON, and so
 * are lists and objects. Of fields with one pointer the last counts. A pointer that goes on below a
 * string which is itself a JSON object or list goes on in that.
 */
final class Fields {
    static final JsonFactory JSON = JsonFactory.builder()
        .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build()).build();

    /** Says that the data lacks a field. */
    static final class MissingFieldException extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        MissingFieldException(String message) { super(message); }
    }

    record Field(boolean isList, boolean isString, String text) {}

    /**
     * The place of a field: {@code /a} in the data, {@code ../a} in the data whose list the data is an element of.
     *
     * @param up   how many lists above the element the path begins
     * @param path a JSON pointer
     */
    record Pointer(String text, int up, String path) {
        /** Neither an index in brackets nor {@code *} for all names, because these match nothing. */
        private static final Pattern FORM = Pattern.compile(
            "(?s)(?!.*(?:/\\*(?:/|$)|\\[(?:\\d+|\\*)\\]))(\\.\\.(?:/\\.\\.)*)?((?:/(?:[^~]++|~[01])*)?)");

        /** @throws IllegalArgumentException for anything else; the message names it */
        static Pointer of(String text) {
            Matcher form = FORM.matcher(text);
            if (!form.matches()) {
                throw new IllegalArgumentException("'" + text + "': expected a JSON pointer such as /events/0/panelId"
                    + " (--each /events takes all elements; in a name ~1 is a slash, and ~0 is ~)");
            }
            return new Pointer(text, form.group(1) == null ? 0 : (form.group(1).length() + 1) / 3, form.group(2));
        }
    }

    /** A place that pointers lead to: the end of one, and before the names that others go on with. */
    private static final class Step {
        final Map<String, Step> next = new HashMap<>();
        String pointer;
    }

    private final Step first = new Step();

    /** @param pointers JSON pointers, each as {@link Pointer#path} */
    Fields(List<String> pointers) {
        for (String pointer : pointers) {
            Step step = first;
            List<String> names = List.of(pointer.split("/", -1));
            for (String name : names.subList(1, names.size())) {
                step = step.next.computeIfAbsent(name.replace("~1", "/").replace("~0", "~"), any -> new Step());
            }
            step.pointer = pointer;
        }
    }

    /** Returns the fields that a text has, by their pointers; none if it is not JSON. */
    Map<String, Field> read(String text) { return read(text, first); }

    private static Map<String, Field> read(String text, Step step) {
        Map<String, Field> found = new HashMap<>();
        try (JsonParser parser = JSON.createParser(text)) {
            if (parser.nextToken() != null) {
                read(parser, text, step, found);
            }
            return parser.nextToken() == null ? found : Map.of();
        } catch (IOException notJson) {
            return Map.of();
        }
    }

    /** Reads the value that the parser is at, to its end. */
    private static void read(JsonParser parser, String json, Step step, Map<String, Field> found) throws IOException {
        JsonToken token = parser.currentToken();
        boolean isList = token == JsonToken.START_ARRAY;
        int start = (int) parser.currentTokenLocation().getCharOffset();
        if (step.next.isEmpty()) {
            parser.skipChildren();
        } else if (token == JsonToken.VALUE_STRING) {
            found.putAll(read(parser.getText(), step));
        } else if (token.isStructStart()) {
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
            found.put(step.pointer, new Field(isList, token == JsonToken.VALUE_STRING, text(parser, json, start)));
        }
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
            : json.substring(start, (int) parser.currentLocation().getCharOffset());
    }
}
