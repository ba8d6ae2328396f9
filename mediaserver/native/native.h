/* The loops of the media path that Python is too slow for: reading what came, and sending to everyone.
 *
 * Everything here has a twin in Python (rtp/outbound_stream.py, rtp/depacketize.py, transport/peer_path.py,
 * peer/forwarder.py, audio/voice_relay.py) that does the same and is used where this was not compiled; the tests run
 * both and compare. It links to nothing: libsrtp is the one that pylibsrtp carries, reached by the addresses of its
 * functions. Only the event loop's thread calls in, with the GIL held, and system calls here never block, so the GIL is
 * kept.
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
    HEADER = 12,       /* bytes of an RTP header without CSRCs and extensions */
    DATAGRAM = 2048,   /* bytes read of one datagram */
    MAX_PACKETS = 256, /* rtp/source.py */
    MAX_PACKET = 1500, /* rtp/packet.py */
    MAX_SSRCS = 64,    /* transport/peer_path.py, where it says why */
    HIGHEST_LAYER = 3, /* rtp/outbound_stream.py */
};

/* A voice that is alone in the mix, explained at its twin in audio/voice_relay.py. */

typedef struct {
    PyObject_HEAD
    PyObject *source, *sinks, *pending, *flush_queue; /* NULL before it is fed */
    PyObject *waiting, *sent, *transits, *ticks;
    long long until, newest, cursor, wanted;
    double came, fader, level, heard, hold_s;
    unsigned ssrc;
    int sequence, sent_sequence, claim, spare;
} VoiceRelay;

extern PyTypeObject VoiceRelayType;

/* The numbers of one incoming RTP stream, explained at its twin in rtp/inbound_stream.py. */

typedef struct {
    PyObject_HEAD
    PyObject *source, *sinks, *pending, *cache, *flush_queue; /* NULL: its packets are only counted */
    PyObject *relay;                                          /* None or NULL: nobody hears it */
    double heard;
    long long received, octets;
    int highest, base, cycles;
    unsigned look;
    unsigned char payload_type;
    char steady, vp8;
} InboundStream;

extern PyTypeObject InboundStreamType;

/* The path of one peer's packets: its keys and its address. */

typedef struct {
    PyObject_HEAD
    PyObject *owner;
    PyObject *srtp; /* keeps the sessions alive */
    PyObject *counters;
    void *tx, *rx;
    double heard;
    double pace, level, level_time; /* of all paced streams together */
    int waiting;                    /* paced streams with packets that wait for their turn */
    int fd;
    socklen_t size;
    struct sockaddr_storage address;
    unsigned char level_id;
    char unsegmented; /* true: the kernel takes no segmented messages to its address */
    unsigned batch;   /* the batch of messages that has its newest one, as number `message` */
    int message;
    int known; /* number of SSRCs under which a packet was opened */
    uint32_t ssrcs[MAX_SSRCS];
    InboundStream *streams[MAX_SSRCS]; /* those of the same places, NULL where none is registered */
} PeerPath;

extern PyTypeObject PeerPathType;
int path_place(const PeerPath *path, uint32_t ssrc);
int resolve(const char *host, int port, struct sockaddr_storage *into, socklen_t *size);

/* The numbers of one outgoing RTP stream, explained at its twin in rtp/outbound_stream.py. */

/* The temporal layers of a stream: none above `limit` is begun, the highest that is forwarded, and that was seen. */
typedef struct {
    unsigned char limit, forwarded, seen;
} Layers;

typedef struct {
    PyObject_HEAD
    PyObject *source, *path, *newest, *runs;
    double last_time;
    unsigned long long sent, packets, octets, pictures, run_begin;
    unsigned int ssrc, timestamp_offset, last_timestamp;
    unsigned short sequence_offset, next_sequence;
    unsigned char payload_type, send_time;
    char switching, paced, moving;
    int picture_offset, tl0_offset, last_picture, last_tl0, left_out;
    Layers layers;
} OutboundStream;

extern PyTypeObject OutboundStreamType;

/* Packets are objects of the class in rtp/packet.py, whose slots are read and written without a call. */

enum { PAYLOAD_TYPE, SEQUENCE, TIMESTAMP, SSRC, MARKER, PAYLOAD, KEYFRAME, LEVEL, FIELDS };

/* The descriptor of a VP8 payload, explained at its twin in rtp/payload.py. One that is cut off has no ids. */
typedef struct {
    int id, id_at; /* ids of -1: none */
    int tl0, tl0_at;
    int size;
    unsigned char wide, readable, begins, layer, sync;
} Vp8Descriptor;

typedef struct {
    PyObject *packet;
    const char *payload;
    int length;
    unsigned int timestamp;
    unsigned short sequence;
    unsigned char marker, keyframe;
    Vp8Descriptor vp8;
} PacketView;

/* An RTP packet as it was received, without its padding. */
typedef struct {
    const unsigned char *payload;
    int length;
    uint32_t timestamp, ssrc;
    unsigned short sequence;
    unsigned char payload_type, marker;
    signed char level; /* -1: none */
} RtpView;

int learn_packet(PyObject *type);
PyObject *packet_of(const RtpView *view);
PyObject *sound_packet(int sequence, long long timestamp, PyObject *payload);
int read_packets(PyObject *packets, PacketView *plain);

/* VP8 descriptors, key frames of both codecs, and whole pictures. */

enum { STAP_A = 24, FU_A = 28 }; /* RFC 6184 §5.2 */

Vp8Descriptor read_vp8(const unsigned char *payload, int length);
void rewrite_vp8_ids(OutboundStream *stream, const Vp8Descriptor *picture, unsigned char *payload);
int begins_keyframe(int vp8, const unsigned char *payload, int length);
PyObject *depacketize(PyObject *module, PyObject *args);

/* Temporal layers that are left out. */

int leaves_out(const OutboundStream *stream);
int layer_passes(Layers *layers, const PacketView *packet);
int leave_out(OutboundStream *stream, const PacketView *packet);

/* Packets that are in step. */

int take_in_step(InboundStream *stream, const RtpView *packet, double came, unsigned look);
int relay_take(VoiceRelay *relay, const RtpView *packet, double came);

/* Parsers of datagrams, for inbox.c. */

/* Numbers of dropped datagrams. */
typedef struct {
    long long strangers, malformed, excess;
} Dropped;

/* A run of consecutive packets of one stream, which the next datagram may continue. */
typedef struct {
    PeerPath *path;
    PyObject *packets; /* the list in the last item read, which keeps it alive */
    uint32_t ssrc;
    unsigned short next;
    unsigned char payload_type;
} OpenRun;

/* One reading of a socket: its number, the run that goes on, and what was dropped. */
typedef struct {
    unsigned number;
    OpenRun open_run;
    Dropped dropped;
} Look;

PyObject *stun_item(const unsigned char *data, int length, const struct sockaddr_storage *address, double came);
PyObject *record_item(PeerPath *path, const unsigned char *data, int length, double came);
PyObject *media_item(PeerPath *path, unsigned char *data, int length, double came, Look *look);

extern PyTypeObject InboxType;

/* Messages that are sent together. */

enum {
    MAX_SEGMENTS = 64, /* of a message: UDP_MAX_SEGMENTS before Linux 6.6 */
    MAX_RUN = 64000,   /* bytes of one, below the largest UDP datagram */
};

int outbox_turn(PeerPath *path);
unsigned char *outbox_room(int packets, int bytes);
void outbox_add(PeerPath *path, unsigned char *data, int length, int count, int size, int first);
void outbox_forget(const PeerPath *path);
PyObject *send_prepared(PyObject *module, PyObject *unused);

PyObject *fan_out(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *flush_pending(PyObject *source, PyObject *sinks, PyObject *pending, PyObject *now);

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

/* Functions of libsrtp, set by `use`. */

typedef int (*srtp_call)(void *session, void *packet, int *length);
extern srtp_call srtp_protect, srtp_unprotect, srtp_unprotect_rtcp;

/* Integers in network byte order. */

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
