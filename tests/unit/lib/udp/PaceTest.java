package lib.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The arithmetic of a rate's turns, with a clock that only the test moves. */
class PaceTest {
    private static final long SECOND = 1_000_000_000;
    /** A clock may begin anywhere. */
    private static final long START = Long.MAX_VALUE - 3 * SECOND;

    private long now = START;

    /** Waits for the next turn and takes it; the thread wakes up so much too late. */
    private void turn(UdpBroadcaster pace, long late) {
        long turn = pace.turn(now);
        if (turn - now > 0) {
            now = turn + late;
        }
    }

    /** Takes turns for so long; how many. */
    private int turns(UdpBroadcaster pace, long nanos, long late) {
        long end = now + nanos;
        int turns = 0;
        while (end - now > 0) {
            turn(pace, late);
            turns++;
        }
        return turns;
    }

    @ParameterizedTest
    @CsvSource({"10, 0", "10, 60000", "1000, 0", "1000, 60000", "50000, 0", "50000, 60000", "50000, 700000"})
    void aRateIsExactToOnePercentHoweverLateTheThreadWakesUp(int perSecond, long late) {
        int turns = turns(new UdpBroadcaster().rate(perSecond), 20 * SECOND, late);
        assertEquals(20.0 * perSecond, turns, 0.01 * 20 * perSecond);
    }

    @ParameterizedTest
    @CsvSource({"10, 1", "1000, 5", "50000, 250"})
    void aPauseOfTheInputIsNotMadeUpFor(int perSecond, int mostMadeUp) {
        UdpBroadcaster pace = new UdpBroadcaster().rate(perSecond);
        turns(pace, SECOND, 0);
        now += 10 * SECOND;
        int turns = turns(pace, SECOND, 0);
        assertTrue(turns <= perSecond + mostMadeUp + 1, turns + " turns");
    }

    @ParameterizedTest
    @CsvSource({"10, 1", "1000, 5", "50000, 250"})
    void aWakeUpThatIsLateForLongIsNotMadeUpForInFull(int perSecond, int mostMadeUp) {
        UdpBroadcaster pace = new UdpBroadcaster().rate(perSecond);
        turns(pace, SECOND, 0);
        turn(pace, 60 * SECOND);
        int turns = turns(pace, SECOND, 0);
        assertTrue(turns <= perSecond + mostMadeUp + 1, turns + " turns");
    }
}
