/* Reads the descriptors of VP8 payloads, and rewrites their ids. */
#include "native.h"

/* Read the descriptor in front of a VP8 payload (RFC 7741 §4.2), as vp8_descriptor in rtp/payload.py does. */
Vp8Descriptor read_vp8(const unsigned char *payload, int length) {
    Vp8Descriptor found = {.id = -1, .tl0 = -1}, none = found;
    if (length < 1)
        return none;
    found.readable = 1;
    found.begins = (payload[0] & 0x17) == 0x10;
    found.size = 1;
    if (!(payload[0] & 0x80))
        return found;
    if (length < 2)
        return none;
    int flags = payload[1], at = 2;
    if (flags & 0x80) {
        found.wide = at < length && payload[at] > 127;
        if (at + found.wide >= length)
            return none;
        found.id_at = at;
        found.id = found.wide ? (payload[at] & 0x7F) << 8 | payload[at + 1] : payload[at];
        at += 1 + found.wide;
    }
    if (flags & 0x40) {
        if (at >= length)
            return none;
        found.tl0_at = at;
        found.tl0 = payload[at++];
    }
    found.size = at + ((flags & 0x30) != 0);
    if (!(flags & 0x30))
        return found;
    if (at >= length)
        return none;
    if (flags & 0x20) {
        found.layer = payload[at] >> 6;
        found.sync = payload[at] >> 5 & 1;
    }
    return found;
}

/* Move the ids in a payload into the outgoing stream's numbering, as rtp/rewriter.py does. */
void rewrite_vp8_ids(OutboundStream *stream, const Vp8Descriptor *picture, unsigned char *payload) {
    int size = picture->wide ? 0x8000 : 0x80, tl0 = picture->tl0 < 0 ? 0 : picture->tl0;
    int ahead = (picture->id + stream->picture_offset - stream->last_picture + size / 2) % size;
    int step = (ahead < 0 ? ahead + size : ahead) - size / 2;
    int id = (stream->last_picture + step) & 0x7FFF;
    if (step >= 0) {
        stream->last_picture = id;
        stream->last_tl0 = (tl0 + stream->tl0_offset) & 0xFF;
    }
    if (picture->wide)
        put16(payload + picture->id_at, 0x8000 | id);
    else
        payload[picture->id_at] = id & 0x7F;
    if (picture->tl0 >= 0)
        payload[picture->tl0_at] = (tl0 + stream->tl0_offset) & 0xFF;
}
