//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/Reason.java ../sse/SseException.java StandardOutput.java StatusLine.java
package lib.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import lib.sse.Reason;
import lib.sse.SseException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine;

/** What all scripts have in common: options, how they speak on standard error, and exit statuses. */
@Command(
    usageHelpAutoWidth = false,
    sortOptions = false,
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    optionListHeading = "%n",
    footerHeading = "%nExamples:%n",
    synopsisHeading = "Usage: ")
public final class Tool {
    /** The version of the toolkit. */
    public static final String VERSION = "1.0.0";

    /** Something on this machine failed: a file, a socket, a line of input. */
    public static final int LOCAL_FAILURE = 1;
    /** The command line is wrong. */
    public static final int USAGE = 2;
    /** {@link SseException.Kind#REFUSED}. */
    public static final int REFUSED = 5;
    /** {@link SseException.Kind#GAVE_UP}. */
    public static final int GAVE_UP = 6;
    /** The time was over before the events were there. */
    public static final int TIME_OVER = 124;

    private static final BigDecimal LONGEST = new BigDecimal(1_000_000_000);

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = {"-q", "--quiet"}, order = 190, description = "Say nothing on standard error but errors.")
    private boolean quiet;

    @Option(names = {"-v", "--verbose"}, order = 191,
        description = "Say more: each connect, whole URLs, where errors come from.")
    private boolean verbose;

    @Option(names = {"-V", "--version"}, order = 192, versionHelp = true, description = "Print the version and exit.")
    private boolean version;

    @Option(names = {"-h", "--help"}, order = 193, usageHelp = true, description = "Print this help and exit.")
    private boolean help;

    private volatile StatusLine statusLine;

    /**
     * The command line of a script, which has these options as its mixin {@code tool}. It turns what goes wrong into
     * one line on standard error and an exit status.
     */
    public static CommandLine commandLine(Object script) {
        CommandLine line = new CommandLine(script);
        line.getCommandSpec().version(line.getCommandName() + " " + VERSION);
        Tool tool = (Tool) line.getMixins().get("tool");
        return line
            .setErr(new PrintWriter(new FileOutputStream(FileDescriptor.err), true, UTF_8))
            .setExpandAtFiles(false)
            .setOverwrittenOptionsAllowed(true)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setUsageHelpLongOptionsMaxWidth(28)
            .registerConverter(Duration.class, Tool::seconds)
            .setParameterExceptionHandler((mistake, args) -> tool.usageError(mistake))
            .setExecutionExceptionHandler((failure, ignored, parsed) -> tool.statusOf(failure));
    }

    /** Says something that the user may want to know, unless asked to be quiet. */
    public void notice(String message) {
        if (!quiet) {
            say(message);
        }
    }

    /** Says something that only somebody who looks for a fault wants to know. */
    public void detail(String message) {
        if (verbose) {
            say(message);
        }
    }

    /** Says what went wrong. */
    public void error(String message) {
        say(message);
    }

    /** A mistake on the command line, to be thrown. */
    public ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }

    /** An option's value, or where it is {@code @FILE} the text in that file without its last line end. */
    public String text(String value) {
        return value.startsWith("@") ? new String(bytes(value), UTF_8).replaceFirst("\r?\n\\z", "") : value;
    }

    /** An option's value in UTF-8, or where it is {@code @FILE} what is in that file; {@code @-} is standard input. */
    public byte[] bytes(String value) {
        if (!value.startsWith("@")) {
            return value.getBytes(UTF_8);
        }
        try {
            return value.equals("@-") ? standardInput().readAllBytes() : Files.readAllBytes(Path.of(value.substring(1)));
        } catch (IOException | InvalidPathException unreadable) {
            throw usage(value + ": " + Reason.of(unreadable));
        }
    }

    /**
     * Standard input, undecoded.
     *
     * @throws IOException if the caller closed it: the JVM's own files are opened in its place then, and would be sent
     */
    public InputStream standardInput() throws IOException {
        Path input = Path.of("/proc/self/fd/0");
        Path javaHome = Path.of(System.getProperty("java.home")).toRealPath();
        if (Files.isSymbolicLink(input) && Files.readSymbolicLink(input).startsWith(javaHome)) {
            throw new IOException("standard input is closed");
        }
        return new FileInputStream(FileDescriptor.in);
    }

    /**
     * With {@code -v} on a terminal a line that tells how it goes; else nothing.
     *
     * @return ends it
     */
    public Runnable statusLine(Supplier<String> text) {
        if (!verbose || quiet || !StatusLine.isPossible()) {
            return () -> {};
        }
        String noColour = System.getenv("NO_COLOR");
        statusLine = new StatusLine(command.commandLine().getErr(), text, noColour == null || noColour.isEmpty());
        return statusLine::close;
    }

    private void say(String message) {
        if (statusLine == null) {
            print(message);
        } else {
            statusLine.above(() -> print(message));
        }
    }

    private void print(String message) {
        PrintWriter err = command.commandLine().getErr();
        err.println(command.name() + ": " + printable(message));
        err.flush();
    }

    /** What comes from the network must not reach a terminal as a control sequence. */
    private static String printable(String message) {
        StringBuilder safe = new StringBuilder();
        message.codePoints().forEach(character -> {
            boolean harmless = character >= ' ' && character < 0x7F || character >= 0xA0
                && character != 0x2028 && character != 0x2029 && Character.getType(character) != Character.FORMAT;
            if (harmless) {
                safe.appendCodePoint(character);
            } else {
                safe.append(String.format("\\u%04x", character));
            }
        });
        return safe.toString();
    }

    private int usageError(ParameterException mistake) {
        String withoutSecrets = mistake.getMessage().replaceAll("(://)(?!HOST|\\])[^\\s'\"]*", "$1\u2026");
        say(withoutSecrets + " (" + command.name() + " --help says more)");
        return USAGE;
    }

    private int statusOf(Exception failure) {
        if (failure instanceof StandardOutput.ReaderGoneException) {
            return 0;
        } else if (failure instanceof ParameterException mistake) {
            return usageError(mistake);
        }
        say(failure instanceof IOException ? Reason.of(failure) : failure.toString());
        if (verbose) {
            failure.printStackTrace(command.commandLine().getErr());
        }
        if (failure instanceof SseException end) {
            return end.kind() == SseException.Kind.REFUSED ? REFUSED : GAVE_UP;
        }
        return LOCAL_FAILURE;
    }

    private static Duration seconds(String value) {
        try {
            BigDecimal seconds = new BigDecimal(value);
            if (seconds.signum() >= 0 && seconds.compareTo(LONGEST) <= 0) {
                return Duration.ofNanos(seconds.movePointRight(9).longValue());
            }
        } catch (NumberFormatException notANumber) {
            throw new TypeConversionException("'" + value + "' is not a number of seconds");
        }
        throw new TypeConversionException("'" + value + "' is not within 0 to " + LONGEST + " seconds");
    }
}
