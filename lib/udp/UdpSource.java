//SOURCES HostPort.java
package lib.udp;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where datagrams leave. The interface decides for multicast, for 255.255.255.255 and for link-local addresses; for all
 * others the system's routing table decides, and the interface gives the source address: nothing else is possible
 * without root.
 *
 * @param via           the name of an interface, or one of its addresses; null leaves it to the system
 * @param address       the source address; null leaves it to the interface or the system
 * @param port          the source port; 0 for any free one
 * @param multicastTtl  how many routers plus one a multicast datagram may pass
 * @param multicastLoop whether receivers on this host get multicast too
 */
record UdpSource(String via, InetAddress address, int port, int multicastTtl, boolean multicastLoop) {
    /** The system decides on everything. */
    static final UdpSource ANY = new UdpSource(null, null, 0, 1, true);

    private static final int HIGHEST_TTL = 255;
    private static final String BYTE = "0*(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
    private static final Pattern ADDRESS = Pattern.compile("(" + BYTE + "\\.){3}" + BYTE + "|.*:.*");

    /** @throws IllegalArgumentException if there cannot be such a TTL; the message names it */
    UdpSource {
        if (multicastTtl < 0 || multicastTtl > HIGHEST_TTL) {
            throw new IllegalArgumentException("multicast TTL " + multicastTtl + ": expected 0 to " + HIGHEST_TTL);
        }
    }

    UdpSource withMulticast(int ttl, boolean loop) {
        return new UdpSource(via, address, port, ttl, loop);
    }

    /** @throws IllegalArgumentException if this machine has no such interface now; the message names it */
    UdpSource withVia(String nameOrAddress) {
        UdpSource source = new UdpSource(nameOrAddress, address, port, multicastTtl, multicastLoop);
        source.networkInterface();
        return source;
    }

    /** @throws IllegalArgumentException if it is not {@code [ADDR]:PORT}; the message names it */
    UdpSource withSource(String text) {
        try {
            HostPort from = HostPort.of(text, "[ADDR]:PORT, as in :5001", 0);
            InetAddress literal = literal(from.host());
            if (literal == null && !from.host().isEmpty()) {
                throw new IllegalArgumentException("expected an address of this machine");
            }
            return new UdpSource(via, literal, from.port(), multicastTtl, multicastLoop);
        } catch (IllegalArgumentException mistake) {
            throw new IllegalArgumentException("source '" + text + "': " + mistake.getMessage(), mistake);
        }
    }

    /** Never asks a name server; null if it is not an address. */
    static InetAddress literal(String text) {
        try {
            return ADDRESS.matcher(text).matches() ? InetAddress.getByName(text) : null;
        } catch (UnknownHostException notAnAddress) {
            return null;
        }
    }

    /** As it is now; empty if it is left to the system. Throws what {@link #withVia} does if it is not there. */
    Optional<NetworkInterface> networkInterface() {
        if (via == null) {
            return Optional.empty();
        }
        try {
            InetAddress literal = literal(via);
            NetworkInterface found =
                literal == null ? NetworkInterface.getByName(via) : NetworkInterface.getByInetAddress(literal);
            if (found == null) {
                throw new SocketException("expected the name or an address of an interface of this machine");
            }
            return Optional.of(found);
        } catch (SocketException none) {
            throw new IllegalArgumentException("interface '" + via + "': " + none.getMessage(), none);
        }
    }

    /** The address that was given, by itself or for the interface; null if there is none. */
    private InetAddress fixed() {
        return address != null || via == null ? address : literal(via);
    }

    /** Whether datagrams to that address can leave from here. */
    boolean suits(InetAddress target) {
        return fixed() == null || isIpv4(fixed()) == isIpv4(target);
    }

    /** Whether a source address was given for what goes to that address, by which the routing table decides the way. */
    boolean saysNothingOfTheWayTo(InetAddress target) {
        return (address != null || via != null) && !isUndirected(target) && !target.isLinkLocalAddress();
    }

    /** Whether only a default route would tell where datagrams to that address leave. */
    static boolean isUndirected(InetAddress target) {
        return target.isMulticastAddress() || target.getHostAddress().equals("255.255.255.255");
    }

    /** What a socket for that target is bound to. It fails if the interface has no address of that IP version now. */
    InetSocketAddress bindAddress(InetAddress target) throws IOException {
        return new InetSocketAddress(fixed() == null && via != null ? ofInterface(target) : fixed(), port);
    }

    private InetAddress ofInterface(InetAddress target) throws IOException {
        boolean onLink = target.isLinkLocalAddress() || target.isMCLinkLocal();
        return networkInterface().orElseThrow().inetAddresses().filter(one -> isIpv4(one) == isIpv4(target))
            .min(Comparator.comparing(one -> one.isLinkLocalAddress() != onLink))
            .orElseThrow(() -> new IOException("interface " + via + " has no " + (isIpv4(target)
                ? "IPv4 address; all hosts of an IPv6 network are [ff02::1%" + via + "]" : "IPv6 address")));
    }

    private static boolean isIpv4(InetAddress address) {
        return address instanceof Inet4Address;
    }

    @Override
    public String toString() {
        return via == null ? fixed().getHostAddress() : via;
    }
}
