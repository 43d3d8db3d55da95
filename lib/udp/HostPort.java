package lib.udp;

import java.net.InetSocketAddress;

/**
 * A host and a port as people write them: {@code HOST:PORT}, {@code [IPv6]:PORT}.
 *
 * @param host a name or an address without brackets; may be empty
 */
public record HostPort(String host, int port) {
    private static final int HIGHEST_PORT = 65535;

    /**
     * @param what      it is, for the message: {@code target}
     * @param form      what is expected, for the message: {@code HOST:PORT or [IPv6]:PORT}
     * @param leastPort the lowest port there may be
     * @throws IllegalArgumentException if it is something else; the message names it and what was expected
     */
    public static HostPort of(String what, String text, String form, int leastPort) {
        int colon = text.lastIndexOf(':');
        String host = text.substring(0, Math.max(colon, 0));
        boolean bracketed = host.startsWith("[") && host.endsWith("]") && host.contains(":");
        if (colon < 0 || !bracketed && !host.matches("[^:/\\[\\]\\s]*")) {
            throw new IllegalArgumentException(what + " '" + text + "': expected " + form);
        }
        String digits = text.substring(colon + 1);
        int port = digits.matches("[0-9]{1,5}") ? Integer.parseInt(digits) : -1;
        if (port < leastPort || port > HIGHEST_PORT) {
            throw new IllegalArgumentException(
                what + " '" + text + "': expected a port from " + leastPort + " to " + HIGHEST_PORT);
        }
        return new HostPort(bracketed ? host.substring(1, host.length() - 1) : host, port);
    }

    public static HostPort of(InetSocketAddress address) {
        return new HostPort(address.getAddress().getHostAddress(), address.getPort());
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
