/* PeerPath: one peer's keys and address. */
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

static int path_init(PeerPath *self, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"owner", "counters", NULL};
    PyObject *owner, *counters;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO", names, &owner, &counters))
        return -1;
    self->owner = Py_NewRef(owner);
    self->counters = Py_NewRef(counters);
    self->fd = -1;
    return 0;
}

static PyObject *path_open(PeerPath *self, PyObject *srtp) {
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

static PyObject *path_aim(PeerPath *self, PyObject *args) {
    PyObject *sock;
    const char *host;
    int port, fd;
    struct sockaddr_storage address;
    if (!PyArg_ParseTuple(args, "O(si)", &sock, &host, &port) || (fd = PyObject_AsFileDescriptor(sock)) < 0)
        return NULL;
    if (!resolve(host, port, &address, &self->size))
        fd = -1;
    if (fd != self->fd || memcmp(&address, &self->address, sizeof address))
        self->unsegmented = 0;
    self->address = address;
    self->fd = fd;
    self->batch = 0; /* no packet joins a message to another address */
    Py_RETURN_NONE;
}

/* Return the place of an SSRC; that of the next one when it is new, which is MAX_SSRCS when there is none left. */
int path_place(const PeerPath *path, uint32_t ssrc) {
    int at = 0;
    while (at < path->known && path->ssrcs[at] != ssrc)
        at++;
    return at;
}

static PyObject *path_register(PeerPath *self, PyObject *args) {
    unsigned int ssrc;
    InboundStream *stream;
    if (!PyArg_ParseTuple(args, "IO!", &ssrc, &InboundStreamType, &stream))
        return NULL;
    int place = path_place(self, ssrc);
    if (place < self->known)
        Py_XSETREF(self->streams[place], (InboundStream *)Py_NewRef((PyObject *)stream));
    Py_RETURN_NONE;
}

static void forget_streams(PeerPath *self) {
    for (int at = 0; at < self->known; at++)
        Py_CLEAR(self->streams[at]);
}

static PyObject *path_close(PeerPath *self, PyObject *Py_UNUSED(unused)) {
    self->tx = self->rx = NULL;
    self->fd = -1;
    Py_CLEAR(self->owner);
    forget_streams(self);
    Py_RETURN_NONE;
}

static int path_traverse(PeerPath *self, visitproc visit, void *arg) {
    Py_VISIT(self->owner);
    Py_VISIT(self->srtp);
    Py_VISIT(self->counters);
    for (int at = 0; at < self->known; at++)
        Py_VISIT(self->streams[at]);
    return 0;
}

static int path_clear(PeerPath *self) {
    self->tx = self->rx = NULL;
    forget_streams(self);
    Py_CLEAR(self->owner);
    Py_CLEAR(self->srtp);
    Py_CLEAR(self->counters);
    return 0;
}

static void path_dealloc(PeerPath *self) {
    PyObject_GC_UnTrack(self);
    outbox_forget(self);
    path_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef path_methods[] = {
    {"open", (PyCFunction)path_open, METH_O, "Take the keys of a finished handshake."},
    {"aim", (PyCFunction)path_aim, METH_VARARGS, "Send to an address from a socket from now on."},
    {"register", (PyCFunction)path_register, METH_VARARGS, "Let the inbox take packets of a stream that are in step."},
    {"close", (PyCFunction)path_close, METH_NOARGS, "Stop sending and receiving."},
    {NULL},
};

static PyMemberDef path_members[] = {
    {"owner", T_OBJECT, offsetof(PeerPath, owner), READONLY, NULL},
    {"heard", T_DOUBLE, offsetof(PeerPath, heard), 0, NULL},
    {"pace", T_DOUBLE, offsetof(PeerPath, pace), 0, NULL},
    {"level", T_DOUBLE, offsetof(PeerPath, level), 0, NULL},
    {"level_time", T_DOUBLE, offsetof(PeerPath, level_time), 0, NULL},
    {"waiting", T_INT, offsetof(PeerPath, waiting), 0, NULL},
    {"unsegmented", T_BOOL, offsetof(PeerPath, unsegmented), 0, NULL},
    {"level_id", T_UBYTE, offsetof(PeerPath, level_id), 0, NULL},
    {NULL},
};

PyTypeObject PeerPathType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._packet_io.PeerPath",
    .tp_basicsize = sizeof(PeerPath),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)path_init,
    .tp_traverse = (traverseproc)path_traverse,
    .tp_clear = (inquiry)path_clear,
    .tp_dealloc = (destructor)path_dealloc,
    .tp_methods = path_methods,
    .tp_members = path_members,
};
