/* Line: where one peer's packets come from and go to. */
#include "native.h"

#include <arpa/inet.h>
#include <netinet/in.h>

int resolve(const char *host, int port, struct sockaddr_storage *into, socklen_t *size) {
    memset(into, 0, sizeof *into);
    struct sockaddr_in *four = (struct sockaddr_in *)into;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)into;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        *size = sizeof *four;
        return 1;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        *size = sizeof *six;
        return 1;
    }
    return 0;
}

static int line_init(Line *self, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"owner", "counters", NULL};
    PyObject *owner, *counters;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO", names, &owner, &counters))
        return -1;
    self->owner = Py_NewRef(owner);
    self->counters = Py_NewRef(counters);
    self->fd = -1;
    return 0;
}

static PyObject *line_open(Line *self, PyObject *srtp) {
    PyObject *addresses = PyObject_GetAttrString(srtp, "addresses");
    unsigned long long tx, rx;
    int good = addresses && PyArg_ParseTuple(addresses, "KK", &tx, &rx);
    Py_XDECREF(addresses);
    if (!good)
        return NULL;
    Py_XSETREF(self->srtp, Py_NewRef(srtp));
    self->tx = (void *)(uintptr_t)tx;
    self->rx = (void *)(uintptr_t)rx;
    Py_RETURN_NONE;
}

static PyObject *line_aim(Line *self, PyObject *args) {
    PyObject *sock;
    const char *host;
    int port, fd;
    struct sockaddr_storage address;
    if (!PyArg_ParseTuple(args, "O(si)", &sock, &host, &port) || (fd = PyObject_AsFileDescriptor(sock)) < 0)
        return NULL;
    if (!resolve(host, port, &address, &self->size))
        fd = -1;
    if (fd != self->fd || memcmp(&address, &self->address, sizeof address))
        self->apart = 0;
    self->address = address;
    self->fd = fd;
    self->batch = 0; /* nothing joins what goes elsewhere */
    Py_RETURN_NONE;
}

static PyObject *line_close(Line *self, PyObject *Py_UNUSED(unused)) {
    self->tx = self->rx = NULL;
    self->fd = -1;
    Py_CLEAR(self->owner);
    Py_RETURN_NONE;
}

static int line_traverse(Line *self, visitproc visit, void *arg) {
    Py_VISIT(self->owner);
    Py_VISIT(self->srtp);
    Py_VISIT(self->counters);
    return 0;
}

static int line_clear(Line *self) {
    self->tx = self->rx = NULL;
    Py_CLEAR(self->owner);
    Py_CLEAR(self->srtp);
    Py_CLEAR(self->counters);
    return 0;
}

static void line_dealloc(Line *self) {
    PyObject_GC_UnTrack(self);
    outbox_forget(self);
    line_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef line_methods[] = {
    {"open", (PyCFunction)line_open, METH_O, "Take the keys of a finished handshake."},
    {"aim", (PyCFunction)line_aim, METH_VARARGS, "Send to an address from a socket from now on."},
    {"close", (PyCFunction)line_close, METH_NOARGS, "Send and take nothing any more."},
    {NULL},
};

static PyMemberDef line_members[] = {
    {"owner", T_OBJECT, offsetof(Line, owner), READONLY, NULL},
    {"heard", T_DOUBLE, offsetof(Line, heard), 0, NULL},
    {"apart", T_BOOL, offsetof(Line, apart), 0, NULL},
    {"level_id", T_UBYTE, offsetof(Line, level_id), 0, NULL},
    {NULL},
};

PyTypeObject LineType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._wire.Line",
    .tp_basicsize = sizeof(Line),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)line_init,
    .tp_traverse = (traverseproc)line_traverse,
    .tp_clear = (inquiry)line_clear,
    .tp_dealloc = (destructor)line_dealloc,
    .tp_methods = line_methods,
    .tp_members = line_members,
};
