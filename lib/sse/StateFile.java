//SOURCES SseEvent.java SseParser.java
package lib.sse;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keeps the last event ID of one subscription in a file, so that the next run resumes after the last event that the
 * handler took:
 * <pre>{@code
 * try (StateFile state = StateFile.open(Path.of("last-event-id"), System.err::println)) {
 *     new SseClient(url).lastEventId(state.lastEventId()).listen(state.around(event -> System.out.println(event.data())));
 * }
 * }</pre>
 *
 * <p>The file holds one line of UTF-8. While it is open, a file {@code .NAME.lock} beside it is locked. Another thread saves
 * the id after each flush of the handler, at most every 20 ms.
 */
public final class StateFile implements Closeable {
    private static final Pattern LINE = Pattern.compile("(?s)(?=.)([^\r\n\0]*)(?:\r?\n)?");
    private static final String EXPECTED = "expected one line of UTF-8 with a last event ID; without the file it begins anew";
    private static final int MOST_BYTES = 1 << 20;

    private final Path file;
    private final Path target;
    private final Consumer<String> notices;
    private final Closeable lock;
    private final AtomicBoolean isDue = new AtomicBoolean();
    private volatile String lastEventId;
    /** Is what the file holds; null before it was written to. */
    private volatile String saved;
    volatile long nextSave = System.nanoTime(); // a test reads it
    private boolean isFailing;
    private boolean isClosed;

    private StateFile(Path file, Consumer<String> notices) throws IOException {
        this.file = file;
        this.notices = notices;
        try {
            target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
            lastEventId = read();
            lock = lock();
        } catch (IOException failure) {
            throw new IOException(this + ": " + reason(failure), failure);
        }
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
    public SseParser.Handler around(SseParser.Handler handler) {
        return new SseParser.Handler() {
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
        lock.close();
    }

    @Override
    public String toString() { return "state file " + file; }

    private String read() throws IOException {
        if (!Files.isDirectory(target.getParent())) {
            throw new IOException("there is no folder for it");
        } else if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return "";
        } else if (!Files.isRegularFile(target)) {
            throw new IOException("expected a regular file");
        }
        Matcher line = LINE.matcher(Files.size(target) > MOST_BYTES ? "" : Files.readString(target));
        if (!line.matches()) {
            throw new IOException(EXPECTED);
        }
        return line.group(1);
    }

    private Path beside(String ending) { return target.resolveSibling("." + target.getFileName() + ending); }

    private Closeable lock() throws IOException {
        FileChannel channel = null;
        try {
            channel = FileChannel.open(beside(".lock"), CREATE, WRITE, LinkOption.NOFOLLOW_LINKS);
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (IOException noLockCanBeHad) {
            return () -> { };
        } catch (OverlappingFileLockException ofThisProcess) {
            // It is refused like a lock of another process.
        }
        channel.close();
        throw new IOException("in use: another process keeps its last event ID in it");
    }

    private void saveSoon() {
        if (!lastEventId.equals(saved) && isDue.compareAndSet(false, true)) {
            // Not in the common pool, which java.net.http needs: a disk may take its time.
            CompletableFuture.delayedExecutor(nextSave - System.nanoTime(), TimeUnit.NANOSECONDS)
                .execute(() -> new Thread(this::save, "state-file").start());
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
                notices.accept(this + ": " + reason(failure) + "; the last event ID is not saved");
            }
            isFailing = true;
        }
        nextSave = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(isFailing ? 1000 : 20);
        saveSoon();
    }

    /** Replaces the content. Whoever reads the file, after a power failure too, finds the old or the new one whole. */
    private void write(byte[] line) throws IOException {
        Path temporary = beside(".tmp");
        try {
            Files.write(temporary, line, CREATE, TRUNCATE_EXISTING, WRITE, SYNC, LinkOption.NOFOLLOW_LINKS);
            if (Files.exists(target) && target.getFileSystem().supportedFileAttributeViews().contains("unix")) {
                Files.setAttribute(temporary, "unix:mode", Files.getAttribute(target, "unix:mode"));
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException cannotBeReplaced) {
            Files.deleteIfExists(temporary);
            // A file that is mounted by itself, or stands in a folder that can only be read, is written in place.
            if (!(cannotBeReplaced instanceof FileSystemException) || !Files.isWritable(target)) {
                throw cannotBeReplaced;
            }
            Files.write(target, line, TRUNCATE_EXISTING, WRITE, SYNC);
        }
    }

    private static String reason(IOException failure) {
        return failure instanceof CharacterCodingException ? EXPECTED
            : failure instanceof AccessDeniedException ? "permission denied"
            : failure instanceof NoSuchFileException ? "there is no folder for it"
            : failure instanceof FileSystemException known && known.getReason() != null ? known.getReason()
            : failure.getMessage();
    }
}
