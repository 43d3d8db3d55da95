//DEPS info.picocli:picocli:4.7.7
//SOURCES ../sse/SseRequest.java Tool.java
package lib.cli;

import java.nio.file.Path;
import java.util.List;
import lib.sse.SseRequest;
import picocli.CommandLine.Option;

/** The options of a request; with several URLs each is asked like this. */
final class RequestOptions {
    @Option(names = {"-H", "--header"}, paramLabel = "NAME:VALUE", order = 20,
        description = "Send this header. Repeatable. @FILE: one a line, read again at every connect.")
    private List<String> headers = List.of();

    @Option(names = {"-d", "--data"}, paramLabel = "DATA", order = 21,
        description = "Send this body, again only after a failure; @FILE: what is in FILE; @-: standard input.")
    private String data;

    @Option(names = {"-u", "--user"}, paramLabel = "USER:PASS", order = 22,
        description = "Basic authentication, or Digest if the server asks for it; @FILE: it is in FILE.")
    private String user;

    @Option(names = {"-X", "--request"}, paramLabel = "METHOD", order = 23,
        description = "The method: GET, or POST with --data.")
    private String method;

    /** @throws IllegalArgumentException if something in it is wrong; the message tells no secret */
    SseRequest request(String url, String userAgent, Tool tool) {
        SseRequest request = new SseRequest(tool.text(url).strip()).userAgent(userAgent);
        for (String header : headers) {
            Tool.file(header).ifPresentOrElse(file -> request.headerFile(Path.of(file)), () -> request.header(header));
        }
        if (user != null) {
            String credentials = tool.text(user);
            request.basicAuthorization(credentials.contains(":") ? credentials : credentials + ":");
        }
        if (data != null) {
            request.body(tool.bytes(data));
        }
        if (method != null) {
            request.method(method);
        }
        return request;
    }
}
