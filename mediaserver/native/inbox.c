/* Inbox: which address belongs to which line, and what each datagram is. */
#include "native.h"

#include <netinet/in.h>

enum {
    BATCH = 64,      /* datagrams a recvmmsg */
    MAX_READ = 1024, /* datagrams a look at a socket, so that timers get their turn under a flood */
};

typedef struct {
    PyObject_HEAD
    PyObject *lines; /* bytes of port and host -> Line */
    PyObject *counters;
} Inbox;

static int key_of(const struct sockaddr_storage *address, char *into) {
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        memcpy(into, &four->sin_port, 2);
        memcpy(into + 2, &four->sin_addr, 4);
        return 6;
    }
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    memcpy(into, &six->sin6_port, 2);
    memcpy(into + 2, &six->sin6_addr, 16);
    return 18;
}

static int inbox_init(Inbox *self, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"counters", "packet", NULL};
    PyObject *counters, *packet;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO", names, &counters, &packet))
        return -1;
    self->lines = PyDict_New();
    self->counters = Py_NewRef(counters);
    return self->lines ? learn_packet(packet) : -1;
}

static PyObject *key_from(const char *host, int port) {
    struct sockaddr_storage address;
    socklen_t size;
    char key[18];
    if (!resolve(host, port, &address, &size))
        return PyErr_Format(PyExc_ValueError, "not an IP address: %s", host);
    return PyBytes_FromStringAndSize(key, key_of(&address, key));
}

static PyObject *inbox_route(Inbox *self, PyObject *args) {
    const char *host;
    int port;
    PyObject *line, *key;
    if (!PyArg_ParseTuple(args, "(si)O!", &host, &port, &LineType, &line) || !(key = key_from(host, port)))
        return NULL;
    int failed = PyDict_SetItem(self->lines, key, line);
    Py_DECREF(key);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *inbox_forget(Inbox *self, PyObject *args) {
    const char *host;
    int port;
    PyObject *line, *key;
    if (!PyArg_ParseTuple(args, "(si)O!", &host, &port, &LineType, &line) || !(key = key_from(host, port)))
        return NULL;
    int failed = PyDict_GetItemWithError(self->lines, key) == line ? PyDict_DelItem(self->lines, key) : 0;
    Py_DECREF(key);
    if (failed || PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

/* What one datagram is (RFC 7983 §7); NULL without an exception when nobody shall have it, None when it went on with the
 * streak. */
static PyObject *item_of(Inbox *self, unsigned char *data, int length, const struct sockaddr_storage *address,
                         double now, double came, Streak *streak, Dropped *dropped) {
    char bytes[18];
    if (data[0] < 4)
        return stun_item(data, length, address, came);
    PyObject *key = PyBytes_FromStringAndSize(bytes, key_of(address, bytes));
    Line *line = key ? (Line *)PyDict_GetItemWithError(self->lines, key) : NULL;
    Py_XDECREF(key);
    if (!line || !line->owner) {
        dropped->strangers++;
        return NULL;
    }
    line->heard = now;
    if (data[0] >= 128 && data[0] < 192)
        return media_item(line, data, length, came, streak, dropped);
    if (data[0] >= 20 && data[0] < 64)
        return record_item(line, data, length, came);
    return NULL;
}

static PyObject *inbox_read(Inbox *self, PyObject *args) {
    static unsigned char buffers[BATCH][DATAGRAM];
    static struct sockaddr_storage addresses[BATCH];
    static struct iovec iovecs[BATCH];
    static struct mmsghdr headers[BATCH];
    static union {
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
        struct cmsghdr aligned;
    } notes[BATCH];
    static int prepared = 0;
    PyObject *sock;
    int fd, got = BATCH;
    double now;
    long long packets = 0, bytes = 0;
    Dropped dropped = {0};
    if (!PyArg_ParseTuple(args, "Od", &sock, &now) || (fd = PyObject_AsFileDescriptor(sock)) < 0)
        return NULL;
    PyObject *items = PyList_New(0);
    Streak streak = {NULL};
    double skewed = skew();
    for (int looks = 0; items && got == BATCH && looks < MAX_READ / BATCH; looks++) {
        for (; prepared < BATCH; prepared++) {
            iovecs[prepared] = (struct iovec){buffers[prepared], DATAGRAM};
            headers[prepared].msg_hdr = (struct msghdr){
                .msg_name = &addresses[prepared],
                .msg_namelen = sizeof *addresses,
                .msg_iov = &iovecs[prepared],
                .msg_iovlen = 1,
                .msg_control = &notes[prepared],
                .msg_controllen = sizeof *notes,
            };
        }
        got = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++) {
            int length = (int)headers[i].msg_len;
            double came = came_at(&headers[i].msg_hdr, skewed, now);
            headers[i].msg_hdr.msg_namelen = sizeof *addresses; /* these two the kernel changes and reads again */
            headers[i].msg_hdr.msg_controllen = sizeof *notes;
            if (!items || !length)
                continue;
            packets++;
            bytes += length;
            PyObject *item = item_of(self, buffers[i], length, &addresses[i], now, came, &streak, &dropped);
            if (PyErr_Occurred() || (item && item != Py_None && PyList_Append(items, item) < 0))
                Py_CLEAR(items);
            Py_XDECREF(item);
        }
    }
    if (items && (count_up(self->counters, name_packets_in, packets) < 0 ||
                  count_up(self->counters, name_bytes_in, bytes) < 0 ||
                  count_up(self->counters, name_strangers, dropped.strangers) < 0 ||
                  count_up(self->counters, name_malformed, dropped.malformed) < 0 ||
                  count_up(self->counters, name_excess, dropped.excess) < 0))
        Py_CLEAR(items);
    return items;
}

static int inbox_traverse(Inbox *self, visitproc visit, void *arg) {
    Py_VISIT(self->lines);
    Py_VISIT(self->counters);
    return 0;
}

static int inbox_clear(Inbox *self) {
    Py_CLEAR(self->lines);
    Py_CLEAR(self->counters);
    return 0;
}

static void inbox_dealloc(Inbox *self) {
    PyObject_GC_UnTrack(self);
    inbox_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static Py_ssize_t inbox_length(Inbox *self) {
    return PyDict_GET_SIZE(self->lines);
}

static PySequenceMethods inbox_sequence = {.sq_length = (lenfunc)inbox_length};

static PyMethodDef inbox_methods[] = {
    {"route", (PyCFunction)inbox_route, METH_VARARGS, "Let what comes from an address be the line's."},
    {"forget", (PyCFunction)inbox_forget, METH_VARARGS, "Stop that, if the address is the line's."},
    {"read", (PyCFunction)inbox_read, METH_VARARGS, "What waits in a socket."},
    {NULL},
};

PyTypeObject InboxType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._wire.Inbox",
    .tp_basicsize = sizeof(Inbox),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)inbox_init,
    .tp_traverse = (traverseproc)inbox_traverse,
    .tp_clear = (inquiry)inbox_clear,
    .tp_dealloc = (destructor)inbox_dealloc,
    .tp_methods = inbox_methods,
    .tp_as_sequence = &inbox_sequence,
};
