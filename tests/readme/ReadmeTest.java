package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tests.support.Readme;
import tests.support.Script;

/** What README.md and docs/ show is what there is. */
class ReadmeTest {
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]*)(?:#([^)]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
    private static final int WORDS_A_MINUTE = 260;
    private static final Pattern NO_SUBJECT = Pattern.compile("(?m)(?:^(?:- |[0-9]+[.] )?|[.!?:] |[|] )What [^?.|\\n]*"
        + " (?:is|are|was|does|do|goes|comes|can|cannot|has)\\b[^?.|\\n]*[.,|]|[|] said\\b.*");
    private static final Pattern COMMAND = Pattern.compile("(?m)^(?:\\$ )?(?:.*\\| )?(sse-listen|udp-send|sse-to-udp|udp-listen|sse-serve) .*$");

    static List<Path> pages() throws IOException {
        return Readme.pages();
    }

    private static String readme() throws IOException {
        return Files.readString(Script.root().resolve("README.md"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sse-listen", "udp-send", "sse-to-udp", "udp-listen", "sse-serve"})
    void helpIsWhatTheScriptPrints(String script) throws Exception {
        StringWriter help = new StringWriter();
        Script.commandLine(script).setOut(new PrintWriter(help)).execute("--help");
        String options = Files.readString(Script.root().resolve("docs/options.md"));
        String start = "```\n$ " + script + " --help\n";
        int from = options.indexOf(start);
        assertTrue(from >= 0, "no block for " + script);
        assertEquals(help.toString(), options.substring(from + start.length(), options.indexOf("```\n", from + start.length())));
    }

    @Test
    void readmeIsReadInEightMinutes() throws Exception {
        long lines = readme().lines().count();
        assertTrue(lines <= 250, lines + " lines");
        int words = readme().split("\\s+").length;
        assertTrue(words <= 8 * WORDS_A_MINUTE, words + " words");
    }

    @Test
    void firstScreenSaysHowToGetItWhereItRunsAndUnderWhichLicense() throws Exception {
        String screen = String.join("\n", readme().lines().limit(24).toList());
        for (String expected : List.of("\ngit clone ", " Linux ", "](LICENSE)")) {
            assertTrue(screen.contains(expected), expected);
        }
        assertFalse(readme().substring(0, readme().indexOf("## sse-to-udp")).contains("Recv message"));
    }

    /** The patterns that tell a translation: "What ... is ..." as a sentence, and "said" as a cell. */
    @ParameterizedTest
    @MethodSource("pages")
    void sentencesHaveASubject(Path page) throws Exception {
        String paragraphs = Files.readString(page).replaceAll("(?<!\n)\n(?![\n|#`-]|[0-9]+[.] )", " ");
        assertEquals(List.of(), NO_SUBJECT.matcher(paragraphs).results().map(MatchResult::group).toList());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '#', quoteCharacter = '"', value = {
        "It waits. What the system refuses is sent again. # true",
        "- What arrives, UDP does not tell. # true",
        "| a name | said; looked up again | # true",
        "It prints what arrives. See what is new. # false",
        "What is it? That which was said. # false",
    })
    void patternsFindSuchSentences(String text, boolean found) {
        assertEquals(found, NO_SUBJECT.matcher(text).find());
    }

    /** The first line of a session is what the command itself prints: the demo shows one. */
    @Test
    void commandsInFrontOfInstallBeginWithTheWrapper() throws Exception {
        String before = readme().substring(0, readme().indexOf("## Install"));
        List<String> bare = COMMAND.matcher(before).results().map(MatchResult::group).toList();
        assertEquals(List.of("$ sse-to-udp http://127.0.0.1:42055/events 127.255.255.255:54247"), bare);
        String behind = readme().substring(readme().indexOf("## Install"));
        assertNotEquals(List.of(), COMMAND.matcher(behind).results().toList());
    }

    @Test
    void newestVersionInTheChangelogIsTheOneThatTheScriptsTell() throws Exception {
        StringWriter version = new StringWriter();
        Script.commandLine("sse-listen").setOut(new PrintWriter(version)).execute("--version");
        String newest = Files.readAllLines(Script.root().resolve("CHANGELOG.md")).stream()
            .filter(line -> line.startsWith("## ")).findFirst().orElseThrow();
        assertEquals(version.toString().strip(), "sse-listen " + newest.replaceAll("^## |, .*", ""));
    }

    @ParameterizedTest
    @MethodSource("pages")
    void linksLeadSomewhere(Path page) throws Exception {
        for (MatchResult link : LINK.matcher(Files.readString(page)).results().toList()) {
            Path file = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
            assertTrue(Files.exists(file), link.group());
            if (link.group(2) != null) {
                List<String> anchors = HEADING.matcher(Files.readString(file)).results()
                    .map(heading -> heading.group(1).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 -]", "").replace(' ', '-')).toList();
                assertTrue(anchors.contains(link.group(2)), link.group() + ": " + anchors);
            }
        }
    }

    @Test
    void readmeLinksToEachPage() throws Exception {
        for (Path page : pages().subList(1, pages().size())) {
            assertTrue(readme().contains("](docs/" + page.getFileName()), page.toString());
        }
    }
}
