package tests.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tests.support.Installed;
import tests.support.JBangHome;
import tests.support.Script;
import tests.support.UdpReceiver;

/** What a user types reaches the script as he typed it, from a folder that is not the checkout's. */
class ArgumentsTest {
    @TempDir
    static Path folder;

    private static Path jar;
    private static Path here;

    @BeforeAll
    static void makeAJarAndAFile() throws Exception {
        jar = folder.resolve("jar/udp-send.jar");
        Script.Ended export = new JBangHome(folder.resolve("jbang")).run(Script.root(), "export", "portable", "-O", jar.toString(), "udp-send");
        assertEquals(0, export.status(), export.err());
        here = Files.createDirectory(folder.resolve("hi er"));
        Files.writeString(here.resolve("template.txt"), "token 123 {line}\n");
    }

    /** What is typed in front of the target, and the datagram that comes of it. */
    private record Typed(List<String> typed, String expected) {}

    private static final Typed[] NASTY = {
        new Typed(List.of("-m", "x", "-F", "@template.txt"), "token 123 x"),
        new Typed(List.of("-m", ""), ""),
        new Typed(List.of("-m", "a  b\t*"), "a  b\t*"),
        new Typed(List.of("-m", "it's \"so\" `id` $HOME ${HOME} $(id)"), "it's \"so\" `id` $HOME ${HOME} $(id)"),
        new Typed(List.of("-m", "two\nlines\n\n"), "two\nlines\n\n"),
        new Typed(List.of("-m", "a\\b\\"), "a\\b\\"),
        new Typed(List.of("-m", "; exit 3 & | > x < y #"), "; exit 3 & | > x < y #"),
        new Typed(List.of("-T", "-N", "-0", "-m", "x"), "x"),
        new Typed(List.of("-m", "%s{}[]~!?"), "%s{}[]~!?"),
        new Typed(List.of("-m", "Gr\u00fc\u00dfe \u20ac \u65e5"), "Gr\u00fc\u00dfe \u20ac \u65e5"),
    };

    /** All at once, of which the last message counts; each alone where that takes one JVM and not three. */
    static Stream<Arguments> table() {
        List<String> all = Arrays.stream(NASTY).flatMap(row -> row.typed().stream()).toList();
        String last = "token 123 " + NASTY[NASTY.length - 1].expected();
        Stream<Arguments> together = Stream.of("wrapper", "installed").map(way -> Arguments.of(way, all, last));
        return Stream.concat(together, Arrays.stream(NASTY).map(row -> Arguments.of("jar", row.typed(), row.expected())));
    }

    @ParameterizedTest
    @MethodSource("table")
    void argumentsArriveAndAreShownAsTheyWereTyped(String way, List<String> typed, String expected) throws Exception {
        try (UdpReceiver receiver = new UdpReceiver()) {
            List<String> arguments = new ArrayList<>(typed);
            // Once at once, and then it waits.
            arguments.addAll(List.of("--repeat", "2", "--repeat-delay", "60", receiver.target()));
            List<String> command = new ArrayList<>(start(way));
            command.addAll(arguments);
            ProcessBuilder builder = Installed.in(folder, command).directory(here.toFile());
            builder.environment().put("LC_ALL", "C");
            try (Script script = Script.of(builder.start())) {
                assertEquals(expected, receiver.nextText());
                Path shown = Path.of("/proc/" + script.process.pid() + "/cmdline");
                assumeTrue(Files.exists(shown), "needs /proc");
                List<String> words = List.of(new String(Files.readAllBytes(shown), UTF_8).split("\0", -1));
                assertEquals(arguments, words.subList(words.size() - 1 - arguments.size(), words.size() - 1));
            }
        }
    }

    private static List<String> start(String way) throws Exception {
        return switch (way) {
            case "wrapper" -> List.of(Script.root().resolve("jbang").toString(), "udp-send");
            case "installed" -> List.of(Installed.commands().resolve("udp-send").toString());
            default -> List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", jar.toString());
        };
    }
}
