//DEPS info.picocli:picocli:4.7.7
package lib.cli;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine;

/** Reads the files that {@code --config} names, with one option or argument a line. No shell reads their words. */
final class Config {
    /** A name, then a space, a {@code =}, or a {@code =} between spaces, and the value behind it as it stands. */
    private static final Pattern OPTION =
        Pattern.compile("(--[^\\s=]+|-[^\\s=-](?=[\\s=]|$)|[A-Za-z][\\w-]*(?=[\\s=]|$))(?:(?:\\s+=\\s+|=|\\s+)(.*))?");

    /** The name is as messages have it: without dashes, and "URL" for an argument. */
    private record Line(String place, String name, String value) {}

    private final List<Line> lines = new ArrayList<>();
    private ParseResult typed;

    /**
     * Returns the file that an option's value names by {@code @FILE}, or by {@code @@FILE}, which gets through a JBang
     * that would put the file's words in its place. Empty if it names none.
     */
    static Optional<String> file(String value) {
        return value.startsWith("@") ? Optional.of(value.replaceFirst("@@?", "")) : Optional.empty();
    }

    /**
     * Returns the words in the files, and behind them those that were typed.
     *
     * @param text returns the text in {@code @FILE}
     */
    String[] words(CommandSpec command, UnaryOperator<String> text, String... words) {
        CommandSpec names = CommandSpec.create();
        names.parser().collectErrors(true).unmatchedArgumentsAllowed(true).allowOptionsAsOptionParameters(true);
        command.options().forEach(option -> names.addOption(OptionSpec.builder(option.names())
            .arity("" + option.arity().max()).type(List.class).auxiliaryTypes(String.class).build()));
        typed = new CommandLine(names).setExpandAtFiles(false).parseArgs(words);
        List<String> all = new ArrayList<>();
        for (String file : typed.matchedOptionValue("--config", List.<String>of())) {
            int number = 0;
            for (String line : text.apply("@" + file).split("\r?\n")) {
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
            lines.add(new Line(place, "URL", argument));
            return argument;
        }
        String name = (matcher.group(1).startsWith("-") ? "" : "--") + matcher.group(1);
        OptionSpec option = command.optionsMap().get(name);
        boolean mayBeFile = option != null && String.join("", option.description()).contains("@FILE");
        String rest = matcher.group(2) == null && option != null && option.arity().max() > 0 ? "" : matcher.group(2);
        String value = rest != null && mayBeFile ? beside(file, rest) : rest;
        lines.add(new Line(place, (option == null ? name : option.longestName()).replaceFirst("^-+", ""), value));
        if (name.matches("-K|--config")) {
            throw new ParameterException(command.commandLine(), "--config '" + value + "': expected on the command line");
        }
        return value == null ? name : name + "=" + value;
    }

    /** Returns the value; a relative {@code @FILE} is beside the file that names it. */
    private static String beside(String config, String value) {
        return file(value).filter(file -> !file.startsWith("/") && !file.equals("-"))
            .map(file -> "@" + config.substring(0, config.lastIndexOf('/') + 1) + file).orElse(value);
    }

    /** Returns the places of the lines with the option, or the value, of a message, to stand before it; "" for none. */
    String place(String message) {
        List<String> said = List.of(message.replace("--", "").split("[^\\w-]+"));
        String places = lines.stream().filter(line -> said.contains(line.name) && !typed.hasMatchedOption(line.name)
            || message.contains("'" + line.value + "'") || message.startsWith(line.value + ":"))
            .map(Line::place).collect(joining(", "));
        return places.isEmpty() ? "" : places + ": ";
    }
}
