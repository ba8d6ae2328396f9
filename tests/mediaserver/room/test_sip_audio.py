"""Tests of room systems at the mixer: received in G.722 and G.711, sent the same, each mix encoded once per codec."""

import pytest

from mediaserver.audio.input import LOUD_TICKS
from mediaserver.audio.mix_minus import FRAME_SAMPLES
from mediaserver.audio.telephony_codecs import TelephonyDecoder, TelephonyEncoder
from mediaserver.rtp.packet import Packet
from tests.mediaserver.audio.mixer_meeting import DecodingSink, MixerMeeting, largest_step, relaying
from tests.mediaserver.pictures import tone


class TelephonySink(DecodingSink):
    """A sink that decodes the codec of a room system."""

    def __init__(self, codec: str) -> None:
        super().__init__()
        self._decoder = TelephonyDecoder(codec)  # type: ignore[assignment]


class RoomSystemMeeting(MixerMeeting):
    """A mixer with talkers, some of whom are room systems."""

    def speak(self, seat: str, codec: str, hertz: float, ticks: int, lost: range = range(0)) -> None:
        """Let a room system hum for `ticks`, with some of its packets lost."""
        encoder = TelephonyEncoder(codec)
        for tick in range(ticks):
            payload = encoder.encode(tone(hertz, tick))
            packet = Packet(9, tick, tick * FRAME_SAMPLES, 77, False, payload)
            if tick not in lost:
                self.mixer.hear(seat, packet, self.tick * 0.02 - 0.008, codec)
            self.hear(1)

    def attach_telephony_sink(self, seat: str, codec: str) -> TelephonySink:
        sink = TelephonySink(codec)
        self.mixer.source_for(seat, codec).attach(sink)
        return sink


@pytest.mark.parametrize("codec", ["G722", "PCMA", "PCMU"])
def test_a_room_system_is_heard_by_everyone_but_itself_in_every_codec(codec: str) -> None:
    meeting = RoomSystemMeeting()
    meeting.mixer.open("vcs")
    meeting.mixer.open("a")
    meeting.talk("a", 600)
    meeting.speak("vcs", codec, 400, 20)
    browser, room, own = (
        meeting.attach_sink(meeting.mixer.full),
        meeting.attach_telephony_sink("listener", codec),
        meeting.attach_telephony_sink("vcs", codec),
    )
    meeting.speak("vcs", codec, 400, 60)
    assert [sink.tones(400, 600) for sink in (browser, room, own)] == [[400, 600], [400, 600], [600]]
    assert [packet.sequence for packet in room.packets] == list(range(60))
    assert {b.timestamp - a.timestamp for a, b in zip(room.packets, room.packets[1:], strict=False)} == {160}
    assert {len(packet.payload) for packet in room.packets} == {160}


def test_a_closed_floor_is_not_even_decoded_and_silence_is_sent_on() -> None:
    meeting = RoomSystemMeeting()
    room = meeting.attach_telephony_sink("listener", "G722")
    meeting.speak("vcs", "G722", 400, 40)
    assert meeting.mixer.voices == {}
    assert len(room.packets) == 40
    assert max(int(abs(sound.astype(int)).max()) for sound in room.sound) < 20


def test_a_room_system_may_change_its_codec_in_the_middle() -> None:
    meeting = RoomSystemMeeting()
    meeting.mixer.open("vcs")
    browser = meeting.attach_sink(meeting.mixer.full)
    for codec in ("G722", "PCMA"):
        meeting.speak("vcs", codec, 400, 60)
        assert browser.tones(400) == [400]


def test_a_lost_packet_of_a_room_system_leaves_no_hole() -> None:
    meeting = RoomSystemMeeting()
    meeting.mixer.open("vcs")
    browser = meeting.attach_sink(meeting.mixer.full)
    meeting.speak("vcs", "G722", 400, 100, lost=range(60, 61))
    loudest = [int(abs(sound.astype(int)).max()) for sound in browser.sound[20:]]
    assert min(loudest) > max(loudest) / 4


def test_listeners_of_the_same_mix_share_one_source_for_each_codec() -> None:
    meeting = RoomSystemMeeting()
    mixer = meeting.mixer
    mixer.open("a")
    meeting.talk("a", 400)
    meeting.hear(20)
    assert mixer.source_for("x", "G722") is mixer.source_for("y", "G722")
    assert mixer.source_for("x", "G722") is not mixer.source_for("x", "PCMA")
    assert mixer.source_for("a", "G722") is not mixer.source_for("x", "G722")


def test_no_voice_is_passed_on_as_it_came_while_a_room_system_listens() -> None:
    meeting, full = relaying()
    usual = largest_step(full, 20)
    room = TelephonySink("G722")
    meeting.mixer.source_for("vcs", "G722").attach(room)
    meeting.hear(50)
    assert meeting.mixer._relayed is None
    assert (full.tones(412), room.tones(412)) == ([412], [412])
    assert largest_step(full, 55) < 1.5 * usual
    meeting.mixer.source_for("vcs", "G722").detach(room)
    meeting.hear(LOUD_TICKS + 10)
    assert meeting.mixer._relayed is not None
    assert len(room.packets) == 50
