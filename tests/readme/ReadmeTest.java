package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Script;

/** What the README shows is what the scripts do. */
class ReadmeTest {
    @ParameterizedTest
    @ValueSource(strings = {"sse-listen", "udp-send", "sse-to-udp", "sse-serve"})
    void helpIsWhatTheScriptPrints(String script) throws Exception {
        StringWriter help = new StringWriter();
        Script.commandLine(script).setOut(new PrintWriter(help)).execute("--help");
        String readme = Files.readString(Script.root().resolve("README.md"));
        String start = "```\n$ " + script + " --help\n";
        int from = readme.indexOf(start);
        assertTrue(from >= 0, "no block for " + script);
        assertEquals(help.toString(), readme.substring(from + start.length(), readme.indexOf("```\n", from + start.length())));
    }

    @Test
    void newestVersionInTheChangelogIsTheOneThatTheScriptsTell() throws Exception {
        StringWriter version = new StringWriter();
        Script.commandLine("sse-listen").setOut(new PrintWriter(version)).execute("--version");
        String newest = Files.readAllLines(Script.root().resolve("CHANGELOG.md")).stream()
            .filter(line -> line.startsWith("## ")).findFirst().orElseThrow();
        assertEquals(version.toString().strip(), "sse-listen " + newest.replaceAll("^## |, .*", ""));
    }
}
