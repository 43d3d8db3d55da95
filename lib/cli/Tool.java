//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/SseException.java Config.java Format.java Reason.java StandardInput.java StandardOutput.java
//SOURCES StatusLine.java Usage.java
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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import lib.cli.Format.Placeholder;
import lib.sse.SseException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
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

    /** After a signal, the time for everything, for the work to end, and for work that does not know of the signal. */
    private static final long MILLIS_TO_END = 950;
    private static final long MILLIS_TO_FINISH = 700;
    private static final long MILLIS_TO_WRITE = 100;
    /** Stands for bytes that are not UTF-8. */
    private static final String NOT_DECODED = "\uFFFD";
    private static final BigDecimal LONGEST = new BigDecimal(1_000_000_000);

    static {
        // Java reads these at its first look-up. A name that was missing for a moment, or has moved, is then found at once.
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
        Security.setProperty("networkaddress.cache.ttl", "1");
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = {"-K", "--config"}, paramLabel = "FILE", order = 190,
        description = "Read options and arguments from FILE, one a line, as if you had typed them first. Repeatable.")
    private List<String> readByConfig;

    @Option(names = {"-q", "--quiet"}, order = 190, description = "Print errors only.")
    private boolean quiet;

    @Option(names = {"-v", "--verbose"}, order = 191,
        description = "Print more: each connect, whole URLs, where errors come from, and a status line on a terminal while"
            + " datagrams are sent.")
    private boolean verbose;

    @Option(names = {"-V", "--version"}, order = 192, versionHelp = true, description = "Print the version and exit.")
    private boolean version;

    @Option(names = {"-h", "--help"}, order = 193, usageHelp = true, description = "Print this help and exit.")
    private boolean help;

    private final List<Runnable> stops = new CopyOnWriteArrayList<>();
    private final List<IntUnaryOperator> endings = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> worked = new CompletableFuture<>();
    private final Thread onSignal = new Thread(this::stop, "signal");
    private final StatusLine statusLine = new StatusLine();
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
                    return tool.end(tool.usageError(mistake, args));
                }
            }
        };
        line.getCommandSpec().version(line.getCommandName() + " " + VERSION);
        line.getHelpSectionMap().put(CommandLine.Model.UsageMessageSpec.SECTION_KEY_OPTION_LIST, Usage::options);
        Tool tool = of(line.getCommandSpec());
        return line
            .setErr(new PrintWriter(new FileOutputStream(FileDescriptor.err), true, UTF_8))
            .setExpandAtFiles(false)
            .setAllowOptionsAsOptionParameters(true)
            .setOverwrittenOptionsAllowed(true)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setUsageHelpLongOptionsMaxWidth(28)
            .registerConverter(Duration.class, Tool::seconds)
            .registerConverter(Path.class, Tool::path)
            .setParameterExceptionHandler((mistake, args) -> tool.end(tool.usageError(mistake, args)))
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
        List.of(typed).stream().filter(word -> word.contains(NOT_DECODED)).findFirst().ifPresent(word -> {
            throw usage("argument " + (List.of(typed).indexOf(word) + 1) + ": expected UTF-8");
        });
        return config.words(command, typed);
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
        worked.completeOnTimeout(null, stops.isEmpty() ? MILLIS_TO_WRITE : MILLIS_TO_FINISH, TimeUnit.MILLISECONDS);
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
            statusLine.close();
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
        String line = command.name() + ": " + Reason.printable(message);
        statusLine.above(() -> command.commandLine().getErr().println(line));
    }

    /** Returns a mistake on the command line, to be thrown. */
    public ParameterException usage(String message) { return new ParameterException(command.commandLine(), message); }

    /**
     * Returns the file that an option's value names by {@code @FILE}, or by {@code @@FILE}, which gets through a JBang
     * that would put the file's words in its place. Empty if it names none.
     */
    public static Optional<String> file(String value) {
        return value.startsWith("@") ? Optional.of(value.replaceFirst("@@?", "")) : Optional.empty();
    }

    /** Returns an option's value; of {@code @FILE} the text in it, without a byte order mark and the last line end. */
    public String text(String value) {
        try {
            return file(value).isEmpty() ? value
                : UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(value))).toString().replaceAll("\\A\uFEFF|\r?\n\\z", "");
        } catch (CharacterCodingException notText) {
            throw usage(value + ": " + Reason.of(notText));
        }
    }

    /** Returns an option's value in UTF-8; of {@code @FILE} its content, read once. {@code @-} is standard input. */
    public byte[] bytes(String value) {
        String file = file(value).orElse(null);
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

    /** Shows this text in a line on the terminal from now on, asked for each second, if {@code -v} was given. */
    public void showStatus(Supplier<String> text) {
        if (verbose && !quiet && !"dumb".equals(System.getenv("TERM")) && StatusLine.isTerminal(2)) {
            statusLine.show(command.commandLine().getErr(), text);
        }
    }

    /** Reads the template that the user gave with an option; of {@code @FILE} the one in it. */
    public Format format(String option, String template, Placeholder... allowed) {
        try {
            return new Format(text(template), allowed);
        } catch (IllegalArgumentException unknown) {
            throw usage(option + ": " + unknown.getMessage());
        }
    }

    private int usageError(ParameterException mistake, String... args) {
        String message = Usage.message(mistake, args);
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

    private static Path path(String value) {
        if (value.isEmpty()) {
            throw new CommandLine.TypeConversionException("expected the name of a file");
        }
        return Path.of(value);
    }

    private static Duration seconds(String value) {
        try {
            BigDecimal seconds = new BigDecimal(value);
            if (seconds.signum() >= 0 && seconds.compareTo(LONGEST) <= 0) {
                return Duration.ofNanos(seconds.movePointRight(9).longValue());
            }
        } catch (NumberFormatException notANumber) {
            throw new CommandLine.TypeConversionException("'" + value + "' is not a number of seconds");
        }
        throw new CommandLine.TypeConversionException("'" + value + "' is not within 0 to " + LONGEST + " seconds");
    }
}
