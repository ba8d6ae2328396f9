/* The module `mediaserver._wire`. */
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
    {"fan", (PyCFunction)(void (*)(void))fan, METH_FASTCALL, "Make messages of a source's packets for its steady sinks; the others come back."},
    {"post", post, METH_NOARGS, "Send all messages."},
    {"timer", timer, METH_O, "A descriptor that can be read on every whole multiple of so many milliseconds."},
    {"use", use, METH_VARARGS, "Take libsrtp's protect, unprotect and unprotect_rtcp by their addresses."},
    {NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "mediaserver._wire", NULL, -1, functions};

PyMODINIT_FUNC PyInit__wire(void) {
    PyObject *module = PyModule_Create(&definition);
    if (!module || learn_counters() < 0 || PyModule_AddType(module, &LineType) < 0 ||
        PyModule_AddType(module, &LegType) < 0 || PyModule_AddType(module, &InboxType) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
