"""Endpoints of attendance: presence of points in a session, and their reasons of interruptions (R-087, R-099)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.operations.attendance import presence_intervals
from scheduler.operations.attendance.service import SlotAttendance
from signaling.accounts import permissions
from signaling.accounts.unit_directory import UnitDirectory
from signaling.accounts.visible_sessions import units_and_points
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Route
from signaling.operations.context import ATTENDANCE

Text = Annotated[str, StringConstraints(max_length=2000)]


class Stay(Model):
    """An interval in which a point was connected; `left` null: it still is."""

    joined: Moment
    left: Moment | None


class Interruption(Model):
    """An interval in which it was not; `end` null: it did not come back. `cause` is the point's reason, `by` an
    account."""

    start: Moment
    end: Moment | None
    seconds: int
    cause: str
    by: str


class Redial(Model):
    """A reconnect of a device: connection `lost`, `tried` in vain, or `back`."""

    name: str
    kind: presence_intervals.ReconnectKind
    at: Moment


class PointAttendance(Model):
    """One point in one slot: `availability` is per cent of the time the slot was held.

    `redials` are those within the slot, by time.
    """

    point: str
    name: str
    label: str
    present: bool
    late: Annotated[int, Field(description="seconds after the start")]
    seconds: int
    availability: float
    stays: list[Stay]
    interruptions: list[Interruption]
    redials: list[Redial]


class Slot(Model):
    """Expected against present."""

    kind: model.SlotKind
    start: Moment
    end: Moment
    expected: int
    present: int
    points: list[PointAttendance]


class Speech(Model):
    """A device had the floor, `end` null: it still has. `place`: its position in the queue, 0: no hand raised."""

    point: str
    name: str
    place: int
    topic: str
    start: Moment
    end: Moment | None


class SpeakingTime(Model):
    """For how many seconds a point was the active speaker in the official slot."""

    point: str
    name: str
    label: str
    seconds: int


class ChatMessage(Model):
    """A chat message: from the `chair` to everyone or to the point `to`, else from a point to the chair.

    `point` is null for the centre without a point; `text` is empty once it was erased.
    """

    at: Moment
    point: str | None
    name: str
    chair: bool
    to: str | None
    text: str


class Cause(Model):
    """The reason of an interruption of a point from `start` on."""

    point: Id
    start: Moment
    cause: Text


async def attendance(request: ApiRequest) -> list[Slot]:
    """Return the attendance of a session; a component sees its own points, and how many were present."""
    session, points = await find(request)
    seen = permissions.seen_points(request.account, session, points)
    service = request.context(ATTENDANCE).attendance
    redials = await service.reconnects(session.id)
    return [_wire(slot, points, seen, redials) for slot in await service.slots(session.id, request.now)]


async def speeches(request: ApiRequest) -> list[Speech]:
    """Return the floor times; a component sees its own."""
    session, points = await find(request)
    seen = permissions.seen_points(request.account, session, points)
    service = await request.context(ATTENDANCE).attendance.floor_times(session.id)
    return [Speech(**asdict(each)) for each in service if each.point in seen]


async def speaking(request: ApiRequest) -> list[SpeakingTime]:
    """Return how long points spoke, the longest first; a component sees its own."""
    session, points = await find(request)
    seen = permissions.seen_points(request.account, session, points)
    spoken = await request.context(ATTENDANCE).attendance.speaking_seconds(session.id)
    return [
        SpeakingTime(point=point, name=points[point].name, label=points[point].label, seconds=seconds)
        for point, seconds in sorted(spoken.items(), key=lambda each: -each[1])
        if point in seen
    ]


async def chat(request: ApiRequest) -> list[ChatMessage]:
    """Return the chat messages; a component sees those to everyone and its own."""
    session, points = await find(request)
    seen = permissions.seen_points(request.account, session, points)
    whole = len(seen) == len(session.everyone)
    entries = await request.context(ATTENDANCE).attendance.chat(session.id)
    return [
        ChatMessage(at=each.at, point=each.point, name=each.name, chair=each.chair, to=each.recipient, text=each.text)
        for each in entries
        if whole or (each.chair and each.recipient is None) or seen & {each.point, each.recipient}
    ]


async def explain(request: ApiRequest) -> list[Slot]:
    """Store the reason of a point's interruption."""
    body: Cause = request.body
    session, points = await find(request)
    request.only(permissions.may_speak_for(request.account, session, points, body.point))
    service = request.context(ATTENDANCE).attendance
    await service.explain(session.id, body.point, body.start, body.cause, request.account.account, request.now)
    await request.note("explain", session.id, f"{session.number} {points[body.point].name}")
    return await attendance(request)


async def find(request: ApiRequest) -> tuple[model.Session, UnitDirectory]:
    """Return a session that the account may see, with all points. Raises Hidden."""
    session = await request.context(ATTENDANCE).scheduler.session(request.id)
    points = await units_and_points(request)
    request.seen(permissions.may_see(request.account, session, points))
    return session, points


def _wire(
    slot: SlotAttendance, points: UnitDirectory, seen: set[str], redials: Sequence[presence_intervals.ReconnectAttempt]
) -> Slot:
    within = [redial for redial in redials if slot.slot.start <= redial.at <= slot.slot.end]
    return Slot(
        kind=slot.slot.kind,
        start=slot.slot.start,
        end=slot.slot.end,
        expected=len(slot.points),
        present=slot.present,
        points=[_point(points[point], *slot.points[point], within) for point in slot.points if point in seen],
    )


def _point(
    point: model.Point,
    stayed: tuple[presence_intervals.PresenceInterval, ...],
    judged: presence_intervals.PointAttendance,
    redials: Sequence[presence_intervals.ReconnectAttempt],
) -> PointAttendance:
    return PointAttendance(
        point=point.id,
        name=point.name,
        label=point.label,
        present=judged.present,
        late=judged.late,
        seconds=judged.seconds,
        availability=judged.permille / 10,
        stays=[Stay(joined=stay.joined, left=stay.left) for stay in stayed],
        interruptions=[
            Interruption(start=gap.start, end=gap.end, seconds=gap.seconds, cause=gap.cause, by=gap.by)
            for gap in judged.interruptions
        ],
        redials=[Redial(name=each.name, kind=each.kind, at=each.at) for each in redials if each.point == point.id],
    )


ROUTES = [
    Route("GET", f"/sessions/{ID}/attendance", attendance, "Who was there", list[Slot], problems=(404,)),
    Route("GET", f"/sessions/{ID}/speeches", speeches, "Who had the floor", list[Speech], problems=(404,)),
    Route("GET", f"/sessions/{ID}/speaking", speaking, "How long points spoke", list[SpeakingTime], problems=(404,)),
    Route("GET", f"/sessions/{ID}/chat", chat, "What was written in the chat", list[ChatMessage], problems=(404,)),
    Route(
        "POST",
        f"/sessions/{ID}/interruptions",
        explain,
        "Say why a point was interrupted",
        list[Slot],
        body=Cause,
        problems=(403, 404),
    ),
]
