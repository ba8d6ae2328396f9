/* Packets as Python objects and as C values. */
#include "native.h"

static const char *const field_names[FIELDS] = {"payload_type", "sequence", "timestamp", "ssrc",
                                                "marker",       "payload",  "keyframe",  "level"};
static PyTypeObject *packet_type;
static Py_ssize_t slots[FIELDS];

static PyObject **slot(PyObject *packet, int field) {
    return (PyObject **)((char *)packet + slots[field]);
}

int learn_packet(PyObject *type) {
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

/* Make a packet of its fields, whose references it takes over; NULL when a field is NULL. */
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

PyObject *packet_of(const RtpView *view) {
    PyObject *fields[FIELDS] = {
        [PAYLOAD_TYPE] = PyLong_FromLong(view->payload_type),
        [SEQUENCE] = PyLong_FromLong(view->sequence),
        [TIMESTAMP] = PyLong_FromUnsignedLong(view->timestamp),
        [SSRC] = PyLong_FromUnsignedLong(view->ssrc),
        [MARKER] = PyBool_FromLong(view->marker),
        [PAYLOAD] = PyBytes_FromStringAndSize((const char *)view->payload, view->length),
        [KEYFRAME] = Py_NewRef(Py_False),
        [LEVEL] = view->level < 0 ? Py_NewRef(Py_None) : PyLong_FromLong(view->level),
    };
    return new_packet(fields);
}

/* Return a packet of a mix. */
PyObject *sound_packet(int sequence, long long timestamp, PyObject *payload) {
    PyObject *fields[FIELDS] = {
        [PAYLOAD_TYPE] = PyLong_FromLong(0),
        [SEQUENCE] = PyLong_FromLong(sequence),
        [TIMESTAMP] = PyLong_FromLongLong(timestamp),
        [SSRC] = PyLong_FromLong(0),
        [MARKER] = Py_NewRef(Py_False),
        [PAYLOAD] = Py_NewRef(payload),
        [KEYFRAME] = Py_NewRef(Py_False),
        [LEVEL] = Py_NewRef(Py_None),
    };
    return new_packet(fields);
}

/* Read packets as C values; return how many, 0 when they are not one unbroken series, -1 on an error. */
int read_packets(PyObject *packets, PacketView *plain) {
    Py_ssize_t count = PyList_GET_SIZE(packets);
    if (count < 1 || count > MAX_PACKETS)
        return 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *packet = PyList_GET_ITEM(packets, i);
        if (!Py_IS_TYPE(packet, packet_type))
            return 0;
        PyObject *payload = *slot(packet, PAYLOAD), *marker = *slot(packet, MARKER),
                 *sequence = *slot(packet, SEQUENCE), *timestamp = *slot(packet, TIMESTAMP),
                 *keyframe = *slot(packet, KEYFRAME);
        int fits = payload && marker && sequence && timestamp && keyframe && PyBytes_Check(payload) &&
                   PyBytes_GET_SIZE(payload) <= MAX_PACKET;
        if (fits) {
            /* The packet keeps its payload alive, and the list the packet, as long as this call lasts. */
            plain[i] = (PacketView){.packet = packet,
                                    .payload = PyBytes_AS_STRING(payload),
                                    .length = (int)PyBytes_GET_SIZE(payload),
                                    .timestamp = (unsigned int)PyLong_AsUnsignedLongLongMask(timestamp),
                                    .sequence = (unsigned short)PyLong_AsUnsignedLongMask(sequence),
                                    .marker = PyObject_IsTrue(marker) == 1,
                                    .keyframe = PyObject_IsTrue(keyframe) == 1};
        }
        if (PyErr_Occurred())
            return -1;
        if (!fits || (i && plain[i].sequence != (unsigned short)(plain[i - 1].sequence + 1)))
            return 0;
    }
    return (int)count;
}
