/* Inbox: reads datagrams and finds the path of each by its address. */
#include "native.h"

#include <limits.h>
#include <netinet/in.h>

#ifdef __SANITIZE_ADDRESS__ /* tests/sanitize.sh: nothing behind a datagram may be read; its buffer is longer */
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

enum {
    BATCH = 64,      /* datagrams a recvmmsg */
    MAX_READ = 1024, /* datagrams per poll of a socket, so that timers get their turn under a flood */
};

typedef struct {
    PyObject_HEAD
    PyObject *paths; /* bytes of port and host -> PeerPath */
    PyObject *counters;
    unsigned looks; /* number of the last one; 0 is never used */
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
    self->paths = PyDict_New();
    self->counters = Py_NewRef(counters);
    return self->paths ? learn_packet(packet) : -1;
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
    PyObject *path, *key;
    if (!PyArg_ParseTuple(args, "(si)O!", &host, &port, &PeerPathType, &path) || !(key = key_from(host, port)))
        return NULL;
    int failed = PyDict_SetItem(self->paths, key, path);
    Py_DECREF(key);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *inbox_forget(Inbox *self, PyObject *args) {
    const char *host;
    int port;
    PyObject *path, *key;
    if (!PyArg_ParseTuple(args, "(si)O!", &host, &port, &PeerPathType, &path) || !(key = key_from(host, port)))
        return NULL;
    int failed = PyDict_GetItemWithError(self->paths, key) == path ? PyDict_DelItem(self->paths, key) : 0;
    Py_DECREF(key);
    if (failed || PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

/* Return one datagram as an item (RFC 7983 §7); NULL without an exception when it is dropped, None when it was taken or
 * continued the open run. */
static PyObject *item_of(Inbox *self, unsigned char *data, int length, const struct sockaddr_storage *address,
                         double now, double came, Look *look) {
    char bytes[18];
    if (data[0] < 4)
        return stun_item(data, length, address, came);
    PyObject *key = PyBytes_FromStringAndSize(bytes, key_of(address, bytes));
    PeerPath *path = key ? (PeerPath *)PyDict_GetItemWithError(self->paths, key) : NULL;
    Py_XDECREF(key);
    if (!path || !path->owner) {
        look->dropped.strangers++;
        return NULL;
    }
    path->heard = now;
    if (data[0] >= 128 && data[0] < 192)
        return media_item(path, data, length, came, look);
    if (data[0] >= 20 && data[0] < 64)
        return record_item(path, data, length, came);
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
    if (!PyArg_ParseTuple(args, "Od", &sock, &now) || (fd = PyObject_AsFileDescriptor(sock)) < 0)
        return NULL;
    PyObject *items = PyList_New(0);
    self->looks += self->looks == UINT_MAX ? 2 : 1;
    Look look = {.number = self->looks};
    double skewed = skew();
    for (int batches = 0; items && got == BATCH && batches < MAX_READ / BATCH; batches++) {
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
            ASAN_POISON_MEMORY_REGION(buffers[i] + length, DATAGRAM - length);
            PyObject *item = item_of(self, buffers[i], length, &addresses[i], now, came, &look);
            ASAN_UNPOISON_MEMORY_REGION(buffers[i], DATAGRAM);
            if (PyErr_Occurred() || (item && item != Py_None && PyList_Append(items, item) < 0))
                Py_CLEAR(items);
            Py_XDECREF(item);
        }
    }
    if (items &&
        (count_up(self->counters, name_packets_in, packets) < 0 || count_up(self->counters, name_bytes_in, bytes) < 0 ||
         count_up(self->counters, name_strangers, look.dropped.strangers) < 0 ||
         count_up(self->counters, name_malformed, look.dropped.malformed) < 0 ||
         count_up(self->counters, name_excess, look.dropped.excess) < 0))
        Py_CLEAR(items);
    return items;
}

static int inbox_traverse(Inbox *self, visitproc visit, void *arg) {
    Py_VISIT(self->paths);
    Py_VISIT(self->counters);
    return 0;
}

static int inbox_clear(Inbox *self) {
    Py_CLEAR(self->paths);
    Py_CLEAR(self->counters);
    return 0;
}

static void inbox_dealloc(Inbox *self) {
    PyObject_GC_UnTrack(self);
    inbox_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static Py_ssize_t inbox_length(Inbox *self) {
    return PyDict_GET_SIZE(self->paths);
}

static PySequenceMethods inbox_sequence = {.sq_length = (lenfunc)inbox_length};

static PyMethodDef inbox_methods[] = {
    {"route", (PyCFunction)inbox_route, METH_VARARGS, "Assign an address to a path."},
    {"forget", (PyCFunction)inbox_forget, METH_VARARGS, "Remove an address, if it is assigned to the path."},
    {"read", (PyCFunction)inbox_read, METH_VARARGS, "Read the datagrams that wait in a socket."},
    {NULL},
};

PyTypeObject InboxType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mediaserver._packet_io.Inbox",
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
