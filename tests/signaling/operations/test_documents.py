"""Closing, handing over, documents and grants over a whole server (Điều 5.3, 15).

Also tests `closing.py`, `signaling/http/uploads.py`, `signaling/recording/handover.py`,
`scheduler/operations/closing/document_service.py` and `scheduler/operations/closing/documents.py`.
"""

import asyncio
import hashlib
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy.exc import OperationalError

from mediaserver.recording.encrypted_file import MARK
from scheduler.operations.closing.handover_service import HandoverService
from signaling.http import uploads
from tests.film import film
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, NOW, PATIENCE_S, World, problem_of

PDF = b"%PDF-1.7\nbao cao vu he thu\n"
HOURS = timedelta(hours=1)


async def get(client: ClientSession, path: str, status: int = 200) -> Any:
    async with client.get(f"/api/v1{path}") as response:
        assert response.status == status, await response.text()
        return await response.json() if status == 200 else None


async def post(client: ClientSession, path: str, body: dict[str, Any], status: int = 200) -> Any:
    async with client.post(f"/api/v1{path}", json=body) as response:
        assert response.status == status, await response.text()
        return await response.json() if status != 204 else None


async def shared(client: ClientSession, session: str) -> Any:
    """Return the documents of a session as a component sees them."""
    found = await get(client, f"/sessions/{session}/documents")
    assert not found["may_add"]
    return found["documents"]


async def test_lists_are_ticked_in_order_by_those_who_are_there(world: World) -> None:
    session = await world.session(NHA_TRANG)
    where = f"/sessions/{session.id}/closing"
    point = await world.signed_in("nhatrang")
    async with point.post(f"/api/v1{where}", json={"point": NHA_TRANG, "item": "ngat_nguon"}) as response:
        assert await problem_of(response) == (409, "closing-order")
        assert (await response.json())["detail"].endswith("tiếp theo là: Tắt thiết bị đầu cuối")
    sheet = await post(point, where, {"point": NHA_TRANG, "item": "tat_thiet_bi"})
    own = next(each for each in sheet["lists"] if each["point"] and each["point"]["id"] == NHA_TRANG)
    assert own["point"] == {"id": NHA_TRANG, "name": "UBND.Nha Trang", "label": "UBND thành phố Nha Trang"}
    assert (own["turn"], own["may_tick"], own["items"][0]["by"]) == ("ngat_nguon", True, "nhatrang")
    for body in ({"point": HOST, "item": "tat_thiet_bi"}, {"point": None, "item": "ket_thuc"}):
        await post(point, where, body, 403)
    operator = await world.signed_in("central")
    for item in ("ket_thuc", "tat_thiet_bi", "ngat_nguon"):
        sheet = await post(operator, where, {"item": item})
    assert (sheet["complete"], sheet["missing"], sheet["kind"], sheet["may_set_kind"]) == (True, 2, "giao_ban", True)
    sheet = await post(operator, f"/sessions/{session.id}/kind", {"kind": "so_ket"})
    assert sheet["kind"] == "so_ket" and sheet["kinds"]["so_ket"] == "Sơ kết"
    await get(await world.signed_in("dienkhanh"), where, 404)


async def test_a_document_is_fetched_by_points_that_the_host_allows(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, point, other = [await world.signed_in(name) for name in ("host", "nhatrang", "camranh")]
    where = f"/api/v1/sessions/{session.id}/documents?name=bao-cao-vu-he-thu.pdf"
    async with host.post(where, data=PDF) as response:
        added = await response.json()
        assert (response.status, added["name"], added["kind"], added["sha256"]) == (
            201,
            "bao-cao-vu-he-thu.pdf",
            "pdf",
            hashlib.sha256(PDF).hexdigest(),
        )
    async with point.post(where, data=PDF) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with host.post(where, data=b"MZ\x90") as response:
        assert await problem_of(response) == (422, "invalid")
    file = f"/documents/{added['id']}/content"
    await get(point, file, 403)
    assert [each["access"] for each in await shared(point, session.id)] == ["no"]
    ask = {"subject": added["id"], "text": "để chuẩn bị phát biểu"}
    wish = await post(point, f"/sessions/{session.id}/material-requests", ask, 201)
    assert (await shared(point, session.id))[0]["access"] == "asked"
    (material_request,) = await get(host, "/material-requests")
    assert (
        material_request["id"],
        material_request["subject_name"],
        material_request["may_answer"],
        material_request["answer"],
    ) == (
        wish["id"],
        "bao-cao-vu-he-thu.pdf",
        True,
        "waiting",
    )
    await post(other, f"/material-requests/{wish['id']}/answer", {"granted": True}, 404)
    await post(host, f"/material-requests/{wish['id']}/answer", {"granted": True})
    async with point.get(f"/api/v1{file}") as response:
        assert (await response.read(), response.headers["Content-Disposition"]) == (
            PDF,
            'attachment; filename="bao-cao-vu-he-thu.pdf"',
        )
    await get(other, file, 403)
    seen = [entry.actor for entry in await world.audited(50) if entry.action == "document-download"]
    assert seen == ["nhatrang"]
    await post(host, f"/material-requests/{wish['id']}/answer", {"granted": False})
    await get(point, file, 403)
    await post(host, f"/documents/{added['id']}/remove", {}, 204)
    assert not list(world.server.document_folder.iterdir())


async def test_r101_a_document_is_stored_encrypted_and_its_damage_is_in_the_audit_log(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host = await world.signed_in("host")
    async with host.post(f"/api/v1/sessions/{session.id}/documents?name=a", data=PDF) as response:
        added = await response.json()
    [file] = world.server.document_folder.iterdir()
    good = file.read_bytes()
    assert (good[: len(MARK)], PDF in good) == (MARK, False)
    for bad in (PDF + b"more", good[:-1] + bytes([good[-1] ^ 1])):
        file.write_bytes(bad)
        async with host.get(f"/api/v1/documents/{added['id']}/content") as response:
            assert await problem_of(response) == (409, "damaged")
    damage = [(e.actor, e.subject, e.detail) for e in await world.audited(9) if e.action == "document-damaged"]
    assert damage == [("host", added["id"], fault) for fault in ("was changed in chunk 0", "has another SHA-256")]
    file.write_bytes(good)
    async with host.get(f"/api/v1/documents/{added['id']}/content") as response:
        assert await response.read() == PDF


async def test_a_document_is_opened_to_all_points_until_a_time_but_not_to_other_units(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host = await world.signed_in("host")
    async with host.post(f"/api/v1/sessions/{session.id}/documents?name=a", data=PDF) as response:
        added = await response.json()
    where = f"/sessions/{session.id}/material-grants"
    await post(host, where, {"subject": added["id"], "units": ["574"]}, 422)
    until = (NOW + HOURS).isoformat()
    await post(host, where, {"subject": added["id"], "until": until}, 204)
    point = await world.signed_in("nhatrang")
    async with point.get(f"/api/v1/documents/{added['id']}/content") as response:
        assert await response.read() == PDF
    world.clock.advance(3600)
    await get(await world.signed_in("nhatrang"), f"/documents/{added['id']}/content", 403)


async def test_a_file_that_is_too_large_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_FILE", 1 << 20)
    session = await world.session(NHA_TRANG)
    host = await world.signed_in("host")
    async with host.post(
        f"/api/v1/sessions/{session.id}/documents?name=a", data=io.BytesIO(PDF + bytes(1 << 20))
    ) as response:
        assert await problem_of(response) == (413, "file-too-large")
    assert await get(host, f"/sessions/{session.id}/documents") == {"may_add": True, "documents": []}


async def recorded(world: World, session: str) -> str:
    """Make a recording of a session that is ready to download; return its id."""
    path = await world.server.recordings.begin(session, "Họp", ("UBND.Khanh Hoa", "56"), NOW)
    await asyncio.to_thread(film, Path(path), 0.2)
    await world.server.recordings.ended(path, 5, None)
    await world.server.remux_queue.idle()
    return (await world.recording_store.parts(session))[0].id


async def test_a_file_that_does_not_come_gets_408(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SILENT_SECONDS", 0.05)
    session, host = await world.session(NHA_TRANG), await world.signed_in("host")
    cookie = host.cookie_jar.filter_cookies(world.http.make_url("/"))["diemcau"].value
    head = f"POST /api/v1/sessions/{session.id}/documents?name=a HTTP/1.1\r\nHost: x\r\nCookie: diemcau={cookie}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", world.http.port)
    writer.write(f"{head}Content-Length: 60000\r\n\r\n%PDF-1.7".encode())
    async with asyncio.timeout(PATIENCE_S):
        assert (await reader.readline()).split()[1] == b"408"
    writer.close()


async def test_a_recording_is_handed_over_granted_and_let_go(  # A27
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH, recording=True)
    recording = await recorded(world, session.id)
    host, other = await world.signed_in("host"), await world.signed_in("camranh")
    await world.server.periodic_jobs.work()
    assert (await get(host, "/recordings"))[0]["handover"] is None  # the session is not over
    world.clock.advance(3 * 3600)
    await world.server.periodic_jobs.work()
    (row,) = await get(await world.signed_in("host"), "/recordings")
    assert (row["handover"]["standing"], row["handover"]["due"], row["handover"]["may_receive"]) == (
        "due",
        "2026-04-08T10:00:00Z",
        True,
    )
    confirm = f"/sessions/{session.id}/recording-received"
    await post(other, confirm, {"sha256": row["sha256"]}, 403)
    await post(host, confirm, {"sha256": "0" * 64}, 409)
    assert (await post(host, confirm, {"sha256": row["sha256"]}))["standing"] == "received"

    (hidden,) = await get(other, "/recordings")
    assert (hidden["access"], hidden["sha256"], hidden["thumbnail"], hidden["handover"]) == ("none", None, None, None)
    await post(other, f"/recordings/{recording}/link", {}, 403)
    wish = await post(
        other, f"/sessions/{session.id}/material-requests", {"subject": "recording", "text": "làm tư liệu"}, 201
    )
    until = (world.clock() + HOURS).isoformat()
    await post(host, f"/material-requests/{wish['id']}/answer", {"granted": True, "until": until})
    link = await post(other, f"/recordings/{recording}/link", {})
    async with other.get(link["url"]) as response:
        assert response.status == 200
    world.clock.advance(3600)
    await post(await world.signed_in("camranh"), f"/recordings/{recording}/link", {}, 403)

    mark_deleted = HandoverService.mark_deleted

    async def dies(*_: object) -> None:
        monkeypatch.setattr(HandoverService, "mark_deleted", mark_deleted)
        raise OperationalError("COMMIT", {}, OSError("the connection is closed"))

    monkeypatch.setattr(HandoverService, "mark_deleted", dies)
    path = Path((await world.recording_store.parts(session.id))[0].path)
    for days in (84, 7):
        assert path.exists()
        world.clock.advance(days * 86400)
        await world.server.periodic_jobs.work()
        await world.server.periodic_jobs.work()
    assert not path.exists()
    (recording_row,) = await get(await world.signed_in("host"), "/recordings")
    assert (recording_row["state"], recording_row["handover"]["standing"], recording_row["sha256"]) == (
        "deleted",
        "deleted",
        row["sha256"],
    )
    assert [entry.action for entry in await world.audited(20)].count("recording-deleted") == 1
