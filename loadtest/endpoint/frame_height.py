"""Reads the height of a picture from the headers of its key frame. No I/O, no clock."""

from mediaserver.rtp.payload import NAL_SPS, depayload, is_keyframe, split_nals, vp8_frame_size

PROFILES = (66, 77, 88)
"""Baseline, Main and Extended: their parameter sets have neither colour formats nor scaling lists."""
MACROBLOCK = 16


def picture_height(codec: str, payload: bytes) -> int | None:
    """Return the height in pixels of the key frame that this RTP payload begins; None if there is none."""
    if not is_keyframe(codec, payload):
        return None
    try:
        frame = depayload(codec, payload)
        if codec == "VP8":
            size = vp8_frame_size(frame)
            return size and size[1]
        return next((_sps_height(nal) for nal in split_nals(frame) if nal[0] & 0x1F == NAL_SPS), None)
    except ValueError:
        return None


def _sps_height(nal: bytes) -> int:
    """Return the height in a sequence parameter set (H.264 §7.3.2.1.1). Raises ValueError."""
    bits = _Bits(nal[1:].replace(b"\x00\x00\x03", b"\x00\x00"))  # emulation prevention bytes are removed (§7.3.1)
    if bits.take(8) not in PROFILES:
        raise ValueError("an H.264 profile that was not offered")
    bits.take(16)
    bits.number()  # seq_parameter_set_id
    bits.number()  # log2_max_frame_num
    _picture_order(bits)
    bits.number()  # max_num_ref_frames
    bits.take(1)
    bits.number()  # pic_width_in_mbs_minus1
    height = bits.number() + 1
    fields = 2 - bits.take(1)
    if fields == 2:
        bits.take(1)
    bits.take(1)
    cropped = sum([bits.number() for _ in range(4)][2:]) if bits.take(1) else 0
    return fields * (MACROBLOCK * height - 2 * cropped)


def _picture_order(bits: "_Bits") -> None:
    """Skip pic_order_cnt_type and the fields that depend on it."""
    kind = bits.number()
    if kind == 0:
        bits.number()
    elif kind == 1:
        bits.take(1)
        bits.number()
        bits.number()
        for _ in range(bits.number()):
            bits.number()


class _Bits:
    """Reads bits. Raises ValueError at their end."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data)
        self._at = 0

    def take(self, count: int) -> int:
        """Read an unsigned number of so many bits."""
        self._at += count
        return int(self._bits[self._at - count : self._at], 2)

    def number(self) -> int:
        """Read an Exp-Golomb number (§9.1)."""
        zeros = self._bits.index("1", self._at) - self._at
        self._at += zeros
        return self.take(zeros + 1) - 1
