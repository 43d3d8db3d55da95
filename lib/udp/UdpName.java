package lib.udp;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A name and its addresses, looked up again and again by a thread of its own, so that a name server that does not answer
 * holds up nothing. What was found stays valid until something else is found.
 */
final class UdpName {
    private static final int SECONDS_BETWEEN = 5;
    /** Sorted, because name servers change the order with each answer: the first stays the first. */
    private static final Comparator<InetAddress> IPV4_FIRST = Comparator
        .comparing((InetAddress address) -> address instanceof Inet6Address).thenComparing(InetAddress::getHostAddress);

    private final String host;
    private final CountDownLatch answered = new CountDownLatch(1);
    private final Thread thread = new Thread(this::lookUp, "udp-name");
    private volatile List<InetAddress> addresses = List.of();

    UdpName(String host) {
        this.host = host;
        thread.setDaemon(true);
        thread.start();
    }

    private void lookUp() {
        try {
            while (true) {
                try {
                    addresses = Stream.of(InetAddress.getAllByName(host)).sorted(IPV4_FIRST).toList();
                } catch (UnknownHostException notFound) {
                    // What was found before may still be right.
                }
                answered.countDown();
                TimeUnit.SECONDS.sleep(SECONDS_BETWEEN);
            }
        } catch (InterruptedException closed) {
            return;
        }
    }

    /** Waits for the first answer, but not longer than until then, nor after it is closed. */
    void await(long nanoTime) {
        try {
            answered.await(nanoTime - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /** @throws UnknownHostException if none is known; the message tells why */
    List<InetAddress> addresses() throws UnknownHostException {
        List<InetAddress> known = addresses;
        if (known.isEmpty()) {
            throw new UnknownHostException(answered.getCount() == 0 ? "host not found" : "no answer from the name server yet");
        }
        return known;
    }

    void close() {
        thread.interrupt();
        answered.countDown();
    }
}
