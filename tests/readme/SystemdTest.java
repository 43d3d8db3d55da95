package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tests.support.Lan;
import tests.support.Readme;
import tests.support.Script;

/** The unit as a machine runs it: by a systemd of its own, in namespaces of its own. */
class SystemdTest {

    /**
     * Boots; then BOOTED happens beside it, for so long at the most. What systemd writes to is hidden from the machine
     * around it: folders, the console, the kernel's settings.
     */
    private static final String BOOT = """
        set -e
        exec 2>&1
        hide() { mount -t tmpfs none "$1"; }
        umount -R /sys/fs/cgroup
        mount -t cgroup2 none /sys/fs/cgroup
        for console in /dev/console /dev/tty0; do
          if [ -e $console ]; then mount --bind /dev/null $console; fi
        done
        hide /run
        hide /usr/local/bin
        hide /usr/local/share
        hide /usr/local/lib
        hide /var/lib
        hide /var/tmp
        mkdir /run/tmp
        mount --bind /tmp /run/tmp
        hide /tmp
        for folder in /run/tmp/*/; do
          mkdir "/tmp/$(basename "$folder")"
          mount --bind "$folder" "/tmp/$(basename "$folder")" 2> /dev/null || rmdir "/tmp/$(basename "$folder")" # gone meanwhile
        done
        hide /lib/systemd/system-generators
        hide /mnt
        cp -a /etc/. /mnt
        rm -rf /mnt/systemd/system/*
        mount --move /mnt /etc
        hide /mnt
        cp -a /lib/systemd/system/{basic,sysinit,network,multi-user}.target /lib/systemd/system/systemd-journald* /mnt
        mount --move /mnt /lib/systemd/system
        mount --make-rshared /
        """ + Lan.ALONE + """
        mount --bind /proc/sys /proc/sys
        mount -o remount,bind,ro /proc/sys
        (timeout 240 bash BOOTED < /dev/null; echo over) &
        exec env container=other /lib/systemd/systemd --system --unit=multi-user.target --show-status=0 > /dev/null 2>&1
        """;

    @TempDir
    Path folder;

    @Test
    @Timeout(300)
    void recipeTypedFromTheTopRelaysOutlivesA404ComesBackWhenKilledAndKeepsItsState() throws Exception {
        Script.Ended found = Script.shell("test -x /lib/systemd/systemd && unshare --mount --net --cgroup ip link set lo up"
            + " && findmnt -nt cgroup2 -o TARGET | head -n 1");
        Path cgroup = Path.of(found.out().strip(), "sse-to-udp-test-" + ProcessHandle.current().pid());
        boolean possible = found.status() == 0 && Script.shell("mkdir '" + cgroup + "' && rmdir '" + cgroup + "'").status() == 0;
        assumeTrue(possible, "needs root, unshare, ip, systemd and cgroup2");
        assumeTrue(Lan.has("socat"), "needs socat");
        Path booted = Files.writeString(folder.resolve("booted"), booted());
        Path boot = Files.writeString(folder.resolve("boot"), BOOT.replace("BOOTED", booted.toString()));
        List<String> lines = new ArrayList<>();
        try (Script machine = Script.start(List.of("bash", "-c", "mkdir '" + cgroup + "' && echo $$ > '" + cgroup + "/cgroup.procs'"
                + " && exec unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child --mount-proc bash " + boot))) {
            for (String line = machine.nextLine(); line != null && !line.equals("over"); line = machine.nextLine()) {
                lines.add(line);
            }
            machine.process.destroyForcibly().waitFor();
        } finally {
            Script.shell("until ! test -d '" + cgroup + "' || find '" + cgroup + "' -depth -type d -exec rmdir {} +; do sleep 0.1; done");
        }
        List<String> told = lines.subList(Math.max(0, lines.indexOf("relays")), lines.size());
        assertEquals(List.of("relays", "hello", "NRestarts=0", "comes back", "hello", "NRestarts=1",
            "sse-to-udp 1.0.0", "Result=success", "ActiveState=inactive"), told.subList(0, Math.min(9, told.size())), () -> String.join("\n", lines));
        assertTrue(told.get(9).matches("[a-z0-9]+-[0-9]+"), told::toString);
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("next: write /etc/sse-to-udp/panel.conf")), lines::toString);
        assertTrue(told.stream().anyMatch(line -> line.matches(".* Stopped .*(sse-to-udp|Server-Sent Events).*")), told::toString);
        assertFalse(lines.stream().anyMatch(line -> line.contains("secret")), lines::toString);
    }

    /** The lines of the recipe, as they are typed; only the address of the server is another. */
    private static List<String> recipe() throws Exception {
        List<String> lines = Readme.block("service").lines().map(line -> line.replace("sudo ", "")
            .replace("'http://192.168.8.20:16021/api/v1/TOKEN/events?id=4'", "'http://127.0.0.1:16021/events?token=secret'")).toList();
        assertEquals(6, lines.size());
        assertEquals("./jbang install --service", lines.get(0));
        assertEquals("systemctl enable --now sse-to-udp@panel", lines.get(3));
        assertEquals("journalctl -fu sse-to-udp@panel", lines.get(4));
        assertEquals("git pull && ./jbang install --service && systemctl restart 'sse-to-udp@*'", lines.get(5));
        return lines;
    }

    private String booted() throws Exception {
        List<String> recipe = recipe();
        String listen = String.join(" ", Script.command("UdpListen", "-m", "25", "-c", "1", "-F", "{data}", "5000"));
        String serve = "(while sleep 0.1; do echo hello; done | " + String.join(" ", Script.command("SseServe", "-q", "-p", "16021")) + ") & server=$!";
        String journal = recipe.get(4).replace("-fu", "-u");
        return String.join("\n",
            "cd " + Script.root(),
            "export JAVA_HOME=" + System.getProperty("java.home"),
            "printf 'HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n' > /tmp/not-yet",
            "until systemctl start systemd-journald 2> /dev/null; do sleep 0.1; done",
            "set -m",
            serve,
            recipe.get(0),
            "hash -r",
            recipe.get(1),
            "kill -- -$server; while ss -ltn | grep -q :16021; do sleep 0.1; done",
            "socat TCP-LISTEN:16021,bind=127.0.0.1,reuseaddr,fork SYSTEM:'cat /tmp/not-yet' & away=$!",
            recipe.get(2) + " > /dev/null",
            recipe.get(3),
            "until " + journal + " | grep -q 'HTTP status 404'; do sleep 0.1; done",
            "kill $away",
            serve,
            "echo relays",
            listen,
            "systemctl show -p NRestarts sse-to-udp@panel",
            "systemctl kill -s KILL sse-to-udp@panel",
            "until systemctl show -p NRestarts sse-to-udp@panel | grep -q =1; do sleep 0.1; done",
            "echo comes back",
            listen,
            "systemctl show -p NRestarts sse-to-udp@panel",
            "cd / && setpriv --reuid=65534 --regid=65534 --clear-groups sse-to-udp --version",
            "systemctl stop sse-to-udp@panel",
            "systemctl show -p Result sse-to-udp@panel",
            "systemctl show -p ActiveState sse-to-udp@panel",
            "cat /var/lib/private/sse-to-udp/panel/id",
            "journalctl --sync",
            "journalctl --no-pager -u sse-to-udp@panel");
    }
}
