///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Tell the LAN when a light panel is touched: copy this file and change it
//SOURCES ../lib/sse/SseClient.java ../lib/udp/UdpBroadcaster.java

import java.net.URI;
import lib.sse.SseClient;
import lib.udp.UdpBroadcaster;

class NanoleafTouch {
    public static void main(String... args) throws Exception {
        String url = args.length > 0 ? args[0] : "http://192.168.8.20:16021/api/v1/TOKEN/events?id=4";
        String target = args.length > 1 ? args[1] : "192.168.8.255:5000";
        try (UdpBroadcaster broadcaster = new UdpBroadcaster(target);
                SseClient client = new SseClient(URI.create(url)).notices(System.err::println)) {
            client.listen(event -> broadcaster.send("Recv message form SSE Server!"));
        }
    }
}
