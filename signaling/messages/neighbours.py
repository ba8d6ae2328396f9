"""WebSocket messages about meetings of neighbouring systems that a meeting is held with. Pure."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from signaling.messages.base import BaseMessage, Instant, printable


class NeighbourSeat(BaseMessage):
    """A point in the meeting of a neighbouring system, by its name there."""

    name: Annotated[str, StringConstraints(max_length=60)]
    here: bool
    floor: bool
    hand: bool
    speaking: bool


class NeighbourMeeting(BaseMessage):
    """A meeting of a neighbouring system: whether it is recorded there, who is there, and whether we have the floor."""

    title: Annotated[str, StringConstraints(max_length=2000)]
    recording: bool
    paused: bool
    floor: bool
    seats: Annotated[list[NeighbourSeat], Field(max_length=300)]


class ChairMessage(BaseMessage):
    """A message of the chair of a system above to everyone; `name` is the system's, empty for the one that tells it."""

    id: int
    at: Instant
    name: Annotated[str, StringConstraints(max_length=200)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(printable)]


class NeighboursState(BaseMessage):
    """The meetings of neighbouring systems that this one is held with, by the point that stands for each."""

    type: Literal["neighbours"] = "neighbours"
    meetings: dict[str, NeighbourMeeting]
