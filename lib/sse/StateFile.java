//SOURCES SseClient.java SseEvent.java
package lib.sse;

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keeps the last event ID of one subscription in a file, so that the next run resumes after the last event that the
 * handler took:
 *
 * <pre>{@code
 * try (StateFile state = StateFile.open(Path.of("last-event-id"), System.err::println)) {
 *     new SseClient(url).lastEventId(state.lastEventId()).listen(state.around(event -> System.out.println(event.data())));
 * }
 * }</pre>
 *
 * <p>The file holds one line of UTF-8, and is locked while it is open. Another thread saves the id after each flush of
 * the handler, at most every 20 ms.
 */
public final class StateFile implements Closeable {
    private static final String OF_SEVERAL = "# the last event ID of each server\n";
    private static final Pattern LINE = Pattern.compile("(?s)(?:" + OF_SEVERAL + "\\S+ )?(?=.)([^\r\n\0]*)(?:\r?\n)?");
    private static final String EXPECTED = "expected one line of UTF-8 with a last event ID; without the file it begins anew";
    private static final int MOST_BYTES = 1 << 20;
    private static final long MILLIS_OF_A_WRITE = 60_000;

    private final Path file;
    private final Consumer<String> notices;
    private final AtomicBoolean isDue = new AtomicBoolean();
    private volatile String lastEventId;
    /** Is what the file holds; null before it was written to. */
    private volatile String saved;
    private volatile long nextSave = System.nanoTime();
    private boolean isFailing;
    private boolean isClosed;
    /** Holds the lock of the file as it is now; null if there is no file. */
    private FileChannel held;

    private StateFile(Path file, Consumer<String> notices) throws IOException {
        this.file = file;
        this.notices = notices;
        try {
            lastEventId = read();
        } catch (IOException failure) {
            throw new IOException(this + ": " + reason(failure), failure);
        }
        sweep();
        save();
    }

    /**
     * Opens a file, reads the id, and tries to save it, to report early if it cannot be saved.
     *
     * @param file    a regular file, or none yet; a link is followed
     * @param notices receives warnings, one line each, from any thread
     * @throws IOException if an id cannot be read, or another process has the file open: without it events would be lost
     */
    public static StateFile open(Path file, Consumer<String> notices) throws IOException {
        return new StateFile(file, notices);
    }

    /** Returns the last event ID; "" if there is none. */
    public String lastEventId() { return lastEventId; }

    /** Returns a handler that passes everything on, and has the id saved after each flush. */
    public SseClient.Handler around(SseClient.Handler handler) {
        return new SseClient.Handler() {
            @Override
            public void open() throws IOException { handler.open(); }

            @Override
            public void event(SseEvent event) throws IOException { handler.event(event); }

            @Override
            public void comment(String text) throws IOException { handler.comment(text); }

            @Override
            public void tooLarge(int bytes) throws IOException { handler.tooLarge(bytes); }

            @Override
            public void flush(String id) throws IOException {
                handler.flush(id);
                lastEventId = id;
                saveSoon();
            }
        };
    }

    /** Saves what has to be saved, and leaves the file to others. */
    @Override
    public synchronized void close() throws IOException {
        save();
        isClosed = true;
        hold(null);
    }

    @Override
    public String toString() { return "state file " + file; }

    private String read() throws IOException {
        if (!Files.exists(file) && !Files.isSymbolicLink(file)) {
            requireFolder();
            return "";
        } else if (!Files.isRegularFile(file)) {
            throw new IOException("expected a regular file");
        }
        // The file is read before it is locked, because closing another channel on it would give the lock up.
        String text = Files.size(file) > MOST_BYTES ? "" : Files.readString(file);
        Matcher line = LINE.matcher(text);
        if (!line.matches()) {
            throw new IOException(!text.startsWith(OF_SEVERAL) ? EXPECTED : "it holds the ids of several servers; write each"
                + " into a file of its own, in the order of the URLs: " + file + ", " + file + ".2, ...");
        }
        hold(locked(file, Files.isWritable(file) ? StandardOpenOption.WRITE : StandardOpenOption.READ));
        return line.group(1);
    }

    private Path requireFolder() throws IOException {
        Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        if (!Files.isDirectory(target.getParent())) {
            throw new IOException("there is no folder for it");
        }
        return target;
    }

    /** Opens and locks a file, without a lock where the file system has none or the file can only be read. */
    private static FileChannel locked(Path file, OpenOption how) throws IOException {
        FileChannel channel = FileChannel.open(file, how);
        try {
            if (channel.tryLock() == null) {
                throw new OverlappingFileLockException();
            }
        } catch (OverlappingFileLockException ofAnyProcess) {
            channel.close();
            throw new IOException("in use: another process keeps its last event ID in it");
        } catch (IOException | NonWritableChannelException withoutLocks) {
            return channel;
        }
        return channel;
    }

    private void hold(FileChannel channel) throws IOException {
        if (held != null) {
            held.close();
        }
        held = channel;
    }

    private void saveSoon() {
        if (!lastEventId.equals(saved) && isDue.compareAndSet(false, true)) {
            CompletableFuture.delayedExecutor(nextSave - System.nanoTime(), TimeUnit.NANOSECONDS, task -> {
                Thread saver = new Thread(task, "state-file");
                saver.setDaemon(true);
                saver.start();
            }).execute(this::save);
        }
    }

    private synchronized void save() {
        isDue.set(false);
        String id = lastEventId;
        if (isClosed || id.equals(saved)) {
            return;
        }
        try {
            write((id + "\n").getBytes(StandardCharsets.UTF_8));
            saved = id;
            isFailing = false;
        } catch (IOException failure) {
            if (!isFailing) {
                notices.accept(this + ": " + reason(failure) + "; the last event ID is not saved, trying again");
            }
            isFailing = true;
        }
        nextSave = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(isFailing ? 1000 : 20);
        saveSoon();
    }

    /** Replaces the content. Whoever reads the file, after a power failure too, finds the old or the new one whole. */
    private void write(byte[] line) throws IOException {
        Path target = requireFolder();
        try {
            replace(target, line);
        } catch (FileSystemException cannotBeReplaced) {
            // A file that is mounted by itself, or stands in a folder that can only be read, is written in place.
            if (held == null || !Files.isWritable(target)) {
                throw cannotBeReplaced;
            }
            Channels.newOutputStream(held.position(0)).write(line);
            held.truncate(line.length).force(true);
        }
    }

    private void replace(Path target, byte[] line) throws IOException {
        Path temporary = Files.createTempFile(target.getParent(), "." + target.getFileName() + ".", ".tmp");
        FileChannel channel = locked(temporary, StandardOpenOption.WRITE);
        try {
            Channels.newOutputStream(channel).write(line);
            channel.force(true);
            copyAttributes(target, temporary);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failure) {
            channel.close();
            Files.deleteIfExists(temporary);
            throw failure;
        }
        hold(channel);
    }

    /** Keeps the mode as it was, and the owner where this process may set it. */
    private static void copyAttributes(Path from, Path to) throws IOException {
        for (String name : List.of("posix:group", "posix:owner", "posix:permissions")) {
            try {
                Files.setAttribute(to, name, Files.getAttribute(from, name));
            } catch (FileSystemException | UnsupportedOperationException newOrNotAllowed) {
                continue;
            }
        }
    }

    /** Removes what runs that were killed have left. */
    private void sweep() throws IOException {
        Path target = requireFolder();
        String name = Pattern.quote("." + target.getFileName() + ".") + "[0-9]+\\.tmp";
        File[] left = target.getParent().toFile().listFiles(one ->
            one.getName().matches(name) && System.currentTimeMillis() - one.lastModified() > MILLIS_OF_A_WRITE);
        for (File one : left == null ? new File[0] : left) {
            one.delete();
        }
    }

    private static String reason(IOException failure) {
        return failure instanceof CharacterCodingException ? EXPECTED
            : failure instanceof AccessDeniedException ? "permission denied"
            : failure instanceof FileSystemException known && known.getReason() != null ? known.getReason()
            : failure.getMessage();
    }
}
