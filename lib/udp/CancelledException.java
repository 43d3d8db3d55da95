package lib.udp;

import java.io.IOException;

/** {@link UdpBroadcaster#cancel} or {@link UdpBroadcaster#close} was called before everything was sent. */
public final class CancelledException extends IOException {
    private static final long serialVersionUID = 1;

    CancelledException() {
        super("ended before everything was sent");
    }
}
