import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What was measured, and the table of it. The values of a contestant are in the order of the rounds: what stands at the
 * same place was measured in the same round, in even ones from the first contestant to the last, in odd ones backward.
 */
final class Results {
    private record Row(String what, List<Double> values, String unit, String bar, boolean atMost) {}

    private final Map<String, Map<String, List<Double>>> figures = new LinkedHashMap<>();
    private final List<Row> rows = new ArrayList<>();
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

    double median(String figure, String contestant) {
        return median(figures.get(figure).get(contestant));
    }

    /** Of these, whose median is the smallest. */
    String smallest(String figure, List<String> contestants) {
        return contestants.stream().filter(one -> has(figure, one))
            .min((a, b) -> Double.compare(median(figure, a), median(figure, b))).orElse("");
    }

    /** A row with one figure of two contestants, one divided by the other; none if one of them is missing. */
    void ratio(String figure, String one, String other, String bar) {
        compare(figure, one, figure, other, " / ", "", (a, b) -> a / b, bar);
    }

    /** A row with the difference of two figures, which may be of one contestant. */
    void difference(String figure, String one, String otherFigure, String other, String unit, String bar) {
        compare(figure, one, otherFigure, other, " - ", unit, (a, b) -> a - b, bar);
    }

    /** A row with a figure as it is. */
    void value(String figure, String contestant, String unit, String bar) {
        if (has(figure, contestant)) {
            row(figure + ": " + contestant, figures.get(figure).get(contestant), unit, bar);
        }
    }

    private void compare(String figure, String one, String otherFigure, String other, String sign, String unit,
            DoubleBinaryOperator operator, String bar) {
        if (!has(figure, one) || !has(otherFigure, other)) {
            return;
        }
        List<Double> a = figures.get(figure).get(one);
        List<Double> b = figures.get(otherFigure).get(other);
        String what = figure.equals(otherFigure) ? figure + ": " + one + sign + other
            : one + ": " + figure + sign + otherFigure;
        row(what, IntStream.range(0, Math.min(a.size(), b.size()))
            .mapToObj(round -> operator.applyAsDouble(a.get(round), b.get(round))).toList(), unit, bar);
    }

    private void row(String what, List<Double> values, String unit, String bar) {
        rows.add(new Row(what, values, unit, bar.replaceFirst("^[<>]= ", ""), bar.startsWith("<")));
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private static String medianOfEach(List<Double> values, int remainder, String unit) {
        List<Double> some = IntStream.range(0, values.size()).filter(round -> remainder < 0 || round % 2 == remainder)
            .mapToObj(values::get).toList();
        return some.isEmpty() ? "" : text(median(some)) + unit;
    }

    private static String verdict(Row row) {
        if (row.bar.isEmpty()) {
            return "|  |  |";
        }
        double bar = Double.parseDouble(row.bar);
        double missing = row.atMost ? median(row.values) - bar : bar - median(row.values);
        return "| " + (row.atMost ? "<= " : ">= ") + row.bar + row.unit + " | "
            + (missing <= 0 ? "reached" : "missed by " + text(missing) + row.unit) + " |";
    }

    private static String text(double value) {
        int digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    void print() {
        System.out.println("| compared | median | forward | backward | bar | |\n|---|---|---|---|---|---|");
        for (Row row : rows) {
            System.out.println("| " + row.what + " | " + medianOfEach(row.values, -1, row.unit) + " | "
                + medianOfEach(row.values, 0, row.unit) + " | " + medianOfEach(row.values, 1, row.unit) + " "
                + verdict(row));
        }
        System.out.println("\nRaw figures: the median, and each round's\n");
        System.out.println("| figure | of | median | rounds |\n|---|---|---|---|");
        figures.forEach((figure, contestants) -> contestants.forEach((name, values) ->
            System.out.println("| " + figure + " | " + name + " | " + text(median(values)) + " | "
                + values.stream().map(Results::text).collect(Collectors.joining(" ")) + " |")));
        System.out.println();
        remarks.forEach(System.out::println);
    }
}
