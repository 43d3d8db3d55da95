//SOURCES HostPort.java UdpName.java UdpSource.java
package lib.udp;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where datagrams go, as the user wrote it: a host and a port, or {@code all:PORT}, the directed broadcast address of
 * every IPv4 interface that is up. What that means is found out by {@link #addresses}, each time anew.
 */
record UdpTarget(String host, int port) {
    private static final String FORM = "HOST:PORT, [IPv6]:PORT or all:PORT";
    private static final String ALL = "all";
    private static final int POINT_TO_POINT_PREFIX = 31;

    /** @throws IllegalArgumentException if the text is none of the three; the message names it */
    static UdpTarget of(String text) {
        try {
            if (text.matches("\\[" + ALL + "[%\\]].*")) {
                throw ipv6HasNoBroadcast(text.replaceFirst(".*:", ""));
            }
            HostPort place = HostPort.of(text, FORM, 1);
            if (place.host().isEmpty()) {
                throw new IllegalArgumentException("expected " + FORM);
            } else if (place.host().matches("[0-9.]+") && UdpSource.literal(place.host()) == null) {
                throw new IllegalArgumentException("expected an IPv4 address of four numbers from 0 to 255");
            }
            return new UdpTarget(place.host(), place.port());
        } catch (IllegalArgumentException mistake) {
            throw new IllegalArgumentException("target '" + text + "': " + mistake.getMessage(), mistake);
        }
    }

    private static IllegalArgumentException ipv6HasNoBroadcast(String port) {
        return new IllegalArgumentException("IPv6 has no broadcast; all hosts of a network are the multicast group"
            + " [ff02::1%IF]:" + port + ", IF being the interface");
    }

    private boolean isAll() {
        return host.equals(ALL);
    }

    /** Whether a name server tells its addresses. */
    boolean isName() {
        return !isAll() && !host.contains(":") && UdpSource.literal(host) == null;
    }

    /**
     * The addresses of it, each once; never none. Of a name's addresses any one will do, of the others all are meant.
     *
     * @throws IOException if there is none now; if there cannot be any it is an {@link IllegalArgumentException}
     */
    List<InetSocketAddress> addresses(UdpSource source, Map<String, UdpName> names) throws IOException {
        List<InetAddress> addresses = isAll() ? broadcastAddresses(source)
            : isName() ? names.get(host).addresses() : List.of(literal());
        List<InetAddress> suitable = addresses.stream().filter(source::suits).toList();
        if (suitable.isEmpty()) {
            throw new IllegalArgumentException("cannot be sent to from " + source
                + ", which is of the other IP version; all hosts of an IPv6 network are [ff02::1%IF]:" + port);
        }
        return suitable.stream().map(address -> new InetSocketAddress(checked(address, source), port)).toList();
    }

    private InetAddress literal() throws IOException {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException notNow) {
            if (host.contains("%")) {
                throw new IOException("no interface " + host.replaceFirst(".*%", ""), notNow);
            }
            throw new IllegalArgumentException("expected an IPv6 address in the brackets", notNow);
        }
    }

    private InetAddress checked(InetAddress address, UdpSource source) {
        if (address.isAnyLocalAddress()) {
            throw new IllegalArgumentException("expected the address of a host or a group");
        }
        if (!(address instanceof Inet6Address ipv6)) {
            return address;
        }
        if (!address.isMulticastAddress() && address.getHostAddress().matches(".*(:ffff){4}(%.*)?")) {
            // What would be the broadcast address of a subnet in IPv4 belongs to a reserved anycast range here.
            throw ipv6HasNoBroadcast(Integer.toString(port));
        }
        boolean needsInterface = address.isLinkLocalAddress() || address.isMCLinkLocal() || address.isMCNodeLocal();
        return needsInterface && ipv6.getScopeId() == 0 ? withInterface(ipv6, source) : ipv6;
    }

    private InetAddress withInterface(Inet6Address address, UdpSource source) {
        NetworkInterface network = source.networkInterface().orElseThrow(() -> new IllegalArgumentException(
            "a link-local address needs its interface, as in [" + host + "%eth0]:" + port));
        try {
            return Inet6Address.getByAddress(null, address.getAddress(), network);
        } catch (UnknownHostException hasNoIpv6) {
            throw new IllegalArgumentException("interface " + source + " has no IPv6 address", hasNoIpv6);
        }
    }

    /** That of the loopback only where it was asked for: nobody else hears what goes there. */
    private static List<InetAddress> broadcastAddresses(UdpSource source) throws IOException {
        Optional<NetworkInterface> via = source.networkInterface();
        boolean chosen = via.isPresent();
        Set<InetAddress> found = new LinkedHashSet<>();
        for (NetworkInterface network : chosen ? List.of(via.get()) : NetworkInterface.networkInterfaces().toList()) {
            if (network.isUp() && !network.isPointToPoint() && (chosen || !network.isLoopback())) {
                network.getInterfaceAddresses().stream().filter(address -> address.getAddress() instanceof Inet4Address
                    && address.getNetworkPrefixLength() < POINT_TO_POINT_PREFIX)
                    .map(UdpTarget::broadcastAddress).forEach(found::add);
            }
        }
        if (found.isEmpty()) {
            throw new IOException((chosen ? "interface " + source + " has no IPv4 broadcast address now"
                : "no interface is up that has an IPv4 broadcast address, but for the loopback")
                + "; all hosts of an IPv6 network are [ff02::1%IF]");
        }
        return List.copyOf(found);
    }

    /** An address that was set without a broadcast address is reported with 0.0.0.0, or with none on the loopback. */
    static InetAddress broadcastAddress(InterfaceAddress address) {
        InetAddress declared = address.getBroadcast();
        if (declared != null && !declared.isAnyLocalAddress()) {
            return declared;
        }
        byte[] bytes = address.getAddress().getAddress();
        for (int bit = address.getNetworkPrefixLength(); bit < bytes.length * 8; bit++) {
            bytes[bit / 8] |= (byte) (0x80 >> bit % 8);
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException neverOfThisLength) {
            throw new IllegalStateException(neverOfThisLength);
        }
    }

    @Override
    public String toString() {
        return new HostPort(host, port).toString();
    }
}
