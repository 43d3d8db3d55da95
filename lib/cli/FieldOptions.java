//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/SseEvent.java ../sse/SseParser.java Fields.java
package lib.cli;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import lib.cli.Fields.Field;
import lib.cli.Fields.MissingFieldException;
import lib.sse.SseEvent;
import lib.sse.SseParser;
import picocli.CommandLine.Option;

/** The options that look into the data of events. */
public final class FieldOptions {
    @Option(names = {"-w", "--where"}, paramLabel = "POINTER=VALUE", order = 30,
        description = "Only where this field of the data is VALUE, as text; != in place of =: where it is not, or is missing;"
            + " POINTER alone: where it is there; =VALUE: where the data is. Repeatable: all must hold.")
    private void where(String condition) {
        conditions.add(Condition.of(condition));
        fields = new Fields(conditions.stream().map(Condition::pointer).toList());
    }

    @Option(names = "--each", paramLabel = "POINTER", order = 31,
        description = "One output for each element of this list in the data ('': the data is the list). {data} is then the"
            + " element, and pointers, those of --where too, begin there.")
    private void each(String pointer) {
        each = pointer;
        list = new Fields(List.of(pointer));
    }

    private final List<Condition> conditions = new ArrayList<>();
    /** Null without conditions. */
    private Fields fields;
    /** Null without {@code --each}, as the list is. */
    private String each;
    private Fields list;
    private long taken;

    /** Whether each element of a list is asked for. */
    public boolean hasEach() { return each != null; }

    /** Whether the data has to be looked into. */
    public boolean areGiven() { return each != null || !conditions.isEmpty(); }

    /** What {@code --where} asks for, in words; "" for nothing. */
    String wanted() {
        return conditions.isEmpty() ? ""
            : conditions.stream().map(Condition::option).collect(joining(" and ", " where ", ""));
    }

    /** @param value null if the field need only be there */
    private record Condition(String option, String pointer, boolean isNot, String value) {
        static Condition of(String option) {
            String[] parts = option.split("!?=", 2);
            return new Condition(option, parts[0], option.startsWith("!", parts[0].length()),
                parts.length == 1 ? null : parts[1]);
        }

        boolean holds(String data, Field field) {
            String text = pointer.isEmpty() ? data : field == null ? null : field.text();
            return value == null ? text != null : value.equals(text) != isNot;
        }
    }

    /**
     * Hands over an event if it is asked for, or one for each element of its list, which is then the data.
     *
     * @param skipped takes the reason when a field is missing that is needed, here or by the handler
     * @return whether the handler took anything
     */
    public boolean pick(SseEvent event, SseParser.Handler handler, Consumer<String> skipped) throws IOException {
        long before = taken;
        if (list == null) {
            handOver(event, handler, skipped);
            return taken > before;
        }
        try {
            Field found = list.read(event.data()).get(each);
            if (found == null || !found.isList()) {
                throw new MissingFieldException(each.isEmpty() ? "the data is no list" : "the data has no list " + each);
            }
            Fields.forEach(found.text(), event, element -> handOver(element, handler, skipped));
        } catch (MissingFieldException noList) {
            skipped.accept(noList.getMessage());
        }
        return taken > before;
    }

    private void handOver(SseEvent event, SseParser.Handler handler, Consumer<String> skipped) throws IOException {
        try {
            if (fields == null || holds(event.data())) {
                handler.event(event);
                taken++;
            }
        } catch (MissingFieldException missing) {
            skipped.accept(missing.getMessage());
        }
    }

    private boolean holds(String data) {
        Map<String, Field> found = fields.readIfJson(data);
        return conditions.stream().allMatch(one -> one.holds(data, found.get(one.pointer)));
    }
}
