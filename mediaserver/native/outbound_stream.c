/* OutboundStream: the numbers of one outgoing RTP stream. */
#include "native.h"

static int stream_traverse(OutboundStream *self, visitproc visit, void *arg) {
    Py_VISIT(self->source);
    Py_VISIT(self->path);
    Py_VISIT(self->newest);
    Py_VISIT(self->runs);
    return 0;
}

static int stream_clear(OutboundStream *self) {
    Py_CLEAR(self->source);
    Py_CLEAR(self->path);
    Py_CLEAR(self->newest);
    Py_CLEAR(self->runs);
    return 0;
}

static void stream_dealloc(OutboundStream *self) {
    PyObject_GC_UnTrack(self);
    stream_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *stream_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    OutboundStream *self = (OutboundStream *)PyType_GenericNew(type, args, kwargs);
    if (self) {
        self->last_picture = self->last_tl0 = self->left_out = -1;
        self->layers.limit = self->layers.forwarded = HIGHEST_LAYER;
    }
    return (PyObject *)self;
}

static PyMemberDef stream_members[] = {
    {"source", T_OBJECT, offsetof(OutboundStream, source), 0, NULL},
    {"path", T_OBJECT, offsetof(OutboundStream, path), 0, NULL},
    {"newest", T_OBJECT, offsetof(OutboundStream, newest), 0, NULL},
    {"runs", T_OBJECT, offsetof(OutboundStream, runs), 0, NULL},
    {"last_time", T_DOUBLE, offsetof(OutboundStream, last_time), 0, NULL},
    {"sent", T_ULONGLONG, offsetof(OutboundStream, sent), 0, NULL},
    {"run_begin", T_ULONGLONG, offsetof(OutboundStream, run_begin), 0, NULL},
    {"packets", T_ULONGLONG, offsetof(OutboundStream, packets), 0, NULL},
    {"octets", T_ULONGLONG, offsetof(OutboundStream, octets), 0, NULL},
    {"pictures", T_ULONGLONG, offsetof(OutboundStream, pictures), 0, NULL},
    {"ssrc", T_UINT, offsetof(OutboundStream, ssrc), 0, NULL},
    {"timestamp_offset", T_UINT, offsetof(OutboundStream, timestamp_offset), 0, NULL},
    {"last_timestamp", T_UINT, offsetof(OutboundStream, last_timestamp), 0, NULL},
    {"sequence_offset", T_USHORT, offsetof(OutboundStream, sequence_offset), 0, NULL},
    {"next_sequence", T_USHORT, offsetof(OutboundStream, next_sequence), 0, NULL},
    {"payload_type", T_UBYTE, offsetof(OutboundStream, payload_type), 0, NULL},
    {"send_time", T_UBYTE, offsetof(OutboundStream, send_time), 0, NULL},
    {"paced", T_BOOL, offsetof(OutboundStream, paced), 0, NULL},
    {"switching", T_BOOL, offsetof(OutboundStream, switching), 0, NULL},
    {"moving", T_BOOL, offsetof(OutboundStream, moving), 0, NULL},
    {"picture_offset", T_INT, offsetof(OutboundStream, picture_offset), 0, NULL},
    {"tl0_offset", T_INT, offsetof(OutboundStream, tl0_offset), 0, NULL},
    {"last_picture", T_INT, offsetof(OutboundStream, last_picture), 0, NULL},
    {"last_tl0", T_INT, offsetof(OutboundStream, last_tl0), 0, NULL},
    {"left_out", T_INT, offsetof(OutboundStream, left_out), 0, NULL},
    {"layer_limit", T_UBYTE, offsetof(OutboundStream, layers.limit), 0, NULL},
    {"layer_forwarded", T_UBYTE, offsetof(OutboundStream, layers.forwarded), 0, NULL},
    {"layer_seen", T_UBYTE, offsetof(OutboundStream, layers.seen), 0, NULL},
    {NULL},
};

PyTypeObject OutboundStreamType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._packet_io.OutboundStream",
    .tp_basicsize = sizeof(OutboundStream),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .tp_new = stream_new,
    .tp_traverse = (traverseproc)stream_traverse,
    .tp_clear = (inquiry)stream_clear,
    .tp_dealloc = (destructor)stream_dealloc,
    .tp_members = stream_members,
};
