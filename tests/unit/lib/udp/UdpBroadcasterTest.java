package lib.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Lan;
import tests.support.UdpReceiver;

/** What a user's own relay meets, in this process: the end, callbacks, copies of the output. */
@Isolated("it counts the sockets of the whole JVM, and puts something in place of its standard error")
class UdpBroadcasterTest {

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
        assertThrows(IllegalArgumentException.class, UdpBroadcaster::new);
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
            assertEquals(1, lan.counts().failed());
            assertEquals(used ? 1 : 0, lan.counts().sent());
            lan.close();
        }
        receiver.assertNothingMore();
    }

    @Test
    void closeAfterCancelDoesNotThrowHoweverOften() throws Exception {
        UdpBroadcaster lan = broadcaster().repeat(3, Duration.ofHours(1));
        lan.send("once");
        lan.cancel();
        lan.close();
        lan.close();
        assertEquals(new Counts(1, 1, 4, 0, 0, 0, 2), lan.counts());
        UdpBroadcaster unused = broadcaster();
        unused.cancel();
        unused.close();
        assertThrows(InterruptedIOException.class, () -> unused.send("late"));
    }

    @Test
    void aCallbackThatFailsWithACopyIsHeardAtTheEndAndDoesNotHang() throws Exception {
        IllegalStateException failure = new IllegalStateException("the callback's own");
        OutputStream failing = new ByteArrayOutputStream() {
            @Override
            public synchronized void write(byte[] bytes) {
                if (Thread.currentThread().getName().equals("udp-later")) {
                    throw failure;
                }
                writeBytes(bytes);
            }
        };
        UdpBroadcaster lan = broadcaster().dryRun(failing).repeat(3, Duration.ofMillis(200));
        lan.send("x");
        assertSame(failure, assertThrows(IllegalStateException.class, lan::close));
        assertEquals(1, lan.counts().failed());
        lan.close();
    }

    @Test
    void aReaderThatIsGoneIsNotHiddenByTheThreadOfCopies() throws Exception {
        IOException gone = new IOException("the reader is gone");
        OutputStream failing = new ByteArrayOutputStream() {
            @Override
            public synchronized void write(byte[] bytes) throws IOException {
                if (Thread.currentThread().getName().equals("udp-later")) {
                    throw gone;
                }
            }
        };
        UdpBroadcaster lan = broadcaster().dryRun(failing).repeat(2, Duration.ofMillis(200));
        lan.send("x");
        assertSame(gone, assertThrows(IOException.class, lan::close));
    }

    @Test
    void teeCopiesWhatWasSentOnly() throws Exception {
        ByteArrayOutputStream copies = new ByteArrayOutputStream();
        for (Oversize oversize : List.of(Oversize.SKIP, Oversize.TRUNCATE)) {
            try (UdpBroadcaster lan = broadcaster().maxPayload(4).oversize(oversize).tee(copies)) {
                lan.send("abc");
                lan.send("12345");
            }
        }
        assertEquals("abc\nabc\n1234\n", copies.toString(StandardCharsets.UTF_8));
        copies.reset();
        try (UdpBroadcaster lan = broadcaster().dryRun(copies).tee(copies)) {
            lan.send("1234");
        }
        assertEquals(1, copies.toString(StandardCharsets.UTF_8).lines().count());
    }

    @Test
    void linesOfADryRunAreWholeThoughCopiesComeFromAnotherThread() throws Exception {
        List<String> parts = Collections.synchronizedList(new ArrayList<>());
        OutputStream out = new OutputStream() {
            @Override
            public void write(int one) {
                throw new AssertionError("one byte");
            }

            @Override
            public void write(byte[] bytes) {
                parts.add("begin");
                Thread.yield();
                parts.add("end");
            }
        };
        try (UdpBroadcaster lan = broadcaster(receiver.target()).dryRun(out).repeat(2, Duration.ofNanos(1))) {
            for (int i = 0; i < 300; i++) {
                lan.send("x");
            }
        }
        assertEquals(2400, parts.size());
        for (int i = 0; i < parts.size(); i += 2) {
            assertEquals(List.of("begin", "end"), parts.subList(i, i + 2));
        }
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
    void messagesOfOneKindAreFew() throws Exception {
        try (UdpBroadcaster lan = broadcaster().maxPayload(1)) {
            for (int i = 0; i < 20_000; i++) {
                lan.send("12");
                lan.skip("line " + i + ": not JSON; skipped");
            }
            assertEquals(new Counts(40_000, 0, 0, 40_000, 0, 0, 0), lan.counts());
        }
        assertTrue(notices.size() <= 20, () -> notices.size() + " messages");
        assertEquals("2 bytes, more than the 1 of a datagram: not sent", notices.get(0));
        assertEquals("line 1: not JSON; skipped", notices.get(3));
    }

    @ParameterizedTest
    @CsvSource({"SKIP, true", "TRUNCATE, true", ", false"})
    void whatASettingLetGoIsComplete(Oversize oversize, boolean isComplete) throws Exception {
        try (UdpBroadcaster lan = broadcaster().maxPayload(1)) {
            if (oversize != null) {
                lan.oversize(oversize);
            }
            lan.send("1");
            assertTrue(lan.counts().isComplete());
            lan.send("12");
            assertEquals(isComplete, lan.counts().isComplete());
            lan.skip("not asked for");
            assertTrue(!lan.counts().isComplete());
        }
    }

    @Test
    void settingsAreRefusedWhenItIsTooLate() throws Exception {
        try (UdpBroadcaster lan = broadcaster()) {
            lan.send("x");
            assertThrows(IllegalStateException.class, () -> lan.source(":5001"));
            assertThrows(IllegalStateException.class, () -> lan.rate(5));
            assertThrows(IllegalStateException.class, () -> lan.maxPayload(5));
        }
    }

    @Test
    void aNameThatIsNotFoundHoldsUpNeitherTheOthersNorTheEnd() throws Exception {
        UdpBroadcaster lan = broadcaster("nosuch.invalid:5000");
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            assertThrows(InterruptedIOException.class, () -> lan.send("x"));
        });
        assertEquals("x", receiver.nextText());
        Lan.await("the message", () -> !notices.isEmpty());
        assertTrue(notices.get(0).startsWith("nosuch.invalid:5000: host not found; trying again"), notices.toString());
        assertEquals(List.of("nosuch.invalid:5000: host not found"), lan.troubles());
        lan.close();
        sending.get(5, TimeUnit.SECONDS);
        assertEquals(1, lan.counts().sent());
        assertEquals(1, lan.counts().failed());
        receiver.assertNothingMore();
    }

    @Test
    void ofAPayloadThatWasNotKeptWholeTheBeginningIsSentAndTheSizeIsTold() throws Exception {
        try (UdpBroadcaster lan = broadcaster().maxPayload(4).oversize(Oversize.TRUNCATE)) {
            lan.send(ByteBuffer.wrap("12345".getBytes(StandardCharsets.UTF_8)), 300_000_000);
        }
        assertEquals("1234", receiver.nextText());
        assertEquals(List.of("300000000 bytes, more than the 4 of a datagram: cut off"), notices);
    }

    @Test
    void whatIsNoTextLosesAtMostTheBytesOfOneCharacterWhereItIsCutOff() throws Exception {
        byte[] continuations = new byte[100];
        Arrays.fill(continuations, (byte) 0x80);
        try (UdpBroadcaster lan = broadcaster().maxPayload(50).oversize(Oversize.TRUNCATE)) {
            lan.send(ByteBuffer.wrap(continuations));
        }
        assertEquals(47, receiver.next().length);
    }

    /** For what must not wait for ever. */
    private static void within5Seconds(Executable work) throws Exception {
        CompletableFuture.runAsync(() -> {
            try {
                work.execute();
            } catch (Throwable failure) {
                throw new CompletionException(failure);
            }
        }).get(5, TimeUnit.SECONDS);
    }

    @Test
    void copiesThatAreAddedAfterTheEndAreCountedAndNotWaitedFor() throws Exception {
        UdpBroadcaster lan = broadcaster("[ff02::1%nosuch0]:5000").onError(OnError.SKIP).repeat(3, Duration.ofHours(1));
        lan.notices(notice -> lan.cancel());
        assertThrows(InterruptedIOException.class, () -> lan.send("x"));
        assertEquals(new Counts(1, 1, 1, 1, 1, 0, 4), lan.counts());
        within5Seconds(lan::close);
    }

    @Test
    void afterACopyHasFailedFurtherPayloadsNeitherHangNorPassSilently() throws Exception {
        OutputStream failing = new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                if (Thread.currentThread().getName().equals("udp-later")) {
                    throw new IOException("the reader is gone");
                }
            }
        };
        UdpBroadcaster lan = broadcaster().dryRun(failing).repeat(2, Duration.ofNanos(1));
        ByteBuffer large = ByteBuffer.allocate(60_000);
        Lan.await("the failure", () -> {
            try {
                lan.send(large);
                return false;
            } catch (IOException told) {
                return true;
            }
        });
        within5Seconds(() -> {
            for (int i = 0; i < 1000; i++) {
                assertThrows(IOException.class, () -> lan.send(large));
            }
            lan.close();
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void copiesOfADatagramThatFailsAreCountedWithIt(long millis) throws Exception {
        try (UdpBroadcaster lan = new UdpBroadcaster("[ff02::1%nosuch0]:5000").onError(OnError.FAIL).repeat(3, Duration.ofMillis(millis))) {
            assertThrows(IOException.class, () -> lan.send("x"));
            assertEquals(new Counts(1, 0, 0, 0, 0, 0, 3), lan.counts());
        }
    }

    @Test
    void anOpenThatFailsLeavesNoSocketAndMayBeTriedAgain() throws Exception {
        broadcaster().open().close();
        long sockets = sockets();
        boolean[] fails = {true};
        UdpBroadcaster lan = broadcaster("nosuch.invalid:5000").onError(OnError.SKIP).notices(notice -> {
            if (fails[0]) {
                throw new IllegalStateException(notice);
            }
        });
        assertThrows(IllegalStateException.class, lan::open);
        assertEquals(sockets, sockets());
        fails[0] = false;
        lan.send("x");
        assertEquals("x", receiver.nextText());
        assertEquals(new Counts(1, 1, 1, 1, 1, 0, 0), lan.counts());
        lan.close();
        assertEquals(sockets, sockets());
    }

    @Test
    void closeWhileItOpensLeavesNoSocket() throws Exception {
        broadcaster().open().close();
        long sockets = sockets();
        for (int i = 0; i < 300; i++) {
            UdpBroadcaster lan = broadcaster(receiver.target(), receiver.target());
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
            assertEquals(4, lan.counts().sent());
        }
    }

    @Test
    void afterThreeMessagesOfAKindNoneIsDueForAMinute() {
        FewNotices few = new FewNotices();
        for (int i = 0; i < 3; i++) {
            assertTrue(few.areDue());
            assertTrue(few.say("failure", notices::add));
        }
        assertTrue(!few.areDue());
        assertTrue(!few.say("failure", notices::add));
        assertEquals(List.of("failure", "failure", "failure (from now on one such line a minute)"), notices);
    }

    @Test
    void aCallbackMayCloseWhileCopiesWait() throws Exception {
        UdpBroadcaster lan = new UdpBroadcaster("[ff02::1%nosuch0]:5000").onError(OnError.SKIP).repeat(3, Duration.ofHours(1));
        lan.notices(notice -> {
            notices.add(notice);
            try {
                lan.close();
            } catch (IOException neverHere) {
                throw new AssertionError(neverHere);
            }
        });
        within5Seconds(() -> assertThrows(InterruptedIOException.class, () -> lan.send("x")));
        assertEquals(List.of("[ff02::1%nosuch0]:5000: no such interface nosuch0; datagrams to it are skipped until it works again"), notices);
        assertEquals(new Counts(1, 0, 0, 1, 1, 0, 2), lan.counts());
    }
}
