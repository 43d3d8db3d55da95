package lib.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.security.Security;
import org.junit.jupiter.api.Test;
import tests.support.Script;

/** What all commands have in common. */
class ToolTest {
    @Test
    void javaForgetsAtOnceThatANameWasMissingAndSoonWhereItWas() throws Exception {
        Script.commandLine("sse-listen");
        assertEquals("0", Security.getProperty("networkaddress.cache.negative.ttl"));
        assertEquals("1", Security.getProperty("networkaddress.cache.ttl"));
    }
}
