//DEPS org.apache.kafka:kafka-clients:4.4.0
//DEPS org.slf4j:slf4j-nop:1.7.36
//SOURCES Broker.java MessageFormat.java ../lib/cli/Reason.java ../lib/cli/Tool.java

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import lib.cli.Tool;
import lib.cli.Reason;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Brokers that speak Kafka's protocol, and a producer or a consumer that tries for as long as it takes. */
final class KafkaBroker extends Broker {
    static final String SERVERS = "HOST:PORT of a broker, or of several with commas between.";

    private static final String FOR_EVER = Integer.toString(Integer.MAX_VALUE);
    // One request at a time: with more, a topic that is just being made may refuse the first batch and take the second,
    // idempotence or not. Lingering would hold up each read.
    private static final Map<String, String> PRODUCER = Map.of("acks", "all", "enable.idempotence", "true",
        "max.in.flight.requests.per.connection", "1", "batch.size", "131072", "linger.ms", "0",
        "max.block.ms", Long.toString(PATIENCE.toMillis()), "bootstrap.resolve.timeout.ms", FOR_EVER,
        "delivery.timeout.ms", FOR_EVER);
    /** Paced records may take any time; a sender that is gone is found out by its heartbeats. */
    private static final Map<String, String> CONSUMER = Map.of("auto.offset.reset", "earliest",
        "session.timeout.ms", "6000", "heartbeat.interval.ms", "2000", "bootstrap.resolve.timeout.ms", FOR_EVER,
        "max.poll.interval.ms", FOR_EVER, "max.poll.records", "50");
    /** A signal is seen that soon. */
    private static final Duration POLL = Duration.ofMillis(200);
    private static final int POLLS_UNTIL_LOOK = 15;

    private final List<Path> files;
    private KafkaProducer<byte[], byte[]> producer;
    private volatile boolean isOver;

    /** @param files with more of the client's properties */
    KafkaBroker(Tool tool, String servers, List<Path> files) {
        super(tool, servers);
        this.files = files;
    }

    /** Gets ready to publish. */
    void connect() throws IOException {
        Properties properties = properties(tool, files, PRODUCER);
        properties.put("bootstrap.servers", name);
        try {
            producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        } catch (KafkaException unusable) {
            throw failure(unusable);
        }
    }

    /** The brokers will answer whether all replicas in sync have taken this. */
    void publish(ByteBuffer topic, ByteBuffer key, ByteBuffer payload) {
        published();
        String topicName = UTF_8.decode(topic).toString();
        try {
            // Without a broker, or without the topic, they are not known.
            while (!isDone(() -> producer.partitionsFor(topicName), topicName)) { }
            producer.send(new ProducerRecord<>(topicName, key.hasRemaining() ? bytes(key) : null, bytes(payload)),
                (where, refusal) -> answered(refusal));
        } catch (KafkaException refusal) {
            answered(refusal);
        }
    }

    /** Hands records over until a signal comes, and commits those that the sink took. A group shares the records. */
    void receive(String group, List<String> topics, MessageFormat.Sink sink) throws IOException {
        String names = String.join(", ", topics);
        if (group.isBlank() || topics.stream().anyMatch(String::isBlank)) {
            throw tool.usage("--group '" + group + "', --topic '" + names + "': expected a name each");
        }
        Properties properties = properties(tool, files, CONSUMER);
        properties.putAll(Map.of("bootstrap.servers", name, "group.id", group, "enable.auto.commit", "false"));
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        Set<TopicPartition> first = topics.stream().map(topic -> new TopicPartition(topic, 0)).collect(Collectors.toSet());
        tool.onSignal(() -> isOver = true);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, bytes, bytes)) {
            consumer.subscribe(topics);
            for (int quiet = 0; !isOver; quiet++) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
                if (!records.isEmpty()) {
                    handOver(consumer, records, sink);
                    quiet = 0;
                } else if (quiet % POLLS_UNTIL_LOOK == 0) {
                    // A poll does not tell a broker that is away from one that has nothing.
                    Set<TopicPartition> ours = consumer.assignment();
                    isDone(() -> consumer.beginningOffsets(ours.isEmpty() ? first : ours, PATIENCE), names);
                }
            }
        } catch (KafkaException unusable) {
            throw failure(unusable);
        }
    }

    private void handOver(Consumer<?, ?> consumer, ConsumerRecords<byte[], byte[]> records, MessageFormat.Sink sink)
            throws IOException {
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        try {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                // One without a value says that a key is gone.
                if (record.value() != null) {
                    String key = record.key() == null ? "" : new String(record.key(), UTF_8);
                    sink.take(record.topic(), key, record.value());
                }
                next.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
            }
        } finally {
            commit(consumer, next);
        }
    }

    private void commit(Consumer<?, ?> consumer, Map<TopicPartition, OffsetAndMetadata> next) {
        try {
            while (!isDone(() -> consumer.commitSync(next, PATIENCE), "")) { }
        } catch (CommitFailedException | RebalanceInProgressException later) {
            tool.notice("not committed, so some of these are sent again, here or by another member: " + later.getMessage());
        }
    }

    /** @param topic that it is about; "" for none */
    private boolean isDone(Runnable request, String topic) {
        try {
            request.run();
            back();
            return true;
        } catch (TimeoutException noAnswer) {
            away((topic.isEmpty() ? "" : "topic " + topic + ": ") + "no answer for " + PATIENCE.toSeconds() + " s");
            return false;
        }
    }

    private IOException failure(KafkaException unusable) {
        Throwable cause = unusable.getCause() == null ? unusable : unusable.getCause();
        return new IOException(name + ": " + Reason.of(cause), unusable);
    }

    @Override
    boolean isOfTheEvent(Throwable refusal) {
        return refusal instanceof InvalidTopicException || refusal instanceof RecordTooLargeException;
    }
}
