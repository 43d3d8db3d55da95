//SOURCES UdpBroadcaster.java
package lib.udp;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the directed broadcast address of every IPv4 interface that is up, except the loopback and tunnels.
 * <pre>{@code
 * new UdpBroadcaster().target("all", new AllNetworks(5000, "")).send("to every network of this machine");
 * }</pre>
 *
 * @param only the name of an interface, perhaps the loopback's; empty for all other interfaces
 */
public record AllNetworks(int port, String only) implements UdpBroadcaster.Finder {
    @Override
    public List<InetSocketAddress> find() throws IOException {
        List<InetSocketAddress> found = new ArrayList<>();
        for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
            boolean isNamed = only.isEmpty() ? !network.isLoopback() : only.equals(network.getName());
            boolean isWanted = isNamed && network.isUp() && !network.isPointToPoint();
            for (InterfaceAddress own : network.getInterfaceAddresses()) {
                int prefix = own.getNetworkPrefixLength();
                if (isWanted && own.getAddress() instanceof Inet4Address && prefix < 31) { // Two hosts need no broadcast.
                    int last = ByteBuffer.wrap(own.getAddress().getAddress()).getInt() | -1 >>> prefix;
                    byte[] broadcast = ByteBuffer.allocate(Integer.BYTES).putInt(last).array();
                    found.add(new InetSocketAddress(InetAddress.getByAddress(broadcast), port));
                }
            }
        }
        if (found.isEmpty()) {
            throw new IOException("no interface is up that has an IPv4 broadcast address, except the loopback");
        }
        return found;
    }
}
