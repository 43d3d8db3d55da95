package tests.readme;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tests.support.Lan;
import tests.support.Readme;
import tests.support.Script;

/** The receivers in docs/udp.md receive. */
class UdpReadmeTest {
    @ParameterizedTest
    @CsvSource({"python,python3", "node,node", "socat,sh"})
    void aReceiverPrintsWhatArrives(String name, String interpreter, @TempDir Path folder) throws Exception {
        assumeTrue(Lan.has(name.equals("socat") ? name : interpreter), "needs " + name);
        int port;
        try (DatagramSocket free = new DatagramSocket(0)) {
            port = free.getLocalPort();
        }
        Path program = folder.resolve("receiver");
        Files.writeString(program, Readme.block("receiver-" + name).replace("5000", Integer.toString(port)));
        try (Script receiver = Script.start(List.of(interpreter, program.toString()));
                DatagramSocket sender = new DatagramSocket()) {
            CompletableFuture<String> line = CompletableFuture.supplyAsync(() -> nextLine(receiver));
            byte[] payload = "hello".getBytes(StandardCharsets.UTF_8);
            Lan.await("the datagram", () -> {
                InetSocketAddress to = new InetSocketAddress("127.255.255.255", port);
                sender.send(new DatagramPacket(payload, payload.length, to));
                return line.isDone();
            });
            assertTrue(line.get().endsWith("hello"), line.get());
            receiver.process.descendants().forEach(ProcessHandle::destroy);
        }
    }

    private static String nextLine(Script script) {
        try {
            return String.valueOf(script.nextLine());
        } catch (Exception ended) {
            return ended.toString();
        }
    }
}
