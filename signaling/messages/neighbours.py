"""WebSocket messages about meetings of neighbouring systems that a meeting is held with. Pure."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from signaling.messages.base import BaseMessage, Instant, as_one_line, printable

MAX_SYSTEM_NAME = 200
SystemName = Annotated[str, StringConstraints(max_length=MAX_SYSTEM_NAME), AfterValidator(as_one_line)]


class NeighbourSeat(BaseMessage):
    """A point in the meeting of a neighbouring system, by its name there."""

    name: Annotated[str, StringConstraints(max_length=60), AfterValidator(as_one_line)]
    here: bool
    floor: bool
    hand: bool
    speaking: bool


class NeighbourMeeting(BaseMessage):
    """A meeting of a neighbouring system: whether it is recorded there, who is there, and whether we have the floor.

    One below may say that it `returns` the floor that it has here.
    """

    title: Annotated[str, StringConstraints(max_length=2000), AfterValidator(as_one_line)]
    recording: bool
    paused: bool
    floor: bool
    seats: Annotated[list[NeighbourSeat], Field(max_length=300)]
    returns: bool = False


class ChairMessage(BaseMessage):
    """A message of the chair of a system above, to everyone or to the one below alone, whose chair then reads it.

    `name` is the system's, empty for the one that tells it.
    """

    id: Annotated[int, Field(ge=1, lt=2**53)]
    at: Instant
    name: SystemName
    text: Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(printable)]
    alone: bool = False


class EndWarning(BaseMessage):
    """A warning that the meeting above ends soon, at `at`: by its session, or because an emergency took its code.

    `name` is the system's, empty for the one that tells it.
    """

    kind: Literal["ends", "gives-way"]
    at: Instant
    name: SystemName


NotHeld = Literal["refused", "revoked", "cancelled"]
"""Why a system below does not hold a session: it refused that, took its code, or cancelled it."""
Warnings = Annotated[tuple[EndWarning, ...], Field(max_length=4)]


class NeighboursState(BaseMessage):
    """The meetings of neighbouring systems that this one is held with, by the point that stands for each.

    `warnings` are those of systems above, the one that is due first before others; `asked` is the point for which the
    floor above is asked for, `returns` whether it is being given back; `not_held` says of systems below, by the points
    that stand for them, why they do not hold the session.
    """

    type: Literal["neighbours"] = "neighbours"
    meetings: dict[str, NeighbourMeeting]
    warnings: list[EndWarning]
    asked: str | None
    returns: bool
    not_held: dict[str, NotHeld]
