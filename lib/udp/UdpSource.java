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
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Where datagrams leave, as a command line says it. The interface decides for multicast, for 255.255.255.255 and for link-local
 * addresses; for all others the routing table decides, and the interface gives the source address.
 * <pre>{@code
 * new UdpBroadcaster("255.255.255.255:5000").options(new UdpSource("eth0", ":0", 1, true)).send("on");
 * }</pre>
 */
public final class UdpSource implements UdpBroadcaster.Options {
    private final String via;
    private final InetAddress address;
    private final int port;
    private final int ttl;
    private final boolean loop;

    /**
     * @param via    the name or an address of an interface; empty leaves it to the system
     * @param source {@code [ADDR]:PORT}; no address and port 0 leave them to the system
     * @param ttl    how many routers plus one a multicast datagram may pass
     * @param loop   whether receivers on this host get multicast too
     * @throws IllegalArgumentException if the source or the TTL is something else; the message names it
     */
    public UdpSource(String via, String source, int ttl, boolean loop) {
        HostPort from = HostPort.of("source", source, "[ADDR]:PORT, as in :5001", 0);
        if (!from.host().isEmpty() && !HostPort.isAddress(from.host())) {
            throw new IllegalArgumentException("source '" + source + "': expected an address of this machine");
        } else if (ttl < 0 || ttl > 255) {
            throw new IllegalArgumentException("multicast TTL " + ttl + ": expected 0 to 255");
        }
        this.via = via;
        this.address = HostPort.isAddress(via) ? HostPort.literal(via) : from.host().isEmpty() ? null : HostPort.literal(from.host());
        this.port = from.port();
        this.ttl = ttl;
        this.loop = loop;
    }

    /** Returns whether everything is left to the system. */
    boolean isAny() { return via.isEmpty() && address == null && port == 0 && ttl == 1 && loop; }

    /** @throws IOException if the interface or the source is missing or in use now; the message names it */
    void check() throws IOException {
        NetworkInterface.getByName(via.isEmpty() ? "lo" : network().getName());
        if (address != null || port != 0) {
            try (DatagramChannel probe = address instanceof Inet6Address ? DatagramChannel.open()
                    : DatagramChannel.open(StandardProtocolFamily.INET)) {
                bind(probe, new InetSocketAddress(address, port));
            }
        }
    }

    /**
     * Finds what a user wrote: {@code HOST:PORT}, {@code [IPv6%IF]:PORT} or {@code all:PORT}.
     *
     * @throws IllegalArgumentException if there cannot be such a target; the message names it
     */
    public UdpBroadcaster.Finder finder(String text) throws IOException {
        HostPort to = HostPort.of("target", text, "HOST:PORT, [IPv6]:PORT or all:PORT", 1);
        if (to.host().equals("all")) {
            return via.isEmpty() ? new AllNetworks(to.port()) : new AllNetworks(to.port(), network().getName());
        } else if (!to.isName()) {
            checkCanBe(to, text);
            return () -> List.of(scoped(to.address()));
        }
        return new UdpBroadcaster.Finder() {
            private final Names names = new Names(to.host(), to.port());

            @Override
            public Collection<InetSocketAddress> find() throws IOException { return List.of(scoped(names.find().iterator().next())); }

            @Override
            public void close() { names.close(); }
        };
    }

    private void checkCanBe(HostPort place, String text) {
        InetAddress to = HostPort.literal(place.host().replaceFirst("%.*", ""));
        String mistake = to.isAnyLocalAddress() ? "expected the address of a host or a group"
            : isOnLink(to) && !place.host().contains("%") && via.isEmpty()
            ? "a link-local address needs its interface, as in [" + place.host() + "%eth0]:" + place.port()
            : address != null && !isSameVersion(address, to) ? "cannot be sent to from " + address.getHostAddress()
            + ", which is of the other IP version; all hosts of an IPv6 network are [ff02::1%IF]:" + place.port() : "";
        if (!mistake.isEmpty()) {
            throw new IllegalArgumentException("target '" + text + "': " + mistake);
        }
    }

    private static boolean isOnLink(InetAddress to) {
        return to instanceof Inet6Address && (to.isLinkLocalAddress() || to.isMCLinkLocal() || to.isMCNodeLocal());
    }

    private InetSocketAddress scoped(InetSocketAddress to) throws IOException {
        boolean isScoped = via.isEmpty() || !isOnLink(to.getAddress()) || ((Inet6Address) to.getAddress()).getScopeId() != 0;
        return isScoped ? to : new InetSocketAddress(
            Inet6Address.getByAddress(null, to.getAddress().getAddress(), network().getIndex()), to.getPort());
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
        bind(channel, from(to));
    }

    private void bind(DatagramChannel channel, InetSocketAddress from) throws IOException {
        // Several sockets share the source port: one for each target.
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, port != 0);
        try {
            channel.bind(from);
        } catch (BindException refusal) {
            throw new IOException("source " + HostPort.of(from) + ": " + refusal.getMessage(), refusal);
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
    private NetworkInterface leavesBy(InetSocketAddress place) throws IOException {
        InetAddress to = place.getAddress();
        boolean isChosen = to.isMulticastAddress() || to.isLinkLocalAddress() || to.getHostAddress().equals("255.255.255.255");
        boolean isHere = to.isLoopbackAddress() || NetworkInterface.getByInetAddress(to) != null;
        NetworkInterface network = NetworkInterface.getByInetAddress(isHere ? InetAddress.getLoopbackAddress()
            : UdpBroadcaster.source(place, isChosen ? this : null).getAddress());
        return network != null && network.isLoopback() && !isHere ? null : network;
    }

    /** Returns the largest payload that leaves in one packet now, as far as is known. */
    int unfragmented(InetSocketAddress to) throws IOException {
        NetworkInterface network = leavesBy(to);
        int headers = to.getAddress() instanceof Inet6Address ? 48 : 28;
        return network == null ? UdpBroadcaster.MAX_PAYLOAD : network.getMTU() - headers;
    }

    /** Tells where a datagram comes from and goes to now, and by which interface. */
    String way(InetSocketAddress to) throws IOException {
        NetworkInterface network = leavesBy(to);
        String by = network == null ? "by an interface that cannot be told" : network.getName();
        boolean isAsAsked = via.isEmpty() || network != null && network().getIndex() == network.getIndex();
        return HostPort.of(UdpBroadcaster.source(to, this)) + " -> " + HostPort.of(to)
            + " (" + by + (isAsAsked ? "" : "; -I gives the source address only") + ")";
    }
}
