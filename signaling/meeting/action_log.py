"""Entries of the audit log for the commands of controllers: each action with whom or what it concerned. Pure.

Votes, calls, taking control and admitting write their own entries; the recording has its journal (decision 19).
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from signaling.meeting.state.camera_moves import STILL
from signaling.meeting.state.meeting_state import MeetingState
from signaling.messages import chat, joining, layouts, media, recording, script, seats
from signaling.messages import server as m

Entry = tuple[str, str]
"""Action and detail of an audit entry."""


def entry(message: m.ClientMessage, state: MeetingState) -> Entry | None:
    """Return the entry of a command that is about to be obeyed; None for a message that commands nobody."""
    described = _ENTRIES.get(type(message))
    return None if described is None else described(message, state)


def _switched(action: str, on: bool, detail: str = "") -> Entry:
    return action if on else f"{action}-end", detail


def _name(state: MeetingState, seat: str) -> str:
    """Return the registered name of a seat, else its id."""
    known = state.roster.seats.get(seat)
    return seat if known is None else known.name


def _point(state: MeetingState, point: str) -> str:
    return next((place.name for place in state.booking.places if place.id == point), point)


def _locks(message: seats.Lock) -> Entry:
    detail = " ".join(word for word, on in (("room", message.room), ("hands", message.hands)) if on)
    return ("lock" if detail else "unlock"), detail


def _step(message: script.Step, state: MeetingState) -> Entry:
    return "step", next((item.title for item in state.script.state.items if item.id == message.to), "")


def _record(message: recording.Record) -> Entry:
    return ("record-pause", "") if message.on and message.pause else _switched("record", message.on)


def _move(message: seats.MoveCamera, state: MeetingState) -> Entry | None:
    """Return the entry of a movement that begins; it is commanded again while it lasts."""
    movement = message.movement
    if movement in (STILL, state.camera_moves.of(message.seat)):
        return None
    axes = (f"{axis} {way:+d}" for axis, way in asdict(movement).items() if way)
    return "camera-move", f"{_name(state, message.seat)} {' '.join(axes)}"


_ENTRIES: dict[type[Any], Callable[[Any, MeetingState], Entry | None]] = {
    seats.Floor: lambda msg, state: _switched("floor", msg.open, _name(state, msg.seat)),
    seats.Gain: lambda msg, state: ("gain", f"{_name(state, msg.seat)} {msg.decibels:+d} dB"),
    seats.MuteAll: lambda msg, state: ("mute-all", "" if msg.but is None else _name(state, msg.but)),
    seats.Lower: lambda msg, state: ("lower-hand", _name(state, msg.seat)),
    seats.FloorAbove: lambda msg, state: _switched(
        "floor-above", msg.point is not None, "" if msg.point is None else _point(state, msg.point)
    ),
    seats.Hands: lambda msg, _: ("order-hands", str(len(msg.seats))),
    seats.Camera: lambda msg, state: ("camera-on" if msg.on else "camera-off", _name(state, msg.seat)),
    seats.MoveCamera: _move,
    seats.UseCameraPreset: lambda msg, state: (
        "camera-store" if msg.store else "camera-preset",
        f"{_name(state, msg.seat)} {msg.number + 1}",
    ),
    seats.SelectCameraSource: lambda msg, state: ("camera-source", f"{_name(state, msg.seat)} {msg.number}"),
    seats.Rename: lambda msg, state: ("rename", f"{_point(state, msg.point)}: {msg.label}"),
    seats.Remove: lambda msg, state: ("remove", f"{_point(state, msg.point)}: {msg.reason}"),
    seats.LetBack: lambda msg, state: ("let-back", _point(state, msg.point)),
    layouts.SetLayout: lambda msg, _: ("layout", f"{msg.kind} {msg.audience}"),
    layouts.SameLayout: lambda msg, _: ("layout-same", msg.audience),
    layouts.SetPreset: lambda msg, _: ("preset", f"{msg.number} {msg.kind}"),
    media.OnePictureForAll: lambda msg, _: _switched("one-picture", msg.on),
    seats.Lock: lambda msg, _: _locks(msg),
    recording.Record: lambda msg, _: _record(msg),
    recording.Voices: lambda msg, _: _switched("voices", msg.on),
    script.Step: _step,
    chat.OpenChat: lambda msg, _: _switched("chat-open", msg.on),
    joining.End: lambda *_: ("end-for-all", ""),
}
