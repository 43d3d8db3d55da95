import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One run of a program as a process of its own, from exec to exit.
 *
 * @param firstByteSeconds from exec to the first byte of standard output; {@link #run} does not look at it
 * @param peakMebibytes    the most that was resident
 */
record Trial(double firstByteSeconds, double seconds, double peakMebibytes) {
    private static final int PATIENCE_SECONDS = 120;

    /** Its standard output goes to a file, say /dev/null. */
    static Trial run(List<String> command, Path in, Path out) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectInput(in.toFile()).redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
        long start = System.nanoTime();
        Process process = builder.start();
        return end(command, process, start, 0, 0);
    }

    /** Its standard output is read. */
    static Trial read(List<String> command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        long start = System.nanoTime();
        Process process = builder.start();
        try (InputStream out = process.getInputStream()) {
            if (out.read() < 0) {
                throw new IOException(command + " printed nothing");
            }
            double firstByte = since(start);
            int peak = peakKilobytes(process.pid());
            out.readAllBytes();
            return end(command, process, start, firstByte, peak);
        }
    }

    private static Trial end(List<String> command, Process process, long start, double firstByte, int peakSoFar)
            throws Exception {
        int peak = peakSoFar;
        while (!process.waitFor(10, TimeUnit.MILLISECONDS)) {
            peak = Math.max(peak, peakKilobytes(process.pid()));
            if (since(start) > PATIENCE_SECONDS) {
                process.destroyForcibly();
                throw new IOException(command + " still ran after " + PATIENCE_SECONDS + " s");
            }
        }
        double seconds = since(start);
        if (process.exitValue() != 0) {
            throw new IOException(command + " ended with status " + process.exitValue());
        }
        return new Trial(firstByte, seconds, peak / 1024.0);
    }

    private static int peakKilobytes(long pid) {
        try {
            return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToInt(line -> Integer.parseInt(line.replaceAll("[^0-9]", ""))).findFirst().orElse(0);
        } catch (IOException ended) {
            return 0;
        }
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
