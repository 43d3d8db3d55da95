package tests.support;

import java.io.IOException;
import java.net.IDN;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The hosts that the tests' own JVM knows: this one, and some names of several addresses. Any other is not found, and at
 * once, whatever name server this machine has.
 */
public final class Hosts {
    private static final String PROPERTY = "jdk.net.hosts.file";

    private Hosts() {}

    /** Takes effect if this JVM has not looked for any host yet. */
    public static void use() throws IOException {
        List<String> lines = new ArrayList<>(List.of("127.0.0.1 localhost localhost."));
        Path ownName = Path.of("/proc/sys/kernel/hostname");
        if (Files.exists(ownName)) {
            lines.add("127.0.0.1 " + Files.readString(ownName).strip());
        }
        for (String name : List.of("several.example", "my_host", IDN.toASCII("b\u00FCcher.example"))) {
            lines.add("127.0.0.9 " + name);
            lines.add("127.0.0.1 " + name);
        }
        lines.add("127.0.0.1 several.example. wrong.example");
        Path file = Files.write(Files.createTempFile("hosts", ""), lines);
        file.toFile().deleteOnExit();
        System.setProperty(PROPERTY, file.toString());
    }

    /** The option by which another JVM knows the same hosts. */
    public static String option() {
        return "-D" + PROPERTY + "=" + System.getProperty(PROPERTY);
    }
}
