///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Print each UDP datagram that arrives as one JSON line: udp-listen 5000
//SOURCES ../lib/cli/EventJson.java ../lib/cli/Format.java ../lib/cli/Payload.java ../lib/cli/StandardOutput.java
//SOURCES ../lib/cli/Tool.java ../lib/cli/Reason.java ../lib/sse/SseEvent.java ../lib/udp/HostPort.java

import java.io.IOException;
import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import lib.cli.EventJson;
import lib.cli.Format.Placeholder;
import lib.cli.Format;
import lib.cli.Payload;
import lib.cli.StandardOutput;
import lib.cli.Tool;
import lib.cli.Reason;
import lib.sse.SseEvent;
import lib.udp.HostPort;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "udp-listen",
    description = "Prints each UDP datagram that arrives as one JSON line. Several listeners can share a port: all get"
        + " broadcasts and multicast, and one of them gets what is sent to this host alone.",
    footer = {
        "  udp-listen 5000",
        "  udp-listen -F '{data}' -c 1 239.1.2.3:5000",
        "  udp-listen -I eth0 [ff02::1]:5000 | jq --unbuffered -r .from"})
class UdpListen implements Callable<Integer> {
    private static final int LARGEST_DATAGRAM = 65535;
    /** A burst that does not fit is lost. The system may grant less. */
    private static final int RECEIVE_BUFFER = 4 << 20;
    private static final long NANOS_BETWEEN_LOOKS = 5_000_000_000L;
    private static final String EVERYBODY = "255.255.255.255";

    @Parameters(paramLabel = "[ADDR:]PORT",
        description = "Where to listen. ADDR: an address of this machine, all (the default), or a multicast group to join.")
    private String place;

    @Option(names = {"-I", "--interface"}, paramLabel = "IFACE", order = 1,
        description = "Take only datagrams to this interface's addresses, to its broadcast addresses, or to the group on it."
            + " Repeatable. (Default: every interface, also those that appear later.)")
    private List<String> names = List.of();

    @Option(names = {"-c", "--count"}, paramLabel = "N", order = 2, description = "Stop after N datagrams.")
    private Integer count;

    @Option(names = {"-m", "--max-time"}, paramLabel = "SEC", order = 3,
        description = "Stop after this time (0: never), with status 124 if --count was not reached.")
    private Duration maxTime = Duration.ZERO;

    @Option(names = {"-F", "--format"}, paramLabel = "TEMPLATE", order = 4, defaultValue = "{json}",
        description = "What to print: {json} (the default), or {data} for the payload as text, unescaped. @FILE reads it.")
    private String format;

    @Mixin
    private StandardOutput out;

    @Mixin
    private Tool tool;

    /** A socket's address. An interface that came back, or has a new address, makes a different place. */
    private record Place(NetworkInterface network, int index, InetAddress at) {}

    private final Payload line = new Payload();
    private final ByteBuffer datagram = ByteBuffer.allocate(LARGEST_DATAGRAM);
    private Format template;
    private InetSocketAddress address;
    private boolean isGroup;
    private boolean dependsOnInterfaces;
    private boolean isWaiting;
    private final long start = System.nanoTime();
    private long taken;

    @Override
    public Integer call() throws Exception {
        tool.within(1, Integer.MAX_VALUE, count == null ? 1 : count, "--count");
        template = tool.format("--format", format, Placeholder.DATA, Placeholder.JSON);
        address = address();
        isGroup = address.getAddress().isMulticastAddress();
        dependsOnInterfaces = isGroup || !names.isEmpty();
        for (String name : names) {
            if (NetworkInterface.getByName(name) == null) {
                throw tool.usage("interface '" + name + "': expected the name of an interface of this machine");
            }
        }
        long betweenLooks = dependsOnInterfaces ? NANOS_BETWEEN_LOOKS : Long.MAX_VALUE;
        try (Selector selector = Selector.open()) {
            refresh(selector);
            tool.debug("listening on port " + address.getPort());
            for (long refreshed = System.nanoTime(); !isOver();) {
                selector.select(Math.max(1, Math.min(left(), betweenLooks) / 1_000_000));
                for (SelectionKey key : selector.selectedKeys()) {
                    print(key);
                }
                selector.selectedKeys().clear();
                if (System.nanoTime() - refreshed >= betweenLooks) {
                    refresh(selector);
                    refreshed = System.nanoTime();
                }
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        }
        return count == null || taken >= count ? 0 : Tool.TIME_OVER;
    }

    /** Returns how many nanoseconds are left. */
    private long left() {
        return maxTime.isZero() ? Long.MAX_VALUE : maxTime.toNanos() - (System.nanoTime() - start);
    }

    private boolean isOver() {
        return count != null && taken == count || left() <= 0;
    }

    /** Prints everything that has arrived at a socket. */
    private void print(SelectionKey key) throws IOException {
        DatagramChannel channel = (DatagramChannel) key.channel();
        while (!isOver() && channel.receive(datagram.clear()) instanceof InetSocketAddress from) {
            if (isForUs((Place) key.attachment(), from.getAddress())) {
                HostPort sender = new HostPort(from.getAddress().getHostAddress(), from.getPort());
                byte[] payload = Arrays.copyOf(datagram.array(), datagram.position());
                EventJson.writeDatagram(sender.toString(), payload, Instant.now(), line.clear());
                SseEvent event = new SseEvent("", "", new String(payload, StandardCharsets.UTF_8));
                template.write(event, Arrays.copyOf(line.bytes().array(), line.bytes().remaining()), out::line);
                out.flush();
                taken++;
            }
        }
    }

    // ---- interfaces ----

    /** Listens wherever this is possible now. */
    private void refresh(Selector selector) throws IOException {
        Set<Place> places = places();
        for (SelectionKey key : selector.keys()) {
            if (!places.remove(key.attachment())) {
                print(key);
                key.channel().close();
            }
        }
        IOException refusal = new IOException(isGroup ? "no interface takes multicast"
            : String.join(" or ", names) + " has no such address");
        for (Place one : places) {
            try {
                listen(selector, one);
            } catch (IOException notThere) {
                refusal = notThere; // an interface may have no address of that IP version
            }
        }
        if (!selector.keys().isEmpty()) {
            isWaiting = false;
        } else if (!dependsOnInterfaces) {
            throw new IOException(place + ": " + Reason.of(refusal), refusal);
        } else if (!isWaiting) {
            isWaiting = true;
            tool.notice(place + ": " + Reason.of(refusal) + "; waiting for "
                + (isGroup ? "an interface where the group can be joined" : "one"));
        }
    }

    private Set<Place> places() throws IOException {
        if (!dependsOnInterfaces) {
            return new LinkedHashSet<>(Set.of(new Place(null, 0, address.getAddress())));
        }
        Set<Place> places = new LinkedHashSet<>();
        for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
            if (names.isEmpty() ? network.supportsMulticast() : names.contains(network.getName())) {
                addresses(network).forEach(at -> places.add(new Place(network, network.getIndex(), at)));
            }
        }
        return places;
    }

    /** The group, or those of an interface's addresses that were asked for. */
    private Set<InetAddress> addresses(NetworkInterface network) throws IOException {
        InetAddress given = address.getAddress();
        if (given instanceof Inet6Address && isGroup) {
            return Set.of(Inet6Address.getByAddress(null, given.getAddress(), network.getIndex()));
        } else if (isGroup || network.isLoopback() && given.isLoopbackAddress()) {
            return Set.of(given);
        }
        Set<InetAddress> all = new LinkedHashSet<>();
        for (InterfaceAddress ours : network.getInterfaceAddresses()) {
            all.add(ours.getAddress());
            if (ours.getAddress() instanceof Inet4Address) {
                // The system takes this address for a broadcast even where the interface has none configured.
                BigInteger mask = BigInteger.ONE.negate().shiftLeft(Integer.SIZE - ours.getNetworkPrefixLength());
                all.add(InetAddress.getByAddress(new BigInteger(ours.getAddress().getAddress()).or(mask.not()).toByteArray()));
                all.add(InetAddress.getByName(EVERYBODY));
            }
        }
        all.removeIf(one -> !given.isAnyLocalAddress() && !given.equals(one));
        return all;
    }

    private void listen(Selector selector, Place one) throws IOException {
        // A group is joined in its own family; a socket of IPv4 alone is not bound to 255.255.255.255 by the JDK.
        DatagramChannel channel = !(isGroup && one.at instanceof Inet4Address) ? DatagramChannel.open()
            : DatagramChannel.open(StandardProtocolFamily.INET);
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true)
                .setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER)
                .bind(new InetSocketAddress(one.at, address.getPort()));
            if (isGroup) {
                channel.join(one.at, one.network);
            }
            channel.configureBlocking(false).register(selector, SelectionKey.OP_READ, one);
        } catch (IOException failure) {
            channel.close();
            throw failure;
        }
        address = new InetSocketAddress(address.getAddress(), channel.socket().getLocalPort());
    }

    /** Java does not report where a datagram to 255.255.255.255 came in, but its sender's address may tell. */
    private boolean isForUs(Place place, InetAddress sender) throws IOException {
        return !dependsOnInterfaces || !place.at.getHostAddress().equals(EVERYBODY) || isOn(place.network, sender)
            || NetworkInterface.networkInterfaces().noneMatch(other -> isOn(other, sender));
    }

    private static boolean isOn(NetworkInterface network, InetAddress sender) {
        return network.getInterfaceAddresses().stream().anyMatch(ours -> ours.getAddress() instanceof Inet4Address
            && new BigInteger(ours.getAddress().getAddress()).xor(new BigInteger(sender.getAddress()))
                .shiftRight(Integer.SIZE - ours.getNetworkPrefixLength()).signum() == 0);
    }

    private InetSocketAddress address() {
        try {
            HostPort at = HostPort.of("place", place.contains(":") ? place : "all:" + place, "PORT, ADDR:PORT or [IPv6]:PORT", 0);
            boolean isAll = at.host().isEmpty() || at.host().equals("all");
            InetSocketAddress found = isAll ? new InetSocketAddress(at.port()) : new InetSocketAddress(at.host(), at.port());
            if (found.isUnresolved()) {
                throw tool.usage("'" + place + "': no such address");
            }
            return found;
        } catch (IllegalArgumentException mistake) {
            throw tool.usage("'" + place + "': expected PORT, ADDR:PORT or [IPv6]:PORT");
        }
    }

    public static void main(String... args) {
        Tool.main(new UdpListen(), args);
    }
}
