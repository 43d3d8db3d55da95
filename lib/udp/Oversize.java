package lib.udp;

import java.util.Locale;

/** What happens to a payload that is larger than a datagram may be. */
public enum Oversize {
    /** It is not sent; a notice tells. */
    SKIP,
    /** {@link UdpBroadcaster#send} throws. */
    FAIL,
    /** Its beginning is sent, up to a character of UTF-8; a notice tells. */
    TRUNCATE;

    /** As it is typed. */
    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
