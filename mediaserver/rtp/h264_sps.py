"""Reads the size and the profile of H.264 pictures from their sequence parameter set (H.264 §7.3.2.1.1). Pure."""

import contextlib

from mediaserver.rtp.payload import NAL_SPS, STAP_A, aggregated

MAX_SPS_BYTES = 512
"""Those of room systems have some twenty bytes; one with scaling lists has less than this."""
MAX_SIDE = 16_384
_BASELINE = 66
_WITH_CHROMA = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}
"""Profiles whose sets say a chroma format."""


class _Bits:
    """Reads a bit string. Raises ValueError behind its end."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        """Read an unsigned number of so many bits, `u(n)`."""
        if count > self._left:
            raise ValueError("sequence parameter set cut off")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def golomb(self) -> int:
        """Read an unsigned Exp-Golomb number, `ue(v)` (§9.1)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("number too large")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """Read a signed Exp-Golomb number, `se(v)` (§9.1.1)."""
        number = self.golomb()
        return (number + 1) // 2 if number % 2 else -(number // 2)


class NewestParameters:
    """The size and the profile of the newest pictures of a stream."""

    def __init__(self) -> None:
        self._parameters = b""
        """Their sequence parameter set."""

    def take(self, payload: bytes) -> None:
        """Take an RTP payload that may have a sequence parameter set."""
        with contextlib.suppress(ValueError):
            self._parameters = parameter_set(payload) or self._parameters

    @property
    def pixels(self) -> tuple[int, int]:
        """Return width and height in pixels, 0 while unknown."""
        try:
            return picture_size(self._parameters)
        except ValueError:
            return 0, 0

    @property
    def beyond_baseline(self) -> bool:
        """Return whether who decodes baseline alone does not decode them; False while unknown."""
        return bool(self._parameters) and not is_baseline(self._parameters)


def parameter_set(payload: bytes) -> bytes | None:
    """Return the sequence parameter set in an RTP payload (RFC 6184); None without one. Raises ValueError."""
    kind = payload[0] & 0x1F if payload else 0
    nals = aggregated(payload) if kind == STAP_A else (payload,)
    return next((nal[:MAX_SPS_BYTES] for nal in nals if nal and nal[0] & 0x1F == NAL_SPS), None)


def is_baseline(sps: bytes) -> bool:
    """Return whether pictures are of profile baseline, or of another one and obey the constraints of baseline, too
    (`constraint_set0_flag`); a set that is cut off is taken for one of baseline."""
    return len(sps) < 3 or sps[1] == _BASELINE or bool(sps[2] & 0x80)


def picture_size(sps: bytes) -> tuple[int, int]:
    """Return width and height in pixels of the pictures that a set describes, cropped. Raises ValueError."""
    bits = _Bits(sps[1:].replace(b"\x00\x00\x03", b"\x00\x00"))  # emulation prevention (§7.4.1)
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma = _skip_chroma(bits) if profile in _WITH_CHROMA else 1
    bits.golomb()
    _skip_order_count(bits)
    bits.golomb()
    bits.take(1)
    across, down = bits.golomb() + 1, bits.golomb() + 1
    frames_only = bits.take(1)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    width, height = 16 * across, 16 * down * (2 - frames_only)
    if bits.take(1):
        step_x = 2 if chroma in (1, 2) else 1
        step_y = (2 if chroma == 1 else 1) * (2 - frames_only)
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        width, height = width - step_x * (left + right), height - step_y * (top + bottom)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError("pictures of no possible size")
    return width, height


def _skip_chroma(bits: _Bits) -> int:
    """Read up to the scaling lists; return the chroma format, 0 for separate colour planes."""
    chroma = bits.golomb()
    separate = bits.take(1) if chroma == 3 else 0
    bits.golomb()
    bits.golomb()
    bits.take(1)
    if bits.take(1):
        for number in range(12 if chroma == 3 else 8):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if number < 6 else 64)
    return 0 if separate else chroma


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_order_count(bits: _Bits) -> None:
    kind = bits.golomb()
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.golomb(), 256)):
            bits.signed()
