/* The two loops of the media path that Python is too slow for: reading what came, and sending to everyone.
 *
 * Everything here has a twin in Python (wire.py, transport/line.py, forwarder.py) that does the same and is used where
 * this file was not compiled; the tests run both and compare. It links to nothing: libsrtp is the one that pylibsrtp
 * carries, reached by the addresses of its functions. Only the loop's thread calls in, with the GIL held, and system
 * calls here never block, so the GIL is kept.
 */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include <Python.h>
#include <structmember.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* linux/udp.h */
#endif

enum {
    HEADER = 12,
    TRAILER = 48,             /* authentication tag and, in RTCP, the index (RFC 3711 §3.4) */
    DATAGRAM = 2048,          /* read at most so much of one */
    BATCH = 64,               /* datagrams a recvmmsg */
    MAX_READ = 1024,          /* datagrams a look at a socket, so that timers get their turn under a flood */
    MAX_SEGMENTS = 64,        /* UDP_MAX_SEGMENTS before Linux 6.6 */
    MAX_RUN = 64000,          /* below the largest UDP datagram */
    MAX_SEGMENT = 1400,       /* segments must fit the route's MTU */
    MAX_PACKETS = 256,        /* tracks.MAX_PENDING */
    MAX_PACKET = 1500,        /* rtp/packet.py */
    MESSAGES = 256,           /* a sendmmsg */
    ARENA = 1 << 20,          /* bytes a sendmmsg */
    HEADERS_BYTES = 64,       /* rtp/pacer.py */
};
static const double BURST_S = 0.04; /* rtp/pacer.py */
static const double MAX_AGE_S = 1.0; /* transport/arrival.py */
static const double INTERRUPTED_S = 50e-6;

typedef int (*srtp_call)(void *session, void *packet, int *length);
static srtp_call srtp_protect, srtp_unprotect, srtp_unprotect_rtcp;
static int segmented = 1; /* until the kernel says no */

/* Line: where one peer's packets come from and go to. */

typedef struct {
    PyObject_HEAD
    PyObject *owner;
    PyObject *srtp; /* keeps the sessions alive */
    PyObject *counters;
    void *tx, *rx;
    double heard;
    int fd;
    socklen_t size;
    struct sockaddr_storage address;
    unsigned char level_id;
} Line;

static int resolve(const char *host, int port, struct sockaddr_storage *into, socklen_t *size) {
    memset(into, 0, sizeof *into);
    struct sockaddr_in *four = (struct sockaddr_in *)into;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)into;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        *size = sizeof *four;
        return 1;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        *size = sizeof *six;
        return 1;
    }
    return 0;
}

static int line_init(Line *self, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"owner", "counters", NULL};
    PyObject *owner, *counters;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO", names, &owner, &counters))
        return -1;
    self->owner = Py_NewRef(owner);
    self->counters = Py_NewRef(counters);
    self->fd = -1;
    return 0;
}

static PyObject *line_open(Line *self, PyObject *srtp) {
    PyObject *addresses = PyObject_GetAttrString(srtp, "addresses");
    unsigned long long tx, rx;
    int good = addresses && PyArg_ParseTuple(addresses, "KK", &tx, &rx);
    Py_XDECREF(addresses);
    if (!good)
        return NULL;
    Py_XSETREF(self->srtp, Py_NewRef(srtp));
    self->tx = (void *)(uintptr_t)tx;
    self->rx = (void *)(uintptr_t)rx;
    Py_RETURN_NONE;
}

static PyObject *line_aim(Line *self, PyObject *args) {
    PyObject *sock;
    const char *host;
    int port, fd;
    if (!PyArg_ParseTuple(args, "O(si)", &sock, &host, &port) || (fd = PyObject_AsFileDescriptor(sock)) < 0)
        return NULL;
    self->fd = resolve(host, port, &self->address, &self->size) ? fd : -1;
    Py_RETURN_NONE;
}

static PyObject *line_close(Line *self, PyObject *Py_UNUSED(unused)) {
    self->tx = self->rx = NULL;
    self->fd = -1;
    Py_CLEAR(self->owner);
    Py_RETURN_NONE;
}

static int line_traverse(Line *self, visitproc visit, void *arg) {
    Py_VISIT(self->owner);
    Py_VISIT(self->srtp);
    Py_VISIT(self->counters);
    return 0;
}

static int line_clear(Line *self) {
    self->tx = self->rx = NULL;
    Py_CLEAR(self->owner);
    Py_CLEAR(self->srtp);
    Py_CLEAR(self->counters);
    return 0;
}

static void line_dealloc(Line *self) {
    PyObject_GC_UnTrack(self);
    line_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef line_methods[] = {
    {"open", (PyCFunction)line_open, METH_O, "Take the keys of a finished handshake."},
    {"aim", (PyCFunction)line_aim, METH_VARARGS, "Send to an address from a socket from now on."},
    {"close", (PyCFunction)line_close, METH_NOARGS, "Send and take nothing any more."},
    {NULL},
};

static PyMemberDef line_members[] = {
    {"owner", T_OBJECT, offsetof(Line, owner), READONLY, NULL},
    {"heard", T_DOUBLE, offsetof(Line, heard), 0, NULL},
    {"level_id", T_UBYTE, offsetof(Line, level_id), 0, NULL},
    {NULL},
};

static PyTypeObject LineType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._wire.Line",
    .tp_basicsize = sizeof(Line),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)line_init,
    .tp_traverse = (traverseproc)line_traverse,
    .tp_clear = (inquiry)line_clear,
    .tp_dealloc = (destructor)line_dealloc,
    .tp_methods = line_methods,
    .tp_members = line_members,
};

/* Leg: the numbers of one outgoing stream; its twin in wire.py says what they mean. */

typedef struct {
    PyObject_HEAD
    PyObject *source, *line, *newest;
    double last_time, pace, level, level_time;
    unsigned long long sent, packets, octets;
    unsigned int ssrc, timestamp_offset, last_timestamp;
    unsigned short sequence_offset, next_sequence;
    unsigned char payload_type, send_time;
    char switching, waiting, moving;
    int picture_offset, tl0_offset, last_picture, last_tl0;
} Leg;

static int leg_traverse(Leg *self, visitproc visit, void *arg) {
    Py_VISIT(self->source);
    Py_VISIT(self->line);
    Py_VISIT(self->newest);
    return 0;
}

static int leg_clear(Leg *self) {
    Py_CLEAR(self->source);
    Py_CLEAR(self->line);
    Py_CLEAR(self->newest);
    return 0;
}

static void leg_dealloc(Leg *self) {
    PyObject_GC_UnTrack(self);
    leg_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *leg_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    Leg *self = (Leg *)PyType_GenericNew(type, args, kwargs);
    if (self)
        self->last_picture = self->last_tl0 = -1;
    return (PyObject *)self;
}

static PyMemberDef leg_members[] = {
    {"source", T_OBJECT, offsetof(Leg, source), 0, NULL},
    {"line", T_OBJECT, offsetof(Leg, line), 0, NULL},
    {"newest", T_OBJECT, offsetof(Leg, newest), 0, NULL},
    {"last_time", T_DOUBLE, offsetof(Leg, last_time), 0, NULL},
    {"sent", T_ULONGLONG, offsetof(Leg, sent), 0, NULL},
    {"packets", T_ULONGLONG, offsetof(Leg, packets), 0, NULL},
    {"octets", T_ULONGLONG, offsetof(Leg, octets), 0, NULL},
    {"ssrc", T_UINT, offsetof(Leg, ssrc), 0, NULL},
    {"timestamp_offset", T_UINT, offsetof(Leg, timestamp_offset), 0, NULL},
    {"last_timestamp", T_UINT, offsetof(Leg, last_timestamp), 0, NULL},
    {"sequence_offset", T_USHORT, offsetof(Leg, sequence_offset), 0, NULL},
    {"next_sequence", T_USHORT, offsetof(Leg, next_sequence), 0, NULL},
    {"payload_type", T_UBYTE, offsetof(Leg, payload_type), 0, NULL},
    {"send_time", T_UBYTE, offsetof(Leg, send_time), 0, NULL},
    {"pace", T_DOUBLE, offsetof(Leg, pace), 0, NULL},
    {"level", T_DOUBLE, offsetof(Leg, level), 0, NULL},
    {"level_time", T_DOUBLE, offsetof(Leg, level_time), 0, NULL},
    {"waiting", T_BOOL, offsetof(Leg, waiting), 0, NULL},
    {"switching", T_BOOL, offsetof(Leg, switching), 0, NULL},
    {"moving", T_BOOL, offsetof(Leg, moving), 0, NULL},
    {"picture_offset", T_INT, offsetof(Leg, picture_offset), 0, NULL},
    {"tl0_offset", T_INT, offsetof(Leg, tl0_offset), 0, NULL},
    {"last_picture", T_INT, offsetof(Leg, last_picture), 0, NULL},
    {"last_tl0", T_INT, offsetof(Leg, last_tl0), 0, NULL},
    {NULL},
};

static PyTypeObject LegType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._wire.Leg",
    .tp_basicsize = sizeof(Leg),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .tp_new = leg_new,
    .tp_traverse = (traverseproc)leg_traverse,
    .tp_clear = (inquiry)leg_clear,
    .tp_dealloc = (destructor)leg_dealloc,
    .tp_members = leg_members,
};

/* Packets are values of the class in rtp/packet.py, whose slots are read and filled without a call. */

enum { PAYLOAD_TYPE, SEQUENCE, TIMESTAMP, SSRC, MARKER, PAYLOAD, KEYFRAME, LEVEL, FIELDS };
static const char *const field_names[FIELDS] = {"payload_type", "sequence", "timestamp", "ssrc",
                                                "marker",       "payload",  "keyframe",  "level"};
static PyTypeObject *packet_type;
static Py_ssize_t slots[FIELDS];

static PyObject **slot(PyObject *packet, int field) {
    return (PyObject **)((char *)packet + slots[field]);
}

static int learn_packet(PyObject *type) {
    for (int i = 0; i < FIELDS; i++) {
        PyObject *member = PyObject_GetAttrString(type, field_names[i]);
        if (!member)
            return -1;
        int known = Py_IS_TYPE(member, &PyMemberDescr_Type);
        if (known)
            slots[i] = ((PyMemberDescrObject *)member)->d_member->offset;
        Py_DECREF(member);
        if (!known) {
            PyErr_Format(PyExc_TypeError, "a packet has a slot for its %s", field_names[i]);
            return -1;
        }
    }
    Py_XSETREF(packet_type, (PyTypeObject *)Py_NewRef(type));
    return 0;
}

/* Sending. */

typedef struct {
    int id, id_at; /* an id of -1: none, or not to be read */
    int tl0, tl0_at;
    char wide;
} Picture; /* the ids in a VP8 payload, and where they stand (rtp/payload.py) */

typedef struct {
    const char *payload;
    int length;
    unsigned int timestamp;
    unsigned short sequence;
    unsigned char marker;
    Picture picture;
} Plain;

typedef struct {
    int first, count;
} Run;

typedef union {
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
    struct cmsghdr align;
} Control;

static unsigned char arena[ARENA + DATAGRAM];
static struct mmsghdr messages[MESSAGES];
static struct iovec vectors[MESSAGES];
static Control controls[MESSAGES];
static struct sockaddr_storage targets[MESSAGES]; /* copies: a line may go before its messages do */
static int segments[MESSAGES];
static int filled, used, out_fd;
static PyObject *out_counters;
static long long out_packets, out_bytes, out_refused;

static PyObject *name_leg;
static PyObject *name_packets_in, *name_bytes_in, *name_packets_out, *name_bytes_out, *name_refused, *name_strangers,
    *name_malformed;

static void put16(unsigned char *at, unsigned int value) {
    at[0] = value >> 8;
    at[1] = value;
}

static void put32(unsigned char *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

static uint32_t get32(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static int count_up(PyObject *counters, PyObject *name, long long by) {
    if (!by)
        return 0;
    PyObject *before = PyObject_GetAttr(counters, name);
    PyObject *more = before ? PyLong_FromLongLong(by) : NULL;
    PyObject *after = more ? PyNumber_Add(before, more) : NULL;
    int failed = !after || PyObject_SetAttr(counters, name, after) < 0;
    Py_XDECREF(before);
    Py_XDECREF(more);
    Py_XDECREF(after);
    return failed ? -1 : 0;
}

static void send_apart(struct mmsghdr *message, int size, int fd) {
    unsigned char *data = message->msg_hdr.msg_iov->iov_base;
    int length = (int)message->msg_hdr.msg_iov->iov_len;
    for (int at = 0; at < length; at += size) {
        int part = length - at < size ? length - at : size;
        if (sendto(fd, data + at, part, MSG_DONTWAIT, message->msg_hdr.msg_name, message->msg_hdr.msg_namelen) < 0) {
            out_refused++;
        } else {
            out_packets++;
            out_bytes += part;
        }
    }
}

static int segment_size(struct mmsghdr *message) {
    uint16_t size;
    memcpy(&size, CMSG_DATA(CMSG_FIRSTHDR(&message->msg_hdr)), sizeof size);
    return size;
}

static void flush_messages(void) {
    for (int at = 0; at < filled;) {
        int sent = sendmmsg(out_fd, messages + at, filled - at, MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        for (int i = 0; i < sent; i++, at++) {
            out_packets += segments[at];
            out_bytes += messages[at].msg_hdr.msg_iov->iov_len;
        }
        if (sent > 0)
            continue;
        int no = errno;
        if (segments[at] > 1 && (no == EINVAL || no == EIO || no == ENOPROTOOPT || no == EOPNOTSUPP)) {
            segmented = 0;
            send_apart(messages + at, segment_size(messages + at), out_fd);
        } else {
            out_refused += segments[at]; /* dropped, never queued */
        }
        at++;
    }
    filled = used = 0;
}

static void add_message(Line *line, int start, int length, int count, int size) {
    struct msghdr *header = &messages[filled].msg_hdr;
    vectors[filled] = (struct iovec){arena + start, length};
    memset(header, 0, sizeof *header);
    header->msg_name = memcpy(&targets[filled], &line->address, line->size);
    header->msg_namelen = line->size;
    header->msg_iov = &vectors[filled];
    header->msg_iovlen = 1;
    if (count > 1) {
        uint16_t segment = size;
        header->msg_control = controls[filled].bytes;
        header->msg_controllen = sizeof controls[filled].bytes;
        struct cmsghdr *control = CMSG_FIRSTHDR(header);
        control->cmsg_level = IPPROTO_UDP;
        control->cmsg_type = UDP_SEGMENT;
        control->cmsg_len = CMSG_LEN(sizeof segment);
        memcpy(CMSG_DATA(control), &segment, sizeof segment);
    }
    segments[filled++] = count;
}

/* The ids in a VP8 payload (RFC 7741 §4.2), as vp8_descriptor in rtp/payload.py reads them. */
static Picture read_picture(const unsigned char *payload, int length) {
    Picture found = {-1, 0, -1, 0, 0}, none = found;
    int at = 2;
    if (length < 2 || !(payload[0] & 0x80) || !(payload[1] & 0x80) || length < 3)
        return none;
    found.wide = payload[at] > 127;
    if (at + found.wide >= length)
        return none;
    found.id_at = at;
    found.id = found.wide ? (payload[at] & 0x7F) << 8 | payload[at + 1] : payload[at];
    at += 1 + found.wide;
    if (payload[1] & 0x40) {
        if (at >= length)
            return none;
        found.tl0_at = at;
        found.tl0 = payload[at++];
    }
    return payload[1] & 0x30 && at >= length ? none : found;
}

static void read_pictures(Plain *plain, int count) {
    for (int i = 0; i < count; i++)
        plain[i].picture = read_picture((const unsigned char *)plain[i].payload, plain[i].length);
}

/* Move the ids in a payload into the leg's own numbering, as rtp/rewrite.py does. */
static void move_picture(Leg *leg, const Picture *picture, unsigned char *payload) {
    int size = picture->wide ? 0x8000 : 0x80, tl0 = picture->tl0 < 0 ? 0 : picture->tl0;
    int ahead = (picture->id + leg->picture_offset - leg->last_picture + size / 2) % size;
    int step = (ahead < 0 ? ahead + size : ahead) - size / 2;
    int id = (leg->last_picture + step) & 0x7FFF;
    if (step >= 0) {
        leg->last_picture = id;
        leg->last_tl0 = (tl0 + leg->tl0_offset) & 0xFF;
    }
    if (picture->wide)
        put16(payload + picture->id_at, 0x8000 | id);
    else
        payload[picture->id_at] = id & 0x7F;
    if (picture->tl0 >= 0)
        payload[picture->tl0_at] = (tl0 + leg->tl0_offset) & 0xFF;
}

/* One packet at `used`; its protected length, 0 when libsrtp refuses. */
static int protect(Leg *leg, Line *line, const Plain *plain, uint32_t stamp) {
    unsigned char *at = arena + used;
    int head = HEADER;
    at[0] = 0x80;
    at[1] = plain->marker << 7 | leg->payload_type;
    put16(at + 2, (plain->sequence + leg->sequence_offset) & 0xFFFF);
    put32(at + 4, plain->timestamp + leg->timestamp_offset);
    put32(at + 8, leg->ssrc);
    if (leg->send_time) { /* RFC 8285 §4.2: one element of three bytes */
        at[0] = 0x90;
        put32(at + 12, 0xBEDE0001);
        put32(at + 16, (uint32_t)(leg->send_time << 4 | 2) << 24 | stamp);
        head += 8;
    }
    memcpy(at + head, plain->payload, plain->length);
    if (leg->moving && plain->picture.id >= 0)
        move_picture(leg, &plain->picture, at + head);
    int length = head + plain->length;
    return srtp_protect(line->tx, at, &length) == 0 ? length : 0;
}

static void send_run(Leg *leg, Line *line, const Plain *plain, const Run *run, uint32_t stamp) {
    int room = run->count * (plain[run->first].length + HEADER + 8 + TRAILER);
    if (used + room > ARENA || filled + run->count > MESSAGES)
        flush_messages();
    int start = used, size = 0, count = 0;
    for (int i = run->first; i < run->first + run->count; i++) {
        int length = protect(leg, line, plain + i, stamp);
        if (!length)
            continue;
        used += length;
        if (!segmented || length > MAX_SEGMENT) {
            add_message(line, start, length, 1, 0);
            start = used;
            continue;
        }
        if (!count++)
            size = length;
    }
    if (count)
        add_message(line, start, used - start, count, size);
}

/* The packets as plain values; how many, 0 when they are not one unbroken series, -1 on an error. */
static int read_packets(PyObject *packets, Plain *plain, long long *octets) {
    Py_ssize_t count = PyList_GET_SIZE(packets);
    if (count < 1 || count > MAX_PACKETS)
        return 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *packet = PyList_GET_ITEM(packets, i);
        if (!Py_IS_TYPE(packet, packet_type))
            return 0;
        PyObject *payload = *slot(packet, PAYLOAD), *marker = *slot(packet, MARKER), *sequence = *slot(packet, SEQUENCE),
                 *timestamp = *slot(packet, TIMESTAMP);
        int fits = payload && marker && sequence && timestamp && PyBytes_Check(payload) && PyBytes_GET_SIZE(payload) <= MAX_PACKET;
        if (fits) {
            /* The packet keeps its payload alive, and the list the packet, as long as this call lasts. */
            plain[i] = (Plain){.payload = PyBytes_AS_STRING(payload),
                               .length = (int)PyBytes_GET_SIZE(payload),
                               .timestamp = (unsigned int)PyLong_AsUnsignedLongLongMask(timestamp),
                               .sequence = (unsigned short)PyLong_AsUnsignedLongMask(sequence),
                               .marker = PyObject_IsTrue(marker) == 1};
            *octets += plain[i].length;
        }
        if (PyErr_Occurred())
            return -1;
        if (!fits || (i && plain[i].sequence != (unsigned short)(plain[i - 1].sequence + 1)))
            return 0;
    }
    return (int)count;
}

/* Runs of packets of one size, the last of which may be shorter: what the kernel can segment. */
static int find_runs(const Plain *plain, int count, Run *runs) {
    int found = 0, bytes = 0, closed = 1, size = 0;
    for (int i = 0; i < count; i++) {
        int room = plain[i].length + HEADER + 8 + TRAILER;
        if (closed || plain[i].length > size || runs[found - 1].count == MAX_SEGMENTS || bytes + room > MAX_RUN) {
            runs[found++] = (Run){i, 0};
            size = plain[i].length;
            bytes = 0;
        }
        closed = plain[i].length < size;
        runs[found - 1].count++;
        bytes += room;
    }
    return found;
}

static int ready(PyObject *leg_object, PyObject *source, const Plain *plain) {
    if (!PyObject_TypeCheck(leg_object, &LegType))
        return 0;
    Leg *leg = (Leg *)leg_object;
    if (leg->source != source || leg->switching || !leg->line || !Py_IS_TYPE(leg->line, &LineType))
        return 0;
    Line *line = (Line *)leg->line;
    return line->tx && line->fd >= 0 && (unsigned short)(plain->sequence + leg->sequence_offset) == leg->next_sequence;
}

/* Whether a picture of so many bytes goes at once, as rtp/pacer.py decides; it then counts. */
static int passes(Leg *leg, double size, double now) {
    if (leg->pace <= 0)
        return 1;
    double level = leg->level - (now - leg->level_time) * leg->pace / 8;
    level = (level > 0 ? level : 0) + size;
    if (leg->waiting || level > BURST_S * leg->pace / 8)
        return 0;
    leg->level = level;
    leg->level_time = now;
    return 1;
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

/* Let `line` be where the next messages go; flushes what was for another socket. */
static int turn_to(Line *line) {
    if (line->fd != out_fd || line->counters != out_counters) {
        flush_messages();
        if (settle_counters() < 0)
            return -1;
        out_fd = line->fd;
        out_counters = Py_NewRef(line->counters);
    }
    return 0;
}

static uint32_t send_stamp(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint32_t)(((uint64_t)now.tv_sec << 18) + ((uint64_t)now.tv_nsec << 18) / 1000000000) & 0xFFFFFF;
}

static PyObject *fan(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t nargs) {
    static Plain plain[MAX_PACKETS];
    static Run runs[MAX_PACKETS];
    if (nargs != 4 || !PyList_Check(args[1]) || !PyList_Check(args[2]))
        return PyErr_Format(PyExc_TypeError, "fan(source, sinks, packets, now)");
    PyObject *source = args[0], *sinks = args[1], *packets = args[2];
    double now = PyFloat_AsDouble(args[3]);
    if (now == -1.0 && PyErr_Occurred())
        return NULL;
    long long octets = 0;
    int count = read_packets(packets, plain, &octets);
    if (count < 0)
        return NULL;
    if (!count || !srtp_protect)
        return PyList_GetSlice(sinks, 0, PyList_GET_SIZE(sinks));
    PyObject *rest = PyList_New(0), *newest = PyList_GET_ITEM(packets, count - 1);
    int found = find_runs(plain, count, runs), read = 0;
    double size = (double)(octets + (long long)HEADERS_BYTES * count);
    uint32_t stamp = send_stamp();
    for (Py_ssize_t i = 0; rest && i < PyList_GET_SIZE(sinks); i++) {
        PyObject *sink = PyList_GET_ITEM(sinks, i), *leg_object = PyObject_GetAttr(sink, name_leg);
        if (!leg_object) {
            Py_CLEAR(rest);
        } else if (!ready(leg_object, source, plain) || !passes((Leg *)leg_object, size, now)) {
            if (PyList_Append(rest, sink) < 0)
                Py_CLEAR(rest);
        } else {
            Leg *leg = (Leg *)leg_object;
            Line *line = (Line *)leg->line;
            if (turn_to(line) < 0)
                Py_CLEAR(rest);
            if (leg->moving && !read++)
                read_pictures(plain, count);
            for (int r = 0; rest && r < found; r++)
                send_run(leg, line, plain, runs + r, stamp);
            leg->next_sequence += count;
            leg->sent += count;
            leg->packets += count;
            leg->octets += octets;
            leg->last_timestamp = plain[count - 1].timestamp + leg->timestamp_offset;
            leg->last_time = now;
            Py_XSETREF(leg->newest, Py_NewRef(newest));
        }
        Py_XDECREF(leg_object);
    }
    return rest;
}

static PyObject *post(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused)) {
    flush_messages();
    if (settle_counters() < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* Inbox: which address belongs to which line, and what each datagram is. */

typedef struct {
    PyObject_HEAD
    PyObject *lines; /* bytes of port and host -> Line */
    PyObject *counters;
} Inbox;

static int key_of(const struct sockaddr_storage *address, char *into) {
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        memcpy(into, &four->sin_port, 2);
        memcpy(into + 2, &four->sin_addr, 4);
        return 6;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    memcpy(into, &six->sin6_port, 2);
    memcpy(into + 2, &six->sin6_addr, 16);
    return 18;
}

static int inbox_init(Inbox *self, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"counters", "packet", NULL};
    PyObject *counters, *packet;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO", names, &counters, &packet))
        return -1;
    self->lines = PyDict_New();
    self->counters = Py_NewRef(counters);
    return self->lines ? learn_packet(packet) : -1;
}

static PyObject *key_from(const char *host, int port) {
    struct sockaddr_storage address;
    socklen_t size;
    char key[18];
    if (!resolve(host, port, &address, &size))
        return PyErr_Format(PyExc_ValueError, "not an IP address: %s", host);
    return PyBytes_FromStringAndSize(key, key_of(&address, key));
}

static PyObject *inbox_route(Inbox *self, PyObject *args) {
    const char *host;
    int port;
    PyObject *line, *key;
    if (!PyArg_ParseTuple(args, "(si)O!", &host, &port, &LineType, &line) || !(key = key_from(host, port)))
        return NULL;
    int failed = PyDict_SetItem(self->lines, key, line);
    Py_DECREF(key);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *inbox_forget(Inbox *self, PyObject *args) {
    const char *host;
    int port;
    PyObject *line, *key;
    if (!PyArg_ParseTuple(args, "(si)O!", &host, &port, &LineType, &line) || !(key = key_from(host, port)))
        return NULL;
    int failed = PyDict_GetItemWithError(self->lines, key) == line ? PyDict_DelItem(self->lines, key) : 0;
    Py_DECREF(key);
    if (failed || PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

/* Header extensions by local id, but for the loudness, which goes to `level`; NULL without an exception when they are cut
 * off. */
static PyObject *extensions_of(const unsigned char *data, int at, int end, int two_bytes, int level_id, int *level) {
    PyObject *found = PyDict_New();
    while (found && at < end) {
        int name, size;
        if (data[at] == 0) {
            at++;
            continue;
        }
        if (!two_bytes) {
            name = data[at] >> 4;
            size = (data[at] & 0x0F) + 1;
            if (name == 0 || name == 15) /* neither may be followed by more (RFC 8285 §4.2) */
                break;
            at += 1;
        } else if (at + 1 < end) {
            name = data[at];
            size = data[at + 1];
            at += 2;
        } else {
            break;
        }
        if (at + size > end) {
            Py_CLEAR(found);
            break;
        }
        if (name == level_id) {
            *level = size ? data[at] & 0x7F : -1;
        } else {
            PyObject *key = PyLong_FromLong(name), *value = PyBytes_FromStringAndSize((const char *)data + at, size);
            if (!key || !value || PyDict_SetItem(found, key, value) < 0)
                Py_CLEAR(found);
            Py_XDECREF(key);
            Py_XDECREF(value);
        }
        at += size;
    }
    return found;
}

/* A packet with all its fields, of which it takes over the references; NULL when one of them is. */
static PyObject *new_packet(PyObject *fields[FIELDS]) {
    int whole = 1;
    for (int i = 0; i < FIELDS; i++)
        whole &= fields[i] != NULL;
    PyObject *packet = whole ? packet_type->tp_alloc(packet_type, 0) : NULL;
    for (int i = 0; i < FIELDS; i++) {
        if (packet)
            *slot(packet, i) = fields[i];
        else
            Py_XDECREF(fields[i]);
    }
    return packet;
}

/* The run of packets that what comes next may go on with: one stream's, whose numbers follow each other. */
typedef struct {
    Line *line;
    PyObject *packets; /* the list in the last item read, which keeps it alive */
    uint32_t ssrc;
    unsigned short next;
    unsigned char payload_type;
} Streak;

/* (owner, [Packet], extensions, when it came) of a plain RTP packet, by the rules of rtp/packet.py, or None when it went on with the run
 * before; NULL without an exception when it is malformed. */
static PyObject *rtp_item(Line *line, const unsigned char *data, int length, double came, Streak *streak) {
    if (length < HEADER || length > MAX_PACKET || data[0] >> 6 != 2)
        return NULL;
    int start = HEADER + 4 * (data[0] & 0x0F), end = length, level = -1;
    PyObject *extensions = NULL;
    if (data[0] & 0x10) {
        if (start + 4 > length)
            return NULL;
        int profile = data[start] << 8 | data[start + 1];
        int begin = start + 4, stop = begin + 4 * (data[start + 2] << 8 | data[start + 3]);
        if (stop > length)
            return NULL;
        if (profile == 0xBEDE || (profile & 0xFFF0) == 0x1000)
            extensions = extensions_of(data, begin, stop, profile != 0xBEDE, line->level_id, &level);
        else
            extensions = PyDict_New();
        start = stop;
    } else {
        extensions = PyDict_New();
    }
    if (!extensions)
        return NULL;
    if (data[0] & 0x20)
        end = data[length - 1] ? end - data[length - 1] : -1;
    if (start > end) {
        Py_DECREF(extensions);
        return NULL;
    }
    uint32_t timestamp = get32(data + 4), ssrc = get32(data + 8);
    unsigned short sequence = data[2] << 8 | data[3];
    unsigned char payload_type = data[1] & 0x7F;
    PyObject *fields[FIELDS] = {
        [PAYLOAD_TYPE] = PyLong_FromLong(payload_type),
        [SEQUENCE] = PyLong_FromLong(sequence),
        [TIMESTAMP] = PyLong_FromUnsignedLong(timestamp),
        [SSRC] = PyLong_FromUnsignedLong(ssrc),
        [MARKER] = PyBool_FromLong(data[1] >> 7),
        [PAYLOAD] = PyBytes_FromStringAndSize((const char *)data + start, end - start),
        [KEYFRAME] = Py_NewRef(Py_False),
        [LEVEL] = level < 0 ? Py_NewRef(Py_None) : PyLong_FromLong(level),
    };
    PyObject *packet = new_packet(fields), *item = NULL;
    int follows = streak->line == line && streak->ssrc == ssrc && streak->next == sequence &&
                  streak->payload_type == payload_type && !PyDict_GET_SIZE(extensions);
    if (packet && follows) {
        item = PyList_Append(streak->packets, packet) < 0 ? NULL : Py_NewRef(Py_None);
    } else if (packet) {
        PyObject *packets = PyList_New(1);
        if (packets) {
            PyList_SET_ITEM(packets, 0, Py_NewRef(packet));
            item = Py_BuildValue("(OOOd)", line->owner, packets, extensions, came);
            Py_DECREF(packets);
        }
        *streak = (Streak){item ? line : NULL, packets, ssrc, 0, payload_type};
    }
    streak->next = sequence + 1;
    Py_XDECREF(packet);
    Py_DECREF(extensions);
    return item;
}

static PyObject *stun_item(const unsigned char *data, int length, const struct sockaddr_storage *address, double came) {
    char host[INET6_ADDRSTRLEN];
    int six = address->ss_family == AF_INET6;
    const void *number = six ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                             : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    int port = ntohs(six ? ((const struct sockaddr_in6 *)address)->sin6_port
                         : ((const struct sockaddr_in *)address)->sin_port);
    if (!inet_ntop(address->ss_family, number, host, sizeof host))
        return NULL;
    return Py_BuildValue("(Oy#(si)d)", Py_None, data, (Py_ssize_t)length, host, port, came);
}

/* A DTLS record or a plain RTCP packet. */
static PyObject *record_item(Line *line, const unsigned char *data, int length, double came) {
    return Py_BuildValue("(Oy#Od)", line->owner, data, (Py_ssize_t)length, Py_None, came);
}

static PyObject *media_item(Line *line, unsigned char *data, int length, double came, Streak *streak,
                            long long *malformed) {
    int plain = length;
    if (!line->rx || length < HEADER)
        return NULL;
    if (data[1] >= 192 && data[1] < 224) /* RFC 5761 §4 */
        return srtp_unprotect_rtcp(line->rx, data, &plain) ? NULL : record_item(line, data, plain, came);
    if (srtp_unprotect(line->rx, data, &plain) != 0)
        return NULL;
    PyObject *item = rtp_item(line, data, plain, came, streak);
    *malformed += !item && !PyErr_Occurred();
    return item;
}

/* What one datagram is (RFC 7983 §7); NULL without an exception when nobody shall have it, None when it went on with the
 * streak. */
static PyObject *item_of(Inbox *self, unsigned char *data, int length, const struct sockaddr_storage *address,
                         double now, double came, Streak *streak, long long *strangers, long long *malformed) {
    char bytes[18];
    if (data[0] < 4)
        return stun_item(data, length, address, came);
    PyObject *key = PyBytes_FromStringAndSize(bytes, key_of(address, bytes));
    Line *line = key ? (Line *)PyDict_GetItemWithError(self->lines, key) : NULL;
    Py_XDECREF(key);
    if (!line || !line->owner) {
        *strangers += 1;
        return NULL;
    }
    line->heard = now;
    if (data[0] >= 128 && data[0] < 192)
        return media_item(line, data, length, came, streak, malformed);
    if (data[0] >= 20 && data[0] < 64)
        return record_item(line, data, length, came);
    return NULL;
}

static double seconds(const struct timespec *time) {
    return (double)time->tv_sec + (double)time->tv_nsec * 1e-9;
}

/* What the clock of the kernel's notes is behind that of time.monotonic(), in seconds; a look at both that was
 * interrupted is taken again. */
static double skew(void) {
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

/* When a datagram came, by transport/arrival.py's rules. */
static double came_at(struct msghdr *header, double skewed, double now) {
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

static PyObject *inbox_read(Inbox *self, PyObject *args) {
    static unsigned char buffers[BATCH][DATAGRAM];
    static struct sockaddr_storage addresses[BATCH];
    static struct iovec iovecs[BATCH];
    static struct mmsghdr headers[BATCH];
    static union {
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
        struct cmsghdr aligned;
    } notes[BATCH];
    static int prepared = 0;
    PyObject *sock;
    int fd, got = BATCH;
    double now;
    long long packets = 0, bytes = 0, strangers = 0, malformed = 0;
    if (!PyArg_ParseTuple(args, "Od", &sock, &now) || (fd = PyObject_AsFileDescriptor(sock)) < 0)
        return NULL;
    PyObject *items = PyList_New(0);
    Streak streak = {NULL};
    double skewed = skew();
    for (int looks = 0; items && got == BATCH && looks < MAX_READ / BATCH; looks++) {
        for (; prepared < BATCH; prepared++) {
            iovecs[prepared] = (struct iovec){buffers[prepared], DATAGRAM};
            headers[prepared].msg_hdr = (struct msghdr){
                .msg_name = &addresses[prepared],
                .msg_namelen = sizeof *addresses,
                .msg_iov = &iovecs[prepared],
                .msg_iovlen = 1,
                .msg_control = &notes[prepared],
                .msg_controllen = sizeof *notes,
            };
        }
        got = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++) {
            int length = (int)headers[i].msg_len;
            double came = came_at(&headers[i].msg_hdr, skewed, now);
            headers[i].msg_hdr.msg_namelen = sizeof *addresses; /* these two the kernel changes and reads again */
            headers[i].msg_hdr.msg_controllen = sizeof *notes;
            if (!items || !length)
                continue;
            packets++;
            bytes += length;
            PyObject *item = item_of(self, buffers[i], length, &addresses[i], now, came, &streak, &strangers, &malformed);
            if (PyErr_Occurred() || (item && item != Py_None && PyList_Append(items, item) < 0))
                Py_CLEAR(items);
            Py_XDECREF(item);
        }
    }
    if (items && (count_up(self->counters, name_packets_in, packets) < 0 ||
                  count_up(self->counters, name_bytes_in, bytes) < 0 ||
                  count_up(self->counters, name_strangers, strangers) < 0 ||
                  count_up(self->counters, name_malformed, malformed) < 0))
        Py_CLEAR(items);
    return items;
}

static int inbox_traverse(Inbox *self, visitproc visit, void *arg) {
    Py_VISIT(self->lines);
    Py_VISIT(self->counters);
    return 0;
}

static int inbox_clear(Inbox *self) {
    Py_CLEAR(self->lines);
    Py_CLEAR(self->counters);
    return 0;
}

static void inbox_dealloc(Inbox *self) {
    PyObject_GC_UnTrack(self);
    inbox_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static Py_ssize_t inbox_length(Inbox *self) {
    return PyDict_GET_SIZE(self->lines);
}

static PySequenceMethods inbox_sequence = {.sq_length = (lenfunc)inbox_length};

static PyMethodDef inbox_methods[] = {
    {"route", (PyCFunction)inbox_route, METH_VARARGS, "Let what comes from an address be the line's."},
    {"forget", (PyCFunction)inbox_forget, METH_VARARGS, "Stop that, if the address is the line's."},
    {"read", (PyCFunction)inbox_read, METH_VARARGS, "What waits in a socket."},
    {NULL},
};

static PyTypeObject InboxType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._wire.Inbox",
    .tp_basicsize = sizeof(Inbox),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)inbox_init,
    .tp_traverse = (traverseproc)inbox_traverse,
    .tp_clear = (inquiry)inbox_clear,
    .tp_dealloc = (destructor)inbox_dealloc,
    .tp_methods = inbox_methods,
    .tp_as_sequence = &inbox_sequence,
};

/* The module. */

static PyObject *use(PyObject *Py_UNUSED(module), PyObject *args) {
    unsigned long long calls[3];
    if (!PyArg_ParseTuple(args, "KKK", &calls[0], &calls[1], &calls[2]))
        return NULL;
    srtp_protect = (srtp_call)(uintptr_t)calls[0];
    srtp_unprotect = (srtp_call)(uintptr_t)calls[1];
    srtp_unprotect_rtcp = (srtp_call)(uintptr_t)calls[2];
    Py_RETURN_NONE;
}

/* A descriptor that can be read on every whole multiple of a period, by the clock of time.monotonic(); None where there
 * is none to be had. */
static PyObject *timer(PyObject *Py_UNUSED(module), PyObject *period) {
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

static PyMethodDef functions[] = {
    {"fan", (PyCFunction)(void (*)(void))fan, METH_FASTCALL, "Make messages of a source's packets for its steady sinks; the others come back."},
    {"post", post, METH_NOARGS, "Send all messages."},
    {"timer", timer, METH_O, "A descriptor that can be read on every whole multiple of so many milliseconds."},
    {"use", use, METH_VARARGS, "Take libsrtp's protect, unprotect and unprotect_rtcp by their addresses."},
    {NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "mediaserver._wire", NULL, -1, functions};

static int intern_names(void) {
    struct {
        PyObject **name;
        const char *text;
    } names[] = {
        {&name_leg, "leg"},
        {&name_packets_in, "packets_in"},
        {&name_bytes_in, "bytes_in"},
        {&name_packets_out, "packets_out"},
        {&name_bytes_out, "bytes_out"},
        {&name_refused, "refused"},
        {&name_strangers, "strangers"},
        {&name_malformed, "malformed"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!(*names[i].name = PyUnicode_InternFromString(names[i].text)))
            return -1;
    return 0;
}

PyMODINIT_FUNC PyInit__wire(void) {
    PyObject *module = PyModule_Create(&definition);
    if (!module || intern_names() < 0 || PyModule_AddType(module, &LineType) < 0 ||
        PyModule_AddType(module, &LegType) < 0 || PyModule_AddType(module, &InboxType) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
