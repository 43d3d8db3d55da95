package lib.udp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Names and their addresses, looked up again and again, each by a thread of its own, so that a name server that does not
 * answer holds up nothing. What was found stays valid until something else is found.
 */
final class UdpNames {
    private static final int SECONDS_BETWEEN = 30;
    private static final int SECONDS_AFTER_FAILURE = 2;
    /** A name server that answers at all mostly does so within this time. */
    private static final long TO_ANSWER = TimeUnit.MILLISECONDS.toNanos(500);

    private final Map<String, Name> names;
    private volatile ScheduledThreadPoolExecutor threads;
    private volatile Runnable changed;
    private volatile long start;
    private boolean settled;

    /** Nothing is looked up before {@link #start}. */
    UdpNames(Set<String> hosts) {
        names = hosts.stream().collect(Collectors.toMap(Function.identity(), Name::new));
    }

    /** @param onChange is called on another thread: at each answer while nothing was found, and at each other one */
    void start(Runnable onChange) {
        if (names.isEmpty()) {
            return;
        }
        threads = new ScheduledThreadPoolExecutor(2 * names.size(), task -> {
            Thread daemon = new Thread(task, "udp-names");
            daemon.setDaemon(true);
            return daemon;
        }, new ThreadPoolExecutor.DiscardPolicy());
        changed = onChange;
        start = System.nanoTime();
        names.values().forEach(name ->
            threads.scheduleWithFixedDelay(name::lookUp, 0, SECONDS_BETWEEN, TimeUnit.SECONDS));
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
        return !settled && !settle();
    }

    private boolean settle() {
        settled = System.nanoTime() - start > TO_ANSWER || names.values().stream().allMatch(name -> name.answered);
        return settled;
    }

    /** Has a name looked up soon, because its address may be wrong. */
    void doubt(String host) {
        names.get(host).lookUpSoon();
    }

    void close() {
        if (threads != null) {
            threads.shutdownNow();
        }
    }

    private final class Name {
        private final String host;
        private final AtomicBoolean busy = new AtomicBoolean();
        private final AtomicBoolean soon = new AtomicBoolean();
        private volatile List<InetAddress> addresses = List.of();
        private volatile String failure = "no answer from the name server yet";
        /** Whether what was found was also told. */
        private volatile boolean answered;

        Name(String host) {
            this.host = host;
        }

        void lookUpSoon() {
            if (!soon.getAndSet(true)) {
                threads.schedule(() -> {
                    soon.set(false);
                    lookUp();
                }, SECONDS_AFTER_FAILURE, TimeUnit.SECONDS);
            }
        }

        void lookUp() {
            if (busy.getAndSet(true)) {
                return;
            }
            boolean isNew = addresses.isEmpty();
            try {
                List<InetAddress> found = List.of(InetAddress.getAllByName(host));
                isNew |= !Set.copyOf(found).equals(Set.copyOf(addresses));
                addresses = found;
            } catch (UnknownHostException notFound) {
                failure = "host not found";
                if (addresses.isEmpty()) {
                    lookUpSoon();
                }
            }
            busy.set(false);
            if (isNew) {
                changed.run();
            }
            answered = true;
        }
    }
}
