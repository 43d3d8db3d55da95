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
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Looks up a name every 5 s on a thread of its own, so that a silent name server holds nothing up. An address stays valid
 * until the name server gives another one. If there are several, it is the first that there is a way to, IPv4 before IPv6.
 * <pre>{@code
 * new UdpBroadcaster().target("lamp.lan:5000", new Names("lamp.lan", 5000)).send("on");
 * }</pre>
 */
public final class Names implements UdpBroadcaster.Finder {
    private static final int SECONDS_BETWEEN = 5;
    /** A name server that answers at all mostly does so within this time. */
    private static final long TO_ANSWER = TimeUnit.MILLISECONDS.toNanos(500);
    /** Ends in the text of the address, because name servers change the order with each answer. */
    private static final Comparator<InetSocketAddress> BEST_FIRST = Comparator.comparing(Names::hasNoWay)
        .thenComparing(to -> to.getAddress() instanceof Inet6Address).thenComparing(to -> to.getAddress().getHostAddress());

    private final long startedAt = System.nanoTime();
    private final CountDownLatch answered = new CountDownLatch(1);
    private final ScheduledExecutorService lookups = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "udp-name");
        thread.setDaemon(true);
        return thread;
    });
    private volatile InetSocketAddress address;

    public Names(String host, int port) {
        lookups.scheduleWithFixedDelay(() -> lookUp(host, port), 0, SECONDS_BETWEEN, TimeUnit.SECONDS);
    }

    private void lookUp(String host, int port) {
        try {
            address = Stream.of(InetAddress.getAllByName(host)).map(one -> new InetSocketAddress(one, port))
                .min(BEST_FIRST).orElseThrow();
        } catch (UnknownHostException notFound) {
            // The address that was found before may still be right.
        }
        answered.countDown();
    }

    private static boolean hasNoWay(InetSocketAddress to) {
        try {
            UdpBroadcaster.source(to, null);
            return false;
        } catch (IOException noWayNow) {
            return true;
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
            boolean isAnswered = answered.getCount() == 0;
            throw new UnknownHostException(isAnswered ? "host not found" : "no answer from the name server yet");
        }
        return List.of(address);
    }

    @Override
    public void close() {
        lookups.shutdownNow();
        answered.countDown();
    }
}
