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
import java.util.regex.Pattern;
import lib.cli.Format.Placeholder;
import lib.sse.SseException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine;

/** What all scripts have in common: options, how they speak on standard error, and exit statuses. */
@Command(
    sortOptions = false,
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    footerHeading = "%nExamples:%n",
    synopsisHeading = "Usage: ",
    abbreviateSynopsis = true)
public final class Tool {
    public static final String VERSION = "1.0.0";

    /** Something on this machine failed: a file, a socket, a line of input. */
    public static final int LOCAL_FAILURE = 1;
    /** The time was over before the events were there. */
    public static final int TIME_OVER = 124;
    private static final int REFUSED = 5;
    static final int GAVE_UP = 6;

    /** After a signal: for all there is to do, for the work to end, and for work that does not know of the signal. */
    private static final long MILLIS_TO_END = 950;
    private static final long MILLIS_TO_FINISH = 700;
    private static final long MILLIS_TO_WRITE = 100;
    /** What comes from the network must not reach a terminal as a control sequence, nor turn the direction of text. */
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");
    /** What stands for bytes that are not UTF-8. */
    private static final String NOT_DECODED = "\uFFFD";
    private static final BigDecimal LONGEST = new BigDecimal(1_000_000_000);

    static {
        // A name that was missing for a moment, or has moved, is found at once. These are read at the first look-up.
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
        Security.setProperty("networkaddress.cache.ttl", "1");
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = {"-K", "--config"}, paramLabel = "FILE", order = 190,
        description = "Read options and arguments from FILE, one a line, as if you had typed them first. Repeatable.")
    private List<String> readByConfig;

    @Option(names = {"-q", "--quiet"}, order = 190, description = "Say nothing on standard error but errors.")
    private boolean quiet;

    @Option(names = {"-v", "--verbose"}, order = 191,
        description = "Say more: each connect, whole URLs, where errors come from. While datagrams are sent, a"
            + " status line on the terminal counts them.")
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

    /** In the locale C the JVM damages what is not ASCII, but the system still has it. */
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

    /**
     * The command line of a script, which has these options as a mixin. It turns what goes wrong into one line on
     * standard error and an exit status.
     */
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
        line.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, Usage::options);
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
            .setExecutionStrategy(parsed -> tool.work(parsed))
            .setExecutionExceptionHandler((failure, ignored, parsed) -> tool.end(tool.statusOf(failure)));
    }

    /** The tool that a command has as a mixin, for its other mixins. */
    public static Tool of(CommandSpec command) {
        return command.mixins().values().stream().map(CommandSpec::userObject).filter(Tool.class::isInstance)
            .map(Tool.class::cast).findFirst().orElseThrow();
    }

    /** Has this done when the process is asked to end by a signal: it makes the work return soon. */
    public void onSignal(Runnable stop) { stops.add(stop); }

    /**
     * Has this done at the end, however that comes: it is given the exit status so far and gives another, or the same.
     * It is done once.
     */
    public void atEnd(IntUnaryOperator ending) { endings.add(ending); }

    private String[] words(String... typed) {
        List.of(typed).stream().filter(word -> word.contains(NOT_DECODED)).findFirst().ifPresent(word -> {
            throw usage("argument " + (List.of(typed).indexOf(word) + 1) + ": expected UTF-8");
        });
        return config.words(command, typed);
    }

    private int work(ParseResult parsed) {
        if (!parsed.isUsageHelpRequested() && !parsed.isVersionHelpRequested()) {
            Runtime.getRuntime().addShutdownHook(onSignal);
        }
        return end(new CommandLine.RunLast().execute(parsed));
    }

    /** Makes the work return soon, whatever it waits for. */
    void endWork() { stops.forEach(Runnable::run); }

    /**
     * What was begun, such as a line that is being written, is finished if that does not take long. Nor does it wait long
     * for somebody to read the last message.
     */
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

    /** A shell leaves a loop only when SIGINT has ended the command: once all is done, it does. */
    private static void endBySigint() {
        if (Thread.getAllStackTraces().keySet().stream().noneMatch(one -> one.getName().equals("SIGINT handler"))) {
            return;
        }
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object sigint = signal.getConstructor(String.class).newInstance("INT");
            signal.getMethod("handle", signal, handler).invoke(null, sigint, handler.getField("SIG_DFL").get(null));
            new ProcessBuilder("sh", "-c", "kill -INT " + ProcessHandle.current().pid()).start().waitFor();
        } catch (ReflectiveOperationException | IOException | InterruptedException otherSystem) {
            return; // with status 130 all the same
        }
    }

    /** By the thread that worked, or after a signal by the one that waited for it in vain: whoever comes first. */
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

    /** A thread of java.net.http that waits for the network would delay the end of the JVM by 0.3 s. */
    private static void endHttpClients() {
        Thread[] threads = new Thread[2 * Thread.activeCount() + 10];
        Thread.enumerate(threads);
        Arrays.stream(threads).filter(thread -> thread != null && thread.getName().startsWith("HttpClient-"))
            .forEach(Thread::interrupt);
    }

    /** Says something that the user may want to know, unless asked to be quiet. */
    public void notice(String message) {
        if (!quiet) {
            error(message);
        }
    }

    /** Says something that only somebody who looks for a fault wants to know. */
    public void debug(String message) {
        if (verbose) {
            error(message);
        }
    }

    public void error(String message) {
        String line = command.name() + ": " + UNPRINTABLE.matcher(message)
            .replaceAll(one -> String.format("\\\\u%04x", one.group().codePointAt(0)));
        statusLine.above(() -> command.commandLine().getErr().println(line));
    }

    /** A mistake on the command line, to be thrown. */
    public ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }

    /**
     * The file that an option's value names by {@code @FILE}; empty if it names none. {@code @@FILE} names it too: that
     * is how it gets through a JBang that would put the file's words in its place.
     */
    public static Optional<String> file(String value) {
        return value.startsWith("@") ? Optional.of(value.substring(value.startsWith("@@") ? 2 : 1)) : Optional.empty();
    }

    /** An option's value; of {@code @FILE} the text in it, without a byte order mark and the last line end. */
    public String text(String value) {
        try {
            return file(value).isEmpty() ? value
                : UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(value))).toString().replaceAll("\\A\uFEFF|\r?\n\\z", "");
        } catch (CharacterCodingException notText) {
            throw usage(value + ": " + Reason.of(notText));
        }
    }

    /** An option's value in UTF-8; of {@code @FILE} what is in it, read once, and {@code @-} is standard input. */
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
     * Standard input, undecoded. Closing it ends a read that waits, with a ClosedChannelException.
     *
     * @throws IOException if the caller closed it
     */
    public InputStream standardInput() throws IOException { return new StandardInput(); }

    /** A number that is given to an option, if it is within bounds; else a mistake on the command line. */
    public int within(int least, int most, int value, String option) {
        if (value < least || value > most) {
            throw usage(option + " " + value + ": expected " + least + " to " + most);
        }
        return value;
    }

    /** From now on, with {@code -v} on a terminal, a line there tells how it goes: this text, asked for each second. */
    public void showStatus(Supplier<String> text) {
        if (verbose && !quiet && !"dumb".equals(System.getenv("TERM")) && StatusLine.isTerminal(2)) {
            statusLine.show(command.commandLine().getErr(), text);
        }
    }

    /** The template that the user gave with an option; of {@code @FILE} the one in it. */
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

    /** Says what went wrong, and gives the exit status for it. */
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
            throw new TypeConversionException("expected the name of a file");
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
            throw new TypeConversionException("'" + value + "' is not a number of seconds");
        }
        throw new TypeConversionException("'" + value + "' is not within 0 to " + LONGEST + " seconds");
    }
}
