///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION For the benchmark: LaunchDarkly's okhttp-eventsource, each event as one JSON line
//DEPS com.launchdarkly:okhttp-eventsource:4.3.0
//DEPS com.fasterxml.jackson.core:jackson-core:2.22.4
//SOURCES JsonLines.java

import com.launchdarkly.eventsource.EventSource;
import com.launchdarkly.eventsource.MessageEvent;
import com.launchdarkly.eventsource.StreamClosedByServerException;
import com.launchdarkly.eventsource.StreamException;
import java.net.URI;

class LaunchDarkly {
    public static void main(String... args) throws StreamException {
        JsonLines out = new JsonLines();
        EventSource source = new EventSource.Builder(URI.create(args[0])).build();
        try {
            while (true) {
                MessageEvent event = source.readMessage();
                String id = event.getLastEventId();
                out.write(event.getEventName(), id == null ? "" : id, event.getData());
            }
        } catch (StreamClosedByServerException end) {
            out.flush();
            System.exit(0);
        }
    }
}
