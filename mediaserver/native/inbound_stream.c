/* InboundStream: the numbers of one incoming RTP stream, and its packets that are in step. */
#include "native.h"

static const double ACTIVE_S = 1.5; /* rtp/inbound_stream.py */

/* Return whether the owner need not see a packet, by the rules of rtp/inbound_stream.py. */
static int in_step(const InboundStream *stream, const RtpView *packet, double came) {
    if (!stream->steady || packet->payload_type != stream->payload_type || stream->highest < 0 ||
        packet->sequence != ((stream->highest + 1) & 0xFFFF) || !(came - stream->heard < ACTIVE_S))
        return 0;
    return !stream->source || (PyList_GET_SIZE(stream->pending) < MAX_PACKETS &&
                               !begins_keyframe(stream->vp8, packet->payload, packet->length));
}

static int hand_on(InboundStream *stream, const RtpView *view) {
    PyObject *packet = packet_of(view);
    if (!packet)
        return -1;
    int failed = 0;
    Py_ssize_t size = PyList_GET_SIZE(stream->cache);
    if (size)
        failed = PyList_SetItem(stream->cache, view->sequence % size, Py_NewRef(packet)) < 0;
    if (!failed && PyList_GET_SIZE(stream->sinks)) {
        if (!PyList_GET_SIZE(stream->pending))
            failed = PyList_Append(stream->flush_queue, (PyObject *)stream) < 0;
        failed = failed || PyList_Append(stream->pending, packet) < 0;
    }
    Py_DECREF(packet);
    return failed ? -1 : 0;
}

static int relayed(PyObject *relay, const RtpView *packet, double came) {
    return Py_IS_TYPE(relay, &VoiceRelayType) ? relay_take((VoiceRelay *)relay, packet, came) : 0;
}

/* Take a packet if it is in step; return whether it was taken, -1 on an error. Else the owner sees all of the same look
 * behind it, too. */
int take_in_step(InboundStream *stream, const RtpView *packet, double came, unsigned look) {
    int in_time = stream->look != look && in_step(stream, packet, came);
    int taken = in_time && stream->relay && stream->relay != Py_None ? relayed(stream->relay, packet, came) : in_time;
    if (!taken)
        stream->look = look;
    if (taken <= 0)
        return taken;
    if (stream->source && hand_on(stream, packet) < 0)
        return -1;
    stream->received++;
    stream->octets += packet->length;
    stream->cycles += packet->sequence < stream->highest;
    stream->highest = packet->sequence;
    stream->heard = came;
    return 1;
}

static PyObject *inbound_feed(InboundStream *self, PyObject *args) {
    PyObject *source, *sinks, *pending, *cache, *flush_queue;
    const char *codec;
    if (!PyArg_ParseTuple(args, "OsO!O!O!O!", &source, &codec, &PyList_Type, &sinks, &PyList_Type, &pending,
                          &PyList_Type, &cache, &PyList_Type, &flush_queue))
        return NULL;
    self->vp8 = strcmp(codec, "VP8") == 0;
    Py_XSETREF(self->source, Py_NewRef(source));
    Py_XSETREF(self->sinks, Py_NewRef(sinks));
    Py_XSETREF(self->pending, Py_NewRef(pending));
    Py_XSETREF(self->cache, Py_NewRef(cache));
    Py_XSETREF(self->flush_queue, Py_NewRef(flush_queue));
    Py_RETURN_NONE;
}

static PyObject *inbound_flush(InboundStream *self, PyObject *now) {
    return self->source ? flush_pending(self->source, self->sinks, self->pending, now) : Py_NewRef(Py_None);
}

static int inbound_traverse(InboundStream *self, visitproc visit, void *arg) {
    Py_VISIT(self->source);
    Py_VISIT(self->sinks);
    Py_VISIT(self->pending);
    Py_VISIT(self->cache);
    Py_VISIT(self->flush_queue);
    Py_VISIT(self->relay);
    return 0;
}

static int inbound_clear(InboundStream *self) {
    Py_CLEAR(self->source); /* without it the lists are not used */
    Py_CLEAR(self->sinks);
    Py_CLEAR(self->pending);
    Py_CLEAR(self->cache);
    Py_CLEAR(self->flush_queue);
    Py_CLEAR(self->relay);
    return 0;
}

static void inbound_dealloc(InboundStream *self) {
    PyObject_GC_UnTrack(self);
    inbound_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *inbound_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    InboundStream *self = (InboundStream *)PyType_GenericNew(type, args, kwargs);
    if (self) {
        self->highest = -1;
        self->heard = -ACTIVE_S;
    }
    return (PyObject *)self;
}

static PyMethodDef inbound_methods[] = {
    {"feed", (PyCFunction)inbound_feed, METH_VARARGS, "Hand packets that are in step to a video source."},
    {"flush", (PyCFunction)inbound_flush, METH_O, "Send the source's waiting packets to its sinks."},
    {NULL},
};

static PyMemberDef inbound_members[] = {
    {"received", T_LONGLONG, offsetof(InboundStream, received), 0, NULL},
    {"octets", T_LONGLONG, offsetof(InboundStream, octets), 0, NULL},
    {"highest", T_INT, offsetof(InboundStream, highest), 0, NULL},
    {"base", T_INT, offsetof(InboundStream, base), 0, NULL},
    {"cycles", T_INT, offsetof(InboundStream, cycles), 0, NULL},
    {"heard", T_DOUBLE, offsetof(InboundStream, heard), 0, NULL},
    {"steady", T_BOOL, offsetof(InboundStream, steady), 0, NULL},
    {"payload_type", T_UBYTE, offsetof(InboundStream, payload_type), 0, NULL},
    {"look", T_UINT, offsetof(InboundStream, look), 0, NULL},
    {"vp8", T_BOOL, offsetof(InboundStream, vp8), READONLY, NULL},
    {"source", T_OBJECT, offsetof(InboundStream, source), READONLY, NULL},
    {"sinks", T_OBJECT, offsetof(InboundStream, sinks), READONLY, NULL},
    {"pending", T_OBJECT, offsetof(InboundStream, pending), READONLY, NULL},
    {"cache", T_OBJECT, offsetof(InboundStream, cache), READONLY, NULL},
    {"flush_queue", T_OBJECT, offsetof(InboundStream, flush_queue), READONLY, NULL},
    {"relay", T_OBJECT, offsetof(InboundStream, relay), 0, NULL},
    {NULL},
};

PyTypeObject InboundStreamType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._packet_io.InboundStream",
    .tp_basicsize = sizeof(InboundStream),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .tp_new = inbound_new,
    .tp_traverse = (traverseproc)inbound_traverse,
    .tp_clear = (inquiry)inbound_clear,
    .tp_dealloc = (destructor)inbound_dealloc,
    .tp_methods = inbound_methods,
    .tp_members = inbound_members,
};
