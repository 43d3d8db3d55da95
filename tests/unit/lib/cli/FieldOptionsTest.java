package lib.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import lib.cli.Fields.MissingFieldException;
import lib.sse.SseEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What {@code --each} and {@code --where} hand over. */
class FieldOptionsTest {

    private static FieldOptions options(String options) {
        FieldOptions made = new FieldOptions();
        new CommandLine(made).setOverwrittenOptionsAllowed(true).parseArgs(options.isEmpty() ? new String[0] : options.split(" "));
        return made;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        // The value is compared with what a format would write.
        "-w /on=true         | {\"on\":true}         | yes",
        "-w /on=true         | {\"on\":\"true\"}     | yes",
        "-w /on=true         | {\"on\":false}        | no",
        "-w /on=true         | {}                    | no",
        "-w /on=             | {\"on\":\"\"}         | yes",
        "-w /on=null         | {\"on\":null}         | yes",
        "-w /n=1             | {\"n\":1.0}           | no",
        "-w /n=1.0           | {\"n\":1.0}           | yes",
        "-w /a=[1,2]         | {\"a\":[1,2]}         | yes",
        "-w /a=[1,2]         | {\"a\":[1, 2]}        | no",
        "-w /a=b=c           | {\"a\":\"b=c\"}       | yes",
        "-w /a=!b            | {\"a\":\"!b\"}        | yes",
        "-w /=1              | {\"\":1}              | yes",
        "-w /a/0/b=1         | {\"a\":[{\"b\":1}]}   | yes",
        // A field that is missing is another.
        "-w /on!=true        | {\"on\":false}        | yes",
        "-w /on!=true        | {\"on\":true}         | no",
        "-w /on!=true        | {}                    | yes",
        "-w /on!=            | {\"on\":\"\"}         | no",
        "-w /a!=!=           | {\"a\":\"!=\"}        | no",
        // Whether it is there.
        "-w /on              | {\"on\":null}         | yes",
        "-w /on              | {}                    | no",
        "-w /on!             | {\"on!\":1}           | yes",
        // What is no JSON has no fields.
        "-w /on=true         | on                    | no",
        "-w /on!=true        | on                    | yes",
        "-w /on              | ``                    | no",
        // The data as a whole, JSON or not.
        "-w =on              | on                    | yes",
        "-w =on              | \"on\"                | no",
        "-w !=[DONE]         | [DONE]                | no",
        "-w !=[DONE]         | {\"a\":1}             | yes",
        "-w =~^\\[           | [DONE]                | yes",
        "-w <3               | 2                     | yes",
        // Numbers, also those that are text.
        "-w /n<3             | {\"n\":2.9}           | yes",
        "-w /n<3             | {\"n\":3}             | no",
        "-w /n<3             | {\"n\":-1e3}          | yes",
        "-w /n<=3            | {\"n\":3.0}           | yes",
        "-w /n<=3            | {\"n\":3.01}          | no",
        "-w /n>-1            | {\"n\":0}             | yes",
        "-w /n>2             | {\"n\":2}             | no",
        "-w /n>=2            | {\"n\":\"2.00\"}      | yes",
        "-w /n>=2            | {\"n\":1}             | no",
        "-w /n>1234567890123456788 | {\"n\":1234567890123456789} | yes",
        "-w /n>1234567890123456789 | {\"n\":1234567890123456789} | no",
        "-w /n<1e9           | {\"n\":1e999999999}   | no",
        // What is not a number is not less and not greater.
        "-w /n<3             | {\"n\":\"a\"}         | no",
        "-w /n>=3            | {\"n\":\"a\"}         | no",
        "-w /n<3             | {\"n\":null}          | no",
        "-w /n>=3            | {\"n\":true}          | no",
        "-w /n<3             | {\"n\":\"\"}          | no",
        "-w /n<3             | {\"n\":[1]}           | no",
        "-w /n<3             | {}                    | no",
        "-w /n>=3            | {}                    | no",
        "-w /n<3             | x                     | no",
        // Patterns, which may be found anywhere.
        "-w /s=~b            | {\"s\":\"abc\"}       | yes",
        "-w /s=~^b           | {\"s\":\"abc\"}       | no",
        "-w /s=~^o[nf]+$     | {\"s\":\"off\"}       | yes",
        "-w /s=~(?i)ON       | {\"s\":\"on\"}        | yes",
        "-w /s=~             | {\"s\":\"\"}          | yes",
        "-w /s=~             | {}                    | no",
        "-w /n=~^1           | {\"n\":12}            | yes",
        // Alternatives are on one pointer.
        "-w /a=1 -w /a=2     | {\"a\":2}             | yes",
        "-w /a=1 -w /a=2     | {\"a\":3}             | no",
        "-w /a=1 -w /a=2     | {}                    | no",
        "-w /a=1 -w /b=1 -w /a=2 | {\"a\":2,\"b\":1} | yes",
        "-w /a=1 -w /b=1 -w /a=2 | {\"a\":2,\"b\":2} | no",
        "-w =a -w =b         | b                     | yes",
        "-w /a=1 -w /a=~2    | {\"a\":2}             | no",
        "-w /n>1 -w /n<3     | {\"n\":2}             | yes",
        "-w /n>1 -w /n<3     | {\"n\":3}             | no",
        // A text that is JSON.
        "-w /p/on=true       | {\"p\":\"{\\\"on\\\":true}\"} | yes",
        // All must hold.
        "-w /a=1 -w /b=2     | {\"a\":1,\"b\":2}     | yes",
        "-w /a=1 -w /b=2     | {\"a\":1,\"b\":3}     | no",
        "-w /a!=1 -w /a!=2   | {\"a\":3}             | yes",
        "--where=/a=1        | {\"a\":1}             | yes",
        "``                  | on                    | yes"})
    void eventIsHandedOverWhereItIsWanted(String options, String data, String expected) throws Exception {
        List<SseEvent> events = new ArrayList<>();
        SseEvent event = new SseEvent("touch", "4", data);
        boolean any = options(options).pick(event, events::add, reason -> { throw new AssertionError(reason); });
        assertEquals(expected.equals("yes") ? List.of(event) : List.of(), events);
        assertEquals(expected.equals("yes"), any);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "-", value = {
        "--each /e           | {\"e\":[1.0, \"a b\", null, [ 2 ], {\"x\" : 1}]} | 1.0~a b~null~[ 2 ]~{\"x\" : 1}",
        "--each /e           | {\"e\":[]}            | -",
        "--each /e/1/f       | {\"e\":[0,{\"f\":[7]}]} | 7",
        "--each=             | [7, 8]                | 7~8",
        // Conditions look at the element.
        "--each /e -w /x=1   | {\"e\":[{\"x\":1},{\"x\":2},3,{\"x\":1,\"y\":2}],\"x\":2} | {\"x\":1}~{\"x\":1,\"y\":2}",
        "--each /e -w =a     | {\"e\":[\"a\",\"b\"]} | a",
        "--each /e -w !=a    | {\"e\":[\"a\",\"b\"]} | b",
        // Lists in lists.
        "--each= --each /d   | [{\"d\":[1,2]},{\"d\":[]},{\"d\":[3]}] | 1~2~3",
        "--each /a --each= --each /b | {\"a\":[[{\"b\":[1]}],[{\"b\":[2,3]},{\"b\":[4]}]]} | 1~2~3~4",
        "--each= --each /d -w ../t=u | [{\"d\":[1],\"t\":\"u\"},{\"d\":[2]},{\"t\":\"u\",\"d\":[3]}] | 1~3",
        "-w ../../t=u --each /l --each= | {\"l\":[[1,2]],\"t\":\"u\"} | 1~2",
        "-w ../../t=v --each /l --each= | {\"l\":[[1,2]],\"t\":\"u\"} | -",
        "--each= --each /d -w ../n>1 -w =x | [{\"d\":[\"x\"],\"n\":1},{\"d\":[\"x\",\"y\"],\"n\":2}] | x",
        // A list that is not asked for need not be there.
        "--each= --each /d -w ../t=u | [{\"t\":\"v\"},{\"d\":[1],\"t\":\"u\"}] | 1",
        "--each /d -w ..!=[DONE] | [DONE] | -",
        "--each /p/d         | {\"p\":\"{\\\"d\\\":[1,2]}\"} | 1~2"})
    void elementsAreHandedOverAsEvents(String options, String data, String expected) throws Exception {
        List<SseEvent> events = new ArrayList<>();
        options(options).pick(new SseEvent("touch", "4", data), events::add, reason -> { throw new AssertionError(reason); });
        List<String> elements = expected == null ? List.of() : List.of(expected.split("~"));
        assertEquals(elements.stream().map(one -> new SseEvent("touch", "4", one)).toList(), events);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "--each /e | {}              | the data has no list /e",
        "--each /e | {\"e\":{}}      | the data has no list /e",
        "--each /e | {\"e\":\"[1]\"} | the data has no list /e",
        "--each=   | {}              | the data is no list",
        "--each= --each /e | [{}]    | the data has no list /e",
        "--each /e -w ../t=u | {\"t\":\"u\"} | the data has no list /e",
        "--each /e | ``              | the data has no list /e"})
    void dataWithoutSuchAListIsSkipped(String options, String data, String reason) throws Exception {
        List<String> skipped = new ArrayList<>();
        options(options).pick(new SseEvent("e", "", data), event -> { throw new AssertionError(event.data()); }, skipped::add);
        assertEquals(List.of(reason), skipped);
    }

    @Test
    void elementThatTheHandlerCannotUseIsSkippedAndTheOthersAreNot() throws Exception {
        List<String> taken = new ArrayList<>();
        List<String> skipped = new ArrayList<>();
        boolean any = options("--each /e").pick(new SseEvent("e", "", "{\"e\":[1,2,3]}"), event -> {
            if (event.data().equals("2")) {
                throw new MissingFieldException("not 2");
            }
            taken.add(event.data());
        }, skipped::add);
        assertEquals(List.of(List.of("1", "3"), List.of("not 2"), true), List.of(taken, skipped, any));
    }

    @ParameterizedTest
    @CsvSource({"''", "--each="})
    void whatElseTheHandlerThrowsIsThrown(String options) {
        for (Exception thrown : new Exception[] {new IOException("full"), new IllegalArgumentException("bug")}) {
            assertEquals(thrown, assertThrows(Exception.class, () -> options(options).pick(new SseEvent("e", "", "[1]"), event -> {
                if (thrown instanceof IOException failure) {
                    throw failure;
                }
                throw (RuntimeException) thrown;
            }, reason -> { throw new AssertionError(reason); })));
        }
    }

    /** A pattern that goes into itself for each character would end the process. */
    @Test
    void textThatIsTooLongForAPatternIsSkipped() throws Exception {
        List<String> told = new ArrayList<>();
        FieldOptions options = options("-w =~^(a|b)*$");
        options.pick(new SseEvent("e", "", "ab".repeat(1 << 20)), event -> { throw new AssertionError(); }, told::add);
        options.pick(new SseEvent("e", "", "abba"), event -> told.add(event.data()), told::add);
        assertEquals(List.of("the text is too long for =~^(a|b)*$", "abba"), told);
    }
}
