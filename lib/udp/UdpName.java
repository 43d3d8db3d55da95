package lib.udp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A name and its addresses, looked up again and again by a thread of its own: a name server that does not answer holds up
 * nothing. What was found stays valid until something else is found.
 */
final class UdpName {
    /** While it is not found, or in doubt; otherwise each so many turns. */
    private static final int SECONDS_BETWEEN = 2;
    private static final int TURNS_OF_REST = 15;

    private final String host;
    private final CountDownLatch answered = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile List<InetAddress> addresses = List.of();
    private volatile String failure = "no answer from the name server yet";
    private volatile boolean doubted;
    private int rested;

    UdpName(String host) {
        this.host = host;
    }

    /** @param changed is called on another thread: at each answer while nothing was found, and at each other one */
    void follow(Runnable changed) {
        Thread thread = new Thread(() -> lookUpUntilClosed(changed), "udp-name");
        thread.setDaemon(true);
        thread.start();
    }

    private void lookUpUntilClosed(Runnable changed) {
        try {
            do {
                if (addresses.isEmpty() || doubted || ++rested == TURNS_OF_REST) {
                    lookUp(changed);
                }
                answered.countDown();
            } while (!closed.await(SECONDS_BETWEEN, TimeUnit.SECONDS));
        } catch (InterruptedException nobodyDoesThat) {
            Thread.currentThread().interrupt();
        }
    }

    private void lookUp(Runnable changed) {
        List<InetAddress> had = addresses;
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
    }

    /** Waits for the first answer, but not longer than until then. */
    void await(long nanoTime) {
        try {
            answered.await(nanoTime - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /** @throws UnknownHostException if none is known; the message tells why */
    List<InetAddress> addresses() throws UnknownHostException {
        if (addresses.isEmpty()) {
            throw new UnknownHostException(failure);
        }
        return addresses;
    }

    /** Has it looked up soon, because its address may be wrong. */
    void doubt() {
        doubted = true;
    }

    void close() {
        closed.countDown();
    }
}
