"""Relays a voice that is alone in the mix from tick to tick, as long as its packets are in step.

The mixer starts a relay and is told afterwards what it did: the outcome is the same as if each packet and each tick had
gone through the mixer. `native/` does the same several times faster; this Python version is used where that was not
compiled, and documents it.
"""

from typing import TYPE_CHECKING, Any

from mediaserver.audio.active_speaker import SMOOTHING, THRESHOLD_DBOV
from mediaserver.audio.jitter_buffer import FRAME, packet_samples
from mediaserver.audio.mix_minus import SILENT_DBOV
from mediaserver.audio.playout_delay import MAX_DELAY, SAMPLE_RATE
from mediaserver.rtp.inbound_stream import MAX_PENDING
from mediaserver.rtp.packet import Packet

RELAYED_BYTES = 128
"""Largest packet that is relayed. Our own have about 80 bytes; a larger one may exceed the narrowest connection."""
LONG_SAMPLES = FRAME + FRAME // 4
"""Excess delay to be shortened. Delay of 20 ms and a little more than wanted comes from the tick's own grid."""


def relayable(payload: bytes) -> bool:
    """Return whether an Opus packet is 20 ms in one frame (RFC 6716 §3.2.2), which every decoder can read, and not too
    large."""
    return packet_samples(payload) == FRAME and len(payload) <= RELAYED_BYTES and not payload[0] & 3


class PlainVoiceRelay:
    """The numbers of one voice that its relay shares with jitter buffer, voice, speaker and mix.

    It runs while `until` is not 0. Then the inbox gives it packets that are in step, and each tick sends one. What it
    refuses, packet or tick, is the mixer's, which first stops it. `packet` is the class of RTP packets.
    """

    def __init__(self, packet: type[Packet]) -> None:
        self._packet = packet
        self.until = 0
        """The first tick that is not its own; 0 while it is stopped."""
        self.ssrc = 0
        self.sequence = 0
        """Sequence number of the last packet that came."""
        self.newest = 0
        """Timestamp of the last packet that came, unwrapped."""
        self.cursor = 0
        """Timestamp of the next packet to send, unwrapped."""
        self.wanted = 0
        """The transit to play at, in samples (:class:`mediaserver.audio.playout_delay.PlayoutDelay`)."""
        self.spare = 0
        """Packets that may come before the playout delay must learn from them."""
        self.claim = 0
        """Level of the last packet that came, in −dBov."""
        self.came = 0.0
        """When it came, in seconds."""
        self.fader = 0.0
        """Gain by hand in dB, which counts for the speaker."""
        self.level = 0.0
        """Smoothed level of the speaker in dBov."""
        self.heard = 0.0
        """Time in seconds at which the speaker was loud enough last."""
        self.hold_s = 0.0
        self.sent_sequence = 0
        """Sequence number of the next packet to send."""
        self.waiting: list[bytes] = []
        """Payloads that are still to be sent."""
        self.sent: list[bytes] = []
        """Payloads sent since it was started."""
        self.transits: list[int] = []
        """Transits of the packets that came since, in samples."""
        self.ticks: list[tuple[float, int]] = []
        """Time of each tick since, and the level of the newest packet then."""
        self.source: Any = None
        self.sinks: list[Any] = []
        self.pending: list[Packet] = []
        self.flush_queue: list[Any] = []

    def feed(self, source: object, sinks: list[Any], pending: list[Packet], flush_queue: list[Any]) -> None:
        """Send to a mix, in the lists that are its own."""
        self.source, self.sinks, self.pending, self.flush_queue = source, sinks, pending, flush_queue

    def take(self, packet: Packet, came: float) -> bool:
        """Take a packet that came at `came` seconds if it is in step; return False when the mixer must see it."""
        at = self.newest + FRAME
        transit = round(came * SAMPLE_RATE) - at
        if (
            not self.until
            or not self.spare
            or packet.ssrc != self.ssrc
            or packet.sequence != (self.sequence + 1) & 0xFFFF
            or packet.timestamp != at & 0xFFFFFFFF
            or packet.level is None
            or not relayable(packet.payload)
            or not self.wanted - MAX_DELAY <= transit <= self.wanted
        ):
            return False
        self.sequence, self.newest, self.claim, self.came = packet.sequence, at, packet.level, came
        self.spare -= 1
        self.waiting.append(packet.payload)
        self.transits.append(transit)
        return True

    def tick(self, tick: int, now: float) -> bool:
        """Send the 20 ms of a tick; return False when they are not in step, and the mixer must make them.

        They are in step when the next packet is there, the delay is right, and nothing changes for the speaker.
        """
        late = round(now * SAMPLE_RATE) - self.cursor - self.wanted
        if tick >= self.until or not self.waiting or not 0 <= late <= LONG_SAMPLES:
            return False
        if not self.sinks or len(self.pending) >= MAX_PENDING:
            return False
        level = self.level * (1 - SMOOTHING) + min(0.0, self.fader - self.claim) * SMOOTHING
        heard = now if level > THRESHOLD_DBOV else self.heard
        if self.level <= SILENT_DBOV or now - heard > self.hold_s:
            return False
        self.level, self.heard = level, heard
        payload = self.waiting.pop(0)
        if not self.pending:
            self.flush_queue.append(self)
        self.pending.append(self._packet(0, self.sent_sequence, tick * FRAME, 0, False, payload))
        self.sent_sequence = (self.sent_sequence + 1) & 0xFFFF
        self.cursor += FRAME
        self.sent.append(payload)
        self.ticks.append((now, self.claim))
        return True

    def flush(self, now: float) -> None:
        """Send the mix's waiting packets to its sinks: the same as its own flush, without a call where all are in
        step."""
        self.source.flush(now)


def _load() -> Any:
    try:
        from mediaserver import _packet_io  # noqa: PLC0415 - optional: compiled at installation where that is possible
    except ImportError:
        return PlainVoiceRelay
    return _packet_io.VoiceRelay


if TYPE_CHECKING:
    VoiceRelay = PlainVoiceRelay
else:
    VoiceRelay = _load()
