///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//CDS
//DESCRIPTION Write the events of an SSE URL to Kafka, acknowledged: sse-to-kafka URL 127.0.0.1:9092 --topic events --key '{id}'
//SOURCES Broker.java KafkaBroker.java ../lib/cli/Format.java ../lib/cli/SseOptions.java ../lib/cli/Tool.java

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import lib.cli.Format;
import lib.cli.SseOptions;
import lib.cli.Tool;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "sse-to-kafka",
    description = "Writes each event of an SSE URL to Kafka. Saves an event's ID when all replicas in sync have the event.",
    footer = {
        "  sse-to-kafka http://localhost:8080/events 127.0.0.1:9092 --topic events",
        "  sse-to-kafka --state-file id @url.txt broker:9093 --properties kafka.properties -t events --key '{event}'"})
class SseToKafka implements Callable<Integer> {
    @Mixin
    private SseOptions sse;

    @Parameters(index = "1", paramLabel = "BROKERS", description = KafkaBroker.SERVERS)
    private String servers;

    @Option(names = {"-t", "--topic"}, paramLabel = "TEMPLATE", required = true, order = 43,
        description = "The topic, as --format. Repeatable. An event with an empty or invalid topic is skipped.")
    private List<String> topics;

    @Option(names = "--key", paramLabel = "TEMPLATE", order = 44, defaultValue = "",
        description = "The key, as --format: events with the same one stay in order. An empty one is none.")
    private String key;

    @Option(names = "--properties", paramLabel = "FILE", order = 45,
        description = "The properties of Kafka's producer: ssl.*, sasl.*, compression.type, ...")
    private List<Path> properties = List.of();

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        List<Format> names = topics.stream().map(topic -> sse.template("--topic", topic)).toList();
        Format keys = sse.template("--key", key);
        Format payloads = sse.format("{data}");
        KafkaBroker broker = new KafkaBroker(tool, servers, properties);
        broker.connect();
        return sse.listen(event -> {
            for (Format topic : names) {
                topic.write(event, name -> keys.write(event, id ->
                    payloads.write(event, payload -> broker.publish(name, id, payload))));
            }
        }, broker);
    }

    public static void main(String... args) {
        Tool.main(new SseToKafka(), args);
    }
}
