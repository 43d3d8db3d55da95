//SOURCES Reason.java SseRequest.java StateFile.java
package lib.sse;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The last event ID, and when it is saved. The reading thread tells what the handler has taken, the listening thread
 * does the rest.
 */
final class Progress implements Closeable {
    private static final long BETWEEN_SAVES = Duration.ofMillis(20).toNanos();
    private static final long BETWEEN_FAILED_SAVES = Duration.ofSeconds(1).toNanos();
    /** What a server takes as a header is not much more; one that sends an id above it must not lock us out by it. */
    private static final int LONGEST_ID = 4 << 10;

    private final StateFile file;
    private final String name;
    private final Consumer<String> notices;
    private final Consumer<String> say;
    private final Set<String> said = ConcurrentHashMap.newKeySet();
    private volatile String lastEventId = "";
    /** What the file holds; null before it was written to. */
    private String saved;
    private long saveAgain = System.nanoTime();
    private boolean failing;

    /**
     * @param file    null if the id is not kept
     * @param name    of the subscription in it
     * @param notices takes what is to say of the file
     * @param say     takes what is to say of the subscription
     */
    Progress(StateFile file, String name, Consumer<String> notices, Consumer<String> say) {
        this.file = file;
        this.name = name;
        this.notices = notices;
        this.say = say;
    }

    /** @param initial what to begin with where the file has no id */
    void resume(String initial) throws IOException {
        lastEventId = initial;
        if (file != null) {
            try {
                lastEventId = file.open(name).filter(id -> !id.isEmpty()).orElse(initial);
                file.write(name, lastEventId);
                saved = lastEventId;
            } catch (IOException failure) {
                throw new IOException(file + ": " + Reason.of(failure), failure);
            }
        }
    }

    boolean isKept() {
        return file != null;
    }

    /** The id of the last event that the handler took. */
    String lastEventId() {
        return lastEventId;
    }

    /** The handler has taken everything up to this id. */
    void taken(String id) {
        if (id.length() > LONGEST_ID / 4 && id.getBytes(StandardCharsets.UTF_8).length > LONGEST_ID) {
            sayOnce("a last event ID has more than " + LONGEST_ID + " bytes: the one before it is kept");
        } else {
            lastEventId = id;
        }
    }

    /** What a request can carry of it. */
    String sendable() {
        String id = lastEventId;
        if (SseRequest.isPrintableAscii(id)) {
            return id;
        }
        sayOnce("the last event ID is not printable ASCII, which no header here can carry: connecting without it");
        return "";
    }

    private void sayOnce(String notice) {
        if (said.add(notice)) {
            say.accept(notice);
        }
    }

    /** How long until there is something to save; not above 0 if now. */
    long nanosToSave() {
        return file == null || lastEventId.equals(saved) ? Long.MAX_VALUE : saveAgain - System.nanoTime();
    }

    void save() {
        String id = lastEventId;
        try {
            file.write(name, id);
            saved = id;
            saveAgain = System.nanoTime() + BETWEEN_SAVES;
            if (failing) {
                notices.accept(file + ": written again");
            }
            failing = false;
        } catch (IOException failure) {
            if (!failing) {
                notices.accept(file + ": " + Reason.of(failure) + "; it still holds an older id, trying again");
            }
            failing = true;
            saveAgain = System.nanoTime() + BETWEEN_FAILED_SAVES;
        }
    }

    /** Saves what has to be saved, and leaves the file to others. */
    @Override
    public void close() {
        if (saved != null && !lastEventId.equals(saved)) {
            save();
        }
        if (file != null) {
            file.close();
        }
    }
}
