//SOURCES FewNotices.java UdpSocket.java UdpSource.java UdpTarget.java
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
    private volatile UdpSocket socket;
    /** The number of the last datagram that the system took. */
    private long taken;
    /** Null while it works. */
    private volatile Trouble trouble;
    /** Whether the system has reported an error since {@link #refresh}. */
    private boolean errorReported;
    private boolean fragmentsSaid;

    private static final class Trouble {
        private final long since = System.nanoTime();
        private volatile String reason;
        private boolean isSaid;
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

    /** From now on datagrams go there; {@link #refresh} opens it. */
    void goTo(InetSocketAddress next) {
        // An interface that was away may have another number now, which does not make its address another one.
        if (socket == null || !next.equals(address)) {
            close();
            socket = null;
            address = next;
        }
    }

    /** @throws BindException if the source is not there or in use, which a user may have to mend */
    void open() throws BindException {
        close();
        try {
            socket = address == null ? null : new UdpSocket(address, source);
        } catch (IOException | IllegalArgumentException notNow) {
            fails(notNow);
            if (notNow instanceof BindException sourceInUse) {
                throw sourceInUse;
            }
        }
    }

    /**
     * Finds out what no send would tell. Opens it if it is not open, or if the system would send from another address by
     * now, where that is looked at. Returns whether it has failed lately, so that its address may be wrong.
     */
    boolean refresh(boolean looksAtSource) {
        boolean failed = socket == null || errorReported;
        errorReported = false;
        try {
            if (socket == null || !socket.hasLink() || looksAtSource && socket.isStale()) {
                open();
            }
        } catch (IOException | IllegalArgumentException noWay) {
            fails(noWay);
        }
        return failed;
    }

    /** It is opened again before it is used again: what it knew of the network may be wrong by then. */
    void fails(Exception failure) {
        Trouble now = trouble == null ? new Trouble() : trouble;
        now.reason = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        trouble = now;
        close();
        socket = null;
    }

    /** Offers a datagram to the system, from its beginning to its limit; whether that took it. */
    boolean trySend(ByteBuffer payload, long number) {
        UdpSocket open = socket;
        if (open == null) {
            return false;
        }
        if (payload.limit() > open.unfragmented && !fragmentsSaid) {
            fragmentsSaid = true;
            notices.accept(this + ": " + payload.limit() + " bytes, more than the " + open.unfragmented
                + " that leave there in one packet: sent in parts, and lost if one part is (this is said once)");
        }
        try {
            errorReported |= open.send(payload);
            taken = number;
            return true;
        } catch (IOException refusal) {
            errorReported = true;
            fails(refusal);
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

    /** Says that it fails, once for each failure that lasts. */
    void sayIfItFails(String consequence) {
        if (socket == null && trouble != null && !trouble.isSaid && System.nanoTime() - trouble.since > BLIP
                && failures.areDue()) {
            say(consequence, notices);
        }
    }

    void say(String consequence, Consumer<String> to) {
        trouble.isSaid |= failures.say(this + ": " + trouble.reason + "; " + consequence, to);
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

    /** Where datagrams come from and go to, for the user. */
    String way() {
        return socket == null ? this + " (" + trouble.reason + ")" : socket.way();
    }

    /** From any thread: it ends a send that the system holds up, too. Why it failed can still be asked for. */
    void close() {
        UdpSocket open = socket;
        if (open != null) {
            open.close();
        }
    }

    /** The target, with its address where the target does not tell it. */
    @Override
    public String toString() {
        String known = address == null ? target.host() : address.getAddress().getHostAddress();
        boolean isTold = target.host().equals(known) || target.host().contains(":");
        return isTold ? target.toString() : target + " (" + known + ")";
    }
}
