/* The data of each event of an SSE stream as one datagram; one data line an event: relay URL ADDRESS PORT */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address(char *ip, char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    inet_pton(AF_INET, ip, &address.sin_addr);
    return address;
}

int main(int argc, char **argv) {
    static char buffer[65536];
    int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    size_t end = 0;
    ssize_t got;
    char ip[16], port[6], path[1024];
    if (argc != 4 || sscanf(argv[1], "http://%15[0-9.]:%5[0-9]%1023s", ip, port, path) != 3) {
        return 2;
    }
    struct sockaddr_in from = address(ip, port), to = address(argv[2], argv[3]);
    setsockopt(udp, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    if (connect(tcp, (struct sockaddr *) &from, sizeof from) < 0) {
        perror("connect");
        return 1;
    }
    dprintf(tcp, "GET %s HTTP/1.1\r\nHost: %s:%s\r\nAccept: text/event-stream\r\n\r\n", path, ip, port);
    while ((got = read(tcp, buffer + end, sizeof buffer - end)) > 0) {
        char *line = buffer, *lf;
        end += got;
        while ((lf = memchr(line, '\n', buffer + end - line))) {
            if (lf - line > 6 && !memcmp(line, "data: ", 6)) {
                sendto(udp, line + 6, lf - line - 6, 0, (struct sockaddr *) &to, sizeof to);
            }
            line = lf + 1;
        }
        end -= line - buffer;
        memmove(buffer, line, end);
    }
    return 0;
}
