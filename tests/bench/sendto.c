/* Each line of standard input as one datagram: sendto HOST PORT */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    static char buffer[65536];
    struct sockaddr_in to = {.sin_family = AF_INET};
    int udp = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    size_t end = 0;
    ssize_t got;
    if (argc != 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
        return 2;
    }
    to.sin_port = htons(atoi(argv[2]));
    setsockopt(udp, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    while ((got = read(0, buffer + end, sizeof buffer - end)) > 0) {
        char *line = buffer, *lf;
        end += got;
        while ((lf = memchr(line, '\n', buffer + end - line))) {
            if (sendto(udp, line, lf - line, 0, (struct sockaddr *) &to, sizeof to) < 0) {
                perror("sendto");
                return 1;
            }
            line = lf + 1;
        }
        end -= line - buffer;
        memmove(buffer, line, end);
    }
    return 0;
}
