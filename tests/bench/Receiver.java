import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.List;

/** Counts datagrams on a free port, and tells how old each is if it begins with the time of its event. */
final class Receiver implements AutoCloseable {
    private static final int DIGITS = 19;
    private static final int MOST = 100_000;

    private final DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET);
    private final Thread thread = new Thread(this::receive, "receiver");
    private final long[] nanos;
    private final int[] sizes = new int[65_536];
    private long first;
    private long last;
    private int count;

    Receiver(boolean timed) throws IOException {
        nanos = new long[timed ? MOST : 0];
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 8 << 20);
        channel.bind(new InetSocketAddress("0.0.0.0", 0));
        thread.start();
    }

    private void receive() {
        ByteBuffer datagram = ByteBuffer.allocateDirect(65_536);
        try {
            while (true) {
                channel.receive(datagram.clear());
                long now = System.nanoTime();
                last = now;
                first = count == 0 ? now : first;
                sizes[datagram.flip().remaining()]++;
                if (nanos.length > 0) {
                    nanos[count] = now - time(datagram);
                }
                count++;
            }
        } catch (ClosedChannelException end) {
            return;
        } catch (IOException failure) {
            failure.printStackTrace();
        }
    }

    private static long time(ByteBuffer datagram) {
        long time = 0;
        for (int i = 0; i < DIGITS; i++) {
            time = 10 * time + datagram.get() - '0';
        }
        return time;
    }

    /** The command with this receiver's port in it. */
    List<String> aimed(List<String> command) throws IOException {
        String port = Integer.toString(channel.socket().getLocalPort());
        return command.stream().map(word -> word.replace("PORT", port)).toList();
    }

    /** And with the URL. */
    List<String> aimed(List<String> command, URI uri) throws IOException {
        return aimed(command).stream().map(word -> word.replace("URL", uri.toString())).toList();
    }

    int count() {
        return count;
    }

    /** How many datagrams had just this size. */
    int lines(int size) {
        return sizes[size];
    }

    /** From the first to the last. */
    double seconds() {
        return (last - first) / 1e9;
    }

    /** How many microseconds this part of the datagrams from one to another took at the most, 1 being all. */
    double micros(int from, int to, double part) {
        if (Math.min(to, count) <= from) {
            return Double.NaN;
        }
        long[] sorted = Arrays.copyOfRange(nanos, from, Math.min(to, count));
        Arrays.sort(sorted);
        return sorted[Math.max(0, (int) Math.ceil(part * sorted.length) - 1)] / 1e3;
    }

    /** Takes what is there by now; on loopback all is, when the sender has ended. */
    void finish() throws IOException, InterruptedException {
        int before;
        do {
            before = count;
            Thread.sleep(100);
        } while (count > before);
        close();
        thread.join();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
