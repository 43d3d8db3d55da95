package lib.udp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A name and its addresses, looked up again and again by a thread of its own, so that a name server that does not answer
 * holds up nothing. What was found stays valid until something else is found.
 */
final class UdpName {
    /** Between two lookups while it is not found or in doubt; otherwise it is looked up in one of so many turns. */
    private static final int SECONDS_BETWEEN = 2;
    private static final int TURNS_OF_REST = 15;

    private final String host;
    private final CountDownLatch answered = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile List<InetAddress> addresses = List.of();
    private volatile boolean doubted;

    /** Begins to look it up. */
    UdpName(String host) {
        this.host = host;
        Thread thread = new Thread(this::lookUp, "udp-name");
        thread.setDaemon(true);
        thread.start();
    }

    private void lookUp() {
        try {
            int rested = 0;
            do {
                if (addresses.isEmpty() || doubted || ++rested == TURNS_OF_REST) {
                    rested = 0;
                    doubted = false;
                    addresses = find();
                    answered.countDown();
                }
            } while (!closed.await(SECONDS_BETWEEN, TimeUnit.SECONDS));
        } catch (InterruptedException nobodyDoesThat) {
            Thread.currentThread().interrupt();
        }
    }

    private List<InetAddress> find() {
        try {
            return List.of(InetAddress.getAllByName(host));
        } catch (UnknownHostException notFound) {
            return addresses;
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

    /** Whether there was an answer, and it was that there is no such name. */
    boolean isNotFound() {
        return addresses.isEmpty() && answered.getCount() == 0;
    }

    /** @throws UnknownHostException if none is known; the message tells why */
    List<InetAddress> addresses() throws UnknownHostException {
        if (addresses.isEmpty()) {
            throw new UnknownHostException(isNotFound() ? "host not found" : "no answer from the name server yet");
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
