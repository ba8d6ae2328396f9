/* Leg: the numbers of one outgoing stream. */
#include "native.h"

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

PyTypeObject LegType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._wire.Leg",
    .tp_basicsize = sizeof(Leg),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .tp_new = leg_new,
    .tp_traverse = (traverseproc)leg_traverse,
    .tp_clear = (inquiry)leg_clear,
    .tp_dealloc = (destructor)leg_dealloc,
    .tp_members = leg_members,
};
