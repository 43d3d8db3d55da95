package tests.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A socket on a free port of all IPv4 addresses, which loopback's broadcast address reaches too. */
public final class UdpReceiver implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 60_000;

    private final DatagramSocket socket;

    public UdpReceiver() throws IOException {
        socket = new DatagramSocket(0, InetAddress.getByName("0.0.0.0"));
        socket.setReceiveBufferSize(8 << 20);
    }

    public int port() {
        return socket.getLocalPort();
    }

    /** The broadcast target that reaches this receiver. */
    public String target() {
        return "127.255.255.255:" + port();
    }

    /** The next datagram's payload, waited for. */
    public byte[] next() throws IOException {
        try {
            return receive(PATIENCE_MILLIS);
        } catch (SocketTimeoutException nothing) {
            return fail("no datagram within " + PATIENCE_MILLIS + " ms");
        }
    }

    public String nextText() throws IOException {
        return new String(next(), StandardCharsets.UTF_8);
    }

    /** The next datagram's payload, if it comes within so many milliseconds. */
    public Optional<String> poll(int millis) throws IOException {
        try {
            return Optional.of(new String(receive(millis), StandardCharsets.UTF_8));
        } catch (SocketTimeoutException nothing) {
            return Optional.empty();
        }
    }

    /** What has arrived by now: on loopback a datagram is there when its sender's call returns. */
    public List<String> arrived() throws IOException {
        List<String> texts = new ArrayList<>();
        try {
            while (true) {
                texts.add(new String(receive(1), StandardCharsets.UTF_8));
            }
        } catch (SocketTimeoutException noMore) {
            return texts;
        }
    }

    public void assertNothingMore() throws IOException {
        assertEquals(List.of(), arrived());
    }

    private byte[] receive(int timeoutMillis) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[65536], 65536);
        socket.setSoTimeout(timeoutMillis);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    @Override
    public void close() {
        socket.close();
    }
}
