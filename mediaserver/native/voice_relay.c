/* VoiceRelay: a voice that is alone in the mix, relayed from tick to tick; explained at its twin in
 * audio/voice_relay.py. */
#include "native.h"

#include <math.h>

enum {
    FRAME = 960,         /* samples of 20 ms */
    RATE = 48000,        /* samples a second */
    MAX_DELAY = 7680,    /* audio/playout_delay.py */
    RELAYED_BYTES = 128, /* audio/voice_relay.py */
    LONG_SAMPLES = 1200, /* audio/voice_relay.py */
};
static const double SMOOTHING = 0.2, THRESHOLD_DBOV = -50.0; /* audio/active_speaker.py */
static const double SILENT_DBOV = -80.0;                     /* audio/mix_minus.py */

/* Return whether an Opus packet has one frame of 20 ms (RFC 6716 table 2), and is not too large. */
static int relayable(const unsigned char *payload, int length) {
    if (!length || length > RELAYED_BYTES || payload[0] & 3)
        return 0;
    int configuration = payload[0] >> 3;
    return configuration < 16 ? configuration % (configuration < 12 ? 4 : 2) == 1 : configuration % 4 == 3;
}

static long long samples_at(double seconds) {
    return llrint(seconds * RATE); /* as Python rounds */
}

static int append_new(PyObject *list, PyObject *item) {
    int failed = !item || PyList_Append(list, item) < 0;
    Py_XDECREF(item);
    return failed ? -1 : 0;
}

int relay_take(VoiceRelay *relay, const RtpView *packet, double came) {
    long long at = relay->newest + FRAME, transit = samples_at(came) - at;
    if (!relay->until || !relay->spare || packet->ssrc != relay->ssrc ||
        packet->sequence != ((relay->sequence + 1) & 0xFFFF) || packet->timestamp != (uint32_t)at ||
        packet->level < 0 || !relayable(packet->payload, packet->length) || transit < relay->wanted - MAX_DELAY ||
        transit > relay->wanted)
        return 0;
    if (append_new(relay->waiting, PyBytes_FromStringAndSize((const char *)packet->payload, packet->length)) < 0 ||
        append_new(relay->transits, PyLong_FromLongLong(transit)) < 0)
        return -1;
    relay->sequence = packet->sequence;
    relay->newest = at;
    relay->claim = packet->level;
    relay->came = came;
    relay->spare--;
    return 1;
}

/* Send the first waiting payload as the sound of a tick; return -1 on an error. */
static int send_first(VoiceRelay *relay, long long tick, double now) {
    PyObject *payload = Py_NewRef(PyList_GET_ITEM(relay->waiting, 0));
    int failed = PyList_SetSlice(relay->waiting, 0, 1, NULL) < 0 ||
                 (!PyList_GET_SIZE(relay->pending) && PyList_Append(relay->flush_queue, (PyObject *)relay) < 0) ||
                 append_new(relay->pending, sound_packet(relay->sent_sequence, tick * FRAME, payload)) < 0 ||
                 PyList_Append(relay->sent, payload) < 0 ||
                 append_new(relay->ticks, Py_BuildValue("(di)", now, relay->claim)) < 0;
    Py_DECREF(payload);
    return failed ? -1 : 0;
}

static PyObject *relay_tick(VoiceRelay *relay, PyObject *const *args, Py_ssize_t nargs) {
    if (nargs != 2)
        return PyErr_Format(PyExc_TypeError, "tick(tick, now)");
    long long tick = PyLong_AsLongLong(args[0]);
    double now = PyFloat_AsDouble(args[1]);
    if (PyErr_Occurred())
        return NULL;
    long long late = samples_at(now) - relay->cursor - relay->wanted;
    if (tick >= relay->until || !relay->source || !PyList_GET_SIZE(relay->waiting) || late < 0 || late > LONG_SAMPLES ||
        !PyList_GET_SIZE(relay->sinks) || PyList_GET_SIZE(relay->pending) >= MAX_PACKETS)
        Py_RETURN_FALSE;
    double loudness = relay->fader - relay->claim;
    double level = relay->level * (1 - SMOOTHING) + (loudness < 0 ? loudness : 0.0) * SMOOTHING;
    double heard = level > THRESHOLD_DBOV ? now : relay->heard;
    if (relay->level <= SILENT_DBOV || now - heard > relay->hold_s)
        Py_RETURN_FALSE;
    if (send_first(relay, tick, now) < 0)
        return NULL;
    relay->level = level;
    relay->heard = heard;
    relay->sent_sequence = (relay->sent_sequence + 1) & 0xFFFF;
    relay->cursor += FRAME;
    Py_RETURN_TRUE;
}

static PyObject *relay_feed(VoiceRelay *self, PyObject *args) {
    PyObject *source, *sinks, *pending, *flush_queue;
    if (!PyArg_ParseTuple(args, "OO!O!O!", &source, &PyList_Type, &sinks, &PyList_Type, &pending, &PyList_Type,
                          &flush_queue))
        return NULL;
    Py_XSETREF(self->source, Py_NewRef(source));
    Py_XSETREF(self->sinks, Py_NewRef(sinks));
    Py_XSETREF(self->pending, Py_NewRef(pending));
    Py_XSETREF(self->flush_queue, Py_NewRef(flush_queue));
    Py_RETURN_NONE;
}

static PyObject *relay_flush(VoiceRelay *self, PyObject *now) {
    return self->source ? flush_pending(self->source, self->sinks, self->pending, now) : Py_NewRef(Py_None);
}

static int relay_init(VoiceRelay *Py_UNUSED(self), PyObject *args, PyObject *kwargs) {
    static char *names[] = {"packet", NULL};
    PyObject *packet;
    return PyArg_ParseTupleAndKeywords(args, kwargs, "O", names, &packet) ? learn_packet(packet) : -1;
}

static int relay_traverse(VoiceRelay *self, visitproc visit, void *arg) {
    Py_VISIT(self->source);
    Py_VISIT(self->sinks);
    Py_VISIT(self->pending);
    Py_VISIT(self->flush_queue);
    return 0;
}

static int relay_clear(VoiceRelay *self) {
    Py_CLEAR(self->source); /* without it the lists are not used */
    Py_CLEAR(self->sinks);
    Py_CLEAR(self->pending);
    Py_CLEAR(self->flush_queue);
    return 0;
}

static void relay_dealloc(VoiceRelay *self) {
    PyObject_GC_UnTrack(self);
    relay_clear(self);
    Py_XDECREF(self->waiting);
    Py_XDECREF(self->sent);
    Py_XDECREF(self->transits);
    Py_XDECREF(self->ticks);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *relay_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    VoiceRelay *self = (VoiceRelay *)PyType_GenericNew(type, args, kwargs);
    if (self && (!(self->waiting = PyList_New(0)) || !(self->sent = PyList_New(0)) ||
                 !(self->transits = PyList_New(0)) || !(self->ticks = PyList_New(0))))
        Py_CLEAR(self);
    return (PyObject *)self;
}

static PyMethodDef relay_methods[] = {
    {"feed", (PyCFunction)relay_feed, METH_VARARGS, "Send to a mix."},
    {"tick", (PyCFunction)(void (*)(void))relay_tick, METH_FASTCALL, "Send the 20 ms of a tick if they are in step."},
    {"flush", (PyCFunction)relay_flush, METH_O, "Send the mix's waiting packets to its sinks."},
    {NULL},
};

static PyMemberDef relay_members[] = {
    {"until", T_LONGLONG, offsetof(VoiceRelay, until), 0, NULL},
    {"newest", T_LONGLONG, offsetof(VoiceRelay, newest), 0, NULL},
    {"cursor", T_LONGLONG, offsetof(VoiceRelay, cursor), 0, NULL},
    {"wanted", T_LONGLONG, offsetof(VoiceRelay, wanted), 0, NULL},
    {"came", T_DOUBLE, offsetof(VoiceRelay, came), 0, NULL},
    {"fader", T_DOUBLE, offsetof(VoiceRelay, fader), 0, NULL},
    {"level", T_DOUBLE, offsetof(VoiceRelay, level), 0, NULL},
    {"heard", T_DOUBLE, offsetof(VoiceRelay, heard), 0, NULL},
    {"hold_s", T_DOUBLE, offsetof(VoiceRelay, hold_s), 0, NULL},
    {"ssrc", T_UINT, offsetof(VoiceRelay, ssrc), 0, NULL},
    {"sequence", T_INT, offsetof(VoiceRelay, sequence), 0, NULL},
    {"sent_sequence", T_INT, offsetof(VoiceRelay, sent_sequence), 0, NULL},
    {"claim", T_INT, offsetof(VoiceRelay, claim), 0, NULL},
    {"spare", T_INT, offsetof(VoiceRelay, spare), 0, NULL},
    {"waiting", T_OBJECT, offsetof(VoiceRelay, waiting), READONLY, NULL},
    {"sent", T_OBJECT, offsetof(VoiceRelay, sent), READONLY, NULL},
    {"transits", T_OBJECT, offsetof(VoiceRelay, transits), READONLY, NULL},
    {"ticks", T_OBJECT, offsetof(VoiceRelay, ticks), READONLY, NULL},
    {NULL},
};

PyTypeObject VoiceRelayType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._packet_io.VoiceRelay",
    .tp_basicsize = sizeof(VoiceRelay),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = relay_new,
    .tp_init = (initproc)relay_init,
    .tp_traverse = (traverseproc)relay_traverse,
    .tp_clear = (inquiry)relay_clear,
    .tp_dealloc = (destructor)relay_dealloc,
    .tp_methods = relay_methods,
    .tp_members = relay_members,
};
