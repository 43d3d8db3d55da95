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
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides where datagrams leave, as a command line says it. The interface decides for multicast, for 255.255.255.255 and for
 * link-local addresses. For all others the routing table decides, and the interface gives the source address.
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
    private final Map<String, UdpBroadcaster.Finder> finders = new LinkedHashMap<>();

    /**
     * @param via    the name or an address of an interface; empty leaves it to the system
     * @param source {@code [ADDR]:PORT}; no address and port 0 leave them to the system
     * @param ttl    how many routers plus one a multicast datagram may pass
     * @param loop   whether receivers on this host get multicast too
     * @throws IllegalArgumentException if the source or the TTL is something else; the message names it
     */
    public UdpSource(String via, String source, int ttl, boolean loop) {
        HostPort from = HostPort.of("source", source, "[ADDR]:PORT, as in :5001", 0);
        InetAddress asked = HostPort.address(from.host());
        if (asked == null && !from.host().isEmpty()) {
            throw new IllegalArgumentException("source '" + source + "': expected an address of this machine");
        } else if (ttl < 0 || ttl > 255) {
            throw new IllegalArgumentException("multicast TTL " + ttl + ": expected 0 to 255");
        }
        this.via = via;
        this.address = HostPort.address(via) != null ? HostPort.address(via) : asked;
        this.port = from.port();
        this.ttl = ttl;
        this.loop = loop;
    }

    /** Returns whether everything is left to the system. */
    boolean isAny() { return via.isEmpty() && address == null && port == 0 && ttl == 1 && loop; }

    /** @throws IOException if the interface or the source is missing or in use now; the message names it */
    void check() throws IOException {
        if (!via.isEmpty()) {
            network();
        }
        if (address != null || port != 0) {
            try (DatagramChannel probe = DatagramChannel.open()) {
                bind(probe, address);
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
        UdpBroadcaster.Finder finder = to.host().equals("all")
            ? via.isEmpty() ? new AllNetworks(to.port()) : new AllNetworks(to.port(), network().getName())
            : to.isName() ? new Names(to.host(), to.port()) : literal(to, text);
        finders.put(text, finder);
        return finder;
    }

    private UdpBroadcaster.Finder literal(HostPort to, String text) {
        InetAddress there = HostPort.address(to.host().replaceFirst("%.*", ""));
        boolean needsInterface = there instanceof Inet6Address && !to.host().contains("%")
            && (there.isLinkLocalAddress() || there.isMCLinkLocal() || there.isMCNodeLocal());
        String mistake = there.isAnyLocalAddress() ? "expected the address of a host or a group"
            : needsInterface && via.isEmpty()
            ? "a link-local address needs its interface, as in [" + to.host() + "%eth0]:" + to.port()
            : address != null && !isSameVersion(address, there) ? otherVersion() : null;
        if (mistake != null) {
            throw new IllegalArgumentException("target '" + text + "': " + mistake);
        }
        return () -> List.of((needsInterface ? new HostPort(to.host() + "%" + network().getName(), to.port()) : to).find());
    }

    /** Returns the interface that the user named. It fails if this machine has no such interface now. */
    private NetworkInterface network() throws IOException {
        NetworkInterface found = HostPort.address(via) != null ? NetworkInterface.getByInetAddress(address)
            : NetworkInterface.getByName(via);
        if (found == null) {
            throw new IOException(
                "interface '" + via + "': expected the name or an address of an interface of this machine");
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

    private void bind(DatagramChannel channel, InetAddress from) throws IOException {
        // Several sockets share the source port: one for each target.
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, port != 0);
        try {
            channel.bind(new InetSocketAddress(from, port));
        } catch (BindException refusal) {
            HostPort source = HostPort.of(new InetSocketAddress(from, port));
            throw new IOException("source " + source + ": " + refusal.getMessage(), refusal);
        }
    }

    /** Chooses the interface's address in the network of a target, or else its first one, link-local only for link-local. */
    private InetAddress from(InetAddress to) throws IOException {
        if (address != null && !isSameVersion(address, to)) {
            throw new IOException(otherVersion());
        } else if (address != null || via.isEmpty()) {
            return address;
        }
        // The JDK lists the first address last.
        return network().getInterfaceAddresses().stream().filter(own -> isSameVersion(own.getAddress(), to))
            .sorted(Comparator.comparing((InterfaceAddress own) -> isInNetwork(to, own))
                .thenComparing(own -> own.getAddress().isLinkLocalAddress() == to.isLinkLocalAddress()))
            .reduce((worse, better) -> better).map(InterfaceAddress::getAddress)
            .orElseThrow(() -> new IOException("interface " + via + " has no address of that IP version"));
    }

    private static boolean isInNetwork(InetAddress to, InterfaceAddress own) {
        return Arrays.equals(AllNetworks.lastOfNetwork(own.getAddress(), own), AllNetworks.lastOfNetwork(to, own));
    }

    private String otherVersion() {
        return "cannot be sent to from " + address.getHostAddress() + ", which is of the other IP version";
    }

    private static boolean isSameVersion(InetAddress one, InetAddress other) {
        return one instanceof Inet4Address == other instanceof Inet4Address;
    }

    /** Returns where a datagram comes from and goes to now, for each address of all targets, or why it cannot be sent. */
    List<String> ways() {
        List<String> ways = new ArrayList<>();
        finders.forEach((name, finder) -> {
            try {
                finder.find().forEach(to -> ways.add(way(name, to)));
            } catch (IOException none) {
                ways.add(name + " (" + none.getMessage() + ")");
            }
        });
        return ways;
    }

    private String way(String name, InetSocketAddress place) {
        InetAddress to = place.getAddress();
        try {
            InetSocketAddress source = UdpBroadcaster.source(place, this);
            InetAddress routed = NetworkInterface.getByInetAddress(to) != null ? InetAddress.getLoopbackAddress()
                : UdpBroadcaster.source(place, HostPort.leavesByChoice(to) ? this : null).getAddress();
            String by = NetworkInterface.getByInetAddress(routed).getName();
            boolean isAsAsked = via.isEmpty() || network().getName().equals(by);
            return HostPort.of(source) + " -> " + HostPort.of(place) + " (" + by
                + (isAsAsked ? "" : "; -I gives the source address only") + ")";
        } catch (IOException noWay) {
            return HostPort.label(name, place) + " (" + HostPort.reason(noWay, place) + ")";
        }
    }
}
