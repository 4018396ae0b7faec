/* Preloaded into a server under test: its wall clock is off by the seconds in the file that WALL_CLOCK names. Other clocks are as they are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int (*real)(clockid_t, struct timespec *);

static long offset(void)
{
    static long found;
    static struct timespec read_at;
    struct timespec now;
    real(CLOCK_MONOTONIC, &now);
    if (now.tv_sec != read_at.tv_sec) { /* once a second is enough */
        const char *path = getenv("WALL_CLOCK");
        FILE *file = path ? fopen(path, "re") : NULL;
        long seconds;
        read_at = now;
        if (file) {
            if (fscanf(file, "%ld", &seconds) == 1)
                found = seconds;
            fclose(file);
        }
    }
    return found;
}

int clock_gettime(clockid_t which, struct timespec *at)
{
    int failed;
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    failed = real(which, at);
    if (!failed && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        at->tv_sec += offset();
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}
