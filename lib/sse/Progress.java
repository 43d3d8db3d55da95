//SOURCES Reason.java SseClient.java SseRequest.java StateFile.java
package lib.sse;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The last event ID, and when it is saved. The reading thread tells what the handler has taken, the listening thread
 * does the rest.
 */
final class Progress implements Closeable {
    private static final long BETWEEN_SAVES = Duration.ofMillis(20).toNanos();
    private static final long BETWEEN_FAILED_SAVES = Duration.ofSeconds(1).toNanos();
    /** Servers refuse header lines above some 8 KiB: with an id that long every reconnect would be refused. */
    private static final int LONGEST_ID = 4 << 10;

    private final SseClient client;
    /** Null if the id is not kept. */
    private StateFile file;
    private volatile String lastEventId = "";
    /** What the file holds; null before it was written to. */
    private String saved;
    private long saveAgain = System.nanoTime();
    private boolean failing;

    Progress(SseClient client) {
        this.client = client;
    }

    void keepIn(StateFile one) {
        file = one;
        file.add(client.request.name());
    }

    /** Begins where the file says, or else the client, or else the request. */
    void resume() throws IOException {
        String initial = client.request.firstLastEventId();
        lastEventId = lastEventId.isEmpty() ? initial : lastEventId;
        if (file != null) {
            try {
                lastEventId = file.open(client.request.name()).filter(id -> !id.isEmpty()).orElse(lastEventId);
                file.write(client.request.name(), lastEventId);
                saved = lastEventId;
            } catch (IOException failure) {
                throw new IOException(file + ": " + Reason.of(failure), failure);
            }
        }
    }

    /** The id of the last event that the handler took. */
    String lastEventId() {
        return lastEventId;
    }

    /** The handler has taken everything up to this id. */
    void taken(String id) {
        if (id.length() > LONGEST_ID / 4 && id.getBytes(StandardCharsets.UTF_8).length > LONGEST_ID) {
            client.sayOnce("a last event ID has more than " + LONGEST_ID + " bytes: the one before it is kept");
        } else {
            lastEventId = id;
            if (file != null) {
                client.watch.wake();
            }
        }
    }

    /** What a request can carry of it. */
    String sendable() {
        String id = lastEventId;
        if (SseRequest.isPrintableAscii(id)) {
            return id;
        }
        client.sayOnce("the last event ID is not printable ASCII, which no header here can carry: connecting without it");
        return "";
    }

    /** How long until there is something to save; not above 0 if now. */
    long nanosToSave() {
        return file == null || lastEventId.equals(saved) ? Long.MAX_VALUE : saveAgain - System.nanoTime();
    }

    void save() {
        String id = lastEventId;
        try {
            file.write(client.request.name(), id);
            saved = id;
            failing = false;
        } catch (IOException failure) {
            if (!failing) {
                client.notices.accept(file + ": " + Reason.of(failure) + "; it still holds an older id, trying again");
            }
            failing = true;
        }
        saveAgain = System.nanoTime() + (failing ? BETWEEN_FAILED_SAVES : BETWEEN_SAVES);
    }

    /** Saves what has to be saved, and leaves the file to others. */
    @Override
    public void close() throws IOException {
        if (saved != null && !lastEventId.equals(saved)) {
            save();
        }
        if (file != null) {
            file.close();
        }
    }
}
