package lib;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Sends payloads to one or more targets, each as one datagram, in order, with SO_BROADCAST.
 *
 * <p>A datagram that was sent may still get lost: UDP does not tell. Not for use by several threads at once.
 */
public final class UdpBroadcaster implements AutoCloseable {

    /** The most that one datagram holds over IPv4: 65507 bytes. */
    public static final int MAX_PAYLOAD = 65507;

    /** What happens to a payload that is larger than a datagram may be. */
    public enum Oversize {
        /** It is not sent; a notice tells. */
        SKIP,
        /** {@link UdpBroadcaster#send} throws. */
        FAIL,
        /** Its beginning is sent, up to a character of UTF-8; a notice tells. */
        TRUNCATE
    }

    private static final int MOST_TOLD_AT_ONCE = 100;

    /** Where datagrams go. */
    public record Target(String host, int port) {
        /**
         * @param text {@code HOST:PORT} or {@code [IPv6%zone]:PORT}
         * @throws IllegalArgumentException if it is not; the message names it
         */
        public static Target of(String text) {
            int colon = text.lastIndexOf(':');
            String host = text.substring(0, Math.max(colon, 0));
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            if (host.isBlank() || !bracketed && (host.contains(":") || host.contains("/") || host.contains("["))) {
                throw new IllegalArgumentException("target '" + text + "': expected HOST:PORT or [IPv6]:PORT");
            }
            String digits = text.substring(colon + 1);
            int port = digits.matches("[0-9]{1,5}") ? Integer.parseInt(digits) : 0;
            if (port < 1 || port > 65535) {
                throw new IllegalArgumentException("target '" + text + "': expected a port from 1 to 65535");
            }
            return new Target(bracketed ? host.substring(1, host.length() - 1) : host, port);
        }

        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    private record Socket(Target target, DatagramChannel channel) {}

    private final List<Socket> sockets = new ArrayList<>();
    private int maxPayload = MAX_PAYLOAD;
    private Oversize oversize = Oversize.SKIP;
    private Consumer<String> notices = message -> {};

    /**
     * Resolves the targets and opens a socket for each.
     *
     * @throws IOException if a target can not be resolved or connected; the message names it
     */
    public UdpBroadcaster(List<Target> targets) throws IOException {
        try {
            for (Target target : targets) {
                sockets.add(new Socket(target, open(target)));
            }
        } catch (IOException failure) {
            close();
            throw failure;
        }
    }

    /** The most bytes that a datagram may have, 0 to {@link #MAX_PAYLOAD}, and what happens to a larger payload. */
    public UdpBroadcaster maxPayload(int bytes, Oversize larger) {
        if (bytes < 0 || bytes > MAX_PAYLOAD) {
            throw new IllegalArgumentException("payload size " + bytes + ": expected 0 to " + MAX_PAYLOAD);
        }
        maxPayload = bytes;
        oversize = larger;
        return this;
    }

    /** Takes lines on what was not sent as it was given. */
    public UdpBroadcaster notices(Consumer<String> lines) {
        notices = lines;
        return this;
    }

    /** A connected socket costs a third less for each datagram than one that is given the address each time. */
    private static DatagramChannel open(Target target) throws IOException {
        DatagramChannel channel = null;
        try {
            InetAddress address = InetAddress.getByName(target.host);
            ProtocolFamily family =
                address instanceof Inet6Address ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
            channel = DatagramChannel.open(family);
            channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
            return channel.connect(new InetSocketAddress(address, target.port));
        } catch (UnknownHostException unknown) {
            throw new IOException(target + ": host not found", unknown);
        } catch (IOException failure) {
            if (channel != null) {
                channel.close();
            }
            throw new IOException(target + ": " + Reason.of(failure), failure);
        }
    }

    /**
     * Sends one datagram to each target.
     *
     * @param payload its position stays where it is
     * @throws IOException if the system does not take it; the message names the target and the reason; or if it is too
     *                     large and that is to fail
     */
    public void send(ByteBuffer payload) throws IOException {
        if (payload.remaining() <= maxPayload) {
            sendToAll(payload);
            return;
        }
        String size = payload.remaining() + " bytes, more than the " + maxPayload + " of a datagram";
        switch (oversize) {
            case SKIP -> notices.accept(size + ": not sent");
            case FAIL -> throw new IOException(size);
            case TRUNCATE -> {
                notices.accept(size + ": cut off");
                sendToAll(beginning(payload));
            }
        }
    }

    /** As much as goes into a datagram, without a part of a character. */
    private ByteBuffer beginning(ByteBuffer payload) {
        int end = payload.position() + maxPayload;
        while (end > payload.position() && (payload.get(end) & 0xC0) == 0x80) {
            end--;
        }
        return payload.duplicate().limit(end);
    }

    private void sendToAll(ByteBuffer payload) throws IOException {
        for (Socket socket : sockets) {
            try {
                send(payload, socket.channel);
            } catch (IOException failure) {
                throw new IOException(socket.target + ": " + Reason.of(failure), failure);
            }
        }
    }

    /** That nobody listened to an earlier datagram is told in place of sending the next one. */
    private static void send(ByteBuffer payload, DatagramChannel channel) throws IOException {
        for (int told = 0; ; told++) {
            try {
                if (payload.hasRemaining()) {
                    channel.write(payload.duplicate());
                } else {
                    sendEmpty(payload, channel);
                }
                return;
            } catch (PortUnreachableException nobodyListened) {
                if (told == MOST_TOLD_AT_ONCE) {
                    throw nobodyListened;
                }
            }
        }
    }

    /** A connected channel takes an empty payload for nothing to do. */
    private static void sendEmpty(ByteBuffer payload, DatagramChannel channel) throws IOException {
        SocketAddress target = channel.getRemoteAddress();
        channel.disconnect();
        channel.send(payload.duplicate(), target);
        channel.connect(target);
    }

    @Override
    public void close() throws IOException {
        for (Socket socket : sockets) {
            socket.channel.close();
        }
    }
}
