package lib.cli;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lib.cli.Fields.Field;
import lib.cli.Fields.Pointer;
import lib.sse.SseEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fields of JSON by JSON pointers. */
class FieldsTest {

    private static String text(String pointer, String json) {
        Field field = new Fields(List.of(pointer)).read(json).get(pointer);
        return field == null ? null : field.text();
    }

    private static List<String> elements(String list) throws IOException {
        List<SseEvent> events = new ArrayList<>();
        Fields.forEach(list, new SseEvent("touch", "4", "all"), events::add);
        List<String> elements = events.stream().map(SseEvent::data).toList();
        assertEquals(elements.stream().map(one -> new SseEvent("touch", "4", one)).toList(), events);
        return elements;
    }

    // ---- which field ----

    /** The document of RFC 6901, section 5, and its pointers. */
    @ParameterizedTest
    @CsvSource(delimiter = ' ', quoteCharacter = '`', value = {
        "/foo `[\"bar\", \"baz\"]`", "/foo/0 bar", "/ 0", "/a~1b 1", "/c%d 2", "/e^f 3", "/g|h 4", "/i\\j 5", "/k\"l 6", "`/ ` 7", "/m~0n 8"})
    void pointersOfTheStandardPointWhereItSays(String pointer, String value) {
        String document = "{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3, \"g|h\": 4,"
            + " \"i\\\\j\": 5, \"k\\\"l\": 6, \" \": 7, \"m~n\": 8}";
        assertEquals(value, text(pointer, document));
        assertEquals(document, text("", document));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', nullValues = "-", quoteCharacter = '`', value = {
        // An index has no leading zeros and no sign; "-" is the place behind the last element.
        "/0 [7,8] 7", "/1 [7,8] 8", "/2 [7,8] -", "/01 [7,8] -", "/-1 [7,8] -", "/+1 [7,8] -", "/- [7,8] -", "/ [7,8] -",
        "/01 {\"01\":7} 7", "/- {\"-\":7} 7", "/0 {\"0\":7} 7", "/a [7] -",
        // Names are compared as they read, in either way of writing them.
        "/\u00E9 {\"\\u00e9\":7} 7", "/a~1b {\"a\\/b\":7} 7", "/~01 {\"~1\":7} 7", "/~01 {\"/\":7} -",
        "// {\"\":{\"\":7}} 7", "/a/ {\"a\":{\"\":7}} 7", "/a {\"A\":7} -",
        // What has nothing below it.
        "/a/b {\"a\":1} -", "/a/0 {\"a\":\"x\"} -", "/a {} -", "/a 1 -", "/a/b {\"a\":null} -", "/0 [] -",
        // Of one pointer the last counts.
        "/a {\"a\":1,\"a\":2} 2", "/a/b {\"a\":{\"b\":1},\"a\":{\"b\":2}} 2", "/a/b {\"a\":{\"b\":1},\"a\":7} 1",
        "/a/b {\"a\":7,\"a\":{\"b\":1,\"b\":3}} 3", "/b/a {\"a\":{\"b\":1},\"b\":{\"a\":2}} 2"})
    void fieldIsFoundOrNot(String pointer, String json, String value) {
        assertEquals(value, text(pointer, json));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', quoteCharacter = '`', value = {
        "/a 0 /a", "`` 0 ``", "/ 0 /", "/.. 0 /..", "/../a 0 /../a", "../a 1 /a", "../../a/b 2 /a/b", ".. 1 ``", "../.. 2 ``", "../ 1 /",
        "/a.b 0 /a.b", "/a*b 0 /a*b", "/a[b] 0 /a[b]", "/*a 0 /*a"})
    void pointerMayBeginAroundTheElement(String text, int up, String path) {
        assertEquals(new Pointer(text, up, path), Pointer.of(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "a", "a/b", ".a", "a.b[0].c", "/a[0]/b", "/a/[0]", "[0]", "#/a", "$.a", "../a[0]", "~", "/a~2", "/~", "/events/*/x", "/*/x", "/a/*",
        ".a[*].b", "/a[*]", "a.*"})
    void whatIsNoPointerIsNamed(String pointer) {
        assertEquals("'" + pointer + "': expected a JSON pointer such as /events/0/panelId (--each /events takes all elements;"
            + " in a name ~1 is a slash, and ~0 is ~)", assertThrows(IllegalArgumentException.class, () -> Pointer.of(pointer)).getMessage());
    }

    // ---- a text that is JSON itself ----

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", value = {
        "/p/a     | {\"p\":\"{\\\"a\\\":1}\"}            | 1",
        "/p/0     | {\"p\":\" [7, 8] \"}                 | 7",
        "/p       | {\"p\":\"{\\\"a\\\":1}\"}            | {\"a\":1}",
        "/a       | \"{\\\"a\\\":1}\"                    | 1",
        "/p/q/a   | {\"p\":\"{\\\"q\\\":\\\"{\\\\\\\"a\\\\\\\":1}\\\"}\"} | 1",
        "/p/a     | {\"p\":\"{\\\"a\\\":1\"}             | -",
        "/p/a     | {\"p\":\"{\\\"a\\\":1} x\"}          | -",
        "/p/a     | {\"p\":\"a\"}                        | -",
        "/p/0     | {\"p\":\"7\"}                        | -",
        "/p/a     | {\"p\":{\"a\":1},\"p\":\"{\\\"a\\\":2}\"} | 2",
        "/p/a     | {\"p\":\"{\\\"a\\\":1}\",\"p\":\"x\"}  | 1"})
    void pointerGoesOnInATextThatIsJson(String pointer, String json, String value) {
        assertEquals(value, text(pointer, json));
        assertEquals(value, text("/l/1" + pointer, "{\"l\":[0," + json + "]}"));
    }

    @Test
    void textThatIsJsonIsATextToo() {
        Map<String, Field> found = new Fields(List.of("/p", "/p/a")).read("{\"p\":\"{\\\"a\\\": 1}\"}");
        assertEquals(Map.of("/p", new Field(false, true, "{\"a\": 1}"), "/p/a", new Field(false, false, "1")), found);
    }

    // ---- its text ----

    static Stream<Arguments> values() {
        String digits = "1234567890".repeat(100);
        return Stream.of(
            arguments("\"\"", ""), arguments("\"a b\"", "a b"), arguments("\"\\\"\\\\\\/\\n\\u00e9\\ud83d\\ude00\"", "\"\\/\n\u00E9\uD83D\uDE00"),
            arguments("100", "100"), arguments("1.0E2", "1.0E2"), arguments("1e400", "1e400"), arguments("-0.10", "-0.10"), arguments("0", "0"),
            arguments(digits, digits), arguments("0." + digits.substring(1), "0." + digits.substring(1)),
            arguments("true", "true"), arguments("false", "false"), arguments("null", "null"),
            arguments("[ ]", "[ ]"), arguments("{\n}", "{\n}"), arguments("[ 1 ,\t2.50 , \"a b\" ]", "[ 1 ,\t2.50 , \"a b\" ]"),
            arguments("{ \"a\" : [ { } , null ] , \"b\\\\\" : \" \\\" , \" }", "{ \"a\" : [ { } , null ] , \"b\\\\\" : \" \\\" , \" }"),
            arguments("[\"\\u0041\\/\"]", "[\"\\u0041\\/\"]"));
    }

    @ParameterizedTest
    @MethodSource("values")
    void valueIsAsItStandsInTheJson(String json, String expected) {
        for (String around : new String[] {"%s", " %s ", "\r\n%s\t"}) {
            String value = String.format(around, json);
            assertEquals(expected, text("", value));
            assertEquals(expected, text("/a/1", "{\"a\" : [0," + value + ",2], \"b\":" + value + "}"));
        }
    }

    @Test
    void allPointersAreReadInOnePass() {
        List<String> pointers = List.of("/a", "/a/b", "/a/b/0", "", "/a/b/0", "/none");
        Map<String, Field> found = new Fields(pointers).read(" {\"a\": {\"b\": [\"[1]\"]}} ");
        assertEquals("{\"b\": [\"[1]\"]}, [\"[1]\"], [1], {\"a\": {\"b\": [\"[1]\"]}}",
            Stream.of("/a", "/a/b", "/a/b/0", "").map(one -> found.get(one).text()).collect(joining(", ")));
        assertEquals(4, found.size());
        assertEquals(List.of(false, true, false), Stream.of("/a", "/a/b", "/a/b/0").map(one -> found.get(one).isList()).toList());
    }

    @Test
    void elementsOfAListAreHandedOverAsFieldsAre() throws Exception {
        assertEquals(List.of("1.0", "a b", "null", "[ 1 , 2 ]", "{ \"a\" : [ ] }", "[ ]"),
            elements(text("", "[ 1.0 , \"a b\" , null , [ 1 , 2 ] , { \"a\" : [ ] } , [ ] ]")));
        assertEquals(List.of(), elements("[]"));
    }

    // ---- what is no JSON ----

    @ParameterizedTest
    @ValueSource(strings = {"", " \n", "{\"a\":1} {}", "1 2", "{\"a\":1}]", "x", "[DONE]", "{'a':1}", "{\"a\":01}", "{\"a\":", "{\"a\":\"", "[1,]", "NaN",
        "\uFEFF{\"a\":1}"})
    void whatIsNoJsonHasNoFields(String text) {
        assertEquals(Map.of(), new Fields(List.of("/a")).read(text));
    }

    @Test
    void nestingHasALimit() {
        assertEquals("[".repeat(999) + "]".repeat(999), text("/0", "[".repeat(1000) + "]".repeat(1000)));
        for (String open : List.of("[", "{\"a\":")) {
            assertNull(text("/0/a", open.repeat(1_000_000)));
        }
    }

    @Test
    void sixteenMebibytesAreRead() {
        String large = "x\\u0041".repeat((16 << 20) / 7);
        assertEquals("xA".repeat((16 << 20) / 7), text("/b", "{\"a\":[1],\"b\":\"" + large + "\"}"));
        assertEquals("7", text("/b/" + (4 << 20), "{\"b\":[" + "1, ".repeat(4 << 20) + "7]}"));
        String names = IntStream.range(0, 200_000).mapToObj(i -> "\"name" + i + "\":0").collect(joining(",", "{", "}"));
        assertEquals("0", text("/name199999", names));
        assertEquals(names, text("", names));
    }

    // ---- as a tree has it ----

    private static final List<String> NAMES = List.of("", "a", "b", "0", "1", "01", "~", "/", "~1", "\u00E9", "a\"b", "\\");
    private static final List<String> SCALARS = List.of("0", "-1", "1.0E2", "1e400", "0.10", "true", "false", "null", "9".repeat(1000));
    private static final List<String> TEXTS = List.of("", "x", "[1]", "{\"a\":1}", "\\", "\"", " , ", "\n", "\uD83D\uDE00", "\\u0041");

    /** @param names of the children of an object; null for a list */
    private record Tree(String text, List<String> names, List<Tree> children) {
        Tree at(List<String> path) {
            if (path.isEmpty()) {
                return this;
            }
            Tree last = null;
            for (int i = 0; i < children.size(); i++) {
                String name = names == null ? "" + i : names.get(i);
                Tree one = name.equals(path.get(0)) ? children.get(i).at(path.subList(1, path.size())) : null;
                last = one == null ? last : one;
            }
            return last;
        }
    }

    private static <T> T one(List<T> of, Random random) {
        return of.get(random.nextInt(of.size()));
    }

    private static String quoted(String text, Random random) {
        return text.chars().mapToObj(c -> c < ' ' || random.nextInt(8) == 0 ? String.format("\\u%04x", c)
            : c == '"' || c == '\\' ? "\\" + (char) c : "" + (char) c).collect(joining("", "\"", "\""));
    }

    private static String space(Random random) {
        return one(List.of("", "", " ", "\n", "\r\n\t "), random);
    }

    /** Makes a value; its JSON with white space goes to {@code json}. */
    private static Tree tree(int depth, StringBuilder json, Random random) {
        int kind = depth == 0 ? random.nextInt(2) : random.nextInt(6);
        if (kind < 2) {
            String text = kind == 0 ? one(SCALARS, random) : one(TEXTS, random);
            String written = kind == 0 ? text : quoted(text, random);
            json.append(written);
            List<String> below = kind == 0 ? List.of() : text.equals("[1]") ? List.of("0") : text.startsWith("{") ? List.of("a") : List.of();
            return new Tree(text, below, below.stream().map(name -> new Tree("1", List.of(), List.of())).toList());
        }
        boolean isList = kind < 4;
        List<String> names = isList ? null : new ArrayList<>();
        List<Tree> children = new ArrayList<>();
        int start = json.length();
        json.append(isList ? "[" : "{").append(space(random));
        for (int i = random.nextInt(4); i > 0; i--) {
            if (!isList) {
                names.add(one(NAMES, random));
                String name = quoted(names.get(names.size() - 1), random);
                json.append(name).append(space(random)).append(':').append(space(random));
            }
            children.add(tree(depth - 1, json, random));
            json.append(space(random)).append(i > 1 ? "," : "").append(space(random));
        }
        json.append(isList ? "]" : "}");
        return new Tree(json.substring(start), names, children);
    }

    @Test
    void fieldsAreThoseOfATree() {
        Random random = new Random(5);
        int foundInAll = 0;
        for (int i = 0; i < 5_000; i++) {
            StringBuilder json = new StringBuilder(space(random));
            Tree tree = tree(4, json, random);
            json.append(space(random));
            List<List<String>> paths = Stream.generate(() -> Stream.generate(() -> one(NAMES, random)).limit(random.nextInt(4)).toList()).limit(12).toList();
            List<String> pointers = paths.stream().map(path -> path.stream()
                .map(name -> "/" + name.replace("~", "~0").replace("/", "~1")).collect(joining())).toList();
            Map<String, Field> found = new Fields(pointers).read(json.toString());
            for (int p = 0; p < pointers.size(); p++) {
                Tree expected = tree.at(paths.get(p));
                Field field = found.get(pointers.get(p));
                String where = json + " at '" + pointers.get(p) + "'";
                assertEquals(expected == null ? null : expected.text(), field == null ? null : field.text(), where);
                foundInAll += expected == null ? 0 : 1;
            }
            assertTrue(pointers.containsAll(found.keySet()), found.toString());
        }
        assertTrue(foundInAll > 10_000, foundInAll + " fields");
    }

    @Test
    void elementsAreThoseOfATree() throws Exception {
        Random random = new Random(6);
        for (int i = 0; i < 5_000; i++) {
            StringBuilder json = new StringBuilder();
            Tree tree = tree(3, json, random);
            Field field = new Fields(List.of("")).read(json.toString()).get("");
            assertEquals(tree.names() == null, field.isList(), json.toString());
            if (field.isList()) {
                assertEquals(tree.children().stream().map(Tree::text).toList(), elements(field.text()), json.toString());
            }
        }
    }
}
