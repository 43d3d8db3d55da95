package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** When nothing has come for too long; times are numbers here. */
class SilenceTest {
    private static final long MS = 1_000_000;
    private static final long IDLE = 1000 * MS;

    @Test
    void silentIsWhoBringsNothingForTheWholeTimeAndAtTheSecondLook() {
        Silence silence = new Silence(IDLE);
        assertEquals(IDLE, silence.left(0, 0));
        assertEquals(1, silence.left(IDLE - 1, 0));
        long second = silence.left(IDLE, 0);
        assertTrue(second > 0 && second <= 100 * MS);
        assertTrue(silence.left(IDLE + second, 0) <= 0);
    }

    @Test
    void whoBringsSomethingBeforeTheSecondLookIsNotSilent() {
        Silence silence = new Silence(IDLE);
        long second = silence.left(IDLE, 0);
        assertEquals(IDLE - 1, silence.left(IDLE + second, IDLE + second - 1));
        assertTrue(silence.left(2 * IDLE + second, IDLE + second - 1) > 0, "looks twice again");
    }

    @Test
    void whoOversleptLeavesTheReaderASecond() {
        Silence silence = new Silence(IDLE);
        long late = 3600 * IDLE;
        assertEquals(1000 * MS, silence.left(late, 0));
        assertEquals(400 * MS, silence.left(late + 600 * MS, 0));
        assertEquals(IDLE - 100 * MS, silence.left(late + 700 * MS, late + 600 * MS));
    }

    @Test
    void zeroIsForEver() {
        assertEquals(Long.MAX_VALUE, new Silence(0).left(Long.MAX_VALUE / 2, 0));
    }
}
