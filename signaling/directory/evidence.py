"""Endpoints of evidence files: photos of an assessment, the document behind an exemption (R-024, R-045)."""

from aiohttp import web

from scheduler.directory.controls import evidence
from scheduler.directory.controls.evidence import EvidenceKind
from signaling.accounts.visible_units import check_may_see
from signaling.directory.context import CONTROLS
from signaling.directory.points import Evidence, evidence_shown
from signaling.http import uploads
from signaling.http.route import ID, ApiRequest, Route
from signaling.http.uploads import FileName


async def add_to_assessment(call: ApiRequest) -> Evidence:
    """Store a file of an assessment."""
    return await _add(call, "assessment")


async def add_to_exemption(call: ApiRequest) -> Evidence:
    """Store the file of a document that grants an exemption."""
    return await _add(call, "exemption")


async def _add(call: ApiRequest, behind: EvidenceKind) -> Evidence:
    context = call.context(CONTROLS)
    call.only(call.account.central)
    await context.evidence.check(behind, call.id)
    file = await uploads.take(call)
    added = await context.evidence.add(behind, call.id, file, call.account.account, call.now)
    await call.note("evidence", added.id, f"{behind} {call.id} {file.name}")
    return evidence_shown(added)


async def fetch(call: ApiRequest) -> web.Response:
    """Send a file to accounts that may see its card; every download is audited."""
    found = await _seen(call)
    answer = await uploads.send(call, found.file)
    await call.note("evidence-download", found.id, found.file.name)
    return answer


async def remove(call: ApiRequest) -> web.Response:
    """Delete a file that was added by mistake."""
    context = call.context(CONTROLS)
    call.only(call.account.central)
    found = await context.evidence.file(call.id)
    await context.evidence.remove(found.id)
    await uploads.drop(call, found.file.path)
    await call.note("evidence-removed", found.id, found.file.name)
    return web.Response(status=204)


async def _seen(call: ApiRequest) -> evidence.Evidence:
    found = await call.context(CONTROLS).evidence.file(call.id)
    await check_may_see(call, found.unit)
    return found


ROUTES = [
    Route(
        "POST",
        f"/directory/assessments/{ID}/files",
        add_to_assessment,
        "Add evidence of an assessment: the body is the file",
        Evidence,
        query=FileName,
        status=201,
        problems=(403, 404, 409, 413),
        upload=True,
    ),
    Route(
        "POST",
        f"/directory/documents/{ID}/files",
        add_to_exemption,
        "Add the file of a document: the body is the file",
        Evidence,
        query=FileName,
        status=201,
        problems=(403, 404, 409, 413),
        upload=True,
    ),
    Route(
        "GET",
        f"/directory/files/{ID}",
        fetch,
        "Fetch evidence",
        None,
        problems=(403, 404),
        media_type="application/octet-stream",
    ),
    Route("POST", f"/directory/files/{ID}/remove", remove, "Delete evidence", None, status=204, problems=(403, 404)),
]
