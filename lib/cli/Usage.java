//DEPS info.picocli:picocli:4.7.7
package lib.cli;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toList;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import picocli.CommandLine.Help;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Writes the options in the help, and mistakes on a command line. It repeats no argument that may be a secret. */
final class Usage {
    /** The headings above the options whose order is this or higher. A script's own options come first. */
    private static final NavigableMap<Integer, String> SECTIONS = new TreeMap<>(Map.of(
        0, "", 20, "Request:\n", 30, "Which events:\n", 40, "Output:\n", 60, "Datagrams:\n", 80, "Reconnecting:\n",
        100, "TLS and proxy:\n", 190, "General:\n"));

    private Usage() {}

    static String options(Help help) {
        Map<Integer, List<OptionSpec>> sections = help.commandSpec().options().stream()
            .collect(groupingBy(option -> SECTIONS.floorKey(option.order()), TreeMap::new, toList()));
        return sections.entrySet().stream()
            .map(section -> "\n" + SECTIONS.get(section.getKey()) + help.optionListExcludingGroups(section.getValue()))
            .collect(joining());
    }

    static String message(ParameterException mistake, String... args) {
        if (mistake instanceof UnmatchedArgumentException unmatched) {
            return unmatched.isUnknownOption() ? unknownOption(unmatched) : tooMany(unmatched);
        } else if (mistake instanceof MissingParameterException missing) {
            return missing(missing.getMissing(), args);
        }
        String message = (mistake.getCause() instanceof IllegalArgumentException reason ? reason : mistake).getMessage();
        ArgSpec option = mistake.getArgSpec();
        if (option == null || !message.startsWith("Invalid value")) {
            return withoutUrls(message);
        }
        String reason = message.substring(message.indexOf(": ") + 2)
            .replaceFirst("an int$", "a whole number up to " + Integer.MAX_VALUE).replaceFirst("a (long|double)$", "a number");
        return name(option) + ": "
            + (option.type().isEnum() ? "expected one of " + option.paramLabel().replace("|", ", ") : withoutUrls(reason));
    }

    private static String name(ArgSpec option) {
        return option instanceof OptionSpec named ? named.longestName() : option.paramLabel();
    }

    private static String unknownOption(UnmatchedArgumentException unmatched) {
        String typed = unmatched.getUnmatched().get(0);
        if (!typed.startsWith("--")) {
            return "unknown option '" + typed.substring(0, Math.min(2, typed.length())) + "'";
        }
        String similar = unmatched.getSuggestions().stream().sorted().collect(joining(" or "));
        return "unknown option '" + typed.replaceFirst("=.*", "") + "'"
            + (similar.isEmpty() ? "" : ", did you mean " + similar + "?");
    }

    private static String tooMany(UnmatchedArgumentException unmatched) {
        String expected = unmatched.getCommandLine().getCommandSpec().positionalParameters().stream()
            .map(ArgSpec::paramLabel).collect(joining(" "));
        return "too many arguments: expected " + (expected.isEmpty() ? "options only" : expected
            + "; text with spaces has to be quoted"
            + (expected.startsWith("URL") ? ", and further URLs begin with http:// or https://" : ""));
    }

    private static String missing(List<ArgSpec> missing, String... args) {
        String names = missing.stream().map(Usage::name).collect(joining(", "));
        if (missing.get(0) instanceof OptionSpec option) {
            return names + " needs a value: " + option.paramLabel();
        }
        boolean cut = Arrays.stream(args).anyMatch(one -> one.contains("?") && !one.contains("&"));
        return "missing " + names + (cut ? "; was the URL quoted? The shell ends a command at '&'" : "");
    }

    /** Leaves out the rest of a URL, which may hold a token. */
    private static String withoutUrls(String message) {
        return message.replaceAll("(://)(?!HOST|\\])[^\\s'\"]*", "$1\u2026");
    }
}
