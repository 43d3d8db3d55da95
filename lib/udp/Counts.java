package lib.udp;

/**
 * What has happened so far.
 *
 * @param received payloads that were given to {@link UdpBroadcaster}
 * @param sent     datagrams that the system took
 * @param bytes    payload bytes in those
 * @param skipped  datagrams that were left out while the rest went on: too large, not makeable, or refused
 * @param letGo    those of them that a setting let go: {@link Oversize#SKIP}, {@link OnError#SKIP}
 * @param retried  datagrams that were refused and then offered again
 * @param failed   datagrams that were not sent because of a failure or of the end
 */
public record Counts(long received, long sent, long bytes, long skipped, long letGo, long retried, long failed) {

    /** Whether everything went out to every target, but for what a setting let go. */
    public boolean isComplete() {
        return failed == 0 && skipped == letGo;
    }
}
