/* Recognises the first packet of a key frame, as is_keyframe in rtp/payload.py does. */
#include "native.h"

enum { NAL_IDR = 5, NAL_SPS = 7 };

/* RFC 7741 §4.2 and §4.3: the descriptor, and the P bit behind it. */
static int begins_vp8(const unsigned char *payload, int length) {
    int size = 1;
    if (length < 1 || (payload[0] & 0x17) != 0x10)
        return 0;
    if (payload[0] & 0x80) {
        if (length < 3)
            return 0;
        int flags = payload[1];
        size = 2 + ((flags & 0x40) != 0) + ((flags & 0x30) != 0);
        if (flags & 0x80)
            size += payload[2] & 0x80 ? 2 : 1;
    }
    return length > size && !(payload[size] & 1);
}

/* Only the first slice begins one: it is at macroblock 0 (H.264 §7.3.3, §9.1). */
static int begins_nal(int kind, int header) {
    return kind == NAL_SPS || (kind == NAL_IDR && header & 0x80);
}

/* RFC 6184 §5.7.1: NAL units behind their sizes. */
static int begins_aggregated(const unsigned char *payload, int length) {
    for (int at = 1; at + 2 < length;) {
        int size = payload[at] << 8 | payload[at + 1];
        if (size < 2 || at + 2 + size > length)
            return 0;
        if (begins_nal(payload[at + 2] & 0x1F, payload[at + 3]))
            return 1;
        at += 2 + size;
    }
    return 0;
}

static int begins_h264(const unsigned char *payload, int length) {
    if (length < 2)
        return 0;
    int kind = payload[0] & 0x1F;
    if (kind == FU_A)
        return payload[1] & 0x80 && length > 2 && begins_nal(payload[1] & 0x1F, payload[2]);
    return kind == STAP_A ? begins_aggregated(payload, length) : begins_nal(kind, payload[1]);
}

int begins_keyframe(int vp8, const unsigned char *payload, int length) {
    return vp8 ? begins_vp8(payload, length) : begins_h264(payload, length);
}
