"""Endpoints of attendee lists: requested by the host, given by the components, exported (Điều 14.4.b, R-098)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field, StringConstraints

from scheduler.core import model
from scheduler.files import csv_file
from scheduler.operations.attendance import attendee_list
from scheduler.operations.attendance.attendee_lists import AttendeeList
from scheduler.operations.attendance.chat_store import ChatEntry
from scheduler.operations.attendance.floor_store import FloorTime
from signaling.accounts import permissions
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Route
from signaling.http.signed_files import signed
from signaling.http.uploads import attached
from signaling.operations.attendance import find
from signaling.operations.context import ATTENDANCE
from signaling.reports.report_tables import Sheet
from signaling.reports.xlsx import xlsx

COLUMNS = ("Điểm cầu", "Tên", "Tình trạng", "Số người", "Họ và tên", "Chức vụ", "Người gửi", "Lúc")

CHAT = ("Lúc", "Người gửi", "Gửi đến", "Nội dung")

SPOKE = ("Điểm cầu", "Tên", "Số giây nói")

TURNS = ("Điểm cầu", "Từ", "Đến", "Thứ tự giơ tay", "Nội dung")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Format = Literal["csv", "xlsx"]
Text = Annotated[str, StringConstraints(max_length=2000)]


class Person(Model):
    """A person who takes part."""

    name: Text
    position: Text = ""


class Given(Model):
    """The list of one component; without it `at` is null."""

    point: str
    name: str
    label: str
    count: int
    people: list[Person]
    by: str
    at: Moment | None


class Lists(Model):
    """The request and how many components have replied; a component sees its own list."""

    asked: Moment | None
    expected: int
    submitted: int
    may_ask: bool
    lists: list[Given]


class FormatQuery(Model):
    """The format of the file."""

    format: Format = "csv"


class List(Model):
    """The people who take part at a point."""

    point: Id
    count: Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
    people: Annotated[list[Person], Field(max_length=1000)]


async def listed(request: ApiRequest) -> Lists:
    """Return the lists of a session."""
    session, points = await find(request)
    roll = await request.context(ATTENDANCE).attendee_lists.of_session(session.id)
    seen = permissions.seen_points(request.account, session, points)
    return Lists(
        asked=roll.asked,
        expected=len(session.points),
        submitted=len(_valid(session, roll)),
        may_ask=permissions.is_host(request.account, session, points),
        lists=[_wire(points[point], roll.lists.get(point)) for point in session.points if point in seen],
    )


async def ask(request: ApiRequest) -> Lists:
    """Request the list of every component."""
    context = request.context(ATTENDANCE)
    session, points = await find(request)
    request.only(permissions.is_host(request.account, session, points))
    await context.attendee_lists.ask(session.id, request.account.account, request.now)
    context.outbox.wake()
    await request.note("ask-lists", session.id, session.number)
    return await listed(request)


async def give(request: ApiRequest) -> Lists:
    """Store the list of a component."""
    body: List = request.body
    session, points = await find(request)
    request.only(permissions.may_speak_for(request.account, session, points, body.point))
    people = [attendee_list.Attendee(each.name, each.position) for each in body.people]
    account = request.account.account
    await request.context(ATTENDANCE).attendee_lists.give(
        session.id, body.point, body.count, people, account, request.now
    )
    await request.note("give-list", session.id, f"{session.number} {points[body.point].name} {body.count}")
    return await listed(request)


async def export(request: ApiRequest) -> web.Response:
    """Export a row for every person, and one for every component without persons, with its status."""
    context = request.context(ATTENDANCE)
    session, points = await find(request)
    request.only(permissions.is_host(request.account, session, points))
    roll = await context.attendee_lists.of_session(session.id)
    await request.note("export-lists", session.id, session.number)
    zone = context.scheduler.policy(request.now).zone
    spoken = await context.attendance.floor_times(session.id)
    query: FormatQuery = request.query
    others = (
        Sheet("Phát biểu", TURNS, _cells(_turns(spoken, zone))),
        Sheet("Thời gian nói", SPOKE, _cells(_spoke(await context.attendance.speaking_seconds(session.id), points))),
        Sheet("Tin nhắn", CHAT, _cells(_written(await context.attendance.chat(session.id), points, zone))),
    )
    body, kind = _file(session, _rows(session, points, roll, zone), others, query.format)
    return attached(body, kind, f"{session.number}-danh-sach.{query.format}")


def _file(
    session: model.Session, rows: Sequence[Sequence[str | int]], others: Sequence[Sheet], form: Format
) -> tuple[bytes, str]:
    """Return the bytes of a file and its media type; a workbook also has the other sheets."""
    if form == "csv":
        return csv_file.file([COLUMNS, *rows]), "text/csv"
    return xlsx(f"{session.number} {session.title}", (Sheet("Danh sách", COLUMNS, _cells(rows)), *others)), XLSX


def _cells(rows: Sequence[Sequence[str | int]]) -> tuple[tuple[str | int, ...], ...]:
    return tuple(tuple(row) for row in rows)


def _spoke(speaking: Mapping[str, int], points: Mapping[str, model.Point]) -> list[Sequence[str | int]]:
    """Return how long points spoke, the longest first."""
    longest = sorted(speaking.items(), key=lambda each: -each[1])
    return [(points[point].name, points[point].label, seconds) for point, seconds in longest]


def _written(chat: Sequence[ChatEntry], points: Mapping[str, model.Point], zone: ZoneInfo) -> list[Sequence[str | int]]:
    return [
        (
            _clock(each.at, zone),
            each.name,
            ("tất cả" if each.chair else "chủ trì") if each.recipient is None else points[each.recipient].name,
            each.text,
        )
        for each in chat
    ]


def _turns(spoken: Sequence[FloorTime], zone: ZoneInfo) -> list[Sequence[str | int]]:
    return [
        (
            each.name,
            _clock(each.start, zone),
            "" if each.end is None else _clock(each.end, zone),
            each.place or "",
            each.topic,
        )
        for each in spoken
    ]


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d/%m/%Y %H:%M:%S}"


def _valid(session: model.Session, roll: AttendeeList) -> list[attendee_list.PointAttendees]:
    return [roll.lists[point] for point in session.points if point in roll.lists]


def _wire(point: model.Point, attendees: attendee_list.PointAttendees | None) -> Given:
    return Given(
        point=point.id,
        name=point.name,
        label=point.label,
        count=attendees.count if attendees else 0,
        people=[Person(name=each.name, position=each.position) for each in attendees.people] if attendees else [],
        by=attendees.by if attendees else "",
        at=attendees.at if attendees else None,
    )


def _rows(
    session: model.Session, points: Mapping[str, model.Point], roll: AttendeeList, zone: ZoneInfo
) -> list[Sequence[str | int]]:
    rows: list[Sequence[str | int]] = []
    for point in (points[each] for each in session.points):
        attendees = roll.lists.get(point.id)
        if attendees is None:
            rows.append((point.name, point.label, "chưa gửi", "", "", "", "", ""))
            continue
        when = f"{attendees.at.astimezone(zone):%d/%m/%Y %H:%M}"
        for each in attendees.people or (attendee_list.Attendee("", ""),):
            named = (each.name, each.position)
            rows.append((point.name, point.label, "đã gửi", attendees.count, *named, attendees.by, when))
    return rows


_EXPORT = Route(
    "GET",
    f"/sessions/{ID}/lists/export",
    export,
    "Lists as a file",
    None,
    query=FormatQuery,
    problems=(403, 404),
    media_type="text/csv",
)

ROUTES = [
    Route("GET", f"/sessions/{ID}/lists", listed, "Lists of who takes part", Lists, problems=(404,)),
    Route("POST", f"/sessions/{ID}/lists", give, "Give a list", Lists, body=List, problems=(403, 404, 409)),
    Route("POST", f"/sessions/{ID}/lists/ask", ask, "Ask for lists", Lists, problems=(403, 404)),
    _EXPORT,
    signed(_EXPORT),
]
