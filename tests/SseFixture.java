import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;

/**
 * A process for a network namespace, where the tests' own sockets do not reach: serves one event on each connection to
 * port 8080 of loopback and prints what arrives at UDP port 5000, for as long as it runs.
 */
final class SseFixture {
    private SseFixture() {}

    public static void main(String... args) throws Exception {
        ServerSocket port = new ServerSocket(8080, 50, InetAddress.getByName("127.0.0.1"));
        try (SseServer server = new SseServer(connection -> connection.send(SseServer.OK + "id: 4\ndata: hello\n\n").hold(), port, "http");
                DatagramSocket receiver = new DatagramSocket(5000, InetAddress.getByName("0.0.0.0"))) {
            System.out.println("ready at " + server.url("/"));
            DatagramPacket packet = new DatagramPacket(new byte[65536], 65536);
            while (true) {
                receiver.receive(packet);
                System.out.println("received " + new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8));
            }
        }
    }
}
