//DEPS info.picocli:picocli:4.7.7
//SOURCES Tool.java
package lib.cli;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine;

/** Reads the files that {@code --config} names, with one option or argument a line. No shell reads their words. */
final class Config {
    /** A name, then a space, a {@code =}, or a {@code =} between spaces, and the value behind it as it stands. */
    private static final Pattern OPTION =
        Pattern.compile("(--[^\\s=]+|-[^\\s=-](?=[\\s=]|$)|[A-Za-z][\\w-]*(?=[\\s=]|$))(?:(?:\\s+=\\s+|=|\\s+)(.*))?");

    /** The option is null for an argument, and where there is no such option. */
    private record Line(String place, OptionSpec option, String value) {}

    private final List<Line> lines = new ArrayList<>();
    private ParseResult typed;

    /** Returns the words in the files, and behind them those that were typed. */
    String[] words(CommandSpec command, String... words) {
        CommandSpec names = CommandSpec.create();
        names.parser().collectErrors(true).unmatchedArgumentsAllowed(true).allowOptionsAsOptionParameters(true);
        command.options().forEach(option -> names.addOption(OptionSpec.builder(option.names())
            .arity("" + option.arity().max()).type(List.class).auxiliaryTypes(String.class).build()));
        typed = new CommandLine(names).setExpandAtFiles(false).parseArgs(words);
        List<String> all = new ArrayList<>();
        for (String file : typed.matchedOptionValue("--config", List.<String>of())) {
            int number = 0;
            for (String line : Tool.of(command).text("@" + file).split("\r?\n")) {
                number++;
                if (!line.matches("\\s*(#.*)?")) {
                    all.add(word(command, file, file + ":" + number, line.stripLeading()));
                }
            }
        }
        all.addAll(List.of(words));
        return all.toArray(String[]::new);
    }

    private String word(CommandSpec command, String file, String place, String line) {
        Matcher matcher = OPTION.matcher(line);
        if (!matcher.matches()) {
            String argument = beside(file, line.strip());
            lines.add(new Line(place, null, argument));
            return argument;
        }
        String name = (matcher.group(1).startsWith("-") ? "" : "--") + matcher.group(1);
        OptionSpec option = command.optionsMap().get(name);
        boolean mayBeFile = option != null && String.join("", option.description()).contains("@FILE");
        String rest = matcher.group(2) == null && option != null && option.arity().max() > 0 ? "" : matcher.group(2);
        String value = rest != null && mayBeFile ? beside(file, rest) : rest;
        lines.add(new Line(place, option, option == null || value == null ? name : value));
        if (Set.of("-K", "--config").contains(name)) {
            throw Tool.of(command).usage("--config '" + value + "': expected on the command line only");
        }
        return value == null ? name : name + "=" + value;
    }

    /** Returns the value; a relative {@code @FILE} is beside the file that names it. */
    private static String beside(String config, String value) {
        return Tool.file(value).filter(file -> !file.startsWith("/") && !file.equals("-"))
            .map(file -> "@" + config.substring(0, config.lastIndexOf('/') + 1) + file).orElse(value);
    }

    /** Returns the places that a message about a mistake may mean, to stand before it; "" if it means none. */
    String place(String message) {
        List<String> said = List.of(message.replace("--", "").split("[^\\w-]+"));
        ToIntFunction<Line> likelihood = line -> {
            boolean isQuoted = message.contains("'" + line.value + "'") || message.startsWith(line.value + ":");
            boolean hasValue = isQuoted || said.contains(line.value);
            String name = line.option == null ? line.value.matches("[^/]*:\\d+") ? "TARGET" : "URL"
                : line.option.longestName().replaceFirst("^-+", "");
            return said.contains(name) && (hasValue || !typed.hasMatchedOption(name)) ? hasValue ? 3 : 2
                : isQuoted && (line.option == null || !message.startsWith("--")) ? 1 : 0;
        };
        int most = Math.max(1, lines.stream().mapToInt(likelihood).max().orElse(0));
        String places = lines.stream().filter(line -> likelihood.applyAsInt(line) == most).map(Line::place).collect(joining(", "));
        return places.isEmpty() ? "" : places + ": ";
    }
}
