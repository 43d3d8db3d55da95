package tests.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import tests.support.Script;

/** What can not run here is reported by name. */
class SkippedTest {
    @Test
    void withoutIpEachTestOnALanIsSkippedByName() throws Exception {
        List<String> command = new ArrayList<>(List.of("env", "PATH=/nowhere"));
        command.addAll(Script.command("RunTests", "LanTest"));
        try (Script tests = Script.start(command)) {
            List<String> lines = tests.end().out().lines().toList();
            List<String> names = Arrays.stream(Class.forName("tests.network.LanTest").getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class)).map(method -> method.getName()).toList();
            for (String name : names) {
                assertTrue(lines.stream().anyMatch(line -> line.startsWith("SKIPPED LanTest > " + name + "(")
                    && line.endsWith("needs root and ip netns")), () -> name + " is not in " + lines);
            }
            long skipped = lines.stream().filter(line -> line.startsWith("SKIPPED ")).count();
            assertTrue(skipped >= names.size(), lines.toString());
            assertEquals("0 passed, 0 failed, " + skipped + " skipped", lines.get(lines.size() - 1));
        }
    }
}
