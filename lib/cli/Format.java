//SOURCES ../sse/SseEvent.java EventJson.java
package lib.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
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
 * is one brace. {@code \n \t \r \0 \\ \xHH} are these bytes. The text is UTF-8 on the way out, and so are all values but {@link Placeholder#LINE}, whose bytes
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

    private static final Pattern ESCAPE = Pattern.compile("\\\\(x[0-9A-Fa-f]{2}|[ntr0\\\\])");
    private static final SseEvent NO_TEXT = new SseEvent("message", "", "");

    private record Part(Placeholder placeholder, byte[] text) {}

    /** Takes what was made. */
    @FunctionalInterface
    public interface Sink {
        /** @param payload valid during the call only */
        void take(ByteBuffer payload) throws IOException;
    }

    private static final class Payload extends ByteArrayOutputStream {
        private static final int KEPT = 1 << 20;

        ByteBuffer bytes() {
            return ByteBuffer.wrap(buf, 0, count);
        }

        @Override
        public void reset() {
            super.reset();
            if (buf.length > KEPT) {
                buf = new byte[0];
            }
        }
    }

    private final List<Part> parts = new ArrayList<>();
    private final Payload payload = new Payload();
    private final boolean needsEvent;
    private boolean timestamps;
    /** Made when it is first needed: loading the JSON library takes time at the start. */
    private EventJson json;

    /**
     * @param text    the template
     * @param allowed the placeholders that have a value where this template is used
     * @throws IllegalArgumentException for a word in braces that is not one of those; the message names it and them
     */
    public Format(String text, Placeholder... allowed) {
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

    /** Adds the time of arrival, which is now when an event is written, to {@link Placeholder#JSON}. */
    public Format timestamps() {
        timestamps = true;
        return this;
    }

    private void addText(String text) {
        if (!text.isEmpty()) {
            parts.add(new Part(null, unescaped(text)));
        }
    }

    private static byte[] unescaped(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Matcher escape = ESCAPE.matcher(text);
        int from = 0;
        while (escape.find()) {
            bytes.writeBytes(text.substring(from, escape.start()).getBytes(StandardCharsets.UTF_8));
            from = escape.end();
            String name = escape.group(1);
            bytes.write(name.startsWith("x") ? Integer.parseInt(name.substring(1), 16)
                : "\n\t\r\0\\".charAt("ntr0\\".indexOf(name)));
        }
        bytes.writeBytes(text.substring(from).getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
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

    /** Makes of an event what the template says; a comment, which is an event without a type, only as JSON. */
    public void write(SseEvent event, Sink sink) throws IOException {
        payload.reset();
        for (Part part : parts) {
            if (part.placeholder == Placeholder.JSON) {
                json().write(event, timestamps ? Instant.now() : null);
            } else {
                payload.write(part.placeholder == null ? part.text : value(part.placeholder, event));
            }
        }
        sink.take(payload.bytes());
    }

    /**
     * Makes of a line of input what the template says. {@link Placeholder#JSON} is the line as it came.
     *
     * @param event what {@link EventJson#read} made of the line; null where this template {@linkplain #needsEvent
     *              needs none}
     */
    public void write(SseEvent event, byte[] line, int offset, int length, Sink sink) throws IOException {
        write(event, null, line, offset, length, sink);
    }

    /** The same where {@link Placeholder#DATA} are these bytes, as {@link EventJson#readBytes} read them. */
    public void writeBytes(byte[] data, byte[] line, int offset, int length, Sink sink) throws IOException {
        write(NO_TEXT, data, line, offset, length, sink);
    }

    private void write(SseEvent event, byte[] data, byte[] line, int offset, int length, Sink sink)
            throws IOException {
        payload.reset();
        for (Part part : parts) {
            if (part.placeholder == Placeholder.LINE || part.placeholder == Placeholder.JSON) {
                payload.write(line, offset, length);
            } else if (part.placeholder == Placeholder.DATA && data != null) {
                payload.write(data);
            } else {
                payload.write(part.placeholder == null ? part.text : value(part.placeholder, event));
            }
        }
        sink.take(payload.bytes());
    }

    private EventJson json() throws IOException {
        if (json == null) {
            json = new EventJson(payload);
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
