"""A mixer with talkers of one tone each, and listeners that decode what they are sent."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mediaserver.api import RoomOptions
from mediaserver.audio.input import LOUD_TICKS
from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples
from mediaserver.audio.mixer import Mixer
from mediaserver.audio.opus import OpusDecoder, OpusEncoder, silence
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source
from tests.mediaserver.pictures import tone

TICK_S = 0.02


class DecodingSink:
    """A sink that decodes the packets it is sent."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self._decoder = OpusDecoder()
        self.sound: list[Samples] = []

    stream = None

    def send(self, _source: Source, packets: list[Packet], _now: float) -> None:
        self.packets += packets
        self.sound += [self._decoder.decode(packet.payload) for packet in packets]

    def tones(self, *hertz: int) -> list[int]:
        """Return those of the tones `hertz` that sound in the last half second."""
        samples = np.concatenate(self.sound)[-24_000:].astype(float)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        return [h for h in hertz if spectrum[h // 2 - 2 : h // 2 + 3].max() > 2e6]


class MixerMeeting:
    """A mixer and talkers with a tone each; :meth:`hear` lets time pass."""

    def __init__(self, **options: float) -> None:
        self.flush_queue = FlushQueue()
        self.mixer = Mixer(self.flush_queue, RoomOptions(**options))  # type: ignore[arg-type]
        self.tick = 0
        self._talkers: dict[str, Callable[[int], Packet]] = {}

    def talk(self, seat: str, hertz: float, amplitude: float = 0.25, claim: int | None = None) -> None:
        encoder, ssrc = OpusEncoder(), len(self._talkers) + 1

        def packet(tick: int) -> Packet:
            payload = encoder.encode(tone(hertz, tick, amplitude))
            return Packet(111, tick & 0xFFFF, tick * FRAME_SAMPLES, ssrc, False, payload, level=claim)

        self._talkers[seat] = packet

    def say(self, seat: str, hertz: float, dbov: float, claim: int | None = None) -> None:
        """Let a seat talk at `dbov`, in words of 0.32 s with pauses of 0.14 s."""
        self.talk(seat, hertz, 10 ** (dbov / 20) * 2**0.5, claim)
        speak = self._talkers[seat]

        def word(tick: int) -> Packet:
            packet = speak(tick)
            return packet if tick % 23 < 16 else replace(packet, payload=silence(), level=claim and 127)

        self._talkers[seat] = word

    def stop(self, seat: str) -> None:
        del self._talkers[seat]

    def hear(self, ticks: int) -> list[str | None]:
        """Let `ticks` pass; return the speakers in the order in which they changed."""
        came = []
        for _ in range(ticks):
            now = self.tick * TICK_S
            for seat, packet in self._talkers.items():
                self.mixer.hear(seat, packet(self.tick), now - 0.008)
            if self.mixer.tick(self.tick, now):
                came.append(self.mixer.speaker.speaker)
            self.flush_queue.flush(now)
            self.tick += 1
        return came

    def attach_sink(self, source: Source) -> DecodingSink:
        sink = DecodingSink()
        source.attach(sink)
        return sink


def relaying(amplitude: float = 0.25, claim: int = 15) -> tuple[MixerMeeting, DecodingSink]:
    """Return a meeting in which one voice has been alone for long enough to be relayed, and a sink of its mix."""
    meeting = MixerMeeting()
    meeting.mixer.relays = True
    meeting.mixer.open("a")
    meeting.talk("a", 413, amplitude, claim=claim)
    full = meeting.attach_sink(meeting.mixer.full)
    meeting.hear(LOUD_TICKS + 60)
    return meeting, full


def largest_step(sink: DecodingSink, ticks: int) -> int:
    """Return the largest difference between two neighbouring samples in the last `ticks`."""
    return int(np.abs(np.diff(np.concatenate(sink.sound[-ticks:]).astype(np.int32))).max())
