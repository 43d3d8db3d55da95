//SOURCES UdpBroadcaster.java
package lib.udp;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Finds the directed broadcast address of every IPv4 interface that is up, except the loopback and tunnels.
 *
 * <pre>{@code
 * new UdpBroadcaster().target("all", new AllNetworks(5000)).send("to every network of this machine");
 * }</pre>
 */
public final class AllNetworks implements UdpBroadcaster.Finder {
    private static final int POINT_TO_POINT_PREFIX = 31;

    private final int port;
    private final Set<String> only;

    /** @param only names of interfaces; without any, all interfaces are used, and with some the loopback may be among them */
    public AllNetworks(int port, String... only) {
        this.port = port;
        this.only = Set.of(only);
    }

    @Override
    public Collection<InetSocketAddress> find() throws IOException {
        Set<InetSocketAddress> found = new LinkedHashSet<>();
        for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
            try {
                boolean isWanted = only.isEmpty() ? !network.isLoopback() : only.contains(network.getName());
                if (isWanted && network.isUp() && !network.isPointToPoint()) {
                    addBroadcasts(network, found);
                }
            } catch (SocketException vanished) {
                continue;
            }
        }
        if (found.isEmpty()) {
            throw new IOException((only.isEmpty() ? "no interface is up that has an IPv4 broadcast address, except the loopback"
                : "interface " + String.join(", ", only) + " has no IPv4 broadcast address now")
                + "; all hosts of an IPv6 network are [ff02::1%IF]");
        }
        return found;
    }

    private void addBroadcasts(NetworkInterface network, Set<InetSocketAddress> found) throws IOException {
        for (InterfaceAddress own : network.getInterfaceAddresses()) {
            if (own.getAddress() instanceof Inet4Address && own.getNetworkPrefixLength() < POINT_TO_POINT_PREFIX) {
                // An address that was set without a broadcast address reports 0.0.0.0, or none on the loopback.
                InetAddress declared = own.getBroadcast();
                found.add(new InetSocketAddress(declared != null && !declared.isAnyLocalAddress() ? declared
                        : InetAddress.getByAddress(lastOfNetwork(own.getAddress(), own)), port));
            }
        }
    }

    /** Returns the last address of the network that an address is in, if that network is as large as this one. */
    static byte[] lastOfNetwork(InetAddress address, InterfaceAddress sized) {
        byte[] bytes = address.getAddress();
        for (int bit = sized.getNetworkPrefixLength(); bit < bytes.length * 8; bit++) {
            bytes[bit / 8] |= (byte) (0x80 >> bit % 8);
        }
        return bytes;
    }
}
