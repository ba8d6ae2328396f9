"""One open microphone: packets in, 20 ms of sound out, with losses repaired where possible and without clicks."""

from collections import deque
from collections.abc import Callable
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mediaserver.audio.agc import Agc
from mediaserver.audio.jitter_buffer import JitterBuffer, Kind, Step
from mediaserver.audio.limiter import Limiter
from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples, level
from mediaserver.audio.opus import OpusDecoder
from mediaserver.audio.playout_delay import SAMPLE_RATE
from mediaserver.audio.telephony_codecs import TelephonyDecoder, payload_samples
from mediaserver.audio.voice_relay import LONG_SAMPLES, VoiceRelay, relayable
from mediaserver.rtp.packet import Packet

HIDDEN_SAMPLES = 5 * FRAME_SAMPLES
"""A loss is concealed for 100 ms, then faded out: a longer guess would mislead."""
OPEN_S = 1.0
"""A microphone that sent nothing for so long is off: one that is open sends a packet each 400 ms also in silence."""
QUIET_TICKS = 50
"""A voice without sound for a second is no longer active."""
HUSH_DBOV = -45.0
"""Level below which 20 ms more or less are not heard."""
HUSH_TICKS, LOUD_TICKS = 100, 250
"""Delay must be too long for two seconds to be shortened in a hush, and for five to be shortened within speech."""
DOUBT_DB, DOUBT_TICKS = 20.0, 15
"""A sender whose sound is this much quieter than its level header says, for 300 ms on balance, is not believed again;
the header is up to 160 ms ahead of the sound."""
WARM_PACKETS = 3
"""Packets after which a decoder sounds as if it had decoded the whole stream."""
_RISE = np.linspace(0, 1, FRAME_SAMPLES, dtype=np.float32)
_NOTHING: Samples = np.zeros(0, np.int16)


class Decoder(Protocol):
    """The decoder of one talker's codec, to 48 kHz."""

    def decode(self, payload: bytes) -> Samples:
        """Return the samples of one packet. Raises ValueError on undecodable bytes."""

    def mend(self, following: bytes, samples: int) -> Samples:
        """Return the lost `samples` right before the packet `following`. Raises ValueError."""

    def conceal(self, samples: int) -> Samples:
        """Return a guess of the next `samples`."""


class AudioInput:
    """One open microphone. It decodes only when it is mixed, or when its sender sends no levels (RFC 6464).

    Even then its packets may be relayed to everyone as they came, while it is alone and its connection is steady. Those
    without levels are decoded all the same, to know how loud they are.
    """

    def __init__(self, fader: float = 0.0, agc: Agc | None = None) -> None:
        self._fader = fader
        self._agc = agc or Agc()
        self.gain = fader + self._agc.gain
        """In dB, by hand and automatic. The level counts only the gain set by hand: a room whose noise is lifted with
        its voice must not become the speaker."""
        self._arrived = -inf
        """When the last packet came, in seconds."""
        self.jitter = JitterBuffer()
        self._codec = "opus"
        self._decoder: Decoder = OpusDecoder()
        self._fifo = _NOTHING
        self._frame: Samples | None = None
        self.packet: bytes | None = None
        """The 20 ms to relay as they came; None when they are to be mixed."""
        self._steady = 0
        """Packets in a row that could have been relayed."""
        self.relay = VoiceRelay(Packet)
        """Relays its packets by itself between :meth:`start_relay` and :meth:`stop_relay`."""
        self._relayed = deque[Step](maxlen=WARM_PACKETS)
        """The last relayed packets, which the decoder does not know; empty while it decodes."""
        self.last = _NOTHING
        """The last 20 ms that were relayed, known once it decodes again."""
        self._payload: bytes | None = None
        """The one packet of which the last frame was decoded, if it may be relayed."""
        self._passed = False
        """Whether the last 20 ms were relayed and decoded, too."""
        self._claim: int | None = None
        self._doubt = 0
        self._share = 0.0
        """Factor of its samples at the end of the last frame."""
        self._limiter = Limiter()
        """A voice that its gain lifts beyond 16 bits is limited alone, before the mix, so that nobody else becomes
        softer."""
        self._hidden = 0
        """Samples concealed since the last real one."""
        self._held = 0
        """Samples by which it is heard later than its packets usually come."""
        self._long = 0
        """Ticks for which the delay has been too long."""
        self._level = 0.0
        self._quiet = QUIET_TICKS
        self.active = False
        """Whether it gave sound in the last second."""

    def add(self, packet: Packet, now: float, codec: str = "opus") -> None:
        """Take one packet, with a timestamp in samples at 48 kHz whatever the `codec`; `now` in seconds."""
        if codec != self._codec:
            self._tune(codec)
        self._claim = packet.level if self._doubt < DOUBT_TICKS else None
        self._arrived = now
        self.jitter.add(packet, now)

    def is_open(self, now: float) -> bool:
        """Return whether its microphone is on, as far as packets show."""
        return now - self._arrived < OPEN_S

    def amplify(self, fader: float) -> None:
        """Set the gain by hand, in dB."""
        self._fader, self.gain = fader, fader + self._agc.gain

    def level_out(self) -> None:
        """Adjust the automatic gain by the level that :meth:`listen` measured last; call every `EVERY_TICKS`."""
        level = -float(self.relay.claim) if self.relay.until else self._level
        self._agc.hear(None if self._quiet else level)
        self.gain = self._fader + self._agc.gain

    def _tune(self, codec: str) -> None:
        """Begin anew with another codec: room systems may change theirs from packet to packet."""
        opus = codec == "opus"
        self._codec = codec
        self.jitter = JitterBuffer() if opus else JitterBuffer(payload_samples)
        self._decoder = OpusDecoder() if opus else TelephonyDecoder(codec)
        self._relayed.clear()

    def listen(self, now: float, *, mixed: bool, alone: bool = False) -> float | None:
        """Take the next 20 ms and return their level in dBov; None when there is no sound.

        An input that is `alone` in the mix may have them relayed: see :attr:`packet`.
        """
        heard: float | None
        self.packet = self._relay(now) if alone and self._claim is not None else None
        if self.packet is not None and self._claim is not None:
            self._frame, heard = None, -float(self._claim)
        elif mixed or self._share or self._claim is None:
            self._resume()
            self._frame = self._next(now)
            heard = self._hear(self._frame) if self._frame is not None else None
            self._pass_on(alone=alone and self._claim is None)
        else:
            self._frame, self._fifo, self._held = None, _NOTHING, 0
            heard = -float(self._claim) if self.jitter.skim(now) else None
        if heard is None:
            self._quiet += 1
            self.active = self._quiet < QUIET_TICKS
            if not self.active:
                self._held = 0
            return None
        self._quiet, self._level, self.active = 0, heard, True
        heard += self._fader
        return heard if heard < 0.0 else 0.0

    @property
    def held_s(self) -> float:
        """Return the seconds by which it is heard later than its packets usually come; 0 while it is quiet or not
        mixed."""
        return max(0, self._held) / SAMPLE_RATE

    @property
    def rests(self) -> bool:
        """Return whether it gives no sound before its next packet."""
        return not self.active and not self._share and not self._relayed and self.jitter.rests

    def rest(self, ticks: int) -> None:
        """Note ticks for which it was not listened to, because it rested."""
        self._quiet += ticks

    def start_relay(self) -> bool:
        """Let its relay go on, if the last 20 ms were relayed and the next may be; return whether it does."""
        if self.packet is None or self._claim is None or not self.jitter.start_relay(self.relay):
            return False
        self.relay.claim, self.relay.came, self.relay.fader = self._claim, self._arrived, self._fader
        for each in (self.relay.sent, self.relay.transits, self.relay.ticks):
            each.clear()
        return all(map(relayable, self.relay.waiting))

    def stop_relay(self) -> list[tuple[float, float]]:
        """Take back what its relay took and sent; return the time of each of its ticks, and the level then."""
        relay = self.relay
        relay.until = 0
        self.jitter.stop_relay(relay)
        self._claim, self._arrived = relay.claim, relay.came
        self._relayed.extend(Step(FRAME_SAMPLES, payload) for payload in relay.sent[-WARM_PACKETS:])
        if relay.ticks:
            now, claim = relay.ticks[-1]
            self._level, self._long = -float(claim), 0
            if patience := self.jitter.patience:
                self._held = patience - (self.jitter.shortage(now, 0) - FRAME_SAMPLES)
        return [(now, min(0.0, self._fader - claim)) for now, claim in relay.ticks]

    def _hear(self, frame: Samples) -> float:
        heard = level(frame)
        if self._claim is not None:
            self._doubt = max(0, self._doubt + (1 if heard < -self._claim - DOUBT_DB else -1))
        return heard

    def sound(self, *, mixed: bool) -> Samples | None:
        """Return the 20 ms for the mix, ramped where the voice enters, leaves or changes its gain; None for nothing to
        mix."""
        if self.packet is not None:
            return None
        frame, before = self._frame, self._share
        heard = mixed and frame is not None and self._hidden <= HIDDEN_SAMPLES
        self._share = 10 ** (self.gain / 20) if heard else 0.0
        if frame is None or before == self._share == 0:
            return None
        if before == 1 and self._untouched:
            return frame
        return self._scaled(frame, before + (self._share - before) * _RISE)

    def tail(self) -> Samples | None:
        """Return a guessed 20 ms that fade out, so that closing a floor makes no click; None when it is not in the
        mix."""
        self._resume()
        return self._scaled(self._decoder.conceal(FRAME_SAMPLES), self._share * _RISE[::-1]) if self._share else None

    def _scaled(self, frame: Samples, by: NDArray[np.float32]) -> Samples:
        return self._limiter.apply((frame * by).astype(np.int32))

    @property
    def _untouched(self) -> bool:
        """Return whether its sound goes into the mix unchanged."""
        return self._share == 1 and self._limiter.gain == 1

    def _relay(self, now: float) -> bytes | None:
        """Return the next packet to relay, if it comes in its turn and nothing has to be repaired, concealed or
        steered.

        Where one encoder's packets follow another's a few ms are lost: that is done in a hush, or seldom.
        """
        if not self._relayed and (not self._untouched or len(self._fifo) or self._steady < self._patience):
            return None
        step = self.jitter.pull(now) if self._correction(now) == 0 else None
        if step is not None and _whole(step):
            self._relayed.append(step)
            return step.payload
        self._resume()
        self._steady = 0
        if step is not None:
            self._fifo = self._take(step)
        return None

    def _pass_on(self, *, alone: bool) -> None:
        """Relay the packet that was decoded just now, under the conditions of :meth:`_relay`."""
        steady = self._passed or self._steady >= self._patience
        if alone and steady and self._untouched and self._payload is not None and self._frame is not None:
            self.packet, self.last, self._passed = self._payload, self._frame, True
        elif self._passed:
            self._steady, self._passed = 0, False

    def _resume(self) -> None:
        """Go on decoding: the decoder first decodes the last packets that were relayed."""
        while self._relayed:
            self.last = self._take(self._relayed.popleft())
            self._steady = 0

    def _next(self, now: float) -> Samples | None:
        wanted, self._payload = FRAME_SAMPLES, None
        if len(self._fifo) < FRAME_SAMPLES:
            wanted = self._steer(now)
        begun = len(self._fifo) > 0
        while len(self._fifo) < wanted and (step := self.jitter.pull(now)) is not None:
            samples = self._take(step)
            self._payload = step.payload if not begun and self._codec == "opus" and _whole(step) else None
            self._fifo, begun = np.concatenate((self._fifo, samples)) if len(self._fifo) else samples, True
        if len(self._fifo) < wanted:
            self._fifo = _NOTHING
            return None
        frame, self._fifo = self._fifo[:wanted], self._fifo[wanted:]
        return frame if wanted == FRAME_SAMPLES else _merge(frame)

    def _steer(self, now: float) -> int:
        """Lengthen the delay by concealing 20 ms that were not lost, or shorten it by merging two frames."""
        correction = self._correction(now)
        if correction > 0:
            self._fifo, self._steady = np.concatenate((self._fifo, self._decoder.conceal(FRAME_SAMPLES))), 0
        if correction >= 0:
            return FRAME_SAMPLES
        self._long = 0
        return 2 * FRAME_SAMPLES

    def _correction(self, now: float) -> int:
        """Count a tick; return 1 when the delay is too short, −1 when it has been too long for long enough, else 0."""
        shortage = self.jitter.shortage(now, len(self._fifo))
        if patience := self.jitter.patience:
            self._held = patience - shortage
        if shortage >= -LONG_SAMPLES:
            self._long = 0
            return 1 if shortage > 0 else 0
        self._long += 1
        return -1 if self._long >= self._patience else 0

    @property
    def _patience(self) -> int:
        """Return the ticks for which a change of delay or of encoder waits: fewer in a hush, where it is not heard."""
        return HUSH_TICKS if self._level < HUSH_DBOV else LOUD_TICKS

    def _take(self, step: Step) -> Samples:
        self._steady = self._steady + 1 if _whole(step) else 0
        self._hidden = self._hidden + step.samples if step.kind == "hide" else 0
        try:
            return _STEPS[step.kind](self._decoder, step)
        except ValueError:
            return self._decoder.conceal(step.samples)


def _whole(step: Step) -> bool:
    """Return whether a step may be relayed."""
    return step.kind == "play" and step.samples == FRAME_SAMPLES and relayable(step.payload)


def _merge(frames: Samples) -> Samples:
    """Merge two frames into one that begins as the first and ends as the second."""
    first, second = frames[:FRAME_SAMPLES], frames[FRAME_SAMPLES:]
    return (first * (1 - _RISE) + second * _RISE).astype(np.int16)


_STEPS: dict[Kind, Callable[[Decoder, Step], Samples]] = {
    "play": lambda decoder, step: decoder.decode(step.payload),
    "mend": lambda decoder, step: decoder.mend(step.payload, step.samples),
    "hide": lambda decoder, step: decoder.conceal(step.samples),
}
