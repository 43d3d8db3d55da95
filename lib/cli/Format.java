//SOURCES ../sse/SseEvent.java EventJson.java Fields.java Payload.java
package lib.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.cli.Fields.Field;
import lib.cli.Fields.Pointer;
import lib.sse.SseEvent;

/**
 * Makes a text of an event, or of a line of input, by a template with placeholders in braces.
 *
 * <p>A brace that is not part of a word in braces stands for itself, so that JSON can be written as it is;
 * <code>{{</code> is one brace. {@code \n \t \r \0 \\ \xHH} are these bytes. The text is UTF-8 on the way out, and so
 * are all values but {@link Placeholder#LINE}, whose bytes pass through as they came.
 */
public final class Format {
    /**
     * Stands for a value: a part of the event, the whole of it as {@link EventJson} writes it, a line of input, the
     * time. A field of the data is written as {@code {/POINTER}}, with a JSON pointer. Of what a broker has, the topic is
     * in the place of the event's type, and the key in the place of its ID. With {@code json:} in front, as in
     * {@code {json:data}}, the value is JSON: a string in quotation marks, escaped.
     */
    public enum Placeholder {
        DATA, EVENT, ID, TOPIC, KEY, JSON, LINE, SOURCE, TIME, FIELD;

        @Override
        public String toString() { return this == FIELD ? "{/a}" : "{" + name().toLowerCase(Locale.ROOT) + "}"; }

        private boolean isWrittenAs(String word) {
            return this == FIELD ? word.startsWith("/") || word.startsWith("../") : toString().equals("{" + word + "}");
        }
    }

    /** Two braces, or a placeholder, or a mistaken one: {@code {data.x}}, {@code {events[0]}}, {@code {.x}}. */
    private static final Pattern BRACES = Pattern.compile(
        "\\{(?:\\{|(json:(?=[^\\s}]))?((?:/|(?:\\.\\./)+)[^}]*|[.$]*[A-Za-z_\\[][\\w.\\[\\]/*]*)\\})");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(x[0-9A-Fa-f]{2}|[ntr0\\\\])");

    /**
     * @param placeholder null for text that stands for itself, which has bytes
     * @param pointer     of a field
     */
    private record Part(Placeholder placeholder, boolean isJson, Pointer pointer, byte[] bytes) {}

    @FunctionalInterface
    public interface Sink {
        /** @param payload valid during the call only */
        void take(ByteBuffer payload) throws IOException;
    }

    private final List<Part> parts = new ArrayList<>();
    private final Payload payload = new Payload();
    private boolean dataIsLine;
    private Supplier<String> source;
    private Function<Pointer, Field> fields;
    private BiConsumer<SseEvent, Payload> json = (event, out) -> EventJson.write(event, null, null, out);

    /**
     * @param text    the template
     * @param allowed the placeholders that have a value where this template is used
     * @throws IllegalArgumentException for what looks like another placeholder; the message names both
     */
    public Format(String text, Placeholder... allowed) {
        Matcher braces = BRACES.matcher(text);
        int from = 0;
        while (braces.find()) {
            addText(text.substring(from, braces.start()));
            from = braces.end();
            if (braces.group(2) == null) {
                addText("{");
            } else {
                parts.add(part(braces, allowed));
            }
        }
        addText(text.substring(from));
    }

    List<Pointer> pointers() { return parts.stream().map(Part::pointer).filter(Objects::nonNull).toList(); }

    /** Sets where the fields come from. */
    Format fields(Function<Pointer, Field> current) { fields = current; return this; }

    /** Makes the value of {@link Placeholder#DATA} the line, whose bytes need not be text. */
    public Format dataIsLine() { dataIsLine = true; return this; }

    /** Sets the value of {@link Placeholder#SOURCE}, asked for when an event is written. */
    public Format source(Supplier<String> current) { source = current; return this; }

    /** Sets what writes {@link Placeholder#JSON}. The default is {@link EventJson} without a source and a time. */
    Format json(BiConsumer<SseEvent, Payload> writer) { json = writer; return this; }

    private void addText(String text) {
        if (!text.isEmpty()) {
            parts.add(new Part(null, false, null, unescaped(text)));
        }
    }

    private static byte[] unescaped(String text) {
        String bytes = new String(text.getBytes(UTF_8), ISO_8859_1); // each is a character
        return ESCAPE.matcher(bytes).replaceAll(escape -> Matcher.quoteReplacement(meaning(escape.group(1))))
            .getBytes(ISO_8859_1);
    }

    private static String meaning(String escape) {
        return Character.toString(escape.startsWith("x") ? Integer.parseInt(escape.substring(1), 16)
            : "\n\t\r\0\\".charAt("ntr0\\".indexOf(escape)));
    }

    private static Part part(Matcher braces, Placeholder... allowed) {
        boolean isJson = braces.group(1) != null;
        String word = braces.group(2);
        for (Placeholder one : allowed) {
            if (one.isWrittenAs(word) && !(isJson && one == Placeholder.JSON)) {
                return new Part(one, isJson, one == Placeholder.FIELD ? Pointer.of(word) : null, null);
            }
        }
        throw new IllegalArgumentException(Arrays.stream(allowed).map(Placeholder::toString)
            .collect(Collectors.joining(" ", braces.group() + " is not known here, expected one of ", " ({{ is a brace)")));
    }

    public boolean has(Placeholder one) { return parts.stream().anyMatch(part -> part.placeholder == one); }

    /** Returns whether an event is needed to write it: whether a placeholder other than the line or the time occurs. */
    public boolean needsEvent() {
        return parts.stream().map(Part::placeholder)
            .anyMatch(one -> one != null && one != Placeholder.LINE && one != Placeholder.TIME);
    }

    /** Returns whether this is {@code {json}} and nothing else. */
    public boolean isJson() { return parts.size() == 1 && parts.get(0).placeholder == Placeholder.JSON; }

    /**
     * Writes an event; a comment, which is an event without a type, only as JSON.
     *
     * @throws IllegalArgumentException if the data lacks a field of the template; nothing was taken then
     */
    public void write(SseEvent event, Sink sink) throws IOException { write(event, null, sink); }

    /**
     * Writes a line of input, as above. {@link Placeholder#JSON} is the line as it came.
     *
     * @param event what {@code EventReader} made of the line; null where this template {@linkplain #needsEvent needs
     *              none}
     */
    public void write(SseEvent event, byte[] line, Sink sink) throws IOException {
        payload.clear();
        for (Part part : parts) {
            if (part.placeholder == Placeholder.JSON && line == null) {
                json.accept(event, payload);
            } else if (part.placeholder == Placeholder.FIELD) {
                Field field = fields.apply(part.pointer);
                add(field.text().getBytes(UTF_8), part.isJson && field.isString());
            } else {
                add(part.placeholder == null ? part.bytes : switch (part.placeholder) {
                    case LINE, JSON, FIELD -> line;
                    case DATA -> dataIsLine ? line : event.data().getBytes(UTF_8);
                    case EVENT, TOPIC -> event.event().getBytes(UTF_8);
                    case ID, KEY -> event.id().getBytes(UTF_8);
                    case SOURCE -> source.get().getBytes(UTF_8);
                    case TIME -> EventJson.time(Instant.now()).getBytes(UTF_8);
                }, part.isJson);
            }
        }
        sink.take(payload.bytes());
    }

    private void add(byte[] value, boolean isQuoted) {
        if (isQuoted) {
            EventJson.string(new String(value, UTF_8), payload);
        } else {
            payload.add(value);
        }
    }
}
