/* The ids in a VP8 payload. */
#include "native.h"

/* The ids in a VP8 payload (RFC 7741 §4.2), as vp8_descriptor in rtp/payload.py reads them. */
Picture read_picture(const unsigned char *payload, int length) {
    Picture found = {-1, 0, -1, 0, 0}, none = found;
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

/* Move the ids in a payload into the leg's own numbering, as rtp/rewriter.py does. */
void move_picture(Leg *leg, const Picture *picture, unsigned char *payload) {
    int size = picture->wide ? 0x8000 : 0x80, tl0 = picture->tl0 < 0 ? 0 : picture->tl0;
    int ahead = (picture->id + leg->picture_offset - leg->last_picture + size / 2) % size;
    int step = (ahead < 0 ? ahead + size : ahead) - size / 2;
    int id = (leg->last_picture + step) & 0x7FFF;
    if (step >= 0) {
        leg->last_picture = id;
        leg->last_tl0 = (tl0 + leg->tl0_offset) & 0xFF;
    }
    if (picture->wide)
        put16(payload + picture->id_at, 0x8000 | id);
    else
        payload[picture->id_at] = id & 0x7F;
    if (picture->tl0 >= 0)
        payload[picture->tl0_at] = (tl0 + leg->tl0_offset) & 0xFF;
}
