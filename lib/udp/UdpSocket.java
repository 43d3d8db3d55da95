//SOURCES HostPort.java UdpSource.java
package lib.udp;

import java.io.IOException;
import java.net.BindException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

/**
 * A socket that is connected to one address: it costs a third less for each datagram than one that is given the address
 * each time. But it keeps the source address of the route that there was: {@link #leavesLike} compares it with a new one.
 */
final class UdpSocket implements AutoCloseable {
    private static final int MOST_TOLD_AT_ONCE = 10;
    private static final int IPV4_AND_UDP_HEADERS = 28;
    private static final int IPV6_AND_UDP_HEADERS = 48;

    private final InetSocketAddress target;
    private final UdpSource source;
    private final DatagramChannel channel;
    private final InetSocketAddress local;
    /** By which datagrams leave; null if that cannot be told. */
    private final NetworkInterface network;
    private final int networkIndex;
    /** The largest payload that leaves in one packet; as large as can be if the interface cannot be told. */
    final int unfragmented;

    /**
     * @throws BindException if the source that the user chose is not there or in use; the message names it
     * @throws IOException   if there is no way to that address now, or one without a link
     */
    UdpSocket(InetSocketAddress target, UdpSource source) throws IOException {
        this.target = target;
        this.source = source;
        boolean ipv6 = target.getAddress() instanceof Inet6Address;
        channel = DatagramChannel.open(ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
        try {
            channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
            NetworkInterface chosen = target.getAddress().isMulticastAddress() ? prepareMulticast() : null;
            bindAndConnect();
            local = (InetSocketAddress) channel.getLocalAddress();
            NetworkInterface bound = networkOfSource();
            network = chosen == null ? leavesBy(bound) : chosen;
            networkIndex = network == null ? 0 : network.getIndex();
            unfragmented = network == null ? Integer.MAX_VALUE
                : network.getMTU() - (ipv6 ? IPV6_AND_UDP_HEADERS : IPV4_AND_UDP_HEADERS);
            // Without a link the system takes datagrams and drops them. Where the interface of the source address is another
            // one than that of the route, either may be the way: rules for source addresses cannot be asked for.
            if (network != null && !network.isUp() && (bound == null || !bound.isUp())) {
                throw new IOException("interface " + network.getName() + " has no link");
            }
        } catch (IOException | RuntimeException failure) {
            channel.close();
            throw failure;
        }
    }

    /** Returns the interface by which it leaves; null if the system chooses one. */
    private NetworkInterface prepareMulticast() throws IOException {
        channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, source.multicastTtl());
        channel.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, source.multicastLoop());
        NetworkInterface chosen = source.networkInterface().orElse(target.getAddress() instanceof Inet6Address ipv6
            ? NetworkInterface.getByIndex(ipv6.getScopeId()) : null);
        if (chosen != null) {
            channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, chosen);
        }
        return chosen;
    }

    private void bindAndConnect() throws IOException {
        InetSocketAddress from = source.bindAddress(target.getAddress());
        // Several sockets share the source port: those of other targets, and the one in whose place this one is opened.
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, source.port() != 0);
        try {
            channel.bind(from);
            channel.connect(target);
        } catch (BindException refusal) {
            // The JDK has one for some refusals of connect(), too. An interface's own address may not be ready yet.
            if (channel.getLocalAddress() != null || source.address() == null && source.port() == 0) {
                throw new IOException(refusal.getMessage(), refusal);
            }
            throw new BindException("source " + HostPort.of(from) + ": " + refusal.getMessage());
        }
    }

    /** What goes to an address of this machine stays on it; an address of the loopback tells no other way. */
    private NetworkInterface networkOfSource() throws IOException {
        InetAddress address = target.getAddress();
        NetworkInterface network = NetworkInterface.getByInetAddress(local.getAddress());
        if (address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null) {
            return NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        }
        return network != null && network.isLoopback() ? null : network;
    }

    /** A source address that was given tells nothing of the way; what the system would choose by itself does. */
    private NetworkInterface leavesBy(NetworkInterface bound) throws IOException {
        if (source.tellsTheWayTo(target.getAddress())) {
            return bound;
        }
        try (UdpSocket byItself = new UdpSocket(target, UdpSource.ANY)) {
            return byItself.network;
        } catch (IOException onlyFromThatSource) {
            return bound;
        }
    }

    /** Whether it is open, and sends to the same address, from the same, and by the same interface, as another one. */
    boolean leavesLike(UdpSocket other) {
        return channel.isOpen() && target.equals(other.target)
            && local.getAddress().equals(other.local.getAddress()) && networkIndex == other.networkIndex;
    }

    /**
     * Sends one datagram. What the system has learned about an earlier one, such as that nobody listened, it tells in
     * place of sending this one: so the first exceptions say nothing of it.
     *
     * @param payload from its beginning to its limit
     */
    void send(ByteBuffer payload) throws IOException {
        for (int told = 0; ; told++) {
            try {
                payload.rewind();
                if (payload.hasRemaining()) {
                    channel.write(payload);
                } else {
                    sendEmpty(payload);
                }
                return;
            } catch (IOException refusal) {
                if (told == MOST_TOLD_AT_ONCE) {
                    throw refusal;
                }
            }
        }
    }

    /** A connected channel takes an empty payload for nothing to do. What fails after it was sent is the next one's. */
    private void sendEmpty(ByteBuffer payload) throws IOException {
        channel.disconnect();
        channel.send(payload, target);
        try {
            channel.connect(target);
        } catch (IOException noWayNow) {
            channel.close();
        }
    }

    /** Where it comes from and goes to, for the user. */
    String way() throws IOException {
        String by = network == null ? "by an interface that cannot be told" : network.getName();
        boolean asAsked = source.networkInterface().stream().allMatch(via -> via.getIndex() == networkIndex);
        return HostPort.of(local) + " -> " + HostPort.of(target)
            + " (" + by + (asAsked ? "" : "; -I gives the source address only") + ")";
    }

    @Override
    public void close() {
        channel.socket().close();
    }
}
