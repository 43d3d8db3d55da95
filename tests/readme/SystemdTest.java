package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import tests.support.Installed;
import tests.support.Lan;
import tests.support.Machine;
import tests.support.Readme;
import tests.support.Script;

/**
 * The service as the pages show it, typed on one machine with a systemd of its own: the repository is cloned, the first
 * line of the recipe is typed once for all, and the panel answers each request with one event after the other.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SystemdTest {
    private static final Path OPERATION = Script.root().resolve("docs/operation.md");
    private static final String LISTEN = "udp-listen -m 25 -c 1 -F '{data}' ";
    private static final String FILES =
        "find /usr/local/bin /usr/local/lib /usr/local/share ! -type d -o -name 'sse-to-udp*' | sort";

    @TempDir
    static Path folder;

    private static Machine machine;
    private static List<String> recipe;
    private static List<String> before;
    private static Machine.Typed installed;

    @BeforeAll
    static void install() throws Exception {
        for (String command : List.of("git", "socat", "script")) {
            assumeTrue(Lan.has(command), "needs " + command);
        }
        recipe = Readme.block("service").lines().toList();
        assertEquals(6, recipe.size());
        // Another class installs anew into the one that all share.
        Path shared = Installed.home().resolve(".local");
        Path another = folder.resolve("another");
        Script.Ended copy = Script.shell("mkdir -p '" + another + "/share' && cd '" + shared + "' && cp -a bin '" + another
            + "' && cp -a share/sse-to-udp '" + another + "/share' && sed -i 's|" + shared + "|" + another + "|g' '" + another
            + "'/bin/*");
        assertEquals(0, copy.status(), copy.err());
        Script.Ended origin = Script.shell("cd '" + folder + "' && mkdir upstream && cd '" + Script.root() + "'"
            + " && cp -a .gitignore *.md jbang* *.java docs examples lib '" + folder + "/upstream'"
            + " && cd '" + folder + "/upstream' && git init -q && git add . && " + commit("first")
            + " && git clone -q --bare . ../sse-to-udp.git");
        assertEquals(0, origin.status(), origin.err());
        machine = new Machine(folder);
        before = machine.type(FILES).lines();
        String clone = Files.readAllLines(Script.root().resolve("README.md")).stream()
            .filter(line -> line.startsWith("git clone ")).findFirst().orElseThrow()
            .replace("https://HOST/PATH", folder.toString());
        machine.type(
            "cat > /run/panel <<'END'",
            "while read -r line && [ \"${line%$'\\r'}\" ]; do :; done",
            "if [ -e /run/restarting ]; then",
            "  printf 'HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n'; exit",
            "fi",
            "printf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\nConnection: close\\r\\n\\r\\n'",
            "while printf 'id: 4\\ndata: hello\\n\\n'; do sleep 0.2; done",
            "END",
            "for port in 80 16021; do socat TCP-LISTEN:$port,reuseaddr,fork EXEC:'bash /run/panel' > /dev/null 2>&1 & done",
            // What JBang makes of other versions of the scripts goes with the machine.
            "mkdir -p /run/jbang/cache/jars",
            "cp -r ~/.jbang/cache/jars/{sse,udp}-* /run/jbang/cache/jars",
            "cp ~/.jbang/cache/*.json /run/jbang/cache",
            "export JBANG_DIR=/run/jbang JAVA_HOME=" + System.getProperty("java.home"),
            "mkdir /run/home && cd /run/home",
            clone).assertSucceeds();
        installed = machine.type(recipe.get(0)).assertSucceeds();
        machine.type("another='" + another + "'", "hash -r");
    }

    @AfterAll
    static void end() throws Exception {
        if (machine != null) {
            machine.close();
        }
    }

    private static String commit(String message) {
        return "git -c user.name=x -c user.email=x@localhost commit -qam '" + message + "'";
    }

    /** Writes what the recipe writes for the panel into another file, with another port. */
    private static String conf(String name, int port) {
        return recipe.get(2).replace("panel.conf", name + ".conf").replace(":5000", ":" + port) + " > /dev/null";
    }

    private static void assertRelays(int port, String text) throws IOException {
        machine.type(LISTEN + port).assertIs(text);
    }

    @Test
    @Order(1)
    void recipeTypedFromTheTopRelaysOutlivesA404ComesBackWhenKilledAndKeepsItsState() throws Exception {
        assertTrue(installed.toString().contains("\nnext: write /etc/sse-to-udp/panel.conf"), installed::toString);
        Machine.Typed tried = machine.type(recipe.get(1)).assertSucceeds();
        assertEquals(List.of("hello"), tried.lines().stream().filter(line -> !line.startsWith("sse-to-udp: ")).toList());
        machine.type("touch /run/restarting", recipe.get(2) + " > /dev/null", recipe.get(3)).assertSucceeds();
        machine.type("timeout 60 " + recipe.get(4) + " 2>&1 | grep -m 1 'HTTP status 404'", "rm /run/restarting")
            .assertSucceeds();
        assertRelays(5000, "hello");
        machine.type("systemctl show -p NRestarts sse-to-udp@panel").assertIs("NRestarts=0");
        machine.type("systemctl kill -s KILL sse-to-udp@panel",
            "await 'systemctl show -p NRestarts sse-to-udp@panel | grep -q =1'").assertSucceeds();
        assertRelays(5000, "hello");
        machine.type("systemctl show -p NRestarts sse-to-udp@panel", "systemctl stop sse-to-udp@panel",
            "systemctl show -p Result sse-to-udp@panel", "systemctl show -p ActiveState sse-to-udp@panel",
            "cat /var/lib/private/sse-to-udp/panel/id")
            .assertIs("NRestarts=1", "Result=success", "ActiveState=inactive", "4");
        String journal = machine.type("journalctl --sync", "journalctl --no-pager -u sse-to-udp@panel")
            .assertSucceeds().toString();
        for (String line : List.of(
                ".*: connected to http://192.168.8.20:16021/\u2026, sending to 192.168.8.255:5000 \\(lan0\\)",
                ".* Stopped .*(sse-to-udp|Server-Sent Events).*")) {
            assertTrue(journal.lines().anyMatch(told -> told.matches(line)), journal);
        }
        assertFalse(journal.contains("TOKEN"), journal);
    }

    @Test
    @Order(2)
    void anotherUserRunsTheCommands() throws Exception {
        machine.type(
            "cat > /run/another <<'END'",
            "cd /",
            "for tool in " + String.join(" ", Installed.TOOLS) + "; do $tool --version; done",
            "udp-listen -q -m 25 -c 1 -F '{data}' 5000 &",
            "until ss -Hlun | grep -q :5000; do sleep 0.1; done",
            "sse-to-udp -q -c 1 http://192.168.8.20:16021/ 192.168.8.255:5000",
            "wait",
            "END",
            "chmod a+r /run/another",
            "timeout 60 setpriv --reuid=65534 --regid=65534 --clear-groups"
                + " env -i PATH=/usr/local/bin:/usr/bin:/bin bash /run/another").assertIs(
            "sse-listen 1.0.0", "udp-send 1.0.0", "sse-to-udp 1.0.0", "udp-listen 1.0.0", "sse-serve 1.0.0", "hello");
    }

    @Test
    @Order(3)
    void unitIsForAnOlderSystemdWithTheLinesOfThePage() throws Exception {
        String page = Files.readString(OPERATION).replace("panel", "porch");
        String edit = Readme.code(page, "which has no `LoadCredential` |").get(0);
        List<String> around = Readme.code(page, "Create the user first");
        Files.writeString(folder.resolve("lines"), Readme.block("old-systemd").replace("panel", "porch"));
        machine.type(conf("porch", 5001),
            around.get(0),
            around.get(1),
            // An editor wants a terminal.
            "SYSTEMD_EDITOR='cp " + folder + "/lines' script -qec '" + edit.replace("sudo ", "") + "' /dev/null > /dev/null",
            "systemctl enable --now sse-to-udp@porch").assertSucceeds();
        assertRelays(5001, "hello");
        machine.type("ps -o user= -p $(systemctl show -P MainPID sse-to-udp@porch)",
            "systemctl show -p LoadCredential sse-to-udp@porch | grep -c porch.conf",
            "systemctl disable --now sse-to-udp@porch 2> /dev/null",
            "systemctl show -p Result sse-to-udp@porch",
            "stat -c '%U %F' /var/lib/sse-to-udp/porch",
            "cat /var/lib/sse-to-udp/porch/id")
            .assertIs("porch", "0", "Result=success", "porch directory", "4");
    }

    @Test
    @Order(4)
    void scriptOfOnesOwnRunsFromItsJarsByTheUnitOfThePage() throws Exception {
        String java = machine.type("java -version 2>&1").toString();
        assumeTrue(java.contains("\"" + Runtime.version().feature() + "."), "the unit starts another Java than the one that compiles");
        List<String> write = Readme.code(Files.readString(OPERATION), "Write the unit to");
        Files.writeString(folder.resolve("unit"), Readme.block("own-unit"));
        machine.type(Readme.block("init").lines().findFirst().orElseThrow(), Readme.block("own-service").strip())
            .assertSucceeds();
        // Neither JBang nor the checkout is needed.
        machine.type("rm -r Touch.java out", "cp " + folder + "/unit " + write.get(0), write.get(1)).assertSucceeds();
        assertRelays(5000, "Recv message form SSE Server!");
        machine.type("systemctl disable --now touch 2> /dev/null", "systemctl show -p Result touch")
            .assertIs("Result=success");
    }

    @Test
    @Order(5)
    void upgradeTouchesNoFileOfTheUsersAndRestartsEachRelayWithTheNewVersion() throws Exception {
        String users = "stat -c '%n %y %z %a %U' /etc/sse-to-udp/* $override && sha256sum /etc/sse-to-udp/* $override"
            + " && git status --porcelain";
        machine.type("override=/etc/systemd/system/sse-to-udp@panel.service.d/override.conf", "mkdir -p ${override%/*}",
            "printf '%s\\n' '[Service]' 'Nice=5' > $override", conf("panel", 5000), conf("hall", 5001),
            "systemctl enable --now sse-to-udp@panel sse-to-udp@hall").assertSucceeds();
        assertRelays(5000, "hello");
        assertRelays(5001, "hello");
        machine.type("for name in panel hall; do ps -o uid= -p $(systemctl show -P MainPID sse-to-udp@$name); done"
            + " | sort -u | awk '{ print ($1 >= 61184 && $1 <= 65519) ? \"a dynamic user\" : $1 }'")
            .assertIs("a dynamic user");
        List<String> untouched = machine.type(users).assertSucceeds().lines();
        String was = jars();
        Script.Ended push = Script.shell("cd '" + folder + "/upstream'"
            + " && sed -i 's/sse.format(\"{data}\")/sse.format(\"new {data}\")/' sse-to-udp.java"
            + " && sed -i 's/^Description=/Description=New /' examples/sse-to-udp@.service"
            + " && " + commit("second") + " && git push -q ../sse-to-udp.git HEAD");
        assertEquals(0, push.status(), push.err());
        Machine.Typed upgrade = machine.type(recipe.get(5)).assertSucceeds();
        assertTrue(upgrade.lines().contains("next: systemctl restart 'sse-to-udp@*'"), upgrade::toString);
        assertTrue(upgrade.toString().contains("\nsomething runs from " + was + ": it stays until "), upgrade::toString);
        assertRelays(5000, "new hello");
        assertRelays(5001, "new hello");
        assertEquals(untouched, machine.type(users).assertSucceeds().lines());
        machine.type("systemctl show -P Description sse-to-udp@hall", "systemctl show -P Nice sse-to-udp@panel",
            "pgrep -fc '" + was + "'")
            .assertIs("New Server-Sent Events to UDP datagrams (hall)", "5", "0");
    }

    private static String jars() throws IOException {
        return machine.type("sed -n 's/^# jars in //p' /usr/local/bin/sse-to-udp").assertSucceeds().lines().get(0);
    }

    @Test
    @Order(6)
    void uninstallLeavesNothingButTheUsersFilesAndAnotherInstallation() throws Exception {
        List<String> remove = Readme.code(Files.readString(OPERATION), "To remove the service");
        assertEquals("sudo ./jbang uninstall --service", remove.get(1));
        String users = "find /etc/sse-to-udp /var/lib/private/sse-to-udp -type f -exec sha256sum {} + | sort";
        String others = "find \"$another\" -type f -exec sha256sum {} + | sort"
            + "; find \"$another\" -printf '%p %t %l\\n' | sort";
        machine.type(conf("panel", 5000), conf("hall", 5001)).assertSucceeds();
        List<String> kept = machine.type(users).assertSucceeds().lines();
        List<String> untouched = machine.type(others).assertSucceeds().lines();
        machine.type("systemctl disable --now sse-to-udp@hall sse-to-udp@panel", remove.get(0)).assertSucceeds();
        machine.type(remove.get(1)).assertIs(
            "removed /usr/local/lib/systemd/system/sse-to-udp@.service; /etc/sse-to-udp and /var/lib/sse-to-udp are yours",
            "removed from /usr/local/bin: " + String.join(" ", Installed.TOOLS));
        machine.type(FILES).assertIs(before.toArray(String[]::new));
        assertEquals(kept, machine.type(users).assertSucceeds().lines());
        assertEquals(untouched, machine.type(others).assertSucceeds().lines());
        machine.type("\"$another\"/bin/sse-to-udp --version").assertIs("sse-to-udp 1.0.0");
        machine.type("systemctl cat sse-to-udp@hall").assertStatus(1);
    }
}
