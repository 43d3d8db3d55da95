/* An SSE client as one writes it with libcurl, each event as one JSON line: listen URL */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    char *bytes;
    size_t length, size;
};

static struct text rest, event, id, data;
static int has_data;

static void append(struct text *text, const char *bytes, size_t length) {
    if (text->length + length > text->size) {
        text->size = 2 * (text->length + length);
        text->bytes = realloc(text->bytes, text->size);
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void set(struct text *text, const char *bytes, size_t length) {
    text->length = 0;
    append(text, bytes, length);
}

static void print(const char *key, const struct text *text) {
    size_t from = 0, at;
    fputs(key, stdout);
    for (at = 0; at < text->length; at++) {
        unsigned char one = text->bytes[at];
        if (one >= ' ' && one != '"' && one != '\\') {
            continue;
        }
        fwrite(text->bytes + from, 1, at - from, stdout);
        from = at + 1;
        if (one == '\n') {
            fputs("\\n", stdout);
        } else if (one < ' ') {
            printf("\\u%04x", one);
        } else {
            putchar('\\');
            putchar(one);
        }
    }
    fwrite(text->bytes + from, 1, at - from, stdout);
}

static void dispatch(void) {
    if (has_data) {
        print("{\"event\":\"", &event);
        print("\",\"id\":\"", &id);
        print("\",\"data\":\"", &data);
        fputs("\"}\n", stdout);
    }
    set(&event, "message", 7);
    data.length = has_data = 0;
}

static void take(const char *line, size_t length) {
    const char *colon = memchr(line, ':', length);
    size_t name = colon ? (size_t) (colon - line) : length;
    const char *value = line + name + (colon != NULL);
    size_t left = length - (value - line);
    if (left && *value == ' ') {
        value++;
        left--;
    }
    if (!length) {
        dispatch();
    } else if (name == 4 && !memcmp(line, "data", 4)) {
        if (has_data) {
            append(&data, "\n", 1);
        }
        append(&data, value, left);
        has_data = 1;
    } else if (name == 5 && !memcmp(line, "event", 5)) {
        set(&event, value, left);
    } else if (name == 2 && !memcmp(line, "id", 2)) {
        set(&id, value, left);
    }
}

static size_t on_bytes(char *bytes, size_t one, size_t length, void *unused) {
    char *at = bytes, *end = bytes + length, *lf;
    (void) one, (void) unused;
    for (; (lf = memchr(at, '\n', end - at)); at = lf + 1) {
        if (rest.length) {
            append(&rest, at, lf - at);
            take(rest.bytes, rest.length);
            rest.length = 0;
        } else {
            take(at, lf - at);
        }
    }
    append(&rest, at, end - at);
    return length;
}

int main(int argc, char **argv) {
    static char buffer[64 << 10];
    CURL *curl = curl_easy_init();
    CURLcode failure;
    if (argc != 2 || !curl) {
        return 2;
    }
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    set(&event, "message", 7);
    set(&id, "", 0);
    set(&data, "", 0);
    curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    failure = curl_easy_perform(curl);
    if (failure) {
        fprintf(stderr, "%s\n", curl_easy_strerror(failure));
    }
    return failure != CURLE_OK;
}
