///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION A Kafka broker for trying things out, one node on loopback: kafka-server 9092 /tmp/kafka
//RUNTIME_OPTIONS -Xmx256m -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn
//DEPS org.apache.kafka:kafka_2.13:4.4.0
//DEPS org.slf4j:slf4j-simple:1.7.36

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import kafka.Kafka;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;

class KafkaServer {
    private static final int HIGHEST_PORT = 65534;
    /** The same at each start: what is in the folder belongs to it. */
    private static final Uuid CLUSTER = new Uuid(1, 1);

    public static void main(String... args) throws IOException {
        int port = args.length == 0 ? 9092 : args[0].matches("[0-9]{1,5}") ? Integer.parseInt(args[0]) : 0;
        if (port < 1 || port > HIGHEST_PORT || args.length > 2) {
            boolean help = args[0].equals("--help");
            (help ? System.out : System.err).println("expected [PORT [FOLDER]]: where to listen on 127.0.0.1 (9092; the port"
                + " above is used too), and where to keep what comes (a new temporary folder)");
            System.exit(help ? 0 : 2);
        }
        try {
            serve(port, args.length > 1 ? Path.of(args[1]) : Files.createTempDirectory("kafka"));
        } catch (IOException failure) {
            System.err.println("kafka-server: " + failure);
            System.exit(1);
        }
    }

    private static void serve(int port, Path folder) throws IOException {
        Path properties = Files.writeString(Files.createDirectories(folder).resolve("server.properties"), """
            process.roles=broker,controller
            node.id=1
            listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d
            controller.listener.names=CONTROLLER
            controller.quorum.voters=1@127.0.0.1:%2$d
            log.dirs=%s
            num.partitions=4
            offsets.topic.num.partitions=1
            offsets.topic.replication.factor=1
            group.initial.rebalance.delay.ms=0
            """.formatted(port, port + 1, folder.resolve("data")));
        String[] format = {"format", "--ignore-formatted", "-t", CLUSTER.toString(), "-c", properties.toString()};
        int status = StorageTool.execute(format, System.out);
        if (status != 0) {
            System.exit(status);
        }
        Kafka.main(new String[] {properties.toString()});
    }
}
