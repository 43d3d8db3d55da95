package lib.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** How long a journal becomes; time is a number here. */
class RateLimitedLogTest {
    private final List<String> lines = new ArrayList<>();
    private long now;
    private final RateLimitedLog limited = new RateLimitedLog();
    private final Consumer<String> log = notice -> limited.sayOfConnection(notice, lines::add);

    RateLimitedLogTest() { limited.nanoTime = () -> now; }

    private void passSeconds(long seconds) { now += TimeUnit.SECONDS.toNanos(seconds); }

    @Test
    void nightWithTheDeviceSwitchedOffIsALineInTenMinutesAndItsEndIsOne() {
        for (int i = 0; i < 8 * 120; i++) {
            log.accept("http://h/\u2026: no route to host; connecting again in " + (30 + i % 6) + " s");
            passSeconds(30);
        }
        assertEquals("http://h/\u2026: no route to host; connecting again in 30 s", lines.get(0));
        assertEquals("http://h/\u2026: no route to host; connecting again in 34 s", lines.get(4));
        assertTrue(lines.get(5).endsWith(" s (and 19 more in 10 min)"), lines.get(5));
        assertEquals(5 + 47, lines.size());
        log.accept("http://h/\u2026: connected again");
        assertEquals(5 + 48, lines.size());
    }

    @Test
    void streamThatIsCutAgainAndAgainFillsNoJournal() {
        for (int i = 0; i < 7 * 24 * 120; i++) {
            log.accept("http://h/\u2026: the stream ended; connecting again in 1 s");
            log.accept("http://h/\u2026: connected again");
            passSeconds(30);
        }
        assertTrue(lines.size() < 2 * (5 + 7 * 24 * 6 + 1), lines.size() + " lines");
        assertEquals(lines.size() / 2, lines.stream().filter(line -> line.endsWith("connected again")).count());
    }

    @Test
    void otherTroublesAndWhatCallsForNoPatienceAreAlwaysSaid() {
        for (int i = 0; i < 9; i++) {
            log.accept("http://h/\u2026: HTTP status 50" + i + "; the answer begins: " + i + "; connecting again in 1 s");
            log.accept("http://h/\u2026: dropped an event of more than 100 bytes");
        }
        assertEquals(18, lines.size());
    }

    @Test
    void endOfASilenceThatIsToldOnceIsALineToo() {
        String silence = "http://h/\u2026: nothing came for 4 s; connecting again (this is said once)";
        String end = "http://h/\u2026: connected again";
        for (String notice : List.of(silence, end, end)) {
            log.accept(notice);
        }
        assertEquals(List.of(silence, end), lines);
    }

    @Test
    void troubleWhoseAnswerDiffersEachTimeIsTheSame() {
        for (int i = 0; i < 100; i++) {
            log.accept("http://h/\u2026: HTTP status 503; the answer begins: request " + i + "; connecting again in 1 s");
        }
        assertEquals(5, lines.size());
    }

    @Test
    void troubleThatWasAwayForTenMinutesBeginsAnew() {
        for (int i = 0; i < 20; i++) {
            log.accept("http://h/\u2026: the stream ended; connecting again in 1 s");
            passSeconds(601);
        }
        assertEquals(20, lines.size());
    }
}
