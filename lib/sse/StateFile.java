package lib.sse;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The last event ID in a file, so that a later run resumes where this one stopped: one line of UTF-8. While it is open
 * it is locked, so that a second process on it is noticed.
 */
final class StateFile implements Closeable {
    private static final Pattern LINE_END = Pattern.compile("\r?\n\\z");
    private static final int MOST_BYTES = 64 << 10;

    private final Path file;
    /** The file as it is now, which bears the lock. */
    private FileChannel locked;

    /** @param file a regular file, or none yet, in a folder that can be written to; a link is followed */
    StateFile(Path file) {
        this.file = file;
    }

    @Override
    public String toString() {
        return "state file " + file;
    }

    /**
     * Opens and reads it.
     *
     * @return empty if there is no such file yet; {@code ""} if there was no last event ID
     * @throws IOException if it cannot be read, is not a line of UTF-8, or another process has it open: going on without
     *                     it would lose events
     */
    Optional<String> open() throws IOException {
        if (Files.isSymbolicLink(file) && !Files.exists(file)) {
            throw new IOException("a link to a file that does not exist");
        } else if (!Files.exists(file)) {
            return Optional.empty();
        } else if (!Files.isRegularFile(file)) {
            throw new IOException("expected a regular file");
        }
        locked = locked(FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
        if (locked.size() == 0) {
            throw new IOException("empty, expected a line with a last event ID; without the file it begins anew");
        } else if (locked.size() > MOST_BYTES) {
            throw new IOException("more than " + MOST_BYTES + " bytes, expected one line with a last event ID");
        }
        return Optional.of(line(locked));
    }

    private static String line(FileChannel channel) throws IOException {
        byte[] bytes = Channels.newInputStream(channel).readAllBytes();
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            String lastEventId = LINE_END.matcher(text).replaceFirst("");
            if (lastEventId.chars().anyMatch(c -> c == 0 || c == '\r' || c == '\n')) {
                throw new IOException("expected one line with a last event ID");
            }
            return lastEventId;
        } catch (CharacterCodingException notText) {
            throw new IOException("expected one line of UTF-8 with a last event ID", notText);
        }
    }

    /** Where a file system has no locks it goes on without one. */
    private static FileChannel locked(FileChannel channel) throws IOException {
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException byThisProcess) {
            // Told below, like a lock of another process.
        } catch (IOException noLocksThere) {
            return channel;
        }
        channel.close();
        throw new IOException("in use: another process keeps its last event ID in it");
    }

    /**
     * Replaces the content: whoever reads the file, after a power failure too, finds the old one or the new one whole.
     *
     * @throws IOException if that failed; the old content is still there
     */
    void write(String lastEventId) throws IOException {
        Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        Path temporary;
        try {
            // New, under a name that nobody can foresee, readable by its owner only.
            temporary = Files.createTempFile(target.getParent(), "." + target.getFileName() + ".", ".tmp");
        } catch (NoSuchFileException noFolder) {
            throw new IOException("there is no folder for it", noFolder);
        }
        FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE);
        try {
            locked(channel);
            Channels.newOutputStream(channel).write((lastEventId + "\n").getBytes(StandardCharsets.UTF_8));
            channel.force(true);
            copyAttributes(target, temporary);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failure) {
            channel.close();
            Files.deleteIfExists(temporary);
            throw failure;
        }
        close();
        locked = channel;
    }

    /** The owner and the mode stay what they were. */
    private static void copyAttributes(Path from, Path to) throws IOException {
        if (!Files.exists(from) || !from.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        Map<String, Object> old = Files.readAttributes(from, "posix:group,owner,permissions");
        try {
            Files.setAttribute(to, "posix:group", old.get("group"));
            Files.setAttribute(to, "posix:owner", old.get("owner"));
        } catch (IOException onlyRootMay) {
            // It belongs to whoever writes it.
        }
        Files.setAttribute(to, "posix:permissions", old.get("permissions"));
    }

    @Override
    public void close() {
        try {
            if (locked != null) {
                locked.close();
            }
        } catch (IOException closedAllTheSame) {
            return;
        }
    }
}
