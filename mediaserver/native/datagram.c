/* Parses datagrams. */
#include "native.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* Return header extensions by local id, except the audio level, which goes to `level`; NULL without an exception when
 * they are cut off. */
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

/* Return (owner, [Packet], extensions, receive time) of a plain RTP packet, by the rules of rtp/packet.py, or None when
 * it continued the open run; NULL without an exception when it is malformed. */
static PyObject *rtp_item(PeerPath *path, const unsigned char *data, int length, double came, OpenRun *open_run) {
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
            extensions = extensions_of(data, begin, stop, profile != 0xBEDE, path->level_id, &level);
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
    int follows = open_run->path == path && open_run->ssrc == ssrc && open_run->next == sequence &&
                  open_run->payload_type == payload_type && !PyDict_GET_SIZE(extensions);
    if (packet && follows) {
        item = PyList_Append(open_run->packets, packet) < 0 ? NULL : Py_NewRef(Py_None);
    } else if (packet) {
        PyObject *packets = PyList_New(1);
        if (packets) {
            PyList_SET_ITEM(packets, 0, Py_NewRef(packet));
            item = Py_BuildValue("(OOOd)", path->owner, packets, extensions, came);
            Py_DECREF(packets);
        }
        *open_run = (OpenRun){item ? path : NULL, packets, ssrc, 0, payload_type};
    }
    open_run->next = sequence + 1;
    Py_XDECREF(packet);
    Py_DECREF(extensions);
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

static int knows(const PeerPath *path, uint32_t ssrc) {
    int at = 0;
    while (at < path->known && path->ssrcs[at] != ssrc)
        at++;
    return at < path->known;
}

PyObject *media_item(PeerPath *path, unsigned char *data, int length, double came, OpenRun *open_run,
                     Dropped *dropped) {
    int plain = length;
    if (!path->rx || length < HEADER)
        return NULL;
    int report = data[1] >= 192 && data[1] < 224; /* RFC 5761 §4 */
    uint32_t ssrc = get32(data + (report ? 4 : 8));
    int known = knows(path, ssrc);
    if (!known && path->known == MAX_SSRCS) {
        dropped->excess++;
        return NULL;
    }
    if ((report ? srtp_unprotect_rtcp : srtp_unprotect)(path->rx, data, &plain) != 0)
        return NULL;
    if (!known)
        path->ssrcs[path->known++] = ssrc;
    if (report)
        return record_item(path, data, plain, came);
    PyObject *item = rtp_item(path, data, plain, came, open_run);
    dropped->malformed += !item && !PyErr_Occurred();
    return item;
}
