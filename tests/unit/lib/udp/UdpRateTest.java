package lib.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import tests.support.Lan;
import tests.support.UdpReceiver;

/** Pacing, copies and the end of a wait, in this process. */
class UdpRateTest {
    private static final ByteBuffer PAYLOAD = ByteBuffer.wrap(new byte[] {'x'});

    private static UdpBroadcaster broadcaster(UdpReceiver receiver) throws Exception {
        return new UdpBroadcaster(receiver.target());
    }

    @Test
    void aRateIsNeverExceededInTheLongRun() throws Exception {
        try (UdpReceiver receiver = new UdpReceiver(); UdpBroadcaster sender = broadcaster(receiver).rate(200)) {
            long start = System.nanoTime();
            for (int i = 0; i < 101; i++) {
                sender.send(PAYLOAD);
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            assertTrue(seconds > 0.47, "100 intervals of 5 ms took " + seconds + " s");
            assertEquals(101, receiver.arrived().size());
        }
    }

    @Test
    void copiesTakeTurnsWithTheNextPayloads() throws Exception {
        try (UdpReceiver receiver = new UdpReceiver()) {
            try (UdpBroadcaster sender = broadcaster(receiver).rate(100).repeat(3, Duration.ofMillis(5))) {
                for (char c = 'a'; c <= 'j'; c++) {
                    sender.send(ByteBuffer.wrap(new byte[] {(byte) c}));
                }
            }
            List<String> arrived = receiver.arrived();
            assertEquals(30, arrived.size());
            assertTrue(arrived.indexOf("b") < arrived.lastIndexOf("a"), arrived.toString());
            for (char c = 'a'; c <= 'j'; c++) {
                String text = String.valueOf(c);
                assertEquals(3, arrived.stream().filter(text::equals).count(), arrived.toString());
            }
        }
    }

    @Test
    void cancelEndsAWaitForATurn() throws Exception {
        try (UdpReceiver receiver = new UdpReceiver()) {
            UdpBroadcaster sender = broadcaster(receiver).rate(0.001);
            sender.send(PAYLOAD);
            CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> {
                try {
                    sender.send(PAYLOAD);
                } catch (Exception failure) {
                    throw new CompletionException(failure);
                }
            });
            Lan.await("the second payload", () -> sender.counts().received() == 2);
            sender.cancel();
            CompletionException end = assertThrows(CompletionException.class, waiting::join);
            assertEquals(InterruptedIOException.class, end.getCause().getClass());
            assertEquals(new Counts(2, 1, 1, 0, 0, 0, 1), sender.counts());
            assertThrows(InterruptedIOException.class, () -> sender.send(PAYLOAD));
            assertEquals(1, receiver.arrived().size());
            sender.close();
        }
    }

    @Test
    void copiesThatWaitAreCountedWhenTheEndComesFirst() throws Exception {
        try (UdpReceiver receiver = new UdpReceiver()) {
            UdpBroadcaster sender = broadcaster(receiver).repeat(3, Duration.ofHours(1));
            sender.send(PAYLOAD);
            assertEquals(new Counts(1, 1, 1, 0, 0, 0, 0), sender.counts());
            sender.cancel();
            assertEquals(new Counts(1, 1, 1, 0, 0, 0, 2), sender.counts());
            sender.close();
        }
    }
}
