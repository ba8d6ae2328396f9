"""A change and its entry in the audit log are made together, or neither is (decision 151)."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from scheduler.core import schema as scheduler_schema
from signaling.audit.log import AuditLog
from signaling.core import schema as signaling_schema
from tests.signaling.booking.queue_calls import REASON, full, hours, refused, sent
from tests.signaling.request_bodies import SCRIPT, registration
from tests.signaling.world import NHA_TRANG, NOW, World


async def stored(world: World) -> dict[str, list[Any]]:
    """Return all rows of all tables."""
    tables = (*scheduler_schema.METADATA.sorted_tables, *signaling_schema.METADATA.sorted_tables)
    async with world.services.database.connect() as db:
        return {table.name: [tuple(row) for row in await db.execute(select(table))] for table in tables}


async def test_without_its_entry_in_the_audit_log_a_change_is_not_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = {name: await world.signed_in(name) for name in ("central", "host", "nhatrang", "admin", "agriculture")}
    first, _, waiting = await full(clients["central"])
    plan = await sent(clients["central"], f"/sessions/{waiting['id']}/hold")
    live = (await world.session(NHA_TRANG)).id
    draft = await world.services.drafts.add("so.nnptnt", "form", "xa", registration(), NOW)
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("central", f"/sessions/{waiting['id']}/confirm", {"version": plan["version"], "reason": REASON}),
        ("central", "/registrations", registration(official=hours("08:00", "10:00", "2026-04-09"))),
        ("central", f"/sessions/{first['id']}/amend", {"title": "Họp kín", "reason": REASON}),
        ("central", f"/sessions/{first['id']}/cancel", {"reason": REASON}),
        ("central", "/capacity/steps", {"sessions": 20, "points": 300, "reason": REASON}),
        ("central", f"/emergencies/{live}/acknowledge", {}),
        ("host", f"/sessions/{live}/extend", {"steps": 1}),
        ("host", f"/sessions/{live}/script", {"items": SCRIPT}),
        ("agriculture", f"/drafts/{draft.id}/discard", {"reason": REASON}),
        ("nhatrang", "/incidents", {"session": live, "kind": "device", "point": NHA_TRANG}),
        ("admin", "/directory/accounts/office/roles", {"roles": ["administrator"], "reason": REASON}),
    ]
    before = await stored(world)

    async def away(*_: object) -> None:
        raise OperationalError("INSERT", {}, OSError("the connection is closed"))

    with monkeypatch.context() as patch:
        patch.setattr(AuditLog, "append_with", away)
        for account, path, body in calls:
            assert (path, await refused(clients[account], path, body)) == (path, (503, "unavailable"))
    assert await stored(world) == before
    for account, path, body in calls:
        async with clients[account].post(f"/api/v1{path}", json=body) as response:
            assert (path, response.status // 100) == (path, 2)
    noted = ["confirm", "register", "amend", "cancel", "capacity", "acknowledge", "extend", "script", "discard"]
    actions = [each.action for each in await world.audited(len(calls))]
    assert sorted(actions) == sorted([*noted, "incident", "roles"])
