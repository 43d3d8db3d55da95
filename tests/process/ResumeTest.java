package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tests.support.ReplayServer;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/**
 * What is left of an event that was handed over, after the process that did it has ended in one way or another.
 *
 * <p>Here with a kill at each moment; with more: {@code KILLS=50 ./jbang test ResumeTest}.
 */
class ResumeTest {
    @TempDir
    Path folder;

    /** When a process is killed. */
    private enum Moment {
        /** With the first datagram: its id is in no file yet. */
        FIRST,
        /** While the file is replaced: the new one lies beside it. */
        SAVING,
        /** As soon as the file has been replaced. */
        SAVED,
        /** After so many datagrams. */
        ANY
    }

    @Test
    void killedAtAnyMomentNothingIsMissing() throws Exception {
        int kills = Integer.parseInt(System.getenv().getOrDefault("KILLS", "4"));
        int events = kills * 80;
        Path state = folder.resolve("state");
        BitSet received = new BitSet();
        int repeated = 0;
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (SseServer server = ReplayServer.of(events, 500); UdpReceiver receiver = new UdpReceiver()) {
            for (int kill = 0; kill < kills; kill++) {
                try (Script relay = relay(server, receiver, state)) {
                    Moment moment = Moment.values()[kill % Moment.values().length];
                    int further = moment == Moment.ANY ? 1 + random.nextInt(80) : 1;
                    for (int i = 0; i < further && received.cardinality() < events; i++) {
                        repeated += take(receiver.nextText(), received);
                    }
                    awaitSave(moment, state, relay);
                    relay.process.destroyForcibly().waitFor();
                }
                for (String text : receiver.arrived()) {
                    repeated += take(text, received);
                }
                assertEquals(received.cardinality(), received.length() - 1, () -> "a gap, with seed " + seed + ": " + received);
            }
            try (Script relay = relay(server, receiver, state)) {
                relay.end().assertIs(0, "");
            }
            for (String text : receiver.arrived()) {
                repeated += take(text, received);
            }
        }
        System.out.println("  " + kills + " kills, " + events + " events, " + (events - received.cardinality())
            + " missing, " + repeated + " repeated");
        assertEquals(events, received.cardinality());
        assertEquals("" + events, Files.readString(state).strip());
    }

    /** Looks again and again, since such a moment is short. */
    private static void awaitSave(Moment moment, Path state, Script relay) throws IOException {
        Set<String> names = names(state);
        Optional<Object> before = key(state);
        while (relay.process.isAlive() && (moment == Moment.SAVING && names.containsAll(names(state))
                || moment == Moment.SAVED && key(state).equals(before))) {
            Thread.onSpinWait();
        }
    }

    private static Set<String> names(Path state) {
        return Set.of(state.toFile().getParentFile().list());
    }

    private static Optional<Object> key(Path file) throws IOException {
        try {
            return Optional.of(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
        } catch (NoSuchFileException notYet) {
            return Optional.empty();
        }
    }

    private static Script relay(SseServer server, UdpReceiver receiver, Path state) throws IOException {
        return Script.start("SseToUdp", "-q", "--state-file", state.toString(), server.url("/"), receiver.target());
    }

    private static int take(String id, BitSet received) {
        int number = Integer.parseInt(id);
        boolean before = received.get(number);
        received.set(number);
        return before ? 1 : 0;
    }

    @Test
    void endedBySignalNothingIsMissingAndNothingRepeated() throws Exception {
        Path state = folder.resolve("state");
        List<String> lines = new ArrayList<>();
        int events = 10_000;
        try (SseServer slow = ReplayServer.of(events, 1000)) {
            for (int run = 0; run < 2; run++) {
                try (Script listen = listen(slow, state)) {
                    for (int i = 0; i < 40; i++) {
                        lines.add(listen.nextLine());
                    }
                    listen.signal("TERM");
                    Script.Ended ended = listen.end();
                    assertEquals(143, ended.status(), ended.err());
                    lines.addAll(ended.out().lines().toList());
                    assertEquals(lines.get(lines.size() - 1), Files.readString(state).strip());
                }
            }
        }
        try (SseServer fast = ReplayServer.of(events, 1_000_000); Script listen = listen(fast, state)) {
            lines.addAll(listen.end().out().lines().toList());
        }
        assertEquals(java.util.stream.IntStream.rangeClosed(1, events).mapToObj(Integer::toString).toList(), lines);
    }

    private static Script listen(SseServer server, Path state) throws IOException {
        return Script.start("SseListen", "-q", "-F", "{data}", "--state-file", state.toString(), server.url("/"));
    }

    /** To the end, in this process. */
    private static void send(UdpReceiver receiver, String... options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("-q"));
        arguments.addAll(List.of(options));
        arguments.add(receiver.target());
        Script.here("sse-to-udp", arguments.toArray(String[]::new)).assertIs(0, "");
    }

    @Test
    void countedEventsAreTheLastThatTheStateTells() throws Exception {
        Path state = folder.resolve("state");
        try (SseServer server = ReplayServer.of(7, 100_000); UdpReceiver receiver = new UdpReceiver()) {
            for (int from = 1; from < 7; from += 3) {
                send(receiver, "-c", "3", "--state-file", state.toString(), server.url("/"));
                assertEquals(List.of("" + from, "" + (from + 1), "" + (from + 2)), receiver.arrived());
                assertEquals((from + 2) + "\n", Files.readString(state));
            }
        }
    }

    @Test
    void stateComesBeforeTheOptionAndTheOptionBeforeNothing() throws Exception {
        Path state = folder.resolve("state");
        try (SseServer server = SseServer.stream("id: b\ndata: 1\n\n"); UdpReceiver receiver = new UdpReceiver()) {
            for (String expected : List.of("a", "b")) {
                send(receiver, "-c", "1", "--last-event-id", "a", "--state-file", state.toString(), server.url("/"));
                assertEquals(Optional.of(expected), server.next().header("Last-Event-ID"));
            }
        }
    }

    @Test
    void eventsThatWereNotWrittenAreNotInTheState() throws Exception {
        Path state = Files.writeString(folder.resolve("state"), "old\n");
        try (SseServer server = SseServer.stream("id: new\ndata: 1\n\n")) {
            Script.shell("$SseListen --state-file " + state + " " + server.url("/") + " > /dev/full").assertIs(1, "",
                "sse-listen: standard output: No space left on device");
            assertEquals("old\n", Files.readString(state));
        }
    }

    @Test
    void stateThatCanNotBeReadIsAnErrorBeforeAnythingIsAsked() throws Exception {
        Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xFF, 0, 1});
        Path lines = Files.writeString(folder.resolve("lines"), "a\nb\n");
        try (SseServer server = SseServer.stream("data: 1\n\n")) {
            String[][] cases = {
                {folder.toString(), "expected a regular file"},
                {"/dev/null", "expected a regular file"},
                {folder.resolve("none").resolve("file").toString(), "there is no folder for it"},
                {Files.createFile(folder.resolve("empty")).toString(), "expected one line of UTF-8 with a last event ID; without the file it begins anew"},
                {binary.resolve("file").toString(), "there is no folder for it"},
                {binary.toString(), "expected one line of UTF-8 with a last event ID; without the file it begins anew"},
                {lines.toString(), "expected one line of UTF-8 with a last event ID; without the file it begins anew"},
            };
            for (String[] one : cases) {
                Script.here("sse-listen", "-c", "1", "--state-file", one[0], server.url("/")).assertIs(1, "",
                    "sse-listen: state file \\Q" + one[0] + "\\E: " + one[1]);
            }
            assertEquals(0, server.further());
        }
    }

    @Test
    void stateWithoutAnIdIsNoId() throws Exception {
        Path state = Files.writeString(folder.resolve("state"), "\n");
        try (SseServer server = SseServer.stream("data: 1\n\n"); UdpReceiver receiver = new UdpReceiver()) {
            send(receiver, "-c", "1", "--state-file", state.toString(), server.url("/"));
            assertEquals(Optional.empty(), server.next().header("Last-Event-ID"));
        }
    }

    @Test
    void stateBehindASymbolicLinkIsWrittenWhereItIs() throws Exception {
        Path state = Files.writeString(folder.resolve("state"), "a\n");
        Path link = Files.createSymbolicLink(folder.resolve("link"), state);
        try (SseServer server = SseServer.stream("id: b\ndata: 1\n\n"); UdpReceiver receiver = new UdpReceiver()) {
            send(receiver, "-c", "1", "--state-file", link.toString(), server.url("/"));
            assertEquals("b\n", Files.readString(state));
            assertTrue(Files.isSymbolicLink(link));
        }
    }

    @Test
    void stateThatFailsLaterIsToldOnceAndTheEventsGoOn() throws Exception {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        Path state = inner.resolve("state");
        try (SseServer server = new SseServer(connection -> {
            connection.send(SseServer.OK + ReplayServer.event(1));
            connection.send(ReplayServer.event(2)).hold();
        }); Script listen = Script.start("SseListen", "-F", "{data}", "--state-file", state.toString(), server.url("/"))) {
            assertEquals("1", listen.nextLine());
            assertEquals("2", listen.nextLine());
            listen.signal("TERM");
            assertEquals(143, listen.end().status());
            assertEquals("2\n", Files.readString(state));
        }
        try (SseServer server = new SseServer(connection -> {
            connection.send(SseServer.OK);
            Files.delete(state);
            Files.delete(inner.resolve(".state.lock"));
            Files.delete(inner);
            connection.send(ReplayServer.event(3)).send(ReplayServer.event(4)).hold();
        }); Script listen = Script.start("SseListen", "-F", "{data}", "--state-file", state.toString(), server.url("/"))) {
            assertEquals("3", listen.nextLine());
            assertEquals("4", listen.nextLine());
            listen.signal("TERM");
            Script.Ended ended = listen.end();
            assertEquals(143, ended.status());
            assertEquals(1, ended.err().lines().count(), ended.err());
            assertTrue(ended.err().startsWith("sse-listen: state file " + state + ": there is no folder for it; the last event ID is not saved"), ended.err());
        }
    }
}
