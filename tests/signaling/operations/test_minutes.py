"""The draft of minutes over the API: of a meeting that was held, for its host alone, in the audit log."""

import io
from datetime import timedelta

from openpyxl import load_workbook

from scheduler.core.model import ScriptItem
from tests.docx_reader import paragraphs
from tests.signaling.world import CAM_RANH, NHA_TRANG, World, problem_of

ITEMS = (
    ScriptItem("open", "Khai mạc", None, None, 10, "speech"),
    ScriptItem("report", "Nha Trang báo cáo", NHA_TRANG, None, 15, "speech"),
)


async def test_minutes_are_drafted_from_what_the_meeting_recorded(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    await world.services.scheduler.set_script(session.id, ITEMS, world.clock())
    host, _ = await world.join("host", session)
    await world.join("central", session)
    point, seated = await world.join("nhatrang", session)
    await host.send(type="step", to="open")
    await host.until(lambda got: got["type"] == "script" and got["at"] == "open")
    world.clock.advance(120)
    await host.send(type="step", to="report")
    await host.seat(seated["seat"], floor=True)
    await host.ask(type="chat", text="Giải lao lúc 09 giờ", to=None)  # after all that the step brought about
    world.server.meetings.meetings[session.id].state.speaker_changed(seated["seat"])
    for _ in range(11):
        await world.tick(1)
    world.clock.advance(49)
    await point.send(type="leave")
    await host.seat(NHA_TRANG, here=False)
    await host.ask(type="end")

    client = await world.signed_in("host")
    async with client.get(f"/api/v1/sessions/{session.id}/speaking") as response:
        spoken = [(each["point"], each["seconds"]) for each in await response.json()]
    assert spoken == [(NHA_TRANG, 10)]
    async with client.get(f"/api/v1/sessions/{session.id}/lists/export", params={"format": "xlsx"}) as response:
        sheet = load_workbook(io.BytesIO(await response.read()))["Thời gian nói"]
    assert list(sheet.iter_rows(min_row=3, values_only=True)) == [("UBND.Nha Trang", "UBND thành phố Nha Trang", 10)]
    async with client.get(f"/api/v1/sessions/{session.id}") as response:
        assert (await response.json())["may_draft_minutes"]
    async with client.get(f"/api/v1/sessions/{session.id}/minutes") as response:
        assert response.headers["Content-Disposition"] == f'attachment; filename="{session.number}-bien-ban.docx"'
        draft = paragraphs(await response.read())
    begun = draft.index("1. Diễn biến theo kịch bản")
    assert draft[begun : begun + 14] == [
        "1. Diễn biến theo kịch bản",
        "1) Khai mạc (UBND tỉnh Khánh Hòa): dự kiến 10 phút; thực tế 2 phút (08 giờ 00 – 08 giờ 02).",
        "Nội dung, ý kiến: ……………………",
        "2) Nha Trang báo cáo (UBND thành phố Nha Trang): dự kiến 15 phút; thực tế 1 phút (08 giờ 02 – 08 giờ 03).",
        "- UBND thành phố Nha Trang được mời phát biểu 08 giờ 02 – 08 giờ 03.",
        "Nội dung, ý kiến: ……………………",
        "2. Thời lượng phát biểu của các điểm cầu",
        "Điểm cầu", "Lượt được mời", "Thời gian được mời", "Thời gian nói",
        "UBND thành phố Nha Trang", "1", "1 phút",
    ]  # fmt: skip
    assert "- 08 giờ 02: Giải lao lúc 09 giờ" in draft
    (entry,) = await world.audited(1)
    assert (entry.actor, entry.action, entry.subject, entry.detail) == ("host", "minutes", session.id, session.number)


async def test_minutes_are_for_the_host_once_the_meeting_has_begun(world: World) -> None:
    session = await world.session(NHA_TRANG, start=timedelta(hours=1))
    path = f"/api/v1/sessions/{session.id}/minutes"
    async with (await world.signed_in("nhatrang")).get(path) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with (await world.signed_in("host")).get(path) as response:
        assert await problem_of(response) == (409, "not-over")
