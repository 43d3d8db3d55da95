///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Tell the LAN when a light panel is touched: nanoleaf-touch http://HOST:16021/api/v1/TOKEN/events?id=4 192.168.8.255:5000
//SOURCES ../lib/sse/SseClient.java ../lib/udp/UdpBroadcaster.java

import java.io.IOException;
import lib.sse.SseClient;
import lib.udp.UdpBroadcaster;

class NanoleafTouch {
    public static void main(String... args) throws Exception {
        if (args.length != 2) {
            boolean help = args.length == 1 && args[0].equals("--help");
            (help ? System.out : System.err).println("expected two arguments: the URL of the events, and HOST:PORT for the datagrams");
            System.exit(help ? 0 : 2);
        }
        try (UdpBroadcaster lan = new UdpBroadcaster(args[1]); SseClient events = new SseClient(args[0])) {
            events.listen(event -> lan.send("Recv message form SSE Server!"));
        } catch (IllegalArgumentException | IOException failure) {
            System.err.println(failure.getMessage());
            System.exit(failure instanceof IOException ? 1 : 2);
        }
    }
}
