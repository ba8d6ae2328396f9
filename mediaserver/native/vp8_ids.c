/* Reads and rewrites the ids in VP8 payloads. */
#include "native.h"

/* Read the ids in a VP8 payload (RFC 7741 §4.2), as vp8_descriptor in rtp/payload.py does. */
Vp8Ids read_vp8_ids(const unsigned char *payload, int length) {
    Vp8Ids found = {-1, 0, -1, 0, 0}, none = found;
    int at = 2;
    if (length < 2 || !(payload[0] & 0x80) || !(payload[1] & 0x80) || length < 3)
        return none;
    found.wide = payload[at] > 127;
    if (at + found.wide >= length)
        return none;
    found.id_at = at;
    found.id = found.wide ? (payload[at] & 0x7F) << 8 | payload[at + 1] : payload[at];
    at += 1 + found.wide;
    if (payload[1] & 0x40) {
        if (at >= length)
            return none;
        found.tl0_at = at;
        found.tl0 = payload[at++];
    }
    return payload[1] & 0x30 && at >= length ? none : found;
}

/* Move the ids in a payload into the outgoing stream's numbering, as rtp/rewriter.py does. */
void rewrite_vp8_ids(OutboundStream *stream, const Vp8Ids *picture, unsigned char *payload) {
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
