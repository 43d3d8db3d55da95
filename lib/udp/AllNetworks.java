//SOURCES UdpBroadcaster.java
package lib.udp;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Finds the directed broadcast address of every IPv4 interface that is up, except the loopback and tunnels.
 * <pre>{@code
 * new UdpBroadcaster().target("all", new AllNetworks(5000)).send("to every network of this machine");
 * }</pre>
 */
public final class AllNetworks implements UdpBroadcaster.Finder {
    private static final int POINT_TO_POINT_PREFIX = 31;

    private final int port;
    private final Set<String> only;

    /** @param only names of interfaces, perhaps the loopback's; without any, all other interfaces are used */
    public AllNetworks(int port, String... only) {
        this.port = port;
        this.only = Set.of(only);
    }

    @Override
    public Collection<InetSocketAddress> find() throws IOException {
        Set<InetSocketAddress> found = new LinkedHashSet<>();
        for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
            boolean isWanted = only.isEmpty() ? !network.isLoopback() : only.contains(network.getName());
            if (isWanted && network.isUp() && !network.isPointToPoint()) {
                for (InterfaceAddress own : network.getInterfaceAddresses()) {
                    if (own.getAddress() instanceof Inet4Address && own.getNetworkPrefixLength() < POINT_TO_POINT_PREFIX) {
                        byte[] broadcast = lastOfNetwork(own.getAddress(), own);
                        found.add(new InetSocketAddress(InetAddress.getByAddress(broadcast), port));
                    }
                }
            }
        }
        if (found.isEmpty()) {
            String missing = only.isEmpty() ? "no interface is up that has an IPv4 broadcast address, except the loopback"
                : "interface " + String.join(", ", only) + " has no IPv4 broadcast address now";
            throw new IOException(missing + "; all hosts of an IPv6 network are [ff02::1%IF]");
        }
        return found;
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
