"""Webhooks on both databases are told with the fact, retried at growing intervals, paused, resumed, and bounded.

Also tests `events.py` and `service.py`.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.model import Amount
from scheduler.notifications import outbox as notices
from scheduler.notifications.wording import Channels
from scheduler.operations.closing.handover_service import HandoverService
from scheduler.operations.incidents.model import FaultReport
from scheduler.operations.incidents.service import IncidentService
from scheduler.webhooks import outbox
from scheduler.webhooks.events import EVENT_TYPES, RETRIES, EventType, body_of
from scheduler.webhooks.outbox import RETENTION, Delivery, Undelivered, Webhook
from scheduler.webhooks.schema import WEBHOOKS
from scheduler.webhooks.service import MOST, Webhooks
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import CIPHER, NOW, REQUEST, on

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PORTAL = Webhook("portal", "https://portal.example/hook", EVENT_TYPES, NOW, "admin")
SPAN = timedelta(hours=51, minutes=36, seconds=10)
"""Time from the first try to the last one."""


@dataclass
class Told:
    """A scheduler, services of facts, and a webhook that wants every event."""

    engine: AsyncEngine
    scheduler: Scheduler
    webhooks: Webhooks

    async def deliveries(self, webhook: str = "portal") -> list[Delivery]:
        """Return what waits for a webhook."""
        return (await self.webhooks.due(NOW + timedelta(days=9), 500)).get(webhook, [])

    async def events(self, webhook: str = "portal") -> list[str]:
        """Return the types of what waits for a webhook."""
        return [each.event for each in await self.deliveries(webhook)]

    async def data(self) -> dict[str, Any]:
        """Return the data of the last body."""
        body: dict[str, Any] = json.loads((await self.deliveries())[-1].body)
        assert body["type"] == (await self.deliveries())[-1].event
        data: dict[str, Any] = body["data"]
        return data


@pytest.fixture
async def told(seeded_url: str) -> AsyncIterator[Told]:
    engine = database.connect(seeded_url, CIPHER)
    webhooks = Webhooks(engine, PROFILES, Channels(mail=True))
    assert await webhooks.add(PORTAL, SECRET)
    yield Told(engine, Scheduler(engine, PROFILES, Amount(2, 10)), webhooks)
    await engine.dispose()


async def test_each_fact_is_told_once_without_code_and_title(told: Told) -> None:
    session = await told.scheduler.submit(REQUEST, NOW)
    assert await told.events() == ["session.registered", "code.issued"]
    assert await told.data() == {
        "session": {
            "id": session.id,
            "number": session.number,
            "state": "issued",
            "host_unit": "so.tttt",
            "host_point": "so.tttt",
            "start": "2023-04-05T01:00:00Z",
            "end": "2023-04-05T02:00:00Z",
        }
    }
    later = replace(REQUEST, official=on("05/04/2023", "08:00", "10:00"))
    await told.scheduler.amend(session.id, later, NOW)
    await told.scheduler.opened(session.id, NOW)
    await told.scheduler.cancel(session.id, NOW)
    assert (await told.events())[2:] == ["session.changed", "session.started", "session.cancelled"]
    assert (await told.data())["session"]["state"] == "cancelled"
    bodies = "".join(each.body for each in await told.deliveries())
    assert session.code and session.code not in bodies and REQUEST.title not in bodies
    assert REQUEST.contact_name not in bodies


async def test_revoked_codes_are_told(told: Told) -> None:
    first = await told.scheduler.submit(REQUEST, NOW)
    assert await told.scheduler.operator.set_capacity(NOW, Amount(1, 1), NOW) == (first.id,)
    assert await told.scheduler.operator.shed([first.id], NOW) is None
    revoked = [each for each in await told.deliveries() if each.event == "code.revoked"]
    assert [json.loads(each.body)["data"]["session"]["id"] for each in revoked] == [first.id]


async def test_what_is_rolled_back_is_not_told(told: Told) -> None:
    session = await told.scheduler.submit(REQUEST, NOW)

    async def fail() -> None:
        async with database.writing(told.engine) as db:
            await outbox.tell(db, "session.ended", session.id, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.writing(told.engine) as db:
        await outbox.tell(db, "session.ended", "test:so.tttt", NOW)  # a test room is no session
    assert await told.events() == ["session.registered", "code.issued"]


async def test_recordings_and_incidents_are_told(told: Told) -> None:
    session = await told.scheduler.submit(REQUEST, NOW)
    handovers = HandoverService(told.engine, PROFILES, Channels())
    await handovers.open(session.id, "ab" * 32, NOW)
    await handovers.open(session.id, "ab" * 32, NOW)
    assert (await told.data())["recording"] == {"sha256": "ab" * 32}
    await handovers.mark_deleted(session.id, NOW)
    incidents = IncidentService(told.engine)
    report = FaultReport(session.id, "no-sound", "nt.xuonghuan", "gọi 0905123456", "host")
    incident = await incidents.report(report, NOW)
    await incidents.report(report, NOW + timedelta(seconds=10))
    await incidents.act(incident.id, "taken", "central", "", NOW)
    await incidents.act(incident.id, "resolved", "central", "", NOW)
    assert (await told.data())["incident"] == {
        "id": incident.id,
        "point": "nt.xuonghuan",
        "kind": "no-sound",
        "level": 1,
        "state": "resolved",
        "opened": "2023-04-03T01:00:00Z",
        "resolved": "2023-04-03T01:00:00Z",
    }
    await incidents.act(incident.id, "noted", "central", "", NOW)
    await incidents.act(incident.id, "reopened", "central", "", NOW)
    opened_again = ["incident.opened", "incident.closed", "incident.opened"]
    assert (await told.events())[2:] == ["recording.ready", "recording.deleted", *opened_again]
    assert "0905123456" not in "".join(each.body for each in await told.deliveries())


async def test_a_webhook_is_told_what_it_wants(told: Told) -> None:
    wanted: tuple[EventType, ...] = ("code.issued", "session.ended")
    assert await told.webhooks.add(replace(PORTAL, name="agenda", events=wanted), SECRET)
    await told.scheduler.submit(REQUEST, NOW)
    assert await told.events("agenda") == ["code.issued"]
    one, other = (await told.deliveries())[-1], (await told.deliveries("agenda"))[0]
    assert one.body == other.body
    assert one.message != other.message
    assert await told.webhooks.remove("agenda")
    assert await told.webhooks.all() == [PORTAL]
    assert await told.events("agenda") == []


async def test_a_delivery_is_tried_at_growing_intervals_and_then_given_up(told: Told) -> None:
    await told.webhooks.test("portal", NOW)
    now, tried = NOW, []
    while due := await told.webhooks.due(now, 5):
        [delivery] = due["portal"]
        tried.append(now - NOW)
        paused = await told.webhooks.failed(delivery, "http 500", now)
        assert paused == (len(tried) == 1 + len(RETRIES))
        if not paused:
            now += RETRIES[len(tried) - 1]
            assert await told.webhooks.due(now - timedelta(seconds=1), 5) == {}
    assert (len(tried), tried[-1]) == (10, SPAN)
    [given_up] = await told.webhooks.newest(5)
    assert (given_up.state, given_up.error, given_up.tries) == ("failed", "http 500", 10)
    assert [each.paused for each in await told.webhooks.all()] == [now]
    async with told.engine.begin() as db:
        [notice] = await notices.due(db, now, 5)
    assert (notice.kind, notice.unit, notice.facts.reason) == ("webhook-paused", "so.tttt", "portal: http 500")

    await told.webhooks.test("portal", now)
    assert await told.webhooks.due(now, 5) == {}
    assert await told.webhooks.resume("portal", now)
    assert not await told.webhooks.resume("portal", now)
    missed = (await told.webhooks.due(now, 5))["portal"]
    assert [(each.message == given_up.message, each.tries) for each in missed] == [(True, 0), (False, 0)]


async def test_a_final_refusal_pauses_at_once(told: Told) -> None:
    assert await told.webhooks.undelivered() == Undelivered(0, None, 0, 0)
    for minutes in range(2):
        await told.webhooks.test("portal", NOW + timedelta(minutes=minutes))
    first, second = await told.deliveries()
    assert await told.webhooks.undelivered() == Undelivered(2, NOW, 0, 0)
    assert await told.webhooks.failed(first, "http 410", NOW, final=True)
    assert await told.webhooks.undelivered() == Undelivered(1, second.created, 1, 1)
    assert not await told.webhooks.failed(second, "http 410", NOW, final=True)


async def test_one_that_was_sent_is_sent_again_under_the_same_id(told: Told) -> None:
    await told.webhooks.test("portal", NOW)
    [delivery] = await told.deliveries()
    await told.webhooks.done(delivery, NOW)
    assert await told.deliveries() == []
    [sent] = await told.webhooks.newest(5)
    assert (sent.state, sent.sent, sent.tries) == ("sent", NOW, 1)
    assert await told.webhooks.again(delivery.id, NOW) == "portal"
    assert await told.webhooks.again(999, NOW) is None
    [repeated] = await told.deliveries()
    assert (repeated.message, repeated.body) == (delivery.message, delivery.body)


async def test_what_is_stored_is_bounded(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 2)
    for _ in range(3):
        await told.webhooks.test("portal", NOW)
    assert len(await told.deliveries()) == 2
    assert [each.error for each in await told.webhooks.newest(5)] == ["outbox-full", "", ""]
    await told.webhooks.prune(NOW + RETENTION)
    assert len(await told.webhooks.newest(5)) == 3
    await told.webhooks.prune(NOW + RETENTION + timedelta(seconds=1))
    assert await told.webhooks.newest(5) == []
    added = [await told.webhooks.add(replace(PORTAL, name=f"n{number}"), SECRET) for number in range(MOST)]
    assert added == [True] * (MOST - 1) + [False]
    assert not await told.webhooks.add(PORTAL, SECRET)


async def test_the_secret_is_stored_encrypted(told: Told) -> None:
    async with told.engine.begin() as db:
        sealed: str = (await db.execute(select(WEBHOOKS.c.sealed))).scalar_one()
    assert SECRET not in sealed
    assert await told.webhooks.secrets("portal", NOW) == [SECRET]


def test_a_body_holds_plain_values_alone() -> None:
    with pytest.raises(TypeError, match="set in a body"):
        body_of("session.ended", NOW, {"session": set()})
