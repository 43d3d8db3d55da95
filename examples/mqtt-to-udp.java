///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//CDS
//DESCRIPTION Send MQTT messages as UDP datagrams: mqtt-to-udp mqtt://127.0.0.1 192.168.8.255:5000 -t 'home/#' --id a
//SOURCES MessageFormat.java MqttBroker.java ../lib/cli/Tool.java ../lib/cli/UdpOptions.java ../lib/udp/UdpOutput.java

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import lib.cli.Tool;
import lib.cli.UdpOptions;
import lib.udp.UdpOutput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "mqtt-to-udp",
    description = "Sends each message of an MQTT topic as one UDP datagram, and acknowledges it when the system has taken it.",
    footer = "  mqtt-to-udp mqtt://127.0.0.1:1883 192.168.8.255:5000 --topic 'home/#' --id segment-a")
class MqttToUdp implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "BROKER", description = MqttBroker.URL)
    private String url;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "TARGET", description = UdpOptions.TARGETS)
    private List<String> targets;

    @Option(names = {"-t", "--topic"}, paramLabel = "FILTER", required = true, order = 40,
        description = "Which topics, as an MQTT filter: home/#, home/+/touch. Repeatable.")
    private List<String> topics;

    @Option(names = {"-i", "--id"}, paramLabel = "NAME", required = true, order = 41,
        description = "The session, which keeps messages while this does not run. Each sender has its own.")
    private String id;

    @Option(names = "--properties", paramLabel = "FILE", order = 42, description = MqttBroker.PROPERTIES)
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
            new MqttBroker(tool, url, properties).receive(id, topics, format.sink(tool, lan::send, lan::skip));
            return 0;
        }
    }

    public static void main(String... args) {
        Tool.main(new MqttToUdp(), args);
    }
}
