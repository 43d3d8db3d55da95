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
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
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

    private static final String NAME = "http://a.example#0";

    private Path file;
    private StateFile state;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("state");
        state = of(file);
    }

    private static StateFile of(Path file) {
        StateFile state = new StateFile(file);
        state.add(NAME);
        return state;
    }

    @AfterEach
    void closeFile() throws IOException {
        state.close();
    }

    private Optional<String> read() throws IOException {
        state.close();
        try (StateFile again = of(file)) {
            return again.open(NAME);
        }
    }

    // ---- writing, and reading it again

    static Stream<String> ids() {
        return Stream.of("", "4", " ", "  a b  ", "\t", "\u00E9\u20AC\uD83D\uDE00", "\u0085\u2028\u2029\u000B\f",
            "\uFEFF1", "\u0001\u001B[2J\u007F", "\"{}\\n", "../x", "x".repeat(60_000));
    }

    @ParameterizedTest
    @MethodSource("ids")
    void idThatIsWrittenIsRead(String id) throws IOException {
        state.write(NAME, id);
        assertEquals(Optional.of(id), read());
        assertEquals(id + "\n", Files.readString(file));
        assertOnlyFile();
    }

    @Test
    void laterIdReplacesTheOneBefore() throws IOException {
        for (String id : List.of("a long one", "b", "", "c")) {
            state.write(NAME, id);
            assertEquals(Optional.of(id), read());
        }
        assertOnlyFile();
    }

    @Test
    void fileInTheWorkingDirectoryNeedsNoFolder() throws IOException {
        assertEquals(Optional.empty(), of(Path.of("no-such-state-file")).open(NAME));
    }

    // ---- reading what others wrote

    @Test
    void missingFileIsTheFirstRun() throws IOException {
        assertEquals(Optional.empty(), read());
        assertEquals(Optional.empty(), of(folder.resolve("no/such/folder")).open(NAME));
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
        assertEquals(Optional.of(id), read());
    }

    @Test
    void emptyFileIsRefused() throws IOException {
        Files.createFile(file);
        assertEquals("empty, expected a line with a last event ID; without the file it begins anew",
            assertThrows(IOException.class, () -> state.open(NAME)).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"1\n2\n", "1\n2", "\n1\n", "1\n\n", "\n\n", "1\r2\n", "1\r", "\r\r\n", "1\0\n", "\0"})
    void moreThanALineIsRefused(String content) throws IOException {
        Files.writeString(file, content);
        assertEquals("expected one line with a last event ID",
            assertThrows(IOException.class, () -> state.open(NAME)).getMessage());
        assertEquals(content, Files.readString(file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u00FF\n", "4\u00E9\n", "\u00ED\u00A0\u0080", "\u00C0\u0080"})
    void whatIsNotUtf8IsRefused(String content) throws IOException {
        Files.writeString(file, content, ISO_8859_1);
        assertEquals("expected one line of UTF-8 with a last event ID",
            assertThrows(IOException.class, () -> state.open(NAME)).getMessage());
    }

    @Test
    void whatIsNoFileIsRefused() throws IOException {
        Files.createDirectory(file);
        assertThrows(IOException.class, () -> state.open(NAME));
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-id\n", "http://a.example#0 1\n\n"})
    void fileOfSeveralHasANameAndAnIdInEachLine(String content) throws IOException {
        Files.writeString(file, "# the last event ID of each server\n" + content);
        assertEquals("expected lines with a server and its last event ID",
            assertThrows(IOException.class, () -> state.open(NAME)).getMessage());
    }

    /** Not that it is in use, by the one that was told the reason first. */
    @Test
    void eachThatOpensItIsToldWhyItCannotBeRead() throws IOException {
        Files.writeString(file, "1\n2\n");
        for (int i = 0; i < 2; i++) {
            assertEquals("expected one line with a last event ID",
                assertThrows(IOException.class, () -> state.open(NAME)).getMessage());
        }
        Files.writeString(file, "1\n");
        assertEquals(Optional.of("1"), state.open(NAME));
    }

    @ParameterizedTest
    @ValueSource(ints = {(1 << 20) + 1, 10 << 20})
    void fileThatIsMuchTooLongIsRefused(int size) throws IOException {
        Files.write(file, new byte[size]);
        assertEquals("more than 1048576 bytes, expected one line with a last event ID",
            assertThrows(IOException.class, () -> state.open(NAME)).getMessage());
    }

    @Test
    void pipeAndDeviceAreRefusedAtOnce() throws Exception {
        assumeTrue(new ProcessBuilder("mkfifo", file.toString()).start().waitFor() == 0, "needs mkfifo");
        assertEquals("expected a regular file", assertThrows(IOException.class, () -> state.open(NAME)).getMessage());
        assertEquals("expected a regular file",
            assertThrows(IOException.class, () -> of(Path.of("/dev/zero")).open(NAME)).getMessage());
    }

    // ---- whose it is

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "rw-r-----", "rw-rw-r--"})
    void modeStaysWhatItWas(String mode) throws IOException {
        Files.writeString(file, "4\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        state.open(NAME);
        state.write(NAME, "5");
        assertEquals(mode, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void newFileIsForItsOwnerOnly() throws IOException {
        state.write(NAME, "5");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void linkIsFollowedAndStays() throws IOException {
        Path target = Files.writeString(Files.createDirectory(folder.resolve("there")).resolve("id"), "4\n");
        Files.createSymbolicLink(file, target);
        assertEquals(Optional.of("4"), state.open(NAME));
        state.write(NAME, "5");
        assertTrue(Files.isSymbolicLink(file));
        assertEquals("5\n", Files.readString(target));
        assertOnlyFiles(List.of(target.getParent(), file));
    }

    @Test
    void linkToNothingIsRefused() throws IOException {
        Files.createSymbolicLink(file, folder.resolve("nothing"));
        assertEquals("a link to a file that does not exist", assertThrows(IOException.class, () -> state.open(NAME)).getMessage());
    }

    @Test
    void secondOneOnTheFileIsRefusedUntilTheFirstIsClosed() throws IOException {
        state.write(NAME, "4");
        try (StateFile second = of(file)) {
            for (String id : List.of("5", "6")) {
                assertEquals("in use: another process keeps its last event ID in it",
                    assertThrows(IOException.class, () -> second.open(NAME)).getMessage());
                state.write(NAME, id);
            }
            state.close();
            assertEquals(Optional.of("6"), second.open(NAME));
        }
    }

    // ---- when writing fails

    @Test
    void missingFolderIsSaid() {
        assertThrows(IOException.class, () -> of(folder.resolve("no/state")).write(NAME, "4"));
        assertTrue(Files.notExists(folder.resolve("no")));
    }

    @Test
    void fileInPlaceOfTheFolderIsSaidAndStaysAsItIs() throws IOException {
        Files.writeString(file, "4\n");
        assertThrows(IOException.class, () -> of(file.resolve("state")).write(NAME, "5"));
        assertEquals("4\n", Files.readString(file));
        assertOnlyFile();
    }

    @Test
    void folderInPlaceOfTheFileIsSaidAndStaysAsItIs() throws IOException {
        Files.createDirectory(file);
        Path inside = Files.writeString(file.resolve("inside"), "x");
        assertThrows(IOException.class, () -> state.write(NAME, "5"));
        assertEquals("x", Files.readString(inside));
    }

    @Test
    void whatAnInterruptedWriteLeftIsNotInTheWay() throws IOException {
        state.write(NAME, "4");
        Path left = Files.writeString(folder.resolve(".state.1234.tmp"), "half of a longer i");
        state.write(NAME, "5");
        assertEquals(Optional.of("5"), read());
        Files.delete(left);
        assertOnlyFile();
    }

    @Test
    void readerFindsOneContentOrTheOtherAndNeverHalf() throws Exception {
        String one = "1".repeat(100_000);
        String other = "2".repeat(50_000);
        state.write(NAME, one);
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            try {
                for (int i = 0; i < 50; i++) {
                    state.write(NAME, i % 2 == 0 ? other : one);
                }
            } catch (IOException failed) {
                throw new AssertionError(failed);
            }
        });
        while (!writing.isDone()) {
            String line = Files.readString(file);
            assertTrue(line.equals(one + "\n") || line.equals(other + "\n"), () -> "read " + line.length() + " characters");
        }
        writing.get();
        assertEquals(one + "\n", Files.readString(file, UTF_8));
    }

    private void assertOnlyFile() throws IOException {
        assertOnlyFiles(List.of(file));
    }

    private void assertOnlyFiles(List<Path> expected) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(Set.copyOf(expected), files.collect(Collectors.toSet()));
        }
    }
}
