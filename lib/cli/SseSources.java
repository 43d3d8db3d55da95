//SOURCES ../sse/SseClient.java ../sse/SseEvent.java ../sse/SseException.java Tool.java
package lib.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import lib.sse.SseClient.Outcome;
import lib.sse.SseClient;
import lib.sse.SseEvent;
import lib.sse.SseException;

/**
 * Several subscriptions at once. Each connects, resumes and ends by itself; their events are handed over one after the
 * other, so that one that takes long holds up all.
 */
final class SseSources {
    /** Thrown at a client by what it hands over after the end: so that event does not count as taken. */
    private static final class OverException extends IOException {
        private static final long serialVersionUID = 1;
    }

    private final Tool tool;
    private final Map<SseClient, SseClient.Handler> clients = new LinkedHashMap<>();
    private volatile boolean isOver;

    SseSources(Tool tool) {
        this.tool = tool;
    }

    void add(SseClient client, SseClient.Handler handler) {
        clients.put(client, new InTurn(handler));
    }

    long reconnects() {
        return clients.keySet().stream().mapToLong(SseClient::reconnects).sum();
    }

    /**
     * Listens until all are over. Whoever was refused, or gave up, says so at once, and the others go on.
     *
     * @param whenTimeIsOver the exit status of one whose time is over
     * @return the highest of their exit statuses
     * @throws Exception what else one of them has thrown, which ends all
     */
    int listen(int whenTimeIsOver) throws Exception {
        ExecutorCompletionService<Outcome> ends = new ExecutorCompletionService<>(SseSources::start);
        clients.forEach((client, handler) -> ends.submit(() -> client.listen(handler)));
        int status = 0;
        Throwable failure = null;
        for (int left = clients.size(); left > 0; left--) {
            try {
                status = Math.max(status, ends.take().get() == Outcome.TIME_OVER ? whenTimeIsOver : 0);
            } catch (ExecutionException ended) {
                if (ended.getCause() instanceof SseException refused) {
                    status = Math.max(status, tool.statusOf(refused));
                } else if (!(ended.getCause() instanceof OverException) && failure == null) {
                    failure = ended.getCause();
                    close();
                }
            }
        }
        if (failure != null) {
            throw failure instanceof Exception thrown ? thrown : new IllegalStateException(failure);
        }
        return status;
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "sse-source");
        thread.setDaemon(true);
        thread.start();
    }

    /** Ends all, and waits for none: the caller may be in a handler for which the others wait. */
    void close() {
        isOver = true;
        clients.keySet().forEach(client -> start(client::close));
    }

    private void checkNotOver() throws OverException {
        if (isOver) {
            throw new OverException();
        }
    }

    private final class InTurn implements SseClient.Handler {
        private final SseClient.Handler handler;

        InTurn(SseClient.Handler handler) {
            this.handler = handler;
        }

        @Override
        public void open() throws IOException {
            handler.open();
        }

        @Override
        public void event(SseEvent event) throws IOException {
            synchronized (SseSources.this) {
                checkNotOver();
                handler.event(event);
            }
        }

        @Override
        public void comment(String text) throws IOException {
            synchronized (SseSources.this) {
                checkNotOver();
                handler.comment(text);
            }
        }

        @Override
        public void flush() throws IOException {
            synchronized (SseSources.this) {
                handler.flush();
            }
        }
    }
}
