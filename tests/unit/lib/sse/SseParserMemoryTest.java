package lib.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** How much memory parsers keep. */
@Isolated("it looks at the memory of the whole JVM")
class SseParserMemoryTest {
    @Test
    void largeEventsLeaveNoMemoryBehind() throws IOException {
        List<SseParser> parsers = new ArrayList<>();
        ByteBuffer large = ByteBuffer.wrap(("data: " + "x".repeat(8 << 20) + "\n").getBytes(UTF_8));
        ByteBuffer end = ByteBuffer.wrap("\ndata: a\n\n:".getBytes(UTF_8));
        long before = usedMemory();
        for (int i = 0; i < 8; i++) {
            SseParser parser = new SseParser(event -> {});
            parser.feed(large.rewind());
            parser.feed(end.rewind());
            parsers.add(parser);
        }
        long kept = usedMemory() - before;
        assertTrue(kept < 8 << 20, parsers.size() + " parsers kept " + kept + " bytes");
    }

    private static long usedMemory() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
