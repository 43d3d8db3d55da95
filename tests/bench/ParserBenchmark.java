///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION Measure the parser alone, with JMH: bench-parser -p size=200 -f 1
//COMPILE_OPTIONS -proc:full
//DEPS org.openjdk.jmh:jmh-core:1.37
//DEPS org.openjdk.jmh:jmh-generator-annprocess:1.37
//SOURCES ../../lib/sse/SseParser.java
//MAIN bench.ParserBenchmark

package bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import lib.sse.SseParser;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** How many megabytes of a stream the parser reads in a second; the events go nowhere. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class ParserBenchmark {
    private static final int STREAM = 4 << 20;
    private static final int READ = 16 << 10;

    /** Bytes of data in an event. */
    @Param({"16", "200", "65536"})
    public int size;

    /** In how many lines. */
    @Param({"1", "10"})
    public int lines;

    /** As java.net.http hands it over, or cut anywhere. */
    @Param({"16384", "random"})
    public String reads;

    private final List<ByteBuffer> stream = new ArrayList<>();

    /** What is counted in place of calls: millions of bytes. */
    @State(Scope.Thread)
    @AuxCounters
    public static class Read {
        public double megabytes;
    }

    @Setup
    public void cut() {
        String line = "data: " + "x".repeat(Math.max(1, size / lines)) + "\n";
        byte[] event = (line.repeat(lines) + "\n").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer whole = ByteBuffer.allocate(Math.max(1, STREAM / event.length) * event.length);
        while (whole.hasRemaining()) {
            whole.put(event);
        }
        whole.flip();
        Random random = new Random(1);
        while (whole.hasRemaining()) {
            int length = reads.equals("random") ? 1 + random.nextInt(2 * READ / 16) : READ;
            stream.add(whole.slice(whole.position(), Math.min(length, whole.remaining())));
            whole.position(Math.min(whole.limit(), whole.position() + length));
        }
    }

    @Benchmark
    public void parse(Blackhole events, Read read) throws IOException {
        SseParser parser = new SseParser(events::consume);
        for (ByteBuffer part : stream) {
            read.megabytes += part.remaining() / 1e6;
            parser.feed(part.duplicate());
        }
    }

    public static void main(String... args) throws Exception {
        org.openjdk.jmh.Main.main(args);
    }
}
