package tests.support;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A JBang with a folder of its own for what it makes and trusts; what it has fetched is shared with ours. */
public final class JBangHome {
    private final Path folder;

    public JBangHome(Path folder) {
        this.folder = folder;
    }

    /** Runs {@code jbang} in this folder, to its end. */
    public Script.Ended run(Path workingFolder, String... arguments) throws Exception {
        try (Script script = start(workingFolder, arguments)) {
            return script.input("").end();
        }
    }

    public Script start(Path workingFolder, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Script.root().resolve("jbang").toString(), "--quiet"));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(workingFolder.toFile());
        builder.environment().put("JBANG_DIR", folder.toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return Script.of(builder.start());
    }

    /** JUnit warns of each link out of a folder that it removes. */
    public static void removeLinks(Path tree) throws IOException {
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path link : files.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    /** A server on loopback with the repository's files, started. */
    public static HttpServer serveRepository() throws IOException {
        HttpServer repository = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        repository.createContext("/", JBangHome::serveFile);
        repository.start();
        return repository;
    }

    private static void serveFile(HttpExchange exchange) throws IOException {
        Path file = Script.root().resolve(exchange.getRequestURI().getPath().substring(1));
        boolean found = Files.isRegularFile(file);
        byte[] content = found ? Files.readAllBytes(file) : new byte[0];
        exchange.sendResponseHeaders(found ? 200 : 404, content.length == 0 ? -1 : content.length);
        exchange.getResponseBody().write(content);
        exchange.close();
    }
}
