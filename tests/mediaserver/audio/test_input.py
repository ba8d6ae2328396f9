"""Tests of one open microphone: the sound that comes of its packets on good and bad connections."""

from collections.abc import Sequence

import numpy as np
import pytest

from loadtest.media.tone import LEVEL
from mediaserver.audio.input import (
    HIDDEN_SAMPLES,
    HUSH_TICKS,
    LOUD_TICKS,
    QUIET_TICKS,
    AudioInput,
)
from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples, level
from mediaserver.audio.playout_delay import LONG, LONG_MISSES, SAMPLE_RATE
from mediaserver.audio.voice_relay import LONG_SAMPLES, RELAYED_BYTES
from mediaserver.room.room import Room
from mediaserver.rtp.packet import Packet
from tests.mediaserver.audio.audio_input_fixture import HZ, TICK_S, AudioInputFixture
from tests.mediaserver.meeting import Meeting
from tests.mediaserver.pictures import pitch, tone


def same(some: Sequence[Samples | None], others: Sequence[Samples | None]) -> bool:
    """Return whether all samples are there, and equal."""
    pairs = zip(some, others, strict=True)
    return all(one is not None and other is not None and np.array_equal(one, other) for one, other in pairs)


def levels(sounds: list[Samples | None]) -> list[float]:
    return [-127.0 if each is None else level(each) for each in sounds]


def test_a_tone_comes_out_as_it_went_in() -> None:
    sounds = AudioInputFixture().hear(60)
    assert pitch(np.concatenate([each for each in sounds[10:] if each is not None])) == pytest.approx(HZ, abs=2)
    assert all(len(each) == FRAME_SAMPLES for each in sounds if each is not None)


def test_it_knows_how_long_a_link_of_changing_delay_holds_it_back() -> None:
    fixture = AudioInputFixture(LEVEL)
    assert fixture.voice.held_s == 0
    fixture.hear(50)
    assert 0 < fixture.voice.held_s <= LONG_SAMPLES / SAMPLE_RATE + 0.005
    for _ in range(20):  # one packet in ten is 80 ms late
        fixture.later = 0.08
        fixture.hear(1)
        fixture.later = 0.0
        fixture.hear(9)
    assert 0.08 <= fixture.voice.held_s <= 0.08 + LONG_SAMPLES / SAMPLE_RATE + 0.005
    before = fixture.voice.held_s
    fixture.pause(QUIET_TICKS - 5)
    assert fixture.voice.held_s == pytest.approx(before, abs=0.02), "it may go on"
    fixture.pause(20)
    assert fixture.voice.held_s == 0, "it has paused"
    fixture.hear(10)
    assert fixture.voice.held_s >= 0.08, "the link is no better for it"
    fixture.hear(5, mixed=False)
    assert fixture.voice.held_s == 0, "nobody hears it"
    fixture.hear(LONG + LOUD_TICKS * 5)
    assert fixture.voice.held_s <= LONG_SAMPLES / SAMPLE_RATE + 0.005, "the link is steady again"


def test_a_hole_is_concealed_for_a_tenth_of_a_second_then_faded_out() -> None:
    fixture = AudioInputFixture()
    before = levels(fixture.hear(50))[-1]
    hole = levels(fixture.hear(40, lost=True))
    hidden = HIDDEN_SAMPLES // FRAME_SAMPLES
    assert min(hole[:hidden]) > before - 25
    assert hole[hidden + 2 :] == [-127.0] * (40 - hidden - 2)
    assert levels(fixture.hear(20))[-1] == pytest.approx(before, abs=1)


def test_it_is_active_for_a_second_after_its_last_sound() -> None:
    fixture = AudioInputFixture()
    assert not fixture.voice.active
    fixture.hear(10)
    assert fixture.voice.active
    fixture.hear(QUIET_TICKS - 5, lost=True)
    assert fixture.voice.active
    fixture.hear(30, lost=True)
    assert not fixture.voice.active


def steps(sounds: list[Samples | None]) -> float:
    """Return the largest jump between two samples; silence counts as zeros."""
    frames = [each if each is not None else np.zeros(FRAME_SAMPLES, np.int16) for each in sounds]
    return float(np.abs(np.diff(np.concatenate(frames).astype(np.int32))).max())


def test_entering_and_leaving_the_mix_makes_no_click() -> None:
    fixture = AudioInputFixture()
    fixture.hear(30, mixed=False)
    sounds = fixture.hear(30) + fixture.hear(30, mixed=False) + fixture.hear(30)
    amplitude = 0.25 * 32767
    assert steps(sounds) < 1.5 * amplitude * 2 * np.pi * HZ / 48_000
    assert sounds[29] is not None and sounds[31] is None


def test_a_closed_floor_fades_out() -> None:
    fixture = AudioInputFixture()
    last = fixture.hear(30)[-1]
    tail = fixture.voice.tail()
    assert tail is not None and abs(int(tail[-1])) <= 1
    assert steps([last, tail]) < 1.5 * 0.25 * 32767 * 2 * np.pi * HZ / 48_000
    assert AudioInputFixture().voice.tail() is None


def relayed(outcomes: list[tuple[bytes | None, Samples | None]]) -> list[bool]:
    """Return for each 20 ms whether it was relayed; the others are to be mixed, and none is both."""
    assert all((packet is None) is (sound is not None) for packet, sound in outcomes)
    return [packet is not None for packet, _ in outcomes]


def test_a_voice_alone_is_passed_on_once_it_is_steady_packet_by_packet() -> None:
    fixture, twin = AudioInputFixture(claim=15), AudioInputFixture(claim=15)
    sent = [twin.make().payload for twin.tick in range(LOUD_TICKS + 60)]
    fixture.hear(10)
    outcomes = fixture.pass_on(LOUD_TICKS + 40)
    relayed_from = relayed(outcomes).index(True)
    assert relayed_from <= LOUD_TICKS
    assert [packet for packet, _ in outcomes[relayed_from:]] == sent[10 + relayed_from : 50 + LOUD_TICKS]
    hush = AudioInputFixture(claim=60, amplitude=0.001)
    hush.hear(10)
    assert relayed(hush.pass_on(HUSH_TICKS + 1))[-1]


def test_a_voice_alone_that_sends_no_level_is_measured_and_passed_on_packet_by_packet() -> None:
    fixture, twin = AudioInputFixture(), AudioInputFixture()
    sent = [twin.make().payload for twin.tick in range(LOUD_TICKS + 60)]
    fixture.hear(10)
    outcomes = fixture.pass_on(LOUD_TICKS + 40)
    relayed_from = relayed(outcomes).index(True)
    assert relayed_from <= LOUD_TICKS
    assert [packet for packet, _ in outcomes[relayed_from:]] == sent[10 + relayed_from : 50 + LOUD_TICKS]
    fixture.packet()
    heard = fixture.voice.listen(fixture.tick * TICK_S, mixed=True, alone=True)
    assert heard == pytest.approx(-15, abs=1), "its level is known by its sound"


def test_a_voice_without_levels_goes_on_without_a_click_where_relaying_ends() -> None:
    fixture, twin = AudioInputFixture(), AudioInputFixture()
    fixture.hear(10), twin.hear(10)
    assert relayed(fixture.pass_on(LOUD_TICKS + 40))[-1]
    whole = twin.hear(LOUD_TICKS + 40)
    assert same([fixture.voice.last], whole[-1:]), "the mix follows what was relayed last"
    assert same(fixture.hear(10), twin.hear(10))
    assert relayed(fixture.pass_on(1)) == [False], "it must be steady anew"


def test_a_lost_packet_ends_the_relay_of_a_voice_without_levels() -> None:
    fixture, twin = AudioInputFixture(), AudioInputFixture()
    fixture.hear(10), twin.hear(10)
    assert relayed(fixture.pass_on(LOUD_TICKS + 40))[-1]
    twin.hear(LOUD_TICKS + 40)
    assert same(fixture.hear(1, lost=True), twin.hear(1, lost=True))
    assert not any(relayed(fixture.pass_on(20)))


def test_a_voice_that_is_not_alone_is_decoded() -> None:
    claiming = AudioInputFixture(claim=15)
    assert all(sound is not None for sound in claiming.hear(LOUD_TICKS + 40)[10:])


def test_sound_goes_on_without_a_click_where_relaying_ends_as_if_all_had_been_decoded() -> None:
    fixture, twin = AudioInputFixture(claim=15), AudioInputFixture(claim=15)
    fixture.hear(10), twin.hear(10)
    assert relayed(fixture.pass_on(LOUD_TICKS + 40))[-1]
    twin.hear(LOUD_TICKS + 40)
    after, whole = fixture.hear(10), twin.hear(10)
    assert steps(after) < 1.5 * 0.25 * 32767 * 2 * np.pi * HZ / 48_000
    assert after[-1] is not None and whole[-1] is not None
    assert level(after[-1] - whole[-1]) < level(whole[-1]) - 30
    assert not any(relayed(fixture.pass_on(HUSH_TICKS))), "it must be steady anew"


def test_a_lost_packet_is_hidden_by_the_decoder_as_if_it_had_decoded_all() -> None:
    fixture, twin = AudioInputFixture(claim=15), AudioInputFixture(claim=15)
    fixture.hear(10), twin.hear(10)
    assert relayed(fixture.pass_on(LOUD_TICKS + 40))[-1]
    twin.hear(LOUD_TICKS + 40)
    lost, whole = fixture.hear(1, lost=True), twin.hear(1, lost=True)
    assert levels(lost) == [pytest.approx(levels(whole)[0], abs=1)]
    after = levels([sound for _, sound in fixture.pass_on(5)])
    assert after == [pytest.approx(each, abs=1) for each in levels(twin.hear(5))]


def test_a_pause_fades_out_is_no_loss_and_speech_after_it_is_heard_and_relayed_again() -> None:
    fixture = AudioInputFixture(claim=15)
    fixture.hear(10)
    assert relayed(fixture.pass_on(LOUD_TICKS + 40))[-1]
    paused = fixture.pause(40)
    assert paused[10:] == [None] * 30
    assert steps(paused) < 1.5 * 0.25 * 32767 * 2 * np.pi * HZ / 48_000
    assert (fixture.voice.jitter.lost, fixture.voice.jitter.late) == (0, 0)
    again = fixture.hear(20)
    assert levels(again)[-10:] == [pytest.approx(-15, abs=1)] * 10
    assert relayed(fixture.pass_on(LOUD_TICKS))[-1]


def test_a_delay_that_is_too_long_for_a_moment_does_not_end_it_and_for_longer_is_shortened() -> None:
    fixture = AudioInputFixture(claim=15)
    follow(fixture, 20, 0.025)
    assert relayed(fixture.pass_on(LOUD_TICKS + 40))[-1]
    fixture.later = -0.002  # this is believed when the slow packets are out of the window
    outcomes = relayed(fixture.pass_on(LONG - LONG_MISSES + LOUD_TICKS + 40))
    ended = outcomes.index(False)
    assert ended == pytest.approx(LONG - LONG_MISSES + LOUD_TICKS, abs=3)
    assert not any(outcomes[ended:])
    assert relayed(fixture.pass_on(LOUD_TICKS))[-1]
    assert fixture.voice.jitter.shortage(fixture.tick * TICK_S, 0) > -LONG_SAMPLES
    assert (fixture.voice.jitter.late, fixture.voice.jitter.lost, fixture.voice.jitter.dropped) == (0, 0, 0)


def test_a_floor_that_closes_while_it_is_passed_on_fades_out_too() -> None:
    fixture = AudioInputFixture(claim=15)
    fixture.hear(10)
    assert relayed(fixture.pass_on(LOUD_TICKS + 40))[-1]
    tail = fixture.voice.tail()
    assert tail is not None and abs(int(tail[-1])) <= 1
    assert level(tail) > -30


TWO_FRAMES, HALF, LARGE = bytes([0xF9]) + bytes(8), b"\xf0a", bytes([0xFC]) + bytes(RELAYED_BYTES)


@pytest.mark.parametrize("payload", [TWO_FRAMES, HALF, LARGE])
def test_payloads_that_a_decoder_might_refuse_or_a_link_not_carry_are_not_relayed(payload: bytes) -> None:
    fixture = AudioInputFixture(claim=15)
    fixture.hear(10)
    assert relayed(fixture.pass_on(LOUD_TICKS + 40))[-1]
    now = fixture.tick * TICK_S
    fixture.voice.add(Packet(111, fixture.tick, fixture.tick * FRAME_SAMPLES, 1, False, payload, level=15), now - 0.01)
    fixture.voice.listen(now, mixed=True, alone=True)
    fixture.voice.listen(now + TICK_S, mixed=True, alone=True)
    assert fixture.voice.packet is None


def test_a_voice_that_sends_its_level_is_decoded_only_when_mixed() -> None:
    fixture = AudioInputFixture(claim=37)
    claimed = []
    for _ in range(20):
        fixture.packet()
        claimed.append(fixture.voice.listen(fixture.tick * TICK_S, mixed=False))
        assert fixture.voice.sound(mixed=False) is None
        fixture.tick += 1
    assert claimed == [-37.0] * 20
    assert fixture.voice.active
    assert levels(fixture.hear(10))[-1] == pytest.approx(level(tone(HZ, 0)), abs=1)


def test_a_claim_is_not_believed_once_it_is_heard() -> None:
    fixture = AudioInputFixture(claim=0, amplitude=0.001)
    fixture.hear(10)
    fixture.packet()
    heard = fixture.voice.listen(fixture.tick * TICK_S, mixed=True)
    assert heard is not None and heard < -55


def test_undecodable_packets_are_concealed() -> None:
    voice = AudioInput()
    for n in range(20):
        voice.add(Packet(111, n, n * FRAME_SAMPLES, 1, False, b"\x4b\x41\xff\xff\xff"), n * TICK_S - 0.01)
        voice.listen(n * TICK_S, mixed=True)
        sound = voice.sound(mixed=True)
        assert sound is None or len(sound) == FRAME_SAMPLES


def follow(fixture: AudioInputFixture, ticks: int, later: float) -> list[Samples | None]:
    """Let `ticks` pass on a link that takes so many seconds longer; return the sound."""
    fixture.later = later
    return fixture.hear(ticks)


@pytest.mark.parametrize("later", [0.02, 0.06, 0.1])
def test_a_link_that_becomes_slower_costs_no_lasting_hole(later: float) -> None:
    fixture = AudioInputFixture()
    fixture.hear(100)
    sounds = follow(fixture, 100, later)
    assert sum(each is None for each in sounds) <= 7  # the step itself, and three packets to believe it
    assert min(levels(sounds[15:])) > -20
    assert pitch(np.concatenate([each for each in sounds[50:] if each is not None])) == pytest.approx(HZ, abs=2)


@pytest.mark.parametrize("amplitude", [0.25, 0.001])
def test_delay_that_is_no_longer_needed_goes_without_a_hole(amplitude: float) -> None:
    fixture = AudioInputFixture(amplitude=amplitude)
    follow(fixture, 300, 0.1)
    follow(fixture, 20, 0.0)  # what was still under way comes too late
    sounds = fixture.hear(2500)
    assert fixture.voice.jitter.shortage(fixture.tick * TICK_S, 0) > -2 * FRAME_SAMPLES
    assert all(each is not None for each in sounds)


async def test_a_microphone_sends_its_level(meeting: Meeting, room: Room) -> None:
    await meeting.join("a", "red", 440, floor=True)
    b = await meeting.join("b", "green", 660)
    await b.watch.until(lambda: b.watch.tones() == {440})
    assert room.mixer.voices["a"]._claim == LEVEL


def test_a_microphone_is_open_while_packets_come() -> None:
    voice = AudioInput()
    assert not voice.is_open(7.0)
    voice.add(Packet(111, 1, FRAME_SAMPLES, 1, False, b"\x4b\x41", level=15), 7.0)
    assert voice.is_open(7.0) and voice.is_open(7.9)
    assert not voice.is_open(8.1)
