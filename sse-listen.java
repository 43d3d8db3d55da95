///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
// A heap that is small and stays so, a JVM that does nothing while nothing comes, and a quick start: from what the first
// run kept, and without classes that are made at run time only to put texts together.
//RUNTIME_OPTIONS -XX:+IgnoreUnrecognizedVMOptions -XX:+UseSerialGC -XX:-UsePerfData -Xms6m -Xmn3m -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10
//RUNTIME_OPTIONS -Xlog:disable -Djdk.internal.httpclient.selectorTimeout=1200000
//COMPILE_OPTIONS -XDstringConcat=inline
//CDS
//DESCRIPTION Print the events of an SSE URL, one JSON line each: sse-listen http://localhost:8080/events | jq .data
//SOURCES lib/cli/Format.java lib/cli/SseOptions.java lib/cli/StandardOutput.java lib/cli/Tool.java
//SOURCES lib/sse/SseClient.java lib/sse/SseEvent.java

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.Callable;
import lib.cli.Format;
import lib.cli.SseOptions;
import lib.cli.StandardOutput;
import lib.cli.Tool;
import lib.sse.SseClient;
import lib.sse.SseEvent;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine;

@Command(
    name = "sse-listen",
    description = "Prints the events of an SSE URL, one JSON line each, for as long as it takes.",
    footer = {
        "  sse-listen http://localhost:8080/events | jq --unbuffered -r .data",
        "  sse-listen -e touch -c 1 -F '{data}' http://localhost:8080/events"})
class SseListen implements Callable<Integer> {
    @Mixin
    private SseOptions sse;

    @Mixin
    private Tool tool;

    OutputStream out = new StandardOutput();

    @Override
    public Integer call() throws Exception {
        Format template = sse.template(tool, "{json}", out);
        return sse.listen(tool, new SseClient.Handler() {
            @Override
            public void event(SseEvent event) throws IOException {
                template.write(event, sse.received());
                out.write('\n');
            }

            @Override
            public void comment(String text) throws IOException {
                template.writeComment(text, sse.received());
                out.write('\n');
            }

            @Override
            public void flush() throws IOException {
                out.flush();
            }
        });
    }

    static CommandLine commandLine() {
        return Tool.commandLine(new SseListen());
    }

    public static void main(String... args) {
        System.exit(commandLine().execute(args));
    }
}
