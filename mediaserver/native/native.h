/* The loops of the media path that Python is too slow for: reading what came, and sending to everyone.
 *
 * Everything here has a twin in Python (rtp/outbound_stream.py, transport/peer_path.py, peer/forwarder.py) that does
 * the same and is used where this was not compiled; the tests run both and compare. It links to nothing: libsrtp is
 * the one that pylibsrtp carries, reached by the addresses of its functions. Only the event loop's thread calls in,
 * with the GIL held, and system calls here never block, so the GIL is kept.
 */
#ifndef NATIVE_H
#define NATIVE_H

#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include <Python.h>
#include <structmember.h>

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
    HEADER = 12,       /* bytes of RTP's, without what may be added to it */
    DATAGRAM = 2048,   /* read at most so much of one */
    MAX_PACKETS = 256, /* rtp/source.py */
    MAX_PACKET = 1500, /* rtp/packet.py */
    MAX_SSRCS = 32,    /* transport/peer_path.py, where it says why */
};

/* Where one peer's packets come from and go to. */

typedef struct {
    PyObject_HEAD
    PyObject *owner;
    PyObject *srtp; /* keeps the sessions alive */
    PyObject *counters;
    void *tx, *rx;
    double heard;
    int fd;
    socklen_t size;
    struct sockaddr_storage address;
    unsigned char level_id;
    char apart; /* no segmented messages to its address */
    unsigned batch; /* of messages in which its newest is, as number `message` */
    int message;
    int known; /* of the SSRCs under which something was opened */
    uint32_t ssrcs[MAX_SSRCS];
} Line;

extern PyTypeObject LineType;
int resolve(const char *host, int port, struct sockaddr_storage *into, socklen_t *size);

/* The numbers of one outgoing stream; its twin in rtp/outbound_stream.py says what they mean. */

typedef struct {
    PyObject_HEAD
    PyObject *source, *line, *newest;
    double last_time, pace, level, level_time;
    unsigned long long sent, packets, octets;
    unsigned int ssrc, timestamp_offset, last_timestamp;
    unsigned short sequence_offset, next_sequence;
    unsigned char payload_type, send_time;
    char switching, waiting, moving;
    int picture_offset, tl0_offset, last_picture, last_tl0;
} Leg;

extern PyTypeObject LegType;

/* Packets are values of the class in rtp/packet.py, whose slots are read and filled without a call. */

enum { PAYLOAD_TYPE, SEQUENCE, TIMESTAMP, SSRC, MARKER, PAYLOAD, KEYFRAME, LEVEL, FIELDS };

typedef struct {
    int id, id_at; /* an id of -1: none, or not to be read */
    int tl0, tl0_at;
    char wide;
} Picture; /* the ids in a VP8 payload, and where they stand (rtp/payload.py) */

typedef struct {
    const char *payload;
    int length;
    unsigned int timestamp;
    unsigned short sequence;
    unsigned char marker;
    Picture picture;
} Plain;

int learn_packet(PyObject *type);
PyObject *new_packet(PyObject *fields[FIELDS]);
int read_packets(PyObject *packets, Plain *plain, long long *octets);

/* Pictures. */

Picture read_picture(const unsigned char *payload, int length);
void move_picture(Leg *leg, const Picture *picture, unsigned char *payload);

/* What a datagram holds, for inbox.c. */

/* Datagrams that nobody gets. */
typedef struct {
    long long strangers, malformed, excess;
} Dropped;

/* The run of packets that what comes next may go on with: one stream's, whose numbers follow each other. */
typedef struct {
    Line *line;
    PyObject *packets; /* the list in the last item read, which keeps it alive */
    uint32_t ssrc;
    unsigned short next;
    unsigned char payload_type;
} Streak;

PyObject *stun_item(const unsigned char *data, int length, const struct sockaddr_storage *address, double came);
PyObject *record_item(Line *line, const unsigned char *data, int length, double came);
PyObject *media_item(Line *line, unsigned char *data, int length, double came, Streak *streak, Dropped *dropped);

extern PyTypeObject InboxType;

/* Messages that leave together. */

enum {
    MAX_SEGMENTS = 64, /* of a message: UDP_MAX_SEGMENTS before Linux 6.6 */
    MAX_RUN = 64000,   /* bytes of one, below the largest UDP datagram */
};

int outbox_turn(Line *line);
unsigned char *outbox_room(int packets, int bytes);
void outbox_add(Line *line, unsigned char *data, int length, int count, int size);
void outbox_forget(const Line *line);
PyObject *post(PyObject *module, PyObject *unused);

PyObject *fan(PyObject *module, PyObject *const *args, Py_ssize_t nargs);

/* The counters of transport/peer_path.py, by their names. */

extern PyObject *name_packets_in, *name_bytes_in, *name_packets_out, *name_bytes_out, *name_refused, *name_strangers,
    *name_malformed, *name_excess;
int learn_counters(void);
int count_up(PyObject *counters, PyObject *name, long long by);

/* Time. */

uint32_t send_stamp(void);
double skew(void);
double came_at(struct msghdr *header, double skewed, double now);
PyObject *timer(PyObject *module, PyObject *period);

/* libsrtp, once it was handed over. */

typedef int (*srtp_call)(void *session, void *packet, int *length);
extern srtp_call srtp_protect, srtp_unprotect, srtp_unprotect_rtcp;

/* Bytes in the network's order. */

static inline void put16(unsigned char *at, unsigned int value) {
    at[0] = value >> 8;
    at[1] = value;
}

static inline void put32(unsigned char *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

static inline uint32_t get32(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

#endif
