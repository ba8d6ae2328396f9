/* The counters of transport/peer_path.py, counted up by their names. */
#include "native.h"

PyObject *name_packets_in, *name_bytes_in, *name_packets_out, *name_bytes_out, *name_refused, *name_strangers,
    *name_malformed, *name_excess;

int count_up(PyObject *counters, PyObject *name, long long by) {
    if (!by)
        return 0;
    PyObject *before = PyObject_GetAttr(counters, name);
    PyObject *more = before ? PyLong_FromLongLong(by) : NULL;
    PyObject *after = more ? PyNumber_Add(before, more) : NULL;
    int failed = !after || PyObject_SetAttr(counters, name, after) < 0;
    Py_XDECREF(before);
    Py_XDECREF(more);
    Py_XDECREF(after);
    return failed ? -1 : 0;
}

int learn_counters(void) {
    struct {
        PyObject **name;
        const char *text;
    } names[] = {
        {&name_packets_in, "packets_in"}, {&name_bytes_in, "bytes_in"}, {&name_packets_out, "packets_out"},
        {&name_bytes_out, "bytes_out"},   {&name_refused, "refused"},   {&name_strangers, "strangers"},
        {&name_malformed, "malformed"},   {&name_excess, "excess"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!(*names[i].name = PyUnicode_InternFromString(names[i].text)))
            return -1;
    return 0;
}
