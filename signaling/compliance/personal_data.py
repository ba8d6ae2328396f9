"""Endpoints of a unit's personal data: export and erasure (I-10; Nghị định 13/2023/NĐ-CP, Điều 14 and 16)."""

from aiohttp import web

from scheduler.compliance import personal_data
from scheduler.files import csv_file
from signaling.accounts.visible_units import check_may_keep
from signaling.compliance.context import COMPLIANCE
from signaling.http.route import ID, ApiRequest, Model, Route
from signaling.http.uploads import attached

COLUMNS = ("Loại", "Họ và tên", "Số điện thoại", "Thư điện tử", "Chức danh", "Số phiên", "Còn cần")
KINDS: dict[personal_data.Kind, str] = {
    "in-charge": "phụ trách",
    "contact": "đầu mối phiên họp",
    "draft": "đầu mối đăng ký",
    "duty": "trực",
    "attendee": "dự họp",
    "chat": "tin nhắn",
    "vote": "biểu quyết",
}


class Held(Model):
    """Number of stored entries about people of a unit, and how many of them are no longer needed."""

    entries: int
    erasable: int


async def held(request: ApiRequest) -> Held:
    """Count the stored entries about a unit's people."""
    return _held(await _entries(request))


async def export(request: ApiRequest) -> web.Response:
    """Export the stored entries about a unit's people."""
    entries = await _entries(request)
    rows = [
        (KINDS[each.kind], each.name, each.phone, each.email, each.position, each.number, int(each.needed))
        for each in entries
    ]
    await request.note("personal-export", request.id, str(len(rows)))
    return attached(csv_file.file([COLUMNS, *rows]), "text/csv", "du-lieu-ca-nhan.csv")


async def erase(request: ApiRequest) -> Held:
    """Erase the entries that are no longer needed."""
    await check_may_keep(request, request.id)
    erased = await request.context(COMPLIANCE).personal_data.erase(request.id, request.now)
    await request.note("personal-erase", request.id, str(erased))
    return _held(await _entries(request))


async def _entries(request: ApiRequest) -> list[personal_data.PersonalRecord]:
    await check_may_keep(request, request.id)
    return await request.context(COMPLIANCE).personal_data.of(request.id, request.now)


def _held(entries: list[personal_data.PersonalRecord]) -> Held:
    return Held(entries=len(entries), erasable=sum(not each.needed for each in entries))


_REFUSED = (403, 404)
ROUTES = [
    Route("GET", f"/directory/units/{ID}/personal", held, "Personal data of a unit", Held, problems=_REFUSED),
    Route(
        "GET",
        f"/directory/units/{ID}/personal/export",
        export,
        "The same as CSV",
        None,
        problems=_REFUSED,
        media_type="text/csv",
    ),
    Route("POST", f"/directory/units/{ID}/personal/erase", erase, "Erase what is over", Held, problems=_REFUSED),
]
