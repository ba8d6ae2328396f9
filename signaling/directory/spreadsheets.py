"""Endpoints of directory spreadsheets, out and in (CSV, XLSX); an import is previewed, then confirmed."""

from typing import Annotated, Literal, get_args

from aiohttp import web
from pydantic import Field, StringConstraints

from scheduler.core.errors import UnknownUnit
from scheduler.directory.import_export import service as import_export_service
from scheduler.directory.import_export.preview import ImportPlan
from signaling.accounts.visible_units import check_may_see
from signaling.core.errors import NotFound
from signaling.directory.context import IMPORT_EXPORT
from signaling.http.route import ID, ApiRequest, Model, Route
from signaling.http.uploads import TYPES, attached, table

OPEN_TO_TOKENS: frozenset[import_export_service.Kind] = frozenset({"units", "rooms"})
"""Tables that API tokens may export and import: neither people nor devices."""


class FormatQuery(Model):
    """The format of a file."""

    format: Literal["csv", "xlsx"] = "xlsx"


class Table(Model):
    """A file in base64, about 47 KB at most."""

    file: str


class Confirmed(Model):
    """The previewed file, and the digest of its preview."""

    file: str
    seal: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Step(Model):
    """The effect of one row."""

    line: int
    what: Literal["add", "change", "same"]
    text: str


class Preview(Model):
    """The effect of an import, planned or done; rows without a change are only counted."""

    seal: str
    steps: Annotated[list[Step], Field(description="lines that add or change something")]
    same: int


async def download(request: ApiRequest) -> web.Response:
    """Return a table as a file."""
    request.only(request.account.central)
    kind = _kind(request)
    body = await request.context(IMPORT_EXPORT).import_export.export(kind, request.query.format)
    await request.note("directory-export", kind, request.query.format)
    return attached(body, TYPES[request.query.format], f"{kind}.{request.query.format}")


async def inventory(request: ApiRequest) -> web.Response:
    """Return the devices of a unit and of those below it, to accounts that may see its card."""
    context = request.context(IMPORT_EXPORT)
    if request.id not in {unit.id for unit in await context.scheduler.units()}:
        raise UnknownUnit(request.id)
    await check_may_see(request, request.id)
    body = await context.import_export.inventory(request.id, request.query.format)
    await request.note("directory-export", request.id, f"inventory {request.query.format}")
    return attached(body, TYPES[request.query.format], f"inventory.{request.query.format}")


async def preview(request: ApiRequest) -> Preview:
    """Preview an import; nothing is changed."""
    context = request.context(IMPORT_EXPORT)
    request.only(request.account.central)
    kind, content = _kind(request), await table(request, request.body.file)
    return _wire(await context.import_export.preview(kind, content, request.now))


async def carry_out(request: ApiRequest) -> Preview:
    """Import a file, if its effect is still the previewed one."""
    request.only(request.account.central)
    kind, body = _kind(request), request.body
    content = await table(request, body.file)
    plan = await request.context(IMPORT_EXPORT).import_export.carry_out(kind, content, body.seal, request.now)
    await request.note(
        "directory-import", kind, f"{sum(step.what != 'same' for step in plan.steps)} {plan.digest[:16]}"
    )
    return _wire(plan)


def _kind(request: ApiRequest) -> import_export_service.Kind:
    kind: import_export_service.Kind | None = next(
        (kind for kind in get_args(import_export_service.Kind) if kind == request.id), None
    )
    if kind is None:
        raise NotFound
    request.only(request.account.scopes is None or kind in OPEN_TO_TOKENS)
    return kind


def _wire(plan: ImportPlan) -> Preview:
    steps = [Step(line=s.row_number, what=s.what, text=s.text) for s in plan.steps if s.what != "same"]
    return Preview(seal=plan.digest, steps=steps, same=len(plan.steps) - len(steps))


ROUTES = [
    Route(
        "GET", f"/directory/tables/{ID}", download, "Export a table", None, query=FormatQuery,
        problems=(403, 404), media_type="application/octet-stream",
    ),
    Route(
        "GET", f"/directory/units/{ID}/inventory", inventory, "Devices of a unit and of those below it", None,
        query=FormatQuery, problems=(403, 404), media_type="application/octet-stream",
    ),
    Route(
        "POST", f"/directory/tables/{ID}/preview", preview, "Show an import", Preview, Table,
        problems=(403, 404), changes=False,
    ),
    Route(
        "POST", f"/directory/tables/{ID}/import", carry_out, "Carry an import out", Preview, Confirmed,
        problems=(403, 404, 409),
    ),
]  # fmt: skip
