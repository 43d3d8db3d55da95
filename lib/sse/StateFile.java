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
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The last event ID in a file, so that a later run resumes where this one stopped: one line of UTF-8. While it is open
 * it is locked, so that a second process on it is noticed.
 *
 * <p>Several subscriptions of one process may share it: a first line says so, and each has a line with its name and its
 * id behind it. A line without a name, of a subscription that had the file for itself, is taken for the first one's;
 * the lines of others are kept. Safe for use by several threads.
 */
public final class StateFile implements Closeable {
    private static final Pattern LINE_END = Pattern.compile("\r?\n\\z");
    private static final Pattern NAMED = Pattern.compile("(\\S+) ([^\r\n\0]*)");
    private static final String SEVERAL = "# the last event ID of each server";
    private static final int MOST_BYTES = 1 << 20;

    private final Path file;
    private final Map<String, String> ids = new LinkedHashMap<>();
    private final Set<String> names = new LinkedHashSet<>();
    private int users;
    /** The file as it is now, which bears the lock. */
    private Closeable lock = () -> { };

    /** @param file a regular file, or none yet, in a folder that can be written to; a link is followed */
    public StateFile(Path file) {
        this.file = file;
    }

    /** All are named before one opens it. */
    synchronized void add(String name) {
        names.add(name);
    }

    @Override
    public String toString() {
        return "state file " + file;
    }

    /**
     * Opens it, and reads it if nobody has. It is to be closed, also after a failure.
     *
     * @return empty if there is no such file yet; {@code ""} if there was no last event ID
     * @throws IOException if it cannot be read, is not what it should be, or another process has it open: going on
     *                     without it would lose events
     */
    synchronized Optional<String> open(String name) throws IOException {
        if (users == 0) {
            // Somebody may have found it unusable, and holds it still.
            lock.close();
            read();
        }
        users++;
        return Optional.ofNullable(ids.get(name));
    }

    private void read() throws IOException {
        if (Files.isSymbolicLink(file) && !Files.exists(file)) {
            throw new IOException("a link to a file that does not exist");
        } else if (!Files.exists(file)) {
            return;
        } else if (!Files.isRegularFile(file)) {
            throw new IOException("expected a regular file");
        }
        FileChannel channel = locked(FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
        lock = channel;
        if (channel.size() == 0) {
            throw new IOException("empty, expected a line with a last event ID; without the file it begins anew");
        } else if (channel.size() > MOST_BYTES) {
            throw new IOException("more than " + MOST_BYTES + " bytes, expected one line with a last event ID");
        }
        String text = LINE_END.matcher(text(channel)).replaceFirst("");
        List<String> lines = List.of(text.split("\n", -1));
        boolean isOfSeveral = lines.size() > 1 && lines.get(0).equals(SEVERAL);
        for (String line : lines.subList(isOfSeveral ? 1 : 0, lines.size())) {
            Matcher named = NAMED.matcher(isOfSeveral ? line : names.iterator().next() + " " + line);
            if (!named.matches() || !isOfSeveral && lines.size() > 1) {
                throw new IOException(isOfSeveral ? "expected lines with a server and its last event ID"
                    : "expected one line with a last event ID");
            }
            ids.put(named.group(1), named.group(2));
        }
    }

    private static String text(FileChannel channel) throws IOException {
        byte[] bytes = Channels.newInputStream(channel).readAllBytes();
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
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
    synchronized void write(String name, String lastEventId) throws IOException {
        ids.put(name, lastEventId);
        Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        if (!Files.exists(target.getParent())) {
            throw new IOException("there is no folder for it");
        }
        // New, under a name that nobody can foresee, readable by its owner only.
        Path temporary = Files.createTempFile(target.getParent(), "." + target.getFileName() + ".", ".tmp");
        FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE);
        try {
            locked(channel);
            Channels.newOutputStream(channel).write(text().getBytes(StandardCharsets.UTF_8));
            channel.force(true);
            copyAttributes(target, temporary);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failure) {
            channel.close();
            Files.deleteIfExists(temporary);
            throw failure;
        }
        lock.close();
        lock = channel;
    }

    private String text() {
        boolean isOfOne = names.size() < 2 && ids.size() == 1;
        return ids.entrySet().stream().map(one -> (isOfOne ? "" : one.getKey() + " ") + one.getValue() + "\n")
            .collect(Collectors.joining("", isOfOne ? "" : SEVERAL + "\n", ""));
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

    /** The last of its users leaves it to others. */
    @Override
    public synchronized void close() throws IOException {
        users = Math.max(0, users - 1);
        if (users == 0) {
            lock.close();
        }
    }
}
