package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** When nothing has come for too long; times are numbers here. */
class SilenceTest {
    private static final long MS = 1_000_000;
    private static final long IDLE = 1000 * MS;

    @Test
    void silentIsWhoBringsNothingForTheWholeTime() {
        Silence silence = new Silence(IDLE);
        assertEquals(IDLE, silence.left(0, 0));
        assertEquals(1, silence.left(IDLE - 1, 0));
        assertEquals(0, silence.left(IDLE, 0));
        assertEquals(-10 * MS, silence.left(IDLE + 10 * MS, 0));
        assertEquals(IDLE - 1, silence.left(IDLE + 1, IDLE));
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
    void secondIsGivenOnceForEachSilence() {
        Silence silence = new Silence(IDLE);
        assertEquals(1000 * MS, silence.left(2 * IDLE, 0));
        assertEquals(-500 * MS, silence.left(3 * IDLE + 500 * MS, 0));
        assertEquals(1000 * MS, silence.left(9 * IDLE, 4 * IDLE));
    }

    @Test
    void zeroIsForEver() {
        assertEquals(Long.MAX_VALUE, new Silence(0).left(Long.MAX_VALUE / 2, 0));
    }
}
