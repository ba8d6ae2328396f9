"""Messages between room displays, the server and their remote controls (docs/protocol.md), which live in memory."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from scheduler.core.model import Phase, SlotKind
from scheduler.operations.votes.model import MAX_CHOICES
from signaling.http.route import Id, Model, Moment, NamedPoint
from signaling.messages.base import SeatId
from signaling.messages.votes import Choice, VoteId

Volume = Annotated[int, Field(ge=0, le=100, strict=True)]
View = Annotated[str, StringConstraints(pattern=r"^(composed(:(grid|speaker|single))?|content|camera:.{1,64})$")]
Yes = Annotated[bool, Field(strict=True)]


class Join(Model):
    """Join a session now, also in the place of somebody else at this device."""

    action: Literal["join"]
    session: Id


class Leave(Model):
    """Leave, and stay out of this session until told to join."""

    action: Literal["leave"]


class Switch(Model):
    """Switch microphone or camera on or off."""

    action: Literal["mic", "camera"]
    on: Yes


class Show(Model):
    """Show everyone's layout, one of its own, the shared screen alone, or the camera of one point."""

    action: Literal["view"]
    view: View


class Loudness(Model):
    """Set the volume, in percent."""

    action: Literal["volume"]
    volume: Volume


class CastBallot(Model):
    """Vote for the display's point, as on any of its devices."""

    action: Literal["vote"]
    vote: VoteId
    choice: Choice


Command = Annotated[Join | Leave | Switch | Show | Loudness | CastBallot, Field(discriminator="action")]


class AskedVote(Model):
    """A vote in progress that the display's point is entitled to; `choice` is what it voted in an open one."""

    id: VoteId
    number: int
    question: Annotated[str, StringConstraints(max_length=500)]
    choices: Annotated[list[Annotated[str, StringConstraints(max_length=100)]], Field(max_length=MAX_CHOICES)]
    secret: Yes
    voted: Yes
    choice: Choice | None
    deadline: Moment | None


class ShownPoint(Model):
    """A point whose camera can be shown alone."""

    seat: SeatId
    name: Annotated[str, StringConstraints(max_length=250)]


class Report(Model):
    """State of a display: that of the session that it is in, its switches, whether its browser blocks sound.

    `vote` and `points` are what may be voted on and shown alone. `fault` is the word why it cannot join.
    """

    session: Id | None = None
    state: Literal["idle", "joining", "joined", "lost"] = "idle"
    mic: Yes = False
    camera: Yes = False
    floor: Yes = False
    view: View = "composed"
    volume: Volume = 100
    silent: Yes = False
    vote: AskedVote | None = None
    points: Annotated[list[ShownPoint], Field(max_length=500)] = Field(default_factory=list)
    fault: Annotated[str, StringConstraints(pattern=r"^[a-z-]{0,32}$")] = ""


class Sync(Model):
    """A display's report; with `hold` the response waits for a command. `seen` is the last `turn` that it got."""

    report: Report
    hold: Yes = False
    seen: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,32}$")] | None = None


class DaySlot(Model):
    """A slot of a session."""

    kind: SlotKind
    start: Moment
    end: Moment


class DaySession(Model):
    """A session of the day, as everybody in the room may read it.

    `current` is the start of the slot that points may enter now.
    """

    id: str
    title: str
    number: str
    host: str
    phase: Phase
    current: Moment | None
    slots: list[DaySlot]


class Turn(Model):
    """Content of a display, and commands to it: its point, the day's sessions, the version of the pages.

    Commands come again until a report names this `turn`.
    """

    now: Moment
    turn: str
    version: str
    point: NamedPoint
    name: str
    sends: bool
    notice: str | None
    sessions: list[DaySession]
    commands: list[Command]
