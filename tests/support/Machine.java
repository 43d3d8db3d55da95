package tests.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A machine with a systemd of its own, in namespaces of its own, and root's shell on it. It has the address 192.168.8.1,
 * is the host 192.168.8.20 too, and ends with all that runs on it by {@link #close}.
 */
public final class Machine implements AutoCloseable {
    /**
     * Boots; then a shell reads standard input, and at its end the machine ends. What systemd and the shell write to is
     * hidden from the machine around it: folders, the console, the kernel's settings.
     */
    private static final String BOOT = """
        set -e
        exec 2>&1 3<&0 < /dev/null
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
        hide /opt
        hide /var/lib
        hide /var/tmp
        mkdir /run/tmp
        mount --bind /tmp /run/tmp
        hide /tmp
        for folder in /run/tmp/*/; do
          mkdir "/tmp/$(basename "$folder")"
          # It may be gone meanwhile.
          mount --bind "$folder" "/tmp/$(basename "$folder")" 2> /dev/null || rmdir "/tmp/$(basename "$folder")"
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
        ip address add 192.168.8.20/24 dev lan0
        mount --bind /proc/sys /proc/sys
        mount -o remount,bind,ro /proc/sys
        (bash --norc -s <&3 3<&- || true; systemctl --force exit) &
        exec env container=other /lib/systemd/systemd --system --unit=multi-user.target --show-status=0 > /dev/null 2>&1 3<&-
        """;

    /** What the shell knows: sudo, which root does not need, and how to wait for something that tells of itself only. */
    private static final String PROFILE = """
        sudo() { "$@"; }
        await() {
          for turn in {1..600}; do
            if eval "$1" > /dev/null 2>&1; then return; fi
            sleep 0.1
          done
          echo "waited in vain for: $1"
          return 1
        }
        await 'systemctl start systemd-journald'
        """;

    private final Path cgroup;
    private final Script shell;
    private boolean answers = true;

    /**
     * Boots a machine.
     *
     * @param folder for files of its own; it is seen on the machine, as is all that is in /tmp by now
     */
    public Machine(Path folder) throws Exception {
        Script.Ended found = Script.shell("test -x /lib/systemd/systemd && unshare --mount --net --cgroup ip link set lo up"
            + " && findmnt -nt cgroup2 -o TARGET | head -n 1");
        cgroup = Path.of(found.out().strip(), "sse-to-udp-test-" + ProcessHandle.current().pid());
        assumeTrue(found.status() == 0 && Script.shell("mkdir '" + cgroup + "' && rmdir '" + cgroup + "'").status() == 0,
             "needs root, unshare, ip, systemd and cgroup2");
        Path boot = Files.writeString(folder.resolve("boot"), BOOT);
        shell = Script.start(List.of("bash", "-c", "mkdir '" + cgroup + "' && echo $$ > '" + cgroup + "/cgroup.procs'"
            + " && exec unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child --mount-proc bash " + boot));
        try {
            type(PROFILE).assertSucceeds();
        } catch (Exception | AssertionError failure) {
            close();
            throw failure;
        }
    }

    /** What was written to either output, and the status of the last command. */
    public record Typed(int status, List<String> lines) {
        public Typed assertSucceeds() {
            return assertStatus(0);
        }

        public Typed assertStatus(int expected) {
            assertEquals(expected, status, this::toString);
            return this;
        }

        public Typed assertIs(String... expected) {
            assertEquals(Arrays.asList(expected), lines, this::toString);
            return this;
        }

        @Override
        public String toString() {
            return String.join("\n", lines) + "\nstatus " + status;
        }
    }

    /** Types these lines and waits until the last one is done. */
    public Typed type(String... lines) throws IOException {
        assertTrue(answers, "an earlier line is not done");
        answers = false;
        OutputStream in = shell.process.getOutputStream();
        String typed = "{\n" + String.join("\n", lines) + "\n} < /dev/null\necho \"typed: $?\"\n";
        in.write(typed.getBytes(StandardCharsets.UTF_8));
        in.flush();
        List<String> told = new ArrayList<>();
        for (String line = shell.nextLine(); line != null; line = shell.nextLine()) {
            if (line.startsWith("typed: ")) {
                answers = true;
                return new Typed(Integer.parseInt(line.substring(7)), told);
            }
            told.add(line);
        }
        return fail("the machine is gone: " + told);
    }

    @Override
    public void close() throws IOException {
        shell.process.destroyForcibly().onExit().join();
        new ProcessBuilder("bash", "-c", "until ! test -d '" + cgroup + "' || find '" + cgroup
            + "' -depth -type d -exec rmdir {} + 2> /dev/null; do sleep 0.1; done").start().onExit().join();
    }
}
