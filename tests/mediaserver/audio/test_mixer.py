"""Tests of the mixer: which voices are heard, by whom, and at what cost.

Also tests `echo_test.py`.
"""

import numpy as np
import pytest

from loadtest.endpoint.decoder import loudest_hz
from mediaserver.api import RoomOptions
from mediaserver.audio import input as voice_module
from mediaserver.audio.input import LOUD_TICKS
from mediaserver.audio.mix_encoder import HUSH_TICKS, PAUSE, REFRESH_TICKS
from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples, level
from mediaserver.audio.opus import OpusDecoder, OpusEncoder, silence
from tests.mediaserver.audio.mixer_meeting import DecodingSink, MixerMeeting, largest_step, relaying
from tests.mediaserver.pictures import tone

MIXED = RoomOptions().mixed
HUSH = (silence(), PAUSE)
LOOK_AHEAD = 480
"""10 ms: a mixed voice goes through one more encoder, which looks 6.5 ms ahead."""


def test_everyone_hears_everyone_but_themselves() -> None:
    meeting = MixerMeeting()
    notes = {"a": 400, "b": 600, "c": 900}
    for seat, hertz in notes.items():
        meeting.mixer.open(seat)
        meeting.talk(seat, hertz)
    meeting.hear(10)
    full = meeting.attach_sink(meeting.mixer.full)
    sinks = {seat: meeting.attach_sink(meeting.mixer.source_for(seat)) for seat in notes}
    meeting.hear(60)
    assert full.tones(400, 600, 900) == [400, 600, 900]
    assert {seat: sink.tones(400, 600, 900) for seat, sink in sinks.items()} == {
        "a": [600, 900],
        "b": [400, 900],
        "c": [400, 600],
    }


def test_a_voice_that_fails_costs_nobody_else_theirs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    meeting = MixerMeeting()
    for seat, hertz in (("a", 400), ("b", 600), ("c", 900)):
        meeting.mixer.open(seat)
        meeting.talk(seat, hertz)
    sink = meeting.attach_sink(meeting.mixer.full)

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(meeting.mixer.voices["a"], "listen", fail)
    meeting.hear(60)
    assert sink.tones(400, 600, 900) == [600, 900]
    assert meeting.mixer._throttled_log.count == 60
    assert {record.getMessage().partition(" (")[0] for record in caplog.records} == {"x voice of a"}


def test_a_closed_floor_is_not_heard() -> None:
    meeting = MixerMeeting()
    meeting.talk("a", 400)
    full = meeting.attach_sink(meeting.mixer.full)
    meeting.hear(50)
    assert [packet.payload for packet in full.packets] == [silence()] * 50
    meeting.mixer.open("a")
    meeting.hear(50)
    assert full.tones(400) == [400]
    meeting.mixer.close("a")
    meeting.hear(50)
    assert full.packets[-1].payload == silence()


def test_a_mix_that_somebody_needs_whole_never_pauses() -> None:
    meeting = MixerMeeting()
    full = meeting.attach_sink(meeting.mixer.full)
    meeting.mixer.open("a")
    meeting.hear(20)
    meeting.talk("a", 400)
    meeting.hear(50)
    meeting.stop("a")
    meeting.hear(80)
    assert [packet.sequence for packet in full.packets] == list(range(150))
    assert [packet.timestamp for packet in full.packets] == [n * FRAME_SAMPLES for n in range(150)]


def test_while_nobody_speaks_hardly_anything_is_sent() -> None:
    meeting = MixerMeeting()
    meeting.mixer.relays = True
    full = meeting.attach_sink(meeting.mixer.full)
    meeting.hear(HUSH_TICKS + 10 * REFRESH_TICKS)
    assert [packet.payload for packet in full.packets] == [silence()] * HUSH_TICKS + [PAUSE] * 10
    meeting.mixer.open("a")
    meeting.talk("a", 400)
    meeting.hear(50)
    assert full.tones(400) == [400]
    assert [packet.sequence for packet in full.packets] == list(range(len(full.packets)))


def test_the_only_speaker_is_sent_silence_without_an_encoder() -> None:
    meeting = MixerMeeting()
    meeting.mixer.open("a")
    meeting.talk("a", 400)
    meeting.hear(10)
    alone = meeting.attach_sink(meeting.mixer.source_for("a"))
    meeting.hear(50)
    assert [packet.payload for packet in alone.packets] == [*[silence()] * HUSH_TICKS, PAUSE, PAUSE]


def test_r109_an_echo_test_plays_back_ones_own_voice_later_and_nobody_elses() -> None:
    meeting = MixerMeeting(echo_s=0.5)
    for seat, hertz in {"a": 400, "b": 600}.items():
        meeting.mixer.open(seat)
        meeting.talk(seat, hertz)
    sinks = {seat: meeting.attach_sink(meeting.mixer.source_for(seat)) for seat in "ab"}
    meeting.hear(25)
    assert all(packet.payload in HUSH for sink in sinks.values() for packet in sink.packets)
    meeting.hear(40)
    assert {seat: sink.tones(400, 600) for seat, sink in sinks.items()} == {"a": [400], "b": [600]}
    meeting.stop("a")
    meeting.hear(20)
    assert sinks["a"].packets[-1].payload not in HUSH  # what was said last is still to come
    meeting.hear(40)
    assert sinks["a"].packets[-1].payload in HUSH
    assert meeting.mixer.source_for("c") is meeting.mixer.full


@pytest.mark.parametrize("most", [1, MIXED, 8])
def test_the_loudest_few_are_mixed_and_stay_until_somebody_is_clearly_louder(most: int) -> None:
    meeting = MixerMeeting(mixed=most)
    seats = [f"s{n}" for n in range(most + 2)]
    for n, seat in enumerate(seats):
        meeting.mixer.open(seat)
        meeting.talk(seat, 300 + 100 * n, 0.2 if n < most else 0.05)
    full = meeting.attach_sink(meeting.mixer.full)
    meeting.hear(60)
    notes = [300 + 100 * n for n in range(most + 2)]
    assert full.tones(*notes) == notes[:most]
    assert meeting.mixer.source_for(seats[-1]) is meeting.mixer.full
    meeting.stop(seats[0])
    meeting.hear(60)
    assert full.tones(*notes) == [*notes[1:most], *full.tones(*notes[most:])]
    assert len(full.tones(*notes)) == most


@pytest.mark.parametrize("claimed", [True, False])
def test_unmixed_voices_that_send_their_levels_are_not_decoded(claimed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = 0

    class Counting(OpusDecoder):
        def decode(self, payload: bytes) -> Samples:
            nonlocal decoded
            decoded += 1
            return super().decode(payload)

    monkeypatch.setattr(voice_module, "OpusDecoder", Counting)
    meeting = MixerMeeting()
    for n in range(10):
        meeting.mixer.open(f"s{n}")
        meeting.talk(f"s{n}", 300 + 50 * n, claim=15 if claimed else None)
    meeting.hear(50)
    decoded = 0
    meeting.hear(50)
    assert decoded == 50 * (MIXED if claimed else 10)


def test_a_voice_that_only_claims_to_be_loud_is_never_the_speaker_and_soon_not_believed() -> None:
    meeting = MixerMeeting()
    for n in range(MIXED):
        meeting.mixer.open(f"s{n}")
        meeting.talk(f"s{n}", 300 + 100 * n, claim=15)
    meeting.hear(50)
    meeting.mixer.open("liar")
    meeting.talk("liar", 2000, 0.0005, claim=0)
    assert "liar" not in meeting.hear(120)
    full = meeting.attach_sink(meeting.mixer.full)
    for _ in range(150):
        assert "liar" not in meeting.hear(1)
        assert meeting.mixer.source_for("liar") is meeting.mixer.full
    assert full.tones(300, 400, 500, 600, 700, 2000) == [300, 400, 500, 600, 700]


def test_the_speaker_is_reported() -> None:
    meeting = MixerMeeting()
    for seat in "ab":
        meeting.mixer.open(seat)
    meeting.talk("a", 400)
    assert meeting.hear(50) == ["a"]
    meeting.stop("a")
    meeting.talk("b", 500)
    assert meeting.hear(120) == ["b"]


def test_five_loud_voices_keep_their_notes_and_nothing_else() -> None:
    """Clipping would add notes of its own: here at most 3 % of the energy is not the five."""
    meeting = MixerMeeting()
    notes = [310, 430, 590, 770, 1010]
    for n, hertz in enumerate(notes):
        meeting.mixer.open(str(n))
        meeting.talk(str(n), hertz, 0.9)
    full = meeting.attach_sink(meeting.mixer.full)
    meeting.hear(100)
    samples = np.concatenate(full.sound)[-48_000:].astype(float)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    own = sum(power[hertz - 6 : hertz + 7].sum() for hertz in notes)
    assert loudest_hz(samples.astype(np.int16)) is not None
    assert own / power.sum() > 0.97


def test_a_voice_alone_goes_to_everyone_as_it_came_and_to_itself_as_silence() -> None:
    meeting, full = relaying()
    own = meeting.attach_sink(meeting.mixer.source_for("a"))
    meeting.hear(30)
    encoder = OpusEncoder()
    sent = [encoder.encode(tone(413, tick, 0.25)) for tick in range(meeting.tick)]
    assert full.packets[-1].payload in sent[-3:]
    first = sent.index(full.packets[-30].payload)
    assert [packet.payload for packet in full.packets[-30:]] == sent[first : first + 30]
    assert [packet.payload for packet in own.packets] == [*[silence()] * HUSH_TICKS, PAUSE]
    assert [packet.sequence for packet in full.packets] == list(range(meeting.tick))
    assert [packet.timestamp for packet in full.packets] == [n * FRAME_SAMPLES for n in range(meeting.tick)]
    assert meeting.mixer.speaker.speaker == "a"


def test_r093_a_voice_that_is_made_louder_is_no_longer_passed_on_and_goes_on_without_a_click() -> None:
    meeting, full = relaying()
    usual, as_it_came = largest_step(full, 20), loudness(full)
    meeting.mixer.amplify("a", 6.0)
    meeting.hear(60)
    encoder = OpusEncoder()
    sent = {encoder.encode(tone(413, tick, 0.25)) for tick in range(meeting.tick)}
    assert [packet for packet in full.packets[-50:] if packet.payload in sent] == []
    assert loudness(full) - as_it_came == pytest.approx(6.0, abs=1.0)
    assert largest_step(full, 60) <= 2.2 * usual
    meeting.mixer.amplify("a", 0.0)
    meeting.hear(LOUD_TICKS + 20)
    sent |= {encoder.encode(tone(413, tick, 0.25)) for tick in range(meeting.tick - LOUD_TICKS - 20, meeting.tick)}
    assert {packet.payload for packet in full.packets[-10:]} <= sent


def test_r093_gain_is_in_the_level_of_a_voice_and_stays_with_its_floor() -> None:
    meeting = MixerMeeting()
    meeting.mixer.open("a", -6.0)
    meeting.talk("a", 400, 0.25)
    full = meeting.attach_sink(meeting.mixer.full)
    meeting.hear(60)
    softer, level = loudness(full), meeting.mixer.speaker.levels["a"]
    meeting.mixer.amplify("a", 0.0)
    meeting.hear(60)
    assert loudness(full) - softer == pytest.approx(6.0, abs=0.5)
    assert meeting.mixer.speaker.levels["a"] - level == pytest.approx(6.0, abs=0.5)


@pytest.mark.parametrize("gain", [6.0, 12.0])
def test_r093_a_loud_voice_that_is_made_louder_is_not_cut_off(gain: float) -> None:
    """A cut tone has harmonics; here they are at most a hundredth of its amplitude, in the mix and by itself."""
    meeting = MixerMeeting()
    meeting.mixer.open("a", gain)
    meeting.talk("a", 400, 0.9)
    full = meeting.attach_sink(meeting.mixer.full)
    kept: list[Samples] = []
    meeting.mixer.tap = lambda sounds, _: kept.extend(sounds.values())
    meeting.hear(100)
    assert harmonics(np.concatenate(full.sound[-50:]), 400) < -40
    assert harmonics(np.concatenate(kept[-50:]), 400) < -40
    assert loudness(full) == pytest.approx(level(tone(400, 0, 0.89)), abs=0.5)


def test_r093_a_voice_that_is_made_much_louder_pushes_nobody_down() -> None:
    heard = []
    for gain in (0.0, 12.0):
        meeting = MixerMeeting()
        meeting.mixer.open("a", gain)
        meeting.mixer.open("b")
        meeting.talk("a", 400, 0.7)
        meeting.talk("b", 900, 0.1)
        full = meeting.attach_sink(meeting.mixer.full)
        meeting.hear(100)
        heard.append(10 * np.log10(power_at(np.concatenate(full.sound[-50:]), 900)))
    assert heard[1] == pytest.approx(heard[0], abs=1.0)


def test_r093_a_loud_voice_comes_back_from_being_made_louder_without_a_click_and_is_passed_on_again() -> None:
    meeting, full = relaying(0.7, claim=6)
    usual = largest_step(full, 20)
    meeting.mixer.amplify("a", 12.0)
    meeting.hear(60)
    louder = largest_step(full, 20)
    meeting.mixer.amplify("a", 0.0)
    meeting.hear(60)
    assert largest_step(full, 60) < 1.2 * louder
    meeting.hear(LOUD_TICKS)
    assert largest_step(full, 20) == pytest.approx(usual, rel=0.05)
    assert {packet.payload for packet in full.packets[-10:]} <= relayed_payloads(meeting, 0.7)


def power_at(samples: Samples, hertz: int) -> float:
    """Return the power of one tone in a second of sound."""
    spectrum = np.abs(np.fft.rfft(samples.astype(float) * np.hanning(len(samples)))) ** 2
    at = hertz * len(samples) // 48_000
    return float(spectrum[at - 10 : at + 11].sum())


def harmonics(samples: Samples, hertz: int) -> float:
    """Return the power of a tone's overtones relative to the tone, in dB."""
    over = sum(power_at(samples, hertz * n) for n in range(2, 20))
    return float(10 * np.log10(over / power_at(samples, hertz)))


def loudness(sink: DecodingSink) -> float:
    """Return the level of the last fifth of a second in dBov."""
    return level(np.concatenate(sink.sound[-10:]))


def test_a_second_voice_ends_it_without_a_click_and_both_are_heard() -> None:
    meeting, full = relaying()
    usual = largest_step(full, 20)
    meeting.mixer.open("b")
    meeting.talk("b", 600, 0.02, claim=37)
    meeting.hear(6)
    assert largest_step(full, 8) < 1.5 * usual
    meeting.hear(60)
    assert full.tones(412, 600) == [412, 600]
    assert [packet.sequence for packet in full.packets] == list(range(meeting.tick))


def test_the_first_voice_is_relayed_again_without_a_gap_once_the_second_is_gone() -> None:
    meeting, full = relaying()
    meeting.mixer.open("b")
    meeting.talk("b", 600, 0.02, claim=37)
    meeting.hear(60)
    usual = largest_step(full, 20)
    meeting.mixer.close("b")
    meeting.stop("b")
    meeting.hear(LOUD_TICKS + 60)
    assert {packet.payload for packet in full.packets[-10:]} <= relayed_payloads(meeting)
    assert full.tones(412, 600) == [412]
    assert largest_step(full, LOUD_TICKS + 60) < 2 * usual
    assert min(level(sound) for sound in full.sound[-LOUD_TICKS - 60 :]) > -18
    assert [packet.sequence for packet in full.packets] == list(range(meeting.tick))
    assert [packet.timestamp for packet in full.packets] == [n * FRAME_SAMPLES for n in range(meeting.tick)]


def relayed_payloads(meeting: MixerMeeting, amplitude: float = 0.25) -> set[bytes]:
    """Return all payloads that the voice of :func:`relaying` has sent."""
    encoder = OpusEncoder()
    return {encoder.encode(tone(413, tick, amplitude)) for tick in range(meeting.tick)}


def test_a_voice_without_the_floor_is_not_heard_while_another_is_relayed() -> None:
    meeting, full = relaying()
    meeting.talk("b", 600, 0.25, claim=15)
    meeting.hear(60)
    assert {packet.payload for packet in full.packets[-60:]} <= relayed_payloads(meeting)
    assert full.tones(412, 600) == [412]


def test_a_new_listener_hears_the_relayed_voice_and_a_recording_the_mix() -> None:
    meeting, full = relaying()
    late = meeting.attach_sink(meeting.mixer.full)
    meeting.hear(40)
    assert [packet.payload for packet in late.packets] == [packet.payload for packet in full.packets[-40:]]
    assert late.tones(412) == [412]
    recording = meeting.attach_sink(meeting.mixer.full)
    meeting.mixer.relays = False
    meeting.hear(40)
    assert not {packet.payload for packet in recording.packets} & relayed_payloads(meeting)
    assert [packet.timestamp for packet in recording.packets] == [
        n * FRAME_SAMPLES for n in range(meeting.tick - 40, meeting.tick)
    ]
    assert recording.tones(412) == [412]


def test_a_relayed_voice_is_heard_as_early_as_if_it_were_mixed() -> None:
    starts = []
    for relays in (True, False):
        meeting, full = relaying(0.02, claim=37)
        meeting.mixer.relays = relays
        meeting.hear(20)
        meeting.stop("a")
        meeting.talk("a", 413, 0.25, claim=15)
        heard = len(full.sound)
        meeting.hear(10)
        assert (meeting.mixer._relayed is not None) is relays
        starts.append(int(np.argmax(np.abs(np.concatenate(full.sound[heard:])) > 0.1 * 32767)))
    assert 0 <= starts[1] - starts[0] <= LOOK_AHEAD


def test_a_floor_that_closes_ends_it_without_a_click() -> None:
    meeting, full = relaying()
    usual = largest_step(full, 20)
    meeting.mixer.close("a")
    meeting.hear(3)
    assert largest_step(full, 5) < 1.5 * usual
    assert full.packets[-1].payload == silence()


def test_a_listener_that_needs_a_mix_gets_it_from_the_next_tick_on(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting, full = relaying()
    meeting.mixer.relays = False
    encoded: list[bytes] = []
    encode = OpusEncoder.encode

    def seen(self: OpusEncoder, samples: Samples) -> bytes:
        encoded.append(encode(self, samples))
        return encoded[-1]

    monkeypatch.setattr(OpusEncoder, "encode", seen)
    meeting.hear(300)
    assert {packet.payload for packet in full.packets[-300:]} <= set(encoded)
    assert full.tones(412) == [412]


def test_a_microphone_that_is_muted_is_silence_to_everyone() -> None:
    meeting, full = relaying()
    meeting.stop("a")
    meeting.talk("a", 413, 0.0, claim=127)
    meeting.hear(60)
    assert full.packets[-1].payload in HUSH


def test_an_echo_test_alone_plays_back_decoded_sound() -> None:
    meeting = MixerMeeting(echo_s=0.5)
    meeting.mixer.relays = True
    meeting.mixer.open("a")
    meeting.talk("a", 400, claim=15)
    own = meeting.attach_sink(meeting.mixer.source_for("a"))
    meeting.hear(LOUD_TICKS + 60)
    assert own.tones(400) == [400]


def loudest(sink: DecodingSink, ticks: int) -> float:
    """Return the level in dBov of the loudest 20 ms of the last `ticks`."""
    return max(level(samples) for samples in sink.sound[-ticks:])


def test_a_quiet_room_is_lifted_slowly_and_a_loud_one_lowered() -> None:
    heard = {}
    for dbov in (-38.0, -20.0, -6.0):
        meeting = MixerMeeting()
        meeting.mixer.open("a")
        meeting.say("a", 400, dbov)
        sink = meeting.attach_sink(meeting.mixer.full)
        meeting.hear(300)
        early = loudest(sink, 100)
        meeting.hear(1500)
        heard[dbov] = [early, loudest(sink, 100)]
    assert heard == {
        -38.0: [pytest.approx(-38, abs=2), pytest.approx(-28, abs=2)],
        -20.0: [pytest.approx(-20, abs=2), pytest.approx(-20, abs=2)],
        -6.0: [pytest.approx(-6, abs=2), pytest.approx(-12, abs=2)],
    }


def test_the_gain_of_a_voice_is_known_when_it_speaks_again_and_forgotten_when_it_leaves() -> None:
    meeting = MixerMeeting()
    meeting.mixer.open("a")
    meeting.say("a", 400, -38)
    meeting.hear(2500)
    meeting.mixer.close("a")
    meeting.hear(50)
    meeting.mixer.open("a")
    assert meeting.mixer.voices["a"].gain == pytest.approx(10, abs=2)
    meeting.mixer.amplify("a", -3)
    assert meeting.mixer.voices["a"].gain == pytest.approx(7, abs=2)
    meeting.mixer.forget("a")
    meeting.mixer.open("a")
    assert meeting.mixer.voices["a"].gain == 0


def test_the_noise_of_a_lifted_room_is_no_speech() -> None:
    meeting = MixerMeeting()
    meeting.mixer.open("a")
    meeting.say("a", 400, -38)
    meeting.hear(2500)
    meeting.stop("a")
    meeting.hear(100)
    assert meeting.mixer.speaker.speaker is None
    meeting.talk("a", 100, 10 ** (-55 / 20) * 2**0.5)
    assert meeting.hear(200) == []
    assert meeting.mixer.voices["a"].gain > 8


def test_a_usual_voice_that_sends_its_level_is_left_as_it_is() -> None:
    meeting = MixerMeeting()
    meeting.mixer.open("a")
    meeting.say("a", 400, -20, claim=20)
    meeting.hear(3000)
    assert meeting.mixer.voices["a"].gain == 0
