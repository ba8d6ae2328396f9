"""`python -m loadtest sound`: measures what loss and jitter leave of a voice in the mix, and its latency.

One talker's real Opus packets go over a simulated network path (seeded: every run is the same) into the server's mixer,
and the decoded mix is examined in slots of 20 ms. The clock is simulated, so a minute of sound takes a second.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loadtest.endpoint.decoder import Samples, loudest_hz
from loadtest.media.tone import AMPLITUDE, RATE_HZ, encode_sound, encode_tone
from mediaserver.api import RoomOptions
from mediaserver.audio.jitter_buffer import JitterBuffer, Kind, Step
from mediaserver.audio.mixer import Mixer
from mediaserver.audio.opus import OpusDecoder
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.red import RedReceiver, RedSender
from mediaserver.rtp.source import FlushQueue, Source

SLOT = 960
"""Samples in 20 ms."""
SLOT_S = SLOT / RATE_HZ
TONE_HZ = 440
OPUS, RED = 111, 63
NETWORK_S = 0.040
SETTLE_SLOTS = 50
"""Slots of the first second, which are not examined: the jitter buffer fills."""
FILLED_RMS = 0.1 * AMPLITUDE * 32767 / np.sqrt(2)
"""A slot with less than a tenth of the tone's RMS (−20 dB) is heard as a gap."""
BURST_SLOTS = 10
"""The latency is measured on a tone of 100 ms that begins anew every 200 ms."""
SEAT = "talker"
SEED = 20231031
PHASES = 4
"""Every path is measured with packets that come at each quarter of the time between two ticks of the mixer."""

LossModel = Callable[[random.Random], Iterator[bool]]
"""Yields, for each packet, whether it is lost."""


@dataclass(frozen=True, slots=True)
class NetworkPath:
    """A network path with 40 ms of delay: the packets it loses, the largest additional delay of one in ms, and how many
    earlier frames each packet carries (RED)."""

    name: str
    lost: LossModel
    jitter_ms: float = 0.0
    earlier: int = 0


def random_loss(share: float) -> LossModel:
    """Return a loss model that loses each packet independently."""

    def lost(rng: random.Random) -> Iterator[bool]:
        while True:
            yield rng.random() < share

    return lost


def bursts(length: int, every: int) -> LossModel:
    """Return a loss model that loses `length` packets in a row, about once in `every`."""

    def lost(rng: random.Random) -> Iterator[bool]:
        while True:
            yield from [False] * rng.randint(every // 2, every * 3 // 2 - length)
            yield from [True] * length

    return lost


PATHS = (
    NetworkPath("clean", random_loss(0)),
    NetworkPath("jitter 10 ms", random_loss(0), 10),
    NetworkPath("jitter 20 ms", random_loss(0), 20),
    NetworkPath("jitter 30 ms", random_loss(0), 30),
    NetworkPath("loss 5 %", random_loss(0.05), 10),
    NetworkPath("loss 10 %", random_loss(0.10), 10),
    NetworkPath("loss 10 %, one frame again", random_loss(0.10), 10, 1),
    NetworkPath("loss 10 %, two frames again", random_loss(0.10), 10, 2),
    NetworkPath("loss 30 %", random_loss(0.30), 10),
    NetworkPath("loss 30 %, two frames again", random_loss(0.30), 10, 2),
    NetworkPath("60 ms bursts", bursts(3, 50), 10),
    NetworkPath("60 ms bursts, two frames again", bursts(3, 50), 10, 2),
    NetworkPath("100 ms bursts", bursts(5, 50), 10),
    NetworkPath("200 ms bursts", bursts(10, 100), 10),
)


@dataclass(slots=True)
class MixReceiver:
    """Decodes a mix and keeps all of its sound."""

    sound: list[Samples] = field(default_factory=list)
    stream: None = None
    _decoder: OpusDecoder = field(default_factory=OpusDecoder)

    def send(self, _source: Source, packets: list[Packet], _now: float) -> None:
        """Take packets of the mix."""
        self.sound += [self._decoder.decode(packet.payload) for packet in packets]


class CountingJitterBuffer(JitterBuffer):
    """A jitter buffer that adds up the samples that it has played by kind."""

    def __init__(self) -> None:
        super().__init__()
        self.samples = Counter[Kind]()

    def pull(self, now: float) -> Step | None:
        """Return the next step to play."""
        step = super().pull(now)
        if step is not None:
            self.samples[step.kind] += step.samples
        return step


@dataclass(frozen=True, slots=True)
class PathFigures:
    """Figures of one path: the packets lost, the sound that is FEC of the packet after it, and that nothing carried.
    Latency in ms, from a packet's arrival to the same sound in the decoded mix."""

    path: str
    lost_pct: float
    fec_pct: float
    missing_pct: float
    filled_pct: float
    longest_silence_ms: int
    tone_hz: int | None
    latency_ms_p50: float
    latency_ms_p95: float

    def row(self) -> list[Any]:
        """Return the cells of a row below :data:`HEADINGS`."""
        shares = (f"{share:.1f} %" for share in (self.lost_pct, self.fec_pct, self.missing_pct, self.filled_pct))
        heard = (*shares, f"{self.longest_silence_ms} ms", f"{self.tone_hz} Hz")
        return [self.path, *heard, f"{self.latency_ms_p50:.0f}", f"{self.latency_ms_p95:.0f}"]


HEADINGS = (
    "line",
    "lost",
    "by FEC",
    "missing",
    "slots filled",
    "longest silence",
    "tone",
    "latency p50, ms",
    "p95, ms",
)


def measure(path: NetworkPath, seconds: int) -> PathFigures:
    """Measure gaps with a continuous tone and latency with an interrupted one, for so many seconds at every phase."""
    slots = seconds * 50
    runs = [transmit(path, encode_tone(TONE_HZ), slots, phase) for phase in range(PHASES)]
    filled = [_filled(tone) for tone, *_ in runs]
    arrivals = [arrival for _, each, _ in runs for arrival in each]
    samples = sum((each for *_, each in runs), Counter[Kind]())
    latencies = sorted(each for phase in range(PHASES) for each in _latencies(path, slots, phase))
    return PathFigures(
        path=path.name,
        lost_pct=100 * sum(arrival is None for arrival in arrivals) / len(arrivals),
        fec_pct=100 * samples["mend"] / samples.total(),
        missing_pct=100 * samples["hide"] / samples.total(),
        filled_pct=100 * float(np.mean(filled)),
        longest_silence_ms=20 * max(_longest([not slot for slot in each]) for each in filled),
        tone_hz=loudest_hz(runs[0][0][SETTLE_SLOTS * SLOT :]),
        latency_ms_p50=latencies[len(latencies) // 2],
        latency_ms_p95=latencies[len(latencies) * 95 // 100],
    )


def _filled(tone: Samples) -> list[bool]:
    slots = tone[: len(tone) // SLOT * SLOT].reshape(-1, SLOT).astype(np.float64)
    return list((np.sqrt(np.square(slots).mean(axis=1)) > FILLED_RMS)[SETTLE_SLOTS:])


def transmit(
    path: NetworkPath, voice: tuple[bytes, ...], slots: int, phase: int
) -> tuple[Samples, list[float | None], Counter[Kind]]:
    """Return the mix after `slots` ticks, when each packet arrived in seconds (None: never), and the samples played by
    kind."""
    sent = _sent(path, voice, slots)
    red, highest = RedReceiver(OPUS, RED), -1
    jitter = CountingJitterBuffer()
    arrivals = _arrivals(path, slots, phase)
    order = sorted(((at, n) for n, at in enumerate(arrivals) if at is not None), reverse=True)
    flush_queue, receiver = FlushQueue(), MixReceiver()
    mixer = Mixer(flush_queue, RoomOptions())
    mixer.open(SEAT)
    mixer.voices[SEAT].jitter = jitter
    mixer.full.attach(receiver)
    for tick in range(slots):
        now = tick * SLOT_S
        while order and order[-1][0] <= now:
            arrival, n = order.pop()
            for packet in red.unwrap(sent[n], highest):
                mixer.hear(SEAT, packet, arrival)
            highest = max(highest, n)
        mixer.tick(tick, now)
        flush_queue.flush(now)
    return np.concatenate(receiver.sound), arrivals, jitter.samples


def _sent(path: NetworkPath, voice: tuple[bytes, ...], slots: int) -> list[Packet]:
    sender = RedSender(RED)
    sender.frames = path.earlier
    wrapped = [sender.wrap((OPUS, n, n * SLOT, 1, voice[n % len(voice)])) for n in range(slots)]
    return [Packet(kind, n & 0xFFFF, at, ssrc, False, payload) for kind, n, at, ssrc, payload in wrapped]


def _arrivals(path: NetworkPath, slots: int, phase: int) -> list[float | None]:
    rng = random.Random(SEED + phase)
    lost = path.lost(rng)
    start = NETWORK_S + phase * SLOT_S / PHASES
    delays = [rng.random() * path.jitter_ms / 1000 for _ in range(slots)]
    return [None if next(lost) else start + n * SLOT_S + delay for n, delay in enumerate(delays)]


def _latencies(path: NetworkPath, slots: int, phase: int) -> list[float]:
    """Return the ms from the arrival of the packet in which a tone begins to the tone in the mix, for each tone."""
    moments = np.arange(BURST_SLOTS * SLOT * 10) / RATE_HZ
    sounding = (np.arange(len(moments)) // SLOT) % BURST_SLOTS < BURST_SLOTS // 2
    voice = encode_sound((np.sin(2 * np.pi * TONE_HZ * moments) * AMPLITUDE * 32767 * sounding).astype(np.int16))
    heard, arrivals, _ = transmit(path, voice, slots, phase)
    loud = np.abs(heard.astype(np.int32)) > AMPLITUDE * 32767 / 4
    found = []
    for n in range(SETTLE_SLOTS // BURST_SLOTS * BURST_SLOTS, slots - 2 * BURST_SLOTS, BURST_SLOTS):
        arrival = arrivals[n]
        if arrival is None:
            continue
        start = int(arrival * RATE_HZ)
        onset = int(loud[start : start + BURST_SLOTS * SLOT].argmax())
        found.append(1000 * onset / RATE_HZ)
    return found


def _longest(flags: list[bool]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


def table(figures: list[PathFigures]) -> str:
    """Return the figures as a table in Markdown."""
    rows = [list(HEADINGS), ["---"] * len(HEADINGS), *(each.row() for each in figures)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
