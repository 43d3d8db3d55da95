package lib.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long to wait, as a table: nothing here takes time. */
class BackoffTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        // first | most | ignores | failures | retry | Retry-After | wait
        "1000 | 30000 | false | 0 |           |            | 1000",
        "1000 | 30000 | false | 1 |           |            | 1000",
        "1000 | 30000 | false | 2 |           |            | 2000",
        "1000 | 30000 | false | 5 |           |            | 16000",
        "1000 | 30000 | false | 6 |           |            | 30000",
        "1000 | 30000 | false | 2147483647 |  |            | 30000",
        "0    | 30000 | false | 1 |           |            | 10",
        "60000| 30000 | false | 1 |           |            | 60000",
        "60000| 30000 | false | 9 |           |            | 60000",
        "1000 | 30000 | false | 0 | 5000      |            | 5000",
        "1000 | 30000 | false | 1 | 5000      |            | 5000",
        "1000 | 30000 | false | 2 | 5000      |            | 10000",
        "1000 | 30000 | false | 0 | 0         |            | 100",
        "1000 | 30000 | false | 0 | 99        |            | 100",
        "1000 | 30000 | false | 0 | 86400000  |            | 600000",
        "1000 | 30000 | false | 3 | 9223372036854775807 |  | 600000",
        "1000 | 30000 | false | 1 |           | 7000       | 7000",
        "1000 | 30000 | false | 5 |           | 7000       | 16000",
        "1000 | 30000 | false | 1 |           | -5         | 1000",
        "1000 | 30000 | false | 1 |           | 86400000   | 600000",
        "1000 | 30000 | false | 1 | 2000      | 7000       | 7000",
        "1000 | 30000 | true  | 0 | 5000      | 7000       | 1000",
        "1000 | 30000 | true  | 3 | 5000      | 7000       | 4000  "})
    void waitIsWhatTheTableSays(long first, long most, boolean ignores, int failures, Long retry, Long retryAfter, long wait) {
        Backoff backoff = new Backoff(Duration.ofMillis(first), Duration.ofMillis(most), ignores);
        for (double random : new double[] {0, 0.5, 0.999}) {
            Duration next = backoff.next(failures, Optional.ofNullable(retry).map(Duration::ofMillis),
                Optional.ofNullable(retryAfter).map(Duration::ofMillis), random);
            // Jitter only adds, from the first wait on.
            assertEquals((long) (wait * 1e6 * (1 + 0.2 * random)) / 1000, next.toNanos() / 1000);
        }
    }
}
