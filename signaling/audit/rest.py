"""Endpoints of the audit log: search, verification, export."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field, StringConstraints

from scheduler.files import csv_file
from signaling.audit.context import AUDIT_LOG
from signaling.audit.hash_chain import ChainedEntry, Verdict
from signaling.audit.log import EntryFilter
from signaling.http.route import ApiRequest, Model, Moment, Route, Window
from signaling.http.uploads import attachment

Text = Annotated[str, StringConstraints(max_length=200)]
COLUMNS = (
    "Số thứ tự",
    "Thời điểm",
    "Tài khoản",
    "Thao tác",
    "Đối tượng",
    "Chi tiết",
    "Địa chỉ",
    "Cổng",
    "Quy chế",
    "Mã niêm phong",
)
"""Titles of the columns for people, in the order of `AuditEntry`."""


class AuditEntry(Model):
    """One entry; `seal` is the SHA-256 over the seal before it and its content."""

    id: int
    at: Moment
    actor: str
    action: str
    subject: str
    detail: str
    address: str
    port: int
    profile: str
    seal: str


class Filter(Window):
    """Filter of entries; `q` is searched for in all fields, with or without diacritics."""

    actor: Text = ""
    action: Text = ""
    subject: Text = ""
    q: Text = ""

    def wanted(self, before: int | None = None) -> EntryFilter:
        """Return the filter as the log takes it."""
        return EntryFilter(self.from_, self.to, self.actor, self.action, self.subject, self.q, before)


class Newest(Filter):
    """Filter of entries with a page: at most `limit` of the newest ones, below the number `before`."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    before: Annotated[int | None, Field(ge=1, le=2**62)] = None


class Export(Filter):
    """CSV for people, with Vietnamese times; JSON lines for machines, with everything that seals are made of."""

    format: Literal["csv", "jsonl"] = "csv"


class Check(Model):
    """Result of a verification of the log; `broken` is the number of the first entry that is not true:
    changed itself, or sealing what happened to sessions, which was changed.

    Whoever notes `head` elsewhere can later tell that nothing up to this entry was changed.
    """

    checked: Moment | None
    entries: int
    last: int
    head: str
    broken: int | None


async def audit(request: ApiRequest) -> list[AuditEntry]:
    """List the newest entries."""
    request.only(request.account.sees_all)
    query: Newest = request.query
    return [
        _wire(row) for row in await request.context(AUDIT_LOG).audit.newest(query.wanted(query.before), query.limit)
    ]


async def checked(request: ApiRequest) -> Check:
    """Return the result of the last verification."""
    request.only(request.account.sees_all)
    return _check(request.context(AUDIT_LOG).audit.checked)


async def verify(request: ApiRequest) -> Check:
    """Verify the whole log now."""
    context = request.context(AUDIT_LOG)
    request.only(request.account.sees_all)
    await context.audit.verify(request.now)
    return _check(context.audit.checked)


async def export(request: ApiRequest) -> web.StreamResponse:
    """Stream entries as a file, oldest first."""
    context = request.context(AUDIT_LOG)
    request.only(request.account.sees_all)
    query: Export = request.query
    await request.note("export-log", query.format, request.request.query_string)
    zone = context.scheduler.policy(request.now).zone
    response = web.StreamResponse()
    response.content_type = "text/csv" if query.format == "csv" else "application/jsonl"
    response.charset = "utf-8"
    name = f"nhat-ky-{request.now.astimezone(zone):%Y%m%d-%H%M%S}.{query.format}"
    response.headers.update(attachment(name))
    await response.prepare(request.request)
    if query.format == "csv":
        await response.write(csv_file.file([COLUMNS]))
    async for rows in context.audit.each(query.wanted()):
        text = csv_file.text([_cells(row, zone) for row in rows]) if query.format == "csv" else _lines(rows)
        await response.write(text.encode())
    await response.write_eof()
    return response


def _wire(row: ChainedEntry) -> AuditEntry:
    entry = row.entry
    return AuditEntry(
        id=row.id,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        subject=entry.subject,
        detail=entry.detail,
        address=entry.address,
        port=entry.port,
        profile=row.profile,
        seal=row.seal,
    )


def _check(checked: tuple[datetime, Verdict] | None) -> Check:
    at, verdict = checked or (None, Verdict(0, 0, "", None))
    return Check(checked=at, entries=verdict.entries, last=verdict.last, head=verdict.head, broken=verdict.broken)


def _lines(rows: Sequence[ChainedEntry]) -> str:
    return "".join(json.dumps(_wire(row).model_dump(mode="json"), ensure_ascii=False) + "\n" for row in rows)


def _cells(row: ChainedEntry, zone: ZoneInfo) -> Sequence[object]:
    shown = {**_wire(row).model_dump(), "at": f"{row.entry.at.astimezone(zone):%d/%m/%Y %H:%M:%S}"}
    return list(shown.values())


ROUTES = [
    Route(
        "GET",
        "/audit",
        audit,
        "Entries of the audit log, newest first",
        list[AuditEntry],
        query=Newest,
        problems=(403,),
    ),
    Route("GET", "/audit/check", checked, "What came of the last verification", Check, problems=(403,)),
    Route("POST", "/audit/check", verify, "Verify the audit log now", Check, problems=(403,), changes=False),
    Route(
        "GET",
        "/audit/export",
        export,
        "Entries as a file, oldest first",
        None,
        query=Export,
        problems=(403,),
        media_type="text/csv",
    ),
]
