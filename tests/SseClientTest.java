import static org.junit.jupiter.api.Assertions.assertTrue;
import org.junit.jupiter.api.Test;
class SseClientTest { @Test void x() { assertTrue(true);} }
