package tests.support;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A server of numbered events that sends a client all that came behind its last event ID, and then 204. */
public final class ReplayServer {
    private ReplayServer() {}

    /** @param perSecond how fast, at most; a client that is slower is waited for */
    public static SseServer of(int events, int perSecond) throws Exception {
        return new SseServer(connection -> {
            int last = lastId(connection);
            if (last >= events) {
                connection.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
                return;
            }
            connection.send(SseServer.OK + "retry: 100\n");
            long start = System.nanoTime();
            for (int id = last + 1; id <= events; id++) {
                connection.send(event(id));
                long due = start + TimeUnit.SECONDS.toNanos(id - last) / perSecond;
                LockSupport.parkNanos(due - System.nanoTime());
            }
        });
    }

    public static int lastId(SseServer.Connection connection) {
        return connection.header("Last-Event-ID").map(Integer::parseInt).orElse(0);
    }

    public static String event(int id) {
        return "id: " + id + "\ndata: " + id + "\n\n";
    }
}
