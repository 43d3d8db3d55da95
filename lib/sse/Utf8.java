package lib.sse;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * "UTF-8 decode" without a byte order mark, as an event stream is decoded whatever its type says.
 *
 * @see <a href="https://encoding.spec.whatwg.org/#utf-8-decode-without-bom">Encoding Standard, 6.1</a>
 */
final class Utf8 {
    private Utf8() {}

    /**
     * Java's decoder does what the standard says but for one case: an encoded surrogate (ED A0..BF xx) is one U+FFFD in
     * Java and three by the standard, which are three lone bytes for both.
     */
    static String decode(byte[] source, int from, int to) {
        String text = new String(source, from, to - from, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') < 0) {
            return text;
        }
        byte[] bytes = Arrays.copyOfRange(source, from, to);
        for (int i = 0; i + 1 < bytes.length; i++) {
            if ((bytes[i] & 0xFF) == 0xED && (bytes[i + 1] & 0xE0) == 0xA0) {
                bytes[i] = (byte) 0xFF;
            }
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
