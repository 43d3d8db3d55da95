package lib.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import lib.udp.UdpOutput.Counts;
import lib.udp.UdpBroadcaster.OnError;
import lib.udp.UdpOutput.Oversize;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Lan;
import tests.support.UdpReceiver;

/** What the command line adds: limits, decisions, copies of the output, counts. */
class UdpOutputTest {
    private static final String NO_INTERFACE = "[ff02::1%nosuch0]:5000";

    private final List<String> said = Collections.synchronizedList(new ArrayList<>());
    private UdpReceiver receiver;

    @BeforeEach
    void open() throws Exception {
        receiver = new UdpReceiver();
    }

    @AfterEach
    void close() {
        receiver.close();
    }

    private UdpOutput output(String... targets) throws IOException {
        UdpOutput output = new UdpOutput(new UdpOutput.Source("", new HostPort("", 0), 1, true));
        output.losses(line -> said.add("loss: " + line)).notices(said::add);
        for (String target : targets) {
            output.target(target);
        }
        return output;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void open(UdpOutput lan) throws IOException {
        lan.open();
        assertEquals(new Counts(0, 0, 0, 0, 0), lan.counts());
    }

    @Test
    void teeCopiesWhatFits() throws Exception {
        ByteArrayOutputStream copies = new ByteArrayOutputStream();
        for (Oversize oversize : List.of(Oversize.skip, Oversize.truncate)) {
            try (UdpOutput lan = output(receiver.target()).maxPayload(4).oversize(oversize).tee(copies)) {
                lan.send(bytes("abc"));
                lan.send(bytes("12345"));
            }
        }
        assertEquals("abc\nabc\n1234\n", copies.toString(StandardCharsets.UTF_8));
        assertEquals(List.of("5 bytes, more than the 4 of a datagram: not sent", "5 bytes, more than the 4 of a datagram: cut off"), said);
    }

    @Test
    void aDryRunShowsEachAddressAndSendsNothing() throws Exception {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        try (UdpOutput lan = output(receiver.target(), "127.0.0.1:9", NO_INTERFACE).dryRun(lines)) {
            lan.repeat(2, Duration.ofHours(1));
            open(lan);
            lan.send(bytes("1234"));
            assertEquals(new Counts(1, 0, 0, 0, 0), lan.counts());
        }
        assertEquals(NO_INTERFACE + ": no such interface nosuch0: 4 bytes\n" + receiver.target() + " (lo): 4 bytes\n127.0.0.1:9 (lo): 4 bytes\n",
            lines.toString(StandardCharsets.UTF_8));
        receiver.assertNothingMore();
    }

    @ParameterizedTest
    @CsvSource({"skip, 0, 0, 1, ': not sent'", "truncate, 1, 1, 0, ': cut off'", ", 0, 0, 1, ': not sent'"})
    void whatIsLeftOutIsSkippedAndALossUnlessAnOptionAllowsIt(Oversize oversize, int sent, int bytes, int skipped, String end) throws Exception {
        try (UdpOutput lan = output(receiver.target()).maxPayload(1).oversize(oversize)) {
            lan.send(bytes("12"));
            assertEquals(new Counts(1, sent, bytes, skipped, 0), lan.counts());
            lan.skip("not asked for");
            assertEquals(new Counts(2, sent, bytes, skipped + 1, 0), lan.counts());
        }
        assertEquals(List.of((oversize == null ? "loss: " : "") + "2 bytes, more than the 1 of a datagram" + end, "loss: not asked for"), said);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "nosuch0 |                | interface 'nosuch0': expected the name of an interface of this machine",
        "        | 192.0.2.77     | source 192.0.2.77:0: Cannot assign requested address",
        "        | 2001:db8::77   | source [2001:db8::77]:0: Cannot assign requested address",
        "        | ::1%nosuch0    | source [::1%nosuch0]:0: no such interface nosuch0"})
    void aSourceThatThisMachineHasNotIsNamedAtOnce(String via, String host, String message) {
        UdpOutput.Source source = new UdpOutput.Source(via == null ? "" : via, new HostPort(host == null ? "" : host, 0), 1, true);
        assertEquals(message, assertThrows(IOException.class, () -> new UdpOutput(source)).getMessage());
    }

    @Test
    void aSourceAppliesToTargetsOfItsIpVersion() throws Exception {
        try (DatagramSocket ipv4 = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"));
                DatagramSocket ipv6 = new DatagramSocket(0, InetAddress.getByName("::1"));
                UdpOutput lan = new UdpOutput(new UdpOutput.Source("lo", new HostPort("127.0.0.7", 0), 1, true))) {
            lan.target("127.0.0.1:" + ipv4.getLocalPort()).target("[::1]:" + ipv6.getLocalPort()).send(bytes("x"));
            assertEquals("127.0.0.7", senderTo(ipv4));
            assertEquals("0:0:0:0:0:0:0:1", senderTo(ipv6));
        }
    }

    private static String senderTo(DatagramSocket socket) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[2], 2);
        socket.setSoTimeout(5000);
        socket.receive(packet);
        return packet.getAddress().getHostAddress();
    }

    @Test
    void aPayloadThatWasNotKeptWholeIsCutOffAndTheMessageHasItsSize() throws Exception {
        try (UdpOutput lan = output(receiver.target()).maxPayload(4).oversize(Oversize.truncate)) {
            lan.send(bytes("12345"), 300_000_000);
        }
        assertEquals("1234", receiver.nextText());
        assertEquals(List.of("300000000 bytes, more than the 4 of a datagram: cut off"), said);
    }

    @Test
    void bytesThatAreNoTextLoseAtMostOneCharacterWhereTheyAreCutOff() throws Exception {
        byte[] continuations = new byte[100];
        Arrays.fill(continuations, (byte) 0x80);
        try (UdpOutput lan = output(receiver.target()).maxPayload(50).oversize(Oversize.truncate)) {
            lan.send(ByteBuffer.wrap(continuations));
        }
        assertEquals(47, receiver.next().length);
    }

    @Test
    void aRefusalEndsTheRunIfTheUserWantsThatAndCountsOnce() throws Exception {
        UdpOutput lan = output(receiver.target(), NO_INTERFACE);
        lan.repeat(3, Duration.ZERO).onError(OnError.fail);
        open(lan);
        IOException failure = assertThrows(IOException.class, () -> lan.send(bytes("x")));
        assertEquals(NO_INTERFACE + ": no such interface nosuch0", failure.getMessage());
        assertEquals(List.of(failure.getMessage()), lan.troubles());
        lan.close();
        assertEquals(new Counts(1, 1, 1, 0, 1), lan.counts());
        assertEquals(List.of(), said);
        assertEquals(List.of("x"), receiver.arrived());
    }

    @Test
    void skippedDatagramsAreAnAllowedLossThatIsSaidOnce() throws Exception {
        try (UdpOutput lan = output(receiver.target(), NO_INTERFACE)) {
            lan.onError(OnError.skip);
            open(lan);
            lan.send(bytes("x"));
            lan.send(bytes("y"));
            assertEquals(new Counts(2, 2, 2, 2, 0), lan.counts());
        }
        assertEquals(List.of(NO_INTERFACE + ": no such interface nosuch0; datagrams to it are skipped until it works again"), said);
        assertEquals(List.of("x", "y"), receiver.arrived());
    }

    @Test
    void aPayloadWhoseCopiesWaitCountsAsFailedWhenTheEndComesFirst() throws Exception {
        UdpOutput lan = output(receiver.target());
        lan.repeat(3, Duration.ofHours(1));
        open(lan);
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() ->
            assertThrows(InterruptedIOException.class, () -> lan.send(bytes("x"))));
        assertEquals("x", receiver.nextText());
        Lan.await("the count of the first copy", () -> lan.counts().bytes() == 1);
        assertEquals(new Counts(1, 1, 1, 0, 0), lan.counts());
        lan.close();
        assertEquals(new Counts(1, 1, 1, 0, 1), lan.counts());
        sending.get(5, TimeUnit.SECONDS);
        assertEquals(new Counts(1, 1, 1, 0, 1), lan.counts());
        assertThrows(InterruptedIOException.class, () -> lan.send(bytes("late")));
        assertEquals(new Counts(2, 1, 1, 0, 2), lan.counts());
        lan.close();
    }

    @Test
    void closeEndsAWaitForATurnOfTheRate() throws Exception {
        UdpOutput lan = output(receiver.target());
        lan.rate(0.001);
        open(lan);
        lan.send(bytes("x"));
        CompletableFuture<Void> waiting = CompletableFuture.runAsync(() ->
            assertThrows(InterruptedIOException.class, () -> lan.send(bytes("y"))));
        Lan.await("the second payload", () -> lan.counts().received() == 2);
        lan.close();
        waiting.get(5, TimeUnit.SECONDS);
        assertEquals(new Counts(2, 1, 1, 0, 1), lan.counts());
        assertEquals(List.of("x"), receiver.arrived());
    }
}
