///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//CDS
//DESCRIPTION Send Kafka records as UDP datagrams: kafka-to-udp 127.0.0.1:9092 192.168.8.255:5000 -t events -G a
//SOURCES KafkaBroker.java MessageFormat.java ../lib/cli/Format.java ../lib/cli/Tool.java ../lib/cli/UdpOptions.java
//SOURCES ../lib/udp/UdpOutput.java

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import lib.cli.Format.Placeholder;
import lib.cli.Tool;
import lib.cli.UdpOptions;
import lib.udp.UdpOutput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "kafka-to-udp",
    description = "Sends each record of a Kafka topic as one UDP datagram, and commits it when the system has taken it.",
    footer = "  kafka-to-udp 127.0.0.1:9092 192.168.8.255:5000 --topic events --group segment-a")
class KafkaToUdp implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "BROKERS", description = KafkaBroker.SERVERS)
    private String servers;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "TARGET", description = UdpOptions.TARGETS)
    private List<String> targets;

    @Option(names = {"-t", "--topic"}, paramLabel = "TOPIC", required = true, order = 40, description = "The topic. Repeatable.")
    private List<String> topics;

    @Option(names = {"-G", "--group"}, paramLabel = "NAME", required = true, order = 41,
        description = "The group: its senders share the records, and stand in for each other.")
    private String group;

    @Option(names = "--properties", paramLabel = "FILE", order = 42, description = "The properties of Kafka's consumer.")
    private List<Path> properties = List.of();

    @Mixin
    private MessageFormat format;

    @Mixin
    private UdpOptions udp;

    @Mixin
    private Tool tool;

    @Override
    public Integer call() throws Exception {
        try (UdpOutput lan = udp.open(targets)) {
            MessageFormat.Sink sink = format.sink(tool, lan::send, lan::skip, Placeholder.KEY);
            new KafkaBroker(tool, servers, properties).receive(group, topics, sink);
            return 0;
        }
    }

    public static void main(String... args) {
        Tool.main(new KafkaToUdp(), args);
    }
}
