/* The kernel's clocks and its timer. */
#include "native.h"

#include <sys/timerfd.h>

static const double MAX_AGE_S = 1.0; /* transport/receive_time.py */
static const double INTERRUPTED_S = 50e-6;

/* Return the time now in the format of the send time extension (transport/webrtc.py): 6.18 bits of seconds. */
uint32_t send_stamp(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)(((uint64_t)now.tv_sec << 18) + ((uint64_t)now.tv_nsec << 18) / 1000000000) & 0xFFFFFF;
}

static double seconds(const struct timespec *time) {
    return (double)time->tv_sec + (double)time->tv_nsec * 1e-9;
}

/* Return the seconds by which the clock of the kernel's receive times is behind time.monotonic(). A reading of both
 * clocks that was interrupted is repeated. */
double skew(void) {
    struct timespec before, wall, after;
    for (int tries = 0; tries < 4; tries++) {
        clock_gettime(CLOCK_MONOTONIC, &before);
        clock_gettime(CLOCK_REALTIME, &wall);
        clock_gettime(CLOCK_MONOTONIC, &after);
        if (seconds(&after) - seconds(&before) < INTERRUPTED_S)
            break;
    }
    return seconds(&before) - seconds(&wall);
}

/* Return the receive time of a datagram, by the rules of transport/receive_time.py. */
double came_at(struct msghdr *header, double skewed, double now) {
    for (struct cmsghdr *note = CMSG_FIRSTHDR(header); note; note = CMSG_NXTHDR(header, note)) {
        struct timespec time;
        if (note->cmsg_level != SOL_SOCKET || note->cmsg_type != SCM_TIMESTAMPNS ||
            note->cmsg_len != CMSG_LEN(sizeof time))
            continue;
        memcpy(&time, CMSG_DATA(note), sizeof time);
        double came = seconds(&time) + skewed;
        return came >= now - MAX_AGE_S && came <= now ? came : now;
    }
    return now;
}

/* Return a descriptor that becomes readable on every multiple of a period (ms) on the clock of time.monotonic(); None
 * where the kernel has none. */
PyObject *timer(PyObject *Py_UNUSED(module), PyObject *period) {
    long step = PyLong_AsLong(period);
    if (step <= 0)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "a period of %ld ms", step);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long long due = ((now.tv_sec * 1000LL + now.tv_nsec / 1000000) / step + 1) * step;
    struct itimerspec times = {
        .it_interval = {step / 1000, step % 1000 * 1000000},
        .it_value = {due / 1000, due % 1000 * 1000000},
    };
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0)
        Py_RETURN_NONE;
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &times, NULL);
    return PyLong_FromLong(fd);
}
