package lib.udp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Names and their addresses, looked up again and again, each by a thread of its own, so that a name server that does not
 * answer holds up nothing. What was found stays valid until something else is found.
 */
final class UdpNames {
    /** Of what is not found yet, or is in doubt; of the others each so many turns. */
    private static final int SECONDS_BETWEEN = 2;
    private static final int TURNS_OF_REST = 15;
    /** A name server that answers at all mostly does so within this time. */
    private static final long TO_ANSWER = TimeUnit.MILLISECONDS.toNanos(500);

    private final Map<String, Name> names;
    private volatile ScheduledThreadPoolExecutor threads;
    private volatile long start;
    private boolean settled;

    /** Nothing is looked up before {@link #start}. */
    UdpNames(Set<String> hosts) {
        names = hosts.stream().collect(Collectors.toMap(Function.identity(), Name::new));
    }

    /** @param changed is called on another thread: at each answer while nothing was found, and at each other one */
    void start(Runnable changed) {
        if (names.isEmpty()) {
            return;
        }
        threads = new ScheduledThreadPoolExecutor(names.size(), task -> {
            Thread daemon = new Thread(task, "udp-names");
            daemon.setDaemon(true);
            return daemon;
        });
        start = System.nanoTime();
        names.values().forEach(name ->
            threads.scheduleWithFixedDelay(() -> name.turn(changed), 0, SECONDS_BETWEEN, TimeUnit.SECONDS));
    }

    /** @throws UnknownHostException if none is known; the message tells why */
    List<InetAddress> of(String host) throws UnknownHostException {
        Name name = names.get(host);
        if (name.addresses.isEmpty()) {
            throw new UnknownHostException(name.failure);
        }
        return name.addresses;
    }

    /** Whether there is a name that was not looked up yet, and that is worth a wait. */
    boolean areComing() {
        settled = settled || names.values().stream().allMatch(name -> name.answered)
            || System.nanoTime() - start > TO_ANSWER;
        return !settled;
    }

    /** Has a name looked up soon, because its address may be wrong. */
    void doubt(String host) {
        names.get(host).doubted = true;
    }

    /** Not by an interrupt, which would close a socket. */
    void close() {
        if (threads != null) {
            threads.shutdown();
        }
    }

    private static final class Name {
        private final String host;
        private volatile List<InetAddress> addresses = List.of();
        private volatile String failure = "no answer from the name server yet";
        /** Whether what was found was also told. */
        private volatile boolean answered;
        private volatile boolean doubted;
        private int rested;

        Name(String host) {
            this.host = host;
        }

        void turn(Runnable changed) {
            List<InetAddress> had = addresses;
            if (!had.isEmpty() && !doubted && ++rested < TURNS_OF_REST) {
                return;
            }
            rested = 0;
            doubted = false;
            try {
                addresses = List.of(InetAddress.getAllByName(host));
            } catch (UnknownHostException notFound) {
                failure = "host not found";
            }
            if (had.isEmpty() || !Set.copyOf(addresses).equals(Set.copyOf(had))) {
                changed.run();
            }
            answered = true;
        }
    }
}
