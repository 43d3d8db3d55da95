///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION For the benchmark: okhttp-sse, each event as one JSON line
//DEPS com.squareup.okhttp3:okhttp-sse:5.5.1
//DEPS com.fasterxml.jackson.core:jackson-core:2.22.4
//SOURCES JsonLines.java

import java.time.Duration;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.sse.EventSource;
import okhttp3.sse.EventSourceListener;
import okhttp3.sse.EventSources;

class OkHttpSse extends EventSourceListener {
    private final JsonLines out = new JsonLines();

    public static void main(String... args) {
        OkHttpClient client = new OkHttpClient.Builder().readTimeout(Duration.ZERO).build();
        Request request = new Request.Builder().url(args[0]).build();
        EventSources.createFactory(client).newEventSource(request, new OkHttpSse());
    }

    @Override
    public void onEvent(EventSource source, String id, String type, String data) {
        out.write(type == null ? "message" : type, id == null ? "" : id, data);
    }

    @Override
    public void onClosed(EventSource source) {
        out.flush();
        System.exit(0);
    }

    @Override
    public void onFailure(EventSource source, Throwable failure, Response response) {
        System.err.println(failure + " " + response);
        System.exit(1);
    }
}
