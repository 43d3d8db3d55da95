package lib.udp;

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
    private static final Pattern FORM = Pattern.compile("(\\[[^\\]]*:[^\\]]*\\]|[^:/\\[\\]\\s]*):([0-9]{1,5})");

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
        HostPort read = !parts.matches() ? new HostPort("", -1)
            : new HostPort(parts.group(1).replaceAll("[\\[\\]]", ""), Integer.parseInt(parts.group(2)));
        boolean isWrong = read.host.matches("[0-9.]+|.*:.*") && read.address() == null;
        if (read.host.isEmpty() && leastPort > 0 || isWrong || read.port < leastPort || read.port > 65535) {
            throw new IllegalArgumentException(what + " '" + text + "': expected " + form
                + " with a valid address and a port from " + leastPort + " to 65535");
        }
        return read;
    }

    /** Returns the IP address that the host is; null for a name. In brackets Java never asks a name server for it. */
    InetAddress address() {
        try {
            String literal = (host.matches("[0-9]+(\\.[0-9]+){3}") ? "::ffff:" : "") + host.replaceFirst("%.*", "");
            return literal.contains(":") ? InetAddress.getByName("[" + literal + "]") : null;
        } catch (UnknownHostException notAnAddress) {
            return null;
        }
    }

    /** Finds the address that the host has now. */
    InetSocketAddress find() throws UnknownHostException { return new InetSocketAddress(InetAddress.getByName(host), port); }

    @Override
    public String toString() { return (host.contains(":") ? "[" + host + "]" : host) + ":" + port; }
}
