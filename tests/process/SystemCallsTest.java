package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tests.support.Lan;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.UdpReceiver;

/** Nothing stands between an event and its datagram but what makes the datagram. */
class SystemCallsTest {
    private static final int CHECKS = 4;
    /** The JVM's own, for memory and for its other threads. */
    private static final Set<String> OF_THE_JVM = Set.of("futex", "mprotect", "madvise", "mmap", "munmap", "sched_yield", "rt_sigreturn");

    @Test
    void betweenTheReadOfAnEventAndItsDatagramThereIsNoOtherCall(@TempDir Path folder) throws Exception {
        assumeTrue(Lan.has("strace"), "needs strace");
        Path trace = folder.resolve("trace");
        assumeTrue(Script.start(List.of("strace", "-o", trace.toString(), "true")).end().status() == 0, "needs the permission to trace a process");
        List<String> command = new ArrayList<>(List.of("strace", "-f", "-s", "100", "-o", trace.toString()));
        AtomicInteger events = new AtomicInteger();
        try (UdpReceiver receiver = new UdpReceiver(); SseServer server = new SseServer(connection -> {
            connection.send(SseServer.OK);
            Lan.await("checks of links and addresses after a datagram", () -> {
                connection.send("data: event" + events + "\n\n");
                assertEquals("event" + events.getAndIncrement(), receiver.nextText());
                return checks(trace) > CHECKS;
            });
        })) {
            command.addAll(Script.command("SseToUdp", "-q", "--no-retry", server.url("/"), receiver.target()));
            Script.start(command).end().assertIs(0, "");
        }
        List<String> calls = Files.readAllLines(trace);
        for (int i = 1; i < events.get(); i++) {
            assertEquals(List.of("read"), between(calls, "data: event" + i + "\\n", "\"event" + i + "\""));
        }
    }

    private static long checks(Path trace) throws IOException {
        return Files.readAllLines(trace).stream().filter(call -> call.contains(" connect(") && call.contains("127.255.255.255")).count();
    }

    /** The names of the calls of one thread, except the JVM's own, between its read of a text and its sendto of another. */
    private static List<String> between(List<String> calls, String read, String sent) {
        List<String> names = new ArrayList<>();
        String thread = null;
        for (String call : calls) {
            if (thread == null && call.contains(read)) {
                thread = call.substring(0, call.indexOf(' ') + 1);
            } else if (thread != null && call.startsWith(thread)) {
                if (call.contains("sendto(") && call.contains(sent)) {
                    return names;
                }
                String name = call.substring(thread.length()).strip().replaceFirst("[( ].*", "");
                if (!OF_THE_JVM.contains(name) && !name.matches("[<-].*")) {
                    names.add(name);
                }
            }
        }
        throw new AssertionError("no datagram: " + sent);
    }
}
