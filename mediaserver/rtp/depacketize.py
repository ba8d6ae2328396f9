"""Puts packets that came together into the picture that they are.

`native/` does the same several times faster; this Python version is used where that was not compiled, and documents it.
"""

from typing import TYPE_CHECKING, Any

from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import depayload


def plain_depacketize(codec: str, packets: list[Packet], first: int) -> tuple[bytes, bool] | None:
    """Return the picture that these packets are, and whether it is a key frame.

    None when they are not one whole picture in order whose first packet has the number `first`.
    """
    parts = []
    for ahead, packet in enumerate(packets):
        last = ahead == len(packets) - 1
        if packet.sequence != (first + ahead) & 0xFFFF or packet.marker != last or not packet.payload:
            return None
        try:
            parts.append(depayload(codec, packet.payload))
        except ValueError:
            return None
    return (b"".join(parts), any(packet.keyframe for packet in packets)) if parts else None


def _load() -> Any:
    try:
        from mediaserver import _packet_io  # noqa: PLC0415 - optional: compiled at installation where that is possible
    except ImportError:
        return plain_depacketize
    return _packet_io.depacketize


if TYPE_CHECKING:
    depacketize = plain_depacketize
else:
    depacketize = _load()
