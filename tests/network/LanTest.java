package tests.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Lan;
import tests.support.Script;

/** On a LAN of several hosts, in network namespaces. */
class LanTest {
    private static final String ORIGINAL = "Recv message form SSE Server!";
    private static final int COUNT = 400;
    private static final String WAITS = "Network is unreachable; trying again until it works, the input waits";

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
    void endScripts() {
        scripts.forEach(Script::close);
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

    private Script start(String host, String mainClass, String... arguments) throws Exception {
        Script script = lan.start(host, mainClass, arguments);
        scripts.add(script);
        return script;
    }

    private Script startTalking(String host, String mainClass, String... arguments) throws Exception {
        Script script = lan.startTalking(host, mainClass, arguments);
        scripts.add(script);
        return script;
    }

    private void send(String... arguments) throws Exception {
        start("h1", "UdpSend", arguments).end().assertIs(0, "");
    }

    /** The next datagram's payload is the text; ends the listener. */
    private static void assertReceived(String text, Script listener) throws Exception {
        assertEquals(text, listener.nextLine());
    }

    @Test
    void theOriginalsCaseIsReceivedOnBothOtherHosts() throws Exception {
        Script second = listen("h2", 5000, "-F", "{data}", "5000");
        Script third = listen("h3", 5000, "5000");
        Path events = Files.createTempFile("events", ".py");
        Files.writeString(events, SERVER);
        Process server = lan.stay("h1", "python3", events.toString());
        try {
            lan.shell("h1", "until ss -Hltn sport = :16021 | grep -q 16021; do sleep 0.1; done");
            String url = "http://127.0.0.1:16021/api/v1/TOKEN/events?id=4";
            start("h1", "SseToUdp", "-F", ORIGINAL, url, "192.168.8.255:5000");
            assertReceived(ORIGINAL, second);
            String line = third.nextLine();
            String json = "\\{\"from\":\"192\\.168\\.8\\.1:\\d+\",\"data\":\"" + ORIGINAL + "\",\"time\":\".*\"\\}";
            assertTrue(line.matches(json), line);
        } finally {
            server.destroyForcibly();
            Files.delete(events);
        }
    }

    private static final String SERVER = """
        import http.server
        class Events(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                self.wfile.write(b"id: 4\\ndata: {}\\n\\n")
                self.wfile.flush()
                self.rfile.read()
        http.server.HTTPServer(("127.0.0.1", 16021), Events).serve_forever()
        """;

    @Test
    void allReachesTheNetworksOfBothInterfaces() throws Exception {
        Script bridge = listen("h2", 5001, "-F", "{data}", "5001");
        Script cable = listen("h4", 5001, "-F", "{data}", "5001");
        send("-m", "to all", "all:5001");
        assertReceived("to all", bridge);
        assertReceived("to all", cable);
    }

    @Test
    void allFollowsInterfacesThatComeAndGoAndWaitsForNoneThatIsGone() throws Exception {
        lan.ip("h1", "link set eth1 down");
        Script cable = listen("h4", 5002, "-F", "{data}", "-c", "1", "5002");
        Script sender = startTalking("h1", "UdpSend", "all:5002");
        OutputStream in = sender.process.getOutputStream();
        Script bridge = listen("h2", 5002, "-F", "{data}", "5002");
        write(in, "first");
        assertReceived("first", bridge);
        lan.ip("h1", "link set eth1 up");
        Lan.await("a datagram on the interface that came", () -> {
            write(in, "again");
            return !cable.process.isAlive();
        });
        assertReceived("again", cable);
        assertTrue(sender.nextLine().matches("udp-send: all:5002: goes to [0-9.]+, [0-9.]+ now"));
        assumeTrue(Lan.has("nft"), "needs nftables");
        lan.shell("h1", "nft add table ip wall; nft 'add chain ip wall out { type filter hook output priority 0; }';"
            + " nft add rule ip wall out ip daddr 10.9.0.255 udp dport 5002 drop");
        write(in, "refused");
        assertTrue(sender.nextLine().endsWith("; trying again until it works, the input waits"));
        lan.ip("h1", "link set eth1 down");
        assertEquals("udp-send: all:5002: goes to 192.168.8.255 now", sender.nextLine());
        assertEquals("udp-send: all:5002: works again", sender.nextLine());
        in.close();
        assertTrue(sender.nextLine().endsWith(" bytes, 0 skipped, 0 failed"));
        assertEquals(0, sender.end().status());
        lan.shell("h1", "nft delete table ip wall");
        lan.ip("h1", "link set eth1 up");
    }

    private static void write(OutputStream in, String line) throws IOException {
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    @Test
    void aDatagramThatDoesNotFitOnePacketArrives() throws Exception {
        Script receiver = listen("h2", 5015, "-F", "{data}", "5015");
        String text = "x".repeat(1473);
        send("-m", text, "192.168.8.255:5015");
        assertReceived(text, receiver);
    }

    @Test
    void limitedBroadcastLeavesByTheGivenInterface() throws Exception {
        Script bridge = listen("h3", 5003, "-F", "{data}", "5003");
        Script cable = listen("h4", 5003, "-F", "{data}", "5003");
        send("-I", "eth1", "-m", "cable", "255.255.255.255:5003");
        send("-I", "eth0", "-m", "bridge", "255.255.255.255:5003");
        assertReceived("cable", cable);
        assertReceived("bridge", bridge);
    }

    @Test
    void theSourcePortIsWhatReceiversSee() throws Exception {
        Script second = listen("h2", 5004, "-c", "1", "5004");
        Script third = listen("h3", 5004, "-c", "1", "5004");
        send("-s", ":7777", "-m", "x", "192.168.8.2:5004", "192.168.8.3:5004");
        assertTrue(second.nextLine().startsWith("{\"from\":\"192.168.8.1:7777\","));
        assertTrue(third.nextLine().startsWith("{\"from\":\"192.168.8.1:7777\","));
    }

    @Test
    void multicastIsReceivedByMembers() throws Exception {
        Script ipv4 = listen("h2", 5005, "-F", "{data}", "239.1.2.3:5005");
        send("-I", "eth0", "-m", "to the group", "239.1.2.3:5005");
        assertReceived("to the group", ipv4);
        Script ipv6 = listen("h3", 5006, "-F", "{data}", "-I", "eth0", "[ff02::1]:5006");
        send("-m", "to all nodes", "[ff02::1%eth0]:5006");
        assertReceived("to all nodes", ipv6);
    }

    @Test
    void whatComesByAnyInterfaceIsReceivedUnlessOneIsGiven() throws Exception {
        Script group = listen("h1", 5031, "-F", "{data}", "239.1.2.6:5031");
        Script all = listen("h1", 5032, "-F", "{data}", "all:5032");
        for (String from : List.of("h2 eth0", "h4 eth1")) {
            String[] words = from.split(" ");
            start(words[0], "UdpSend", "-I", words[1], "-m", from, "239.1.2.6:5031").end().assertIs(0, "");
            assertReceived(from, group);
            start(words[0], "UdpSend", "-m", from, "all:5032").end().assertIs(0, "");
            assertReceived(from, all);
        }
    }

    @Test
    void multicastPassesARouterWithTtl2Only(@TempDir Path folder) throws Exception {
        assumeTrue(Lan.has("smcrouted"), "needs smcroute");
        lan.ip("h1", "-6 addr add fd08::1/64 dev eth0 nodad");
        lan.ip("r", "-6 addr add fd08::254/64 dev eth0 nodad");
        lan.ip("r", "-6 addr add fd80::254/64 dev eth1 nodad");
        lan.shell("r", "sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1");
        Path routes = Files.writeString(folder.resolve("smcroute.conf"), """
            mroute from eth0 group 239.1.2.4 to eth1
            mroute from eth0 group ff05::8 to eth1
            """);
        Process router = lan.stay("r", "smcrouted", "-n", "-f", routes.toString(), "-u", folder.resolve("s").toString(),
            "-P", folder.resolve("pid").toString());
        try {
            lan.shell("r", "for i in $(seq 100); do grep -q eth1 /proc/net/ip_mr_vif"
                + " && grep -q eth1 /proc/net/ip6_mr_vif && break; sleep 0.1; done");
            assertPassesRouter(5007, "239.1.2.4:5007");
            assertPassesRouter(5008, "[ff05::8]:5008");
        } finally {
            router.destroyForcibly();
        }
    }

    private void assertPassesRouter(int port, String group) throws Exception {
        Script near = listen("h2", port, "-F", "{data}", group);
        Script far = listen("h5", port, "-F", "{data}", group);
        send("-I", "eth0", "-m", "ttl 1", group);
        assertReceived("ttl 1", near);
        send("-I", "eth0", "--ttl", "2", "-m", "ttl 2", group);
        assertReceived("ttl 2", near);
        assertReceived("ttl 2", far);
    }

    @Test
    void nothingIsLostAndOrderIsKeptWhenTheInterfaceGoesDownAndUp() throws Exception {
        Script receiver = listen("h2", 5009, "-F", "{data}", "5009");
        Script sender = startTalking("h1", "UdpSend", "--rate", "2000", "192.168.8.255:5009");
        OutputStream in = sender.process.getOutputStream();
        write(in, "0");
        assertReceived("0", receiver);
        lan.ip("h1", "link set eth0 down");
        for (int i = 1; i < COUNT; i++) {
            write(in, Integer.toString(i));
        }
        in.close();
        String who = "udp-send: 192.168.8.255:5009: ";
        assertTrue(sender.nextLine().matches(who + ".*; trying again until it works, the input waits"));
        lan.ip("h1", "addr flush dev eth0");
        lan.ip("h1", "addr add 192.168.8.1/24 brd + dev eth0");
        lan.ip("h1", "link set eth0 up");
        for (int i = 1; i < COUNT; i++) {
            assertReceived(Integer.toString(i), receiver);
        }
        assertTrue(sender.nextLine().matches(who + "works again"));
        assertEquals("udp-send: 400 received, 400 sent, 1090 bytes, 0 skipped, 0 failed", sender.nextLine());
    }

    /** Returns once the host knows of it, and once it is looked at again. */
    private void pullOutCable() throws Exception {
        lan.ip("sw", "link set p1 down");
        lan.shell("h1", "until ip link show eth0 | grep -q NO-CARRIER; do sleep 0.1; done; sleep 0.6");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.5", "1e9"})
    void aCableThatIsPulledOutIsNoticedAlsoWhileADatagramWaitsForItsTurn(String rate) throws Exception {
        Script receiver = listen("h2", 5014, "-F", "{data}", "5014");
        Script sender = startTalking("h1", "UdpSend", "--rate", rate, "192.168.8.255:5014");
        OutputStream in = sender.process.getOutputStream();
        boolean waitsForItsTurn = rate.equals("0.5");
        write(in, waitsForItsTurn ? "0\n1" : "0");
        assertReceived("0", receiver);
        pullOutCable();
        if (!waitsForItsTurn) {
            write(in, "1");
        }
        assertEquals("udp-send: 192.168.8.255:5014: interface eth0 has no link; trying again until it works,"
            + " the input waits", sender.nextLine());
        lan.ip("sw", "link set p1 up");
        assertReceived("1", receiver);
    }

    @Test
    void aDatagramToAllNetworksThatMetADeadLinkIsSentWhenTheLinkIsBack() throws Exception {
        Script receiver = listen("h2", 5024, "-F", "{data}", "5024");
        Script sender = startTalking("h1", "UdpSend", "-I", "eth0", "all:5024");
        OutputStream in = sender.process.getOutputStream();
        write(in, "0");
        assertReceived("0", receiver);
        pullOutCable();
        write(in, "1");
        assertTrue(sender.nextLine().endsWith("; trying again until it works, the input waits"));
        lan.ip("sw", "link set p1 up");
        assertReceived("1", receiver);
        write(in, "2");
        assertReceived("2", receiver);
    }

    @Test
    void whatAFirewallRefusesIsSentAfterwards() throws Exception {
        assumeTrue(Lan.has("nft"), "needs nftables");
        Script receiver = listen("h2", 5010, "-F", "{data}", "5010");
        Script copying = startTalking("h1", "UdpSend", "--on-error", "fail", "--repeat", "2", "--repeat-delay", "5", "192.168.8.2:5010");
        write(copying.process.getOutputStream(), "copy");
        assertReceived("copy", receiver);
        lan.shell("h1", "nft add table ip wall; nft 'add chain ip wall out { type filter hook output priority 0; }';"
            + " nft add rule ip wall out udp dport 5010 udp length 12 drop");
        Script skipping = start("h1", "UdpSend", "--on-error", "skip", "192.168.8.2:5010");
        skipping.input("lost\nother\n").end().assertIs(0, "",
            "udp-send: 192\\.168\\.8\\.2:5010: .*; datagrams to it are skipped until it works again",
            "udp-send: 192\\.168\\.8\\.2:5010: works again",
            "udp-send: 2 received, 1 sent, 5 bytes, 1 skipped, 0 failed");
        assertReceived("other", receiver);
        start("h1", "UdpSend", "--on-error", "fail", "-q", "-m", "lost", "192.168.8.2:5010")
            .end().assertIs(1, "", "udp-send: 192\\.168\\.8\\.2:5010: .*");
        assertEquals("udp-send: 192.168.8.2:5010: Operation not permitted", copying.nextLine());
        Script waiting = startTalking("h1", "UdpSend", "-m", "kept", "192.168.8.2:5010");
        assertTrue(waiting.nextLine().endsWith("trying again until it works, the input waits"));
        lan.shell("h1", "nft delete table ip wall");
        assertReceived("kept", receiver);
    }

    @Test
    void repeatsMakeUpForALossOfOneInFive() throws Exception {
        assumeTrue(Lan.has("nft"), "needs nftables");
        lan.shell("h2", "nft add table ip air; nft 'add chain ip air in { type filter hook input priority 0; }';"
            + " nft add rule ip air in udp dport 5011 numgen random mod 100 '<' 20 drop");
        int once = receivedOf(1);
        int thrice = receivedOf(3);
        lan.shell("h2", "nft delete table ip air");
        System.out.println("  with 20 % loss, of " + COUNT + " lines arrived: " + once + " sent once, "
            + thrice + " sent three times");
        assertTrue(once < COUNT && thrice > once, once + " of one, " + thrice + " of three");
    }

    /** How many different lines arrive; the end is told by lines that are sent until one gets through. */
    private int receivedOf(int repeat) throws Exception {
        Script receiver = listen("h2", 5011, "-F", "{data}", "5011");
        Script sender = start("h1", "UdpSend", "-q", "--rate", "1000", "--repeat", "" + repeat,
            "--repeat-delay", "0.002", "192.168.8.255:5011");
        sender.input(IntStream.range(0, COUNT).mapToObj(Integer::toString).collect(Collectors.joining("\n"))).end();
        start("h1", "UdpSend", "-q", "--repeat", "40", "-m", "end", "192.168.8.255:5011").end();
        HashSet<String> lines = new HashSet<>();
        for (String line = receiver.nextLine(); !line.equals("end"); line = receiver.nextLine()) {
            lines.add(line);
        }
        receiver.close();
        return lines.size();
    }

    @Test
    void aTargetThatFailsDoesNotHoldUpTheOthersForGood() throws Exception {
        Script receiver = listen("h2", 5012, "-F", "{data}", "5012");
        Script sender = start("h1", "UdpSend", "172.16.0.1:5012", "192.168.8.2:5012");
        sender.input("one\ntwo\n");
        assertReceived("one", receiver);
        assertReceived("two", receiver);
        String dead = Pattern.quote("udp-send: 172.16.0.1:5012: Network is unreachable; ");
        sender.end().assertIs(1, "", dead + "trying again until it works, the input waits",
            dead + "datagrams to it are skipped until it works again",
            "udp-send: 2 received, 2 sent, 6 bytes, 2 skipped, 0 failed");
    }

    @Test
    void aSignalEndsTheWaitForATarget() throws Exception {
        Script sender = startTalking("h1", "UdpSend", "172.16.0.1:5013");
        write(sender.process.getOutputStream(), "x");
        assertEquals("udp-send: 172.16.0.1:5013: " + WAITS, sender.nextLine());
        sender.process.toHandle().destroy();
        Script.Ended ended = sender.end();
        assertEquals(143, ended.status());
        String summary = "udp-send: 1 received, 0 sent, 0 bytes, 0 skipped, 1 failed";
        assertTrue(ended.out().contains(summary), ended.out());
    }

    @Test
    void theServerWaitsWhileADatagramIsRefusedAndASignalEndsThat(@TempDir Path folder) throws Exception {
        Script receiver = listen("h2", 5016, "-F", "{data}", "5016");
        Path stream = Files.writeString(folder.resolve("stream.py"), STREAM);
        Path state = folder.resolve("state");
        Process server = lan.stay("h1", "python3", stream.toString());
        try {
            BufferedReader said = server.inputReader();
            assertEquals("listening", said.readLine());
            Script relay = startTalking("h1", "SseToUdp", "--state-file", state.toString(), "-F", "{id}",
                "http://127.0.0.1:16022/", "192.168.8.255:5016");
            assertReceived("0", receiver);
            assertEquals("sse-to-udp: connected to http://127.0.0.1:16022/\u2026, sending to 192.168.8.255:5016 (eth0)", relay.nextLine());
            Lan.await("the id in the state file", () -> Files.exists(state));
            lan.ip("h1", "link set eth0 down");
            server.getOutputStream().write('\n');
            server.getOutputStream().flush();
            assertTrue(relay.nextLine().endsWith("; trying again until it works, the input waits"));
            assertEquals("the client does not read", said.readLine());
            relay.signal("TERM");
            assertTrue(relay.process.waitFor(10, TimeUnit.SECONDS), "took too long");
            Script.Ended ended = relay.end();
            assertEquals(143, ended.status());
            assertEquals("0\n", Files.readString(state));
            assertTrue(ended.out().contains(" received, 1 sent, 1 bytes, 0 skipped, 1 failed"), ended.out());
        } finally {
            server.destroyForcibly();
            lan.ip("h1", "link set eth0 up");
        }
    }

    /** One event; after a line of input as many as the client takes. */
    private static final String STREAM = """
        import socket, sys
        server = socket.create_server(("127.0.0.1", 16022))
        print("listening", flush=True)
        client = server.accept()[0]
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\nid: 0\\ndata:\\n\\n")
        sys.stdin.readline()
        client.settimeout(1)
        try:
            for number in range(1, 1000000):
                client.sendall(b"id: %d\\ndata: %s\\n\\n" % (number, b"x" * 1000))
        except TimeoutError:
            print("the client does not read", flush=True)
        sys.stdin.readline()
        """;

    @Test
    void aNameThatHasMovedIsFound() throws Exception {
        Script receiver = listen("h2", 5017, "-F", "{data}", "5017");
        lan.hosts("h1", "172.16.0.1 receiver.test");
        Script sender = startTalking("h1", "-Dsun.net.inetaddr.ttl=1", "UdpSend", "-m", "x", "receiver.test:5017");
        assertEquals("udp-send: receiver.test:5017: " + WAITS, sender.nextLine());
        lan.hosts("h1", "192.168.8.2 receiver.test");
        assertReceived("x", receiver);
        assertEquals("udp-send: receiver.test:5017: goes to 192.168.8.2 now", sender.nextLine());
        assertEquals(0, sender.end().status());
    }

    @Test
    void multicastLoopIsSwitchedOff() throws Exception {
        Script here = listen("h1", 5018, "-F", "{data}", "-I", "eth0", "239.1.2.5:5018");
        Script there = listen("h2", 5018, "-F", "{data}", "239.1.2.5:5018");
        send("-I", "eth0", "--no-multicast-loop", "-m", "others only", "239.1.2.5:5018");
        send("-I", "eth0", "-m", "all", "239.1.2.5:5018");
        send("-I", "eth0", "--multicast-loop", "-m", "all again", "239.1.2.5:5018");
        assertReceived("others only", there);
        assertReceived("all", there);
        assertReceived("all", here);
        assertReceived("all again", here);
    }

    @Test
    void allDoesNotFallBackToTheLoopbackWhileItRuns() throws Exception {
        Script receiver = listen("h1", 5019, "-F", "{data}", "5019");
        Script own = listen("h4", 5019, "5019");
        Script sender = startTalking("h4", "UdpSend", "all:5019");
        OutputStream in = sender.process.getOutputStream();
        write(in, "0");
        assertReceived("0", receiver);
        lan.ip("h4", "link set eth1 down");
        write(in, "1");
        assertTrue(sender.nextLine().endsWith("; trying again until it works, the input waits"));
        lan.ip("h4", "link set eth1 up");
        assertReceived("1", receiver);
        in.close();
        assertTrue(sender.nextLine().endsWith(": works again"));
        assertEquals("udp-send: 2 received, 2 sent, 2 bytes, 0 skipped, 0 failed", sender.nextLine());
        assertTrue(own.nextLine().startsWith("{\"from\":\"10.9.0.4:"));
        assertTrue(own.nextLine().startsWith("{\"from\":\"10.9.0.4:"));
    }

    @Test
    void aTargetThatFailsTakesNoTurnsOfTheRate() throws Exception {
        Script receiver = listen("h2", 5020, "-F", "{json}", "5020");
        Script sender = start("h1", "UdpSend", "-q", "--rate", "20", "--on-error", "skip",
            "172.16.0.1:5020", "192.168.8.2:5020");
        sender.input("x\n".repeat(21)).end().assertIs(0, "");
        Instant first = time(receiver.nextLine());
        Instant last = first;
        for (int i = 1; i <= 20; i++) {
            last = time(receiver.nextLine());
        }
        long millis = Duration.between(first, last).toMillis();
        assertTrue(millis > 900 && millis < 1600, "20 intervals of 50 ms took " + millis + " ms");
    }

    private static Instant time(String json) {
        return Instant.parse(json.replaceFirst(".*\"time\":\"", "").replaceFirst("\".*", ""));
    }

    @Test
    void aDryRunShowsTargetsThatCannotBeReachedToo() throws Exception {
        Script.Ended ended = start("h1", "UdpSend", "-n", "-m", "x", "172.16.0.1:5021", "192.168.8.2:5021").end();
        assertEquals(0, ended.status());
        assertEquals(List.of("172.16.0.1:5021: Network is unreachable: 1 bytes", "192.168.8.2:5021 (eth0): 1 bytes"),
            ended.out().lines().toList());
    }
}
