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
 * @param via           the name of an interface; null leaves it to the system
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

    /**
     * @param nameOrAddress of an interface; an address is the source address, too
     * @throws IllegalArgumentException if this machine has no such interface now; the message names it
     */
    UdpSource withVia(String nameOrAddress) {
        InetAddress literal = literal(nameOrAddress);
        try {
            NetworkInterface found = literal == null ? NetworkInterface.getByName(nameOrAddress)
                : NetworkInterface.getByInetAddress(literal);
            if (found != null) {
                InetAddress from = literal == null ? address : literal;
                return new UdpSource(found.getName(), from, port, multicastTtl, multicastLoop);
            }
        } catch (SocketException none) {
            // Told below.
        }
        throw new IllegalArgumentException("interface '" + nameOrAddress
            + "': expected the name or an address of an interface of this machine");
    }

    /** @throws IllegalArgumentException if it is not {@code [ADDR]:PORT}; the message names it */
    UdpSource withSource(String text) {
        HostPort from = HostPort.of("source", text, "[ADDR]:PORT, as in :5001", 0);
        InetAddress literal = literal(from.host());
        if (literal == null && !from.host().isEmpty()) {
            throw new IllegalArgumentException("source '" + text + "': expected an address of this machine");
        }
        return new UdpSource(via, literal == null ? address : literal, from.port(), multicastTtl, multicastLoop);
    }

    /** Never asks a name server; null if it is not an address. */
    static InetAddress literal(String text) {
        try {
            return ADDRESS.matcher(text).matches() ? InetAddress.getByName(text) : null;
        } catch (UnknownHostException notAnAddress) {
            return null;
        }
    }

    /** As it is now; empty if it is left to the system. */
    Optional<NetworkInterface> networkInterface() throws IOException {
        NetworkInterface found = via == null ? null : NetworkInterface.getByName(via);
        if (via != null && found == null) {
            throw new IOException("no such interface " + via);
        }
        return Optional.ofNullable(found);
    }

    /** Whether datagrams to that address can leave from here. */
    boolean suits(InetAddress target) {
        return address == null || isSameVersion(address, target);
    }

    /** Whether datagrams to that address leave by the interface that has their source address. */
    boolean tellsTheWayTo(InetAddress target) {
        return address == null && via == null || target.isMulticastAddress() || target.isLinkLocalAddress()
            || target.getHostAddress().equals("255.255.255.255");
    }

    /** What a socket for that target is bound to. It fails if the interface has no address of that IP version now. */
    InetSocketAddress bindAddress(InetAddress target) throws IOException {
        if (address != null || via == null) {
            return new InetSocketAddress(address, port);
        }
        boolean onLink = target.isLinkLocalAddress() || target.isMCLinkLocal();
        return networkInterface().orElseThrow().inetAddresses().filter(one -> isSameVersion(one, target))
            .min(Comparator.comparing(one -> one.isLinkLocalAddress() != onLink))
            .map(own -> new InetSocketAddress(own, port))
            .orElseThrow(() -> new IOException("interface " + via + " has no address of that IP version"));
    }

    private static boolean isSameVersion(InetAddress one, InetAddress other) {
        return one instanceof Inet4Address == other instanceof Inet4Address;
    }

    @Override
    public String toString() {
        return address == null ? via : address.getHostAddress();
    }
}
