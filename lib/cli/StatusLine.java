package lib.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/** One line on a terminal that tells how it goes, drawn again in place every second. For use by any thread. */
public final class StatusLine {
    private static final int MILLIS_BETWEEN = 1000;
    private static final String CLEAR = "\r\033[K";
    /** A line that is wider than the terminal could not be cleared if it were wrapped. */
    private static final String NO_WRAP = "\033[?7l";
    private static final String WRAP = "\033[?7h";

    private PrintWriter out;
    private volatile Supplier<String> text;

    synchronized void show(PrintWriter terminal, Supplier<String> line) {
        out = terminal;
        text = line;
        Thread thread = new Thread(this::run, "status-line");
        thread.setDaemon(true);
        thread.start();
    }

    /** Whether a file descriptor, 0 to 2, is a terminal. False where that cannot be told. */
    public static boolean isTerminal(int descriptor) {
        Path link = Path.of("/proc/self/fd/" + descriptor);
        try {
            return Files.isSymbolicLink(link)
                ? Files.readSymbolicLink(link).toString().matches("/dev/(pts/.*|tty.*|console)")
                : new ProcessBuilder("test", "-t", "" + descriptor).inheritIO().start().waitFor() == 0;
        } catch (IOException | InterruptedException cannotBeTold) {
            return false;
        }
    }

    private synchronized void run() {
        try {
            while (text != null) {
                print(CLEAR + NO_WRAP + text.get() + WRAP);
                wait(MILLIS_BETWEEN);
            }
        } catch (InterruptedException nobodyDoesThat) {
            text = null;
        }
    }

    private void print(String controlled) {
        if (text != null) {
            out.print(controlled);
            out.flush();
        }
    }

    /** Makes room for what the action prints; the line comes back with the next drawing. */
    synchronized void above(Runnable action) {
        print(CLEAR);
        action.run();
    }

    /** Takes the line away for good. It waits for nobody where there is none. */
    void close() {
        if (text != null) {
            above(() -> text = null);
        }
    }
}
