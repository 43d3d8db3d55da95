//SOURCES HostPort.java Names.java UdpBroadcaster.java UdpSource.java
package lib.udp;

import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Adds to a broadcaster what a command line offers: limits, decisions about refused datagrams, a dry run, copies, counts. */
public final class UdpOutput implements UdpBroadcaster.Monitor, AutoCloseable {

    /** What happens to a datagram that the system refuses: it is sent again until it goes out, left out, or the end. */
    public enum OnError {
        RETRY, SKIP, FAIL;

        @Override
        public String toString() { return name().toLowerCase(Locale.ROOT); }
    }

    /** What happens to a payload that is too large: it is left out, the end, or cut off at a character of UTF-8. */
    public enum Oversize {
        SKIP, FAIL, TRUNCATE;

        @Override
        public String toString() { return name().toLowerCase(Locale.ROOT); }
    }

    /**
     * What has happened so far.
     *
     * @param received    payloads that were given to send
     * @param sent        datagrams that the system accepted
     * @param bytes       payload bytes in those
     * @param skipped     datagrams that were left out while the rest went on
     * @param allowedLoss those of them that an option allowed
     * @param retried     datagrams that were refused and then offered again
     * @param failed      datagrams that were not sent because of a failure or of the end
     */
    public record Counts(long received, long sent, long bytes, long skipped, long allowedLoss, long retried, long failed) {
        /** Returns whether everything went out to every target, except for what an option allowed. */
        public boolean isComplete() { return failed == 0 && skipped == allowedLoss; }

        @Override
        public String toString() {
            return received + " received, " + sent + " sent, " + bytes + " bytes, " + skipped + " skipped, " + retried + " retried, "
                + failed + " failed";
        }
    }

    /** Even IPv6 takes a payload of this size in one packet. */
    private static final int ALWAYS_FITS = 1232;
    private static final int IPV4_AND_UDP_HEADERS = 28;
    private static final int IPV6_AND_UDP_HEADERS = 48;
    private static final long TO_ANSWER = TimeUnit.SECONDS.toNanos(10);

    private final UdpBroadcaster lan = new UdpBroadcaster();
    private final UdpSource source;
    private final Consumer<String> notices;
    private final Consumer<String> errors;
    private final Map<String, UdpBroadcaster.Finder> targets = new LinkedHashMap<>();
    private final long startedAt = System.nanoTime();
    private int repeat = 1;
    private OnError onError = OnError.RETRY;
    private int maxPayload = UdpBroadcaster.MAX_PAYLOAD;
    private Optional<Oversize> oversize = Optional.empty();
    private Optional<OutputStream> tee = Optional.empty();
    private Optional<OutputStream> dryRun = Optional.empty();
    private int unfragmented;
    /** Targets that have refused the datagram that is being sent. */
    private int refused;

    private volatile long received;
    private volatile long sent;
    private volatile long bytes;
    private volatile long skipped;
    private volatile long allowedLoss;
    private volatile long retried;
    private volatile long failed;

    /** @param errors receives lines about datagrams that are not sent although no option allowed it */
    public UdpOutput(UdpSource source, Consumer<String> notices, Consumer<String> errors) {
        this.source = source;
        this.notices = notices;
        this.errors = errors;
        lan.notices(notices);
        if (!source.isAny()) {
            lan.options(source);
        }
    }

    /** Adds what a user wrote: see {@link UdpSource#finder}. */
    public UdpOutput target(String text) throws IOException {
        UdpBroadcaster.Finder finder = source.finder(text);
        targets.put(text, finder);
        lan.target(text, finder);
        return this;
    }

    /** As {@link UdpBroadcaster#repeat}. */
    public UdpOutput repeat(int times, Duration between) {
        lan.repeat(times, between);
        repeat = times;
        return this;
    }

    /** As {@link UdpBroadcaster#rate}. */
    public UdpOutput rate(double perSecond) { lan.rate(perSecond); return this; }

    /** Sets what happens to a datagram that the system refuses; {@link OnError#RETRY} unless set. */
    public UdpOutput onError(OnError action) { onError = action; return this; }

    /** Sets the most bytes of a payload, from 0 to {@link UdpBroadcaster#MAX_PAYLOAD}. */
    public UdpOutput maxPayload(int most) {
        if (most < 0 || most > UdpBroadcaster.MAX_PAYLOAD) {
            throw new IllegalArgumentException("payload size " + most + ": expected 0 to " + UdpBroadcaster.MAX_PAYLOAD);
        }
        maxPayload = most;
        return this;
    }

    /** Sets what happens to a larger payload. Unless set it is not sent, and the counts are not complete. */
    public UdpOutput oversize(Oversize action) { oversize = Optional.of(action); return this; }

    /** Receives a copy of each payload that any target got, and a line feed after it. */
    public UdpOutput tee(OutputStream copies) { tee = Optional.of(copies); return this; }

    /** Sends nothing; this receives a line for each datagram, which tells where it would go. */
    public UdpOutput dryRun(OutputStream lines) { dryRun = Optional.of(lines); return this; }

    /** @throws IOException if the interface or the source is missing or in use; the message names it */
    public UdpOutput open() throws IOException {
        source.check();
        lan.monitor(this, onError == OnError.SKIP ? notices : errors).open();
        for (UdpBroadcaster.Finder target : targets.values()) {
            try {
                for (InetSocketAddress to : target.find()) {
                    source.way(to);
                }
            } catch (IOException notYet) {
                if (notYet instanceof BindException && notYet.getMessage().startsWith("source ")) {
                    throw notYet;
                }
            }
        }
        lan.failures().stream().filter(one -> one.getCause() instanceof UnknownHostException)
            .forEach(one -> notices.accept(one.getMessage() + "; trying again until it works"));
        return this;
    }

    public void send(ByteBuffer payload) throws IOException { send(payload, payload.remaining()); }

    /** Sends a payload of which only the beginning was kept because the rest is more than a datagram holds; its size is the whole. */
    public void send(ByteBuffer payload, long size) throws IOException {
        received++;
        ByteBuffer datagram = size <= maxPayload ? payload : fitted(payload, size);
        if (datagram != null && dryRun.isPresent()) {
            show(datagram.remaining(), dryRun.get());
        } else if (datagram != null) {
            transmit(datagram);
        }
    }

    private void transmit(ByteBuffer datagram) throws IOException {
        long sentBefore = sent;
        long before = sent + skipped;
        try {
            lan.send(datagram);
        } catch (IOException | RuntimeException failure) {
            failed += repeat * lan.addresses() - (sent + skipped - before);
            throw failure;
        }
        if (datagram.remaining() > ALWAYS_FITS && unfragmented < UdpBroadcaster.MAX_PAYLOAD) {
            checkFits(datagram.remaining());
        }
        if (tee.isPresent() && sent > sentBefore) {
            tee.get().write(ByteBuffer.allocate(datagram.remaining() + 1).put(datagram.duplicate()).put((byte) '\n').array());
            tee.get().flush();
        }
    }

    /** Counts a payload that the caller cannot make as received and not sent; a line says why. */
    public void skip(String reason) {
        received++;
        skipped += repeat * lan.addresses();
        errors.accept(reason);
    }

    /** Returns what of a payload that is too large is sent, without a part of a character of UTF-8; null if nothing is. */
    private ByteBuffer fitted(ByteBuffer payload, long size) throws IOException {
        String reason = size + " bytes, more than the " + maxPayload + " of a datagram";
        if (oversize.equals(Optional.of(Oversize.FAIL))) {
            failed += repeat * lan.addresses();
            throw new IOException(reason);
        } else if (oversize.equals(Optional.of(Oversize.TRUNCATE))) {
            notices.accept(reason + ": cut off");
            int end = payload.position() + Math.min(maxPayload, payload.remaining());
            int least = Math.max(payload.position(), end - 3); // A character has at most 4 bytes.
            while (end > least && end < payload.limit() && (payload.get(end) & 0xC0) == 0x80) {
                end--;
            }
            return payload.duplicate().limit(end);
        }
        skipped += repeat * lan.addresses();
        allowedLoss += oversize.isPresent() ? repeat * lan.addresses() : 0;
        (oversize.isPresent() ? notices : errors).accept(reason + ": not sent");
        return null;
    }

    private void show(int size, OutputStream lines) throws IOException {
        for (int copy = 0; copy < repeat; copy++) {
            for (String way : ways()) {
                lines.write((way + ": " + size + " bytes\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        lines.flush();
    }

    private List<String> ways() {
        List<String> ways = new ArrayList<>();
        targets.forEach((name, finder) -> {
            try {
                finder.find().forEach(to -> ways.add(way(name, to)));
            } catch (IOException none) {
                ways.add(name + " (" + none.getMessage() + ")");
            }
        });
        return ways;
    }

    private String way(String name, InetSocketAddress to) {
        try {
            return source.way(to);
        } catch (IOException noWay) {
            return HostPort.label(name, to) + " (" + UdpBroadcaster.reason(noWay, to) + ")";
        }
    }

    private void checkFits(int size) {
        if (unfragmented == 0) {
            unfragmented = UdpBroadcaster.MAX_PAYLOAD;
            targets.values().forEach(this::limit);
        }
        if (size > unfragmented) {
            notices.accept(String.join(", ", targets.keySet()) + ": " + size + " bytes, more than the " + unfragmented
                + " that leave there in one packet: sent in parts, and lost if one part is (this is said once)");
            unfragmented = UdpBroadcaster.MAX_PAYLOAD;
        }
    }

    private void limit(UdpBroadcaster.Finder target) {
        try {
            for (InetSocketAddress to : target.find()) {
                NetworkInterface network = source.leavesBy(to);
                int headers = to.getAddress() instanceof Inet6Address ? IPV6_AND_UDP_HEADERS : IPV4_AND_UDP_HEADERS;
                unfragmented = network == null ? unfragmented : Math.min(unfragmented, network.getMTU() - headers);
            }
        } catch (IOException notNow) {
            return;
        }
    }

    @Override
    public void done(int datagrams, int leftOut, int size) {
        sent += datagrams;
        bytes += (long) datagrams * size;
        skipped += leftOut;
        allowedLoss += onError == OnError.SKIP ? leftOut : 0;
        refused = 0;
    }

    @Override
    public boolean isRetried(List<IOException> failures) throws IOException {
        boolean isNameServerAwaited = failures.stream().allMatch(one -> one.getMessage().endsWith(Names.NO_ANSWER))
            && System.nanoTime() - startedAt < TO_ANSWER;
        if (onError == OnError.FAIL && !isNameServerAwaited) {
            throw new IOException(failures.get(0).getMessage(), failures.get(0));
        }
        retried += onError == OnError.RETRY ? Math.max(0, failures.size() - refused) : 0;
        refused = Math.max(refused, failures.size());
        return onError != OnError.SKIP;
    }

    /** Returns what has happened so far. May be called from any thread, as the following methods. */
    public Counts counts() { return new Counts(received, sent, bytes, skipped, allowedLoss, retried, failed); }

    /** Returns which targets do not work now, and why: a text for each. */
    public List<String> troubles() { return lan.failures().stream().map(Throwable::getMessage).toList(); }

    /** Closes the sockets. A {@link #send} that waits on another thread throws; what it has not sent counts as failed. */
    @Override
    public void close() { lan.close(); }
}
