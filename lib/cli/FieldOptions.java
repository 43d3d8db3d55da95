//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/SseEvent.java ../sse/SseParser.java Fields.java Format.java Tool.java
package lib.cli;

import static java.util.function.Predicate.not;

import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lib.cli.Fields.Field;
import lib.cli.Fields.MissingFieldException;
import lib.cli.Fields.Pointer;
import lib.cli.Format.Placeholder;
import lib.sse.SseEvent;
import lib.sse.SseParser;
import picocli.CommandLine.Option;

/** Holds the options that look into the data of events. */
public final class FieldOptions {
    @Option(names = {"-w", "--where"}, paramLabel = "CONDITION", order = 30,
        description = "Keep events by a field: /a=X (repeated: any X), /a!=X, /n<3 (<= > >=), /a=~REGEX, /a (exists); =X is"
            + " the whole data.")
    private void where(String option) {
        Condition condition = Condition.of(option);
        conditions.merge(condition.group(), condition, Condition::or);
    }

    @Option(names = "--each", paramLabel = "POINTER", order = 31,
        description = "Take each element of this list ('': the data is the list) as an event with that data."
            + " Repeatable.")
    private void each(String pointer) {
        if (Pointer.of(pointer).up() > 0) {
            throw new IllegalArgumentException("'" + pointer + "': expected a list below the data, such as /events");
        }
        each.add(pointer);
    }

    private final Map<String, Condition> conditions = new LinkedHashMap<>();
    private final List<String> each = new ArrayList<>();
    private final List<Pointer> inFormats = new ArrayList<>();
    /** The fields to read of the innermost elements, of the data around them, and so on; null for none. */
    private List<Fields> levels;
    /** The fields that were found, while an event is handed over. */
    private List<Map<String, Field>> found;
    private long taken;

    /** Returns whether each element of a list is asked for. */
    public boolean hasEach() { return !each.isEmpty(); }

    /** Returns whether the data has to be looked into. */
    public boolean areGiven() { return hasEach() || !conditions.isEmpty(); }

    /**
     * A condition of {@code --where}. Of those of one group, one has to hold.
     *
     * @param test takes the text of the field, or null if it is missing
     */
    private record Condition(String text, String group, Pointer pointer, Predicate<String> test) {
        private static final Pattern FORM = Pattern.compile("(?s)(.*?)(?:(=~|!?==?|[<>]=?)(.*))?");
        private static final Predicate<String> EXISTS = Objects::nonNull;
        private static final int LONGEST_NUMBER = 1000;

        static Condition of(String text) {
            Matcher form = FORM.matcher(text);
            form.matches();
            Pointer pointer = Pointer.of(form.group(1));
            String operator = Objects.requireNonNullElse(form.group(2), "");
            String group = operator.equals("=") ? pointer.text() + operator : text;
            return new Condition(text, group, pointer, test(text, operator, form.group(3)));
        }

        Condition or(Condition other) { return new Condition(text, group, pointer, test.or(other.test)); }

        private static Predicate<String> test(String text, String operator, String value) {
            try {
                return switch (operator) {
                    case "" -> EXISTS;
                    case "=" -> value::equals;
                    case "!=" -> not(value::equals);
                    case "=~" -> EXISTS.and(Pattern.compile(value).asPredicate());
                    case "==", "!==" -> throw new IllegalArgumentException(
                        "'" + text + "': expected " + text.replaceFirst("==", "="));
                    default -> EXISTS.and(comparison(operator, new BigDecimal(value)));
                };
            } catch (PatternSyntaxException mistake) {
                throw new IllegalArgumentException("'" + text + "': expected a regular expression: " + mistake.getDescription());
            } catch (NumberFormatException notANumber) {
                throw new IllegalArgumentException("'" + text + "': expected a number after " + operator);
            }
        }

        private static Predicate<String> comparison(String operator, BigDecimal bound) {
            int sign = operator.startsWith("<") ? -1 : 1;
            int least = operator.endsWith("=") ? 0 : 1;
            return field -> {
                try {
                    return field.length() <= LONGEST_NUMBER && sign * new BigDecimal(field).compareTo(bound) >= least;
                } catch (NumberFormatException notANumber) {
                    return false;
                }
            };
        }

        boolean holds(String data, Map<String, Field> found) {
            Field field = found.get(pointer.path());
            try {
                return test.test(pointer.path().isEmpty() ? data : field == null ? null : field.text());
            } catch (StackOverflowError tooLong) {
                throw new MissingFieldException("the text is too long for " + text);
            }
        }
    }

    /** Makes a format for the events that {@link #pick} hands over; {@code {../a}} is a field around an element. */
    public Format format(Tool tool, String option, String text, Placeholder... allowed) {
        Format made = tool.format(option, text, allowed);
        inFormats.addAll(made.pointers());
        pointers().filter(one -> one.up() > each.size()).findFirst().ifPresent(one -> {
            throw tool.usage("'" + one.text() + "': expected --each as many times as it goes up");
        });
        return made.fields(this::field);
    }

    private Stream<Pointer> pointers() {
        return Stream.concat(conditions.values().stream().map(Condition::pointer), inFormats.stream());
    }

    private Field field(Pointer pointer) {
        Field field = found.get(pointer.up()).get(pointer.path());
        if (field == null) {
            throw new MissingFieldException("the data has no " + pointer.text());
        }
        return field;
    }

    /**
     * Hands over an event if it is asked for, or one for each element of its list, which is then the data.
     *
     * @param skipped takes the reason when a field is missing that is needed, here or by the handler
     * @return whether the handler took anything
     */
    public boolean pick(SseEvent event, SseParser.Handler handler, Consumer<String> skipped) throws IOException {
        if (levels == null) {
            levels = IntStream.rangeClosed(0, each.size()).mapToObj(this::level).toList();
            found = new ArrayList<>(Collections.nCopies(levels.size(), Map.of()));
        }
        long before = taken;
        descend(each.size(), event, handler, skipped);
        found.replaceAll(here -> Map.of());
        return taken > before;
    }

    /** @param up how many lists above the innermost elements */
    private Fields level(int up) {
        List<String> list = up == 0 ? List.of() : List.of(each.get(each.size() - up));
        List<String> paths = Stream.concat(list.stream(),
            pointers().filter(one -> one.up() == up).map(Pointer::path).filter(not(String::isEmpty))).toList();
        return paths.isEmpty() ? null : new Fields(paths);
    }

    private void descend(int up, SseEvent event, SseParser.Handler handler, Consumer<String> skipped) throws IOException {
        try {
            Map<String, Field> here = levels.get(up) == null ? Map.of() : levels.get(up).read(event.data());
            for (Condition one : conditions.values()) {
                if (one.pointer().up() == up && !one.holds(event.data(), here)) {
                    return;
                }
            }
            found.set(up, here);
            if (up == 0) {
                handler.event(event);
                taken++;
            } else {
                Fields.forEach(list(up), event, element -> descend(up - 1, element, handler, skipped));
            }
        } catch (MissingFieldException missing) {
            skipped.accept(missing.getMessage());
        }
    }

    private String list(int up) {
        String pointer = each.get(each.size() - up);
        Field list = found.get(up).get(pointer);
        if (list == null || !list.isList()) {
            throw new MissingFieldException(pointer.isEmpty() ? "the data is no list" : "the data has no list " + pointer);
        }
        return list.text();
    }
}
