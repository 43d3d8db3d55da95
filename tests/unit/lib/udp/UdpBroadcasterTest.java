package lib.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Lan;
import tests.support.UdpReceiver;

/** What a user's own relay meets, in this process. */
@Isolated("it counts the sockets of the whole JVM, and puts something in place of its standard error")
class UdpBroadcasterTest {
    private static final String NO_INTERFACE = "[ff02::1%nosuch0]:5000";

    private final List<String> notices = Collections.synchronizedList(new ArrayList<>());
    private UdpReceiver receiver;

    @BeforeEach
    void open() throws Exception {
        receiver = new UdpReceiver();
    }

    @AfterEach
    void close() {
        receiver.close();
    }

    private UdpBroadcaster broadcaster(String... more) {
        String[] targets = Stream.concat(Stream.of(receiver.target()), Stream.of(more)).toArray(String[]::new);
        return new UdpBroadcaster(targets).notices(notices::add);
    }

    private static InetSocketAddress loopback(UdpReceiver receiver) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), receiver.port());
    }

    private static long sockets() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(one -> {
                try {
                    return Files.readSymbolicLink(one).toString().startsWith("socket:");
                } catch (IOException closed) {
                    return false;
                }
            }).count();
        }
    }

    @Test
    void noTargetIsAMistake() {
        assertThrows(IllegalStateException.class, () -> new UdpBroadcaster().send("x"));
    }

    @Test
    void threeLinesAreARelay() throws Exception {
        try (UdpBroadcaster lan = new UdpBroadcaster(receiver.target())) {
            lan.send("text");
        }
        assertEquals("text", receiver.nextText());
        receiver.assertNothingMore();
    }

    @Test
    void sendAfterCloseThrowsAndLeavesNoSocket() throws Exception {
        for (boolean used : new boolean[] {true, false}) {
            UdpBroadcaster lan = broadcaster();
            if (used) {
                lan.send("before");
                receiver.next();
            }
            lan.close();
            long sockets = sockets();
            assertThrows(InterruptedIOException.class, () -> lan.send("after"));
            assertEquals(sockets, sockets());
            lan.close();
        }
        receiver.assertNothingMore();
    }

    @Test
    void noticesGoToStandardErrorUnlessSet() throws Exception {
        PrintStream original = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try (UdpBroadcaster lan = new UdpBroadcaster(receiver.target())) {
            lan.send("x".repeat(70_000));
        } finally {
            System.setErr(original);
        }
        assertEquals("70000 bytes, more than the 65507 of a datagram: not sent\n", said.toString(StandardCharsets.UTF_8));
        receiver.assertNothingMore();
    }

    @Test
    void aNameThatIsNotFoundHoldsUpNeitherTheOthersNorTheEnd() throws Exception {
        UdpBroadcaster lan = broadcaster("nosuch.invalid:5000");
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() ->
            assertThrows(InterruptedIOException.class, () -> lan.send("x")));
        assertEquals("x", receiver.nextText());
        Lan.await("the message", () -> !notices.isEmpty());
        assertTrue(notices.get(0).matches("nosuch.invalid:5000: .*nosuch.invalid.*; trying again until it works, the input waits"), notices.toString());
        lan.close();
        sending.get(5, TimeUnit.SECONDS);
        receiver.assertNothingMore();
    }

    @Test
    void closeWhileItOpensLeavesNoSocket() throws Exception {
        broadcaster().open().close();
        long sockets = sockets();
        for (int i = 0; i < 300; i++) {
            UdpBroadcaster lan = broadcaster("127.0.0.1:9", "[::1]:9");
            CompletableFuture<Void> opening = CompletableFuture.runAsync(() -> {
                try {
                    lan.open();
                } catch (IOException closedBefore) {
                    return;
                }
            });
            for (int spin = 0; spin < 200 * i; spin++) {
                Thread.onSpinWait();
            }
            lan.close();
            opening.get(5, TimeUnit.SECONDS);
        }
        long left = sockets();
        assertTrue(left <= sockets, left + " in place of " + sockets);
    }

    @Test
    void anEmptyPayloadIsOneDatagramFromTheSamePort() throws Exception {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                UdpBroadcaster lan = new UdpBroadcaster("127.0.0.1:" + socket.getLocalPort())) {
            socket.setSoTimeout(5000);
            Set<Integer> ports = new HashSet<>();
            for (String payload : List.of("a", "", "b", "")) {
                lan.send(payload);
                DatagramPacket packet = new DatagramPacket(new byte[2], 2);
                socket.receive(packet);
                assertEquals(payload, new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8));
                ports.add(packet.getPort());
            }
            assertEquals(1, ports.size());
        }
    }

    @Test
    void oneSocketServesAllTargetsOfAnIpVersion() throws Exception {
        try (DatagramSocket one = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                DatagramSocket other = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                UdpBroadcaster lan = new UdpBroadcaster("127.0.0.1:" + one.getLocalPort(), "127.0.0.1:" + other.getLocalPort())) {
            lan.send("x");
            assertEquals(senderTo(one), senderTo(other));
        }
    }

    private static int senderTo(DatagramSocket socket) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[2], 2);
        socket.setSoTimeout(5000);
        socket.receive(packet);
        return packet.getPort();
    }

    @Test
    void aSubclassMayBindTheSockets() throws Exception {
        List<Integer> ports = new ArrayList<>();
        UdpBroadcaster lan = new UdpBroadcaster(receiver.target(), NO_INTERFACE) {
            @Override
            protected void prepare(DatagramChannel socket, InetAddress to) throws IOException {
                ports.add(((InetSocketAddress) socket.bind(new InetSocketAddress("127.0.0.1", 0)).getLocalAddress()).getPort());
            }
        };
        try (lan; DatagramSocket other = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            lan.target("other", () -> List.of((InetSocketAddress) other.getLocalSocketAddress()));
            lan.notices(notices::add).onError(UdpBroadcaster.OnError.skip).send("x");
            assertTrue(ports.contains(senderTo(other)), ports.toString());
        }
        assertEquals(List.of(NO_INTERFACE + ": no such interface nosuch0; datagrams to it are skipped until it works again"),
            notices.stream().filter(line -> line.startsWith(NO_INTERFACE)).toList());
    }

    @Test
    void copiesAreSentInOrderAndTheNextPayloadWaitsForThem() throws Exception {
        long start = System.nanoTime();
        try (UdpBroadcaster lan = broadcaster().repeat(3, Duration.ofMillis(50))) {
            lan.send("on");
            lan.send("off");
        }
        assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(4 * 50), "a pause before each of four copies");
        assertEquals(List.of("on", "on", "on", "off", "off", "off"), receiver.arrived());
    }

    @Test
    void nothingIsLookedUpBeforeADatagramThatGoesToAKnownAddress() throws Exception {
        List<String> arrived = new ArrayList<>();
        int[] asked = {0};
        try (UdpBroadcaster lan = new UdpBroadcaster().target("lamps", () -> {
            asked[0]++;
            arrived.addAll(receiver.arrived());
            return List.of(loopback(receiver));
        })) {
            lan.open();
            arrived.clear();
            int before = asked[0];
            for (int i = 0; asked[0] == before; i++) {
                String text = "" + i;
                lan.send(text);
                assertEquals(List.of(text), asked[0] == before ? receiver.arrived() : arrived);
                arrived.clear();
            }
        }
    }

    @Test
    void anAddressThatComesGetsTheDatagramAfterWhichItWasFound() throws Exception {
        try (UdpReceiver late = new UdpReceiver()) {
            List<InetSocketAddress> lamps = Collections.synchronizedList(new ArrayList<>(List.of(loopback(receiver))));
            try (UdpBroadcaster lan = new UdpBroadcaster().target("lamps", () -> List.copyOf(lamps)).notices(notices::add)) {
                lan.send("first");
                lamps.add(loopback(late));
                for (int i = 0; notices.isEmpty(); i++) {
                    assertEquals(1, receiver.arrived().size());
                    late.assertNothingMore();
                    lan.send("" + i);
                }
                assertEquals(late.arrived(), receiver.arrived());
                assertEquals(List.of("lamps: goes to 127.0.0.1, 127.0.0.1 now"), notices);
            }
        }
    }

    /** Another target has the payload wait meanwhile. */
    @Test
    void anAddressThatComesBackGetsTheDatagramAgain() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        UdpBroadcaster lan = new UdpBroadcaster(NO_INTERFACE).notices(notices::add).target("lamps", () -> {
            if (asked.incrementAndGet() == 2) {
                throw new IOException("away");
            }
            return List.of(loopback(receiver));
        });
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() ->
            assertThrows(InterruptedIOException.class, () -> lan.send("x")));
        Lan.await("the look after the one that found it again", () -> asked.get() >= 4);
        lan.close();
        sending.get(20, TimeUnit.SECONDS);
        assertEquals(List.of("x", "x"), receiver.arrived());
    }

    @Test
    void aFinderThatFailsMakesThePayloadWait() throws Exception {
        List<InetSocketAddress> lamps = Collections.synchronizedList(new ArrayList<>());
        UdpBroadcaster lan = new UdpBroadcaster().notices(notices::add).target("lamps", () -> {
            if (lamps.isEmpty()) {
                throw new IOException("nobody is at home");
            }
            return List.copyOf(lamps);
        });
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            try {
                lan.send("kept");
            } catch (IOException failure) {
                notices.add(failure.getMessage());
            }
        });
        Lan.await("the message", () -> !notices.isEmpty());
        lamps.add(loopback(receiver));
        sending.get(5, TimeUnit.SECONDS);
        assertEquals("kept", receiver.nextText());
        assertEquals(List.of("lamps: nobody is at home; trying again until it works, the input waits", "lamps: works again"), notices);
        lan.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "lamp", "lamp:0", "lamp:65536", ":5000", "::1:5000", "192.168.8.256:5000", "192.168.8:5000", "5:5000",
        "[zz::1]:5000", "[1.2.3.4]:5000", "[lamp]:5000", "a b:5000", "http://lamp:5000"})
    void aTargetThatIsNoneIsNamed(String text) {
        IllegalArgumentException mistake = assertThrows(IllegalArgumentException.class, () -> new UdpBroadcaster(text));
        assertEquals("target '" + text + "': expected HOST:PORT or [IPv6]:PORT with a valid address and a port from 1 to 65535", mistake.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"lamp:1,", "cafe:1,", "lamp.lan:1,", "1.lan:1,", "127.0.0.1:1, 127.0.0.1", "[::1]:1, 0:0:0:0:0:0:0:1", "[fe80::1%nosuch0]:1, fe80:0:0:0:0:0:0:1"})
    void anAddressIsToldFromAName(String text, String address) {
        InetAddress found = HostPort.of("target", text, "HOST:PORT", 1).address();
        assertEquals(address, found == null ? null : found.getHostAddress());
    }

    @Test
    void severalThreadsMaySend() throws Exception {
        try (UdpBroadcaster lan = broadcaster().repeat(2, Duration.ZERO)) {
            List<CompletableFuture<Void>> senders = Stream.of("a", "b", "c").map(text -> CompletableFuture.runAsync(() -> {
                for (int i = 0; i < 100; i++) {
                    try {
                        lan.send(text + i);
                    } catch (IOException failure) {
                        throw new IllegalStateException(failure);
                    }
                }
            })).toList();
            for (CompletableFuture<Void> one : senders) {
                one.get(20, TimeUnit.SECONDS);
            }
        }
        List<String> arrived = receiver.arrived();
        assertEquals(600, arrived.size());
        for (int i = 0; i < arrived.size(); i += 2) {
            assertEquals(arrived.get(i), arrived.get(i + 1));
        }
    }

    @Test
    void anInterruptEndsAWaitAndTheNextDatagramGoesOut() throws Exception {
        try (UdpBroadcaster lan = broadcaster()) {
            lan.send("1");
            Thread.currentThread().interrupt();
            assertThrows(InterruptedIOException.class, () -> lan.send("2"));
            assertTrue(Thread.interrupted());
            lan.send("3");
        }
        assertEquals(List.of("1", "3"), receiver.arrived());
    }

    @Test
    void aCallbackMayClose() throws Exception {
        UdpBroadcaster lan = broadcaster(NO_INTERFACE);
        lan.notices(notice -> {
            notices.add(notice);
            lan.close();
        });
        CompletableFuture.runAsync(() -> assertThrows(InterruptedIOException.class, () -> lan.send("x"))).get(5, TimeUnit.SECONDS);
        assertEquals(List.of(NO_INTERFACE + ": no such interface nosuch0; trying again until it works, the input waits"), notices);
        assertEquals(List.of("x"), receiver.arrived());
    }
}
