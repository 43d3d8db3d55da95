package lib.udp;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
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
    private static final Pattern FORM = Pattern.compile("(?:\\[([^\\]]*:[^\\]]*)\\]|([^:/\\[\\]\\s]*)):(.*)");
    private static final String BYTE = "0*(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile("(" + BYTE + "\\.){3}" + BYTE);

    /**
     * Reads a host and a port.
     *
     * @param what      names the text in a message: {@code target}
     * @param form      tells what is expected, in a message: {@code HOST:PORT or [IPv6]:PORT}
     * @param leastPort the lowest port that is allowed; 0 also allows an empty host
     * @throws IllegalArgumentException if it is something else; the message names it and what was expected
     */
    public static HostPort of(String what, String text, String form, int leastPort) {
        Matcher parts = FORM.matcher(text);
        boolean isForm = parts.matches();
        String host = !isForm ? "" : parts.group(1) != null ? parts.group(1) : parts.group(2);
        int port = isForm && parts.group(3).matches("[0-9]{1,5}") ? Integer.parseInt(parts.group(3)) : -1;
        String expected = !isForm || host.isEmpty() && leastPort > 0 ? form
            : port < leastPort || port > HIGHEST_PORT ? "a port from " + leastPort + " to " + HIGHEST_PORT
            : host.matches("[0-9.]+|.*:.*") && address(host.replaceFirst("%.*", "")) == null
            ? "four numbers from 0 to 255, or an IPv6 address in brackets" : null;
        if (expected != null) {
            throw new IllegalArgumentException(what + " '" + text + "': expected " + expected);
        }
        return new HostPort(host, port);
    }

    public static HostPort of(InetSocketAddress address) {
        return new HostPort(address.getAddress().getHostAddress(), address.getPort());
    }

    boolean isName() { return !host.contains(":") && address(host) == null; }

    /** Returns the IP address that a text is, without asking a name server; null for any other text. */
    static InetAddress address(String text) {
        try {
            return text.contains(":") || IPV4.matcher(text).matches() ? InetAddress.getByName(text) : null;
        } catch (UnknownHostException notAnAddress) {
            return null;
        }
    }

    /** Finds the address that the host has now. The name of an interface in it makes that an IOException, not a name. */
    InetSocketAddress find() throws IOException {
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException missing) {
            throw host.contains(":") ? new IOException(missing.getMessage()) : new UnknownHostException("host not found");
        }
    }

    @Override
    public String toString() { return (host.contains(":") ? "[" + host + "]" : host) + ":" + port; }

    /** Names a target, with the address if the name does not tell it. */
    static String label(String name, InetSocketAddress to) {
        String address = to.getAddress().getHostAddress();
        return name.contains(address) || name.startsWith("[") ? name : name + " (" + address + ")";
    }

    /** Returns whether an interface that is chosen decides where datagrams to this address leave, and no route. */
    static boolean leavesByChoice(InetAddress to) {
        return to.isMulticastAddress() || to.getHostAddress().equals("255.255.255.255");
    }

    /** Returns why a datagram did not go out, and what helps. */
    static String reason(IOException failure, InetSocketAddress to) {
        String reason = String.valueOf(failure.getMessage());
        return leavesByChoice(to.getAddress()) && reason.equals("Network is unreachable")
            ? reason + " without a default route: choose an interface with -I" : reason;
    }
}
