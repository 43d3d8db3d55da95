//SOURCES Reason.java
package lib.udp;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;

/**
 * Where datagrams leave: by which interface, from which address and port.
 *
 * <p>The interface decides for multicast, for 255.255.255.255 and for link-local addresses. For all other addresses
 * the system's routing table decides, and the interface gives the source address: nothing else is possible without
 * root.
 *
 * @param via     the name of an interface, or one of its addresses; null leaves it to the system
 * @param address the source address; null leaves it to the system
 * @param port    the source port; 0 for any free one
 */
public record UdpSource(String via, InetAddress address, int port) {
    /** The system decides on everything. */
    public static final UdpSource ANY = new UdpSource(null, null, 0);

    /**
     * @param via  {@code IFACE} or {@code ADDR}; may be null
     * @param text {@code [ADDR]:PORT}, for example {@code :5001} or {@code 192.168.8.1:5001}; may be null
     * @throws IllegalArgumentException if it is not; or if this machine has no such interface or address now; the
     *                                  message names it
     */
    public static UdpSource of(String via, String text) throws IOException {
        InetAddress address = null;
        int port = 0;
        if (text != null) {
            int colon = text.lastIndexOf(':');
            String digits = text.substring(colon + 1);
            port = colon >= 0 && digits.matches("[0-9]{1,5}") ? Integer.parseInt(digits) : -1;
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("source '" + text + "': expected [ADDR]:PORT, as in :5001");
            }
            address = colon == 0 ? null : literal(text.substring(0, colon).replaceAll("^\\[|\\]$", ""));
            if (colon > 0 && address == null) {
                throw new IllegalArgumentException("source '" + text + "': expected an address of this machine");
            }
        }
        UdpSource source = new UdpSource(via, address, port);
        if (via != null) {
            source.networkInterface();
            InetAddress viaAddress = literal(via);
            return viaAddress == null || address != null ? source : new UdpSource(via, viaAddress, port);
        }
        return source;
    }

    /** Never asks a name server. */
    private static InetAddress literal(String text) {
        try {
            return text.matches("[0-9.]+|.*:.*") ? InetAddress.getByName(text) : null;
        } catch (UnknownHostException notAnAddress) {
            return null;
        }
    }

    /**
     * The interface as it is now; empty if it is left to the system.
     *
     * @throws IllegalArgumentException if there is none of that name or address; the message names it
     */
    Optional<NetworkInterface> networkInterface() {
        if (via == null) {
            return Optional.empty();
        }
        try {
            InetAddress literal = literal(via);
            NetworkInterface network =
                literal == null ? NetworkInterface.getByName(via) : NetworkInterface.getByInetAddress(literal);
            if (network != null) {
                return Optional.of(network);
            }
        } catch (SocketException none) {
            throw new IllegalArgumentException("interface '" + via + "': " + Reason.of(none), none);
        }
        throw new IllegalArgumentException(
            "interface '" + via + "': expected the name or an address of an interface of this machine");
    }

    /** Whether datagrams to that address can leave from here. */
    boolean suits(InetAddress target) {
        return address == null || isIpv4(address) == isIpv4(target);
    }

    /**
     * What a socket for that target is bound to; null if there is nothing to be bound to.
     *
     * @throws IOException if the interface has no address of that IP version
     */
    InetSocketAddress bindAddress(InetAddress target) throws IOException {
        if (address == null && via == null) {
            return port == 0 ? null : new InetSocketAddress(port);
        }
        return new InetSocketAddress(address == null ? ofInterface(target) : address, port);
    }

    private InetAddress ofInterface(InetAddress target) throws IOException {
        List<InetAddress> addresses = networkInterface().orElseThrow().inetAddresses()
            .filter(one -> isIpv4(one) == isIpv4(target)).toList();
        boolean onLink = target.isLinkLocalAddress() || target.isMCLinkLocal();
        return addresses.stream().filter(one -> one.isLinkLocalAddress() == onLink).findFirst()
            .or(() -> addresses.stream().findFirst())
            .orElseThrow(() -> new IOException("interface " + via + " has no "
                + (isIpv4(target) ? "IPv4 address; all hosts of an IPv6 network are [ff02::1%" + via + "]"
                    : "IPv6 address")));
    }

    private static boolean isIpv4(InetAddress address) {
        return address instanceof Inet4Address;
    }

    @Override
    public String toString() {
        return via == null ? address.getHostAddress() : via;
    }
}
