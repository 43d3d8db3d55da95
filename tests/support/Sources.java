package tests.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** What JBang reads in the heads of source files, and what it makes of them: without its two JVMs. */
public final class Sources {
    private static final Pattern IMPORT = Pattern.compile("import (?:static )?(lib[.]\\w+[.]\\w+)[.;].*");

    private Sources() {}

    /** The words of all directives of this name, for example {@code DEPS}. */
    public static List<String> directives(String name, Path file) throws IOException {
        return Files.readAllLines(file).stream().filter(line -> line.startsWith("//" + name + " "))
            .flatMap(line -> Arrays.stream(line.substring(name.length() + 3).strip().split("\\s+"))).toList();
    }

    /** The files that a file's own head names. */
    public static Set<Path> namedBy(Path file) throws IOException {
        return directives("SOURCES", file).stream().map(name -> file.resolveSibling(name).normalize())
            .collect(Collectors.toCollection(TreeSet::new));
    }

    /** A file, and all that its head names, and so on. */
    public static Set<Path> all(Path file) throws IOException {
        Set<Path> all = new TreeSet<>(Set.of(file));
        addAll(file, all);
        return all;
    }

    /** That what a file imports of the library is compiled with it: its head names it, or a head that it names does. */
    public static void assertAllImportsOf(Path script) throws IOException {
        Set<Path> all = all(script);
        for (String line : Files.readAllLines(script)) {
            Matcher matcher = IMPORT.matcher(line);
            if (matcher.matches()) {
                Path file = Path.of(matcher.group(1).replace('.', File.separatorChar) + ".java");
                assertTrue(all.stream().anyMatch(one -> one.endsWith(file)), () -> line + " is not among " + all);
            }
        }
    }

    private static void addAll(Path file, Set<Path> all) throws IOException {
        for (Path one : namedBy(file)) {
            if (all.add(one)) {
                addAll(one, all);
            }
        }
    }

    /** Compiles a file, with the class path of the tests. */
    public static void compile(Path file, Path classes) throws IOException {
        compile(List.of(file), List.of("-d", classes.toString(), "-cp", Script.classPath(), "-proc:none"));
    }

    /** Compiles in this process; the compiler says nothing. */
    public static void compile(List<Path> files, List<String> options) throws IOException {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager manager = javac.getStandardFileManager(null, null, null)) {
            boolean done = javac.getTask(said, manager, null, options, null, manager.getJavaFileObjectsFromPaths(files)).call();
            assertEquals("", said.toString());
            assertTrue(done);
        }
    }
}
