/* Encrypts a source's packets for each of its sinks. */
#include "native.h"

enum {
    TRAILER = 48,       /* authentication tag and, in RTCP, the index (RFC 3711 §3.4) */
    HEADERS_BYTES = 64, /* congestion/pacer.py */
};
static const double BURST_S = 0.04; /* congestion/pacer.py */

typedef struct {
    int first, count;
} Run;

static void read_all_vp8_ids(PacketView *plain, int count) {
    for (int i = 0; i < count; i++)
        plain[i].picture = read_vp8_ids((const unsigned char *)plain[i].payload, plain[i].length);
}

/* Write one protected packet at `at`; return its length, 0 when libsrtp refuses. */
static int protect(OutboundStream *stream, PeerPath *path, const PacketView *plain, uint32_t stamp, unsigned char *at) {
    int head = HEADER;
    at[0] = 0x80;
    at[1] = plain->marker << 7 | stream->payload_type;
    put16(at + 2, (plain->sequence + stream->sequence_offset) & 0xFFFF);
    put32(at + 4, plain->timestamp + stream->timestamp_offset);
    put32(at + 8, stream->ssrc);
    if (stream->send_time) { /* RFC 8285 §4.2: one element of three bytes */
        at[0] = 0x90;
        put32(at + 12, 0xBEDE0001);
        put32(at + 16, (uint32_t)(stream->send_time << 4 | 2) << 24 | stamp);
        head += 8;
    }
    memcpy(at + head, plain->payload, plain->length);
    if (stream->moving && plain->picture.id >= 0)
        rewrite_vp8_ids(stream, &plain->picture, at + head);
    int length = head + plain->length;
    return srtp_protect(path->tx, at, &length) == 0 ? length : 0;
}

static void send_run(OutboundStream *stream, PeerPath *path, const PacketView *plain, const Run *run, uint32_t stamp) {
    unsigned char *start = outbox_room(run->count, run->count * (plain[run->first].length + HEADER + 8 + TRAILER));
    int whole = 0, size = 0, count = 0;
    for (int i = run->first; i < run->first + run->count; i++) {
        int length = protect(stream, path, plain + i, stamp, start + whole);
        if (length && !count++)
            size = length;
        whole += length;
    }
    outbox_add(path, start, whole, count, size, !run->first);
}

/* Find runs of packets of one size, the last of which may be shorter: the kernel can segment them. */
static int find_runs(const PacketView *plain, int count, Run *runs) {
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

static int ready(PyObject *stream_object, PyObject *source, const PacketView *plain) {
    if (!PyObject_TypeCheck(stream_object, &OutboundStreamType))
        return 0;
    OutboundStream *stream = (OutboundStream *)stream_object;
    if (stream->source != source || stream->switching || !stream->path || !Py_IS_TYPE(stream->path, &PeerPathType))
        return 0;
    PeerPath *path = (PeerPath *)stream->path;
    return path->tx && path->fd >= 0 &&
           (unsigned short)(plain->sequence + stream->sequence_offset) == stream->next_sequence;
}

/* Return whether a picture of so many bytes goes at once, by the rules of congestion/pacer.py; if so, count it. */
static int passes(const OutboundStream *stream, double size, double now) {
    PeerPath *path = (PeerPath *)stream->path;
    if (!stream->paced)
        return 1;
    double level = path->level - (now - path->level_time) * path->pace / 8;
    level = (level > 0 ? level : 0) + size;
    if (path->waiting || level > BURST_S * path->pace / 8)
        return 0;
    path->level = level;
    path->level_time = now;
    return 1;
}

/* Return the last packet that is not padding alone; NULL when all are. */
static PyObject *last_filled(PyObject *packets, const PacketView *plain, int count) {
    while (count && !plain[count - 1].length)
        count--;
    return count ? PyList_GET_ITEM(packets, count - 1) : NULL;
}

PyObject *fan_out(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t nargs) {
    static PacketView plain[MAX_PACKETS];
    static Run runs[MAX_PACKETS];
    static PyObject *name_stream;
    if (nargs != 4 || !PyList_Check(args[1]) || !PyList_Check(args[2]))
        return PyErr_Format(PyExc_TypeError, "fan_out(source, sinks, packets, now)");
    if (!name_stream && !(name_stream = PyUnicode_InternFromString("stream")))
        return NULL;
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
    PyObject *rest = PyList_New(0), *newest = last_filled(packets, plain, count);
    int found = find_runs(plain, count, runs), read = 0;
    double size = (double)(octets + (long long)HEADERS_BYTES * count);
    uint32_t stamp = send_stamp();
    for (Py_ssize_t i = 0; rest && i < PyList_GET_SIZE(sinks); i++) {
        PyObject *sink = PyList_GET_ITEM(sinks, i), *stream_object = PyObject_GetAttr(sink, name_stream);
        if (!stream_object) {
            Py_CLEAR(rest);
        } else if (!ready(stream_object, source, plain) || !passes((OutboundStream *)stream_object, size, now)) {
            if (PyList_Append(rest, sink) < 0)
                Py_CLEAR(rest);
        } else {
            OutboundStream *stream = (OutboundStream *)stream_object;
            PeerPath *path = (PeerPath *)stream->path;
            if (outbox_turn(path) < 0)
                Py_CLEAR(rest);
            if (stream->moving && !read++)
                read_all_vp8_ids(plain, count);
            for (int r = 0; rest && r < found; r++)
                send_run(stream, path, plain, runs + r, stamp);
            stream->next_sequence += count;
            stream->sent += count;
            stream->packets += count;
            stream->octets += octets;
            stream->last_timestamp = plain[count - 1].timestamp + stream->timestamp_offset;
            stream->last_time = now;
            if (newest)
                Py_XSETREF(stream->newest, Py_NewRef(newest));
        }
        Py_XDECREF(stream_object);
    }
    return rest;
}
