"""The header Idempotency-Key: a request that comes twice, at once, later or after a crash, is carried out once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession
from sqlalchemy import func, select

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.code_encryption import CodeCipher
from signaling.app.api_table import MODELS, PREFIX, ROUTES
from signaling.app.settings import Settings
from signaling.core.errors import InProgress, ResponseLost
from signaling.http import idempotency
from signaling.http.idempotency import Idempotency, Keyed, StoredResponse
from signaling.http.openapi import document, public_path
from signaling.http.schema import IDEMPOTENCY
from tests.signaling.request_bodies import registration
from tests.signaling.world import NHA_TRANG, NOW, World, open_world, problem_of

URL = "/api/v1/registrations"
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
REPLAYED = "Idempotent-Replayed"
READING = {
    "/audit/check", "/capacity/impact", "/scripts/preview", "/scripts/export", "/speed", "/profiles/preview",
    "/directory/tables/{id}/preview", "/recordings/{id}/link",
    "/displays/{id}/command", "/cascade/neighbours", "/tokens", "/webhooks",
    "/webhooks/{id}/rotate",
}  # fmt: skip
"""POSTs that only ask, change what is in memory alone, or carry a key that may not be stored."""


async def post(client: ClientSession, url: str, body: dict[str, Any], key: str = KEY) -> ClientResponse:
    response = await client.post(url, json=body, headers={"Idempotency-Key": key})
    await response.read()
    return response


async def sessions(client: ClientSession) -> list[dict[str, Any]]:
    async with client.get("/api/v1/sessions") as response:
        found: list[dict[str, Any]] = await response.json()
        return found


async def test_the_same_request_twice_makes_one_session_and_answers_alike(world: World) -> None:
    client = await world.signed_in("host")
    first, second = [await post(client, URL, registration(), key) for key in (KEY, f'"{KEY}"')]
    assert (first.status, second.status) == (201, 201)
    assert await first.json() == await second.json()
    assert (first.headers.get(REPLAYED), second.headers.get(REPLAYED)) == (None, "true")
    assert [each["id"] for each in await sessions(client)] == [(await first.json())["id"]]


async def test_without_a_key_or_with_another_one_it_is_another_request(world: World) -> None:
    client = await world.signed_in("host")
    for key in (KEY, KEY[::-1]):
        assert (await post(client, URL, registration(), key)).status == 201
    async with client.post(URL, json=registration()) as response:
        assert response.status == 201
    assert len(await sessions(client)) == 3


async def test_a_key_is_bound_to_what_was_asked(world: World) -> None:
    client = await world.signed_in("host")
    made = await (await post(client, URL, registration())).json()
    amend = f"/api/v1/sessions/{made['id']}/amend"
    for url, body in ((URL, registration(title="Khác")), (amend, {"title": "Khác"})):
        assert await problem_of(await post(client, url, body)) == (422, "key-reused")
    assert [each["title"] for each in await sessions(client)] == ["Họp"]


async def test_a_key_is_its_accounts_own(world: World) -> None:
    for account in ("host", "central"):
        assert (await post(await world.signed_in(account), URL, registration())).status == 201
    assert len(await sessions(await world.signed_in("central"))) == 2


@pytest.mark.parametrize("key", ["short", "x" * 101, "with a blank in it", "é" * 20])
async def test_a_malformed_key_is_refused(world: World, key: str) -> None:
    client = await world.signed_in("host")
    assert await problem_of(await post(client, URL, registration(), key)) == (422, "invalid")
    assert await sessions(client) == []


async def test_ten_at_once_make_one_session(world: World) -> None:
    clients = [await world.signed_in("host") for _ in range(10)]
    responses = await asyncio.gather(*(post(client, URL, registration()) for client in clients))
    made = [response for response in responses if response.status == 201]
    refused = [await problem_of(response) for response in responses if response.status != 201]
    assert made
    assert refused == [(409, "in-progress")] * (10 - len(made))
    [session] = await sessions(clients[0])
    assert {(await response.json())["id"] for response in made} == {session["id"]}
    assert all(response.headers["Retry-After"] == "2" for response in responses if response.status == 409)


async def test_extending_twice_under_one_key_extends_once(world: World) -> None:
    session = await world.session(NHA_TRANG)
    world.clock.advance(60)
    client = await world.signed_in("central")
    ends = []
    for key in (KEY, KEY, KEY[::-1]):
        response = await post(client, f"/api/v1/sessions/{session.id}/extend", {"steps": 1}, key)
        ends.append((await response.json())["official"]["end"])
    assert ends == ["2026-04-06T03:15:00Z", "2026-04-06T03:15:00Z", "2026-04-06T03:30:00Z"]


async def test_a_server_that_starts_again_gives_the_answer_again(settings: Settings) -> None:
    responses = []
    for _ in range(2):
        async with open_world(settings) as world:
            client = await world.signed_in("host")
            responses.append(await (await post(client, URL, registration())).json())
            assert len(await sessions(client)) == 1
    assert responses[0] == responses[1]


async def test_a_refusal_that_changed_nothing_frees_the_key(world: World) -> None:
    client = await world.signed_in("host")
    assert await problem_of(await post(client, URL, registration(title=" "))) == (422, "invalid")
    assert (await post(client, URL, registration())).status == 201


async def test_a_refusal_on_record_is_recorded_once(world: World) -> None:
    client, office = await world.signed_in("host"), await world.signed_in("central")
    late = registration(official={"start": "2026-04-06T02:00:00Z", "end": "2026-04-06T03:00:00Z"})
    responses = [await post(client, URL, late) for _ in range(2)]
    assert [await problem_of(reply) for reply in responses] == [(409, "late")] * 2
    assert await responses[0].json() == await responses[1].json()
    async with office.get("/api/v1/refusals") as response:
        assert len(await response.json()) == 1


async def test_a_fault_of_ours_before_anything_was_committed_frees_the_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise TimeoutError

    client = await world.signed_in("host")
    with monkeypatch.context() as patched:
        patched.setattr(Scheduler, "submit", broken)
        assert await problem_of(await post(client, URL, registration())) == (503, "unavailable")
    assert (await post(client, URL, registration())).status == 201


async def test_a_fault_of_ours_after_the_commit_makes_no_second_session(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise TimeoutError

    client = await world.signed_in("host")
    with monkeypatch.context() as patched:
        patched.setattr("signaling.booking.sessions.wire", broken)
        assert await problem_of(await post(client, URL, registration())) == (503, "unavailable")
    for _ in range(2):
        assert await problem_of(await post(client, URL, registration())) == (409, "answer-lost")
    assert len(await sessions(client)) == 1


async def test_stored_responses_are_encrypted(world: World) -> None:
    client = await world.signed_in("host")
    made = await (await post(client, URL, registration())).json()
    async with world.services.database.connect() as db:
        [row] = (await db.execute(select(IDEMPOTENCY))).all()
    assert (row.account, row.key, row.status, row.done) == ("host", KEY, 201, True)
    assert made["code"] not in row.answer
    assert made["title"] not in row.answer


async def test_keys_are_forgotten_after_a_day(world: World) -> None:
    client = await world.signed_in("host")
    far = registration(official={"start": "2026-04-20T01:00:00Z", "end": "2026-04-20T02:00:00Z"})
    first = await (await post(client, URL, far)).json()
    world.clock.advance(idempotency.LASTS.total_seconds() - 1)
    client = await world.signed_in("host")
    assert await (await post(client, URL, far)).json() == first
    world.clock.advance(1)
    assert (await (await post(client, URL, far)).json())["id"] != first["id"]


def test_every_call_that_changes_more_than_the_own_account_takes_a_key() -> None:
    paths = document(PREFIX, ROUTES, MODELS)["paths"]
    takes = {
        path
        for path, calls in paths.items()
        if any(each["name"] == "Idempotency-Key" for each in calls.get("post", {}).get("parameters", []))
    }
    ours = [route for route in ROUTES if route.method == "POST" and route.access in {"signed-in", "provider"}]
    assert takes == {public_path(route.path) for route in ours if not (route.upload or route.own)} - READING


# The record alone, as several processes see it.


async def test_a_key_that_is_taken_over_makes_the_first_transaction_fail(settings: Settings) -> None:
    async with open_world(settings) as world:
        one, two = Idempotency(world.services.database), Idempotency(world.services.database)
        request = Keyed("host", KEY, "f" * 64)
        began, goes_on = asyncio.Event(), asyncio.Event()

        async def slow() -> StoredResponse:
            began.set()
            await goes_on.wait()
            async with database.writing(world.services.database):
                pass
            return StoredResponse(201, "{}")

        async def quick() -> StoredResponse:
            async with database.writing(world.services.database):
                pass
            return StoredResponse(201, '{"of": "two"}')

        first = asyncio.create_task(one.once(request, NOW, slow, lambda _: None))
        await began.wait()
        assert await two.once(request, NOW, quick, lambda _: None) == StoredResponse(201, '{"of": "two"}')
        goes_on.set()
        with pytest.raises(InProgress):
            await first
        assert await one.once(request, NOW, slow, lambda _: None) == StoredResponse(201, '{"of": "two"}', replayed=True)


async def test_a_request_that_a_dead_process_had_committed_is_not_done_again(settings: Settings) -> None:
    async with open_world(settings) as world:
        request = Keyed("host", KEY, "f" * 64)

        async def killed() -> StoredResponse:
            async with database.writing(world.services.database):
                pass
            await asyncio.Event().wait()
            raise AssertionError

        task = asyncio.create_task(Idempotency(world.services.database).once(request, NOW, killed, lambda _: None))
        async with world.services.database.connect() as db:
            while not await db.scalar(select(IDEMPOTENCY.c.done)):
                await db.rollback()
        with pytest.raises(ResponseLost):
            await Idempotency(world.services.database).once(request, NOW, killed, lambda _: None)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_account_has_so_many_keys_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MAX_KEYS", 3)
    keys = world.services.idempotency

    async def done() -> StoredResponse:
        return StoredResponse(200, "{}")

    for number in range(5):
        for account in ("host", "central"):
            request = Keyed(account, f"{number:016}", "f" * 64)
            await keys.once(request, NOW + timedelta(seconds=number), done, lambda _: None)
    stored_keys = select(IDEMPOTENCY.c.account, func.min(IDEMPOTENCY.c.key), func.count()).group_by(
        IDEMPOTENCY.c.account
    )
    async with world.services.database.connect() as db:
        found = (await db.execute(stored_keys.order_by(IDEMPOTENCY.c.account))).all()
    assert [tuple(row) for row in found] == [("central", f"{2:016}", 3), ("host", f"{2:016}", 3)]


async def test_an_answer_under_another_code_key_is_lost_not_a_fault(world: World) -> None:
    request = Keyed("host", KEY, "f" * 64)

    async def done() -> StoredResponse:
        return StoredResponse(200, "{}")

    await world.services.idempotency.once(request, NOW, done, lambda _: None)
    other = world.services.database.execution_options(diemcau_code_cipher=CodeCipher(b"x" * 32))
    with pytest.raises(ResponseLost):
        await Idempotency(other).once(request, NOW, done, lambda _: None)
