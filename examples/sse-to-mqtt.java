///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//CDS
//DESCRIPTION Publish the events of an SSE URL by MQTT, acknowledged: sse-to-mqtt URL mqtt://127.0.0.1:1883 --topic 'home/{event}'
//SOURCES Broker.java MqttBroker.java ../lib/cli/Format.java ../lib/cli/SseOptions.java ../lib/cli/Tool.java

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
    name = "sse-to-mqtt",
    description = "Publishes each event of an SSE URL by MQTT 5. Saves an event's ID when the broker has acknowledged it.",
    footer = {
        "  sse-to-mqtt http://localhost:8080/events mqtt://127.0.0.1:1883 --topic 'home/{event}'",
        "  sse-to-mqtt --state-file id @url.txt mqtts://broker --properties mqtt.properties -t home -F '{json}'"})
class SseToMqtt implements Callable<Integer> {
    @Mixin
    private SseOptions sse;

    @Parameters(index = "1", paramLabel = "BROKER", description = MqttBroker.URL)
    private String url;

    @Option(names = {"-t", "--topic"}, paramLabel = "TEMPLATE", required = true, order = 43,
        description = "The topic, as --format. Repeatable. An event with an empty or invalid topic is skipped.")
    private List<String> topics;

    @Option(names = {"-r", "--retain"}, order = 44, description = "Have the broker keep the last message of each topic.")
    private boolean retain;

    @Option(names = "--properties", paramLabel = "FILE", order = 45, description = MqttBroker.PROPERTIES)
    private List<Path> properties = List.of();

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        List<Format> names = topics.stream().map(topic -> sse.template("--topic", topic)).toList();
        Format payloads = sse.format("{data}");
        MqttBroker broker = new MqttBroker(tool, url, properties);
        broker.connect();
        return sse.listen(event -> {
            for (Format topic : names) {
                topic.write(event, name -> payloads.write(event, payload -> broker.publish(name, payload, retain)));
            }
        }, broker);
    }

    public static void main(String... args) {
        Tool.main(new SseToMqtt(), args);
    }
}
