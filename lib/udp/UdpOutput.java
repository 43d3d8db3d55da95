//SOURCES AllNetworks.java HostPort.java Names.java UdpBroadcaster.java
package lib.udp;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Adds to a broadcaster what a command line offers: an interface, a limit, a dry run, copies, counts.
 * <pre>{@code
 * UdpOutput lan = new UdpOutput(new UdpOutput.Source("eth0", new HostPort("", 0), 1, true));
 * lan.target("255.255.255.255:5000").maxPayload(1472).send(payload);
 * }</pre>
 */
public final class UdpOutput extends UdpBroadcaster {
    /**
     * Decides where datagrams leave. The interface decides for multicast and 255.255.255.255. For all other addresses the
     * routing table decides, and over IPv4 the interface gives the source address.
     *
     * @param via  the name of an interface; empty leaves it to the system
     * @param from no host and port 0 leave them to the system
     * @param ttl  how many routers plus one a multicast datagram may pass
     * @param loop whether receivers on this host get multicast too
     */
    public record Source(String via, HostPort from, int ttl, boolean loop) { }

    /** Says what happens to a payload that is too large: it is not sent, the end, or cut off at a character of UTF-8. */
    public enum Oversize { skip, fail, truncate }

    /**
     * Counts payloads that were received, datagrams that were sent, and their bytes. A skipped payload was left out, for one
     * target or for all, while the rest went on. A failed one was not sent because of a failure or of the end.
     */
    public record Counts(long received, long sent, long bytes, long skipped, long failed) {
        @Override
        public String toString() {
            return received + " received, " + sent + " sent, " + bytes + " bytes, " + skipped + " skipped, "
                + failed + " failed";
        }
    }

    private final Source source;
    private final LongAdder received = new LongAdder();
    private final LongAdder done = new LongAdder();
    private Oversize oversize;
    private int maxPayload = MAX_PAYLOAD;
    private OutputStream tee = OutputStream.nullOutputStream();
    private OutputStream dryRun;

    /** @throws IOException if the interface or the source is missing now, or in use; the message names it */
    public UdpOutput(Source source) throws IOException {
        this.source = source;
        try (DatagramChannel probe = DatagramChannel.open()) {
            prepare(probe, InetAddress.getByName(source.from.host().contains(":") ? "::1" : "127.0.0.1"));
        } catch (SocketException | UnknownHostException refusal) {
            throw new IOException("source " + source.from + ": " + refusal.getMessage(), refusal);
        }
    }

    /**
     * Adds what a user wrote: {@code HOST:PORT}, {@code [IPv6%IF]:PORT} or {@code all:PORT}.
     *
     * @throws IllegalArgumentException if there cannot be such a target; the message names it
     */
    public UdpOutput target(String text) {
        HostPort to = HostPort.of("target", text, "HOST:PORT, [IPv6]:PORT or all:PORT", 1);
        InetAddress literal = to.address();
        boolean isVague = text.matches("\\[[^%]*") && (literal.isLinkLocalAddress() || literal.isMCLinkLocal());
        if (literal != null && literal.isAnyLocalAddress() || isVague) {
            throw new IllegalArgumentException("target '" + text + "': expected a host or a group, with the interface of a"
                + " link-local address, as in [ff02::1%eth0]:5000");
        }
        target(text, to.host().equals("all") ? new AllNetworks(to.port(), source.via)
            : literal == null ? new Names(to) : () -> List.of(to.find()));
        return this;
    }

    /** Sets the most bytes of a payload, 0 to {@link UdpBroadcaster#MAX_PAYLOAD}. */
    public UdpOutput maxPayload(int most) { maxPayload = most; return this; }

    /** Sets what happens to a larger payload. Unless set it is skipped as a loss. */
    public UdpOutput oversize(Oversize action) { oversize = action; return this; }

    /** Receives a warning, in place of {@link #notices}, when something is not sent although no option allowed that. */
    public UdpOutput losses(Consumer<String> lines) { losses = lines; return this; }

    /** Receives a copy of each payload, and a line feed after it, in one piece. */
    public UdpOutput tee(OutputStream copies) { tee = copies; return this; }

    /** Sends nothing; this receives a line for each address, which tells where a payload would go. */
    public UdpOutput dryRun(OutputStream lines) { dryRun = lines; return this; }

    /** Returns where datagrams go, and the interface that gives the source address, or why a target does not work. */
    public List<String> destinations() {
        Stream<String> ways = targets.stream().flatMap(one -> one.known.stream().filter(one.networks::containsKey)
            .map(to -> to.toString().replaceFirst(".*/", "") + " (" + one.networks.get(to) + ")"));
        return Stream.concat(troubles().stream(), ways).toList();
    }

    @Override
    protected void prepare(DatagramChannel socket, InetAddress to) throws IOException {
        socket.setOption(StandardSocketOptions.IP_MULTICAST_TTL, source.ttl);
        socket.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, source.loop);
        InetAddress from = source.from.host().isEmpty() ? null : source.from.find().getAddress();
        if (!source.via.isEmpty()) {
            NetworkInterface network = Optional.ofNullable(NetworkInterface.getByName(source.via)).orElseThrow(
                () -> new IOException("interface '" + source.via + "': expected the name of an interface of this machine"));
            socket.setOption(StandardSocketOptions.IP_MULTICAST_IF, network);
            List<InetAddress> own = network.inetAddresses().filter(Inet4Address.class::isInstance).toList();
            from = from != null || own.isEmpty() ? from : own.get(own.size() - 1); // The JDK lists the first one last.
        }
        boolean isOfThatVersion = from != null && from.getClass() == to.getClass();
        socket.setOption(StandardSocketOptions.SO_REUSEADDR, source.from.port() != 0); // for the other version, and probes
        socket.bind(new InetSocketAddress(isOfThatVersion ? from : null, source.from.port()));
    }

    @Override
    public void send(ByteBuffer payload) throws IOException { send(payload, payload.remaining()); }

    /** Sends a payload of this size in bytes. Only its beginning needs to be there if it is too large for a datagram. */
    public synchronized void send(ByteBuffer payload, long size) throws IOException {
        String tooLarge = size <= maxPayload ? "" : size + " bytes, more than the " + maxPayload + " of a datagram";
        if (tooLarge.isEmpty()) {
            sendFitting(payload);
        } else if (oversize == Oversize.truncate) {
            notices.accept(tooLarge + ": cut off");
            sendFitting(cutOff(payload));
        } else if (oversize == Oversize.fail) {
            received.increment();
            throw new IOException(tooLarge);
        } else {
            skip(tooLarge + ": not sent", oversize == Oversize.skip ? notices : losses);
        }
    }

    private ByteBuffer cutOff(ByteBuffer payload) {
        int end = payload.position() + Math.min(maxPayload, payload.remaining());
        int least = Math.max(payload.position(), end - 3); // A character has at most 4 bytes.
        while (end > least && end < payload.limit() && (payload.get(end) & 0xC0) == 0x80) {
            end--;
        }
        return payload.duplicate().limit(end);
    }

    private void sendFitting(ByteBuffer payload) throws IOException {
        received.increment();
        if (dryRun == null) {
            super.send(payload);
        } else {
            String end = ": " + payload.remaining() + " bytes\n";
            dryRun.write((String.join(end, destinations()) + end).getBytes(StandardCharsets.UTF_8));
        }
        done.increment();
        tee.write(ByteBuffer.allocate(payload.remaining() + 1).put(payload.duplicate()).put((byte) '\n').array());
    }

    /** Counts a payload that the caller cannot make as skipped; a line says why. */
    public void skip(String reason) { skip(reason, losses); }

    private void skip(String reason, Consumer<String> lines) {
        received.increment();
        skipped.increment();
        done.increment();
        lines.accept(reason);
    }

    /** Returns what has happened so far. After {@link #close} a payload that is not done has failed. For any thread. */
    public Counts counts() {
        long failed = dryRun == null && closed.getCount() == 0 ? received.sum() - done.sum() : 0;
        return new Counts(received.sum(), sent.sum(), bytes.sum(), skipped.sum(), failed);
    }
}
