//SOURCES AllNetworks.java HostPort.java Names.java UdpBroadcaster.java
package lib.udp;

import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Where datagrams leave, as a command line says it. The interface decides for multicast, for 255.255.255.255 and for link-local
 * addresses; for all others the routing table decides, and the interface gives the source address.
 */
public final class UdpSource implements UdpBroadcaster.Options {
    private static final int HIGHEST_TTL = 255;

    private final String via;
    private final InetAddress address;
    private final int port;
    private final int ttl;
    private final boolean loop;

    /**
     * @param via    the name or an address of an interface; empty leaves it to the system
     * @param source {@code [ADDR]:PORT}, where the address or the port may be left to the system: {@code :0}
     * @param ttl    how many routers plus one a multicast datagram may pass
     * @param loop   whether receivers on this host get multicast too
     * @throws IllegalArgumentException if the source or the TTL is something else; the message names it
     */
    public UdpSource(String via, String source, int ttl, boolean loop) {
        HostPort from = HostPort.of("source", source, "[ADDR]:PORT, as in :5001", 0);
        if (!from.host().isEmpty() && !HostPort.isAddress(from.host())) {
            throw new IllegalArgumentException("source '" + source + "': expected an address of this machine");
        } else if (ttl < 0 || ttl > HIGHEST_TTL) {
            throw new IllegalArgumentException("multicast TTL " + ttl + ": expected 0 to " + HIGHEST_TTL);
        }
        this.via = via;
        this.address = HostPort.isAddress(via) ? literal(via) : from.host().isEmpty() ? null : literal(from.host());
        this.port = from.port();
        this.ttl = ttl;
        this.loop = loop;
    }

    private static InetAddress literal(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException notOfThisMachine) {
            throw new IllegalArgumentException("'" + text + "': " + notOfThisMachine.getMessage());
        }
    }

    /** Whether the system decides on everything. */
    boolean isAny() { return via.isEmpty() && address == null && port == 0 && ttl == 1 && loop; }

    /**
     * Finds what a user wrote: {@code HOST:PORT}, {@code [IPv6%IF]:PORT} or {@code all:PORT}.
     *
     * @throws IllegalArgumentException if there cannot be such a target; the message names it
     */
    public UdpBroadcaster.Finder finder(String text) throws IOException {
        HostPort to = HostPort.of("target", text, "HOST:PORT, [IPv6]:PORT or all:PORT", 1);
        if (to.host().equals("all")) {
            return via.isEmpty() ? new AllNetworks(to.port()) : new AllNetworks(to.port(), network().getName());
        } else if (to.host().contains(":") || HostPort.isAddress(to.host())) {
            String mistake = mistake(to.host());
            if (mistake != null) {
                throw new IllegalArgumentException("target '" + text + "': " + mistake.replace("PORT", "" + to.port()));
            }
            return () -> List.of(scoped(to.address()));
        }
        Names names = new Names(to.host(), to.port());
        return new UdpBroadcaster.Finder() {
            @Override
            public Collection<InetSocketAddress> find() throws IOException {
                return List.of(scoped(names.find().iterator().next()));
            }

            @Override
            public void close() { names.close(); }
        };
    }

    /** Tells why nothing can be sent to an address; null if it can be. */
    private String mistake(String host) {
        InetAddress to = literal(host.replaceFirst("%.*", ""));
        boolean isOnLink = to instanceof Inet6Address && (to.isLinkLocalAddress() || to.isMCLinkLocal() || to.isMCNodeLocal());
        return to.isAnyLocalAddress() ? "expected the address of a host or a group"
            : isOnLink && !host.contains("%") && via.isEmpty() ? "a link-local address needs its interface, as in [" + host + "%eth0]:PORT"
            : address != null && !isSameVersion(address, to) ? "cannot be sent to from " + address.getHostAddress()
                + ", which is of the other IP version; all hosts of an IPv6 network are [ff02::1%IF]:PORT" : null;
    }

    private InetSocketAddress scoped(InetSocketAddress place) throws IOException {
        InetAddress to = place.getAddress();
        boolean needsInterface = to.isLinkLocalAddress() || to.isMCLinkLocal() || to.isMCNodeLocal();
        return !via.isEmpty() && needsInterface && to instanceof Inet6Address ipv6 && ipv6.getScopeId() == 0
            ? new InetSocketAddress(Inet6Address.getByAddress(null, to.getAddress(), network().getIndex()), place.getPort())
            : place;
    }

    /** @throws IOException if this machine has no such interface now */
    void check() throws IOException {
        if (!via.isEmpty()) {
            network();
        }
    }

    /** Returns the interface that the user named. It fails if this machine has no such interface now. */
    private NetworkInterface network() throws IOException {
        NetworkInterface found = HostPort.isAddress(via) ? NetworkInterface.getByInetAddress(address) : NetworkInterface.getByName(via);
        if (found == null) {
            throw new IOException("interface '" + via + "': expected the name or an address of an interface of this machine");
        }
        return found;
    }

    @Override
    public void set(DatagramChannel channel, InetAddress to) throws IOException {
        if (to.isMulticastAddress()) {
            channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, ttl);
            channel.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, loop);
            if (!via.isEmpty()) {
                channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, network());
            }
        }
        InetSocketAddress from = from(to);
        // Several sockets share the source port: one for each target.
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, port != 0);
        try {
            channel.bind(from);
        } catch (BindException refusal) {
            // An interface's own address may not be ready yet.
            throw address == null && port == 0 ? new IOException(refusal.getMessage(), refusal)
                : new BindException("source " + HostPort.of(from) + ": " + refusal.getMessage());
        }
    }

    /** Chooses among the addresses of an interface the one that suits a target best. */
    private InetSocketAddress from(InetAddress to) throws IOException {
        if (address != null && !isSameVersion(address, to)) {
            throw new IOException("cannot be sent to from " + address.getHostAddress() + ", which is of the other IP version");
        } else if (address != null || via.isEmpty()) {
            return new InetSocketAddress(address, port);
        }
        boolean isOnLink = to.isLinkLocalAddress() || to.isMCLinkLocal();
        // The best one comes last; of equal ones that is the interface's first, which the JDK lists last.
        return network().getInterfaceAddresses().stream().filter(own -> isSameVersion(own.getAddress(), to))
            .sorted(Comparator.comparing((InterfaceAddress own) -> own.getAddress().isLinkLocalAddress() == isOnLink).thenComparing(own ->
                Arrays.equals(AllNetworks.lastOfNetwork(own.getAddress(), own), AllNetworks.lastOfNetwork(to, own))))
            .reduce((worse, better) -> better).map(own -> new InetSocketAddress(own.getAddress(), port))
            .orElseThrow(() -> new IOException("interface " + via + " has no address of that IP version"));
    }

    private static boolean isSameVersion(InetAddress one, InetAddress other) {
        return one instanceof Inet4Address == other instanceof Inet4Address;
    }

    /** Returns the interface by which a datagram leaves now; null if that cannot be found out. */
    NetworkInterface leavesBy(InetSocketAddress to) throws IOException {
        InetAddress address = to.getAddress();
        if (address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null) {
            return NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        }
        boolean isChosen = address.isMulticastAddress() || address.isLinkLocalAddress() || address.getHostAddress().equals("255.255.255.255");
        NetworkInterface network = NetworkInterface.getByInetAddress(sourceOf(to, isChosen ? this : null).getAddress());
        return network != null && network.isLoopback() ? null : network;
    }

    private static InetSocketAddress sourceOf(InetSocketAddress to, UdpBroadcaster.Options options) throws IOException {
        try (DatagramChannel probe = UdpBroadcaster.open(to, options)) {
            return (InetSocketAddress) probe.connect(to).getLocalAddress();
        }
    }

    /** Tells where a datagram comes from and goes to now, and by which interface. */
    String way(InetSocketAddress to) throws IOException {
        NetworkInterface network = leavesBy(to);
        String by = network == null ? "by an interface that cannot be told" : network.getName();
        boolean isAsAsked = via.isEmpty() || network != null && network().getIndex() == network.getIndex();
        return HostPort.of(sourceOf(to, this)) + " -> " + HostPort.of(to)
            + " (" + by + (isAsAsked ? "" : "; -I gives the source address only") + ")";
    }
}
