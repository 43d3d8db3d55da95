package tests.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tests.support.Lan;
import tests.support.Script;

/** A network whose names, interfaces and routes change, or are not there yet, in network namespaces. */
class LanChangesTest {
    private static Lan lan;

    private final List<Script> scripts = new ArrayList<>();

    @BeforeEach
    void build() throws Exception {
        assumeTrue(Lan.isPossible(), "needs root and ip netns");
        if (lan == null) {
            lan = new Lan();
        }
    }

    @AfterEach
    void endScripts() throws Exception {
        scripts.forEach(Script::close);
        lan.noNames("h1");
    }

    @AfterAll
    static void remove() throws Exception {
        if (lan != null) {
            lan.close();
        }
    }

    private Script listen(String host, int port, String... arguments) throws Exception {
        Script script = lan.listen(host, port, arguments);
        scripts.add(script);
        return script;
    }

    /** Its standard error is read as its output. */
    private Script send(String host, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of("UdpSend"));
        all.addAll(List.of(arguments));
        Script script = lan.startTalking(host, "-Dsun.net.inetaddr.ttl=1", all.toArray(String[]::new));
        scripts.add(script);
        return script;
    }

    private static void write(Script sender, String line) throws IOException {
        OutputStream in = sender.process.getOutputStream();
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    /** Writes a line again and again until one arrives there. */
    private static String writeUntilReceived(Script sender, Script receiver) throws Exception {
        Lan.await("a datagram", () -> {
            write(sender, "again");
            return receiver.hasLine();
        });
        return receiver.nextLine();
    }

    @Test
    void aNameIsLookedUpAgainAfterAnErrorOfAnEarlierDatagram() throws Exception {
        Script here = listen("h2", 5101, "-F", "{data}", "-c", "1", "5101");
        Script there = listen("h3", 5101, "-F", "{data}", "5101");
        lan.hosts("h1", "192.168.8.2 lamp.test");
        Script sender = send("h1", "lamp.test:5101");
        write(sender, "the last one that is received here");
        assertEquals("the last one that is received here", here.nextLine());
        assertEquals(0, here.end().status());
        lan.hosts("h1", "192.168.8.3 lamp.test");
        assertEquals("again", writeUntilReceived(sender, there));
        assertEquals("udp-send: lamp.test:5101: goes to 192.168.8.3 now", sender.nextLine());
        sender.process.getOutputStream().close();
        assertTrue(sender.nextLine().endsWith(" 0 skipped, 0 failed"));
    }

    @Test
    void aNameThatIsFoundLaterIsSentToThenAndHoldsUpNobodyBefore() throws Exception {
        Script other = listen("h2", 5102, "-F", "{data}", "5102");
        Script late = listen("h3", 5102, "-F", "{data}", "5102");
        lan.hosts("h1", "127.0.0.1 localhost");
        Script sender = send("h1", "late.test:5102", "192.168.8.2:5102");
        write(sender, "one");
        assertEquals("one", other.nextLine());
        String line = sender.nextLine();
        assertTrue(line.startsWith("udp-send: late.test:5102: host not found; trying again until it works"), line);
        lan.hosts("h1", "192.168.8.3 late.test");
        String received = writeUntilReceived(sender, late);
        assertTrue(received.equals("one") || received.equals("again"), received);
        while (line.contains("host not found")) {
            line = sender.nextLine();
        }
        assertEquals("udp-send: late.test:5102: works again", line);
    }

    @Test
    void anAddressOfANameIsKeptWhileItIsStillAmongThem() throws Exception {
        Script kept = listen("h2", 5110, "-F", "{data}", "5110");
        Script other = listen("h3", 5110, "-F", "{data}", "5110");
        lan.hosts("h1", "192.168.8.2 lamp.test\n192.168.8.3 lamp.test\n127.0.0.1 clock.test");
        Script sender = send("h1", "lamp.test:5110", "clock.test:5110");
        write(sender, "first");
        assertEquals("first", kept.nextLine());
        for (String clock : List.of("127.0.0.2", "127.0.0.3")) { // Names are looked up at the same pace.
            lan.hosts("h1", "192.168.8.3 lamp.test\n192.168.8.2 lamp.test\n" + clock + " clock.test");
            Lan.await(clock, () -> {
                write(sender, clock);
                assertEquals(clock, kept.nextLine());
                return sender.hasLine();
            });
            assertEquals("udp-send: clock.test:5110: goes to " + clock + " now", sender.nextLine());
        }
        assertFalse(other.hasLine());
        lan.hosts("h1", "192.168.8.3 lamp.test\n127.0.0.3 clock.test");
        assertEquals("again", writeUntilReceived(sender, other));
        assertEquals("udp-send: lamp.test:5110: goes to 192.168.8.3 now", sender.nextLine());
    }

    @Test
    void aNameServerThatDoesNotAnswerHoldsUpNobody() throws Exception {
        listen("h2", 53, "53");
        Script other = listen("h2", 5103, "-F", "{data}", "5103");
        lan.nameServer("h1", "192.168.8.2");
        Script sender = send("h1", "--on-error", "skip", "silent.test:5103", "192.168.8.2:5103");
        sender.input("one\ntwo\n");
        assertEquals("one", other.nextLine());
        assertEquals("two", other.nextLine());
        Script.Ended ended = sender.end();
        String silent = "udp-send: silent.test:5103: no answer from the name server yet; ";
        assertEquals(List.of(silent + "datagrams to it are skipped until it works again",
            "udp-send: 2 received, 2 sent, 6 bytes, 2 skipped, 0 failed"), ended.out().lines().toList());
        assertEquals(0, ended.status());
    }

    /** Gives the switch an interface of its own in the network. */
    private void addInterface() throws Exception {
        lan.ip("sw", "link add late0 type veth peer name late1");
        lan.ip("sw", "link set late1 master br0 up");
        lan.ip("sw", "addr add 192.168.8.9/24 brd + dev late0");
        lan.ip("sw", "link set late0 up");
    }

    @ParameterizedTest
    @CsvSource({"all:5104, 'no interface is up that has an IPv4 broadcast address, except the loopback'",
        "192.168.8.255:5104, Network is unreachable",
        "[ff02::1%late0]:5104, no such interface late0"})
    void anInterfaceThatComesLaterIsWaitedFor(String target, String reason) throws Exception {
        Script receiver = listen("h2", 5104, "-F", "{data}", target.startsWith("[") ? "[ff02::1]:5104" : "5104");
        Script sender = send("sw", target);
        write(sender, "kept");
        assertEquals("udp-send: " + target + ": " + reason + "; trying again until it works, the input waits",
            sender.nextLine());
        try {
            addInterface();
            assertEquals("kept", receiver.nextLine());
            assertEquals("udp-send: " + target + ": works again", sender.nextLine());
        } finally {
            lan.ip("sw", "link del late0");
        }
    }

    @ParameterizedTest
    @CsvSource({"-I late0 255.255.255.255:5111, 'interface ''late0'': expected the name of an interface of this machine'",
        "-s 192.168.8.9:0 192.168.8.2:5111, Cannot assign requested address",
        "[ff02::1%late0]:5111, Cannot assign requested address|Network is unreachable.*"})
    void anInterfaceThatGoesWhileItRunsIsWaitedFor(String arguments, String reason) throws Exception {
        Script receiver = listen("h2", 5111, "-F", "{data}", arguments.startsWith("[") ? "[ff02::1]:5111" : "5111");
        String target = arguments.replaceFirst(".* ", "");
        Script sender = null;
        for (String step : List.of("first", "again")) {
            try {
                addInterface();
                if (step.equals("first")) {
                    sender = send("sw", arguments.split(" "));
                    write(sender, step);
                    assertEquals(step, receiver.nextLine());
                } else {
                    assertEquals("kept", receiver.nextLine());
                    assertEquals("udp-send: " + target + ": works again", sender.nextLine());
                }
            } finally {
                lan.ip("sw", "link del late0");
            }
            if (step.equals("first")) {
                write(sender, "kept");
                String said = sender.nextLine();
                assertTrue(said.matches(Pattern.quote("udp-send: " + target + ": ") + "(" + reason + ")"
                    + "; trying again until it works, the input waits"), said);
            }
        }
    }

    @Test
    void aGroupIsJoinedOnAnInterfaceThatComesBack() throws Exception {
        Script receiver = lan.start("sw", "UdpListen", "-F", "{data}", "239.1.2.3:5109");
        scripts.add(receiver);
        Script sender = send("h2", "-I", "eth0", "239.1.2.3:5109");
        for (String text : List.of("first", "again")) {
            lan.ip("sw", "link add late0 address 02:00:00:00:00:01 type veth peer name late1");
            try {
                lan.ip("sw", "link set late1 master br0 up");
                lan.ip("sw", "addr add 192.168.8.9/24 brd + dev late0");
                lan.ip("sw", "link set late0 up");
                Lan.await(text, () -> {
                    write(sender, text);
                    return receiver.hasLine() && receiver.nextLine().equals(text);
                });
            } finally {
                lan.ip("sw", "link del late0");
            }
        }
    }

    @Test
    void aTunnelIsNoNetworkForAll() throws Exception {
        lan.ip("h5", "link set eth0 down");
        lan.ip("h5", "tuntap add tun0 mode tun");
        lan.ip("h5", "addr add 10.77.0.1/24 dev tun0");
        lan.ip("h5", "link set tun0 up");
        try {
            Script sender = send("h5", "all:5105");
            write(sender, "x");
            String line = sender.nextLine();
            assertTrue(line.contains("no interface is up that has an IPv4 broadcast address"), line);
        } finally {
            lan.ip("h5", "link del tun0");
            lan.ip("h5", "link set eth0 up");
        }
    }

    @Test
    void allIsTheLoopbackWhereThatIsAskedFor() throws Exception {
        Script.Ended ended = send("sw", "-n", "-I", "lo", "-m", "x", "all:5000").end();
        assertTrue(ended.out().contains("127.255.255.255:5000 (lo)"), ended.out());
    }

    @Test
    void theSourceAddressFollowsTheRoute() throws Exception {
        lan.ip("h2", "addr add 10.50.0.9/32 dev lo");
        lan.ip("h4", "addr add 10.50.0.9/32 dev lo");
        lan.ip("h1", "route add 10.50.0.9 via 192.168.8.2 metric 600");
        Script before = listen("h2", 5106, "5106");
        Script after = listen("h4", 5106, "5106");
        Script sender = send("h1", "10.50.0.9:5106");
        write(sender, "x");
        assertTrue(before.nextLine().startsWith("{\"from\":\"192.168.8.1:"));
        lan.ip("h1", "route add 10.50.0.9 via 10.9.0.4 metric 100");
        Lan.await("the new source address", () -> {
            write(sender, "x");
            return after.nextLine().startsWith("{\"from\":\"10.9.0.1:");
        });
        sender.process.getOutputStream().close();
        assertTrue(sender.nextLine().endsWith(" 0 skipped, 0 failed"));
    }

    @ParameterizedTest
    @CsvSource({"192.168.8.2:5107", "-I eth0 192.168.8.2:5107", "-I eth0 255.255.255.255:5107", "-s :7107 192.168.8.255:5107"})
    void theSourceAddressFollowsTheInterfacesAddress(String arguments) throws Exception {
        Script receiver = listen("h2", 5107, "5107");
        Script sender = send("h1", arguments.split(" "));
        write(sender, "x");
        String first = receiver.nextLine().replaceFirst(",.*", "");
        assertTrue(first.startsWith("{\"from\":\"192.168.8.1:"), first);
        lan.ip("h1", "addr add 192.168.8.11/24 brd + dev eth0");
        try {
            lan.shell("h1", "sleep 0.6");
            write(sender, "from the same port");
            assertEquals(first, receiver.nextLine().replaceFirst(",.*", ""));
            lan.ip("h1", "addr flush dev eth0");
            lan.ip("h1", "addr add 192.168.8.11/24 brd + dev eth0");
            Lan.await("the new source address", () -> {
                write(sender, "x");
                return receiver.nextLine().startsWith("{\"from\":\"192.168.8.11:");
            });
        } finally {
            lan.ip("h1", "addr flush dev eth0");
            lan.ip("h1", "addr add 192.168.8.1/24 brd + dev eth0");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "192.168.8.2:1                   | 192.168.8.2:1 (eth0)",
        "-I eth0 198.51.100.2:1          | 198.51.100.2:1 (eth0)",
        "-I eth1 192.168.8.2:1           | 192.168.8.2:1 (eth1)",
        "lamp.test:1                     | 192.168.8.2:1 (eth0)",
        "-s 10.9.0.1:0 192.168.8.2:1     | 192.168.8.2:1 (eth1)",
        "-I eth1 255.255.255.255:1       | 255.255.255.255:1 (eth1)",
        "-I eth1 239.1.2.3:1             | 239.1.2.3:1 (eth1)",
        "-I eth1 all:1                   | 10.9.0.255:1 (eth1)",
        "192.168.8.1:1                   | 192.168.8.1:1 (eth0)",
        "255.255.255.255:1               | 255.255.255.255:1: Network is unreachable without a default route: choose an interface with -I",
        "239.1.2.3:1                     | 239.1.2.3:1: Network is unreachable without a default route: choose an interface with -I",
        "gone.test:1                     | gone.test:1: Network is unreachable",
        "[ff02::1%nosuch0]:1             | [ff02::1%nosuch0]:1: no such interface nosuch0"})
    void aDryRunShowsTheWay(String arguments, String way) throws Exception {
        lan.ip("h1", "addr replace 198.51.100.1/24 dev eth0");
        lan.hosts("h1", "192.168.8.2 lamp.test\n172.16.0.1 gone.test");
        Script.Ended ended = send("h1", ("-n -m x " + arguments).split(" ")).end();
        assertEquals(way + ": 1 bytes\n", ended.out());
        assertEquals(0, ended.status());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "172.16.0.1:5108                 | Network is unreachable",
        "nosuch.invalid:5108             | host not found",
        "255.255.255.255:5108            | Network is unreachable without a default route: choose an interface with -I",
        "239.1.2.3:5108                  | Network is unreachable without a default route: choose an interface with -I",
        "203.0.113.1:5108                | Permission denied"})
    void oneMessageGivesUpAndSaysWhyThoughQuiet(String target, String reason) throws Exception {
        lan.ip("h1", "route replace prohibit 203.0.113.0/24");
        Script.Ended ended = send("h1", "-q", "-m", "x", "--max-time", "1", target).end();
        assertEquals("udp-send: " + target + ": " + reason + "\n", ended.out());
        assertEquals(1, ended.status());
    }
}
