//SOURCES UdpSource.java UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One address of a target, the socket that is connected to it, and how it fares. */
final class UdpRoute {
    private static final int MOST_TOLD_AT_ONCE = 100;
    private static final int IPV4_AND_UDP_HEADERS = 28;
    private static final int IPV6_AND_UDP_HEADERS = 48;

    final UdpTarget target;
    final InetSocketAddress address;

    /** The number of the last datagram that the system took. */
    long taken;
    /** Why it fails; null if it does not. */
    String failure;
    /** When it began to fail. */
    long failingSince;
    /** Whether the user was told of this failure. */
    boolean failureSaid;
    /** Whether it does not hold up the other targets any longer. */
    boolean passedOver;
    /** How many datagrams it has missed in this failure. */
    long missed;

    private DatagramChannel channel;
    private NetworkInterface network;

    UdpRoute(UdpTarget target, InetSocketAddress address) {
        this.target = target;
        this.address = address;
    }

    /**
     * Opens the socket, anew if it was open. A connected one costs a third less for each datagram than one that is
     * given the address each time.
     */
    void open(UdpSource source, int multicastTtl, boolean multicastLoop) throws IOException {
        close();
        boolean ipv6 = address.getAddress() instanceof Inet6Address;
        DatagramChannel opening =
            DatagramChannel.open(ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
        try {
            opening.setOption(StandardSocketOptions.SO_BROADCAST, true);
            if (address.getAddress().isMulticastAddress()) {
                opening.setOption(StandardSocketOptions.IP_MULTICAST_TTL, multicastTtl);
                opening.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, multicastLoop);
                setMulticastInterface(opening, source);
            }
            InetSocketAddress bindAddress = source.bindAddress(address.getAddress());
            if (bindAddress != null) {
                // Several targets, each with its own socket, share the source port.
                opening.setOption(StandardSocketOptions.SO_REUSEADDR, source.port() != 0);
                opening.bind(bindAddress);
            }
            opening.connect(address);
            network = leavesBy(opening);
            checkLink();
            channel = opening;
        } finally {
            if (channel == null) {
                opening.close();
            }
        }
    }

    private void setMulticastInterface(DatagramChannel opening, UdpSource source) throws IOException {
        NetworkInterface chosen = source.networkInterface().orElse(null);
        if (chosen == null && address.getAddress() instanceof Inet6Address ipv6 && ipv6.getScopeId() > 0) {
            chosen = NetworkInterface.getByIndex(ipv6.getScopeId());
        }
        if (chosen != null) {
            opening.setOption(StandardSocketOptions.IP_MULTICAST_IF, chosen);
        }
    }

    /**
     * Without a link the system takes datagrams and drops them.
     *
     * @throws IOException if the interface by which they leave is down, or has no cable or Wi-Fi
     */
    void checkLink() throws IOException {
        if (network != null && !network.isUp()) {
            throw new IOException("interface " + network.getName() + " has no link");
        }
    }

    boolean isOpen() {
        return channel != null;
    }

    /** It is opened again before it is used again: what it knew of the network may be wrong by then. */
    void fails(String reason) {
        if (failure == null) {
            failingSince = System.nanoTime();
        }
        failure = reason;
        close();
    }

    /** After it failed; what the user should know of that. */
    Optional<String> works() {
        Optional<String> news = failureSaid ? Optional.of(this + ": works again after "
            + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - failingSince) + " s, "
            + (missed == 0 ? "nothing was lost" : missed + " datagrams were not sent to it")) : Optional.empty();
        failure = null;
        failureSaid = false;
        passedOver = false;
        missed = 0;
        return news;
    }

    /**
     * Sends one datagram. What the system has learned about an earlier one, such as that nobody listened, it tells in
     * place of sending this one: so a first exception says nothing.
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
                if (told == (refusal instanceof PortUnreachableException ? MOST_TOLD_AT_ONCE : 1)) {
                    throw refusal;
                }
            }
        }
    }

    /** A connected channel takes an empty payload for nothing to do. */
    private void sendEmpty(ByteBuffer payload) throws IOException {
        channel.disconnect();
        channel.send(payload, address);
        channel.connect(address);
    }

    /** The largest payload that leaves in one packet; as large as can be if the interface can not be told. */
    int unfragmented() {
        if (network == null) {
            return Integer.MAX_VALUE;
        }
        try {
            boolean ipv6 = address.getAddress() instanceof Inet6Address;
            return network.getMTU() - (ipv6 ? IPV6_AND_UDP_HEADERS : IPV4_AND_UDP_HEADERS);
        } catch (IOException gone) {
            return Integer.MAX_VALUE;
        }
    }

    /** Null if that can not be told; what goes to an address of this machine stays on it. */
    private NetworkInterface leavesBy(DatagramChannel connected) throws IOException {
        InetAddress local = ((InetSocketAddress) connected.getLocalAddress()).getAddress();
        return local.equals(address.getAddress()) ? null : NetworkInterface.getByInetAddress(local);
    }

    /** Where it comes from and goes to, for the user. */
    String path() throws IOException {
        if (channel == null) {
            return this + " (" + failure + ")";
        }
        return text((InetSocketAddress) channel.getLocalAddress()) + " -> " + text(address)
            + (network == null ? "" : " (" + network.getName() + ")");
    }

    void close() {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException closedAllTheSame) {
            return;
        } finally {
            channel = null;
        }
    }

    static String text(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    /** The target, with its address where the target does not tell it. */
    @Override
    public String toString() {
        String host = address.getAddress().getHostAddress();
        boolean literal = target.host().equals(host) || target.host().contains(":");
        return literal ? target.toString() : target + " (" + host + ")";
    }
}
