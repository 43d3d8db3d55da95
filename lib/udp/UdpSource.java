//SOURCES HostPort.java
package lib.udp;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where datagrams leave. The interface decides for multicast, for 255.255.255.255 and for link-local addresses; for all
 * others the system's routing table decides, and the interface gives the source address: nothing else is possible
 * without root.
 *
 * @param via           the name or an address of an interface; null leaves it to the system
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

    /** An address of an interface is the source address, too. */
    UdpSource withVia(String nameOrAddress) {
        InetAddress literal = literal(nameOrAddress);
        return new UdpSource(nameOrAddress, literal == null ? address : literal, port, multicastTtl, multicastLoop);
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

    /** As it is now; empty if it is left to the system. It fails if this machine has no such interface now. */
    Optional<NetworkInterface> networkInterface() throws IOException {
        InetAddress literal = via == null ? null : literal(via);
        NetworkInterface found = literal != null ? NetworkInterface.getByInetAddress(literal)
            : via != null ? NetworkInterface.getByName(via) : null;
        if (via != null && found == null) {
            throw new IOException("interface '" + via + "': expected the name or an address of an interface of this machine");
        }
        return Optional.ofNullable(found);
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
        // The best one comes last; of equal ones that is the interface's first, which the JDK lists last.
        return networkInterface().orElseThrow().getInterfaceAddresses().stream()
            .filter(own -> isSameVersion(own.getAddress(), target))
            .sorted(Comparator.comparing((InterfaceAddress own) -> own.getAddress().isLinkLocalAddress() == onLink)
                .thenComparing(own -> Arrays.equals(lastOfNetwork(own.getAddress(), own), lastOfNetwork(target, own))))
            .reduce((worse, better) -> better)
            .map(own -> new InetSocketAddress(own.getAddress(), port))
            .orElseThrow(() -> new IOException("interface " + via + " has no address of that IP version"));
    }

    /** The last address, for broadcasts, of the network that an address is in, if that network is as large as this one's. */
    static byte[] lastOfNetwork(InetAddress address, InterfaceAddress sized) {
        byte[] bytes = address.getAddress();
        for (int bit = sized.getNetworkPrefixLength(); bit < bytes.length * 8; bit++) {
            bytes[bit / 8] |= (byte) (0x80 >> bit % 8);
        }
        return bytes;
    }

    static boolean isSameVersion(InetAddress one, InetAddress other) {
        return one instanceof Inet4Address == other instanceof Inet4Address;
    }

    @Override
    public String toString() {
        return address == null ? via : address.getHostAddress();
    }
}
