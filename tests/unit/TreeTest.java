import static java.util.function.Predicate.not;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherFactory;
import tests.support.Script;
import tests.support.Sources;

/** How the tree is built: what knows what, how large it is, and that no test is forgotten. */
class TreeTest {
    private static final Path ROOT = Script.root();
    private static final Pattern DIRECTIVE = Pattern.compile("//[A-Z_]+( .*)?");
    private static final Pattern NO_CODE = Pattern.compile(
        "\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\\n])+'|//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern NAME = Pattern.compile("(?<![.\\w])[A-Z]\\w*");

    // ---- what there is ----

    /** All files with source code, by their paths from the root. */
    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.map(ROOT::relativize).filter(path -> path.toString().matches("[^.].*\\.(java|jsh)")).sorted().toList();
        }
    }

    private static List<Path> sources(String folder) throws IOException {
        return sources().stream().filter(path -> path.startsWith(folder)).toList();
    }

    static List<Path> library() throws IOException {
        return sources("lib");
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.readAllLines(ROOT.resolve(file));
    }

    private static List<String> directives(String name, Path file) throws IOException {
        return Sources.directives(name, ROOT.resolve(file));
    }

    private static Set<Path> named(Path file) throws IOException {
        return Sources.namedBy(ROOT.resolve(file)).stream().map(ROOT::relativize).collect(Collectors.toCollection(TreeSet::new));
    }

    private static String simpleName(Path file) {
        return file.getFileName().toString().replaceFirst("\\.java$", "");
    }

    // ---- every test is run ----

    @Test
    void eachFileOfTheTestsIsNamedByRunTests() throws Exception {
        Set<Path> tests = new TreeSet<>(sources("tests"));
        tests.removeIf(path -> path.startsWith("tests/bench") || path.endsWith("RunTests.java"));
        Set<Path> named = named(Path.of("tests/RunTests.java"));
        named.removeIf(path -> !path.startsWith("tests"));
        assertEquals(tests, named);
    }

    @Test
    void eachTestClassIsRun() throws Exception {
        TestPlan plan = LauncherFactory.create().discover(RunTests.request());
        List<String> run = plan.getRoots().stream().flatMap(root -> plan.getChildren(root).stream())
            .flatMap(test -> test.getSource().stream()).map(source -> ((ClassSource) source).getClassName()).sorted().toList();
        List<String> written = new ArrayList<>();
        for (Path file : sources("tests")) {
            if (file.toString().endsWith("Test.java")) {
                String place = lines(file).stream().filter(line -> line.startsWith("package ")).map(line -> line.substring(8).replace(';', '.')).findFirst().orElse("");
                written.add(place + simpleName(file));
            }
        }
        assertEquals(written.stream().sorted().toList(), run);
    }

    @Test
    void eachTestOfTheLibraryIsInThePackageOfItsRoom() throws Exception {
        for (Path file : sources("tests/unit/lib")) {
            String room = Path.of("tests/unit").relativize(file.getParent()).toString().replace(File.separatorChar, '.');
            assertTrue(lines(file).contains("package " + room + ";"), file.toString());
        }
    }

    // ---- three rooms ----

    @ParameterizedTest
    @CsvSource({"lib/sse, 1950", "lib/udp, 650", "lib/cli, 2900", "examples, 2707"})
    void roomGrowsNoFurther(String room, int most) throws Exception {
        int lines = 0;
        try (Stream<Path> files = Files.walk(ROOT.resolve(room))) {
            for (Path file : files.filter(path -> path.getFileName().toString().matches("[^.]+[.](?!png).*")).toList()) {
                lines += lines(file).size();
            }
        }
        assertTrue(lines > 0 && lines <= most, lines + " lines");
    }

    @Test
    void relayOfOnesOwnPullsInAtMostElevenFilesOf1500Lines() throws Exception {
        Set<Path> files = new TreeSet<>();
        List<Path> open = new ArrayList<>(List.of(Path.of("lib/sse/SseClient.java"), Path.of("lib/udp/UdpBroadcaster.java")));
        int lines = 0;
        while (!open.isEmpty()) {
            Path file = open.remove(0);
            if (files.add(file)) {
                lines += lines(file).size();
                open.addAll(named(file));
            }
        }
        assertTrue(files.size() > 2 && files.size() <= 11 && lines <= 1500, lines + " lines in " + files);
    }

    @ParameterizedTest
    @MethodSource("library")
    void fileOfTheLibraryHasAtMost400Lines(Path file) throws Exception {
        assertTrue(lines(file).size() <= 400, lines(file).size() + " lines");
    }

    /** What it imports is in HouseTest. */
    @ParameterizedTest
    @ValueSource(strings = {"sse", "udp"})
    void lowerRoomNamesNoOtherByItsFullName(String room) throws Exception {
        for (Path file : sources("lib/" + room)) {
            assertFalse(code(file).replaceAll("(?m)^(package|import) .*", "").matches("(?s).*\\blib\\.\\w+\\..*"), file.toString());
            assertEquals(List.of(), directives("DEPS", file), file.toString());
        }
    }

    @ParameterizedTest
    @MethodSource("library")
    void fileOfTheLibraryNamesItsNeighboursAndNoOthers(Path file) throws Exception {
        assertEquals(used(file), named(file));
    }

    /** A file may use others of its room, but none that uses it, be it by way of a third. */
    @ParameterizedTest
    @ValueSource(strings = {"lib/sse", "lib/udp", "lib/cli"})
    void floorsOfARoomLeadDownOnly(String room) throws Exception {
        Map<Path, Set<Path>> used = new TreeMap<>();
        for (Path file : sources(room)) {
            used.put(file, used(file).stream().filter(other -> other.startsWith(room)).collect(Collectors.toSet()));
        }
        assertTrue(used.values().stream().anyMatch(not(Set::isEmpty)), room);
        Set<String> circles = new TreeSet<>();
        used.forEach((file, others) -> others.stream().filter(other -> leadsTo(file, other, used))
            .forEach(other -> circles.add(simpleName(file) + " -> " + simpleName(other))));
        assertEquals(Set.of(), circles);
    }

    private static boolean leadsTo(Path aim, Path from, Map<Path, Set<Path>> used) {
        Set<Path> reached = new TreeSet<>();
        List<Path> open = new ArrayList<>(List.of(from));
        while (!open.isEmpty()) {
            for (Path next : used.get(open.remove(0))) {
                if (reached.add(next)) {
                    open.add(next);
                }
            }
        }
        return reached.contains(aim);
    }

    @Test
    void pathToAFileIsWrittenInOneWay() throws Exception {
        for (Path file : library()) {
            for (String source : directives("SOURCES", file)) {
                Path there = file.resolveSibling(source).normalize();
                assertTrue(Files.isRegularFile(ROOT.resolve(there)), file + ": " + source);
                assertEquals(file.getParent().relativize(there).toString(), source, file.toString());
            }
        }
    }

    /** The files of the library that the code of this one needs: its own room's by their names, others by imports. */
    private static Set<Path> used(Path file) throws IOException {
        String code = code(file);
        Set<String> names = NAME.matcher(code).results().map(MatchResult::group).collect(Collectors.toSet());
        Set<Path> used = new TreeSet<>();
        for (Path other : library()) {
            boolean mine = other.getParent().equals(file.getParent());
            String type = other.toString().replaceFirst("\\.java$", "").replace(File.separatorChar, '.');
            boolean imported = Pattern.compile("import (static )?" + Pattern.quote(type) + "[.;]").matcher(code).find();
            if (!other.equals(file) && (imported || mine && names.contains(simpleName(other)))) {
                used.add(other);
            }
        }
        return used;
    }

    /** Without texts and comments. */
    private static String code(Path file) throws IOException {
        return NO_CODE.matcher(Files.readString(ROOT.resolve(file))).replaceAll(Matcher.quoteReplacement("\"\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sse-listen", "udp-send", "sse-to-udp", "examples/udp-listen", "examples/sse-serve", "examples/nanoleaf-touch"})
    void headOfAScriptHasAtMostSixDirectives(String script) throws Exception {
        List<String> head = lines(Path.of(script + ".java")).stream().takeWhile(line -> !line.matches("(import|(final )?class|@Command).*"))
            .filter(DIRECTIVE.asMatchPredicate()).toList();
        assertTrue(!head.isEmpty() && head.size() <= 6, () -> String.join("\n", head));
    }

    // ---- as others compile it ----

    @Test
    void javacFindsTheLibraryBelowTheRoot(@TempDir Path classes) throws Exception {
        List<Path> scripts = sources().stream().filter(path -> path.getNameCount() == 1).map(ROOT::resolve).toList();
        assertNotEquals(0, scripts.size());
        String jars = Arrays.stream(Script.classPath().split(File.pathSeparator))
            .filter(path -> path.matches(".*/(picocli|jackson-core)-[^/]*\\.jar")).collect(Collectors.joining(File.pathSeparator));
        Sources.compile(scripts, List.of("-sourcepath", ROOT.toString(), "-cp", jars, "-d", classes.toString(),
            "-proc:none", "-implicit:class", "-encoding", "US-ASCII", "-Xlint:all", "-Werror"));
        assertTrue(Files.exists(classes.resolve("lib/sse/SseClient.class")));
    }

    /** javac reads them in the system's encoding, which is ASCII in the locale C. */
    @Test
    void scriptsAndLibraryAreAscii() throws Exception {
        List<Path> files = sources().stream().filter(path -> !path.startsWith("tests")).toList();
        assertTrue(files.containsAll(List.of(Path.of("sse-listen.java"), Path.of("lib/sse/SseClient.java"), Path.of("examples/shell.jsh"))), files.toString());
        for (Path file : files) {
            for (byte one : Files.readAllBytes(ROOT.resolve(file))) {
                assertTrue(one >= 0, file.toString());
            }
        }
    }

    @Test
    void scriptsPinTheSameVersions() throws Exception {
        Map<String, String> pinned = new TreeMap<>();
        for (Path file : sources()) {
            for (String coordinate : directives("DEPS", file)) {
                int colon = coordinate.lastIndexOf(':');
                if (colon < 0) {
                    continue;
                }
                String version = coordinate.substring(colon + 1);
                assertTrue(version.matches("[0-9]+(\\.[0-9]+)*"), file + ": " + coordinate);
                Optional<String> other = Optional.ofNullable(pinned.putIfAbsent(coordinate.substring(0, colon), version));
                assertEquals(version, other.orElse(version), file + ": " + coordinate);
            }
        }
        assertTrue(pinned.keySet().containsAll(List.of("info.picocli:picocli", "com.fasterxml.jackson.core:jackson-core")), pinned.toString());
    }
}
