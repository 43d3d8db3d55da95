package lib.udp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Names and their addresses, looked up again and again. Each name has a thread of its own for that, so that a name
 * server that does not answer holds up nothing. What was found stays valid until something else is found.
 */
final class UdpNames {
    private static final long BETWEEN = TimeUnit.SECONDS.toNanos(30);
    private static final long AFTER_FAILURE = TimeUnit.SECONDS.toNanos(2);
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
        threads = new ScheduledThreadPoolExecutor(names.size(), task -> {
            Thread daemon = new Thread(task, "udp-names");
            daemon.setDaemon(true);
            return daemon;
        }, new ThreadPoolExecutor.DiscardPolicy());
        threads.setRemoveOnCancelPolicy(true);
        changed = onChange;
        start = System.nanoTime();
        names.values().forEach(name -> name.lookUpIn(0));
    }

    /** @throws UnknownHostException if none is known; the message tells why */
    List<InetAddress> of(String host) throws UnknownHostException {
        return names.get(host).known();
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
        names.get(host).lookUpIn(AFTER_FAILURE);
    }

    void close() {
        if (threads != null) {
            threads.shutdownNow();
        }
    }

    private final class Name implements Runnable {
        private final String host;
        private volatile boolean answered;
        private List<InetAddress> addresses = List.of();
        private String failure = "the name server does not answer";
        private long last = System.nanoTime();
        private boolean busy;
        private long nextAt;
        private Future<?> next;

        Name(String host) {
            this.host = host;
        }

        synchronized List<InetAddress> known() throws UnknownHostException {
            if (addresses.isEmpty()) {
                throw new UnknownHostException(failure);
            }
            return addresses;
        }

        /** So long after the last time, or sooner if that was planned. */
        synchronized void lookUpIn(long nanos) {
            long at = last + nanos;
            if (busy || next != null && nextAt - at <= 0) {
                return;
            }
            if (next != null) {
                next.cancel(false);
            }
            nextAt = at;
            next = threads.schedule(this, at - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public void run() {
            begin();
            boolean isNew;
            try {
                isNew = take(List.of(InetAddress.getAllByName(host)), "");
            } catch (UnknownHostException notFound) {
                isNew = take(List.of(), "host not found");
            }
            if (isNew) {
                changed.run();
            }
            answered = true;
        }

        private synchronized void begin() {
            busy = true;
            next = null;
        }

        private synchronized boolean take(List<InetAddress> found, String reason) {
            boolean isNew = addresses.isEmpty() || !found.isEmpty() && !Set.copyOf(found).equals(Set.copyOf(addresses));
            failure = reason;
            addresses = found.isEmpty() ? addresses : found;
            last = System.nanoTime();
            busy = false;
            lookUpIn(addresses.isEmpty() ? AFTER_FAILURE : BETWEEN);
            return isNew;
        }
    }
}
