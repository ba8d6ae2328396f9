"""Makes the RTP packets of a simulated endpoint from loops: a microphone and up to three layers. No I/O, no clock.

The endpoint calls :meth:`VoiceStream.next` every 20 ms and :meth:`CameraLayer.next` for each picture of its clip.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct

from loadtest.media.clip import FPS, Clip
from mediaserver.rtp.payload import VIDEO_CLOCK
from mediaserver.transport.srtp import Outgoing

PTIME_MS = 20
VOICE_STEP = 960
"""20 ms of Opus' 48 kHz clock."""
PICTURE_STEP = VIDEO_CLOCK // FPS
ANNOUNCED_PACKETS = 50
"""Number of first packets that carry MID and RID; libwebrtc sends them until acknowledged (RFC 8852 §3.1)."""
RESEND_PACKETS = 512
_HEADER = Struct("!BBHII")


@dataclass(slots=True)
class SenderCounters:
    """Counters for sender reports."""

    packets: int = 0
    octets: int = 0
    timestamp: int = 0


class VoiceStream:
    """The stream of a microphone: one Opus packet per tick, looped."""

    def __init__(self, ssrc: int, payload_type: int, packets: tuple[bytes, ...]) -> None:
        self.ssrc = ssrc
        self._payload_type = payload_type
        self._packets = packets
        self._sequence = random.getrandbits(15)
        self._timestamp = random.getrandbits(32)
        self._at = 0
        self.sent = SenderCounters()

    @property
    def begins(self) -> bool:
        """Return True if the next packet is the first of the loop."""
        return self._at == 0

    def restart(self) -> None:
        """Send the loop from its beginning at the next tick."""
        self._at = 0

    def next(self) -> Outgoing:
        """Return the packet of this tick."""
        payload = self._packets[self._at]
        self._at = (self._at + 1) % len(self._packets)
        packet = (self._payload_type, self._sequence, self._timestamp, self.ssrc, payload)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.sent.packets += 1
        self.sent.octets += len(payload)
        self.sent.timestamp = self._timestamp
        self.skip(1)
        return packet

    def skip(self, ticks: int) -> None:
        """Skip ticks: sequence numbers continue, timestamps jump."""
        self._timestamp = (self._timestamp + ticks * VOICE_STEP) & 0xFFFFFFFF


class CameraLayer:
    """The stream of one camera layer: one picture per tick, looped; it jumps to a key frame on request."""

    def __init__(self, ssrc: int, payload_type: int, clip: Clip, extension: bytes) -> None:
        self.ssrc = ssrc
        self._payload_type = payload_type
        self._clip = clip
        self._extension = extension
        self._sequence = random.getrandbits(15)
        self._timestamp = random.getrandbits(32)
        self._picture_id = random.getrandbits(14)
        self._at = 0
        self._ring: list[Outgoing | None] = [None] * RESEND_PACKETS
        self.sent = SenderCounters()

    @property
    def width(self) -> int:
        """The width of its pictures."""
        return self._clip.width

    @property
    def fps(self) -> int:
        """Its pictures a second."""
        return self._clip.fps

    @property
    def begins(self) -> bool:
        """Return True if the next picture is the first of the loop."""
        return self._at == 0

    def next(self) -> tuple[list[Outgoing], bytes]:
        """Return the packets of this tick, and the header extension to send with them (empty for none)."""
        frame = self._clip.frames[self._at]
        announced = bool(self._extension) and (frame.key or self.sent.packets < ANNOUNCED_PACKETS)
        self._at = (self._at + 1) % len(self._clip.frames)
        packets = self._packets(self._numbered(frame.payloads))
        self.skip(1)
        return packets, self._extension if announced else b""

    def skip(self, ticks: int) -> None:
        """Skip ticks without a picture."""
        self._timestamp = (self._timestamp + ticks * VIDEO_CLOCK // self.fps) & 0xFFFFFFFF

    def show(self, clip: Clip) -> None:
        """Send another clip of the same codec and size, from its beginning at the next tick."""
        self._clip = clip
        self._at = 0

    def restart(self) -> None:
        """Send a key frame at the next tick."""
        frames = self._clip.frames
        while not frames[self._at].key:
            self._at = (self._at + 1) % len(frames)

    def resend(self, sequences: Iterable[int]) -> list[Outgoing]:
        """Return the requested packets, as far as they are among the last `RESEND_PACKETS`."""
        found = (self._ring[s % RESEND_PACKETS] for s in sequences)
        return [p for p, s in zip(found, sequences, strict=True) if p is not None and p[1] == s]

    def _numbered(self, payloads: tuple[bytes, ...]) -> Iterable[bytes]:
        """Continue VP8 picture ids over the loop's seam (RFC 7741 §4.2); they stand in bytes 2 and 3."""
        if self._clip.codec != "VP8":
            return payloads
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        number = (0x8000 | self._picture_id).to_bytes(2, "big")
        return [payload[:2] + number + payload[4:] for payload in payloads]

    def _packets(self, payloads: Iterable[bytes]) -> list[Outgoing]:
        packets: list[Outgoing] = []
        sequence, octets = self._sequence, 0
        for payload in payloads:
            packets.append((self._payload_type, sequence, self._timestamp, self.ssrc, payload))
            sequence = (sequence + 1) & 0xFFFF
            octets += len(payload)
        last = packets[-1]
        packets[-1] = (last[0] | 0x80, *last[1:])
        for packet in packets:
            self._ring[packet[1] % RESEND_PACKETS] = packet
        self._sequence = sequence
        self.sent.packets += len(packets)
        self.sent.octets += octets
        self.sent.timestamp = self._timestamp
        return packets


def extension_block(elements: Iterable[tuple[int, bytes]]) -> bytes:
    """Write a one-byte header extension block (RFC 8285 §4.2) of (local id, value); ids of 0 were not negotiated."""
    body = b"".join(bytes([number << 4 | len(value) - 1]) + value for number, value in elements if number and value)
    if not body:
        return b""
    body += bytes(-len(body) % 4)
    return b"\xbe\xde" + (len(body) // 4).to_bytes(2, "big") + body


def with_extension(packet: Outgoing, extension: bytes) -> bytes:
    """Return a whole RTP packet with a header extension block (RFC 3550 §5.3.1)."""
    second, sequence, timestamp, ssrc, payload = packet
    return _HEADER.pack(0x90, second, sequence, timestamp, ssrc) + extension + payload
