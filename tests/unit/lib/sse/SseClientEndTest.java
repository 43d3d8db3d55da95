package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import tests.support.SseServer;

/** How a subscription ends while its handler works: closed, interrupted, by an exception. */
class SseClientEndTest {
    private final CountDownLatch handling = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final BlockingQueue<String> notices = new LinkedBlockingQueue<>();

    private SseClient client(SseServer server) {
        return new SseClient(server.url("/")).retryDelay(Duration.ofMillis(10)).notices(notices::add);
    }

    /** Blocks in the handler until it is released. */
    private void block(SseEvent event) {
        handling.countDown();
        await(release);
    }

    private static void await(CountDownLatch latch) {
        for (boolean done = false; !done; ) {
            try {
                assertTrue(latch.await(30, TimeUnit.SECONDS));
                done = true;
            } catch (InterruptedException notNow) {
                done = false;
            }
        }
    }

    private record Listening(Thread thread, CompletableFuture<Void> end) {
        static Listening start(SseClient client, SseParser.Handler handler) {
            CompletableFuture<Void> end = new CompletableFuture<>();
            Thread thread = new Thread(() -> {
                try {
                    client.listen(handler);
                    end.complete(null);
                } catch (Throwable failure) {
                    end.completeExceptionally(failure);
                }
            }, "listen");
            thread.setDaemon(true);
            thread.start();
            return new Listening(thread, end);
        }

        Throwable failure() throws Exception {
            return assertThrows(ExecutionException.class, () -> end.get(20, TimeUnit.SECONDS)).getCause();
        }
    }

    @Test
    void interruptedItThrowsAlsoWhileTheHandlerBlocks() throws Exception {
        try (SseServer server = SseServer.stream("data: a\n\n")) {
            Listening listening = Listening.start(client(server), this::block);
            await(handling);
            listening.thread.interrupt();
            assertEquals(InterruptedException.class, listening.failure().getClass());
            release.countDown();
        }
    }

    @Test
    void closedBeforeItListensItDoesNotConnect() throws Exception {
        try (SseServer server = SseServer.stream("id: 1\ndata: a\n\n")) {
            for (int i = 0; i < 300; i++) {
                SseClient client = client(server);
                client.close();
                client.listen(event -> { });
            }
            assertEquals(0, server.further());
        }
    }

    @Test
    void whatTheHandlerHasBegunIsFinishedIfThatDoesNotTakeLong() throws Exception {
        try (SseServer server = SseServer.stream("data: a\n\n")) {
            AtomicBoolean finished = new AtomicBoolean();
            SseClient client = client(server);
            Listening listening = startToFinishAfterTheEnd(client, finished);
            client.close();
            listening.end.get(20, TimeUnit.SECONDS);
            assertTrue(finished.get());
        }
    }

    @Test
    void interruptLetsTheHandlerFinishToo() throws Exception {
        try (SseServer server = SseServer.stream("data: a\n\n")) {
            AtomicBoolean finished = new AtomicBoolean();
            SseClient client = client(server);
            Listening listening = startToFinishAfterTheEnd(client, finished);
            listening.thread.interrupt();
            assertEquals(InterruptedException.class, listening.failure().getClass());
            assertTrue(finished.get());
        }
    }

    /** Its handler is at work, and is so a little longer than the client. */
    private Listening startToFinishAfterTheEnd(SseClient client, AtomicBoolean finished) throws Exception {
        Listening listening = Listening.start(client, event -> {
            handling.countDown();
            while (!client.current.isOver) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            finished.set(true);
        });
        await(handling);
        return listening;
    }

    @Test
    void nothingIsCalledAfterCloseNotEvenForAnEventThatIsTooLarge() throws Exception {
        String large = "data: " + "x".repeat(200) + "\n\n";
        try (SseServer server = SseServer.stream("data: a\n\n" + large + ": comment\n" + "data: b\n\n")) {
            List<String> calls = new CopyOnWriteArrayList<>();
            SseClient client = client(server).maxEventBytes(100);
            client.listen(new SseParser.Handler() {
                @Override
                public void event(SseEvent event) {
                    calls.add(event.data());
                    client.close();
                }

                @Override
                public void comment(String text) {
                    calls.add(text);
                }

                @Override
                public void tooLarge(int bytes) {
                    calls.add("too large");
                }
            });
            assertEquals(List.of("a"), calls);
            assertNull(notices.peek());
        }
    }

    @Test
    void bodyOfARedirectIsNotWaitedFor() throws Exception {
        try (SseServer server = new SseServer(connection -> {
            if (connection.number == 0) {
                connection.send("HTTP/1.1 302 X\r\nLocation: /b\r\nContent-Length: 100000\r\n\r\nsome of it").hold();
            }
            connection.send("HTTP/1.1 204 X\r\nContent-Length: 0\r\n\r\n");
        })) {
            // Without an end of the body the answer to the redirect would be waited for until the idle time is over.
            Listening listening = Listening.start(client(server).idleTimeout(Duration.ZERO), event -> { });
            listening.end.get(20, TimeUnit.SECONDS);
        }
    }

    /**
     * Whatever comes at whatever moment: it ends, what the handler threw comes out, and nothing is handed over after the
     * end, nor by two threads at once.
     */
    @Test
    void thousandsOfEndsAtRandomMomentsAreAllClean() throws Exception {
        Random random = new Random(12);
        AtomicInteger inside = new AtomicInteger();
        try (SseServer server = new SseServer(connection -> {
            connection.send(SseServer.OK);
            for (int i = 0; i < 200; i++) {
                connection.send("id: " + i + "\ndata: x\n\n");
            }
            if (connection.number % 3 != 0) {
                connection.hold();
            }
        })) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(4);
            int ends = 0;
            for (; ends < 50 || ends < 5000 && System.nanoTime() < end; ends++) {
                endOne(server, ends % 4, random, inside);
            }
            assertEquals(0, inside.get());
        }
    }

    private void endOne(SseServer server, int kind, Random random, AtomicInteger inside) throws Exception {
        int after = random.nextInt(190);
        int nanos = random.nextInt(300_000);
        AtomicInteger taken = new AtomicInteger();
        AtomicBoolean over = new AtomicBoolean();
        IOException thrown = new IOException("thrown");
        SseClient client = new SseClient(server.url("/")).retryDelay(Duration.ofMillis(10)).notices(notice -> { });
        CountDownLatch reached = new CountDownLatch(1);
        Listening listening = Listening.start(client, event -> {
            assertEquals(1, inside.incrementAndGet(), "handed over by two threads at once");
            assertFalse(over.get(), "handed over after the end");
            int number = taken.incrementAndGet();
            if (number == after) {
                reached.countDown();
            }
            inside.decrementAndGet();
            if (kind == 0 && number == after + 1) {
                throw thrown;
            }
        });
        if (kind != 0) {
            reached.await(kind == 3 ? 0 : random.nextInt(10), TimeUnit.MILLISECONDS);
            LockSupport.parkNanos(kind == 3 ? 20L * nanos : nanos);
            if (kind == 2) {
                listening.thread.interrupt();
            } else {
                client.close();
            }
        }
        if (kind == 0) {
            assertSame(thrown, listening.failure());
        } else if (kind == 2) {
            assertEquals(InterruptedException.class, listening.failure().getClass());
        } else {
            listening.end.get(20, TimeUnit.SECONDS);
        }
        over.set(true);
    }
}
