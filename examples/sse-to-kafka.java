///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Write the events of an SSE URL to Kafka, acknowledged: sse-to-kafka URL 127.0.0.1:9092 --topic events --key '{id}'
//DEPS org.apache.kafka:kafka-clients:4.4.0 org.slf4j:slf4j-nop:1.7.36
//SOURCES Broker.java ../lib/cli/Format.java ../lib/cli/SseOptions.java ../lib/cli/Tool.java ../lib/sse/SseEvent.java

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import lib.cli.Format;
import lib.cli.SseOptions;
import lib.cli.Tool;
import lib.sse.Reason;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "sse-to-kafka",
    description = "Writes each event of an SSE URL to a Kafka topic. The last event ID is that of an event which all replicas"
        + " in sync have.",
    footer = {
        "  sse-to-kafka http://localhost:8080/events 127.0.0.1:9092 --topic events",
        "  sse-to-kafka --state-file id @url.txt broker:9093 --properties kafka.properties -t events --key '{event}'"})
class SseToKafka implements Callable<Integer> {
    private static final Pattern TOPIC = Pattern.compile("(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}");

    @Mixin
    private SseOptions sse;

    @Parameters(index = "1", paramLabel = "BROKERS", description = "HOST:PORT, or several with commas between.")
    private String servers;

    @Option(names = {"-t", "--topic"}, paramLabel = "TEMPLATE", required = true, order = 43,
        description = "The topic, as --format. An event for which it comes out as none is skipped, with a message.")
    private String topic;

    @Option(names = "--key", paramLabel = "TEMPLATE", order = 44, defaultValue = "",
        description = "The key, as --format: events with the same one stay in order. An empty one is none.")
    private String key;

    @Option(names = "--properties", paramLabel = "FILE", order = 45,
        description = "The properties of Kafka's producer: ssl.*, sasl.*, compression.type, ...")
    private Path file;

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        Format topics = Broker.template(tool, "--topic", topic);
        Format keys = Broker.template(tool, "--key", key);
        Format payloads = sse.format("{data}");
        Broker broker = new Broker(tool, servers, RecordTooLargeException.class::isInstance);
        tool.atEnd(broker::atEnd);
        KafkaProducer<byte[], byte[]> producer = producer();
        return sse.listen(event -> topics.write(event, name -> keys.write(event, id -> payloads.write(event, payload ->
            publish(broker, producer, UTF_8.decode(name).toString(), Broker.bytes(id), Broker.bytes(payload))))), broker);
    }

    private KafkaProducer<byte[], byte[]> producer() throws IOException {
        Properties properties = new Properties();
        properties.putAll(Map.of("acks", "all", "enable.idempotence", "true", "linger.ms", "0",
            "delivery.timeout.ms", Integer.toString(Integer.MAX_VALUE), "max.block.ms", "3000"));
        properties.putAll(Broker.properties(tool, file));
        properties.put("bootstrap.servers", servers);
        try {
            return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        } catch (KafkaException unusable) {
            throw new IOException(servers + ": " + Reason.of(unusable.getCause() == null ? unusable : unusable.getCause()), unusable);
        }
    }

    private static void publish(Broker broker, KafkaProducer<byte[], byte[]> producer, String topic, byte[] key, byte[] payload)
            throws IOException {
        if (!TOPIC.matcher(topic).matches()) {
            broker.skip("topic '" + topic + "': expected 1 to 249 letters, digits and . _ -");
            return;
        }
        try {
            awaitPartitions(broker, producer, topic);
            broker.add(producer.send(new ProducerRecord<>(topic, key.length == 0 ? null : key, payload)));
        } catch (KafkaException refused) {
            throw broker.refused(refused);
        }
    }

    /** They are not known without a broker, nor without the topic. */
    private static void awaitPartitions(Broker broker, KafkaProducer<?, ?> producer, String topic) {
        while (true) {
            try {
                producer.partitionsFor(topic);
                broker.back();
                return;
            } catch (TimeoutException notThere) {
                broker.away(notThere.getMessage());
            }
        }
    }

    public static void main(String... args) {
        Tool.main(new SseToKafka(), args);
    }
}
