import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;

/**
 * What was measured, and the tables of it as Markdown. The values of a contestant are in the order of the rounds: what
 * stands at the same place was measured in the same round, in even ones from the first contestant to the last, in odd
 * ones backward.
 */
final class Results {
    private record Row(String what, List<Double> values, String unit, String bar, boolean atMost) {}

    private final Map<String, Map<String, List<Double>>> figures = new LinkedHashMap<>();
    private final List<Row> rows = new ArrayList<>();
    private final List<String> tables = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();

    void add(String figure, String contestant, double value) {
        figures.computeIfAbsent(figure, key -> new LinkedHashMap<>())
            .computeIfAbsent(contestant, key -> new ArrayList<>()).add(value);
    }

    void remark(String text) {
        System.err.println(text);
        remarks.add(text);
    }

    boolean has(String figure, String contestant) {
        return figures.getOrDefault(figure, Map.of()).containsKey(contestant);
    }

    int rounds(String figure, String contestant) {
        return has(figure, contestant) ? figures.get(figure).get(contestant).size() : 0;
    }

    /** A row of the goals: one figure of two contestants, one divided by the other; none if one of them is missing. */
    void ratio(String figure, String one, String other, String bar) {
        compare(figure, one, other, " / ", "", (a, b) -> a / b, bar);
    }

    /** A row with the difference of one figure of two contestants. */
    void difference(String figure, String one, String other, String unit, String bar) {
        compare(figure, one, other, " - ", unit, (a, b) -> a - b, bar);
    }

    /** A row with the largest of all values. */
    void largest(String figure, String contestant, String unit, String bar) {
        if (has(figure, contestant)) {
            List<Double> values = figures.get(figure).get(contestant);
            row("largest " + figure + ": " + contestant,
                List.of(values.stream().mapToDouble(Double::doubleValue).max().getAsDouble()), unit, bar);
        }
    }

    private void compare(String figure, String one, String other, String sign, String unit, DoubleBinaryOperator operator,
            String bar) {
        if (has(figure, one) && has(figure, other)) {
            List<Double> a = figures.get(figure).get(one);
            List<Double> b = figures.get(figure).get(other);
            row(figure + ": " + one + sign + other, IntStream.range(0, Math.min(a.size(), b.size()))
                .mapToObj(round -> operator.applyAsDouble(a.get(round), b.get(round))).toList(), unit, bar);
        }
    }

    private void row(String what, List<Double> values, String unit, String bar) {
        rows.add(new Row(what, values, unit, bar.replaceFirst("^[<>]= ", ""), bar.startsWith("<")));
    }

    /** A table of medians: who has one of these figures below one another, the figures side by side. */
    void table(String what, String... columns) {
        Set<String> contestants = new LinkedHashSet<>();
        for (String figure : columns) {
            contestants.addAll(figures.getOrDefault(figure, Map.of()).keySet());
        }
        if (contestants.isEmpty()) {
            return;
        }
        StringBuilder table = new StringBuilder("\n| " + what + " | " + String.join(" | ", columns) + " |\n|---|"
            + "---|".repeat(columns.length) + "\n");
        for (String contestant : contestants) {
            table.append("| ").append(contestant).append(" |");
            for (String figure : columns) {
                table.append(' ').append(has(figure, contestant) ? text(median(figures.get(figure).get(contestant))) : "")
                    .append(" |");
            }
            table.append('\n');
        }
        tables.add(table.toString());
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private static String medianOfEach(List<Double> values, int remainder, String unit) {
        List<Double> some = IntStream.range(0, values.size()).filter(round -> round % 2 == remainder)
            .mapToObj(values::get).toList();
        return some.isEmpty() || values.size() == 1 ? "" : text(median(some)) + unit;
    }

    private static String verdict(Row row) {
        double bar = Double.parseDouble(row.bar);
        double missing = row.atMost ? median(row.values) - bar : bar - median(row.values);
        return (row.atMost ? "<= " : ">= ") + row.bar + row.unit + " | "
            + (missing <= 0 ? "reached" : "missed by " + text(missing) + row.unit) + " |";
    }

    private static String text(double value) {
        int digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    void print() {
        System.out.println("| goal | median | forward | backward | bar | |\n|---|---|---|---|---|---|");
        for (Row row : rows) {
            System.out.println("| " + row.what + " | " + text(median(row.values)) + row.unit + " | "
                + medianOfEach(row.values, 0, row.unit) + " | " + medianOfEach(row.values, 1, row.unit) + " | "
                + verdict(row));
        }
        tables.forEach(System.out::print);
        System.out.println();
        remarks.forEach(System.out::println);
    }
}
