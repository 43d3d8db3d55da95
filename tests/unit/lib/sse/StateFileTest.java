package lib.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The last event ID in a file. Nobody is refused anything by permissions here, because root is not. */
class StateFileTest {
    @TempDir
    private Path folder;

    private Path file;
    private StateFile state;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("state");
        state = new StateFile(file);
    }

    // ---- writing, and reading it again

    static Stream<String> ids() {
        return Stream.of("", "4", " ", "  a b  ", "\t", "\u00E9\u20AC\uD83D\uDE00", "\u0085\u2028\u2029\u000B\f",
            "\uFEFF1", "\u0001\u001B[2J\u007F", "\"{}\\n", "../x", "x".repeat(1_000_000));
    }

    @ParameterizedTest
    @MethodSource("ids")
    void idThatIsWrittenIsRead(String id) throws IOException {
        state.write(id);
        assertEquals(Optional.of(id), state.read());
        assertEquals(Optional.of(id), new StateFile(file).read());
        assertEquals(id + "\n", Files.readString(file));
        assertOnlyFile();
    }

    @Test
    void laterIdReplacesTheOneBefore() throws IOException {
        for (String id : List.of("a long one", "b", "", "c")) {
            state.write(id);
            assertEquals(Optional.of(id), state.read());
        }
        assertOnlyFile();
    }

    @Test
    void fileInTheWorkingDirectoryNeedsNoFolder() throws IOException {
        assertEquals(Optional.empty(), new StateFile(Path.of("no-such-state-file")).read());
    }

    // ---- reading what others wrote

    @Test
    void missingFileIsTheFirstRun() throws IOException {
        assertEquals(Optional.empty(), state.read());
        assertEquals(Optional.empty(), new StateFile(folder.resolve("no/such/folder")).read());
        assertTrue(Files.notExists(file));
    }

    @ParameterizedTest
    @CsvSource({
        "'\n',        ''",
        "'\r\n',      ''",
        "'4',         '4'",
        "'4\n',       '4'",
        "'4\r\n',     '4'",
        "' 4 \n',     ' 4 '"})
    void lineMayEndAsEditorsEndIt(String content, String id) throws IOException {
        Files.writeString(file, content);
        assertEquals(Optional.of(id), state.read());
    }

    @Test
    void emptyFileIsRefused() throws IOException {
        Files.createFile(file);
        assertEquals("empty, expected a line with a last event ID; without the file it begins anew",
            assertThrows(IOException.class, state::read).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"1\n2\n", "1\n2", "\n1\n", "1\n\n", "\n\n", "1\r2\n", "1\r", "\r\r\n", "1\0\n", "\0"})
    void moreThanALineIsRefused(String content) throws IOException {
        Files.writeString(file, content);
        assertEquals("expected one line with a last event ID",
            assertThrows(IOException.class, state::read).getMessage());
        assertEquals(content, Files.readString(file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u00FF\n", "4\u00E9\n", "\u00ED\u00A0\u0080", "\u00C0\u0080"})
    void whatIsNotUtf8IsRefused(String content) throws IOException {
        Files.writeString(file, content, ISO_8859_1);
        assertEquals("expected one line of UTF-8 with a last event ID",
            assertThrows(IOException.class, state::read).getMessage());
    }

    @Test
    void whatIsNoFileIsRefused() throws IOException {
        Files.createDirectory(file);
        assertThrows(IOException.class, state::read);
        Files.writeString(folder.resolve("file"), "4\n");
        assertThrows(IOException.class, () -> new StateFile(folder.resolve("file/state")).read());
    }

    // ---- when writing fails

    @Test
    void missingFolderIsSaid() {
        assertThrows(IOException.class, () -> new StateFile(folder.resolve("no/state")).write("4"));
        assertTrue(Files.notExists(folder.resolve("no")));
    }

    @Test
    void fileInPlaceOfTheFolderIsSaidAndStaysAsItIs() throws IOException {
        Files.writeString(file, "4\n");
        assertThrows(IOException.class, () -> new StateFile(file.resolve("state")).write("5"));
        assertEquals("4\n", Files.readString(file));
        assertOnlyFile();
    }

    @Test
    void folderInPlaceOfTheFileIsSaidAndStaysAsItIs() throws IOException {
        Files.createDirectory(file);
        Path inside = Files.writeString(file.resolve("inside"), "x");
        assertThrows(IOException.class, () -> state.write("5"));
        assertEquals("x", Files.readString(inside));
    }

    @Test
    void contentIsKeptWhenTheDiskIsFull() throws IOException {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full), "there is no " + full);
        state.write("4");
        Path link = Files.createSymbolicLink(folder.resolve("state.tmp"), full);
        assertThrows(IOException.class, () -> state.write("5"));
        Files.deleteIfExists(link);
        assertEquals(Optional.of("4"), state.read());
    }

    @Test
    void contentIsKeptWhenThereIsNoPlaceBesideIt() throws IOException {
        state.write("4");
        Files.createDirectory(folder.resolve("state.tmp"));
        assertThrows(IOException.class, () -> state.write("5"));
        assertEquals(Optional.of("4"), state.read());
    }

    @Test
    void whatAnInterruptedWriteLeftIsNotInTheWay() throws IOException {
        state.write("4");
        Files.writeString(folder.resolve("state.tmp"), "half of a longer i");
        assertEquals(Optional.of("4"), state.read());
        state.write("5");
        assertEquals(Optional.of("5"), state.read());
        assertOnlyFile();
    }

    @Test
    void readerFindsOneContentOrTheOtherAndNeverHalf() throws Exception {
        String one = "1".repeat(100_000);
        String other = "2".repeat(50_000);
        state.write(one);
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            try {
                for (int i = 0; i < 50; i++) {
                    state.write(i % 2 == 0 ? other : one);
                }
            } catch (IOException failed) {
                throw new AssertionError(failed);
            }
        });
        StateFile reader = new StateFile(file);
        while (!writing.isDone()) {
            String id = reader.read().orElseThrow();
            assertTrue(id.equals(one) || id.equals(other), () -> "read " + id.length() + " characters");
        }
        writing.get();
        assertEquals(Optional.of(one), reader.read());
        assertEquals(one + "\n", Files.readString(file, UTF_8));
    }

    private void assertOnlyFile() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }
}
