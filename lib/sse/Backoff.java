package lib.sse;

import java.time.Duration;
import java.util.Optional;

/**
 * How long to wait before the next connection. The standard leaves it to us to wait longer than the reconnection time.
 *
 * @param first         the reconnection time until the server sets another
 * @param most          up to this, failures in a row double the wait
 * @param ignoresServer whether what the server wishes does not count
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html#reestablish-the-connection">
 *     WHATWG HTML, 9.2.3, "optionally, wait some more"</a>
 */
record Backoff(Duration first, Duration most, boolean ignoresServer) {
    static final Wait NO_WAIT = new Wait(Duration.ZERO, false);
    static final Duration SHORTEST = Duration.ofMillis(10);
    static final Duration SHORTEST_WISH = Duration.ofMillis(100);
    static final Duration LONGEST_WISH = Duration.ofMinutes(10);
    /** Clients that were cut off together do not come back together. */
    private static final double MOST_JITTER = 0.2;

    /** @param isWish whether the server asked for it */
    record Wait(Duration time, boolean isWish) {}

    /**
     * @param failures   how many connections in a row have failed, 0 if the last one was of use
     * @param retry      the reconnection time that the stream has set
     * @param retryAfter what the answer has asked for
     * @param random     0 to 1
     */
    Wait next(int failures, Optional<Duration> retry, Optional<Duration> retryAfter, double random) {
        Optional<Duration> set = retry.filter(any -> !ignoresServer).map(Backoff::bounded);
        Optional<Duration> asked = retryAfter.filter(any -> !ignoresServer).map(Backoff::bounded);
        Duration wait = set.orElse(first.compareTo(SHORTEST) < 0 ? SHORTEST : first);
        Duration limit = longer(most, wait);
        for (int i = 1; i < failures && wait.compareTo(limit) < 0; i++) {
            wait = wait.multipliedBy(2);
        }
        Duration time = longer(wait.compareTo(limit) < 0 ? wait : limit, asked.orElse(Duration.ZERO));
        boolean isWish = asked.filter(time::equals).or(() -> set.filter(time::equals)).isPresent();
        return new Wait(time.plusNanos((long) (time.toNanos() * MOST_JITTER * random)), isWish);
    }

    private static Duration bounded(Duration wish) {
        return longer(wish.compareTo(LONGEST_WISH) > 0 ? LONGEST_WISH : wish, SHORTEST_WISH);
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }
}
