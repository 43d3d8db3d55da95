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
    /** Null while none can be opened. */
    private volatile UdpSocket socket;
    /** The number of the last datagram that the system took. */
    private long taken;
    private boolean fragmentsSaid;
    /** Why it does not work; null while it does. What follows is about the time since then. */
    private volatile Exception failure;
    private long failsSince;
    private boolean failureSaid;
    private long missed;

    UdpRoute(UdpTarget target, UdpSource source, Consumer<String> notices) {
        this.target = target;
        this.source = source;
        this.notices = notices;
    }

    InetSocketAddress address() { return address; }

    boolean isOpen() { return socket != null; }

    /** From now on datagrams go there, the way that the system would send them by now. */
    void goTo(InetSocketAddress next) {
        address = next;
        try {
            UdpSocket now = new UdpSocket(next, source);
            // After a refusal it is replaced: what it knows of the network may be wrong.
            if (socket != null && failure == null && socket.leavesLike(now)) {
                now.close();
            } else {
                close();
                socket = now;
            }
        } catch (IOException | IllegalArgumentException notNow) {
            cannotOpen(notNow);
        }
    }

    /** Nothing is tried on it until it is opened again. */
    void cannotOpen(Exception reason) {
        fails(reason);
        close();
        socket = null;
    }

    private void fails(Exception reason) {
        if (failure == null) {
            failsSince = System.nanoTime();
            failureSaid = false;
            missed = 0;
        }
        failure = reason;
    }

    /**
     * What there is to say when it was to be opened for the first time: a name that is not found may be a mistake.
     *
     * @throws IOException              if the source is not there or in use, which a user may have to mend
     * @throws IllegalArgumentException if there cannot be such a target; the message names it
     */
    void checkFirst() throws IOException {
        if (failure instanceof BindException sourceInUse) {
            throw sourceInUse;
        } else if (target.isName() && address == null) {
            say("trying again until it works", notices);
        } else if (failure instanceof IllegalArgumentException) {
            throw new IllegalArgumentException("target '" + target + "': " + reason(failure), failure);
        }
    }

    /** Offers a datagram to the system, from its beginning to its limit; whether that took it. */
    boolean trySend(ByteBuffer payload, long number) {
        if (socket == null) {
            return false;
        }
        if (payload.limit() > socket.unfragmented && !fragmentsSaid) {
            fragmentsSaid = true;
            notices.accept(this + ": " + payload.limit() + " bytes, more than the " + socket.unfragmented
                + " that leave there in one packet: sent in parts, and lost if one part is (this is said once)");
        }
        try {
            socket.send(payload);
        } catch (IOException refusal) {
            fails(refusal);
            return false;
        }
        taken = number;
        if (failure != null) {
            worksAgain();
        }
        return true;
    }

    boolean hasTaken(long number) { return taken == number; }

    private void worksAgain() {
        failure = null;
        if (failureSaid) {
            notices.accept(this + ": works again after "
                + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - failsSince) + " s, "
                + (missed == 0 ? "nothing was lost" : missed + " datagrams were not sent to it"));
        }
    }

    /** Says that it fails, once for each failure. */
    void sayIfItLasts(String consequence) {
        if (!failureSaid && System.nanoTime() - failsSince > BLIP && failures.areDue()) {
            say(consequence, notices);
        }
    }

    private void say(String consequence, Consumer<String> to) {
        failureSaid |= failures.say(this + ": " + reason(failure) + "; " + consequence, to);
    }

    /** A datagram goes past it. From now on nothing waits for it, until it works again. */
    void misses(String consequence, Consumer<String> to) {
        if (missed++ == 0) {
            say(consequence, to);
        }
    }

    boolean isPassedOver() { return missed > 0; }

    private static String reason(Exception failure) {
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }

    /** Which target does not work, and why; empty if it does. May be asked for from any thread. */
    Optional<String> trouble() {
        return Optional.ofNullable(failure).map(now -> this + ": " + reason(now));
    }

    /** Where datagrams come from and go to, for the user. */
    String way() throws IOException {
        return socket == null ? this + " (" + reason(failure) + ")" : socket.way();
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
