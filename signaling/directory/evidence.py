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


async def add_to_assessment(request: ApiRequest) -> Evidence:
    """Store a file of an assessment."""
    return await _add(request, "assessment")


async def add_to_exemption(request: ApiRequest) -> Evidence:
    """Store the file of a document that grants an exemption."""
    return await _add(request, "exemption")


async def _add(request: ApiRequest, behind: EvidenceKind) -> Evidence:
    context = request.context(CONTROLS)
    request.only(request.account.central)
    await context.evidence_files.check(behind, request.id)
    file = await uploads.take(request)
    added = await context.evidence_files.add(behind, request.id, file, request.account.account, request.now)
    await request.note("evidence", added.id, f"{behind} {request.id} {file.name}")
    return evidence_shown(added)


async def fetch(request: ApiRequest) -> web.Response:
    """Send a file to accounts that may see its card; every download is audited."""
    evidence = await _seen(request)
    response = await uploads.send(request, evidence.file)
    await request.note("evidence-download", evidence.id, evidence.file.name)
    return response


async def remove(request: ApiRequest) -> web.Response:
    """Delete a file that was added by mistake."""
    context = request.context(CONTROLS)
    request.only(request.account.central)
    evidence = await context.evidence_files.file(request.id)
    await context.evidence_files.remove(evidence.id)
    await uploads.drop(request, evidence.file.path)
    await request.note("evidence-removed", evidence.id, evidence.file.name)
    return web.Response(status=204)


async def _seen(request: ApiRequest) -> evidence.Evidence:
    evidence = await request.context(CONTROLS).evidence_files.file(request.id)
    await check_may_see(request, evidence.unit)
    return evidence


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
