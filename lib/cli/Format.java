//SOURCES ../sse/SseEvent.java EventJson.java Tool.java
package lib.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.sse.SseEvent;

/**
 * What is made of an event, or of a line of input: a text with placeholders in braces.
 *
 * <p>A brace that is not part of a word in braces stands for itself, so that JSON can be written as it is; <code>{{</code>
 * is one brace. The text is UTF-8 on the way out, and so are all values but {@link Placeholder#LINE}, whose bytes
 * pass through as they came.
 */
public final class Format {

    /** What stands for a value. */
    public enum Placeholder {
        /** The event's data. */
        DATA,
        /** The event type. */
        EVENT,
        /** The last event ID. */
        ID,
        /** The event as a JSON object: see {@link EventJson}. */
        JSON,
        /** The line of input. */
        LINE;

        @Override
        public String toString() {
            return "{" + name().toLowerCase(Locale.ROOT) + "}";
        }
    }

    private static final Pattern BRACES = Pattern.compile("\\{(\\{|[A-Za-z]+\\})");

    private record Part(Placeholder placeholder, byte[] text) {}

    private final List<Part> parts = new ArrayList<>();
    private final OutputStream out;
    private final boolean needsEvent;
    /** Made when it is first needed: loading the JSON library takes time at the start. */
    private EventJson json;

    /**
     * @param text    the template
     * @param out     where everything is written; it is neither flushed nor closed
     * @param allowed the placeholders that have a value where this template is used
     * @throws IllegalArgumentException for a word in braces that is not one of those; the message names it and them
     */
    public Format(String text, OutputStream out, Placeholder... allowed) throws IOException {
        this.out = out;
        Matcher braces = BRACES.matcher(text);
        int from = 0;
        while (braces.find()) {
            addText(text.substring(from, braces.start()));
            from = braces.end();
            if (braces.group().equals("{{")) {
                addText("{");
            } else {
                parts.add(new Part(placeholder(braces.group(), allowed), null));
            }
        }
        addText(text.substring(from));
        needsEvent = parts.stream().anyMatch(part -> part.placeholder != null && part.placeholder != Placeholder.LINE);
    }

    /**
     * The template that the user gave with {@code --format}.
     *
     * @param format the template, or {@code @FILE} that it is in
     * @throws picocli.CommandLine.ParameterException for one that can not be; the message says what is wrong with it
     */
    public static Format ofOption(Tool tool, String format, OutputStream out, Placeholder... allowed)
            throws IOException {
        try {
            return new Format(tool.text(format), out, allowed);
        } catch (IllegalArgumentException unknown) {
            throw tool.usage("--format: " + unknown.getMessage());
        }
    }

    private void addText(String text) {
        if (!text.isEmpty()) {
            parts.add(new Part(null, text.getBytes(StandardCharsets.UTF_8)));
        }
    }

    private static Placeholder placeholder(String word, Placeholder... allowed) {
        return Arrays.stream(allowed).filter(one -> one.toString().equals(word)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException(
                word + " is not known here, expected one of "
                    + Arrays.stream(allowed).map(Object::toString).collect(Collectors.joining(" "))
                    + " ({{ is a brace)"));
    }

    /** Whether the placeholder occurs. */
    public boolean has(Placeholder placeholder) {
        return parts.stream().anyMatch(part -> part.placeholder == placeholder);
    }

    /** Whether an event is needed to write it: whether a placeholder other than the line occurs. */
    public boolean needsEvent() {
        return needsEvent;
    }

    /** Whether this is {@code {json}} and nothing else. */
    public boolean isJson() {
        return parts.size() == 1 && parts.get(0).placeholder == Placeholder.JSON;
    }

    /**
     * Writes what becomes of an event.
     *
     * @param received for {@link Placeholder#JSON}: see {@link EventJson#write}
     */
    public void write(SseEvent event, Instant received) throws IOException {
        for (Part part : parts) {
            if (part.placeholder == Placeholder.JSON) {
                json().write(event, received);
            } else {
                out.write(part.placeholder == null ? part.text : value(part.placeholder, event));
            }
        }
    }

    /** Writes what becomes of a comment where this {@linkplain #isJson is JSON}. */
    public void writeComment(String text, Instant received) throws IOException {
        json().writeComment(text, received);
    }

    /**
     * Writes what becomes of a line of input. {@link Placeholder#JSON} is the line as it came.
     *
     * @param event what {@link EventJson#read} made of the line; null where this template {@linkplain #needsEvent
     *              needs none}
     */
    public void write(SseEvent event, byte[] line, int offset, int length) throws IOException {
        for (Part part : parts) {
            if (part.placeholder == Placeholder.LINE || part.placeholder == Placeholder.JSON) {
                out.write(line, offset, length);
            } else {
                out.write(part.placeholder == null ? part.text : value(part.placeholder, event));
            }
        }
    }

    private EventJson json() throws IOException {
        if (json == null) {
            json = new EventJson(out);
        }
        return json;
    }

    private static byte[] value(Placeholder placeholder, SseEvent event) {
        String value = switch (placeholder) {
            case DATA -> event.data();
            case EVENT -> event.event();
            case ID -> event.id();
            case JSON, LINE -> throw new IllegalStateException(placeholder + " is written by its caller");
        };
        return value.getBytes(StandardCharsets.UTF_8);
    }
}
