//SOURCES HostPort.java UdpSource.java UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.net.BindException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

/**
 * A socket that is connected to one address: it costs a third less for each datagram than one that is given the address
 * each time. But it keeps the source address of the route that there was: {@link #isStale} tells when to open it anew.
 */
final class UdpSocket implements AutoCloseable {
    private static final int MOST_TOLD_AT_ONCE = 100;
    private static final int IPV4_AND_UDP_HEADERS = 28;
    private static final int IPV6_AND_UDP_HEADERS = 48;

    private final InetSocketAddress target;
    private final UdpSource source;
    private final boolean ipv6;
    private final DatagramChannel channel;
    private final InetSocketAddress local;
    /** The interface that has the source address; null if none has. */
    private final NetworkInterface bound;
    /** By which datagrams leave; null if that cannot be told. */
    private final NetworkInterface network;
    /** The largest payload that leaves in one packet; as large as can be if the interface cannot be told. */
    final int unfragmented;

    /**
     * @throws BindException if the source is not there or in use; the message names it
     * @throws IOException   if there is no way to that address now, or one without a link
     */
    UdpSocket(InetSocketAddress target, UdpSource source) throws IOException {
        this.target = target;
        this.source = source;
        ipv6 = target.getAddress() instanceof Inet6Address;
        channel = DatagramChannel.open(ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
        try {
            channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
            NetworkInterface chosen = target.getAddress().isMulticastAddress() ? prepareMulticast() : null;
            bind();
            connect();
            local = (InetSocketAddress) channel.getLocalAddress();
            bound = networkOfSource();
            network = chosen == null ? leavesBy() : chosen;
            unfragmented = network == null ? Integer.MAX_VALUE
                : network.getMTU() - (ipv6 ? IPV6_AND_UDP_HEADERS : IPV4_AND_UDP_HEADERS);
            if (!hasLink()) {
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
        NetworkInterface chosen = source.networkInterface().orElse(
            ipv6 ? NetworkInterface.getByIndex(((Inet6Address) target.getAddress()).getScopeId()) : null);
        if (chosen != null) {
            channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, chosen);
        }
        return chosen;
    }

    private void bind() throws IOException {
        InetSocketAddress from = source.bindAddress(target.getAddress());
        try {
            // Several targets, each with its own socket, share the source port.
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, source.port() != 0);
            channel.bind(from);
        } catch (BindException inUse) {
            throw new BindException("source " + HostPort.of(from) + ": " + inUse.getMessage());
        }
    }

    private void connect() throws IOException {
        try {
            channel.connect(target);
        } catch (SocketException noRoute) {
            boolean interfaceWouldDo = source.via() == null && UdpSource.isUndirected(target.getAddress());
            throw interfaceWouldDo
                ? new IOException(noRoute.getMessage() + " (-I tells by which interface to leave)", noRoute) : noRoute;
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

    /** A source address that was given says nothing of the way; what the system would choose by itself does. */
    private NetworkInterface leavesBy() throws IOException {
        if (!source.givesAddress() || UdpSource.decidesFor(target.getAddress())) {
            return bound;
        }
        try (UdpSocket byItself = new UdpSocket(target, UdpSource.ANY)) {
            return byItself.network;
        } catch (IOException onlyFromThatSource) {
            return bound;
        }
    }

    /** Whether one that is opened now has another source address, or leaves by another interface. */
    boolean isStale() throws IOException {
        try (UdpSocket now = new UdpSocket(target, source.withAnyPort())) {
            return !now.local.getAddress().equals(local.getAddress()) || index(now.network) != index(network);
        }
    }

    private static int index(NetworkInterface network) {
        return network == null ? 0 : network.getIndex();
    }

    /**
     * Whether the interface by which they leave is up, and has a cable or Wi-Fi: if not, the system takes datagrams and
     * drops them. Where the source address belongs to another interface than the route, either may be the way: rules for
     * source addresses cannot be asked for.
     */
    boolean hasLink() throws IOException {
        return network == null || network.isUp() || bound != null && bound.isUp();
    }

    /**
     * Sends one datagram. What the system has learned about an earlier one, such as that nobody listened, it tells in
     * place of sending this one: so a first exception says nothing of it.
     *
     * @param payload from its beginning to its limit
     * @return whether the system had something to tell of an earlier one
     */
    boolean send(ByteBuffer payload) throws IOException {
        for (int told = 0; ; told++) {
            try {
                payload.rewind();
                if (payload.hasRemaining()) {
                    channel.write(payload);
                } else {
                    sendEmpty(payload);
                }
                return told > 0;
            } catch (IOException refusal) {
                if (told == (refusal instanceof PortUnreachableException ? MOST_TOLD_AT_ONCE : 1)) {
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
    String way() {
        String by = network == null ? "by an interface that cannot be told" : network.getName();
        return HostPort.of(local) + " -> " + HostPort.of(target) + " (" + by
            + (isViaOnlyForSource() ? "; -I gives the source address only" : "") + ")";
    }

    private boolean isViaOnlyForSource() {
        boolean ownBroadcast = source.networkInterface().filter(via -> index(via) == index(network)).stream()
            .flatMap(via -> via.getInterfaceAddresses().stream())
            .anyMatch(one -> target.getAddress().equals(UdpTarget.broadcastAddress(one)));
        return source.via() != null && !UdpSource.decidesFor(target.getAddress()) && !ownBroadcast;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException closedAllTheSame) {
            return;
        }
    }
}
