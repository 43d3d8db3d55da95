package lib.cli;

import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Draws one line on a terminal, again in place every second. For use by any thread. */
public final class StatusLine {
    private static final String CLEAR = "\r\033[K";
    /** A line that is wider than the terminal could not be cleared if it were wrapped. */
    private static final String NO_WRAP = "\033[?7l";
    private static final String WRAP = "\033[?7h";

    private PrintWriter out;
    private volatile Supplier<String> text;

    synchronized void show(PrintWriter terminal, Supplier<String> line) {
        out = terminal;
        text = line;
        draw();
    }

    private synchronized void draw() {
        if (text != null) {
            print(CLEAR + NO_WRAP + text.get() + WRAP);
            CompletableFuture.delayedExecutor(1, SECONDS, task -> new Thread(task, "status-line").start())
                .execute(this::draw);
        }
    }

    /** Returns whether a file descriptor, 0 to 2, is a terminal. */
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

    private void print(String controlled) {
        if (text != null) {
            out.print(controlled);
            out.flush();
        }
    }

    /** Makes room for what the action prints. The line comes back when it is drawn again. */
    synchronized void above(Runnable action) {
        print(CLEAR);
        action.run();
    }

    /** Takes the line away for good. Waits for nobody if there is none. */
    void close() {
        if (text != null) {
            above(() -> text = null);
        }
    }
}
