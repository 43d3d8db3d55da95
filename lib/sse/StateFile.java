package lib.sse;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.regex.Pattern;

/** The last event ID in a file, so that a later run resumes where this one stopped: one line of UTF-8. */
public final class StateFile {
    private static final Pattern LINE_END = Pattern.compile("\r?\n\\z");

    private final Path file;
    private final Path temporary;

    /** @param file a regular file, or none yet, in a folder that can be written to */
    public StateFile(Path file) {
        this.file = file;
        this.temporary = file.resolveSibling(file.getFileName() + ".tmp");
    }

    @Override
    public String toString() {
        return "state file " + file;
    }

    /**
     * @return empty if there is no such file yet; {@code ""} if there was no last event ID
     * @throws IOException if it can not be read, or is not a line of UTF-8: going on without it would lose events
     */
    public Optional<String> read() throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException("expected a regular file");
        }
        try {
            if (Files.exists(file) && Files.size(file) == 0) {
                throw new IOException("empty, expected a line with a last event ID; without the file it begins anew");
            }
            String lastEventId = LINE_END.matcher(Files.readString(file)).replaceFirst("");
            if (lastEventId.chars().anyMatch(c -> c == 0 || c == '\r' || c == '\n')) {
                throw new IOException("expected one line with a last event ID");
            }
            return Optional.of(lastEventId);
        } catch (NoSuchFileException firstRun) {
            return Optional.empty();
        } catch (CharacterCodingException notText) {
            throw new IOException("expected one line of UTF-8 with a last event ID", notText);
        }
    }

    /**
     * Replaces the content: whoever reads the file, after a power failure too, finds the old one or the new one whole.
     *
     * @throws IOException if that failed; the old content is still there
     */
    public void write(String lastEventId) throws IOException {
        try {
            writeTemporary(lastEventId);
            Path target = Files.exists(file) ? file.toRealPath() : file;
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (NoSuchFileException noFolder) {
            throw new IOException("there is no folder for it", noFolder);
        } catch (IOException failure) {
            Files.deleteIfExists(temporary);
            throw failure;
        }
    }

    private void writeTemporary(String lastEventId) throws IOException {
        try (FileChannel channel = FileChannel.open(temporary,
                StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer content = ByteBuffer.wrap((lastEventId + "\n").getBytes(StandardCharsets.UTF_8));
            while (content.hasRemaining()) {
                channel.write(content);
            }
            channel.force(true);
        }
    }
}
