"""Endpoints of scripts as spreadsheets, out and in (CSV, XLSX, reading A34); nothing is stored."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from aiohttp import web
from pydantic import Field

from mediaserver.api import LayoutKind
from scheduler.booking.sessions import script_spreadsheet
from scheduler.files import spreadsheet
from signaling.booking import scripts
from signaling.booking.context import BOOKING
from signaling.http.route import ApiRequest, Id, Model, Route
from signaling.http.uploads import TYPES, attached, table

NAMED: Mapping[LayoutKind, str] = {
    "grid": "Lưới",
    "speaker": "Người nói",
    "single": "Một hình",
    "lecture": "Bài giảng",
    "side-by-side": "Song song",
    "content": "Nội dung",
    "panorama": "Toàn cảnh",
}
"""Layouts with words of their own, as the pages show them; the others are named by their panes: 1+7, 3x3."""
LAYOUTS: Mapping[str, str] = {kind: NAMED.get(kind, kind) for kind in get_args(LayoutKind)}


class Given(Model):
    """A file in base64, about 47 KB at most, and the points of the session, among them the host."""

    file: str
    points: Annotated[list[Id], Field(max_length=1000)]
    host: Id | None = None


class Written(Model):
    """Items to be written to a file."""

    items: scripts.Items
    format: Literal["csv", "xlsx"] = "xlsx"


async def preview(request: ApiRequest) -> scripts.Script:
    """Return the items of a table; the script of no session is changed."""
    context = request.context(BOOKING)
    body: Given = request.body
    point_ids = {*body.points, body.host}
    points = [point for point in await context.scheduler.points() if point.id in point_ids]
    longest = context.scheduler.policy(request.now).session.max_title
    content = await table(request, body.file)
    rows = await spreadsheet.read_untrusted(context.parser, content, script_spreadsheet.COLUMNS)
    return scripts.wire(script_spreadsheet.read(rows, points, body.host, LAYOUTS, longest))


async def download(request: ApiRequest) -> web.Response:
    """Return items as a file; without any it is a form to fill in."""
    written: Written = request.body
    points = await request.context(BOOKING).scheduler.points()
    body = script_spreadsheet.write(scripts.scheduler_items(written.items), points, LAYOUTS, written.format)
    return attached(body, TYPES[written.format], f"kich-ban.{written.format}")


ROUTES = [
    Route("POST", "/scripts/preview", preview, "Read a script from a table", scripts.Script, Given, changes=False),
    Route(
        "POST", "/scripts/export", download, "Write a script as a table", None, Written,
        media_type="application/octet-stream", changes=False,
    ),
]  # fmt: skip
