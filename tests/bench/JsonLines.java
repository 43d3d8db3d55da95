import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * What sse-listen prints, as a user of another library would print it with Jackson. It is written when Jackson's own
 * buffer is full: quicker than a relay could afford, and so in favour of those that use it.
 */
final class JsonLines {
    private final JsonGenerator json;

    JsonLines() {
        try {
            json = new JsonFactory().createGenerator(new FileOutputStream(FileDescriptor.out));
            json.setRootValueSeparator(null);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    void write(String event, String id, String data) {
        try {
            json.writeStartObject();
            json.writeStringField("event", event);
            json.writeStringField("id", id);
            json.writeStringField("data", data);
            json.writeEndObject();
            json.writeRaw('\n');
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    void flush() {
        try {
            json.flush();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
