"""One voice that sends a tone packet by packet to an audio input."""

from mediaserver.audio.input import AudioInput
from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples
from mediaserver.audio.opus import OpusEncoder
from mediaserver.rtp.packet import Packet
from tests.mediaserver.pictures import tone

TICK_S = 0.02
HZ = 440


class AudioInputFixture:
    """A sender of a tone and the audio input that takes its packets; 20 ms a tick."""

    def __init__(self, claim: int | None = None, amplitude: float = 0.25) -> None:
        self.voice = AudioInput()
        self.tick = 0
        self.later = 0.0
        """Seconds by which packets arrive later than usual from now on."""
        self._under_way: list[tuple[float, Packet]] = []
        self._paused = 0
        self._encoder = OpusEncoder()
        self._claim = claim
        self._amplitude = amplitude

    def make(self) -> Packet:
        """Return the packet of this tick."""
        payload = self._encoder.encode(tone(HZ, self.tick, self._amplitude))
        sequence = (self.tick - self._paused) & 0xFFFF
        return Packet(111, sequence, self.tick * FRAME_SAMPLES, 1, False, payload, level=self._claim)

    def packet(self, *, lost: bool = False) -> None:
        """Send the packet of this tick, and let those arrive that are due."""
        now, packet = self.tick * TICK_S, self.make()
        if not lost:
            self._under_way.append((now - 0.01 + self.later, packet))
            self._under_way.sort(key=lambda each: each[0])
        while self._under_way and self._under_way[0][0] <= now:
            at, packet = self._under_way.pop(0)
            self.voice.add(packet, at)

    def pause(self, ticks: int) -> list[Samples | None]:
        """Let `ticks` pass in which nothing is sent and no sequence number is used (DTX); return the sound."""
        sounds = []
        for _ in range(ticks):
            self.voice.listen(self.tick * TICK_S, mixed=True, alone=True)
            sounds.append(self.voice.sound(mixed=True))
            self.tick, self._paused = self.tick + 1, self._paused + 1
        return sounds

    def pass_on(self, ticks: int) -> list[tuple[bytes | None, Samples | None]]:
        """Let a voice that is alone talk; return for each tick its packet to relay and its samples to mix."""
        relayed = []
        for _ in range(ticks):
            self.packet()
            self.voice.listen(self.tick * TICK_S, mixed=True, alone=True)
            relayed.append((self.voice.packet, self.voice.sound(mixed=True)))
            self.tick += 1
        return relayed

    def hear(self, ticks: int, *, lost: bool = False, mixed: bool = True) -> list[Samples | None]:
        sounds = []
        for _ in range(ticks):
            self.packet(lost=lost)
            self.voice.listen(self.tick * TICK_S, mixed=mixed)
            sounds.append(self.voice.sound(mixed=mixed))
            self.tick += 1
        return sounds
