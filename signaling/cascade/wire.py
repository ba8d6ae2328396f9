"""Messages of the system above to the one below, and their answers, as JSON."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from scheduler.core.model import ClassId, Session
from signaling.http.route import Id, Interval, Model
from signaling.messages.base import Instant
from signaling.messages.neighbours import ChairMessage, NeighbourMeeting, Warnings

Text = Annotated[str, StringConstraints(max_length=2000)]
MAX_REASON = 300
Reason = Annotated[str, StringConstraints(max_length=MAX_REASON)]


class Wanted(Model):
    """A session of the system above, by its id there, that the one below is to take part in."""

    session: Id
    official: Interval
    rehearsal: Interval | None = None
    title: Text
    contact_name: Text
    contact_phone: Text
    class_: Annotated[ClassId, Field(alias="class")]
    ground: Text = ""
    reason: Text = ""
    purpose: Text = ""
    kind: Text = ""
    form: Text = ""

    @classmethod
    def of(cls, session: Session) -> "Wanted":
        """Return what a system below is told of a session."""
        rehearsal, official = session.rehearsal, session.official
        return cls(
            session=session.id,
            official=Interval(start=official.start, end=official.end),
            rehearsal=None if rehearsal is None else Interval(start=rehearsal.start, end=rehearsal.end),
            title=session.title,
            contact_name=session.contact_name,
            contact_phone=session.contact_phone,
            class_=session.klass,
            ground=session.ground,
            reason=session.reason,
            purpose=session.purpose,
            kind=session.kind,
            form=session.form,
        )


class Withdrawn(Model):
    """A session that the system above no longer holds, or not with the one below, for the `reason` that it says."""

    session: Id
    reason: Reason = ""


class Outcome(Model):
    """The answer: it waits for capacity, is accepted under a code, lost that code, or was cancelled below.

    `reason` is what was said there for the latter two.
    """

    state: Literal["waiting", "accepted", "revoked", "cancelled"]
    number: Annotated[str, StringConstraints(max_length=40)]
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,20}$")] | None
    reason: Reason = ""


class Told(Model):
    """The running meeting of the system above that a session of it is."""

    session: Id
    meeting: NeighbourMeeting
    messages: Annotated[tuple[ChairMessage, ...], Field(max_length=10)] = ()
    """The latest ones that its chair wrote to everyone, oldest first."""
    began: Instant | None = None
    """When their numbers began: another meeting of the same session has others."""
    warnings: Warnings = ()
    """What those in the meeting below are warned of, while it is so."""


class Exchanged(Model):
    """The running meeting of the system below; null while nobody has opened it there."""

    meeting: NeighbourMeeting | None
