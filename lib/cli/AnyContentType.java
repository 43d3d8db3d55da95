//SOURCES ../sse/SseClient.java
package lib.cli;

import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse.ResponseInfo;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lib.sse.SseClient;

/** The head of an answer with the content type of an event stream in place of its own. */
record AnyContentType(ResponseInfo head) implements ResponseInfo {
    static SseClient.Sender around(SseClient.Sender next) {
        return (request, body) -> next.send(request, head -> body.apply(new AnyContentType(head)));
    }

    @Override
    public int statusCode() { return head.statusCode(); }

    @Override
    public HttpHeaders headers() {
        Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        all.putAll(head.headers().map());
        all.put("Content-Type", List.of("text/event-stream"));
        return HttpHeaders.of(all, (name, value) -> true);
    }

    @Override
    public HttpClient.Version version() { return head.version(); }
}
