"""Difficulties and breaches over a whole server (Điều 20, 21.2)."""

import csv
import io
from datetime import timedelta

from signaling.core.audit_entry import AuditEntry
from tests.signaling.world import NHA_TRANG, World, problem_of


async def test_feedback_of_a_commune_is_listed_with_its_status(world: World) -> None:
    point = await world.signed_in("nhatrang")
    async with point.post("/api/v1/feedback", json={"text": "  Đường truyền  yếu buổi sáng "}) as response:
        feedback = await response.json()
        assert (response.status, feedback["text"], feedback["status"]) == (201, "Đường truyền yếu buổi sáng", "new")
    async with point.post("/api/v1/feedback", json={"text": " \u200b"}) as response:
        assert await problem_of(response) == (422, "invalid")
    operator = await world.signed_in("central")
    reply = {"status": "handled", "answer": "Đã nâng băng thông"}
    async with operator.post(f"/api/v1/feedback/{feedback['id']}", json=reply) as response:
        assert (await response.json())["answered_by"] == "central"
    for account, number in (("central", 1), ("nhatrang", 1), ("camranh", 0)):
        async with (await world.signed_in(account)).get("/api/v1/feedback") as response:
            listed = await response.json()
        assert [(each["status"], each["answer"]) for each in listed] == [("handled", "Đã nâng băng thông")] * number
    actions = [entry.action for entry in await world.audited(20) if entry.action.startswith("feedback")]
    assert actions == ["feedback-answer", "feedback"]


async def test_breaches_are_listed_by_unit_and_exported(world: World) -> None:
    session = await world.session(NHA_TRANG)
    world.clock.advance(timedelta(hours=5).total_seconds())
    operator = await world.signed_in("central")
    async with operator.get("/api/v1/breaches") as response:
        listed = await response.json()
    assert [(each["kind"], each["article"]) for each in listed] == [
        ("closing", "khoản 1 Điều 15"),
        ("closing", "khoản 1 Điều 15"),
    ]
    async with (await world.signed_in("nhatrang")).get("/api/v1/breaches") as response:
        assert [(each["kind"], each["point"]["name"]) for each in await response.json()] == [
            ("closing", "UBND.Nha Trang")
        ]
    async with operator.get("/api/v1/breaches/export") as response:
        rows = list(csv.DictReader(io.StringIO((await response.read()).decode("utf-8-sig"))))
    assert [row["Nội dung"] for row in rows] == ["Chưa hoàn tất kết thúc kỹ thuật"] * 2
    assert {row["Số phiên"] for row in rows} == {session.number}
    async with operator.get("/api/v1/breaches?from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:00Z") as response:
        assert await response.json() == []


async def test_r123_speakers_without_the_floor_are_listed_from_the_audit_log(world: World) -> None:
    session = await world.session(NHA_TRANG)
    entry = AuditEntry(world.clock(), "nhatrang", "speak-uninvited", session.id, "UBND.Nha Trang")
    await world.services.audit.append(entry)
    world.clock.advance(60)
    for account, number in (("central", 1), ("nhatrang", 1), ("camranh", 0)):
        async with (await world.signed_in(account)).get("/api/v1/breaches") as response:
            found = [(each["kind"], each["unit"]["id"], each["session"]["id"]) for each in await response.json()]
        assert found == [("uninvited", "568", session.id)] * number
