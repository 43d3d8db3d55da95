package tests.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Network namespaces of this test's own, with the hosts h1, h2 and h3 on one bridge (192.168.8.1 to 3 on eth0), h1 and
 * h4 on a cable (10.9.0.1 and 4 on eth1), and the router r between the bridge and h5 (10.8.0.5 on eth0). Removed with
 * all that is in them by {@link #close}.
 */
public final class Lan implements AutoCloseable {
    private static final List<String> NAMESPACES = List.of("sw", "h1", "h2", "h3", "h4", "h5", "r");
    private static final Path HOSTS = Path.of("/etc/netns");
    private static final int PATIENCE_SECONDS = 60;
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String prefix = newPrefix();

    /** Several of them may be there at the same time. */
    private static String newPrefix() {
        return "lan" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet() + "-";
    }

    /** Whether this process may build such a thing. */
    public static boolean isPossible() {
        try {
            String probe = newPrefix() + "probe";
            boolean added = exitStatus("ip", "netns", "add", probe) == 0;
            return added && exitStatus("ip", "netns", "del", probe) == 0;
        } catch (IOException | InterruptedException noSuchCommand) {
            return false;
        }
    }

    /** Shell lines that give a machine in namespaces of its own the address 192.168.8.1 on a network of its own. */
    public static final String ALONE = """
        ip link set lo up
        ip link add lan0 type veth peer name lan1
        ip address add 192.168.8.1/24 broadcast + dev lan0
        ip link set lan1 up
        ip link set lan0 up
        """;

    public static void assumeNamespaces() throws Exception {
        assumeTrue(exitStatus("unshare", "--net", "--mount", "ip", "link", "set", "lo", "up") == 0, "needs root, unshare and ip");
    }

    /** Shell lines on such a machine, which has a loopback interface that is down, and which ends when they do. */
    public static ProcessBuilder isolated(String lines) {
        return new ProcessBuilder("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", lines);
    }

    /** Whether a command can be run here. */
    public static boolean has(String command) throws Exception {
        return exitStatus("sh", "-c", "command -v " + command) == 0;
    }

    public Lan() throws Exception {
        try {
            for (String name : NAMESPACES) {
                run("ip", "netns", "add", prefix + name);
                ip(name, "link set lo up");
            }
            ip("sw", "link add name br0 type bridge mcast_snooping 0");
            ip("sw", "link set br0 up");
            plug("h1", 1);
            plug("h2", 2);
            plug("h3", 3);
            plug("r", 254);
            cable("h1", "eth1", "10.9.0.1/24", "h4", "eth1", "10.9.0.4/24");
            cable("r", "eth1", "10.8.0.254/24", "h5", "eth0", "10.8.0.5/24");
        } catch (Exception | AssertionError failure) {
            close();
            throw failure;
        }
    }

    private void plug(String host, int number) throws Exception {
        ip("sw", "link add name p" + number + " type veth peer name eth0 netns " + prefix + host);
        ip("sw", "link set p" + number + " master br0 up");
        ip(host, "addr add 192.168.8." + number + "/24 brd + dev eth0");
        ip(host, "link set eth0 up");
    }

    private void cable(String one, String oneInterface, String oneAddress, String other, String otherInterface,
            String otherAddress) throws Exception {
        ip(one, "link add name " + oneInterface + " type veth"
            + " peer name " + otherInterface + " netns " + prefix + other);
        ip(one, "addr add " + oneAddress + " dev " + oneInterface);
        ip(other, "addr add " + otherAddress + " dev " + otherInterface);
        ip(one, "link set " + oneInterface + " up");
        ip(other, "link set " + otherInterface + " up");
    }

    /** Runs {@code ip} within a host. */
    public void ip(String host, String arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("ip", "-n", prefix + host));
        command.addAll(List.of(arguments.split(" ")));
        run(command.toArray(String[]::new));
    }

    /** Runs a shell command within a host to its end. */
    public void shell(String host, String command) throws Exception {
        run("ip", "netns", "exec", prefix + host, "sh", "-c", command);
    }

    /** Starts a script within a host. */
    public Script start(String host, String mainClass, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", prefix + host));
        command.addAll(Script.command(mainClass, arguments));
        return Script.start(command);
    }

    /** Gives a host a hosts file of its own, which what is started from then on sees. */
    public void hosts(String host, String line) throws IOException {
        etc(host, "hosts", line);
    }

    /** Gives a host a name server, which what is started from then on asks. */
    public void nameServer(String host, String address) throws IOException {
        etc(host, "resolv.conf", "nameserver " + address);
    }

    /** Takes both away again for what is started from then on. */
    public void noNames(String host) throws IOException {
        Path folder = HOSTS.resolve(prefix + host);
        Files.deleteIfExists(folder.resolve("hosts"));
        Files.deleteIfExists(folder.resolve("resolv.conf"));
        Files.deleteIfExists(folder);
    }

    private void etc(String host, String file, String line) throws IOException {
        Path folder = HOSTS.resolve(prefix + host);
        Files.createDirectories(folder);
        Files.writeString(folder.resolve(file), line + "\n");
    }

    /** Starts a script within a host whose standard error can be read line by line, as its output. */
    public Script startTalking(String host, String mainClass, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" 2>&1", "sh"));
        command.addAll(List.of("ip", "netns", "exec", prefix + host));
        command.addAll(Script.command(mainClass, arguments));
        return Script.start(command);
    }

    /** Starts a command that stays within a host. */
    public Process stay(String host, String... command) throws IOException {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", prefix + host));
        all.addAll(List.of(command));
        return new ProcessBuilder(all).redirectErrorStream(true).start();
    }

    /** A {@code udp-listen} that is ready to receive. */
    public Script listen(String host, int port, String... arguments) throws Exception {
        Script script = start(host, "UdpListen", arguments);
        awaitBound(script, port);
        return script;
    }

    /** Waits until a process receives on a UDP port. */
    public static void awaitBound(Script script, int port) throws Exception {
        Path process = Path.of("/proc/" + script.process.pid());
        String bound = String.format(":%04X ", port);
        await("UDP port " + port, () -> {
            List<String> lines = new ArrayList<>(Files.readAllLines(process.resolve("net/udp")));
            lines.addAll(Files.readAllLines(process.resolve("net/udp6")));
            return lines.stream()
                .anyMatch(line -> line.contains(bound) && hasSocket(process, line.trim().split(" +")[9]));
        });
    }

    private static boolean hasSocket(Path process, String inode) {
        try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
            return descriptors.anyMatch(one -> isLinkTo("socket:[" + inode + "]", one));
        } catch (IOException ended) {
            return false;
        }
    }

    private static boolean isLinkTo(String target, Path link) {
        try {
            return Files.readSymbolicLink(link).toString().equals(target);
        } catch (IOException closed) {
            return false;
        }
    }

    /** Something that comes true. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws Exception;
    }

    public static void await(String what, Condition condition) throws Exception {
        await(PATIENCE_SECONDS, what, condition);
    }

    /** Nothing tells of these things but themselves, so they are looked at again and again. */
    public static void await(int seconds, String what, Condition condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.holds()) {
            if (System.nanoTime() > end) {
                fail("waited " + seconds + " s in vain for " + what);
            }
            Thread.sleep(20);
        }
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> String.join(" ", command) + ": " + output);
    }

    private static int exitStatus(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    /** The interfaces go with their namespaces. */
    @Override
    public void close() throws IOException {
        try {
            for (String name : NAMESPACES) {
                exitStatus("ip", "netns", "del", prefix + name);
                noNames(name);
            }
        } catch (InterruptedException stop) {
            throw new IOException("interrupted while removing " + prefix + "*", stop);
        }
    }
}
