///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//CDS
//DESCRIPTION Print the events of an SSE URL, one JSON line each: sse-listen http://localhost:8080/events | jq .data
//SOURCES lib/cli/Format.java lib/cli/SseOptions.java lib/cli/StandardOutput.java lib/cli/Tool.java

import java.util.concurrent.Callable;
import lib.cli.Format;
import lib.cli.SseOptions;
import lib.cli.StandardOutput;
import lib.cli.Tool;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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
    private StandardOutput out;

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        Format format = sse.format("{json}");
        return sse.listen(event -> format.write(event, out::line), out);
    }

    public static void main(String... args) {
        Tool.main(new SseListen(), args);
    }
}
