///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Print each UDP datagram that arrives as one JSON line: udp-listen 5000
//SOURCES ../lib/cli/EventJson.java ../lib/cli/Format.java ../lib/cli/Payload.java ../lib/cli/StandardOutput.java
//SOURCES ../lib/cli/Tool.java ../lib/cli/Reason.java ../lib/sse/SseEvent.java ../lib/udp/HostPort.java

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
import picocli.CommandLine;

@Command(
    name = "udp-listen",
    description = "Prints each UDP datagram that arrives as one JSON line. Several may listen on one port: each gets what is"
        + " broadcast or multicast, and one of them what is for this host alone.",
    footer = {
        "  udp-listen 5000",
        "  udp-listen -F '{data}' -c 1 239.1.2.3:5000",
        "  udp-listen -I eth0 [ff02::1]:5000 | jq --unbuffered -r .from"})
class UdpListen implements Callable<Integer> {
    private static final int LARGEST_DATAGRAM = 65535;
    /** A burst that does not fit is lost; the system may grant less. */
    private static final int RECEIVE_BUFFER = 4 << 20;
    private static final long MILLIS_BETWEEN_LOOKS = 5000;

    @Parameters(paramLabel = "[ADDR:]PORT",
        description = "Where datagrams arrive; the address may be one of this machine, all (of them), or a multicast group"
            + " to join.")
    private String place;

    @Option(names = {"-I", "--interface"}, paramLabel = "IFACE", order = 1,
        description = "Where to join the group (every interface, also those that come later).")
    private String via;

    @Option(names = {"-c", "--count"}, paramLabel = "N", order = 2, description = "End after N datagrams.")
    private Long count;

    @Option(names = {"-m", "--max-time"}, paramLabel = "SEC", order = 3,
        description = "End after this time (0: never): with status 0, or 124 if --count was not reached.")
    private Duration maxTime;

    @Option(names = {"-F", "--format"}, paramLabel = "TEMPLATE", order = 4, defaultValue = "{json}",
        description = "What becomes of a datagram: {json}, or {data} for the payload as text, whatever it does to a"
            + " terminal; @FILE: it is in FILE.")
    private String format;

    @Mixin
    private Tool tool;

    private final StandardOutput out = new StandardOutput();

    private final Payload line = new Payload();

    private InetSocketAddress address;
    private long end;
    private long taken;

    @Override
    public Integer call() throws Exception {
        maxTime = maxTime != null && maxTime.isZero() ? null : maxTime;
        if (count != null && count < 1) {
            throw tool.usage("--count " + count + ": expected at least 1");
        }
        Format template = tool.format("--format", format, Placeholder.DATA, Placeholder.JSON);
        address = address();
        end = System.nanoTime() + (maxTime == null ? 0 : maxTime.toNanos());
        boolean isOver = false;
        while (!isOver) {
            Set<String> networks = networks();
            try (DatagramSocket socket = open()) {
                tool.debug("listening on port " + socket.getLocalPort());
                isOver = receive(socket, networks, template);
            }
        }
        return count == null || taken >= count ? 0 : Tool.TIME_OVER;
    }

    /** Until it is over, or until the group can be joined on other networks than these; returns whether it is over. */
    private boolean receive(DatagramSocket socket, Set<String> networks, Format template) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[LARGEST_DATAGRAM], LARGEST_DATAGRAM);
        // Without a group there is nothing to look for.
        long longest = address.getAddress().isMulticastAddress() ? MILLIS_BETWEEN_LOOKS : Integer.MAX_VALUE;
        long looked = System.nanoTime();
        while (count == null || taken < count) {
            long now = System.nanoTime();
            long millis = maxTime == null ? longest : Math.min((end - now) / 1_000_000, longest);
            if (millis <= 0) {
                return true;
            }
            if (now - looked >= MILLIS_BETWEEN_LOOKS * 1_000_000) {
                looked = now;
                if (!networks.containsAll(networks())) {
                    return false;
                }
            }
            socket.setSoTimeout((int) millis);
            packet.setLength(LARGEST_DATAGRAM);
            try {
                socket.receive(packet);
            } catch (SocketTimeoutException nothingCame) {
                continue;
            }
            taken++;
            print(packet, template);
        }
        return true;
    }

    /** Where a group can be joined now. An interface that came back, or has another address, is another one. */
    private Set<String> networks() throws IOException {
        if (!address.getAddress().isMulticastAddress()) {
            return Set.of();
        }
        return NetworkInterface.networkInterfaces().filter(network -> via == null || network.getName().equals(via))
            .map(network -> network.getIndex() + " " + network.inetAddresses().toList()).collect(Collectors.toSet());
    }

    private void print(DatagramPacket packet, Format template) throws IOException {
        byte[] payload = Arrays.copyOf(packet.getData(), packet.getLength());
        String from = HostPort.of((InetSocketAddress) packet.getSocketAddress()).toString();
        EventJson.writeDatagram(from, payload, Instant.now(), line.clear());
        SseEvent event = new SseEvent("", "", new String(payload, StandardCharsets.UTF_8));
        template.write(event, line.bytes().array(), 0, line.bytes().remaining(), out::line);
        out.flush();
    }

    private DatagramSocket open() throws IOException {
        DatagramSocket socket = new DatagramSocket(null);
        try {
            socket.setReuseAddress(true);
            socket.setReceiveBufferSize(RECEIVE_BUFFER);
            boolean group = address.getAddress().isMulticastAddress();
            socket.bind(group ? new InetSocketAddress(address.getPort()) : address);
            if (group) {
                join(socket);
            }
            return socket;
        } catch (IOException failure) {
            socket.close();
            throw new IOException(place + ": " + Reason.of(failure), failure);
        }
    }

    /** Wherever it can be joined: an interface may have no address of that IP version. */
    private void join(DatagramSocket socket) throws IOException {
        IOException refusal = new IOException("no interface takes multicast");
        boolean joined = false;
        for (NetworkInterface network : interfaces()) {
            try {
                if (via != null || network.supportsMulticast()) {
                    socket.joinGroup(address, network);
                    joined = true;
                }
            } catch (IOException notThere) {
                refusal = notThere;
            }
        }
        if (!joined) {
            tool.notice(place + ": " + Reason.of(refusal) + "; waiting for an interface where the group can be joined");
        }
    }

    private List<NetworkInterface> interfaces() throws IOException {
        if (via == null) {
            return NetworkInterface.networkInterfaces().toList();
        }
        NetworkInterface network = NetworkInterface.getByName(via);
        if (network == null) {
            throw tool.usage("interface '" + via + "': expected the name of an interface of this machine");
        }
        return List.of(network);
    }

    private InetSocketAddress address() throws IOException {
        try {
            HostPort at = HostPort.of("place", place.contains(":") ? place : "all:" + place, "PORT, ADDR:PORT or [IPv6]:PORT", 0);
            if (at.host().isEmpty()) {
                throw new IllegalArgumentException("no address");
            }
            return at.host().equals("all") ? new InetSocketAddress(at.port())
                : new InetSocketAddress(InetAddress.getByName(at.host()), at.port());
        } catch (IllegalArgumentException mistake) {
            throw tool.usage("'" + place + "': expected PORT, ADDR:PORT or [IPv6]:PORT");
        } catch (UnknownHostException unknown) {
            throw tool.usage("'" + place + "': no such address");
        }
    }

    static CommandLine commandLine() {
        return Tool.commandLine(new UdpListen());
    }

    public static void main(String... args) {
        Tool.main(new UdpListen(), args);
    }
}
