///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Send Kafka records as UDP datagrams: kafka-to-udp 127.0.0.1:9092 192.168.8.255:5000 --topic events --group segment-a
//DEPS org.apache.kafka:kafka-clients:4.4.0 org.slf4j:slf4j-nop:1.7.36
//SOURCES Broker.java ../lib/cli/Tool.java ../lib/cli/UdpOptions.java ../lib/udp/UdpBroadcaster.java

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import lib.cli.Tool;
import lib.cli.UdpOptions;
import lib.udp.UdpBroadcaster;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "kafka-to-udp",
    description = "Sends each record of a Kafka topic as one UDP datagram, and commits it when the system has taken it.",
    footer = "  kafka-to-udp 127.0.0.1:9092 192.168.8.255:5000 --topic events --group segment-a")
class KafkaToUdp implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "BROKERS", description = "HOST:PORT, or several with commas between.")
    private String servers;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "TARGET", description = UdpOptions.TARGETS)
    private List<String> targets;

    @Option(names = {"-t", "--topic"}, paramLabel = "TOPIC", required = true, order = 40, description = "The topic.")
    private String topic;

    @Option(names = {"-G", "--group"}, paramLabel = "NAME", required = true, order = 41,
        description = "The group: its senders share the records, and stand in for each other.")
    private String group;

    @Option(names = "--properties", paramLabel = "FILE", order = 42, description = "The properties of Kafka's consumer.")
    private Path file;

    @Mixin
    private UdpOptions udp;

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        Properties properties = new Properties();
        properties.putAll(Map.of("auto.offset.reset", "earliest", "session.timeout.ms", "6000", "heartbeat.interval.ms", "2000"));
        properties.putAll(Broker.properties(tool, file));
        properties.putAll(Map.of("bootstrap.servers", servers, "group.id", group, "enable.auto.commit", "false"));
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        try (UdpBroadcaster lan = udp.open(targets); KafkaConsumer<byte[], byte[]> records = new KafkaConsumer<>(properties, bytes, bytes)) {
            tool.onSignal(records::wakeup);
            records.subscribe(List.of(topic));
            while (true) {
                for (ConsumerRecord<byte[], byte[]> record : records.poll(Duration.ofDays(1))) {
                    lan.send(ByteBuffer.wrap(record.value()));
                }
                records.commitSync();
            }
        } catch (WakeupException signal) {
            return 0;
        }
    }

    public static void main(String... args) {
        Tool.main(new KafkaToUdp(), args);
    }
}
