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
    private static final Object[][] NASTY = {
        {List.of("-m", "x", "-F", "@template.txt"), "token 123 x"},
        {List.of("-m", ""), ""},
        {List.of("-m", "a  b\t*"), "a  b\t*"},
        {List.of("-m", "it's \"so\" `id` $HOME ${HOME} $(id)"), "it's \"so\" `id` $HOME ${HOME} $(id)"},
        {List.of("-m", "two\nlines\n\n"), "two\nlines\n\n"},
        {List.of("-m", "Gr\u00fc\u00dfe \u20ac \u65e5"), "Gr\u00fc\u00dfe \u20ac \u65e5"},
        {List.of("-m", "a\\b\\"), "a\\b\\"},
        {List.of("-m", "; exit 3 & | > x < y #"), "; exit 3 & | > x < y #"},
        {List.of("-T", "-N", "-0", "-m", "x"), "x"},
        {List.of("-m", "%s{}[]~!?"), "%s{}[]~!?"},
    };

    static Stream<Arguments> table() {
        return Stream.of("wrapper", "installed", "jar").flatMap(way ->
            Arrays.stream(NASTY).map(row -> Arguments.of(way, row[0], row[1])));
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
