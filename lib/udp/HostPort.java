package lib.udp;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * A host and a port as people write them: {@code HOST:PORT}, {@code [IPv6]:PORT}.
 * <pre>{@code
 * HostPort lamp = HostPort.of("target", "lamp.lan:5000", "HOST:PORT", 1); // the host is lamp.lan
 * }</pre>
 *
 * @param host a name or an address without brackets; may be empty
 */
public record HostPort(String host, int port) {
    private static final int HIGHEST_PORT = 65535;
    private static final String BYTE = "0*(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile("(" + BYTE + "\\.){3}" + BYTE);

    /**
     * Reads a host and a port.
     *
     * @param what      names the text in a message: {@code target}
     * @param form      tells what is expected, in a message: {@code HOST:PORT or [IPv6]:PORT}
     * @param leastPort the lowest port that is allowed
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
        HostPort place = new HostPort(bracketed ? host.substring(1, host.length() - 1) : host, port);
        if (host.isEmpty() && leastPort > 0) {
            throw new IllegalArgumentException(what + " '" + text + "': expected " + form);
        } else if (host.matches("[0-9.]+|\\[.*") && !isAddress(place.host.replaceFirst("%.*", ""))) {
            throw new IllegalArgumentException(
                what + " '" + text + "': expected four numbers from 0 to 255, or an IPv6 address in brackets");
        }
        return place;
    }

    public static HostPort of(InetSocketAddress address) {
        return new HostPort(address.getAddress().getHostAddress(), address.getPort());
    }

    /** Finds the address that the host has now. The name of an interface in it makes that an IOException, not a name. */
    InetSocketAddress address() throws IOException {
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException missing) {
            throw host.contains(":") ? new IOException(missing.getMessage()) : new UnknownHostException("host not found");
        }
    }

    boolean isName() { return !host.contains(":") && !isAddress(host); }

    /** Returns whether a text is an IP address, without asking a name server. */
    static boolean isAddress(String text) {
        try {
            return IPV4.matcher(text).matches() || text.contains(":") && literal(text) != null;
        } catch (IllegalArgumentException notAnAddress) {
            return false;
        }
    }

    /** Returns what an IP address says. */
    static InetAddress literal(String address) {
        try {
            return InetAddress.getByName(address);
        } catch (UnknownHostException notAnAddress) {
            throw new IllegalArgumentException(address, notAnAddress);
        }
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /** Names a target, with the address if the name does not tell it. */
    static String label(String name, InetSocketAddress to) {
        String address = to.getAddress().getHostAddress();
        return name.contains(address) || name.startsWith("[") ? name : name + " (" + address + ")";
    }
}
