package tests.support;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The blocks of README.md and docs/ that tests run. Each stands behind a comment with its name, which no reader sees:
 * {@code <!-- run: NAME -->}. A name stands once.
 */
public final class Readme {
    private static final Pattern BLOCK = Pattern.compile("<!-- run: ([a-z0-9-]+) -->\n+```[a-z]*\n(.*?)```", Pattern.DOTALL);

    private Readme() {}

    /** README.md and what it links to. */
    public static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(Script.root().resolve("README.md")));
        try (Stream<Path> docs = Files.list(Script.root().resolve("docs"))) {
            docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
        }
        return pages;
    }

    /** By name, those whose name begins like this. */
    public static Map<String, String> blocks(String prefix) throws IOException {
        Map<String, String> blocks = new TreeMap<>();
        for (Path page : pages()) {
            Matcher block = BLOCK.matcher(Files.readString(page));
            while (block.find()) {
                if (block.group(1).startsWith(prefix)) {
                    assertNull(blocks.put(block.group(1), block.group(2)), "there are two blocks " + block.group(1));
                }
            }
        }
        assertTrue(!blocks.isEmpty(), "no block in README.md or docs/ behind <!-- run: " + prefix + "... -->");
        return blocks;
    }

    public static String block(String name) throws IOException {
        return blocks(name).get(name);
    }

    /** What stands as code behind these words of a page, up to the end of their paragraph or row. */
    public static List<String> code(String page, String words) {
        int start = page.indexOf(words);
        assertTrue(start >= 0 && start == page.lastIndexOf(words), "not once on the page: " + words);
        String row = page.substring(start + words.length()).replaceFirst("(?s)\n(\n|\\|).*", "").replace('\n', ' ');
        return Pattern.compile("`([^`]+)`").matcher(row).results().map(span -> span.group(1)).toList();
    }
}
