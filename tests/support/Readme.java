package tests.support;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The blocks of the README that tests run. Each stands behind a comment with its name, which no reader sees:
 * {@code <!-- run: NAME -->}.
 */
public final class Readme {
    private static final Pattern BLOCK = Pattern.compile("<!-- run: ([a-z0-9-]+) -->\n+```[a-z]*\n(.*?)```", Pattern.DOTALL);

    private Readme() {}

    /** By name, those whose name begins like this. */
    public static Map<String, String> blocks(String prefix) throws IOException {
        Map<String, String> blocks = new TreeMap<>();
        Matcher block = BLOCK.matcher(Files.readString(Script.root().resolve("README.md")));
        while (block.find()) {
            if (block.group(1).startsWith(prefix)) {
                blocks.put(block.group(1), block.group(2));
            }
        }
        assertTrue(!blocks.isEmpty(), "no block in the README behind <!-- run: " + prefix + "... -->");
        return blocks;
    }

    public static String block(String name) throws IOException {
        return blocks(name).get(name);
    }
}
