//DEPS info.picocli:picocli:4.7.7
//SOURCES ../lib/cli/FieldOptions.java ../lib/cli/Format.java ../lib/cli/Tool.java ../lib/sse/SseEvent.java

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import lib.cli.FieldOptions;
import lib.cli.Format.Placeholder;
import lib.cli.Format;
import lib.cli.Tool;
import lib.sse.SseEvent;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say which messages of a broker are sent, and in which form. */
final class MessageFormat {
    @Option(names = {"-F", "--format"}, paramLabel = "TEMPLATE", order = 40,
        description = "Send this for each message: {data} {topic} {key} (Kafka) {time}, {/a} (a field), {../a}, {json:X},"
            + " \\n, \\xHH, {{. @FILE: it is in FILE.")
    private String format = "{data}";

    @Mixin
    private FieldOptions fields;

    interface Sink {
        /** @param key empty for none */
        void take(String topic, String key, byte[] payload) throws IOException;
    }

    /**
     * Returns where a broker hands its messages over.
     *
     * @param skipped takes the reason when a message lacks a field that the format needs
     * @param keys    {@link Placeholder#KEY} where messages have keys
     * @throws picocli.CommandLine.ParameterException for a mistake in the options
     */
    Sink sink(Tool tool, Format.Sink out, Consumer<String> skipped, Placeholder... keys) {
        Stream<Placeholder> usual = Stream.of(Placeholder.DATA, Placeholder.TOPIC, Placeholder.TIME, Placeholder.FIELD);
        Placeholder[] allowed = Stream.concat(usual, Stream.of(keys)).toArray(Placeholder[]::new);
        Format made = fields.format(tool, "--format", format, allowed).dataIsLine();
        return (topic, key, payload) -> fields.pick(new SseEvent(topic, key, new String(payload, UTF_8)),
            message -> made.write(message, fields.hasEach() ? message.data().getBytes(UTF_8) : payload, out),
            reason -> skipped.accept("a message was skipped: " + reason));
    }
}
