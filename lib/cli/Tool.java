//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/SseException.java Config.java Format.java Reason.java StandardInput.java StandardOutput.java
// A heap that is small and stays so (with less room in it every collection becomes a full one now and then, which takes
// 2.5 times the time; with smaller survivor spaces garbage gets old), whichever collector the environment names; a JVM that
// does nothing while nothing comes, writes no dump between the data and ends when it has no memory; and a quick start: no
// classes are made at run time only to put texts together.
//RUNTIME_OPTIONS -XX:+IgnoreUnrecognizedVMOptions -XX:-UseG1GC -XX:-UseParallelGC -XX:-UseZGC -XX:-UseShenandoahGC
//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:-UsePerfData -Xms8m -Xmn4m -XX:SurvivorRatio=2 -XX:MinHeapFreeRatio=20
//RUNTIME_OPTIONS -XX:MaxHeapFreeRatio=40 -XX:+ExitOnOutOfMemoryError -Xlog:disable -XX:+DisplayVMOutputToStderr
//RUNTIME_OPTIONS -Djdk.internal.httpclient.selectorTimeout=1200000
//COMPILE_OPTIONS --release 17 -XDstringConcat=inline
package lib.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toList;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.Security;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;
import lib.cli.Format.Placeholder;
import lib.sse.SseException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;
import picocli.CommandLine;

/** Gives all scripts what they have in common: options, messages on standard error, and exit statuses. */
@Command(
    sortOptions = false,
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    footerHeading = "%nExamples:%n",
    synopsisHeading = "Usage: ",
    abbreviateSynopsis = true)
public final class Tool {
    public static final String VERSION = "1.0.0";

    /** The status after a failure on this machine: of a file, a socket, a line of input. */
    public static final int LOCAL_FAILURE = 1;
    /** The status when the time was over before the events were there. */
    public static final int TIME_OVER = 124;
    private static final int REFUSED = 5;
    static final int GAVE_UP = 6;

    /** After a signal, the time for everything, and for the work to end. */
    private static final long MILLIS_TO_END = 950;
    private static final long MILLIS_TO_FINISH = 700;
    /** The headings in the help above the options whose order is this or higher. A script's own options come first. */
    private static final NavigableMap<Integer, String> SECTIONS = new TreeMap<>(Map.of(
        0, "", 20, "Request:\n", 30, "Which events:\n", 40, "Output:\n", 60, "Datagrams:\n", 80, "Reconnecting:\n",
        100, "TLS and proxy:\n", 190, "General:\n"));
    /** Stands for bytes that are not UTF-8. */
    private static final String NOT_DECODED = "\uFFFD";

    static {
        // Java reads these at its first look-up. A name that was missing for a moment, or has moved, is then found at once.
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
        Security.setProperty("networkaddress.cache.ttl", "1");
        // On JDK 22 to 24 it is not null for a pipe otherwise.
        System.setProperty("jdk.console", "java.base");
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = {"-K", "--config"}, paramLabel = "FILE", order = 190,
        description = "Read options and arguments from FILE, one a line, as if you had typed them first. Repeatable.")
    private List<String> readByConfig;

    @Option(names = {"-q", "--quiet"}, order = 190, description = "Print errors only.")
    private boolean quiet;

    @Option(names = {"-v", "--verbose"}, order = 191,
        description = "Print more: each connect, whole URLs, and where errors come from.")
    private boolean verbose;

    @Option(names = {"-V", "--version"}, order = 192, versionHelp = true, description = "Print the version and exit.")
    private boolean version;

    @Option(names = {"-h", "--help"}, order = 193, usageHelp = true, description = "Print this help and exit.")
    private boolean help;

    private final List<Runnable> stops = new CopyOnWriteArrayList<>();
    private final List<IntUnaryOperator> endings = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> worked = new CompletableFuture<>();
    private final Thread onSignal = new Thread(this::stop, "signal");
    private final Map<String, byte[]> contents = new HashMap<>();
    private final Config config = new Config();
    private Integer endStatus;

    /** Runs a script, and ends the process with its status. */
    public static void main(Object script, String... args) {
        int status = commandLine(script).execute(asTyped(args));
        endHttpClients();
        System.exit(status);
    }

    /** Returns the arguments as the system has them: in the locale C, the JVM damages text that is not ASCII. */
    private static String[] asTyped(String... args) {
        try {
            if (String.join("", args).contains(NOT_DECODED)) {
                String[] words = new String(Files.readAllBytes(Path.of("/proc/self/cmdline")), UTF_8).split("\0", -1);
                return Arrays.copyOfRange(words, words.length - 1 - args.length, words.length - 1);
            }
        } catch (IOException notLinux) {
            return args;
        }
        return args;
    }

    /** Returns the command line of a script, which turns every failure into one line on standard error and a status. */
    public static CommandLine commandLine(Object script) {
        CommandLine line = new CommandLine(script) {
            @Override
            public int execute(String... args) {
                Tool tool = of(getCommandSpec());
                try {
                    return super.execute(tool.words(args));
                } catch (ParameterException mistake) {
                    return tool.end(tool.usageError(mistake));
                }
            }
        };
        line.getCommandSpec().version(line.getCommandName() + " " + VERSION);
        line.getHelpSectionMap().put(CommandLine.Model.UsageMessageSpec.SECTION_KEY_OPTION_LIST, Tool::sections);
        Tool tool = of(line.getCommandSpec());
        return line
            .setErr(new PrintWriter(new FileOutputStream(FileDescriptor.err), true, UTF_8))
            .setExpandAtFiles(false)
            .setAllowOptionsAsOptionParameters(true)
            .setOverwrittenOptionsAllowed(true)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setUsageHelpLongOptionsMaxWidth(28)
            .registerConverter(Duration.class, Tool::seconds)
            .setParameterExceptionHandler((mistake, args) -> tool.end(tool.usageError(mistake)))
            .setExecutionStrategy(tool::work)
            .setExecutionExceptionHandler((failure, ignored, parsed) -> tool.end(tool.statusOf(failure)));
    }

    /** Returns the tool that a command has as a mixin, for its other mixins. */
    public static Tool of(CommandSpec command) {
        return command.mixins().values().stream().map(CommandSpec::userObject).filter(Tool.class::isInstance)
            .map(Tool.class::cast).findFirst().orElseThrow();
    }

    /** Runs this when a signal asks the process to end. It makes the work return soon. */
    public void onSignal(Runnable stop) { stops.add(stop); }

    /** Runs this once at the end, however that comes. It takes the exit status so far, and returns the one to use. */
    public void atEnd(IntUnaryOperator ending) { endings.add(ending); }

    private String[] words(String... typed) {
        if (String.join("", typed).contains(NOT_DECODED)) {
            throw usage("expected arguments in UTF-8");
        }
        return config.words(command, this::text, typed);
    }

    private int work(CommandLine.ParseResult parsed) {
        if (!parsed.isUsageHelpRequested() && !parsed.isVersionHelpRequested()) {
            Runtime.getRuntime().addShutdownHook(onSignal);
        }
        return end(new CommandLine.RunLast().execute(parsed));
    }

    /** Makes the work return soon, whatever it waits for. */
    void endWork() { stops.forEach(Runnable::run); }

    /** Lets the work finish what it began, such as a line, if neither that nor the last message takes long. */
    private void stop() {
        worked.completeOnTimeout(null, MILLIS_TO_FINISH, TimeUnit.MILLISECONDS);
        CompletableFuture.runAsync(() -> {
            endWork();
            worked.join();
            end(0);
        }, task -> new Thread(task, "ending").start()).completeOnTimeout(null, MILLIS_TO_END, TimeUnit.MILLISECONDS).join();
        endHttpClients();
        endBySigint();
    }

    /** Ends the process by SIGINT once all is done, if SIGINT came: a shell leaves a loop only then. */
    private static void endBySigint() {
        if (threads("SIGINT handler").isEmpty()) {
            return;
        }
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object sigint = signal.getConstructor(String.class).newInstance("INT");
            signal.getMethod("handle", signal, handler).invoke(null, sigint, handler.getField("SIG_DFL").get(null));
            new ProcessBuilder("sh", "-c", "kill -INT " + ProcessHandle.current().pid()).start().waitFor();
        } catch (ReflectiveOperationException | IOException | InterruptedException otherSystem) {
            return; // The status is 130 all the same.
        }
    }

    /** Ends the work once: by the thread that worked, or after a signal by the one that waited for it in vain. */
    private synchronized int end(int status) {
        worked.complete(null);
        if (endStatus == null) {
            endStatus = status;
            endings.forEach(ending -> endStatus = ending.applyAsInt(endStatus));
            try {
                Runtime.getRuntime().removeShutdownHook(onSignal);
            } catch (IllegalStateException endingAlready) {
                return endStatus;
            }
        }
        return endStatus;
    }

    /** Wakes the threads of java.net.http: one that waits for the network delays the end of the JVM by 0.3 s. */
    private static void endHttpClients() { threads("HttpClient-").forEach(Thread::interrupt); }

    private static List<Thread> threads(String name) {
        return Thread.getAllStackTraces().keySet().stream().filter(one -> one.getName().startsWith(name)).toList();
    }

    /** Prints a message that the user may want to know, unless asked to be quiet. */
    public void notice(String message) {
        if (!quiet) {
            error(message);
        }
    }

    /** Prints a message for somebody who looks for a fault. */
    public void debug(String message) {
        if (verbose) {
            error(message);
        }
    }

    public void error(String message) {
        command.commandLine().getErr().println(command.name() + ": " + Reason.printable(message));
    }

    /** Returns a mistake on the command line, to be thrown. */
    public ParameterException usage(String message) { return new ParameterException(command.commandLine(), message); }

    /** Returns an option's value; of {@code @FILE} the text in it, without a byte order mark and the last line end. */
    public String text(String value) {
        try {
            return Config.file(value).isEmpty() ? value
                : UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(value))).toString().replaceAll("\\A\uFEFF|\r?\n\\z", "");
        } catch (CharacterCodingException notText) {
            throw usage(value + ": " + Reason.of(notText));
        }
    }

    /** Returns an option's value in UTF-8; of {@code @FILE} its content, read once. {@code @-} is standard input. */
    public byte[] bytes(String value) {
        String file = Config.file(value).orElse(null);
        try {
            if (file != null && !contents.containsKey(file)) {
                contents.put(file, file.equals("-") ? standardInput().readAllBytes() : Files.readAllBytes(Path.of(file)));
            }
            return file == null ? value.getBytes(UTF_8) : contents.get(file);
        } catch (IOException | InvalidPathException unreadable) {
            throw usage(value + ": " + Reason.of(unreadable));
        }
    }

    /**
     * Opens standard input, undecoded. Closing it ends a read that waits, with a ClosedChannelException.
     *
     * @throws IOException if the caller closed it
     */
    public InputStream standardInput() throws IOException { return new StandardInput(); }

    /** Returns the value of an option if it is within bounds. Anything else is a mistake on the command line. */
    public int within(int least, int most, int value, String option) {
        if (value < least || value > most) {
            throw usage(option + " " + value + ": expected " + least + " to " + most);
        }
        return value;
    }

    /** Reads the template that the user gave with an option; of {@code @FILE} the one in it. */
    public Format format(String option, String template, Placeholder... allowed) {
        try {
            return new Format(text(template), allowed);
        } catch (IllegalArgumentException unknown) {
            throw usage(option + ": " + unknown.getMessage());
        }
    }

    private static String sections(CommandLine.Help help) {
        Map<Integer, List<OptionSpec>> sections = help.commandSpec().options().stream()
            .collect(groupingBy(option -> SECTIONS.floorKey(option.order()), TreeMap::new, toList()));
        return sections.entrySet().stream()
            .map(section -> "\n" + SECTIONS.get(section.getKey()) + help.optionListExcludingGroups(section.getValue()))
            .collect(joining());
    }

    /** Prints a mistake on the command line. It repeats no argument that may be a secret, and no path of a URL. */
    private int usageError(ParameterException mistake) {
        String message = (mistake.getCause() instanceof IllegalArgumentException reason ? reason : mistake).getMessage()
            .replaceAll("(://)(?!HOST|\\])[^\\s'\"]*", "$1\u2026")
            .replaceFirst("an int$", "a whole number up to " + Integer.MAX_VALUE).replaceFirst("a double$", "a number");
        if (mistake instanceof UnmatchedArgumentException unmatched) {
            String similar = unmatched.getSuggestions().stream().sorted().collect(joining(" or "));
            message = !unmatched.isUnknownOption() ? "too many arguments: text with spaces has to be quoted"
                : "unknown option '" + unmatched.getUnmatched().get(0).replaceFirst("(?s)^(--[^=]*|-.?).*", "$1") + "'"
                + (similar.isEmpty() ? "" : ", did you mean " + similar + "?");
        }
        error(config.place(message) + message + " (" + command.name() + " --help says more)");
        return CommandLine.ExitCode.USAGE;
    }

    /** Prints what went wrong, and returns the exit status for it. */
    int statusOf(Exception failure) {
        if (failure instanceof StandardOutput.ReaderGoneException) {
            return 0;
        }
        error(failure instanceof IOException ? Reason.of(failure) : failure.toString());
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace, true));
        trace.toString().lines().forEach(line -> debug(line.replace("\t", "    ")));
        return !(failure instanceof SseException end) ? LOCAL_FAILURE
            : end.kind() == SseException.Kind.REFUSED ? REFUSED : GAVE_UP;
    }

    private static Duration seconds(String value) {
        if (!value.matches("[0-9]{1,9}(\\.[0-9]*)?|\\.[0-9]+")) {
            throw new CommandLine.TypeConversionException("'" + value + "' is not a number of seconds, 0 to 999999999");
        }
        return Duration.ofNanos(new BigDecimal(value).movePointRight(9).longValue());
    }
}
