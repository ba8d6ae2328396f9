"""The sound of a room: open floors decoded once, the loudest few mixed, mix-minus for them, one mix for the rest."""

import numpy as np

from mediaserver.mix import minus
from mediaserver.mix.codec import OpusDecoder, OpusEncoder
from mediaserver.mix.minus import FRAME_SAMPLES, Samples
from mediaserver.mix.speaker import QUIETEST_DBOV, SpeakerDetector
from mediaserver.rtp.jitter import AudioJitter
from mediaserver.rtp.packet import Packet
from mediaserver.tracks import Dirty, Source

MAX_FIFO_SAMPLES = 10 * FRAME_SAMPLES
QUIET_TICKS = 50
"""A voice that gave nothing for a second hears the full mix again, and costs no encoder."""
MAX_MIXED = 5
"""More voices at once are a noise to the ear, and each needs a mix of its own."""
STAY_DB = 6.0
"""How much louder a voice must be to take a mixed one's place."""
FADE = 0.5
"""A hole is filled with the last 20 ms, halved each time: shorter than a click, softer than silence."""


class Voice:
    """One open floor: jitter buffer, decoder, and the mix without this voice."""

    def __init__(self, seat: str, dirty: Dirty) -> None:
        self.jitter = AudioJitter()
        self.minus = Source(f"minus:{seat}", "opus", dirty)
        self.encoder = OpusEncoder()
        self._decoder = OpusDecoder()
        self._fifo: Samples = np.zeros(0, np.int16)
        self._last: Samples = np.zeros(FRAME_SAMPLES, np.int16)
        self._quiet = QUIET_TICKS

    @property
    def active(self) -> bool:
        """Whether it gave sound in the last second."""
        return self._quiet < QUIET_TICKS

    def pull(self) -> Samples | None:
        """The next 20 ms; None when there is no sound at all."""
        while len(self._fifo) < FRAME_SAMPLES and (packet := self.jitter.pull()) is not None:
            self._decode(packet)  # one packet, or more that are shorter than 20 ms
        if len(self._fifo) < FRAME_SAMPLES:
            return self._conceal()
        frame, self._fifo = self._fifo[:FRAME_SAMPLES], self._fifo[FRAME_SAMPLES:]
        self._last, self._quiet = frame, 0
        return frame

    def _decode(self, packet: Packet) -> None:
        try:
            samples = self._decoder.decode(packet.payload)
        except ValueError:
            return
        self._fifo = np.concatenate((self._fifo, samples))[-MAX_FIFO_SAMPLES:]

    def _conceal(self) -> Samples | None:
        self._quiet += 1
        if self._quiet > 5:
            return None
        self._last = (self._last * FADE).astype(np.int16)
        return self._last


class Mixer:
    """Ticks every 20 ms. `full` is the mix for everyone without an active voice."""

    def __init__(self, dirty: Dirty) -> None:
        self.full = Source("mix", "opus", dirty)
        self.speaker = SpeakerDetector()
        self.voices: dict[str, Voice] = {}
        self._mixed: set[str] = set()
        self._encoder = OpusEncoder()
        self._dirty = dirty

    def open(self, seat: str) -> None:
        """Let a seat be heard."""
        if seat not in self.voices:
            self.voices[seat] = Voice(seat, self._dirty)

    def close(self, seat: str) -> None:
        """Stop hearing a seat; nothing it sends is decoded any more."""
        self.voices.pop(seat, None)

    def source_for(self, seat: str) -> Source:
        """What a seat hears: everyone but itself."""
        voice = self.voices.get(seat)
        return voice.minus if voice is not None and seat in self._mixed else self.full

    def tick(self, tick: int, now: float) -> bool:
        """Mix 20 ms and push one packet to every mix somebody hears; whether the speaker changed."""
        heard = {seat: samples for seat, voice in self.voices.items() if (samples := voice.pull()) is not None}
        changed = self.speaker.update({seat: minus.level(samples) for seat, samples in heard.items()}, now)
        self._choose()
        full, without = minus.mix({seat: samples for seat, samples in heard.items() if seat in self._mixed})
        if self.full.sinks:
            self._push(self.full, self._encoder, full, tick)
        for seat, voice in self.voices.items():
            if voice.minus.sinks:
                self._push(voice.minus, voice.encoder, without.get(seat, full), tick)
        return changed

    def _choose(self) -> None:
        """Mix the loudest; who is mixed stays until somebody is clearly louder, or is quiet for a second."""
        levels = self.speaker.levels
        active = [seat for seat, voice in self.voices.items() if voice.active]
        if len(active) > MAX_MIXED:
            active.sort(
                key=lambda seat: levels.get(seat, QUIETEST_DBOV) + STAY_DB * (seat in self._mixed), reverse=True
            )
        self._mixed = set(active[:MAX_MIXED])

    def _push(self, source: Source, encoder: OpusEncoder, samples: Samples, tick: int) -> None:
        payload = encoder.encode(samples)
        if payload:
            source.push(Packet(0, tick & 0xFFFF, tick * FRAME_SAMPLES & 0xFFFFFFFF, 0, False, payload))
