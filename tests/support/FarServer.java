package tests.support;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A server for a network of its own: {@code FarServer ADDRESS [FOLDER|- [FIRST]]}, with TLS where a folder has certificates.
 * It prints its port, then a line for each request; it counts upwards from the last event ID, 20 events a second. Where
 * FIRST is given, that is all that the first request is answered.
 */
public class FarServer {
    public static void main(String... arguments) throws Exception {
        boolean safe = arguments.length > 1 && !arguments[1].equals("-");
        ServerSocket socket = safe
            ? TestCertificates.madeIn(Path.of(arguments[1])).socket("server", arguments[0])
            : new ServerSocket(0, 50, InetAddress.getByName(arguments[0]));
        CountDownLatch never = new CountDownLatch(1);
        try (SseServer server = new SseServer(connection -> {
            String lastEventId = connection.header("Last-Event-ID").orElse("0");
            System.out.println(connection.header("Host").orElse("") + " after " + lastEventId);
            if (connection.number == 0 && arguments.length > 2) {
                connection.send(arguments[2]).hold();
            }
            connection.send(SseServer.OK);
            for (long id = Long.parseLong(lastEventId) + 1; ; id++) {
                connection.send("id: " + id + "\ndata: x\n\n");
                never.await(50, TimeUnit.MILLISECONDS);
            }
        }, socket, "")) {
            System.out.println(server.port());
            never.await();
        }
    }
}
