package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import tests.support.Lan;
import tests.support.Script;
import tests.support.SseServer;

/** A process that stands still for a while. */
class PauseTest {
    private final CountDownLatch never = new CountDownLatch(1);

    @Test
    void whatCameWhileItStoodStillIsReadBeforeTheServerIsTakenForLost() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        CountDownLatch sent = new CountDownLatch(1);
        try (SseServer server = new SseServer(connection -> {
            connection.send(SseServer.OK + "data: before\n\n");
            stopped.await(20, TimeUnit.SECONDS);
            connection.send("data: meanwhile\n\n");
            sent.countDown();
            connection.hold();
        }); Script listen = Script.start("SseListen", "-c", "2", "-F", "{data}", "--idle-timeout", "2", server.url("/"))) {
            assertEquals("before", listen.nextLine());
            listen.signal("STOP");
            Lan.await("the stop", () -> List.of("T", "t").contains(
                java.nio.file.Files.readString(java.nio.file.Path.of("/proc/" + listen.process.pid() + "/stat"))
                    .replaceFirst(".*\\) ", "").substring(0, 1)));
            stopped.countDown();
            sent.await(20, TimeUnit.SECONDS);
            // Longer than the idle time.
            never.await(3000, TimeUnit.MILLISECONDS);
            listen.signal("CONT");
            listen.end().assertIs(0, "meanwhile\n");
            server.next();
            assertEquals(0, server.further());
        }
    }
}
