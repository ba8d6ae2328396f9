/* Parses datagrams. */
#include "native.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* Read header extension elements: the audio level into `level`, all others into the dict `found` by local id, unless
 * that is NULL. Return 0 when they are cut off, or on an exception. */
static int read_elements(const unsigned char *data, int at, int end, int two_bytes, int level_id, signed char *level,
                         PyObject *found) {
    while (at < end) {
        int name, size;
        if (data[at] == 0) {
            at++;
            continue;
        }
        if (!two_bytes) {
            name = data[at] >> 4;
            size = (data[at] & 0x0F) + 1;
            if (name == 0 || name == 15) /* neither may be followed by more (RFC 8285 §4.2) */
                return 1;
            at += 1;
        } else if (at + 1 < end) {
            name = data[at];
            size = data[at + 1];
            at += 2;
        } else {
            return 1;
        }
        if (at + size > end)
            return 0;
        if (name == level_id) {
            *level = size ? data[at] & 0x7F : -1;
        } else if (found) {
            PyObject *key = PyLong_FromLong(name), *value = PyBytes_FromStringAndSize((const char *)data + at, size);
            int failed = !key || !value || PyDict_SetItem(found, key, value) < 0;
            Py_XDECREF(key);
            Py_XDECREF(value);
            if (failed)
                return 0;
        }
        at += size;
    }
    return 1;
}

/* Read a plain RTP packet by the rules of rtp/packet.py, and its header extensions into the dict `found` unless that is
 * NULL. Return 0 when it is malformed, or on an exception. */
static int read_rtp(const PeerPath *path, const unsigned char *data, int length, RtpView *into, PyObject *found) {
    if (length < HEADER || length > MAX_PACKET || data[0] >> 6 != 2)
        return 0;
    int start = HEADER + 4 * (data[0] & 0x0F), end = length;
    into->level = -1;
    if (data[0] & 0x10) {
        if (start + 4 > length)
            return 0;
        int profile = data[start] << 8 | data[start + 1];
        int begin = start + 4, stop = begin + 4 * (data[start + 2] << 8 | data[start + 3]);
        if (stop > length)
            return 0;
        if ((profile == 0xBEDE || (profile & 0xFFF0) == 0x1000) &&
            !read_elements(data, begin, stop, profile != 0xBEDE, path->level_id, &into->level, found))
            return 0;
        start = stop;
    }
    if (data[0] & 0x20)
        end = data[length - 1] ? end - data[length - 1] : -1;
    if (start > end)
        return 0;
    into->payload = data + start;
    into->length = end - start;
    into->timestamp = get32(data + 4);
    into->ssrc = get32(data + 8);
    into->sequence = data[2] << 8 | data[3];
    into->payload_type = data[1] & 0x7F;
    into->marker = data[1] >> 7;
    return 1;
}

/* Append a packet to the open run, if it continues that; return whether it did, -1 on an error. */
static int extend_run(OpenRun *open_run, const PeerPath *path, const RtpView *view, PyObject *packet) {
    if (open_run->path != path || open_run->ssrc != view->ssrc || open_run->next != view->sequence ||
        open_run->payload_type != view->payload_type)
        return 0;
    open_run->next = view->sequence + 1;
    return PyList_Append(open_run->packets, packet) < 0 ? -1 : 1;
}

/* Return (owner, [Packet], extensions, receive time) and open a run with it. */
static PyObject *open_item(OpenRun *open_run, PeerPath *path, const RtpView *view, PyObject *packet,
                           PyObject *extensions, double came) {
    PyObject *packets = PyList_New(1), *item = NULL;
    if (packets) {
        PyList_SET_ITEM(packets, 0, Py_NewRef(packet));
        item = Py_BuildValue("(OOOd)", path->owner, packets, extensions, came);
        Py_DECREF(packets);
    }
    *open_run = (OpenRun){item ? path : NULL, packets, view->ssrc, view->sequence + 1, view->payload_type};
    return item;
}

/* Return the item of a plain RTP packet that its stream's owner must see, or None when it continued the open run; NULL
 * without an exception when it is malformed. */
static PyObject *rtp_item(PeerPath *path, const unsigned char *data, int length, double came, OpenRun *open_run) {
    RtpView view;
    PyObject *extensions = PyDict_New(), *packet = NULL, *item = NULL;
    if (extensions && read_rtp(path, data, length, &view, extensions) && (packet = packet_of(&view))) {
        int extends = PyDict_GET_SIZE(extensions) ? 0 : extend_run(open_run, path, &view, packet);
        if (extends > 0)
            item = Py_NewRef(Py_None);
        else if (!extends)
            item = open_item(open_run, path, &view, packet, extensions, came);
    }
    Py_XDECREF(packet);
    Py_XDECREF(extensions);
    return item;
}

PyObject *stun_item(const unsigned char *data, int length, const struct sockaddr_storage *address, double came) {
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

/* Return the item of a DTLS record or a plain RTCP packet. */
PyObject *record_item(PeerPath *path, const unsigned char *data, int length, double came) {
    return Py_BuildValue("(Oy#Od)", path->owner, data, (Py_ssize_t)length, Py_None, came);
}

/* Take a packet of a registered stream if it is in step; return whether it was taken, -1 on an error. */
static int taken(PeerPath *path, int place, const unsigned char *data, int length, double came, unsigned look) {
    RtpView view;
    InboundStream *stream = path->streams[place];
    return stream && read_rtp(path, data, length, &view, NULL) ? take_in_step(stream, &view, came, look) : 0;
}

PyObject *media_item(PeerPath *path, unsigned char *data, int length, double came, Look *look) {
    int plain = length;
    if (!path->rx || length < HEADER)
        return NULL;
    int report = data[1] >= 192 && data[1] < 224; /* RFC 5761 §4 */
    uint32_t ssrc = get32(data + (report ? 4 : 8));
    int place = path_place(path, ssrc);
    if (place == MAX_SSRCS) {
        look->dropped.excess++;
        return NULL;
    }
    if ((report ? srtp_unprotect_rtcp : srtp_unprotect)(path->rx, data, &plain) != 0)
        return NULL;
    if (place == path->known)
        path->ssrcs[path->known++] = ssrc;
    if (report)
        return record_item(path, data, plain, came);
    int in_step = taken(path, place, data, plain, came, look->number);
    if (in_step) {
        look->open_run.path = NULL; /* what follows is not in a row with it */
        return in_step < 0 ? NULL : Py_NewRef(Py_None);
    }
    PyObject *item = rtp_item(path, data, plain, came, &look->open_run);
    look->dropped.malformed += !item && !PyErr_Occurred();
    return item;
}
