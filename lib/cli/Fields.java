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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sse.SseEvent;
import lib.sse.SseParser;

/**
 * Reads fields of JSON texts, named by JSON pointers (RFC 6901), in one pass and without a tree.
 *
 * <p>A string is its text. A number, {@code true}, {@code false} and {@code null} are as they stand in the JSON, and so
 * are lists and objects, but for white space. Of fields with one name the last counts. A pointer that goes on below a
 * string which is itself a JSON object or list goes on in that.
 */
final class Fields {
    static final JsonFactory JSON = JsonFactory.builder()
        .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build()).build();

    /** Says that the data is no JSON, or lacks a field. */
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

        /** @throws IllegalArgumentException for anything else; the message names it and the right form */
        static Pointer of(String text) {
            Matcher form = FORM.matcher(text);
            if (!form.matches()) {
                throw new IllegalArgumentException("'" + text + "': expected " + rightForm(text));
            }
            return new Pointer(text, form.group(1) == null ? 0 : (form.group(1).length() + 1) / 3, form.group(2));
        }

        static String rightForm(String text) {
            String right = withSlashes(text);
            int list = right.indexOf("/*");
            return list >= 0 ? "--each '" + right.substring(0, list) + "' and then '" + right.substring(list + 2) + "'"
                : !right.equals(text) && FORM.matcher(right).matches() ? right
                : "a JSON pointer such as /events/0/panelId (in a name ~1 is a slash, and ~0 is ~)";
        }

        /** Returns the pointer for a path as jq and JSONPath have it. */
        static String withSlashes(String path) {
            return path.replaceFirst("^[#$]+", "").replace("]", "").replaceAll("((?<!\\.)\\.(?!\\.)|[/\\[])+", "/")
                .replaceFirst("^(?!/|\\.\\./)", "/");
        }
    }

    /** A place that pointers lead to: the end of one, and before the names that others go on with. */
    private static final class Step {
        final Map<String, Step> next = new HashMap<>();
        String pointer;

        void forget(Map<String, Field> found) {
            found.remove(pointer);
            next.values().forEach(step -> step.forget(found));
        }
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

    /**
     * Returns the fields that a text has, by their pointers.
     *
     * @throws MissingFieldException if it is not JSON
     */
    Map<String, Field> read(String json) {
        Map<String, Field> found = new HashMap<>();
        try {
            read(json, first, found);
            return found;
        } catch (IOException notJson) {
            throw new MissingFieldException("the data is not JSON: " + reason(notJson));
        }
    }

    /** Returns the same, and no fields if it is not JSON. */
    Map<String, Field> readIfJson(String text) {
        try {
            return read(text);
        } catch (MissingFieldException notJson) {
            return Map.of();
        }
    }

    private static void read(String json, Step step, Map<String, Field> found) throws IOException {
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() == null) {
                throw new IOException("it is empty");
            }
            read(parser, json, step, found);
            if (parser.nextToken() != null) {
                throw new IOException("more than one value");
            }
        }
    }

    /** Reads the value that the parser is at, to its end. */
    private static void read(JsonParser parser, String json, Step step, Map<String, Field> found) throws IOException {
        step.forget(found);
        JsonToken token = parser.currentToken();
        boolean isList = token == JsonToken.START_ARRAY;
        int start = (int) parser.currentTokenLocation().getCharOffset();
        if (step.next.isEmpty()) {
            parser.skipChildren();
        } else if (token == JsonToken.VALUE_STRING) {
            try {
                read(parser.getText(), step, found);
            } catch (IOException text) {
                step.forget(found);
            }
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
            : compact(json, start, (int) parser.currentLocation().getCharOffset());
    }

    /** Leaves out white space outside of strings. */
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

    /** Returns why a text is not JSON. */
    static String reason(IOException notJson) {
        String reason = notJson instanceof JsonProcessingException syntax ? syntax.getOriginalMessage() : notJson.getMessage();
        return reason.replaceFirst(" \\(start marker at .*", "");
    }
}
