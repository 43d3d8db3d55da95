///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Publish the events of an SSE URL by MQTT, acknowledged: sse-to-mqtt URL mqtt://127.0.0.1:1883 --topic 'home/{event}'
//SOURCES Broker.java MqttBroker.java ../lib/cli/Format.java ../lib/cli/SseOptions.java ../lib/cli/Tool.java
//SOURCES ../lib/sse/SseEvent.java

import static java.nio.charset.StandardCharsets.UTF_8;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import lib.cli.Format;
import lib.cli.SseOptions;
import lib.cli.Tool;
import lib.sse.SseEvent;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "sse-to-mqtt",
    description = "Publishes each event of an SSE URL by MQTT 5 with QoS 1. The last event ID is that of an event which the"
        + " broker has acknowledged.",
    footer = {
        "  sse-to-mqtt http://localhost:8080/events mqtt://127.0.0.1:1883 --topic 'home/{event}'",
        "  sse-to-mqtt --state-file id @url.txt mqtts://broker --properties mqtt.properties -t home -F '{json}'"})
class SseToMqtt implements Callable<Integer> {
    @Mixin
    private SseOptions sse;

    @Parameters(index = "1", paramLabel = "BROKER", description = MqttBroker.URL)
    private String url;

    @Option(names = {"-t", "--topic"}, paramLabel = "TEMPLATE", required = true, order = 43,
        description = "The topic, as --format. An event for which it comes out as none is skipped, with a message.")
    private String topic;

    @Option(names = {"-r", "--retain"}, order = 44, description = "Have the broker keep the last message of each topic.")
    private boolean retain;

    @Option(names = "--properties", paramLabel = "FILE", order = 45, description = MqttBroker.PROPERTIES)
    private Path properties;

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        Format topics = Broker.template(tool, "--topic", topic);
        Format payloads = sse.format("{data}");
        MqttBroker broker = new MqttBroker(tool, url, properties);
        tool.atEnd(broker::atEnd);
        Mqtt5AsyncClient client = broker.client().buildAsync();
        Future<?> connection = client.connect();
        return sse.listen(event -> {
            broker.awaitConnection(connection);
            topics.write(event, name -> payloads.write(event, payload -> publish(broker, client, name, payload)));
        }, broker);
    }

    private void publish(MqttBroker broker, Mqtt5AsyncClient client, ByteBuffer name, ByteBuffer payload) {
        try {
            broker.add(client.publish(Mqtt5Publish.builder().topic(UTF_8.decode(name).toString())
                .payload(Broker.bytes(payload)).qos(MqttQos.AT_LEAST_ONCE).retain(retain).build()));
        } catch (IllegalArgumentException noTopic) {
            broker.skip(noTopic.getMessage());
        }
    }

    public static void main(String... args) {
        Tool.main(new SseToMqtt(), args);
    }
}
