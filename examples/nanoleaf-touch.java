///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Tell the LAN when a light panel is touched: copy this file and change it
//SOURCES ../lib/HttpProxy.java ../lib/Pace.java ../lib/Reason.java ../lib/SseClient.java ../lib/SseEvent.java
//SOURCES ../lib/SseException.java ../lib/SseParser.java ../lib/SseRequest.java ../lib/StateFile.java ../lib/Tls.java
//SOURCES ../lib/UdpBroadcaster.java ../lib/UdpDelivery.java ../lib/UdpRoute.java ../lib/UdpRoutes.java
//SOURCES ../lib/UdpSchedule.java ../lib/UdpSource.java ../lib/UdpTarget.java

import java.net.URI;
import lib.SseClient;
import lib.UdpBroadcaster;

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
