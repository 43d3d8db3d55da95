import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A JBang with a folder of its own for what it makes and trusts; what it has fetched is shared with ours. */
final class JBangHome {
    private final Path folder;

    JBangHome(Path folder) {
        this.folder = folder;
    }

    /** Runs {@code jbang} in this folder, to its end. */
    Script.Ended run(Path workingFolder, String... arguments) throws Exception {
        try (Script script = start(workingFolder, arguments)) {
            return script.input("").end();
        }
    }

    Script start(Path workingFolder, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Script.root().resolve("jbang").toString(), "--quiet"));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(workingFolder.toFile());
        builder.environment().put("JBANG_DIR", folder.toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("PATH", pathWithoutJBang());
        return Script.of(builder.start());
    }

    /** JUnit warns of each link out of a folder that it removes. */
    static void removeLinks(Path tree) throws IOException {
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path link : files.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    private static String pathWithoutJBang() {
        return String.join(File.pathSeparator, Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .filter(each -> !new File(each, "jbang").exists()).toList());
    }
}
