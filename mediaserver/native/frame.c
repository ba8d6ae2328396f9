/* Puts the packets of a picture together again, as plain_depacketize in rtp/payload.py does. */
#include "native.h"

static const unsigned char start_code[] = {0, 0, 0, 1};

/* Write bytes behind `into`, unless it is NULL; return how many. */
static int put(unsigned char *into, int at, const void *bytes, int length) {
    if (into)
        memcpy(into + at, bytes, length);
    return length;
}

static int put_nal(unsigned char *into, int at, const unsigned char *nal, int length) {
    int size = put(into, at, start_code, sizeof start_code);
    return size + put(into, at + size, nal, length);
}

/* RFC 6184 §5.8: the header of a fragmented NAL unit is in both bytes before the fragment. */
static int put_fragment(unsigned char *into, const unsigned char *payload, int length) {
    int size = 0;
    if (payload[1] & 0x80) {
        unsigned char header = (payload[0] & 0xE0) | (payload[1] & 0x1F);
        size = put_nal(into, 0, &header, 1);
    }
    return size + put(into, size, payload + 2, length - 2);
}

/* RFC 6184 §5.7.1: NAL units behind their sizes. */
static int put_aggregated(unsigned char *into, const unsigned char *payload, int length) {
    int size = 0;
    for (int at = 1; at + 2 < length;) {
        int nal = payload[at] << 8 | payload[at + 1];
        if (!nal || at + 2 + nal > length)
            return -1;
        size += put_nal(into, size, payload + at + 2, nal);
        at += 2 + nal;
    }
    return size;
}

/* Write the part of a picture in a payload; return its bytes, -1 where it is not readable. */
static int put_h264(unsigned char *into, const unsigned char *payload, int length) {
    if (length < 2)
        return -1;
    int kind = payload[0] & 0x1F;
    if (kind == FU_A)
        return put_fragment(into, payload, length);
    if (kind == STAP_A)
        return put_aggregated(into, payload, length);
    return kind >= 1 && kind <= 23 ? put_nal(into, 0, payload, length) : -1;
}

static int put_vp8(unsigned char *into, const unsigned char *payload, int length) {
    Vp8Descriptor vp8 = read_vp8(payload, length);
    return vp8.readable ? put(into, 0, payload + vp8.size, length - vp8.size) : -1;
}

/* Write a picture; return its bytes, -1 where a payload is not readable. */
static int put_frame(unsigned char *into, int vp8, const PacketView *packets, int count) {
    int size = 0;
    for (int i = 0; i < count; i++) {
        unsigned char *end = into ? into + size : NULL;
        const unsigned char *payload = (const unsigned char *)packets[i].payload;
        int part = vp8 ? put_vp8(end, payload, packets[i].length) : put_h264(end, payload, packets[i].length);
        if (part < 0)
            return -1;
        size += part;
    }
    return size;
}

/* Whether packets of consecutive numbers begin with number `first`, and end with the only marker. */
static int is_whole(const PacketView *packets, int count, long first) {
    if (count < 1 || packets[0].sequence != first)
        return 0;
    for (int i = 0; i < count; i++)
        if (!packets[i].length || packets[i].marker != (i == count - 1))
            return 0;
    return 1;
}

static int any_keyframe(const PacketView *packets, int count) {
    int found = 0;
    for (int i = 0; i < count; i++)
        found |= packets[i].keyframe;
    return found;
}

PyObject *depacketize(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *codec, *packets;
    long first;
    if (!PyArg_ParseTuple(args, "UO!l", &codec, &PyList_Type, &packets, &first))
        return NULL;
    int vp8 = PyUnicode_CompareWithASCIIString(codec, "VP8") == 0;
    PacketView views[MAX_PACKETS];
    int count = read_packets(packets, views);
    if (count < 0)
        return NULL;
    int size = is_whole(views, count, first) ? put_frame(NULL, vp8, views, count) : -1;
    if (size < 0)
        Py_RETURN_NONE;
    PyObject *frame = PyBytes_FromStringAndSize(NULL, size);
    if (!frame)
        return NULL;
    put_frame((unsigned char *)PyBytes_AS_STRING(frame), vp8, views, count);
    return Py_BuildValue("(NO)", frame, any_keyframe(views, count) ? Py_True : Py_False);
}
