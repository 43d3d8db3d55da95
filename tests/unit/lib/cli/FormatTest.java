package lib.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.stream.Stream;
import lib.sse.SseEvent;
import lib.cli.Fields.Pointer;
import lib.cli.Format.Placeholder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of an event, or of a line, by a template. */
@Isolated("one of its tests sets the JVM's language")
class FormatTest {
    private static final SseEvent EVENT = new SseEvent("touch", "4", "a b");

    static Stream<Arguments> templates() {
        String json = "{\"event\":\"touch\",\"id\":\"4\",\"data\":\"a b\"}";
        return Stream.of(
            arguments("", ""),
            arguments("fixed text", "fixed text"),
            arguments("{data}", "a b"),
            arguments("{event}", "touch"),
            arguments("{id}", "4"),
            arguments("{json}", json),
            arguments("{event}:{id}:{data}", "touch:4:a b"),
            arguments("{id}{id}", "44"),
            arguments(" {data}\n", " a b\n"),
            arguments("id={id}, all={json}.", "id=4, all=" + json + "."),
            // A brace that is no part of a word in braces stands for itself.
            arguments("{", "{"),
            arguments("}", "}"),
            arguments("{}", "{}"),
            arguments("a{b", "a{b"),
            arguments("{data", "{data"),
            arguments("data}", "data}"),
            arguments("{ data }", "{ data }"),
            arguments("{data }", "{data }"),
            arguments("{1}", "{1}"),
            arguments("{a-b}", "{a-b}"),
            arguments("{\u00E9}", "{\u00E9}"),
            arguments("{\"on\":{\"value\":true}}", "{\"on\":{\"value\":true}}"),
            arguments("{\"text\":\"{data}\"}", "{\"text\":\"a b\"}"),
            // Two braces are one.
            arguments("{{", "{"),
            arguments("{{data}", "{data}"),
            arguments("{{data}}", "{data}}"),
            arguments("{{{data}", "{a b"),
            arguments("{{{{data}", "{{data}"),
            arguments("{{{{{data}}}", "{{a b}}"),
            arguments("{{unknown}", "{unknown}"),
            arguments("}}", "}}"),
            arguments("{data}}", "a b}"),
            arguments("$0 \\ %s \\n $1", "$0 \\ %s \n $1"),
            arguments("\u00E9\u20AC\uD83D\uDE00{id}\u2028", "\u00E9\u20AC\uD83D\uDE004\u2028"));
    }

    /** As FieldOptions does it. */
    private static Format withFields(String text, String data, Placeholder... allowed) {
        Format made = new Format(text, allowed);
        Fields fields = new Fields(made.pointers().stream().map(Pointer::path).toList());
        return made.fields(pointer -> fields.read(data).get(pointer.path()));
    }

    private static String written(Format template, SseEvent event) throws IOException {
        StringBuilder written = new StringBuilder();
        template.write(event, payload -> written.append(UTF_8.decode(payload)));
        return written.toString();
    }

    @ParameterizedTest
    @MethodSource("templates")
    void eventIsWrittenAsTheTemplateSays(String text, String expected) throws IOException {
        Format template = new Format(text, Placeholder.values());
        assertEquals(expected, written(template, EVENT));
        assertEquals(expected, written(template, EVENT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{id}", "$1", "\\", "{{", "", "\u00E9\uD83D\uDE00\0\n", "{\"a\":1}"})
    void valuesArePutInAsTheyAre(String value) throws IOException {
        Format template = new Format("<{data}|{event}|{id}>", Placeholder.values());
        assertEquals("<" + value + "|" + value + "|" + value + ">", written(template, new SseEvent(value, value, value)));
    }

    @Test
    void timeIsInJsonOnly() throws IOException {
        String written = written(new Format("{id} {json}", Placeholder.values())
            .json((event, out) -> EventJson.write(event, null, Instant.now(), out)), EVENT);
        String start = "4 {\"event\":\"touch\",\"id\":\"4\",\"data\":\"a b\",\"time\":\"";
        assertTrue(written.startsWith(start) && written.endsWith("Z\"}"), written);
        Instant time = Instant.parse(written.substring(start.length(), written.length() - 2));
        assertTrue(Duration.between(time, Instant.now()).abs().compareTo(Duration.ofMinutes(1)) < 0, written);
    }

    @Test
    void eventWithoutATypeIsWrittenAsAComment() throws IOException {
        assertEquals("{\"comment\":\"c\"}", written(new Format("{json}", Placeholder.JSON), new SseEvent("", "", "c")));
    }

    // ---- fields of the data

    private static final SseEvent TOUCH = new SseEvent("touch", "4",
        "{\"events\": [{\"panelId\": 101, \"gesture\": 1.0E0}], \"\": \"a\\nb\", \"on\": true, \"b}\": 1}");

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{/events/0/panelId} | 101",
        "{/events/0/gesture}{/on} | 1.0E0true",
        "<{/}> {id} | <a%nb> 4",
        "{/events} {/events/0} | [{\"panelId\": 101, \"gesture\": 1.0E0}] {\"panelId\": 101, \"gesture\": 1.0E0}",
        "{\"x\":{/events/0/panelId}} | {\"x\":101}",
        "\\x41{/on}\\n | Atrue%n",
        "{{/on} {{{/on} | {/on} {true",
        "{/on | {/on",
        "{ /on} | { /on}"})
    void fieldIsWrittenWhereItsPointerStands(String text, String expected) throws IOException {
        assertEquals(expected.replace("%n", "\n"), written(withFields(text, TOUCH.data(), Placeholder.values()), TOUCH));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{json:data}          | \"say \\\"{1}\\\"\\n\"",
        "{json:event}         | \"a\\\\b\"",
        "{json:id}            | \"\"",
        "{json:topic}{json:key} | \"a\\\\b\"\"\"",
        "{topic}{key}         | a\\b",
        "{json:source}        | \"h:1\"",
        "{json:line}          | \"l\\t\uFFFD\"",
        "{\"t\":{json:data}} {id} | {\"t\":\"say \\\"{1}\\\"\\n\"} ",
        "{{json:data}         | {json:data}",
        "{json:1}{json: data}{json:} | {json:1}{json: data}{json:}"})
    void valueIsWrittenAsJson(String text, String expected) throws IOException {
        byte[] line = {'l', '\t', (byte) 0xFF};
        StringBuilder written = new StringBuilder();
        new Format(text, Placeholder.values()).source(() -> "h:1").write(new SseEvent("a\\b", "", "say \"{1}\"\n"), line,
            payload -> written.append(UTF_8.decode(payload)));
        assertEquals(expected.strip(), written.toString().strip());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{json:/s}            | \"a\\\"b\\u2028\"",
        "{json:/n}            | 1.0E0",
        "{json:/b} {json:/0}  | true null",
        "{json:/l}            | [\"\\\"\", 2]",
        "{json:/o} {/o}       | { \"a\":1 } { \"a\":1 }",
        "{json:/t} {json:/t/a}| \"{\\\"a\\\":1}\" 1",
        "{\"s\":{json:/s},\"n\":{/n}} | {\"s\":\"a\\\"b\\u2028\",\"n\":1.0E0}"})
    void fieldIsWrittenAsJson(String text, String expected) throws IOException {
        String data = "{\"s\":\"a\\\"b\\u2028\", \"n\":1.0E0, \"b\":true, \"0\":null, \"l\":[\"\\\"\", 2], \"o\":{ \"a\":1 }, \"t\":\"{\\\"a\\\":1}\"}";
        assertEquals(expected, written(withFields(text, data, Placeholder.values()), new SseEvent("e", "", data)));
    }

    @Test
    void timeIsThatOfWriting() throws IOException {
        String written = written(new Format("{time} {json:time}", Placeholder.TIME), EVENT);
        assertTrue(written.matches("(\\S{10}T\\S{12}Z) \"\\S{10}T\\S{12}Z\""), written);
        Instant time = Instant.parse(written.replaceFirst(" .*", ""));
        assertTrue(Duration.between(time, Instant.now()).abs().compareTo(Duration.ofMinutes(1)) < 0, written);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{data.x}", "{data.x.y[0]}", "{data/x}", "{data[0]}", "{events[0]}", "{events[0].id}", "{dta}", "{database}", "{panel_id}",
        "{.x}", "{.[0].x}", "{[0]}", "{$.x[1]}", "{event.x}", "{json:x}", "{json:data.x}", "{json:events[0].x}", "{json:json}", "{field}",
        "{events[*].x}"})
    void whatLooksLikeAPlaceholderIsRefusedWithThoseThatAreKnown(String wrong) {
        for (String text : new String[] {wrong, "a " + wrong + " b {id}", "{/id}{{" + wrong}) {
            String message = assertThrows(IllegalArgumentException.class,
                () -> new Format(text, Placeholder.DATA, Placeholder.ID, Placeholder.FIELD)).getMessage();
            assertEquals(wrong + " is not known here, expected one of {data} {id} {/a} ({{ is a brace)", message);
        }
    }

    @ParameterizedTest
    @CsvSource({"{/events/*/x}, /events/*/x", "{json:/events[0]}, /events[0]", "{../a[0]}, ../a[0]"})
    void pointerThatMatchesNothingIsRefused(String text, String pointer) {
        assertEquals("'" + pointer + "': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements;"
            + " in a name ~1 is a slash, and ~0 is ~)", assertThrows(IllegalArgumentException.class,
            () -> new Format(text, Placeholder.DATA, Placeholder.FIELD)).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"on\":true}", "{\"a\":{\"b\":[{}]}}", "{'a':1}", "{on:true}", "{on: true}", "{ on }", "{a b}", "{1}", "{a,b}", "{[1,2]}", "{}",
        "{\n\t\"on\": true}", "\u001b{a", "$(x) ${", "{a-b}", "{-x}", "{...}"})
    void whatIsNoPlaceholderStandsForItself(String text) throws IOException {
        assertEquals(text, written(new Format(text, Placeholder.values()), EVENT));
    }

    // ---- lines

    @ParameterizedTest
    @CsvSource({
        "{line},           <\u00FF\u0000>",
        "[{line}{line}],   [<\u00FF\u0000><\u00FF\u0000>]",
        "{json},           <\u00FF\u0000>",
        "{id}={line},      4=<\u00FF\u0000>",
        "{data} {event},   a b touch",
        "fixed,            fixed",
        "{{line},          {line}"})
    void lineIsWrittenAsTheTemplateSays(String text, String expected) throws IOException {
        byte[] bytes = "<\u00FF\0>".getBytes(ISO_8859_1);
        StringBuilder written = new StringBuilder();
        new Format(text, Placeholder.values()).write(EVENT, bytes, line -> written.append(ISO_8859_1.decode(line)));
        assertEquals(expected, written.toString());
    }

    @Test
    void dataMayBeTheLineWhoseBytesAreNotText() throws IOException {
        StringBuilder written = new StringBuilder();
        new Format("{event} {data}", Placeholder.values()).dataIsLine()
            .write(EVENT, new byte[] {0, (byte) 0xFF}, payload -> written.append(ISO_8859_1.decode(payload)));
        assertEquals("touch \u0000\u00FF", written.toString());
    }

    @Test
    void lineNeedsNoEventWhereNoneOfItsPartsIsNamed() throws IOException {
        StringBuilder written = new StringBuilder();
        new Format("<{line}>", Placeholder.LINE).write(null, new byte[0], line -> written.append(UTF_8.decode(line)));
        assertEquals("<>", written.toString());
    }

    // ---- what a template is made of

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', value = {
        "{data},           DATA,       true,  false",
        "{event},          EVENT,      true,  false",
        "{id},             ID,         true,  false",
        "{json},           JSON,       true,  true",
        "{line},           LINE,       false, false",
        "{json}.,          JSON,       true,  false",
        "{json}{json},     JSON,       true,  false",
        "{line}{id},       LINE ID,    true,  false",
        "{line}{/a},       LINE FIELD, true,  false",
        "{line}{time},     LINE TIME,  false, false",
        "{json:line},      LINE,       false, false",
        "{json:data},      DATA,       true,  false",
        "{json:../a},      FIELD,      true,  false",
        "{{json}{data},    DATA,       true,  false",
        "fixed,            \"\",       false, false",
        "\"\",             \"\",       false, false",
        "{{line},          \"\",       false, false"})
    void templateKnowsWhatItIsMadeOf(String text, String has, boolean needsEvent, boolean isJson) throws IOException {
        Format template = new Format(text, Placeholder.values());
        for (Placeholder placeholder : Placeholder.values()) {
            assertEquals(has.contains(placeholder.name()), template.has(placeholder), placeholder.name());
        }
        assertEquals(needsEvent, template.needsEvent());
        assertEquals(isJson, template.isJson());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{dat}", "{Data}", "{DATA}", "{x}", "{line}", "{/x}", "{/}", "{data.x}"})
    void unknownWordIsRefusedWithTheWordsThatAreKnown(String word) {
        for (String text : new String[] {word, "a " + word + " b {id}", "{id}{{" + word}) {
            String message = assertThrows(IllegalArgumentException.class,
                () -> new Format(text, Placeholder.DATA, Placeholder.ID)).getMessage();
            assertEquals(word + " is not known here, expected one of {data} {id} ({{ is a brace)", message);
        }
    }

    @Test
    void wordsDoNotDependOnTheLanguageOfTheUser() throws IOException {
        Locale usual = Locale.getDefault();
        try {
            // Where "ID" in lower case has an i without a dot.
            Locale.setDefault(new Locale("tr", "TR"));
            assertTrue(new Format("{id}", Placeholder.ID).has(Placeholder.ID));
            assertFalse(new Format("{line}", Placeholder.LINE).needsEvent());
        } finally {
            Locale.setDefault(usual);
        }
    }
}
