"""One open floor: packets in, 20 ms of sound out, without holes where they can be mended and without clicks."""

from collections import deque
from collections.abc import Callable
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
from mediaserver.rtp.packet import Packet

HIDDEN_SAMPLES = 5 * FRAME_SAMPLES
"""A hole is concealed for 100 ms, then faded out: longer, a guess is a lie."""
QUIET_TICKS = 50
"""A voice that gave nothing for a second counts no more."""
LONG_SAMPLES = FRAME_SAMPLES + FRAME_SAMPLES // 4
"""Delay of 20 ms and a little more than wanted comes from the tick's own grid."""
HUSH_DBOV = -45.0
"""Where 20 ms less are not heard."""
HUSH_TICKS, LOUD_TICKS = 100, 250
"""Delay must be too long for two seconds to be shortened in a hush, and for five to be shortened within speech."""
DOUBT_DB, DOUBT_TICKS = 20.0, 15
"""Who was this much quieter than it said, for 300 ms on balance, is not believed again; what is said is up to 160 ms
ahead of what is heard."""
RELAYED_BYTES = 128
"""Our own packets have about 80; a larger one may be more than the narrowest line has room for."""
WARM_PACKETS = 3
"""A decoder that has heard so many packets of a stream goes on as if it had heard all."""
_RISE = np.linspace(0, 1, FRAME_SAMPLES, dtype=np.float32)
_NOTHING: Samples = np.zeros(0, np.int16)


class Decoder(Protocol):
    """One talker's codec, to 48 kHz."""

    def decode(self, payload: bytes) -> Samples:
        """The samples of one packet. Raises ValueError on undecodable bytes."""

    def mend(self, following: bytes, samples: int) -> Samples:
        """The lost `samples` right before the packet `following`. Raises ValueError."""

    def conceal(self, samples: int) -> Samples:
        """A guess of the next `samples`."""


class AudioInput:
    """Decoded only when it is mixed, or when its sender does not say how loud it is (RFC 6464).

    Even then its packets may go to everyone as they came, while it is alone and its line steady.
    """

    def __init__(self, fader: float = 0.0, agc: Agc | None = None) -> None:
        # given
        self._fader = fader
        self._agc = agc or Agc()
        # owned
        self.gain = fader + self._agc.gain
        """In dB, by hand and by itself. Loudness heard has in only what was done by hand: a room whose noise is lifted
        with its voice must not be taken to speak."""
        self.jitter = JitterBuffer()
        self._codec = "opus"
        self._decoder: Decoder = OpusDecoder()
        self._fifo = _NOTHING
        self._frame: Samples | None = None
        self.packet: bytes | None = None
        """The 20 ms to pass on as they came; None when they are to be mixed."""
        self._steady = 0
        """Packets in a row that could have been passed on."""
        self._relayed = deque[Step](maxlen=WARM_PACKETS)
        """The last packets passed on, which the decoder does not know; empty while it decodes."""
        self.last = _NOTHING
        """The last 20 ms that were passed on, known once it decodes again."""
        self._claim: int | None = None
        self._doubt = 0
        self._share = 0.0
        """What its samples were multiplied with at the end of the last frame."""
        self._limiter = Limiter()
        """Who is made louder than 16 bits hold is levelled alone, before the mix: nobody else becomes softer for it."""
        self._hidden = 0
        """Samples concealed since the last real one."""
        self._held = 0
        """By how many samples it is heard later than its packets usually come."""
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
        self.jitter.add(packet, now)

    def amplify(self, fader: float) -> None:
        """Make it louder or softer by hand, in dB."""
        self._fader, self.gain = fader, fader + self._agc.gain

    def level_out(self) -> None:
        """Make it louder or softer by itself, by what :meth:`listen` heard last; every `EVERY_TICKS`."""
        self._agc.hear(None if self._quiet else self._level)
        self.gain = self._fader + self._agc.gain

    def _tune(self, codec: str) -> None:
        """Begin anew with another codec: room systems may change theirs from packet to packet."""
        opus = codec == "opus"
        self._codec = codec
        self.jitter = JitterBuffer() if opus else JitterBuffer(payload_samples)
        self._decoder = OpusDecoder() if opus else TelephonyDecoder(codec)
        self._relayed.clear()

    def listen(self, now: float, *, mixed: bool, alone: bool = False) -> float | None:
        """Take the next 20 ms and tell their loudness in dBov; None when there is no sound.

        Who is `alone` in the mix may have them passed on: see :attr:`packet`.
        """
        heard: float | None
        self.packet = self._relay(now) if alone and self._claim is not None else None
        if self.packet is not None and self._claim is not None:
            self._frame, heard = None, -float(self._claim)
        elif mixed or self._share or self._claim is None:
            self._resume()
            self._frame = self._next(now)
            heard = self._hear(self._frame) if self._frame is not None else None
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
        """By how many seconds it is heard later than its packets usually come; 0 while it is quiet or not mixed."""
        return max(0, self._held) / SAMPLE_RATE

    def _hear(self, frame: Samples) -> float:
        heard = level(frame)
        if self._claim is not None:
            self._doubt = max(0, self._doubt + (1 if heard < -self._claim - DOUBT_DB else -1))
        return heard

    def sound(self, *, mixed: bool) -> Samples | None:
        """The 20 ms for the mix, ramped where the voice enters, leaves or has another gain; None for nothing to mix."""
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
        """A guessed 20 ms that fade out, so that closing a floor makes no click; None when it is not in the mix."""
        self._resume()
        return self._scaled(self._decoder.conceal(FRAME_SAMPLES), self._share * _RISE[::-1]) if self._share else None

    def _scaled(self, frame: Samples, by: NDArray[np.float32]) -> Samples:
        return self._limiter.apply((frame * by).astype(np.int32))

    @property
    def _untouched(self) -> bool:
        """Whether its sound goes into the mix as it came."""
        return self._share == 1 and self._limiter.gain == 1

    def _relay(self, now: float) -> bytes | None:
        """The next packet as it came, if it comes in its turn and nothing has to be mended, hidden or steered.

        Where one encoder's packets follow another's a few ms are left out: that is done in a hush, or seldom.
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

    def _resume(self) -> None:
        """Go on decoding: the decoder hears the last packets that were passed on, and goes on from there."""
        while self._relayed:
            self.last = self._take(self._relayed.popleft())
            self._steady = 0

    def _next(self, now: float) -> Samples | None:
        wanted = FRAME_SAMPLES
        if len(self._fifo) < FRAME_SAMPLES:
            wanted = self._steer(now)
        while len(self._fifo) < wanted and (step := self.jitter.pull(now)) is not None:
            samples = self._take(step)
            self._fifo = np.concatenate((self._fifo, samples)) if len(self._fifo) else samples
        if len(self._fifo) < wanted:
            self._fifo = _NOTHING
            return None
        frame, self._fifo = self._fifo[:wanted], self._fifo[wanted:]
        return frame if wanted == FRAME_SAMPLES else _merge(frame)

    def _steer(self, now: float) -> int:
        """Make the delay longer by concealing 20 ms that were not lost, or shorter by taking two frames for one."""
        correction = self._correction(now)
        if correction > 0:
            self._fifo, self._steady = np.concatenate((self._fifo, self._decoder.conceal(FRAME_SAMPLES))), 0
        if correction >= 0:
            return FRAME_SAMPLES
        self._long = 0
        return 2 * FRAME_SAMPLES

    def _correction(self, now: float) -> int:
        """Count a tick; 1 when the delay is too short, −1 when it has been too long for long enough, else 0."""
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
        """For so many ticks a change of delay or of encoder is put off: less long in a hush, where it is not heard."""
        return HUSH_TICKS if self._level < HUSH_DBOV else LOUD_TICKS

    def _take(self, step: Step) -> Samples:
        self._steady = self._steady + 1 if _whole(step) else 0
        self._hidden = self._hidden + step.samples if step.kind == "hide" else 0
        try:
            return _STEPS[step.kind](self._decoder, step)
        except ValueError:
            return self._decoder.conceal(step.samples)


def _whole(step: Step) -> bool:
    """Whether a packet is 20 ms in one frame (RFC 6716 §3.2.2), which every decoder can read, and not too large."""
    whole = step.kind == "play" and step.samples == FRAME_SAMPLES
    return whole and len(step.payload) <= RELAYED_BYTES and not step.payload[0] & 3


def _merge(frames: Samples) -> Samples:
    """Two frames as one that begins as the first and ends as the second."""
    first, second = frames[:FRAME_SAMPLES], frames[FRAME_SAMPLES:]
    return (first * (1 - _RISE) + second * _RISE).astype(np.int16)


_STEPS: dict[Kind, Callable[[Decoder, Step], Samples]] = {
    "play": lambda decoder, step: decoder.decode(step.payload),
    "mend": lambda decoder, step: decoder.mend(step.payload, step.samples),
    "hide": lambda decoder, step: decoder.conceal(step.samples),
}
