"""One call of a kind: it is set up, both sides see and hear each other, and it is measured."""

import time
from collections.abc import Callable
from dataclasses import replace

from loadtest.rooms.baresip_room import BaresipRoom
from loadtest.rooms.h323_room import H323Room
from loadtest.rooms.kinds.kind import CallKind
from loadtest.rooms.lane import ROOM_COLOUR, Lane
from loadtest.rooms.linphone_room import LinphoneRoom
from loadtest.rooms.outcomes import CallOutcome
from loadtest.rooms.room import FAILURES, RoomFailed, told
from loadtest.rooms.sipp_room import SippRoom

OTHER_COLOUR = (255, 255, 0)
"""What a room shows for a moment, to see how late that is seen."""
FLUENT_FPS = 15
"""Least pictures a second either way in calls with 1080 lines, on a quiet machine."""
TimedRoom = SippRoom | H323Room | BaresipRoom | LinphoneRoom
TIMED = SippRoom, H323Room, BaresipRoom, LinphoneRoom
"""Rooms that change their pictures, and send H.264 and key frames on request. Encoders and cameras do not."""


async def place(kind: CallKind, lane: Lane, times: bool) -> CallOutcome:
    """Place one call of a kind and hang up; what did not happen is the outcome's failure.

    With `times`, and with 1080 lines, delays and key frames are measured, too.
    """
    outcome, began = CallOutcome(), time.monotonic()

    def since() -> float:
        return (time.monotonic() - began) * 1000

    try:
        await lane.begin()
        began = time.monotonic()
        await kind.begin(lane)
        if kind.connects:
            outcome = await _connected(outcome, kind, lane, since, times=times)
        await kind.within(lane)
        await kind.end(lane)
    except FAILURES as failure:
        said = str(failure).partition("\n")[2] or lane.room.said
        return replace(outcome, failure=told(failure), detail=f"the host: {lane.watched}\n{said}")
    return outcome


async def _connected(
    outcome: CallOutcome, kind: CallKind, lane: Lane, since: Callable[[], float], *, times: bool
) -> CallOutcome:
    """Wait until the call is set up, and both sides see and hear each other; measure it. Raises RoomFailed, OSError."""
    await lane.room.established()
    outcome = replace(outcome, setup_ms=since())
    await lane.give_floor()
    if kind.pictures:
        await lane.room_is_seen()
        outcome = replace(outcome, picture_ms=since())
    await lane.room_is_heard()
    if kind.receives:
        await _host_is_seen_and_heard(kind, lane)
    if isinstance(lane.room, TIMED) and kind.pictures and (times or kind.full_hd):
        outcome = await _measured(outcome, kind, lane, lane.room)
    return outcome


async def _host_is_seen_and_heard(kind: CallKind, lane: Lane) -> None:
    if kind.pictures:
        await lane.host_is_seen()
    await lane.host_is_heard()


async def _measured(outcome: CallOutcome, kind: CallKind, lane: Lane, room: TimedRoom) -> CallOutcome:
    """Measure delays and key frames, and count pictures of 1080 lines. Raises RoomFailed."""
    outcome = await _timed(outcome, lane, room)
    await lane.look_at_room(room.keyframe_period)
    outcome = replace(outcome, room_keyframe_ms=await _room_keyframe_ms(lane))
    if kind.full_hd:
        outcome = await _counted(outcome, lane)
    await lane.look_at_all()
    return outcome


async def _timed(outcome: CallOutcome, lane: Lane, room: TimedRoom) -> CallOutcome:
    """Measure how late the host sees another picture of the room, and how fast a key frame of the server comes to the
    room, but to linphone, which does not tell, and under keys of baresip's. Raises RoomFailed, OSError."""
    began = time.monotonic()
    await room.show(OTHER_COLOUR)
    await lane.is_seen(OTHER_COLOUR)
    outcome = replace(outcome, latency_ms=(time.monotonic() - began) * 1000)
    await room.show(ROOM_COLOUR)
    await lane.room_is_seen()
    if isinstance(room, H323Room):
        await room.settle()
    if isinstance(room, SippRoom | H323Room):
        outcome = replace(outcome, keyframe_ms=_answered(await room.media.keyframe_ms()))
    elif isinstance(room, BaresipRoom):
        outcome = replace(outcome, keyframe_ms=await room.keyframe_ms())
    return outcome


async def _room_keyframe_ms(lane: Lane) -> float | None:
    """Return how fast a key frame of the room comes. Raises RoomFailed if none does, but of baresip, which forgets
    requests that come while it encodes."""
    milliseconds = await lane.room_keyframe_ms()
    return milliseconds if isinstance(lane.room, BaresipRoom) else _answered(milliseconds)


def _answered(milliseconds: float | None) -> float:
    if milliseconds is None:
        raise RoomFailed("no key frame answers a request")
    return milliseconds


async def _counted(outcome: CallOutcome, lane: Lane) -> CallOutcome:
    """Count the pictures of 1080 lines either way. Raises RoomFailed where there are few on a quiet machine."""
    fps_up, fps_down, quiet = await lane.fps()
    if quiet and min(fps_up, fps_down) < FLUENT_FPS:
        raise RoomFailed(f"{fps_up:.1f} pictures a second come up, and {fps_down:.1f} down")
    return replace(outcome, fps_up=fps_up, fps_down=fps_down)
