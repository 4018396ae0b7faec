/* What one datagram to each of many destinations costs: sendto, sendmmsg, io_uring, and GSO where it cannot apply.
 *
 *   cc -O2 -o /tmp/sending tests/bench/sending.c -luring && /tmp/sending [destinations] [rounds]
 *
 * Every way sends the same datagrams of 200 bytes to the same destinations, all on the loopback, in turns; the figures are microseconds of
 * this process's CPU time for each datagram. Nobody reads them: a full receive buffer drops them, which costs every way the same. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 200, BATCH = 1000 };

static double cpu_seconds(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void one_by_one(int fd, struct mmsghdr *messages, int count) {
    for (int at = 0; at < count; at++) sendmsg(fd, &messages[at].msg_hdr, 0);
}

static void together(int fd, struct mmsghdr *messages, int count) {
    for (int at = 0; at < count;) {
        int sent = sendmmsg(fd, messages + at, count - at > BATCH ? BATCH : count - at, 0);
        at += sent > 0 ? sent : 1;
    }
}

static struct io_uring ring;
static int has_ring, failed;

static void by_ring(int fd, struct mmsghdr *messages, int count) {
    for (int at = 0; at < count;) {
        int here = count - at > BATCH ? BATCH : count - at;
        for (int number = 0; number < here; number++)
            io_uring_prep_sendmsg(io_uring_get_sqe(&ring), fd, &messages[at + number].msg_hdr, 0);
        io_uring_submit_and_wait(&ring, here);
        for (int number = 0; number < here; number++) {
            struct io_uring_cqe *done;
            io_uring_wait_cqe(&ring, &done);
            if (done->res != SIZE && !failed++) fprintf(stderr, "io_uring: %s\n", strerror(-done->res));
            io_uring_cqe_seen(&ring, done);
        }
        at += here;
    }
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 1500, rounds = argc > 2 ? atoi(argv[2]) : 200;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), sink = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET}, *to = calloc(count, sizeof *to);
    socklen_t length = sizeof any;
    if (bind(sink, (void *)&any, sizeof any) || getsockname(sink, (void *)&any, &length)) return perror("bind"), 1;
    struct mmsghdr *messages = calloc(count, sizeof *messages);
    struct iovec *parts = calloc(count, sizeof *parts);
    char *bytes = calloc(count, SIZE);
    for (int at = 0; at < count; at++) {
        to[at] = (struct sockaddr_in){AF_INET, any.sin_port, {htonl(0x7f000001 + (at % 250))}, {0}};
        parts[at] = (struct iovec){bytes + (size_t)at * SIZE, SIZE};
        messages[at].msg_hdr = (struct msghdr){.msg_name = &to[at], .msg_namelen = sizeof to[at], .msg_iov = &parts[at], .msg_iovlen = 1};
    }
    has_ring = io_uring_queue_init(BATCH, &ring, 0) == 0;
    struct { const char *name; void (*send)(int, struct mmsghdr *, int); double seconds; } ways[] = {
        {"sendmsg, one by one", one_by_one, 0}, {"sendmmsg, 1000 at once", together, 0}, {"io_uring, 1000 at once", by_ring, 0}};
    for (int round = -5; round < rounds; round++)
        for (int way = 0; way < (has_ring ? 3 : 2); way++) {
            double began = cpu_seconds();
            ways[way].send(fd, messages, count);
            if (round >= 0) ways[way].seconds += cpu_seconds() - began;
        }
    for (int way = 0; way < (has_ring ? 3 : 2); way++)
        printf("%-24s %.2f us\n", ways[way].name, ways[way].seconds / ((double)rounds * count) * 1e6);
    if (!has_ring) printf("io_uring: %s\n", strerror(errno));
    /* GSO cuts one buffer into datagrams for one destination: with one datagram for each there is nothing to cut. */
    int segment = SIZE, probe = socket(AF_INET, SOCK_DGRAM, 0);
    if (setsockopt(probe, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment)) printf("GSO: %s\n", strerror(errno));
    else {
        char *train = calloc(60, SIZE);
        double began = cpu_seconds();
        for (int number = 0; number < rounds * count / 60; number++)
            if (sendto(probe, train, 60 * SIZE, 0, (void *)&to[0], sizeof to[0]) < 0) return perror("GSO"), 1;
        printf("%-24s %.2f us (60 to one destination in a call; not what a Space sends)\n", "GSO", (cpu_seconds() - began) / (rounds * count / 60 * 60) * 1e6);
    }
    return 0;
}
