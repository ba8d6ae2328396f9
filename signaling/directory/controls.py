"""Endpoints of security controls with evidence: of the system (R-036, I-13) and of each point (A9)."""

from datetime import date
from typing import Annotated, Literal

from aiohttp import web
from pydantic import StringConstraints

from scheduler.directory.controls import rules as controls_rules
from scheduler.directory.controls.checklists import LAPTOP
from scheduler.directory.controls.service import SYSTEM, PointChecklist
from signaling.accounts.visible_units import check_may_see
from signaling.core.errors import NotFound
from signaling.directory.context import CONTROLS
from signaling.directory.points import Evidence, evidence_shown
from signaling.http import uploads
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Named, Route
from signaling.http.uploads import FileName, attached
from signaling.reports.report_tables import Sheet
from signaling.reports.xlsx import xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATES: dict[controls_rules.ControlState | None, str] = {
    "met": "Đạt",
    "partly": "Đạt một phần",
    "unmet": "Chưa đạt",
    "not_applicable": "Không áp dụng",
    None: "Chưa đánh giá",
}
HEAD = ("Nội dung", "Nhóm", "Tình trạng", "Minh chứng", "Ghi chú", "Người đánh giá", "Ngày", "Đánh giá lại")
Word = Annotated[str, StringConstraints(max_length=32)]


class SubjectQuery(Model):
    """The subject: a point, or without it the system."""

    point: Id | None = None


class ChecklistQuery(Model):
    """The name of a checklist."""

    checklist: Word = LAPTOP


class Row(Model):
    """One item; `state` is null until somebody has set it, `proof` are tests of the product."""

    item: str
    group: str
    text: str
    proof: list[str]
    id: str | None
    state: controls_rules.ControlState | None
    remark: str
    by: str
    at: Moment | None
    due: date | None
    overdue: bool
    files: list[Evidence]


class Checklist(Model):
    """Checklist of one subject, items without evidence first; `open` items are not met, or not set."""

    id: str
    name: str
    basis: str
    of: Literal["system", "point"]
    months: int
    open: int
    may_set: bool
    rows: list[Row]


class Said(Model):
    """The state of an item."""

    checklist: Word
    point: Id | None = None
    item: Word
    state: controls_rules.ControlState
    remark: Annotated[str, StringConstraints(max_length=1000)] = ""


class Point(Model):
    """The state of the checklist of a point."""

    point: Named
    label: str
    open: int
    at: Moment | None
    by: str
    due: date | None
    overdue: bool


async def listed(request: ApiRequest) -> list[Checklist]:
    """Return the checklists of the system, or of a point, with the state of each item."""
    query: SubjectQuery = request.query
    await _check_may_read(request, query.point)
    return await _lists(request, query.point)


async def say(request: ApiRequest) -> list[Checklist]:
    """Set the state of an item."""
    context = request.context(CONTROLS)
    body: Said = request.body
    await _check_may_set(request, body.point)
    by, subject = request.account.account, body.point or SYSTEM
    control = await context.controls.set(body.checklist, subject, body.item, body.state, body.remark, by, request.now)
    detail = f"{control.checklist} {control.item}: {control.state} {control.remark}"
    await request.note("control", control.id, f"{subject} {detail}".strip()[:200])
    return await _lists(request, body.point)


async def add(request: ApiRequest) -> Evidence:
    """Store a file that proves the state of an item."""
    context = request.context(CONTROLS)
    control = await context.controls.control(request.id)
    if control.subject == SYSTEM:
        request.seen(request.account.sees_all)
    await _check_may_read(request, control.subject or None)
    await _check_may_set(request, control.subject or None)
    file = await uploads.take(request)
    added = await context.evidence_files.add("control", control.id, file, request.account.account, request.now)
    await request.note("evidence", added.id, f"control {control.checklist} {control.item} {file.name}")
    return evidence_shown(added)


async def points(request: ApiRequest) -> list[Point]:
    """List the state of a checklist at every point, those never checked first."""
    context = request.context(CONTROLS)
    request.only(request.account.sees_all)
    query: ChecklistQuery = request.query
    checklist = context.controls.checklists.get(query.checklist)
    if checklist is None or checklist.of != "point":
        raise NotFound
    day = context.scheduler.day(request.now)
    return [_point(each, day) for each in await context.controls.checked(checklist)]


async def export(request: ApiRequest) -> web.Response:
    """Send the checklists of the system, or of a point, as a spreadsheet."""
    query: SubjectQuery = request.query
    await _check_may_read(request, query.point)
    checklists = await _lists(request, query.point)
    await request.note("export-controls", query.point or "")
    title = "Hồ sơ an toàn thông tin và tiêu chí nền tảng" if query.point is None else f"Kiểm tra tại {query.point}"
    body = xlsx(title, [Sheet(each.name[:31], HEAD, tuple(map(_cells, each.rows))) for each in checklists])
    return attached(body, XLSX, "kiem-soat.xlsx")


async def _check_may_read(request: ApiRequest, point: str | None) -> None:
    """Check that the account may read: the system's for supervisors, a point's for readers of its card.

    Raises Forbidden, Hidden, UnknownPoint.
    """
    if point is not None:
        await check_may_see(request, await request.context(CONTROLS).controls.unit(point, request.now))
    else:
        request.only(request.account.sees_all)


async def _check_may_set(request: ApiRequest, point: str | None) -> None:
    """Check that the account may write: the operating unit all, a unit its points'. Raises Forbidden, UnknownPoint."""
    if not request.account.central:
        own = (
            point is not None
            and await request.context(CONTROLS).controls.unit(point, request.now) == request.account.unit
        )
        request.only(own)


async def _lists(request: ApiRequest, point: str | None) -> list[Checklist]:
    context = request.context(CONTROLS)
    register, day = context.controls, context.scheduler.day(request.now)
    own = point is not None and await register.unit(point, request.now) == request.account.unit
    checklists = []
    for each in register.checklists.values():
        if (each.of == "point") == (point is not None):
            rows = await register.rows(each, point or SYSTEM)
            shown = await context.evidence_files.behind("control", [row.control.id for row in rows if row.control])
            checklists.append(
                Checklist(
                    id=each.id,
                    name=each.name,
                    basis=each.basis,
                    of=each.of,
                    months=each.months,
                    open=sum(row.open for row in rows),
                    may_set=request.account.central or own,
                    rows=[_row(row, day, list(map(evidence_shown, shown.get(_id(row), [])))) for row in rows],
                )
            )
    return checklists


def _id(row: controls_rules.ChecklistRow) -> str:
    return row.control.id if row.control else ""


def _row(of: controls_rules.ChecklistRow, day: date, shown: list[Evidence]) -> Row:
    control = of.control
    return Row(
        item=of.item.id,
        group=of.item.group,
        text=of.item.text,
        proof=list(of.item.proof),
        id=control.id if control else None,
        state=control.state if control else None,
        remark=control.remark if control else "",
        by=control.by if control else "",
        at=control.at if control else None,
        due=control.due if control else None,
        overdue=of.overdue(day),
        files=shown,
    )


def _point(each: PointChecklist, day: date) -> Point:
    return Point(
        point=Named(id=each.point.id, name=each.point.name),
        label=each.point.label,
        open=each.open,
        at=each.at,
        by=each.by,
        due=each.due,
        overdue=each.due is None or each.due < day,
    )


def _cells(row: Row) -> tuple[str | int, ...]:
    shown = "; ".join([*(file.name for file in row.files), *row.proof]) or "–"
    at = f"{row.at:%d/%m/%Y}" if row.at else "–"
    due = f"{row.due:%d/%m/%Y}" if row.due else "–"
    return (row.text, row.group, STATES[row.state], shown, row.remark, row.by, at, due)


ROUTES = [
    Route(
        "GET", "/controls", listed, "The register of controls", list[Checklist],
        query=SubjectQuery, problems=(403, 404),
    ),
    Route("POST", "/controls", say, "Say how a control stands", list[Checklist], body=Said, problems=(403, 404)),
    Route(
        "POST", f"/controls/{ID}/files", add, "Add evidence of a control: the body is the file", Evidence,
        query=FileName, status=201, problems=(403, 404, 409, 413), upload=True,
    ),
    Route(
        "GET", "/controls/points", points, "How points stand", list[Point],
        query=ChecklistQuery, problems=(403, 404),
    ),
    Route(
        "GET", "/controls/export", export, "The register as a spreadsheet", None,
        query=SubjectQuery, problems=(403, 404), media_type=XLSX,
    ),
]  # fmt: skip
