//SOURCES FewNotices.java Reason.java UdpSocket.java UdpSource.java UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One address of a target, the socket that is connected to it, and how it fares. */
final class UdpRoute {
    /** What is over sooner than this is worth no message. */
    private static final long BLIP = TimeUnit.MILLISECONDS.toNanos(100);

    final UdpTarget target;

    private final UdpSource source;
    private final Consumer<String> notices;
    private final FewNotices failures = new FewNotices();
    /** Null while it is not known. */
    private InetSocketAddress address;
    /** Null while it does not work. */
    private UdpSocket socket;
    /** The number of the last datagram that the system took. */
    private long taken;
    /** Null while it works. */
    private volatile Trouble trouble;
    private boolean errorReported;

    private static final class Trouble {
        private final long since = System.nanoTime();
        private volatile String reason;
        private boolean isSaid;
        private boolean isKeptBack;
        private boolean isPassedOver;
        private long missed;
    }

    UdpRoute(UdpTarget target, UdpSource source, Consumer<String> notices) {
        this.target = target;
        this.source = source;
        this.notices = notices;
    }

    InetSocketAddress address() {
        return address;
    }

    boolean isOpen() {
        return socket != null;
    }

    /** From now on datagrams go there; {@link #open} comes next. */
    void goTo(InetSocketAddress next) {
        close();
        address = next;
    }

    /** @throws BindException if the source is not there or in use, which a user may have to mend */
    void open() throws BindException {
        if (address == null) {
            return;
        }
        try {
            close();
            socket = new UdpSocket(address, source);
            socket.checkLink();
        } catch (BindException sourceInUse) {
            fails(Reason.of(sourceInUse));
            throw sourceInUse;
        } catch (IOException | IllegalArgumentException notNow) {
            fails(Reason.of(notNow));
        }
    }

    /** Finds out what no send would tell. */
    void lookAtLink() {
        try {
            if (socket != null) {
                socket.checkLink();
            }
        } catch (IOException noLink) {
            fails(Reason.of(noLink));
        }
    }

    /** Opens it if it is not open, or, if that is asked for, if the system would send from another address by now. */
    void reopen(boolean looksAtSource) {
        try {
            if (socket == null || looksAtSource && socket.isStale()) {
                open();
            }
        } catch (IOException | IllegalArgumentException noWay) {
            fails(Reason.of(noWay));
        }
    }

    /** It is opened again before it is used again: what it knew of the network may be wrong by then. */
    void fails(String reason) {
        Trouble now = trouble == null ? new Trouble() : trouble;
        now.reason = reason;
        trouble = now;
        close();
    }

    /**
     * Offers a datagram to the system, if it is open.
     *
     * @param payload from its beginning to its limit
     * @param number  of the datagram, for {@link #hasTaken}
     * @return whether the system took it
     */
    boolean trySend(ByteBuffer payload, long number) {
        if (socket == null) {
            return false;
        }
        try {
            errorReported |= socket.send(payload);
            taken = number;
            return true;
        } catch (IOException refusal) {
            errorReported = true;
            fails(Reason.of(refusal));
            return false;
        }
    }

    /** A datagram was taken, and that is counted. */
    void works() {
        Trouble past = trouble;
        trouble = null;
        if (past != null && past.isSaid) {
            notices.accept(this + ": works again after "
                + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - past.since) + " s, "
                + (past.missed == 0 ? "nothing was lost" : past.missed + " datagrams were not sent to it"));
        }
    }

    boolean hasTaken(long number) {
        return taken == number;
    }

    /** Whether the system has reported an error since this was asked last. */
    boolean takeErrorReport() {
        boolean reported = errorReported;
        errorReported = false;
        return reported;
    }

    /** Says that it fails, once for each failure that lasts. */
    void sayIfItFails(String consequence) {
        if (socket == null && trouble != null && !trouble.isSaid && System.nanoTime() - trouble.since > BLIP) {
            say(consequence, notices);
        }
    }

    private void say(String consequence, Consumer<String> to) {
        trouble.isKeptBack = !failures.say(
            this + ": " + trouble.reason + "; " + consequence, trouble.isKeptBack, to);
        trouble.isSaid |= !trouble.isKeptBack;
    }

    /** From now on nothing waits for it, until it works again. */
    void passOver(String consequence, Consumer<String> to) {
        if (!trouble.isPassedOver) {
            trouble.isPassedOver = true;
            say(consequence, to);
        }
    }

    boolean isPassedOver() {
        return trouble != null && trouble.isPassedOver;
    }

    /** A datagram went past it. */
    void misses() {
        trouble.missed++;
    }

    /** Which target does not work, and why; empty if it does. May be asked for from any thread. */
    Optional<String> trouble() {
        return Optional.ofNullable(trouble).map(now -> this + ": " + now.reason);
    }

    /** The largest payload that leaves in one packet. */
    int unfragmented() {
        return socket == null ? Integer.MAX_VALUE : socket.unfragmented();
    }

    /** Where datagrams come from and go to, for the user. */
    String way() {
        return socket == null ? this + " (" + trouble.reason + ")" : socket.way();
    }

    /** Why it failed, if it did, can still be asked for. */
    void close() {
        if (socket != null) {
            socket.close();
            socket = null;
        }
    }

    /** The target, with its address where the target does not tell it. */
    @Override
    public String toString() {
        if (address == null) {
            return target.toString();
        }
        String host = address.getAddress().getHostAddress();
        boolean literal = target.place().host().equals(host) || target.place().host().contains(":");
        return literal ? target.toString() : target + " (" + host + ")";
    }
}
