/* Leaves out temporal layers of VP8, by the rules of rtp/temporal_layers.py. */
#include "native.h"

/* Return whether packets of a stream may have to be left out. */
int leaves_out(const OutboundStream *stream) {
    return stream->moving && (stream->layers.limit < HIGHEST_LAYER || stream->layers.forwarded < stream->layers.seen);
}

/* Return whether to forward a packet that comes next. */
int layer_passes(Layers *layers, const PacketView *packet) {
    const Vp8Descriptor *vp8 = &packet->vp8;
    if (!vp8->readable)
        return 1;
    if (vp8->layer > layers->seen)
        layers->seen = vp8->layer;
    if (packet->keyframe || (vp8->begins && layers->forwarded > layers->limit))
        layers->forwarded = layers->limit;
    else if (vp8->begins && vp8->sync && vp8->layer == layers->forwarded + 1 && vp8->layer <= layers->limit)
        layers->forwarded = vp8->layer;
    return packet->keyframe || vp8->layer <= layers->forwarded;
}

/* Remember the run that ends with the packet sent last. */
static int end_run(OutboundStream *stream) {
    static PyObject *name_append;
    if (stream->sent == stream->run_begin || !stream->runs)
        return 0;
    if (!name_append && !(name_append = PyUnicode_InternFromString("append")))
        return -1;
    PyObject *run =
        Py_BuildValue("(KKHi)", stream->run_begin, stream->sent, stream->sequence_offset, stream->picture_offset);
    PyObject *done = run ? PyObject_CallMethodOneArg(stream->runs, name_append, run) : NULL;
    Py_XDECREF(run);
    Py_XDECREF(done);
    stream->run_begin = stream->sent;
    return done ? 0 : -1;
}

/* Leave out a packet that comes next, as rtp/rewriter.py does; return -1 on an error. */
int leave_out(OutboundStream *stream, const PacketView *packet) {
    if (end_run(stream) < 0)
        return -1;
    stream->sequence_offset--;
    if (packet->vp8.id >= 0 && packet->vp8.id != stream->left_out) {
        stream->left_out = packet->vp8.id;
        stream->picture_offset--;
    }
    return 0;
}
