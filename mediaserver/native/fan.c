/* A source's packets, encrypted for each of its sinks. */
#include "native.h"

enum {
    TRAILER = 48,       /* authentication tag and, in RTCP, the index (RFC 3711 §3.4) */
    HEADERS_BYTES = 64, /* congestion/pacer.py */
};
static const double BURST_S = 0.04; /* congestion/pacer.py */

typedef struct {
    int first, count;
} Run;

static void read_pictures(Plain *plain, int count) {
    for (int i = 0; i < count; i++)
        plain[i].picture = read_picture((const unsigned char *)plain[i].payload, plain[i].length);
}

/* One packet at `at`; its protected length, 0 when libsrtp refuses. */
static int protect(Leg *leg, Line *line, const Plain *plain, uint32_t stamp, unsigned char *at) {
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
    unsigned char *start = outbox_room(run->count, run->count * (plain[run->first].length + HEADER + 8 + TRAILER));
    int whole = 0, size = 0, count = 0;
    for (int i = run->first; i < run->first + run->count; i++) {
        int length = protect(leg, line, plain + i, stamp, start + whole);
        if (length && !count++)
            size = length;
        whole += length;
    }
    outbox_add(line, start, whole, count, size);
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

/* Whether a picture of so many bytes goes at once, as congestion/pacer.py decides; it then counts. */
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

/* The last packet that is not padding alone; NULL when all are. */
static PyObject *last_filled(PyObject *packets, const Plain *plain, int count) {
    while (count && !plain[count - 1].length)
        count--;
    return count ? PyList_GET_ITEM(packets, count - 1) : NULL;
}

PyObject *fan(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t nargs) {
    static Plain plain[MAX_PACKETS];
    static Run runs[MAX_PACKETS];
    static PyObject *name_leg;
    if (nargs != 4 || !PyList_Check(args[1]) || !PyList_Check(args[2]))
        return PyErr_Format(PyExc_TypeError, "fan(source, sinks, packets, now)");
    if (!name_leg && !(name_leg = PyUnicode_InternFromString("leg")))
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
        PyObject *sink = PyList_GET_ITEM(sinks, i), *leg_object = PyObject_GetAttr(sink, name_leg);
        if (!leg_object) {
            Py_CLEAR(rest);
        } else if (!ready(leg_object, source, plain) || !passes((Leg *)leg_object, size, now)) {
            if (PyList_Append(rest, sink) < 0)
                Py_CLEAR(rest);
        } else {
            Leg *leg = (Leg *)leg_object;
            Line *line = (Line *)leg->line;
            if (outbox_turn(line) < 0)
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
            if (newest)
                Py_XSETREF(leg->newest, Py_NewRef(newest));
        }
        Py_XDECREF(leg_object);
    }
    return rest;
}
