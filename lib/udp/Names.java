//SOURCES UdpBroadcaster.java
package lib.udp;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Looks up a name every 5 s on a thread of its own, so that a silent name server holds nothing up. An address stays valid until
 * the name server gives another one. If there are several, it is the first that there is a way to, IPv4 before IPv6.
 *
 * <pre>{@code
 * new UdpBroadcaster().target("lamp.lan:5000", new Names("lamp.lan", 5000)).send("on");
 * }</pre>
 */
public final class Names implements UdpBroadcaster.Finder {
    static final String NO_ANSWER = "no answer from the name server yet";

    private static final int SECONDS_BETWEEN = 5;
    /** A name server that answers at all mostly does so within this time. */
    private static final long TO_ANSWER = TimeUnit.MILLISECONDS.toNanos(500);
    /** Sorted, because name servers change the order with each answer: the first stays the first. */
    private static final Comparator<InetAddress> IPV4_FIRST = Comparator
        .comparing((InetAddress address) -> address instanceof Inet6Address).thenComparing(InetAddress::getHostAddress);

    private final String host;
    private final int port;
    private final long startedAt = System.nanoTime();
    private final CountDownLatch answered = new CountDownLatch(1);
    private final Thread thread = new Thread(this::lookUp, "udp-name");
    private volatile InetSocketAddress address;

    public Names(String host, int port) {
        this.host = host;
        this.port = port;
        thread.setDaemon(true);
        thread.start();
    }

    private void lookUp() {
        try {
            while (true) {
                try {
                    List<InetSocketAddress> all = Stream.of(InetAddress.getAllByName(host)).sorted(IPV4_FIRST)
                        .map(one -> new InetSocketAddress(one, port)).toList();
                    address = all.stream().filter(Names::hasWay).findFirst().orElse(all.get(0));
                } catch (UnknownHostException notFound) {
                    // The address that was found before may still be right.
                }
                answered.countDown();
                TimeUnit.SECONDS.sleep(SECONDS_BETWEEN);
            }
        } catch (InterruptedException closed) {
            return;
        }
    }

    private static boolean hasWay(InetSocketAddress to) {
        try {
            return UdpBroadcaster.source(to, null) != null;
        } catch (IOException noWayNow) {
            return false;
        }
    }

    /** Waits for the first answer, half a second after the start at the most. */
    @Override
    public Collection<InetSocketAddress> find() throws IOException {
        try {
            answered.await(startedAt + TO_ANSWER - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        if (address == null) {
            throw new UnknownHostException(answered.getCount() == 0 ? "host not found" : NO_ANSWER);
        }
        return List.of(address);
    }

    @Override
    public void close() {
        thread.interrupt();
        answered.countDown();
    }
}
