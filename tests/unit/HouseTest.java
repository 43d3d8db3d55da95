import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tests.support.Script;
import tests.support.Sources;

/** The picture of the house, docs/house.md, agrees with the imports. */
class HouseTest {
    private static final Path ROOT = Script.root();
    private static final Pattern ROOM = Pattern.compile("\\s*subgraph (\\w+)\\[.*");
    private static final Pattern NODE = Pattern.compile("\\s*\\w+\\[\"(.*)\"\\]");
    private static final Pattern ARROW = Pattern.compile("\\s*(\\w+) --> (\\w+)");
    private static final Pattern STEP = Pattern.compile("\\s*(\\w+)->>(\\w+): .*");

    /** The lines of the picture that begins like this. */
    private static List<String> picture(String kind) throws IOException {
        String page = Files.readString(ROOT.resolve("docs/house.md"));
        int from = page.indexOf("```mermaid\n" + kind);
        return page.substring(from, page.indexOf("```\n", from + 1)).lines().toList();
    }

    private static List<List<String>> matches(Pattern pattern, List<String> lines) {
        return lines.stream().map(pattern::matcher).filter(Matcher::matches).map(Matcher::toMatchResult)
            .map(match -> List.of(match.group(1), match.group(2))).toList();
    }

    /** Each room's files: sse-listen.java and others beside it are in the room "scripts". */
    private static Map<String, Set<Path>> files() throws IOException {
        Map<String, Set<Path>> files = new TreeMap<>();
        for (String folder : List.of("", "lib/sse", "lib/udp", "lib/cli")) {
            try (Stream<Path> all = Files.list(ROOT.resolve(folder))) {
                files.put(folder.isEmpty() ? "scripts" : folder.substring("lib/".length()),
                    all.filter(file -> file.toString().endsWith(".java")).collect(Collectors.toCollection(TreeSet::new)));
            }
        }
        return files;
    }

    private static String shown(Path file) {
        String name = file.getFileName().toString();
        return file.getParent().equals(ROOT) ? name : name.replaceFirst("\\.java$", "");
    }

    @Test
    void eachFileIsInThePictureOnceAndInItsRoom() throws Exception {
        Map<String, List<String>> drawn = new TreeMap<>();
        String room = null;
        for (String line : picture("flowchart")) {
            Matcher begins = ROOM.matcher(line);
            Matcher node = NODE.matcher(line);
            if (begins.matches()) {
                assertNull(room, line);
                room = begins.group(1);
            } else if (line.strip().equals("end")) {
                room = null;
            } else if (room != null && node.matches()) {
                List<String> parts = Arrays.asList(node.group(1).split("<br>"));
                drawn.computeIfAbsent(room, any -> new ArrayList<>())
                    .addAll(room.equals("scripts") ? parts : parts.subList(1, parts.size()));
            }
        }
        drawn.values().forEach(names -> names.sort(null));
        Map<String, List<String>> there = new TreeMap<>();
        files().forEach((name, files) -> there.put(name, files.stream().map(HouseTest::shown).sorted().toList()));
        assertEquals(there, drawn);
    }

    /** The lower rooms know the JDK, and nothing else. */
    @Test
    void arrowsBetweenRoomsAreThoseOfTheImports() throws Exception {
        Set<String> imported = new TreeSet<>();
        for (Map.Entry<String, Set<Path>> room : files().entrySet()) {
            for (Path file : room.getValue()) {
                for (String line : Files.readAllLines(file)) {
                    String type = line.startsWith("import ") ? line.replaceFirst("import (static )?", "") : "java.lang";
                    if (type.startsWith("lib.")) {
                        imported.add(room.getKey() + " --> " + type.split("\\.")[1]);
                    } else if (!type.matches("javax?\\..*")) {
                        imported.add(room.getKey() + " --> jars");
                    }
                }
            }
        }
        Set<String> drawn = matches(ARROW, picture("flowchart")).stream().map(ends -> ends.get(0) + " --> " + ends.get(1))
            .collect(Collectors.toCollection(TreeSet::new));
        // Who knows more than the JDK needs no arrow to it.
        Set<String> alone = files().keySet().stream().filter(room -> !imported.contains(room + " --> jars"))
            .map(room -> room + " --> jdk").collect(Collectors.toSet());
        imported.addAll(alone);
        imported.removeIf(arrow -> arrow.matches("(\\w+) --> \\1"));
        assertEquals(imported, drawn);
        for (String lower : List.of("sse", "udp")) {
            assertEquals(List.of(lower + " --> jdk"), imported.stream().filter(arrow -> arrow.startsWith(lower + " ")).toList());
        }
    }

    @Test
    void jarsOfThePictureAreThoseOfTheHeads() throws Exception {
        Set<String> jars = new TreeSet<>();
        for (Set<Path> room : files().values()) {
            for (Path file : room) {
                Sources.directives("DEPS", file).forEach(coordinate -> jars.add(coordinate.split(":")[1]));
            }
        }
        String drawn = String.join("\n", picture("flowchart")).replaceFirst("(?s).*jars\\[\\[\"([^\"]*)\".*", "$1");
        assertEquals(jars, new TreeSet<>(List.of(drawn.split(", "))));
    }

    @Test
    void eachStepOfAnEventIsFromAFileToOneThatItKnowsOrThatKnowsIt() throws Exception {
        List<List<String>> steps = matches(STEP, picture("sequenceDiagram"));
        assertEquals("server", steps.get(0).get(0));
        String last = steps.get(0).get(1);
        for (List<String> step : steps.subList(1, steps.size())) {
            Optional<Path> from = file(step.get(0));
            Optional<Path> to = file(step.get(1));
            assertTrue(from.isPresent(), step.toString());
            assertTrue(to.isPresent() || step.get(1).equals("LAN"), step.toString());
            if (to.isPresent()) {
                assertTrue(knows(from.get(), to.get()) || knows(to.get(), from.get()), step.toString());
            }
            boolean isTheEnd = step.get(0).equals(step.get(1));
            assertTrue(isTheEnd || step.get(0).equals(last), step.toString());
            last = step.get(1);
        }
    }

    private static Optional<Path> file(String participant) throws IOException {
        String name = participant.equals("script") ? "sse-to-udp.java" : participant + ".java";
        List<Path> found = files().values().stream().flatMap(Set::stream).filter(file -> file.endsWith(name)).toList();
        assertTrue(found.size() <= 1, found.toString());
        return found.stream().findFirst();
    }

    /** It names the other in its own room; in another room it imports something of that room. */
    private static boolean knows(Path one, Path other) throws IOException {
        if (one.getParent().equals(other.getParent())) {
            return one.equals(other) || Sources.namedBy(one).contains(other);
        }
        String room = ROOT.relativize(other.getParent()).toString().replace(File.separatorChar, '.');
        return Files.readAllLines(one).stream().anyMatch(line -> line.startsWith("import " + room + ".") && !room.isEmpty());
    }
}
