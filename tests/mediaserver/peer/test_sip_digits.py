"""Tests of DTMF digits that room systems are sent: all of them, in their order, once the room system hears them.

The clock of the media worker runs late here; what that makes of a room system's own sound is tested as well.
"""

import time
from collections.abc import Iterable
from functools import partial

import numpy as np
import pytest

from mediaserver.audio.mix_minus import FRAME_SAMPLES
from mediaserver.audio.telephony_codecs import TelephonyEncoder
from mediaserver.errors import BadOffer
from mediaserver.peer.sip import UNHEARD_S
from mediaserver.room.room import Room
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.telephone_event import DIGITS, GAP_TICKS, PAUSE_TICKS, TONE_TICKS, DigitReceiver
from mediaserver.worker.engine import LocalEngine
from mediaserver.worker.media_clock import AUDIO_TICK_S, MAX_LATE_TICKS
from tests.mediaserver.meeting import ROOM, Meeting
from tests.mediaserver.peer.room_calls import dial_in, invite, seat, sip_peer_of
from tests.mediaserver.pictures import tone
from tests.mediaserver.room_system import EVENTS, NUMBERS, RoomSystem

LOUD = 1000
"""Least amplitude of a sample that is no silence."""
DIGIT_TICKS = TONE_TICKS + GAP_TICKS


class SteppedClock:
    """Runs the clock of a meeting's engine tick by tick, and tells what comes of it."""

    def __init__(self, meeting: Meeting, system: RoomSystem, room: Room) -> None:
        assert isinstance(meeting.engine, LocalEngine)
        self._engine, self._system, self._room = meeting.engine, system, room
        self._engine._clock.stop()

    async def run(self, ticks: int, late: int = 1) -> str:
        """Run so many ticks, `late` ones at once; return the digits that came since the system's were cleared."""
        clock, queue = self._engine._clock, self._engine._flush_queue
        audio = sip_peer_of(self._room).audio
        before = 0 if audio is None else audio.packets - len(self._system.sounds)
        for _ in range(0, ticks, late):
            due = clock.ticks_done + late
            clock._run_due_ticks(due, due * AUDIO_TICK_S)
            queue.flush(due * AUDIO_TICK_S)
        if audio is not None:
            await self._system.until(lambda: len(self._system.sounds) == audio.packets - before)
        return digits_in(self._system.sounds)

    def poll(self) -> None:
        """Read what the room system sent."""
        self._engine._plain.poll(time.monotonic())


@pytest.fixture
async def clock(meeting: Meeting, system: RoomSystem, room: Room) -> SteppedClock:
    """Return the clock of a meeting in which the room system is heard, stopped by then."""
    await dial_in(meeting, system)
    pair = sip_peer_of(room).transport.port_pairs[0]
    await system.until(lambda: bool(system.sounds) and pair.source is not None)
    held = SteppedClock(meeting, system, room)
    await held.run(1)
    return held


@pytest.mark.parametrize("join", [dial_in, invite])
async def test_digits_reach_a_room_system_within_the_sound_that_goes_on(
    meeting: Meeting, system: RoomSystem, join: object
) -> None:
    await meeting.join("a", "red", 440, floor=True)
    await (dial_in if join is dial_in else invite)(meeting, system)
    await system.until(lambda: system.tones() == {440})
    system.sounds.clear()
    assert await meeting.engine.send_digits(ROOM, "vcs", "1,#")

    def has_ended() -> bool:
        """Return whether sound has come after the last digit."""
        last = next((n for n, each in enumerate(reversed(system.sounds)) if each.payload_type == EVENTS), 0)
        return bool(last) and bytes(system.sounds[-1 - last].payload)[0] == DIGITS.index("#")

    await system.until(has_ended)
    assert digits_in(system.sounds) == "1#"
    events = [each.payload_type == EVENTS for each in system.sounds]
    second = events.index(True) + TONE_TICKS + 2
    assert events[second : second + GAP_TICKS + PAUSE_TICKS - 2] == [False] * (GAP_TICKS + PAUSE_TICKS - 2)  # the mix
    assert len({each.ssrc for each in system.sounds}) == 1
    numbers = [each.sequence for each in system.sounds]
    assert numbers == [(numbers[0] + at) & 0xFFFF for at in range(len(numbers))]
    await system.hears(440)
    for wrong in ("x", "1" * 65):
        with pytest.raises(BadOffer):
            await meeting.engine.send_digits(ROOM, "vcs", wrong)
    with pytest.raises(BadOffer):
        await meeting.engine.send_digits(ROOM, "a", "1")


def digits_in(sounds: Iterable[Packet]) -> str:
    """Return the digits that came."""
    receiver, events = DigitReceiver(), [each for each in sounds if each.payload_type == EVENTS]
    return "".join(receiver.receive(each.ssrc, each.timestamp, bytes(each.payload), 0.0) or "" for each in events)


async def test_digits_are_sent_whole_by_a_server_that_is_late(meeting: Meeting, system: RoomSystem) -> None:
    await dial_in(meeting, system)
    await system.until(lambda: bool(system.sounds))
    for due in ("1", "12", "123"):
        assert await meeting.engine.send_digits(ROOM, "vcs", due[-1])
        time.sleep((TONE_TICKS + 1) * AUDIO_TICK_S)  # its ticks are caught up at once
        await system.until(partial(lambda due: digits_in(system.sounds) == due, due))


async def test_a_digit_is_not_lost_wherever_it_begins_among_ticks_that_are_caught_up(
    meeting: Meeting, system: RoomSystem, clock: SteppedClock
) -> None:
    for late in range(1, MAX_LATE_TICKS + 1):
        system.sounds.clear()
        assert await meeting.engine.send_digits(ROOM, "vcs", "2468#")
        assert (late, await clock.run(5 * DIGIT_TICKS + late, late)) == (late, "2468#")


async def test_digits_outlast_a_renewal_and_a_hold(meeting: Meeting, system: RoomSystem, clock: SteppedClock) -> None:
    held = system.sdp().replace("a=sendrecv", "a=inactive")
    system.sounds.clear()
    assert await meeting.engine.send_digits(ROOM, "vcs", ",123")
    await clock.run(PAUSE_TICKS // 2)
    await meeting.engine.renegotiate(ROOM, "vcs", system.sdp())
    assert await clock.run(PAUSE_TICKS // 2 + DIGIT_TICKS + TONE_TICKS // 2) == "12"
    await meeting.engine.renegotiate(ROOM, "vcs", held)
    assert await clock.run(2 * DIGIT_TICKS) == "12"
    await meeting.engine.renegotiate(ROOM, "vcs", system.sdp())
    assert await clock.run(3 * DIGIT_TICKS) == "123"


async def test_digits_for_a_room_system_that_answers_on_hold_wait_until_that_ends(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    await seat(meeting)
    await meeting.engine.connect(ROOM, "vcs", system.sdp().replace("a=sendrecv", "a=inactive"), plain=True)
    assert await meeting.engine.send_digits(ROOM, "vcs", "12")
    clock = SteppedClock(meeting, system, room)
    assert await clock.run(2 * DIGIT_TICKS) == ""
    await meeting.engine.renegotiate(ROOM, "vcs", system.sdp())
    sip_peer_of(room)._described -= UNHEARD_S
    assert await clock.run(3 * DIGIT_TICKS) == "12"


@pytest.mark.parametrize("speaks", [True, False])
async def test_digits_wait_for_the_first_sound_of_the_room_system_but_not_for_ever(
    meeting: Meeting, system: RoomSystem, room: Room, speaks: bool
) -> None:
    await seat(meeting)
    system.set_destinations(await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True))
    clock = SteppedClock(meeting, system, room)
    assert await meeting.engine.send_digits(ROOM, "vcs", "12")
    assert await clock.run(2 * DIGIT_TICKS) == ""
    if speaks:
        system.packet_out("audio", NUMBERS[system.sound_name], 0, bytes(160))
        clock.poll()
    else:
        sip_peer_of(room)._described -= UNHEARD_S
    assert await clock.run(3 * DIGIT_TICKS) == "12"


async def test_a_room_system_that_begins_to_speak_hears_40_ms_of_itself_at_most_where_ticks_are_caught_up(
    meeting: Meeting, system: RoomSystem, room: Room, clock: SteppedClock
) -> None:
    await meeting.engine.set_floor(ROOM, "vcs", True)
    assert isinstance(meeting.engine, LocalEngine)
    encoder, first = TelephonyEncoder("G722"), meeting.engine._clock.ticks_done + 1
    for tick in range(3 * MAX_LATE_TICKS):
        payload = encoder.encode(tone(1000, tick))
        room.heard("vcs", Packet(9, tick, tick * FRAME_SAMPLES, 77, False, payload), (first + tick) * 0.02, "G722")
    system.forget_sound()
    await clock.run(3 * MAX_LATE_TICKS, MAX_LATE_TICKS)
    assert room.mixer.mixed == {"vcs"}
    assert np.count_nonzero(np.abs(system.sound().astype(int)) > LOUD) <= 2 * FRAME_SAMPLES
