"""Administrators register webhooks, which are told of facts, tested, paused and resumed; all of it is in the audit log.

Also tests `signaling/webhooks/sender.py`, and the example of docs/integration.md.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from scheduler.webhooks.events import RETRIES
from signaling.app.settings import Settings, read
from signaling.core.errors import SettingsError
from tests.signaling.webhooks.receiver import Receiver, receiving
from tests.signaling.world import NHA_TRANG, World, open_world, problem_of, wait_until

URL = "/api/v1/webhooks"
DOCS = Path(__file__).parents[3] / "docs" / "integration.md"


@dataclass
class Told:
    """A server with a webhook `portal`, what is told by it, and an administrator."""

    world: World
    receiver: Receiver
    admin: ClientSession
    secret: str

    async def post(self, path: str) -> None:
        """Post to an endpoint of an administrator."""
        async with self.admin.post(f"/api/v1/{path}", json={}) as response:
            assert response.status == 204, await response.text()

    async def deliveries(self) -> list[dict[str, Any]]:
        """Return the list of deliveries."""
        async with self.admin.get("/api/v1/webhook-deliveries") as response:
            listed: list[dict[str, Any]] = await response.json()
            return listed

    def told(self) -> list[str]:
        """Return the types of the events that came."""
        return [json.loads(body)["type"] for _, body in self.receiver.got]


@pytest.fixture
async def told(settings: Settings, tmp_path: Path) -> AsyncIterator[Told]:
    async with receiving(tmp_path) as receiver, open_world(replace(settings, webhooks=receiver.settings)) as world:
        admin = await world.signed_in("admin")
        new = {"name": "portal", "url": receiver.url, "events": ["session.started", "session.ended", "code.issued"]}
        async with admin.post(URL, json=new) as response:
            assert response.status == 201, await response.text()
            secret = (await response.json())["secret"]
        yield Told(world, receiver, admin, secret)


def documented(now: datetime) -> Callable[[dict[str, str], bytes, str], bool]:
    """Return the check of a signature that docs/integration.md shows."""
    [code] = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    names["time"] = type("Clock", (), {"time": staticmethod(now.timestamp)})
    found: Callable[[dict[str, str], bytes, str], bool] = names["genuine"]
    return found


async def test_a_meeting_is_told_and_its_signature_can_be_checked(told: Told) -> None:
    session = await told.world.session(NHA_TRANG)
    await told.world.join("host", session)
    await told.world.tick(3 * 3600)
    await told.world.server.meetings.dependencies.state_writer.stop()  # once it has written
    told.world.server.webhook_sender.wake()
    await wait_until(lambda: told.told() == ["code.issued", "session.started", "session.ended"])
    headers, body = told.receiver.got[0]
    lower = {name.lower(): value for name, value in headers.items()}
    now = told.world.clock()
    genuine = documented(now)
    assert genuine(lower, body, told.secret)
    assert not genuine(lower, body + b" ", told.secret)
    assert not genuine(lower | {"webhook-timestamp": str(int(now.timestamp()) - 301)}, body, told.secret)
    assert session.code and session.code.encode() not in body


async def test_a_webhook_is_tested_paused_resumed_and_removed(told: Told) -> None:
    await told.post("webhooks/portal/test")
    await wait_until(lambda: told.told() == ["webhook.test"])
    told.receiver.status = 410
    await told.post("webhooks/portal/test")
    await told.world.server.webhook_sender.idle()
    async with told.admin.get(URL) as response:
        [listed] = await response.json()
    assert (listed["paused"], listed["made_by"]) == ("2026-04-06T01:00:00Z", "admin")
    assert [(each["state"], each["error"]) for each in await told.deliveries()] == [
        ("failed", "http 410"),
        ("sent", ""),
    ]
    told.receiver.status = 200
    await told.post("webhooks/portal/resume")
    await told.world.server.webhook_sender.idle()
    assert {each["state"] for each in await told.deliveries()} == {"sent"}
    await told.post(f"webhook-deliveries/{(await told.deliveries())[0]['id']}/again")
    await told.world.server.webhook_sender.idle()
    ids = [headers["webhook-id"] for headers, _ in told.receiver.got]
    assert [ids.index(each) for each in ids] == [0, 1, 1, 1]
    await told.post("webhooks/portal/remove")
    assert await told.deliveries() == []
    actions = [(entry.actor, entry.action, entry.detail) for entry in await told.world.audited(20)]
    origin = told.receiver.url.removesuffix("/hook")
    assert [each for each in actions if each[1].startswith("webhook")] == [
        ("admin", "webhook-remove", ""),
        ("admin", "webhook-again", "2"),
        ("admin", "webhook-resume", ""),
        ("server", "webhook-paused", "http 410"),
        ("admin", "webhook-test", ""),
        ("admin", "webhook-test", ""),
        ("admin", "webhook-add", f"{origin} session.started,session.ended,code.issued"),
    ]


async def test_a_webhook_is_changed_and_paused_by_hand(told: Told) -> None:
    changed = {"url": told.receiver.url + "2", "events": ["code.revoked"]}
    await told.post("webhooks/portal/pause")
    await told.post("webhooks/portal/pause")
    async with told.admin.post(f"{URL}/portal/change", json=changed) as response:
        assert response.status == 204
    async with told.admin.get(URL) as response:
        [listed] = await response.json()
    assert (listed["url"], listed["events"], listed["paused"]) == (*changed.values(), "2026-04-06T01:00:00Z")
    await told.world.session(NHA_TRANG)
    await told.post("webhooks/portal/test")
    await told.world.server.webhook_sender.idle()
    assert told.receiver.got == []
    await told.post("webhooks/portal/resume")
    await told.world.server.webhook_sender.idle()
    assert (told.told(), told.receiver.paths) == (["webhook.test"], ["/hook2"])
    async with told.admin.post(f"{URL}/portal/change", json={**changed, "url": "https://192.168.1.1/"}) as response:
        assert [each["field"] for each in (await response.json())["errors"]] == ["url"]
    noted = [(each.action, each.detail) for each in await told.world.audited(20) if each.actor == "admin"]
    origin = told.receiver.url.removesuffix("/hook")
    assert ("webhook-change", f"{origin} code.revoked") in noted
    assert [action for action, _ in noted].count("webhook-pause") == 1


async def test_a_secret_before_signs_for_a_day(told: Told) -> None:
    async with told.admin.post(f"{URL}/portal/rotate", json={}) as response:
        assert response.status == 201
        rotated = await response.json()
    assert rotated["until"] == "2026-04-07T01:00:00Z"
    async with told.admin.get(URL) as response:
        assert [each["before_until"] for each in await response.json()] == [rotated["until"]]
    valid: list[list[bool]] = []
    for hours in (0, 23, 1):
        told.world.clock.advance(hours * 3600)
        await told.world.services.webhooks.test("portal", told.world.clock())
        told.world.server.webhook_sender.wake()
        await told.world.server.webhook_sender.idle()
        headers, body = told.receiver.got[-1]
        genuine = documented(told.world.clock())
        lower = {name.lower(): value for name, value in headers.items()}
        valid.append([genuine(lower, body, secret) for secret in (rotated["secret"], told.secret)])
    assert valid == [[True, True], [True, True], [True, False]]
    await told.world.services.webhooks.prune(told.world.clock())
    [kept] = await told.world.services.webhooks.all()
    assert kept.before_until is None


async def test_one_that_fails_is_tried_again_later(told: Told) -> None:
    told.receiver.status = 500
    for _ in range(2):
        await told.post("webhooks/portal/test")
    await told.world.server.webhook_sender.idle()
    tries = len(told.receiver.got)
    assert 1 <= tries <= 2
    told.receiver.status = 200
    told.world.clock.advance(RETRIES[0].total_seconds())
    told.world.server.webhook_sender.wake()
    await wait_until(lambda: len(told.receiver.got) == tries + 2)
    await told.world.server.webhook_sender.idle()
    assert {each["state"] for each in await told.deliveries()} == {"sent"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": "http://portal.example/"}, "url"),
        ({"url": "https://192.168.1.1/"}, "url"),
        ({"name": "portal"}, "name"),
        ({"name": "Portal"}, "name"),
        ({"events": []}, "events"),
        ({"events": ["session.code"]}, "events.0"),
    ],
)
async def test_a_faulty_webhook_is_refused(told: Told, fields: dict[str, Any], field: str) -> None:
    new = {"name": "agenda", "url": "https://agenda.example/", "events": ["code.issued"], **fields}
    async with told.admin.post(URL, json=new) as response:
        assert (response.status, [each["field"] for each in (await response.json())["errors"]]) == (422, [field])


async def test_things_that_are_not_there(told: Told) -> None:
    words = ("test", "pause", "resume", "rotate", "remove")
    for path in (
        *(f"webhooks/nobody/{word}" for word in words),
        "webhook-deliveries/77/again",
        "webhook-deliveries/x/again",
    ):
        async with told.admin.post(f"/api/v1/{path}", json={}) as response:
            assert await problem_of(response) == (404, "not-found")
    changed = {"url": "https://agenda.example/", "events": ["code.issued"]}
    async with told.admin.post(f"{URL}/nobody/change", json=changed) as response:
        assert await problem_of(response) == (404, "not-found")


def test_the_configuration_names_networks(tmp_path: Path) -> None:
    assert read({}).webhooks.networks == ()
    found = read({"DIEMCAU_WEBHOOK_NETWORKS": "10.57.0.0/16, fd00::/8"}).webhooks
    assert [str(each) for each in found.networks] == ["10.57.0.0/16", "fd00::/8"]
    with pytest.raises(SettingsError, match="WEBHOOK_NETWORKS"):
        read({"DIEMCAU_WEBHOOK_NETWORKS": "10.57.0.1/16"})
