//SOURCES HostPort.java UdpName.java UdpSocket.java UdpSource.java
package lib.udp;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
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
 * every IPv4 interface that is up, but for the loopback and tunnels. {@link #addresses} finds out what that is now.
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

    /** Whether a name server tells its addresses. */
    boolean isName() {
        return !host.equals("all") && !host.contains(":") && UdpSource.literal(host) == null;
    }

    /**
     * The addresses to send to, each once; never none. Of a name's it is the first that works now, or else the first.
     *
     * @throws IOException if there is none now; if there cannot be any it is an {@link IllegalArgumentException}
     */
    Set<InetSocketAddress> addresses(UdpSource source, Map<String, UdpName> names) throws IOException {
        List<InetAddress> all = host.equals("all") ? broadcastAddresses(source)
            : isName() ? names.computeIfAbsent(host, UdpName::new).addresses() : List.of(InetAddress.getByName(host));
        InetAddress from = source.address();
        List<InetAddress> suitable = all.stream().filter(to -> from == null || UdpSource.isSameVersion(from, to)).toList();
        if (suitable.isEmpty()) {
            throw new IllegalArgumentException("cannot be sent to from " + source
                + ", which is of the other IP version; all hosts of an IPv6 network are [ff02::1%IF]:" + port);
        }
        Stream<InetAddress> chosen = !isName() || suitable.size() == 1 ? suitable.stream()
            : Stream.concat(suitable.stream().filter(one -> works(one, source)), suitable.stream()).limit(1);
        Set<InetSocketAddress> places = new LinkedHashSet<>();
        for (InetAddress address : chosen.toList()) {
            places.add(place(address, source));
        }
        return places;
    }

    private boolean works(InetAddress address, UdpSource source) {
        try {
            new UdpSocket(place(address, source), source).close();
            return true;
        } catch (IOException | IllegalArgumentException notNow) {
            return false;
        }
    }

    private InetSocketAddress place(InetAddress address, UdpSource source) throws IOException {
        if (address.isAnyLocalAddress()) {
            throw new IllegalArgumentException("expected the address of a host or a group");
        }
        boolean needsInterface = address.isLinkLocalAddress() || address.isMCLinkLocal() || address.isMCNodeLocal();
        if (!needsInterface || !(address instanceof Inet6Address ipv6) || ipv6.getScopeId() != 0) {
            return new InetSocketAddress(address, port);
        }
        NetworkInterface network = source.networkInterface().orElseThrow(() -> new IllegalArgumentException(isName()
            ? "its address is link-local: name the interface with -I"
            : "a link-local address needs its interface, as in [" + host + "%eth0]:" + port));
        return new InetSocketAddress(Inet6Address.getByAddress(null, address.getAddress(), network.getIndex()), port);
    }

    /** That of the loopback only where it was asked for: nobody else hears what goes there. */
    private static List<InetAddress> broadcastAddresses(UdpSource source) throws IOException {
        Optional<NetworkInterface> via = source.networkInterface();
        Stream<NetworkInterface> candidates = via.isPresent() ? via.stream() : NetworkInterface.networkInterfaces();
        List<InetAddress> found = new ArrayList<>();
        for (NetworkInterface network : candidates.toList()) {
            try {
                if (network.isUp() && !network.isPointToPoint() && (via.isPresent() || !network.isLoopback())) {
                    for (InterfaceAddress own : network.getInterfaceAddresses()) {
                        if (own.getAddress() instanceof Inet4Address
                                && own.getNetworkPrefixLength() < POINT_TO_POINT_PREFIX) {
                            // Set without a broadcast address, it is reported with 0.0.0.0, or with none on the loopback.
                            InetAddress declared = own.getBroadcast();
                            found.add(declared != null && !declared.isAnyLocalAddress() ? declared
                                : InetAddress.getByAddress(UdpSource.lastOfNetwork(own.getAddress(), own)));
                        }
                    }
                }
            } catch (SocketException vanished) {
                continue;
            }
        }
        if (found.isEmpty()) {
            throw new IOException((via.isPresent() ? "interface " + source + " has no IPv4 broadcast address now"
                : "no interface is up that has an IPv4 broadcast address, but for the loopback")
                + "; all hosts of an IPv6 network are [ff02::1%IF]");
        }
        return found;
    }

    @Override
    public String toString() {
        return new HostPort(host, port).toString();
    }
}
