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
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where datagrams go, as the user wrote it: a host and a port, or {@code all:PORT}, the directed broadcast address of
 * every IPv4 interface that is up. What that means is found out by {@link #addresses}, each time anew.
 */
record UdpTarget(String host, int port) {
    private static final String FORM = "HOST:PORT, [IPv6]:PORT or all:PORT";
    private static final int POINT_TO_POINT_PREFIX = 31;

    /** @throws IllegalArgumentException if the text is none of the three; the message names it */
    static UdpTarget of(String text) {
        HostPort place = HostPort.of("target", text, FORM, 1);
        String address = place.host().replaceFirst("%.*", "");
        if (place.host().isEmpty()) {
            throw new IllegalArgumentException("target '" + text + "': expected " + FORM);
        } else if (address.matches("[0-9.]+|.*:.*") && UdpSource.literal(address) == null) {
            throw new IllegalArgumentException(
                "target '" + text + "': expected four numbers from 0 to 255, or an IPv6 address in brackets");
        }
        return new UdpTarget(place.host(), place.port());
    }

    private boolean isAll() {
        return host.equals("all");
    }

    /** Whether a name server tells its addresses. */
    boolean isName() {
        return !isAll() && !host.contains(":") && UdpSource.literal(host) == null;
    }

    /**
     * The addresses to send to, each once; never none. Of a name's addresses it is the first, any one will do.
     *
     * @throws IOException if there is none now; if there cannot be any it is an {@link IllegalArgumentException}
     */
    Set<InetSocketAddress> addresses(UdpSource source, Map<String, UdpName> names) throws IOException {
        List<InetAddress> all = isAll() ? broadcastAddresses(source)
            : isName() ? names.computeIfAbsent(host, UdpName::new).addresses() : List.of(InetAddress.getByName(host));
        Set<InetSocketAddress> suitable = new LinkedHashSet<>();
        for (InetAddress address : all) {
            if (source.suits(address) && !(isName() && suitable.size() == 1)) {
                suitable.add(new InetSocketAddress(checked(address, source), port));
            }
        }
        if (suitable.isEmpty()) {
            throw new IllegalArgumentException("cannot be sent to from " + source
                + ", which is of the other IP version; all hosts of an IPv6 network are [ff02::1%IF]:" + port);
        }
        return suitable;
    }

    private InetAddress checked(InetAddress address, UdpSource source) throws IOException {
        if (address.isAnyLocalAddress()) {
            throw new IllegalArgumentException("expected the address of a host or a group");
        }
        boolean needsInterface = address.isLinkLocalAddress() || address.isMCLinkLocal() || address.isMCNodeLocal();
        if (!needsInterface || !(address instanceof Inet6Address ipv6) || ipv6.getScopeId() != 0) {
            return address;
        }
        NetworkInterface network = source.networkInterface().orElseThrow(() -> new IllegalArgumentException(
            "a link-local address needs its interface, as in [" + host + "%eth0]:" + port));
        return Inet6Address.getByAddress(null, address.getAddress(), network.getIndex());
    }

    /** That of the loopback only where it was asked for: nobody else hears what goes there. */
    private static List<InetAddress> broadcastAddresses(UdpSource source) throws IOException {
        Optional<NetworkInterface> via = source.networkInterface();
        Stream<NetworkInterface> candidates = via.isPresent() ? via.stream() : NetworkInterface.networkInterfaces();
        List<InetAddress> found = new ArrayList<>();
        for (NetworkInterface network : candidates.toList()) {
            if (network.isUp() && !network.isPointToPoint() && (via.isPresent() || !network.isLoopback())) {
                for (InterfaceAddress address : network.getInterfaceAddresses()) {
                    if (address.getAddress() instanceof Inet4Address
                            && address.getNetworkPrefixLength() < POINT_TO_POINT_PREFIX) {
                        found.add(broadcastAddress(address));
                    }
                }
            }
        }
        if (found.isEmpty()) {
            throw new IOException((via.isPresent() ? "interface " + source + " has no IPv4 broadcast address now"
                : "no interface is up that has an IPv4 broadcast address, but for the loopback")
                + "; all hosts of an IPv6 network are [ff02::1%IF]");
        }
        return found;
    }

    /** An address that was set without a broadcast address is reported with 0.0.0.0, or with none on the loopback. */
    private static InetAddress broadcastAddress(InterfaceAddress address) throws IOException {
        InetAddress declared = address.getBroadcast();
        if (declared != null && !declared.isAnyLocalAddress()) {
            return declared;
        }
        byte[] bytes = address.getAddress().getAddress();
        for (int bit = address.getNetworkPrefixLength(); bit < bytes.length * 8; bit++) {
            bytes[bit / 8] |= (byte) (0x80 >> bit % 8);
        }
        return InetAddress.getByAddress(bytes);
    }

    @Override
    public String toString() {
        return new HostPort(host, port).toString();
    }
}
