/* Measures the least that sending one packet to N listeners every 20 ms can cost: only SRTP encryption and sendmmsg(2).
 *
 * floor srtp|evp SECONDS BYTES HOST < ports, one a line
 *
 * Prints one JSON object: CPU seconds of this process, ticks, ticks that began more than 10 ms late, datagrams taken by the kernel. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#ifdef WITH_SRTP
#include <srtp2/srtp.h>
#endif
#ifdef WITH_EVP
#include <openssl/evp.h>
#endif

enum { HEAD = 12, TAG = 16, ROOM = 1344, MOST = 100000, AT_ONCE = 1024 };

static struct sockaddr_in names[MOST];
static struct iovec vectors[MOST];
static struct mmsghdr messages[MOST];
static unsigned char *rows;
static unsigned char payload[1275];

#ifdef WITH_SRTP
static srtp_t sessions[MOST];
#endif
#ifdef WITH_EVP
static EVP_CIPHER_CTX *contexts[MOST];
#endif

static double now(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "floor: %s\n", what);
    exit(1);
}

static void make_keys(int count, int with_srtp) {
    for (int i = 0; i < count; i++) {
        unsigned char key[28];
        for (int k = 0; k < 28; k++) key[k] = (unsigned char)rand();
        if (with_srtp) {
#ifdef WITH_SRTP
            srtp_policy_t policy;
            memset(&policy, 0, sizeof policy);
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
            policy.ssrc.type = ssrc_any_outbound;
            policy.key = key;
            policy.window_size = 128;
            if (srtp_create(&sessions[i], &policy) != srtp_err_status_ok) fail("srtp_create");
#endif
        } else {
#ifdef WITH_EVP
            contexts[i] = EVP_CIPHER_CTX_new();
            if (EVP_EncryptInit_ex(contexts[i], EVP_aes_128_gcm(), NULL, key, NULL) != 1) fail("EVP_EncryptInit_ex");
#endif
        }
    }
}

static void protect(int i, int with_srtp, uint32_t tick, int size) {
    unsigned char *row = rows + (size_t)i * ROOM;
    uint16_t sequence = htons((uint16_t)tick);
    uint32_t stamp = htonl(tick * 960), source = htonl(7);
    row[0] = 0x80;
    row[1] = 111;
    memcpy(row + 2, &sequence, 2);
    memcpy(row + 4, &stamp, 4);
    memcpy(row + 8, &source, 4);
    if (with_srtp) {
#ifdef WITH_SRTP
        int length = HEAD + size;
        memcpy(row + HEAD, payload, (size_t)size);
        if (srtp_protect(sessions[i], row, &length) != srtp_err_status_ok) fail("srtp_protect");
#endif
    } else {
#ifdef WITH_EVP
        unsigned char nonce[12] = {0};
        int length;
        memcpy(nonce + 2, &source, 4);
        memcpy(nonce + 8, &tick, 4);
        EVP_CIPHER_CTX *context = contexts[i];
        if (EVP_EncryptInit_ex(context, NULL, NULL, NULL, nonce) != 1 ||
            EVP_EncryptUpdate(context, NULL, &length, row, HEAD) != 1 ||
            EVP_EncryptUpdate(context, row + HEAD, &length, payload, size) != 1 ||
            EVP_EncryptFinal_ex(context, row + HEAD + size, &length) != 1 ||
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG, row + HEAD + size) != 1)
            fail("EVP");
#endif
    }
}

int main(int argc, char **argv) {
    if (argc != 5) fail("srtp|evp SECONDS BYTES HOST");
    int with_srtp = strcmp(argv[1], "srtp") == 0, size = atoi(argv[3]), count = 0, port;
    double seconds = atof(argv[2]);
    if (size < 1 || size > (int)sizeof payload) fail("BYTES");
    while (count < MOST && scanf("%d", &port) == 1) {
        names[count].sin_family = AF_INET;
        names[count].sin_port = htons((uint16_t)port);
        if (inet_pton(AF_INET, argv[4], &names[count].sin_addr) != 1) fail("HOST");
        count++;
    }
    rows = calloc((size_t)count + 1, ROOM);
    if (rows == NULL) fail("memory");
#ifdef WITH_SRTP
    if (with_srtp && srtp_init() != srtp_err_status_ok) fail("srtp_init");
#endif
    make_keys(count, with_srtp);
    for (int i = 0; i < count; i++) {
        vectors[i].iov_base = rows + (size_t)i * ROOM;
        vectors[i].iov_len = (size_t)(HEAD + size + TAG);
        messages[i].msg_hdr.msg_name = &names[i];
        messages[i].msg_hdr.msg_namelen = sizeof names[i];
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int out = socket(AF_INET, SOCK_DGRAM, 0), buffer = 4 << 20;
    setsockopt(out, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    long ticks = 0, late = 0, taken = 0;
    double began = now(CLOCK_MONOTONIC), busy = now(CLOCK_PROCESS_CPUTIME_ID), due = began;
    for (uint32_t tick = 0; due < began + seconds; tick++, due = began + tick * 0.02) {
        double wait = due - now(CLOCK_MONOTONIC);
        if (wait > 0) {
            struct timespec pause = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
            nanosleep(&pause, NULL);
        }
        late += now(CLOCK_MONOTONIC) - due > 0.01;
        ticks++;
        for (int i = 0; i < count; i++) protect(i, with_srtp, tick, size);
        for (int done = 0; done < count;) {
            int left = count - done, sent = sendmmsg(out, messages + done, (unsigned)(left < AT_ONCE ? left : AT_ONCE), MSG_DONTWAIT);
            if (sent > 0) taken += sent;
            done += sent > 0 ? sent : 1;
        }
    }
    double took = now(CLOCK_MONOTONIC) - began;
    busy = now(CLOCK_PROCESS_CPUTIME_ID) - busy;
    printf("{\"cpu\": %.6f, \"seconds\": %.6f, \"ticks\": %ld, \"late\": %ld, \"taken\": %ld}\n", busy, took, ticks, late, taken);
    return 0;
}
