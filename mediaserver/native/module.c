/* The module `mediaserver._packet_io`. */
#include "native.h"

srtp_call srtp_protect, srtp_unprotect, srtp_unprotect_rtcp;

static PyObject *use(PyObject *Py_UNUSED(module), PyObject *args) {
    unsigned long long calls[3];
    if (!PyArg_ParseTuple(args, "KKK", &calls[0], &calls[1], &calls[2]))
        return NULL;
    srtp_protect = (srtp_call)(uintptr_t)calls[0];
    srtp_unprotect = (srtp_call)(uintptr_t)calls[1];
    srtp_unprotect_rtcp = (srtp_call)(uintptr_t)calls[2];
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"depacketize", depacketize, METH_VARARGS, "Return the picture that packets are, and whether it is a key frame."},
    {"fan_out", (PyCFunction)(void (*)(void))fan_out, METH_FASTCALL,
     "Prepare a source's packets for all sinks in step with it; return the other sinks."},
    {"send_prepared", send_prepared, METH_NOARGS, "Send all prepared messages."},
    {"timer", timer, METH_O, "Return a descriptor that becomes readable on every multiple of so many milliseconds."},
    {"use", use, METH_VARARGS, "Set libsrtp's protect, unprotect and unprotect_rtcp by their addresses."},
    {NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "mediaserver._packet_io", NULL, -1, functions};

PyMODINIT_FUNC PyInit__packet_io(void) {
    PyObject *module = PyModule_Create(&definition);
    if (!module || learn_counters() < 0 || PyModule_AddType(module, &PeerPathType) < 0 ||
        PyModule_AddType(module, &InboundStreamType) < 0 || PyModule_AddType(module, &OutboundStreamType) < 0 ||
        PyModule_AddType(module, &InboxType) < 0 || PyModule_AddType(module, &VoiceRelayType) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
