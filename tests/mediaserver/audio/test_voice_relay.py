"""Tests that a voice which is alone is relayed without the mixer as with it, packet by packet, in C as in Python."""

from collections.abc import Iterator
from contextlib import contextmanager
from struct import pack
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy

from mediaserver.api import RoomOptions
from mediaserver.audio import input as voice_module
from mediaserver.audio.agc import EVERY_TICKS, SPOKEN
from mediaserver.audio.jitter_buffer import FRAME
from mediaserver.audio.mix_encoder import HUSH_TICKS, REFRESH_TICKS
from mediaserver.audio.mixer import Mixer
from mediaserver.audio.opus import OpusEncoder
from mediaserver.audio.playout_delay import LEARNED_TOGETHER
from mediaserver.audio.voice_relay import PlainVoiceRelay, VoiceRelay, relayable
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.receive_stats import ReceiveStats
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.transport import peer_path
from mediaserver.transport.peer_path import Counters, PlainInbox, PlainPeerPath
from tests.mediaserver.pictures import tone
from tests.mediaserver.rtp.loopback_viewer import KEY, loopback, session, srtp

TICK_S = 0.02
START = 10**7
"""The first tick: later than this machine's clock, by which sockets would else tell when a packet came."""
OPUS, LEVEL_ID = 111, 1
PATIENCE = 12
"""Ticks after which a steady voice is relayed here."""
SEATS = {"a": 0xFFFFFFF1, "b": 2}
CLAIMS = {"speaks": 20, "whispers": 40, "hushes": 60, "mutes": 127}
"""What a microphone says of its level from then on, in −dBov."""
SOUNDS = [OpusEncoder().encode(tone(413, tick)) for tick in range(8)]


class PacketSink:
    """A sink that keeps what it gets."""

    stream = None

    def __init__(self) -> None:
        self.got: list[tuple[str, int, int, bool, bytes, float]] = []

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        self.got += [(source.name, p.sequence, p.timestamp, p.marker, p.payload, now) for p in packets]


class RelayWorld:
    """A mixer whose voices come by an inbox, and a sink of each mix."""

    def __init__(self, *, plain: bool) -> None:
        self.flush_queue = FlushQueue()
        self.mixer = Mixer(self.flush_queue, RoomOptions(hold_s=0.3))
        self.mixer.relays = True
        self.sink, self.keeper = PacketSink(), PacketSink()
        self.mixer.full.attach(self.sink)
        self.speakers: list[tuple[int, str | None]] = []
        self.seen = 0
        self._sock, counters = loopback(), Counters()
        self._inbox = (PlainInbox if plain else peer_path.Inbox)(counters, Packet)
        self._paths: dict[str, Any] = {}
        self._senders = {seat: loopback() for seat in SEATS}
        self._streams: dict[tuple[str, int], ReceiveStats] = {}
        for seat, sender in self._senders.items():
            path = self._paths[seat] = (PlainPeerPath if plain else peer_path.PeerPath)(seat, counters)
            path.open(srtp())
            path.level_id = LEVEL_ID
            self._inbox.route(sender.getsockname(), path)

    def poll(self, sent: list[tuple[str, bytes]], now: float) -> None:
        """Let datagrams come, each from a seat."""
        for seat, data in sent:
            self._senders[seat].sendto(data, self._sock.getsockname())
        for seat, packets, _, came in self._inbox.read(self._sock, now):
            stream = self._streams.get((seat, packets[0].ssrc))
            if stream is None:
                stream = self._streams[seat, packets[0].ssrc] = ReceiveStats()
                self._paths[seat].register(packets[0].ssrc, stream)
            stream.receive(packets[0].sequence, len(packets))
            voice = self.mixer.voices.get(seat)
            stream.heard, stream.payload_type, stream.steady = came, OPUS, True
            stream.relay = None if voice is None else voice.relay
            for packet in packets:
                self.seen += 1
                self.mixer.hear(seat, packet, came)

    def tick(self, tick: int) -> None:
        now = tick * TICK_S
        if self.mixer.tick(tick, now):
            self.speakers.append((tick, self.mixer.speaker.speaker))
        self.flush_queue.flush(now)

    def do(self, happens: str) -> None:
        mixer = self.mixer
        match happens:
            case "open a" | "open b":
                mixer.open(happens[-1])
            case "close a" | "close b":
                mixer.close(happens[-1])
            case "louder":
                mixer.amplify("a", 3.0 - mixer.voices["a"]._fader if "a" in mixer.voices else 0.0)
            case "recorded":
                mixer.relays = not mixer.relays
            case "hears itself":
                mixer.source_for("a").attach(self.keeper)
            case "leaves":
                mixer.full.detach(self.sink)
            case "comes":
                mixer.full.attach(self.sink)

    def shown(self, tick: int) -> list[object]:
        """Return what is sent, and what a room shows after a tick."""
        voices = self.mixer.voices
        opened = {seat: voice.is_open(tick * TICK_S) for seat, voice in voices.items()}
        gains = {seat: voice.gain for seat, voice in voices.items()}
        return [self.sink.got[-3:], self.keeper.got[-3:], self.mixer.levels, self.mixer.speaker.speaker, opened, gains]

    def state(self) -> list[object]:
        """Return all that packets and ticks change."""
        self.mixer._catch_up()
        streams = {key: (s.received, s.highest, s.cycles, s.heard) for key, s in self._streams.items()}
        encoders = [self.mixer._full, *self.mixer._without.values()]
        mixes = [(each._sequence, each._hush, each._silent, each.pauses) for each in encoders]
        voices = {seat: _voice_state(voice) for seat, voice in self.mixer.voices.items()}
        speaker = vars(self.mixer.speaker) if self.mixer.speaker.speaker else self.mixer.speaker.levels
        return [streams, mixes, voices, dict(speaker), self.mixer.mixed, self.speakers, self.sink.got, self.keeper.got]

    def close(self) -> None:
        for sock in (self._sock, *self._senders.values()):
            sock.close()


def _voice_state(voice: voice_module.AudioInput) -> list[object]:
    numbers = {
        name: value
        for name, value in vars(voice).items()
        if isinstance(value, int | float) and name not in ("_claim", "_doubt")
    }
    jitter = {name: value for name, value in vars(voice.jitter).items() if name not in ("_delay", "_length")}
    delay = vars(voice.jitter._delay)
    return [numbers, voice._claim, list(voice._relayed), voice._fifo.tolist(), vars(voice._agc), jitter, dict(delay)]


class Talkers:
    """Writes the packets of two microphones."""

    def __init__(self) -> None:
        self._client = session(KEY, Policy.SSRC_ANY_OUTBOUND)
        self._sequences = dict.fromkeys(SEATS, 65_500)
        self._ssrcs = dict(SEATS)
        self._moved = dict.fromkeys(SEATS, 0xFFFFFF00)
        self._claims = dict.fromkeys(SEATS, 20)

    def write(self, seat: str, tick: int, happens: str) -> list[bytes]:
        """Return what a seat sends in a tick."""
        payload, first, count = SOUNDS[tick % len(SOUNDS)], 0x90, 1
        self._claims[seat] = CLAIMS.get(happens, self._claims[seat])
        match happens:
            case "lost":
                self._sequences[seat] += 1
                return []
            case "pauses":
                return []
            case "large":
                payload += bytes(128)
            case "two frames":
                payload = bytes([payload[0] | 1]) + payload
            case "claims nothing":
                first = 0x80
            case "restarts":
                self._ssrcs[seat] += 1000
            case "jumps":
                self._moved[seat] += 7
            case "twice" | "swapped":
                count = 2
        data = [self._packet(seat, tick + at, payload, self._claims[seat] - tick % 2, first) for at in range(count)]
        return data[::-1] if happens == "swapped" else data

    def _packet(self, seat: str, tick: int, payload: bytes, claim: int, first: int) -> bytes:
        self._sequences[seat] += 1
        timestamp = (tick - START) * FRAME + self._moved[seat] & 0xFFFFFFFF
        head = pack("!BBHII", first, OPUS, self._sequences[seat] & 0xFFFF, timestamp, self._ssrcs[seat] & 0xFFFFFFFF)
        extension = pack("!HHBBxx", 0xBEDE, 1, LEVEL_ID << 4, claim) if first == 0x90 else b""
        return self._client.protect(head + extension + payload)


@contextmanager
def mixers(*, plain: bool, skips: bool) -> Iterator[None]:
    """Let voices that are made meanwhile have relays that are not compiled, or ticks never be skipped."""
    with (
        patch.object(voice_module, "VoiceRelay", PlainVoiceRelay if plain else VoiceRelay),
        patch.object(Mixer, "_skip", Mixer._skip if skips else lambda *_: None),
    ):
        yield


class Comparison:
    """The same voices in three worlds: relayed by compiled code, by its twin, and with each tick mixed."""

    def __init__(self) -> None:
        self.compiled, self.plain, self.mixed = (RelayWorld(plain=plain) for plain in (False, True, True))
        self._worlds: list[tuple[RelayWorld, dict[str, bool]]] = [
            (self.compiled, {"plain": False, "skips": True}),
            (self.plain, {"plain": True, "skips": True}),
            (self.mixed, {"plain": True, "skips": False}),
        ]
        self.tick, self._talkers = START, Talkers()

    def run(self, ticks: int, happens: str = "", late_s: float = 0.0, by: str = "a") -> None:
        """Let something happen at the first of so many ticks."""
        for at in range(ticks):
            word = "" if at else happens
            sent = [(seat, data) for seat in by for data in self._talkers.write(seat, self.tick, word)]
            now = self.tick * TICK_S - 0.008 + (0.0 if at else late_s)
            for world, how in self._worlds:
                with mixers(**how):
                    world.do(word)
                    if now <= self.tick * TICK_S:
                        world.poll(sent, now)
                    world.tick(self.tick)
                    if now > self.tick * TICK_S:
                        world.poll(sent, now)
            self.tick += 1
            compiled, plain, mixed = (world.shown(self.tick) for world, _ in self._worlds)
            assert compiled == plain == mixed

    def check(self) -> None:
        compiled, plain, mixed = self.compiled.state(), self.plain.state(), self.mixed.state()
        assert compiled == plain
        assert plain == mixed

    def close(self) -> None:
        for world, _ in self._worlds:
            world.close()


@pytest.fixture
def comparison(monkeypatch: pytest.MonkeyPatch) -> Iterator[Comparison]:
    monkeypatch.setattr(voice_module, "LOUD_TICKS", PATIENCE)
    compared = Comparison()
    yield compared
    compared.close()


FROM_SENDERS = ["lost", "pauses", "large", "two frames", "claims nothing", "restarts", "jumps", "twice", "swapped"]
OF_ROOMS = ["open a", "close a", "open b", "close b", "louder", "recorded", "hears itself", "leaves", "comes"]
histories = st.lists(
    st.tuples(
        st.sampled_from(["", "", *CLAIMS, *FROM_SENDERS, *OF_ROOMS]),
        st.sampled_from([1, 2, 5, 9, 30, 70]),
        st.sampled_from([0.0, 0.0, 0.0, 0.004, 0.012, 0.05, -0.008]),
        st.sampled_from(["a", "a", "a", "a", "ab", "b", ""]),
    ),
    max_size=12,
)
"""What happens, the ticks until the next, the seconds by which the packets of the first are late, and who talks."""


@settings(max_examples=40)
@given(histories)
def test_what_is_relayed_without_the_mixer_is_what_it_would_have_sent(
    history: list[tuple[str, int, float, str]],
) -> None:
    with patch.object(voice_module, "LOUD_TICKS", PATIENCE):
        compared = Comparison()
        compared.run(1, "open a")
        compared.run(2 * PATIENCE + EVERY_TICKS)
        for happens, ticks, late_s, by in history:
            compared.run(ticks, happens, late_s, by)
        compared.check()
        compared.close()


def mixed_ticks(mixer: Mixer, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list into which a mixer writes from now on which ticks it does not skip."""
    ticks, run_tick = list[int](), mixer._run_tick

    def run(tick: int, now: float) -> bool:
        ticks.append(tick)
        return run_tick(tick, now)

    monkeypatch.setattr(mixer, "_run_tick", run)
    return ticks


def test_the_mixer_runs_for_a_lone_voice_to_send_pauses_and_to_learn_from_its_packets(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison.run(1, "open a")
    comparison.run(60)
    worlds = comparison.compiled, comparison.plain
    before = [world.seen for world in worlds]
    mixed = [mixed_ticks(world.mixer, monkeypatch) for world in worlds]
    comparison.run(10 * REFRESH_TICKS)
    learnt = 10 * REFRESH_TICKS // LEARNED_TOGETHER
    assert [world.seen - seen for world, seen in zip(worlds, before, strict=True)] == [learnt, learnt]
    assert mixed[0] == mixed[1]
    assert learnt <= len(mixed[0]) <= 10 + learnt
    comparison.check()


def test_who_speaks_alone_and_hears_a_silence_is_told_that_it_goes_on(comparison: Comparison) -> None:
    comparison.run(1, "open a")
    comparison.run(1, "hears itself")
    comparison.run(HUSH_TICKS + 60)
    silent = [at for _, _, at, *_ in comparison.compiled.keeper.got[-3:]]
    assert [(at - silent[0]) // FRAME for at in silent] == [0, REFRESH_TICKS, 2 * REFRESH_TICKS]
    comparison.check()


def test_who_hushes_does_not_stay_the_speaker(comparison: Comparison) -> None:
    comparison.run(1, "open a")
    comparison.run(60)
    comparison.run(60, "hushes")
    assert [name for _, name in comparison.compiled.speakers] == ["a", None]
    comparison.check()


def test_a_soft_voice_is_relayed_until_it_is_amplified(comparison: Comparison) -> None:
    comparison.run(1, "open a")
    comparison.run(60)
    comparison.run(2 * EVERY_TICKS, "hushes")
    comparison.run((SPOKEN + 2) * EVERY_TICKS, "whispers")
    gained = [world.mixer.voices["a"].gain for world in (comparison.compiled, comparison.plain, comparison.mixed)]
    assert gained[0] == gained[1] == gained[2] > 0
    comparison.check()


def test_in_a_silence_nearly_all_ticks_are_skipped(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison.run(1, "open a", by="")
    comparison.run(HUSH_TICKS + REFRESH_TICKS, by="")
    mixed = mixed_ticks(comparison.plain.mixer, monkeypatch)
    comparison.run(10 * REFRESH_TICKS, by="")
    assert 10 <= len(mixed) <= 11
    comparison.check()


def test_a_voice_that_does_not_come_by_the_inbox_is_seldom_tried_again(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As room systems' do."""
    comparison.run(1, "open a")
    comparison.run(60)
    mixer, started = comparison.plain.mixer, list[int]()
    start = mixer._start_relay

    def count(seat: str, voice: voice_module.AudioInput, until: int) -> None:
        started.append(comparison.tick)
        start(seat, voice, until)

    monkeypatch.setattr(mixer, "_start_relay", count)
    monkeypatch.setattr(PlainVoiceRelay, "take", lambda *_: False)
    comparison.run(10 * REFRESH_TICKS)
    assert 9 <= len(started) <= 11
    comparison.check()


@pytest.mark.parametrize("bandwidth", range(32))
def test_a_packet_of_20_ms_in_one_frame_may_be_relayed(bandwidth: int) -> None:
    """RFC 6716 table 2: 20 ms are the second of SILK's and hybrid's lengths, and the last of CELT's."""
    lengths = [10, 20, 40, 60] * 3 + [10, 20] * 2 + [2.5, 5, 10, 20] * 4
    payloads = [bytes([bandwidth << 3 | code, 1]) + bytes(9) for code in range(4)]
    assert [relayable(each) for each in payloads] == [lengths[bandwidth] == 20, False, False, False]
    assert not relayable(payloads[0] + bytes(128))


def test_nothing_is_no_packet() -> None:
    assert not relayable(b"")
