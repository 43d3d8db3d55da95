//SOURCES UdpSource.java
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
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Where datagrams go, as the user wrote it: a host and a port, or {@code all:PORT}, the directed broadcast address of
 * every IPv4 interface that is up. What that means is found out by {@link #resolve}, each time anew.
 */
public record UdpTarget(String host, int port) {
    private static final String ALL = "all";
    private static final int POINT_TO_POINT_PREFIX = 31;
    private static final int IPV6_INTERFACE_ID = 8;

    /**
     * @param text {@code HOST:PORT}, {@code [IPv6%zone]:PORT} or {@code all:PORT}
     * @throws IllegalArgumentException if it is not; the message names it
     */
    public static UdpTarget of(String text) {
        int colon = text.lastIndexOf(':');
        String host = text.substring(0, Math.max(colon, 0));
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (host.isBlank() || !bracketed && (host.contains(":") || host.contains("/") || host.contains("["))) {
            throw new IllegalArgumentException("target '" + text + "': expected HOST:PORT, [IPv6]:PORT or all:PORT");
        }
        String digits = text.substring(colon + 1);
        int port = digits.matches("[0-9]{1,5}") ? Integer.parseInt(digits) : 0;
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("target '" + text + "': expected a port from 1 to 65535");
        }
        UdpTarget target = new UdpTarget(bracketed ? host.substring(1, host.length() - 1) : host, port);
        if (bracketed && target.host.replaceFirst("%.*", "").equals(ALL)) {
            throw ipv6HasNoBroadcast(text, port);
        }
        return target;
    }

    /** Whether the addresses are those of the interfaces, and so may change while nothing fails. */
    boolean isAll() {
        return host.equals(ALL);
    }

    /**
     * The addresses that a datagram goes to, each once; never none.
     *
     * @throws IOException              if there is none now; the message names the target
     * @throws IllegalArgumentException if there can not be any; the message names the target
     */
    List<InetSocketAddress> resolve(UdpSource source) throws IOException {
        if (isAll() && source.address() != null && !(source.address() instanceof Inet4Address)) {
            throw otherVersion(source);
        }
        List<InetAddress> addresses = isAll() ? broadcastAddresses(source) : List.of(address(source));
        return addresses.stream().map(address -> new InetSocketAddress(address, port)).toList();
    }

    private InetAddress address(UdpSource source) throws IOException {
        InetAddress address = Arrays.stream(allByName()).filter(source::suits).findFirst()
            .orElseThrow(() -> otherVersion(source));
        if (address.isAnyLocalAddress()) {
            throw new IllegalArgumentException("target '" + this + "': expected the address of a host or a group");
        } else if (address instanceof Inet6Address ipv6) {
            return withInterface(ipv6, source);
        }
        return address;
    }

    private IllegalArgumentException otherVersion(UdpSource source) {
        return new IllegalArgumentException("target '" + this + "': can not be sent to from " + source
            + ", which is of the other IP version; all hosts of an IPv6 network are [ff02::1%IF]:" + port);
    }

    private InetAddress[] allByName() throws IOException {
        try {
            return InetAddress.getAllByName(host);
        } catch (UnknownHostException unknown) {
            boolean noInterface = host.contains(":") && host.contains("%");
            String reason = noInterface ? "no interface " + host.substring(host.indexOf('%') + 1) : "host not found";
            throw new IOException(this + ": " + reason, unknown);
        }
    }

    private InetAddress withInterface(Inet6Address address, UdpSource source) throws IOException {
        byte[] bytes = address.getAddress();
        if (!address.isMulticastAddress() && isAllOnes(bytes)) {
            throw ipv6HasNoBroadcast(toString(), port);
        }
        boolean needsInterface =
            address.isLinkLocalAddress() || address.isMCLinkLocal() || address.isMCNodeLocal();
        if (!needsInterface || address.getScopeId() != 0) {
            return address;
        }
        NetworkInterface network = source.networkInterface().orElseThrow(() -> new IllegalArgumentException(
            "target '" + this + "': a link-local address needs its interface, as in [" + host + "%eth0]:" + port));
        return Inet6Address.getByAddress(null, bytes, network);
    }

    /** What would be the broadcast address of a subnet in IPv4 belongs to a reserved anycast range in IPv6. */
    private static boolean isAllOnes(byte[] ipv6) {
        for (int i = IPV6_INTERFACE_ID; i < ipv6.length; i++) {
            if (ipv6[i] != (byte) 0xFF) {
                return false;
            }
        }
        return true;
    }

    private static IllegalArgumentException ipv6HasNoBroadcast(String target, int port) {
        return new IllegalArgumentException("target '" + target + "': IPv6 has no broadcast;"
            + " all hosts of a network are the multicast group [ff02::1%IF]:" + port + ", IF being the interface");
    }

    private List<InetAddress> broadcastAddresses(UdpSource source) throws IOException {
        Set<InetAddress> broadcast = new LinkedHashSet<>();
        Set<InetAddress> loopback = new LinkedHashSet<>();
        List<NetworkInterface> interfaces = source.networkInterface().map(List::of)
            .orElseGet(UdpTarget::networkInterfaces);
        for (NetworkInterface network : interfaces) {
            if (network.isUp() && !network.isPointToPoint()) {
                addBroadcastAddresses(network, network.isLoopback() ? loopback : broadcast);
            }
        }
        Set<InetAddress> found = broadcast.isEmpty() ? loopback : broadcast;
        if (found.isEmpty()) {
            throw new IOException(this + ": " + source.networkInterface().map(one -> "interface " + one.getName())
                .orElse("no interface") + (source.networkInterface().isPresent() ? " has no" : " that is up has an")
                + " IPv4 broadcast address; all hosts of an IPv6 network are [ff02::1%IF]:" + port);
        }
        return new ArrayList<>(found);
    }

    private static List<NetworkInterface> networkInterfaces() {
        try {
            return NetworkInterface.networkInterfaces().toList();
        } catch (IOException none) {
            return List.of();
        }
    }

    private static void addBroadcastAddresses(NetworkInterface network, Set<InetAddress> addresses)
            throws UnknownHostException {
        for (InterfaceAddress address : network.getInterfaceAddresses()) {
            boolean hasBroadcast = address.getNetworkPrefixLength() < POINT_TO_POINT_PREFIX;
            if (address.getAddress() instanceof Inet4Address && hasBroadcast) {
                addresses.add(broadcastAddress(address));
            }
        }
    }

    /** An address that was set without a broadcast address is reported with 0.0.0.0, or with none on the loopback. */
    private static InetAddress broadcastAddress(InterfaceAddress address) throws UnknownHostException {
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

    /** Whether this is the loopback's own broadcast address, which no other host hears. */
    static boolean isLoopback(List<InetSocketAddress> addresses) {
        return addresses.stream().allMatch(address -> address.getAddress().isLoopbackAddress());
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
