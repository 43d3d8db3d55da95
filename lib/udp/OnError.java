package lib.udp;

import java.util.Locale;

/** What happens to a datagram that the system refuses. */
public enum OnError {
    /** It is sent again until it goes out. */
    RETRY,
    /** It is not sent to the target that refuses; a notice tells when that begins and ends. */
    SKIP,
    /** {@link UdpBroadcaster#send} throws. */
    FAIL;

    /** As it is typed. */
    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
