package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tests.support.Installed;
import tests.support.Lan;
import tests.support.Readme;
import tests.support.Script;
import tests.support.SseServer;
import tests.support.SseServing;
import tests.support.UdpReceiver;

/** Run for good: the systemd unit, a start without a network, exported jars, completion in the shell. */
class OperationTest {
    private static final String UNIT = "examples/sse-to-udp@.service";

    @TempDir
    Path folder;

    private Path javaOnThePath() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    // ---- the unit ----

    @Test
    void systemdFindsNothingWrongWithTheUnit() throws Exception {
        assumeTrue(Lan.has("systemd-analyze"), "needs systemd-analyze");
        Path unit = Files.writeString(folder.resolve("sse-to-udp@.service"),
            Files.readString(Script.root().resolve(UNIT)).replace("/usr/local/bin/sse-to-udp", "/bin/true"));
        Script.shell("systemd-analyze verify --man=no '" + unit + "'").assertIs(0, "");
        Script.Ended exposure = Script.shell("systemd-analyze security --offline=true --threshold=20 '" + unit + "'");
        assertEquals(0, exposure.status(), () -> exposure.out() + exposure.err());
    }

    @Test
    void commandOfTheUnitRelaysKeepsItsStateAndEndsWithAStatusTheUnitExpects() throws Exception {
        List<String> unit = Files.readAllLines(Script.root().resolve(UNIT));
        try (SseServing server = SseServing.start("--json", "--wait", "1"); UdpReceiver receiver = new UdpReceiver()) {
            server.lines("{\"id\":\"4\",\"data\":\"hello\"}");
            Files.writeString(folder.resolve("panel.conf"), Files.readString(Script.root().resolve("examples/panel.conf"))
                .replaceFirst("(?m)^http:.*", Matcher.quoteReplacement(server.url("/events?secret")))
                .replace("192.168.8.255:5000", receiver.target()));
            String command = unit.stream().filter(line -> line.startsWith("ExecStart=")).findFirst().orElseThrow()
                .replaceFirst("^ExecStart=/usr/local/bin/sse-to-udp", Matcher.quoteReplacement(String.join(" ", Script.command("SseToUdp"))))
                .replace("${STATE_DIRECTORY}", folder.toString()).replace("${CREDENTIALS_DIRECTORY}", folder.toString())
                .replace("%i", "panel");
            try (Script relay = Script.start(List.of(command.split(" ")))) {
                assertEquals("hello", receiver.nextText());
                relay.signal("TERM");
                Script.Ended ended = relay.end();
                assertTrue(unit.contains("SuccessExitStatus=" + ended.status()), ended.err());
                assertFalse(ended.err().contains("secret"), ended.err());
                assertEquals("4", Files.readString(folder.resolve("id")).strip());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"http://127.0.0.1:8080/, .*unreachable.*", "http://relay.example/, .*"})
    void linesAreFitForTheJournalWhileThereIsNoNetwork(String url, String reason) throws Exception {
        Lan.assumeNamespaces();
        try (Script relay = inNamespace("exec " + relay(url) + " --max-retries 1 --retry-delay 0.1")) {
            Script.Ended ended = relay.input("").end();
            assertEquals(6, ended.status(), ended.out());
            List<String> lines = ended.out().lines().toList();
            assertEquals(2, lines.size(), ended.out());
            for (String line : lines) {
                assertTrue(line.matches("sse-to-udp: http://[a-z0-9.:]+/?[^\\p{Cntrl}]*"), line);
                assertTrue(line.matches(reason), line);
            }
        }
    }

    @Test
    void startBeforeTheNetworkIsUpRelaysAsSoonAsItIs() throws Exception {
        Lan.assumeNamespaces();
        String listen = String.join(" ", Script.command("UdpListen", "-v", "-c", "1", "-F", "'received {data}'", "5000"));
        String serve = String.join(" ", Script.command("SseServe", "-q", "--wait", "1"));
        try (Script relay = inNamespace(String.join("\n",
                relay("http://127.0.0.1:8080/events") + " --retry-delay 0.1 --retry-max-delay 0.2 &",
                "read -r; ip link set lo up",
                "exec 3< <(exec " + listen + " 2>&1); read -ru 3",
                "echo hello | " + serve + " &",
                "cat <&3"))) {
            String first = relay.nextLine();
            assertTrue(first.matches("sse-to-udp: .*unreachable.*; connecting again in .*"), first);
            relay.process.getOutputStream().write('\n');
            relay.process.getOutputStream().flush();
            String line = relay.nextLine();
            while (line != null && !line.equals("received hello")) {
                line = relay.nextLine();
            }
            assertEquals("received hello", line);
        }
    }

    /** Java remembers for 10 s that there was no such name, unless told otherwise; the relay asks ten times a second. */
    @Test
    void nameThatWasMissingIsFoundAtTheNextAttempt() throws Exception {
        Lan.assumeNamespaces();
        Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 localhost\n");
        Files.writeString(folder.resolve("resolv.conf"), "");
        try (Script relay = inNamespace(String.join("\n",
                "ip link set lo up; mount --bind " + hosts + " /etc/hosts; mount --bind " + hosts.resolveSibling("resolv.conf") + " /etc/resolv.conf",
                "exec " + relay("http://panel.test:9/") + " --retry-delay 0.1 --retry-max-delay 0.1"))) {
            assertTrue(relay.nextLine().contains("host not found"));
            Files.writeString(hosts, "127.0.0.1 localhost panel.test\n");
            int unknown = 0;
            for (String line = relay.nextLine(); !line.contains("connection refused"); line = relay.nextLine()) {
                unknown++;
            }
            assertTrue(unknown <= 5, unknown + " attempts");
        }
    }

    /** As bash does: it goes on with its loop unless SIGINT has ended the command. */
    @Test
    void commandThatWasInterruptedHasDiedOfSigint() throws Exception {
        assumeTrue(Lan.has("python3"), "needs python3");
        Path program = Files.writeString(folder.resolve("interrupt.py"), """
            import signal, subprocess, sys
            command = subprocess.Popen(sys.argv[1:], stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            command.stderr.readline()
            command.send_signal(signal.SIGINT)
            print(command.wait(), command.stderr.read().decode())
            """);
        List<String> command = new ArrayList<>(List.of("python3", program.toString()));
        command.addAll(Script.command("SseToUdp", "http://127.0.0.1:9/", "127.0.0.1:9"));
        try (Script script = Script.start(command)) {
            Script.Ended ended = script.input("").end();
            assertTrue(ended.out().matches("-2 sse-to-udp: 0 received, [^\n]*\n\n"), ended.out());
        }
    }

    private static String relay(String url) {
        return String.join(" ", Script.command("SseToUdp", url, "127.255.255.255:5000"));
    }

    /** A shell with a loopback interface that is down and nothing else; both outputs come as one. */
    private static Script inNamespace(String commands) throws IOException {
        return Script.of(Lan.isolated("exec 2>&1\n" + commands).start());
    }

    // ---- without systemd ----

    /** Installed commands on a machine of their own; a panel repeats one event, and shows nothing. */
    private static ProcessBuilder withPanel(String lines) throws Exception {
        return Installed.in(Installed.home(), Lan.isolated(String.join("\n",
            "ip link set lo up",
            "commands=$HOME/.local/bin",
            "events() { while sleep 0.2; do echo '{\"id\":\"4\",\"data\":\"hello\"}'; done; }",
            "events | \"$commands/sse-serve\" --json -q 2> /dev/null &",
            "received() { \"$commands/udp-listen\" -q -m 60 -c 1 -F '{data}' 5000; }",
            "conf() { printf '%s\\n' http://127.0.0.1:8080/events 127.255.255.255:5000 > \"$1\"; }",
            lines)).command());
    }

    private static String page() throws IOException {
        return Files.readString(Script.root().resolve("docs/operation.md"));
    }

    @Test
    void loopStartsAKilledRelayAgain() throws Exception {
        String loop = Readme.code(page(), "| neither |").get(0);
        Path home = Files.createDirectory(folder.resolve("home"));
        try (SseServer server = SseServer.stream("data: hello\n\n"); UdpReceiver receiver = new UdpReceiver()) {
            Files.writeString(home.resolve("panel.conf"), server.url("/events") + "\n" + receiver.target() + "\n");
            ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", loop).directory(home.toFile());
            builder.environment().clear();
            builder.environment().putAll(Map.of("HOME", home.toString(), "PATH", Installed.commands() + ":/usr/bin:/bin"));
            try (Script shell = Script.of(builder.start())) {
                List<ProcessHandle> running = List.of();
                try {
                    server.next();
                    assertEquals("hello", receiver.nextText());
                    running = shell.process.descendants().toList();
                    assertEquals(1, running.size());
                    running.get(0).destroyForcibly();
                    server.next();
                    assertEquals("hello", receiver.nextText());
                    running = shell.process.descendants().toList();
                    assertEquals(1, running.size());
                    receiver.assertNothingMore();
                    assertEquals(0, server.further());
                } finally {
                    shell.process.destroyForcibly();
                    running.forEach(ProcessHandle::destroyForcibly);
                }
            }
        }
    }

    @Test
    void cronStartsTheRelayWhenTheMachineStarts() throws Exception {
        Lan.assumeNamespaces();
        assumeTrue(Lan.has("cron"), "needs cron");
        List<String> row = Readme.code(page(), "| no systemd, but cron |");
        assertEquals("crontab -e", row.get(0));
        // "with the full path of sse-to-udp"
        Path line = Files.writeString(folder.resolve("line"),
            row.get(1).replace(" sse-to-udp ", " /home/me/.local/bin/sse-to-udp ") + "\n");
        Files.setLastModifiedTime(line, FileTime.fromMillis(0));
        Path users = Files.writeString(folder.resolve("passwd"), Files.readString(Path.of("/etc/passwd"))
            + "me:*:12345:12345::/home/me:/bin/sh\n");
        Path nothing = Files.createFile(folder.resolve("crontab"));
        try (Script shell = Script.of(withPanel(String.join("\n",
                "set -e",
                "for hidden in /home /run /etc/cron.d /var/spool/cron; do mount -t tmpfs none $hidden; done",
                "mount --bind " + nothing + " /etc/crontab",
                "mount --bind " + users + " /etc/passwd",
                "mkdir -m 1730 /var/spool/cron/crontabs",
                "mkdir /home/me",
                "ln -s \"$HOME/.local\" /home/me/.local",
                "conf /home/me/panel.conf",
                "chown -R -h 12345:12345 /home/me",
                // It sees that a file has changed by its time, in whole seconds.
                "EDITOR='cp -p " + line + "' " + row.get(0) + " -u me 2> /dev/null",
                "env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin cron -f &",
                "received",
                "until [ -s /home/me/panel.id ]; do sleep 0.1; done",
                "stat -c %u /home/me/panel.id")).start())) {
            shell.input("").end().assertIs(0, "hello\n12345\n");
        }
    }

    /** Does what an engine does with these lines; the image is this machine's libraries and the Java of the tests. */
    @Test
    void containerOfThePageRelays() throws Exception {
        Lan.assumeNamespaces();
        String page = page();
        List<String> export = List.of(Readme.code(page, "For a container, export the jars with").get(0).split(" "));
        assertEquals("./jbang", export.get(0));
        Path built = Files.createDirectories(folder.resolve("container"));
        Script.Ended exported = Installed.jbang(Installed.home(), export.subList(1, export.size()).stream()
            .map(word -> word.startsWith("out/") ? built.resolve(word).toString() : word).toArray(String[]::new));
        assertEquals(0, exported.status(), exported.err());

        Map<String, String> image = new HashMap<>();
        Readme.block("container").lines().forEach(line -> image.put(line.split(" ", 2)[0], line.split(" ", 2)[1]));
        assertEquals(Set.of("FROM", "COPY", "USER", "WORKDIR", "ENTRYPOINT"), image.keySet());
        assertTrue(image.get("FROM").matches("eclipse-temurin:(\\d+)-jre.*"), image.get("FROM"));
        String[] copy = image.get("COPY").split(" ");
        List<String> entry = Pattern.compile("\"([^\"]*)\"").matcher(image.get("ENTRYPOINT")).results()
            .map(word -> word.group(1)).toList();
        String[] run = Readme.code(page, "Put `panel.conf` into a folder `conf`").get(1).split(" ");
        assertTrue(List.of(run).containsAll(List.of("--network", "host")), List.of(run).toString());
        String[] volume = run[List.of(run).indexOf("-v") + 1].replace("\"", "").split(":");
        assertEquals("$PWD/conf", volume[0]);

        try (Script shell = Script.of(withPanel(String.join("\n",
                "set -e",
                "umask 022",
                "cd " + built,
                "mkdir conf root",
                "conf conf/panel.conf",
                "mount -t tmpfs none root",
                "mkdir -p root/{proc,dev,tmp,etc,usr,opt/java/openjdk}",
                "chmod 1777 root/tmp",
                "see() { mkdir -p root$2; mount --rbind \"$1\" root$2; mount -o remount,bind,ro root$2; }",
                "for lib in /lib* /usr/lib*; do if [ -L $lib ]; then cp -P $lib root$lib; else see $lib $lib; fi; done",
                "mount -t tmpfs none root/usr/lib/jvm 2> /dev/null || true",
                "see '" + System.getProperty("java.home") + "' /opt/java/openjdk",
                "for settings in /etc/java*; do if [ -d $settings ]; then see $settings $settings; fi; done",
                "for device in /dev/{null,random,urandom}; do touch root$device; mount --bind $device root$device; done",
                "echo 'nobody:x:65534:65534::/:/sbin/nologin' > root/etc/passwd",
                "mount -t proc proc root/proc",
                "mkdir -p root" + copy[1] + " root" + image.get("WORKDIR"),
                "cp -r " + copy[0] + ". root" + copy[1],
                "see " + volume[0] + " " + volume[1],
                "user=$(sed -n 's/^" + image.get("USER") + ":x:\\([0-9]*\\):.*/\\1/p' root/etc/passwd)",
                "env -i PATH=/opt/java/openjdk/bin /usr/bin/unshare --root=root --wd=" + image.get("WORKDIR")
                    + " --setgid=$user --setuid=$user " + String.join(" ", entry) + " 2>&1 &",
                "received",
                "stat -c %u root/proc/$!")).start())) {
            Script.Ended ended = shell.input("").end();
            String connected = "sse-to-udp: connected to http://127.0.0.1:8080/\u2026, sending to 127.255.255.255:5000 (lo)";
            assertEquals(List.of(connected, "hello", "65534"), ended.out().lines().toList(), ended.err());
            assertEquals(0, ended.status(), ended.err());
        }
    }

    // ---- exports ----

    @Test
    @Timeout(300)
    void exportedScriptsWorkInAnEmptyHomeWithoutNetwork() throws Exception {
        Lan.assumeNamespaces();
        for (String script : List.of("sse-listen", "udp-send", "sse-to-udp", "examples/udp-listen", "examples/sse-serve")) {
            export("portable", script);
            assertTrue(Files.isDirectory(jar("portable", script).resolveSibling("lib")));
        }
        export("fatjar", "sse-to-udp");
        assertFalse(Files.exists(jar("fatjar", "sse-to-udp").resolveSibling("lib")));
        Path home = Files.createDirectory(folder.resolve("home"));
        String java = javaOnThePath() + " -XX:-UsePerfData -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -jar ";
        String relayed = " -q -c 1 http://127.0.0.1:8080/events 127.255.255.255:5001";
        ProcessBuilder builder = Lan.isolated(String.join("\n",
            "ip link set lo up; for hidden in ~root/.m2 ~root/.jbang; do mount -t tmpfs none \"$hidden\" || exit 9; done",
            "exec 3< <(while sleep 0.1; do echo hello; done | " + java + jar("portable", "sse-serve") + " 2>&1); read -ru 3",
            "exec 4< <(exec " + java + jar("portable", "udp-listen") + " -v -c 3 -F '{data}' 5001 2>&1); read -ru 4",
            java + jar("portable", "sse-listen") + " -c 1 -F '<{data}>' http://127.0.0.1:8080/events | "
                + java + jar("portable", "udp-send") + " -q 127.255.255.255:5001",
            java + jar("portable", "sse-to-udp") + relayed,
            java + jar("fatjar", "sse-to-udp") + relayed,
            "cat <&4"));
        builder.environment().put("HOME", home.toString());
        try (Script shell = Script.of(builder.start())) {
            shell.input("").end().assertIs(0, "<hello>\nhello\nhello\n");
        }
    }

    private Path jar(String kind, String script) {
        String name = Path.of(script).getFileName().toString();
        return folder.resolve(kind).resolve(name).resolve(name + ".jar");
    }

    private void export(String kind, String script) throws Exception {
        // It has built all of them.
        Script.Ended export = Installed.jbang(Installed.home(), "export", kind, "-O", jar(kind, script).toString(),
            Script.root().resolve(script + ".java").toString());
        assertEquals(0, export.status(), export.err());
    }

    // ---- completion ----

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "sse-listen|--st|--state-file",
        "sse-listen|--connect|--connect-timeout",
        "udp-send|--oversize=|fail,skip,truncate",
        "udp-send|--nu|--null",
        "sse-to-udp|--state|--state-file",
        "sse-to-udp|--max-|--max-redirs,--max-retries,--max-event-size,--max-time,--max-size",
    })
    void bashCompletes(String script, String typed, String expected) throws Exception {
        Path completion = completion(script);
        String word = typed.contains("=") ? "" : typed;
        String before = typed.contains("=") ? typed.replace("=", "") + " " : "";
        Script.Ended ended = Script.shell("source '" + completion + "'; compopt() { :; }; COMP_WORDS=(" + script + " " + before + "'" + word + "');"
            + " COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); $(complete -p " + script + " | sed 's/.*-F \\([^ ]*\\).*/\\1/');"
            + " printf '%s\\n' \"${COMPREPLY[@]}\"");
        assertEquals("", ended.err());
        assertEquals(List.of(expected.split(",")).stream().sorted().toList(), ended.out().lines().map(String::strip).sorted().toList());
    }

    @Test
    void zshCompletes() throws Exception {
        assumeTrue(Lan.has("zsh"), "needs zsh");
        // What is typed is ASCII, which zsh reads in every locale.
        Path completion = Files.copy(completion("sse-to-udp"), folder.resolve("completion"));
        Path script = Files.writeString(folder.resolve("type.zsh"), """
            zmodload zsh/zpty
            zpty shell env TERM=dumb zsh -f -i
            zpty -w shell "PS1=; autoload -U compinit && compinit -u; source '%s'; echo RE'A'DY"
            zpty -r shell output '*READY*'
            zpty -w -n shell $'sse-to-udp --state\\t'
            zpty -r shell output '*--state-file*'
            print -r -- ${${(M)output%%--state-file*}[1,12]}
            zpty -d shell
            """.formatted(completion));
        try (Script shell = Script.start(List.of("zsh", "-f", script.toString()))) {
            shell.input("").end().assertIs(0, "--state-file\n");
        }
    }

    private static Path completion(String script) throws Exception {
        return Installed.home().resolve(".local/share/bash-completion/completions").resolve(script);
    }
}
