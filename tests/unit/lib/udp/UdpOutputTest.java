package lib.udp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
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
        return output(new UdpBroadcaster(), targets);
    }

    private UdpOutput output(UdpBroadcaster sender, String... targets) throws IOException {
        UdpOutput output = new UdpOutput(sender, new UdpSource("", ":0", 1, true), line -> said.add("notice: " + line),
            line -> said.add("error: " + line));
        for (String target : targets) {
            output.target(target);
        }
        return output;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void teeCopiesWhatWasSentOnly() throws Exception {
        ByteArrayOutputStream copies = new ByteArrayOutputStream();
        for (Oversize oversize : List.of(Oversize.skip, Oversize.truncate)) {
            try (UdpOutput lan = output(receiver.target()).maxPayload(4).oversize(oversize).tee(copies).open()) {
                lan.send(bytes("abc"));
                lan.send(bytes("12345"));
            }
        }
        assertEquals("abc\nabc\n1234\n", copies.toString(StandardCharsets.UTF_8));
        assertEquals(List.of("notice: 5 bytes, more than the 4 of a datagram: not sent",
            "notice: 5 bytes, more than the 4 of a datagram: cut off"), said);
    }

    @Test
    void aDryRunShowsEachCopyAndSendsNothing() throws Exception {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        try (UdpOutput lan = output(new UdpBroadcaster().repeat(2, Duration.ofHours(1)), "127.0.0.1:9", NO_INTERFACE).dryRun(lines).open()) {
            lan.send(bytes("1234"));
        }
        String shown = "127.0.0.1 -> 127.0.0.1:9 (lo): 4 bytes\n" + NO_INTERFACE + " (no such interface nosuch0): 4 bytes\n";
        assertEquals(shown + shown, lines.toString(StandardCharsets.UTF_8).replaceAll("127.0.0.1:\\d+ ->", "127.0.0.1 ->"));
    }

    @ParameterizedTest
    @CsvSource({"skip, 0, 0, 1, 1", "truncate, 1, 1, 0, 0", ", 0, 0, 1, 0"})
    void lossThatAnOptionAllowedIsComplete(Oversize oversize, int sent, int bytes, int skipped, int allowedLoss) throws Exception {
        try (UdpOutput lan = output(receiver.target()).maxPayload(1)) {
            lan.oversize(oversize).open().send(bytes("12"));
            assertEquals(new Counts(1, sent, bytes, skipped, allowedLoss, 0, 0), lan.counts());
            assertEquals(oversize != null, lan.counts().isComplete());
            lan.skip("not asked for");
            assertEquals(new Counts(2, sent, bytes, skipped + 1, allowedLoss, 0, 0), lan.counts());
            assertEquals(false, lan.counts().isComplete());
        }
    }

    @Test
    void aPayloadThatWasNotKeptWholeIsCutOffAndTheMessageHasItsSize() throws Exception {
        try (UdpOutput lan = output(receiver.target()).maxPayload(4).oversize(Oversize.truncate).open()) {
            lan.send(bytes("12345"), 300_000_000);
        }
        assertEquals("1234", receiver.nextText());
        assertEquals(List.of("notice: 300000000 bytes, more than the 4 of a datagram: cut off"), said);
    }

    @Test
    void bytesThatAreNoTextLoseAtMostOneCharacterWhereTheyAreCutOff() throws Exception {
        byte[] continuations = new byte[100];
        Arrays.fill(continuations, (byte) 0x80);
        try (UdpOutput lan = output(receiver.target()).maxPayload(50).oversize(Oversize.truncate).open()) {
            lan.send(ByteBuffer.wrap(continuations));
        }
        assertEquals(47, receiver.next().length);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void copiesOfADatagramThatFailsAreCountedWithIt(long millis) throws Exception {
        try (UdpOutput lan = output(new UdpBroadcaster().repeat(3, Duration.ofMillis(millis)), NO_INTERFACE).onError(OnError.fail).open()) {
            IOException failure = assertThrows(IOException.class, () -> lan.send(bytes("x")));
            assertEquals(NO_INTERFACE + ": no such interface nosuch0", failure.getMessage());
            assertEquals(new Counts(1, 0, 0, 0, 0, 0, 3), lan.counts());
            assertEquals(List.of(failure.getMessage()), lan.troubles());
        }
    }

    @Test
    void skippedDatagramsAreAnAllowedLossThatIsSaidOnce() throws Exception {
        try (UdpOutput lan = output(receiver.target(), NO_INTERFACE).onError(OnError.skip).open()) {
            lan.send(bytes("x"));
            lan.send(bytes("y"));
            assertEquals(new Counts(2, 2, 2, 2, 2, 0, 0), lan.counts());
        }
        assertEquals(List.of("notice: " + NO_INTERFACE + ": no such interface nosuch0; datagrams to it are skipped until it works again"), said);
        assertEquals(List.of("x", "y"), receiver.arrived());
    }

    @Test
    void copiesThatWaitCountAsFailedWhenTheEndComesFirst() throws Exception {
        UdpOutput lan = output(new UdpBroadcaster().repeat(3, Duration.ofHours(1)), receiver.target()).open();
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() ->
            assertThrows(InterruptedIOException.class, () -> lan.send(bytes("x"))));
        assertEquals("x", receiver.nextText());
        lan.close();
        sending.get(5, TimeUnit.SECONDS);
        assertEquals(new Counts(1, 1, 1, 0, 0, 0, 2), lan.counts());
        assertThrows(InterruptedIOException.class, () -> lan.send(bytes("late")));
        assertEquals(new Counts(2, 1, 1, 0, 0, 0, 5), lan.counts());
        lan.close();
    }

    @Test
    void closeEndsAWaitForATurnOfTheRate() throws Exception {
        UdpOutput lan = output(new UdpBroadcaster().rate(0.001), receiver.target()).open();
        lan.send(bytes("x"));
        CompletableFuture<Void> waiting = CompletableFuture.runAsync(() ->
            assertThrows(InterruptedIOException.class, () -> lan.send(bytes("y"))));
        Lan.await("the second payload", () -> lan.counts().received() == 2);
        lan.close();
        waiting.get(5, TimeUnit.SECONDS);
        assertEquals(new Counts(2, 1, 1, 0, 0, 0, 1), lan.counts());
        assertEquals(List.of("x"), receiver.arrived());
    }
}
