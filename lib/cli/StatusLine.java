package lib.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/** One line on a terminal that tells how it goes, drawn again in place every second. For use by any thread. */
public final class StatusLine implements AutoCloseable {
    private static final int MILLIS_BETWEEN = 1000;
    private static final String CLEAR = "\r\033[K";
    private static final String DIM = "\033[2m";
    private static final String PLAIN = "\033[0m";
    /** A line that is wider than the terminal could not be cleared if it were wrapped. */
    private static final String NO_WRAP = "\033[?7l";
    private static final String WRAP = "\033[?7h";

    private final PrintWriter out;
    private final Supplier<String> text;
    private final boolean colour;
    private boolean drawn;
    private boolean closed;

    /** @param colour whether it may be set off by more than its place */
    public StatusLine(PrintWriter out, Supplier<String> text, boolean colour) {
        this.out = out;
        this.text = text;
        this.colour = colour;
        Thread thread = new Thread(this::run, "status-line");
        thread.setDaemon(true);
        thread.start();
    }

    /** Whether standard error is a terminal on which a line can be drawn again. */
    static boolean isPossible() {
        return !"dumb".equals(System.getenv("TERM")) && isTerminal(2);
    }

    /** Whether a file descriptor, 0 to 2, is a terminal. False where that cannot be told. */
    public static boolean isTerminal(int descriptor) {
        try {
            String name = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
            return name.startsWith("/dev/pts/") || name.startsWith("/dev/tty") || name.equals("/dev/console");
        } catch (IOException notLinux) {
            return isTerminalToTest(descriptor);
        }
    }

    private static boolean isTerminalToTest(int descriptor) {
        try {
            return new ProcessBuilder("test", "-t", "" + descriptor).inheritIO().start().waitFor() == 0;
        } catch (IOException noSuchCommand) {
            return false;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private synchronized void run() {
        try {
            while (!closed) {
                draw();
                wait(MILLIS_BETWEEN);
            }
        } catch (InterruptedException nobodyDoesThat) {
            clear();
        }
    }

    private void draw() {
        out.print(CLEAR + NO_WRAP + (colour ? DIM + text.get() + PLAIN : text.get()) + WRAP);
        out.flush();
        drawn = true;
    }

    /** Makes room for what the action prints; the line comes back with the next drawing. */
    public synchronized void above(Runnable action) {
        clear();
        action.run();
    }

    private void clear() {
        if (drawn) {
            out.print(CLEAR);
            out.flush();
            drawn = false;
        }
    }

    /** Takes the line away for good. */
    @Override
    public synchronized void close() {
        closed = true;
        clear();
        notifyAll();
    }
}
