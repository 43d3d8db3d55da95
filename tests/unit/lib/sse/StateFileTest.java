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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
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

    private final List<String> notices = new CopyOnWriteArrayList<>();
    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("state");
    }

    private StateFile open(Path path) throws IOException {
        return StateFile.open(path, notices::add);
    }

    /** Has an id taken by a run of its own. */
    private void write(String id) throws IOException {
        try (StateFile state = open(file)) {
            taken(state, id);
        }
    }

    private static void taken(StateFile state, String id) throws IOException {
        state.around(event -> { }).flush(id);
    }

    private String read() throws IOException {
        try (StateFile state = open(file)) {
            return state.lastEventId();
        }
    }

    private void assertRefused(String reason) {
        String message = assertThrows(IOException.class, () -> open(file)).getMessage();
        assertEquals("state file " + file + ": " + reason, message);
    }

    private void await(String content) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Files.exists(file) || !Files.readString(file).equals(content)) {
            assertTrue(System.nanoTime() < end, "not saved");
            Thread.onSpinWait();
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
        write(id);
        assertEquals(id + "\n", Files.readString(file));
        assertEquals(id, read());
        assertOnlyFile();
    }

    @Test
    void laterIdReplacesTheOneBefore() throws IOException {
        for (String id : List.of("a long one", "b", "", "c")) {
            write(id);
            assertEquals(id, read());
        }
        assertOnlyFile();
    }

    @Test
    void idIsSavedWhileItIsOpen() throws IOException {
        try (StateFile state = open(file)) {
            for (String id : List.of("1", "2", "3")) {
                taken(state, id);
                await(id + "\n");
            }
        }
    }

    @Test
    void lastOfManyIsSavedAtTheEnd() throws IOException {
        try (StateFile state = open(file)) {
            for (int id = 0; id <= 100_000; id++) {
                taken(state, "" + id);
            }
        }
        assertEquals("100000\n", Files.readString(file));
        assertOnlyFile();
    }

    @Test
    void handlerTakesAllAndAFlushThatFailsIsNotSaved() throws IOException {
        List<String> calls = new ArrayList<>();
        try (StateFile state = open(file)) {
            SseParser.Handler handler = state.around(new SseParser.Handler() {
                @Override
                public void open() { calls.add("open"); }

                @Override
                public void event(SseEvent event) { calls.add(event.data()); }

                @Override
                public void comment(String text) { calls.add(text); }

                @Override
                public void tooLarge(int bytes) { calls.add("" + bytes); }

                @Override
                public void flush(String id) throws IOException {
                    calls.add(id);
                    if (id.equals("2")) {
                        throw new IOException("full");
                    }
                }
            });
            handler.open();
            handler.event(new SseEvent("message", "1", "data"));
            handler.comment("comment");
            handler.tooLarge(7);
            handler.flush("1");
            assertThrows(IOException.class, () -> handler.flush("2"));
        }
        assertEquals(List.of("open", "data", "comment", "7", "1", "2"), calls);
        assertEquals("1\n", Files.readString(file));
    }

    @Test
    void fileIsThereFromTheStart() throws IOException {
        open(file).close();
        assertEquals("\n", Files.readString(file));
        assertEquals("", read());
    }

    // ---- reading what others wrote

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
        assertEquals(id, read());
    }

    private static final String EXPECTED = "expected one line of UTF-8 with a last event ID; without the file it begins anew";

    @ParameterizedTest
    @ValueSource(strings = {"", "1\n2\n", "1\n2", "\n1\n", "1\n\n", "\n\n", "1\r2\n", "1\r", "\r\r\n", "1\0\n", "\0",
        "\u00FF\n", "4\u00E9\n", "\u00ED\u00A0\u0080", "\u00C0\u0080"})
    void anythingElseThanALineIsRefusedAndStays(String content) throws IOException {
        Files.writeString(file, content, ISO_8859_1);
        for (int i = 0; i < 2; i++) {
            assertRefused(EXPECTED);
        }
        assertEquals(content, Files.readString(file, ISO_8859_1));
        assertOnlyFile();
    }

    @ParameterizedTest
    @ValueSource(ints = {(1 << 20) + 1, 10 << 20})
    void fileThatIsMuchTooLongIsRefused(int size) throws IOException {
        Files.write(file, new byte[size]);
        assertRefused(EXPECTED);
    }

    @Test
    void anythingElseThanAFileIsRefusedAtOnce() throws Exception {
        Path pipe = folder.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "needs mkfifo");
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nothing"));
        for (Path one : List.of(folder, pipe, link, Path.of("/dev/zero"))) {
            file = one;
            assertRefused("expected a regular file");
        }
        for (Path one : List.of(folder.resolve("no/state"), Files.writeString(folder.resolve("x"), "4\n").resolve("state"))) {
            file = one;
            assertRefused("there is no folder for it");
        }
        assertTrue(Files.notExists(folder.resolve("no")));
    }

    // ---- whose it is

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "rw-r-----", "rw-rw-r--"})
    void modeStaysWhatItWas(String mode) throws IOException {
        Files.writeString(file, "4\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        write("5");
        assertEquals("5\n", Files.readString(file));
        assertEquals(mode, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void linkIsFollowedAndStays() throws IOException {
        Path target = Files.writeString(Files.createDirectory(folder.resolve("there")).resolve("id"), "4\n");
        Files.createSymbolicLink(file, target);
        assertEquals("4", read());
        write("5");
        assertTrue(Files.isSymbolicLink(file));
        assertEquals("5\n", Files.readString(target));
        assertOnlyFiles(List.of(target.getParent(), file));
    }

    @Test
    void secondOneOnTheFileIsRefusedUntilTheFirstIsClosed() throws IOException {
        try (StateFile first = open(file)) {
            for (String id : List.of("5", "6")) {
                assertRefused("in use: another process keeps its last event ID in it");
                taken(first, id);
                await(id + "\n");
            }
        }
        assertEquals("6", read());
    }

    @Test
    void refusedOneLeavesNoDescriptorOfTheLockOpen() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "needs /proc");
        try (StateFile first = open(file)) {
            assertRefused("in use: another process keeps its last event ID in it");
            assertEquals(1, descriptorsOfTheLock(), () -> first + " is open");
        }
        assertEquals(0, descriptorsOfTheLock());
        Process other = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
            System.getProperty("java.class.path"), Hold.class.getName(), file.toString())).redirectErrorStream(true).start();
        try {
            assertEquals("open", other.inputReader().readLine());
            assertRefused("in use: another process keeps its last event ID in it");
            assertEquals(0, descriptorsOfTheLock());
        } finally {
            other.destroy();
        }
    }

    /** Keeps a file open, in a process of its own, until its standard input ends. */
    static final class Hold {
        public static void main(String... arguments) throws IOException {
            try (StateFile state = StateFile.open(Path.of(arguments[0]), System.out::println)) {
                System.out.println(state.lastEventId() + "open");
                System.in.readAllBytes();
            }
        }
    }

    private long descriptorsOfTheLock() throws IOException {
        Path lock = folder.toRealPath().resolve(".state.lock");
        long count = 0;
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path one : descriptors.toList()) {
                // Another test may have closed it meanwhile.
                count += Files.isSymbolicLink(one) && leadsTo(lock, one) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean leadsTo(Path target, Path link) {
        try {
            return Files.readSymbolicLink(link).equals(target);
        } catch (IOException closed) {
            return false;
        }
    }

    // ---- when writing fails

    /** Whatever the machine does: a time is counted from the save, which is neither before it is opened nor after that. */
    @ParameterizedTest
    @CsvSource({"1, 20, 0", "252, 1000, 1"})
    void failedSaveIsTriedAgainAfterASecond(int lengthOfName, long wait, int said) throws IOException {
        // There is room for a name, but not for the longer one of the temporary file beside it.
        file = folder.resolve("x".repeat(lengthOfName));
        long before = System.nanoTime();
        try (StateFile state = open(file)) {
            long saved = state.nextSave - TimeUnit.MILLISECONDS.toNanos(wait);
            assertTrue(saved >= before && saved <= System.nanoTime(), () -> (saved - before) + " ns");
            assertEquals(said, notices.size(), notices.toString());
        }
    }

    /** What a run says and reads in a file system that is set up by a shell command; none where that cannot be done. */
    private List<String> run(String setUp, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("unshare", "-m", "sh", "-c", setUp + " && exec \"$@\"", "sh",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"),
            Run.class.getName(), file.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();
        int status = process.waitFor();
        assumeTrue(status == 0, () -> "needs root and mount: " + lines);
        return lines;
    }

    /** Resumes from a file, and has ids taken, in a process of its own. */
    static final class Run {
        public static void main(String... arguments) throws IOException {
            try (StateFile state = StateFile.open(Path.of(arguments[0]), System.out::println)) {
                System.out.println("resumed after " + state.lastEventId());
                for (int i = 1; i < arguments.length; i++) {
                    taken(state, arguments[i]);
                }
            }
        }
    }

    @Test
    void idOfAFileThatCanOnlyBeReadIsResumedFromAndThatIsSaidOnce() throws Exception {
        Files.writeString(file, "4\n");
        assertEquals(List.of("state file " + file + ": Read-only file system; the last event ID is not saved", "resumed after 4"),
            run("mount --bind " + folder + " " + folder + " && mount -o remount,ro,bind " + folder, "5", "6"));
        assertEquals("4\n", Files.readString(file));
        assertOnlyFile();
    }

    @Test
    void idOfAFileOnAFullDiskIsResumedFrom() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        file = disk.resolve("state");
        List<String> said = run("mount -t tmpfs -o size=8k none " + disk + " && echo 4 > " + file + " && ! head -c 9000 /dev/zero > "
            + disk + "/filling 2> /dev/null", "5");
        assertEquals(List.of("state file " + file + ": No space left on device; the last event ID is not saved",
            "resumed after 4"), said);
    }

    /** As a container mounts a file: nothing can be put in its place. */
    @Test
    void fileThatIsMountedByItselfIsWrittenInPlace() throws Exception {
        Files.writeString(file, "a long id\n");
        assertEquals(List.of("resumed after a long id"), run("mount --bind " + file + " " + file, "5"));
        assertEquals("5\n", Files.readString(file));
        assertEquals(List.of("resumed after 5"), run("mount --bind " + file + " " + file + " && mount --bind " + folder + " " + folder
            + " && mount --bind " + file + " " + file + " && mount -o remount,ro,bind " + folder, "a longer id"));
        assertEquals("a longer id\n", Files.readString(file));
        assertOnlyFile();
    }

    @Test
    void folderThatIsGoneIsSaidOnceAndTriedAgain() throws IOException {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        file = inner.resolve("state");
        try (StateFile state = open(file)) {
            Files.delete(file);
            Files.delete(inner.resolve(".state.lock"));
            Files.delete(inner);
            taken(state, "5");
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (notices.isEmpty()) {
                assertTrue(System.nanoTime() < end, "not said");
                Thread.onSpinWait();
            }
            taken(state, "6");
            Files.createDirectory(inner);
            await("6\n");
            taken(state, "7");
        }
        assertEquals("7\n", Files.readString(file));
        assertEquals(List.of("state file " + file + ": there is no folder for it; the last event ID is not saved"), notices);
    }

    @Test
    void leftoverOfAKilledRunIsUsedAgainAndALinkInItsPlaceIsNotFollowed() throws IOException {
        Path leftover = Files.writeString(folder.resolve(".state.tmp"), "half of a longer id");
        write("5");
        assertEquals("5\n", Files.readString(file));
        assertOnlyFile();
        Path other = Files.writeString(folder.resolve("other"), "not ours");
        Files.createSymbolicLink(leftover, other);
        write("6");
        assertEquals("not ours", Files.readString(other));
    }

    @Test
    void readerFindsOneContentOrTheOtherAndNeverHalf() throws Exception {
        String one = "1".repeat(100_000);
        String other = "2".repeat(50_000);
        write(one);
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            try {
                for (int i = 0; i < 50; i++) {
                    write(i % 2 == 0 ? other : one);
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
            assertEquals(Set.copyOf(expected), files.filter(one -> !one.endsWith(".state.lock")).collect(Collectors.toSet()));
        }
    }
}
