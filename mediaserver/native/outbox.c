/* Outbox: sends many messages with one system call, segmented by the kernel where it can (UDP_SEGMENT). */
#include "native.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* linux/udp.h */
#endif

enum {
    MAX_SEGMENT = 1400, /* transport/udp_mux.py */
    MESSAGES = 256,     /* a sendmmsg */
    ARENA = 1 << 20,    /* bytes a sendmmsg */
    OLDEST = 16,        /* messages of a path that are looked through for room */
};

typedef union {
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
    struct cmsghdr align;
} Control;

static unsigned char arena[ARENA];
static struct mmsghdr messages[MESSAGES];
static struct iovec vectors[MESSAGES][2]; /* packets of one size, and one that joined them */
static Control controls[MESSAGES];
static struct sockaddr_storage targets[MESSAGES]; /* copies: a path may be freed before its messages are sent */
static PeerPath *paths[MESSAGES];                 /* borrowed; NULL once a path is freed */
static int segments[MESSAGES], sizes[MESSAGES];
static int previous[MESSAGES]; /* the message before of the same path; -1: none */
static int filled, used, out_fd;
static unsigned batch = 1; /* number of the present batch; 0 is never used */
static PyObject *out_counters;
static long long out_packets, out_bytes, out_refused;

static void send_singly(struct msghdr *header, int size, int fd) {
    for (size_t v = 0; v < header->msg_iovlen; v++) {
        unsigned char *data = header->msg_iov[v].iov_base;
        int length = (int)header->msg_iov[v].iov_len;
        for (int at = 0; at < length; at += size) {
            int part = length - at < size ? length - at : size;
            if (sendto(fd, data + at, part, MSG_DONTWAIT, header->msg_name, header->msg_namelen) < 0) {
                out_refused++;
            } else {
                out_packets++;
                out_bytes += part;
            }
        }
    }
}

static void flush_messages(void) {
    for (int at = 0; at < filled;) {
        int sent = sendmmsg(out_fd, messages + at, filled - at, MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        for (int i = 0; i < sent; i++, at++) {
            out_packets += segments[at];
            out_bytes += messages[at].msg_len;
        }
        if (sent > 0)
            continue;
        int no = errno; /* not in segments: see transport/udp_mux.py */
        if (segments[at] > 1 &&
            (no == EMSGSIZE || no == EINVAL || no == EIO || no == ENOPROTOOPT || no == EOPNOTSUPP)) {
            if (paths[at])
                paths[at]->unsegmented = 1;
            send_singly(&messages[at].msg_hdr, sizes[at], out_fd);
        } else {
            out_refused += segments[at]; /* dropped, never queued */
        }
        at++;
    }
    filled = used = 0;
    batch += batch == UINT_MAX ? 2 : 1;
}

static int settle_counters(void) {
    if (!out_counters)
        return 0;
    int failed = count_up(out_counters, name_packets_out, out_packets) < 0 ||
                 count_up(out_counters, name_bytes_out, out_bytes) < 0 ||
                 count_up(out_counters, name_refused, out_refused) < 0;
    Py_CLEAR(out_counters);
    out_packets = out_bytes = out_refused = 0;
    return failed ? -1 : 0;
}

/* Prepare for messages to `path`; flush those for another socket. */
int outbox_turn(PeerPath *path) {
    if (path->fd != out_fd || path->counters != out_counters) {
        flush_messages();
        if (settle_counters() < 0)
            return -1;
        out_fd = path->fd;
        out_counters = Py_NewRef(path->counters);
    }
    return 0;
}

/* Forget a path that is freed; its messages are still sent. */
void outbox_forget(const PeerPath *path) {
    for (int at = 0; at < filled; at++)
        if (paths[at] == path)
            paths[at] = NULL;
}

/* Return the place for the bytes of so many packets, which outbox_add then takes; flush if there is no room. */
unsigned char *outbox_room(int packets, int bytes) {
    if (used + bytes > ARENA || filled + packets > MESSAGES)
        flush_messages();
    return arena + used;
}

/* Have the kernel cut message `at` into packets of its size. */
static void cut(int at) {
    struct msghdr *header = &messages[at].msg_hdr;
    uint16_t size = sizes[at];
    header->msg_control = controls[at].bytes;
    header->msg_controllen = sizeof controls[at].bytes;
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(control), &size, sizeof size);
}

static void add_message(PeerPath *path, unsigned char *data, int length, int count, int size) {
    struct msghdr *header = &messages[filled].msg_hdr;
    vectors[filled][0] = (struct iovec){data, length};
    memset(header, 0, sizeof *header);
    header->msg_name = memcpy(&targets[filled], &path->address, path->size);
    header->msg_namelen = path->size;
    header->msg_iov = vectors[filled];
    header->msg_iovlen = 1;
    sizes[filled] = size;
    segments[filled] = count;
    if (count > 1)
        cut(filled);
    paths[filled] = path;
    previous[filled] = path->batch == batch ? path->message : -1;
    path->batch = batch;
    path->message = filled++;
}

/* Return whether one packet can be the last of a message, whose packets must be of one size and no shorter. */
static int takes_last(int at, int length) {
    const struct msghdr *header = &messages[at].msg_hdr;
    int whole = segments[at] * sizes[at];
    return length <= sizes[at] && segments[at] < MAX_SEGMENTS && header->msg_iovlen == 1 &&
           (int)header->msg_iov->iov_len == whole && whole + length <= MAX_RUN;
}

/* Return whether packets of one size can be sent before the only packet of a message. */
static int goes_before(int at, int length, int count, int size) {
    return segments[at] == 1 && sizes[at] && sizes[at] <= size && length == count * size && count < MAX_SEGMENTS &&
           length + sizes[at] <= MAX_RUN;
}

/* Let packets share a message of their path, which saves the kernel up to half of its messages: of different streams
 * that leave together the longer goes first. Return whether they do. Only the first packets of a stream may go before
 * others, or into an older message: further ones would overtake them. */
static int join(PeerPath *path, unsigned char *data, int length, int count, int size, int first) {
    int last = -1, before = -1, looks = first ? OLDEST : 1;
    for (int at = path->batch == batch ? path->message : -1; at >= 0 && looks > 0; at = previous[at], looks--) {
        if (count == 1 && takes_last(at, length) && (last < 0 || sizes[at] < sizes[last]))
            last = at;
        if (first && goes_before(at, length, count, size) && (before < 0 || sizes[at] > sizes[before]))
            before = at;
    }
    if (last < 0 && before < 0)
        return 0;
    int at = last < 0 ? before : last;
    struct iovec *vector = messages[at].msg_hdr.msg_iov;
    struct iovec added = {data, length};
    vector[1] = last < 0 ? vector[0] : added;
    vector[0] = last < 0 ? added : vector[0];
    messages[at].msg_hdr.msg_iovlen = 2;
    sizes[at] = last < 0 ? size : sizes[at];
    segments[at] += count;
    cut(at);
    return 1;
}

/* Queue `count` packets of `size` bytes (the last may be shorter) that were written where outbox_room said; `first`:
 * they are the first of their stream since the last flush. */
void outbox_add(PeerPath *path, unsigned char *data, int length, int count, int size, int first) {
    if (!count)
        return;
    used += length;
    if (path->unsegmented || size > MAX_SEGMENT) {
        for (int at = 0; at < length; at += size)
            add_message(path, data + at, length - at < size ? length - at : size, 1, 0);
    } else if (!join(path, data, length, count, size, first)) {
        add_message(path, data, length, count, size);
    }
}

PyObject *send_prepared(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused)) {
    flush_messages();
    if (settle_counters() < 0)
        return NULL;
    Py_RETURN_NONE;
}
