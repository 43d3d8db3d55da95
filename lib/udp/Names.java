//SOURCES HostPort.java UdpBroadcaster.java
package lib.udp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Looks up a name every 5 s on a thread of its own, which ends with the process, so that a silent name server holds nothing
 * up. An address stays in use until an answer comes without it. If there are several at first, IPv4 comes before IPv6.
 * <pre>{@code
 * new UdpBroadcaster().target("lamp.lan:5000", new Names(new HostPort("lamp.lan", 5000))).send("on");
 * }</pre>
 */
public final class Names implements UdpBroadcaster.Finder {
    private static final long NANOS_BETWEEN = TimeUnit.SECONDS.toNanos(5);

    /** A name server that answers at all mostly does so within this time. */
    private final CompletableFuture<Object> answered =
        new CompletableFuture<>().completeOnTimeout(null, 500, TimeUnit.MILLISECONDS);
    private volatile InetSocketAddress address;
    private volatile String failure = "no answer from the name server yet";

    public Names(HostPort name) {
        Thread lookups = new Thread(() -> lookUp(name), "udp-name");
        lookups.setDaemon(true);
        lookups.start();
    }

    private void lookUp(HostPort name) {
        while (true) {
            try {
                List<InetAddress> found = List.of(InetAddress.getAllByName(name.host()));
                boolean isKept = address != null && found.contains(address.getAddress());
                address = isKept ? address : new InetSocketAddress(found.get(0), name.port());
            } catch (UnknownHostException notFound) {
                failure = "host not found";
            }
            answered.complete(null);
            LockSupport.parkNanos(NANOS_BETWEEN);
        }
    }

    /** Waits for the first answer, half a second after the start at the most. */
    @Override
    public List<InetSocketAddress> find() throws UnknownHostException {
        answered.join();
        if (address == null) {
            throw new UnknownHostException(failure);
        }
        return List.of(address);
    }
}
