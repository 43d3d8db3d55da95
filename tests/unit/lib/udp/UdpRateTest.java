package lib.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import tests.support.UdpReceiver;

/** The pace of a broadcaster, in this process. */
class UdpRateTest {

    @Test
    void aRateIsNeverExceededInTheLongRun() throws Exception {
        try (UdpReceiver receiver = new UdpReceiver(); UdpBroadcaster sender = new UdpBroadcaster(receiver.target()).rate(200)) {
            long start = System.nanoTime();
            for (int i = 0; i < 101; i++) {
                sender.send("x");
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            assertTrue(seconds > 0.47, "100 intervals of 5 ms took " + seconds + " s");
            assertEquals(101, receiver.arrived().size());
        }
    }
}
