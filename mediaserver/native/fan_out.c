/* Encrypts a source's packets for each of its sinks. */
#include "native.h"

enum {
    TRAILER = 48,       /* authentication tag and, in RTCP, the index (RFC 3711 §3.4) */
    HEADERS_BYTES = 64, /* congestion/pacer.py */
};
static const double BURST_S = 0.04; /* congestion/pacer.py */

/* Packets of one size, the last of which may be shorter: the kernel can segment them. */
typedef struct {
    int first, count;
} EqualPackets;

/* Packets of a source with consecutive numbers. */
typedef struct {
    const PacketView *plain; /* all that were read */
    int end, count, found;
    long long octets, pictures;
    PyObject *newest; /* the last packet that is not padding alone; NULL when all are */
    EqualPackets equal[MAX_PACKETS];
} Series;

static void read_descriptors(PacketView *plain, int count) {
    for (int i = 0; i < count; i++)
        plain[i].vp8 = read_vp8((const unsigned char *)plain[i].payload, plain[i].length);
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
    if (stream->moving && plain->vp8.id >= 0)
        rewrite_vp8_ids(stream, &plain->vp8, at + head);
    int length = head + plain->length;
    return srtp_protect(path->tx, at, &length) == 0 ? length : 0;
}

static void send_equal(OutboundStream *stream, PeerPath *path, const PacketView *plain, const EqualPackets *equal,
                       uint32_t stamp) {
    int count = 0, whole = 0, size = 0, room = plain[equal->first].length + HEADER + 8 + TRAILER;
    unsigned char *start = outbox_room(equal->count, equal->count * room);
    for (int i = equal->first; i < equal->first + equal->count; i++) {
        int length = protect(stream, path, plain + i, stamp, start + whole);
        if (length && !count++)
            size = length;
        whole += length;
    }
    outbox_add(path, start, whole, count, size, !equal->first);
}

static void send_series(OutboundStream *stream, const Series *series, double now, uint32_t stamp) {
    if (!series->count)
        return;
    for (int i = 0; i < series->found; i++)
        send_equal(stream, (PeerPath *)stream->path, series->plain, series->equal + i, stamp);
    stream->next_sequence += series->count;
    stream->sent += series->count;
    stream->packets += series->count;
    stream->octets += series->octets;
    stream->pictures += series->pictures;
    stream->last_timestamp = series->plain[series->end - 1].timestamp + stream->timestamp_offset;
    stream->last_time = now;
    if (series->newest)
        Py_XSETREF(stream->newest, Py_NewRef(series->newest));
}

/* Read packets from `first` to `end` of those that were read. */
static void read_series(Series *series, const PacketView *plain, int first, int end) {
    int bytes = 0, closed = 1, size = 0;
    EqualPackets *equal = series->equal;
    series->plain = plain;
    series->end = end;
    series->count = end - first;
    series->octets = series->pictures = 0;
    series->newest = NULL;
    for (int i = first; i < end; i++) {
        int room = plain[i].length + HEADER + 8 + TRAILER;
        if (closed || plain[i].length > size || equal[-1].count == MAX_SEGMENTS || bytes + room > MAX_RUN) {
            *equal++ = (EqualPackets){i, 0};
            size = plain[i].length;
            bytes = 0;
        }
        closed = plain[i].length < size;
        equal[-1].count++;
        bytes += room;
        series->octets += plain[i].length;
        series->pictures += plain[i].marker;
        if (plain[i].length)
            series->newest = plain[i].packet;
    }
    series->found = (int)(equal - series->equal);
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

/* Decide which packets a stream forwards, and what it forwards behind them; return the bytes that take a link. */
static double choose(Layers *layers, const Series *all, char *chosen) {
    long long octets = 0;
    for (int i = 0; i < all->count; i++)
        if ((chosen[i] = (char)layer_passes(layers, all->plain + i)))
            octets += all->plain[i].length + HEADERS_BYTES;
    return (double)octets;
}

static int send_chosen(OutboundStream *stream, const Series *all, const char *chosen, double now, uint32_t stamp) {
    static Series part;
    for (int at = 0, end; at < all->count; at = end) {
        for (end = at; end < all->count && chosen[end]; end++)
            ;
        if (end == at) {
            if (leave_out(stream, all->plain + end++) < 0)
                return -1;
            continue;
        }
        read_series(&part, all->plain, at, end);
        send_series(stream, &part, now, stamp);
    }
    return 0;
}

/* Send a series to a stream in step with it; return whether it may leave at once, -1 on an error. */
static int serve(OutboundStream *stream, const Series *all, double now, uint32_t stamp) {
    static char chosen[MAX_PACKETS];
    Layers layers = stream->layers;
    int some = leaves_out(stream);
    double size = some ? choose(&layers, all, chosen) : (double)(all->octets + (long long)HEADERS_BYTES * all->count);
    if (!passes(stream, size, now))
        return 0;
    if (outbox_turn((PeerPath *)stream->path) < 0)
        return -1;
    stream->layers = layers;
    if (some)
        return send_chosen(stream, all, chosen, now, stamp) < 0 ? -1 : 1;
    send_series(stream, all, now, stamp);
    return 1;
}

PyObject *fan_out(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t nargs) {
    static PacketView plain[MAX_PACKETS];
    static Series all;
    static PyObject *name_stream;
    if (nargs != 4 || !PyList_Check(args[1]) || !PyList_Check(args[2]))
        return PyErr_Format(PyExc_TypeError, "fan_out(source, sinks, packets, now)");
    if (!name_stream && !(name_stream = PyUnicode_InternFromString("stream")))
        return NULL;
    PyObject *source = args[0], *sinks = args[1], *packets = args[2];
    double now = PyFloat_AsDouble(args[3]);
    if (now == -1.0 && PyErr_Occurred())
        return NULL;
    int count = read_packets(packets, plain), read = 0;
    if (count < 0)
        return NULL;
    if (!count || !srtp_protect)
        return PyList_GetSlice(sinks, 0, PyList_GET_SIZE(sinks));
    read_series(&all, plain, 0, count);
    PyObject *rest = PyList_New(0);
    uint32_t stamp = send_stamp();
    for (Py_ssize_t i = 0; rest && i < PyList_GET_SIZE(sinks); i++) {
        PyObject *sink = PyList_GET_ITEM(sinks, i), *stream_object = PyObject_GetAttr(sink, name_stream);
        int served = stream_object ? ready(stream_object, source, plain) : -1;
        if (served > 0) {
            OutboundStream *stream = (OutboundStream *)stream_object;
            if (stream->moving && !read++)
                read_descriptors(plain, count);
            served = serve(stream, &all, now, stamp);
        }
        if (served < 0 || (!served && PyList_Append(rest, sink) < 0))
            Py_CLEAR(rest);
        Py_XDECREF(stream_object);
    }
    return rest;
}

/* Send a source's waiting packets to all sinks in step; the source serves the others. */
PyObject *flush_pending(PyObject *source, PyObject *sinks, PyObject *pending, PyObject *now) {
    PyObject *packets = PyList_GetSlice(pending, 0, PyList_GET_SIZE(pending));
    if (!packets || PyList_SetSlice(pending, 0, PyList_GET_SIZE(pending), NULL) < 0) {
        Py_XDECREF(packets);
        return NULL;
    }
    PyObject *arguments[] = {source, sinks, packets, now}, *done = NULL;
    PyObject *others = fan_out(NULL, arguments, 4);
    if (others && PyList_GET_SIZE(others))
        done = PyObject_CallMethod(source, "serve", "OOO", others, packets, now);
    else if (others)
        done = Py_NewRef(Py_None);
    Py_XDECREF(others);
    Py_DECREF(packets);
    return done;
}
