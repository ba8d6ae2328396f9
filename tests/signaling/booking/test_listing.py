"""`GET /sessions`: a page at a time, narrowed by time, unit, phase and text.

Also tests `sessions.py`.
"""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from scheduler.core.code_encryption import CodeCipher
from signaling.app.api_table import MODELS, PREFIX, ROUTES
from signaling.http.openapi import document
from tests.signaling.world import CAM_RANH, DIEN_KHANH, NHA_TRANG, World, problem_of

URL = "/api/v1/sessions"


async def listed(client: ClientSession, **query: str) -> list[dict[str, Any]]:
    async with client.get(URL, params=query) as response:
        assert response.status == 200, await response.text()
        found: list[dict[str, Any]] = await response.json()
        return found


async def ids(client: ClientSession, **query: str) -> list[str]:
    return [each["id"] for each in await listed(client, **query)]


async def test_a_list_is_cut_into_pages_in_either_order(world: World) -> None:
    made = [(await world.session(NHA_TRANG, start=timedelta(hours=3 * n))).id for n in range(5)]
    client = await world.signed_in("central")
    for order, expected in (("start", made), ("-start", made[::-1])):
        assert await ids(client, order=order) == expected
        first = await ids(client, order=order, limit="2")
        second = await ids(client, order=order, limit="2", after=first[-1])
        third = await ids(client, order=order, limit="2", after=second[-1])
        assert [first, second, third] == [expected[:2], expected[2:4], expected[4:]]
        assert await ids(client, order=order, after=third[-1]) == []


async def test_a_list_never_exceeds_its_bound(world: World) -> None:
    client = await world.signed_in("central")
    for query in ({"limit": "0"}, {"limit": "201"}, {"phase": "over"}, {"order": "title"}, {"q": "x" * 201}):
        async with client.get(URL, params=query) as response:
            assert await problem_of(response) == (422, "invalid"), query


async def test_a_list_decrypts_codes_of_shown_sessions_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole rows of a year, each with its encrypted code, were 1.8 s of CPU on the loop that serves meetings."""
    made = [(await world.session(NHA_TRANG, start=timedelta(hours=3 * n))).id for n in range(4)]
    client = await world.signed_in("central")
    opened: list[str] = []
    decrypt = CodeCipher.decrypt

    def noting(cipher: CodeCipher, encrypted: str, owner: str) -> str:
        opened.append(owner)
        return decrypt(cipher, encrypted, owner)

    monkeypatch.setattr(CodeCipher, "decrypt", noting)
    assert await ids(client, limit="2", q="giao ban") == opened == made[:2]


async def test_filters_narrow_a_list(world: World) -> None:
    one = await world.session(NHA_TRANG)
    two = await world.session(CAM_RANH, start=timedelta(hours=5), host=DIEN_KHANH)
    await world.services.scheduler.cancel(two.id, world.clock())
    client = await world.signed_in("central")
    for query, expected in (
        ({"unit": "568"}, [one.id]),
        ({"phase": "cancelled"}, [two.id]),
        ({"phase": "open,lobby,cancelled"}, [one.id, two.id]),
        ({"phase": "upcoming"}, []),
        ({"q": "hop giao ban"}, [one.id, two.id]),
        ({"q": two.number}, [two.id]),
        ({"q": "dien khanh"}, [two.id]),
        ({"from": "2026-04-06T04:00:00Z"}, [two.id]),
        ({"to": "2026-04-06T04:00:00Z"}, [one.id]),
    ):
        assert await ids(client, **query) == expected, query


async def test_a_list_holds_and_begins_behind_only_what_the_reader_may_see(world: World) -> None:
    own, other = await world.session(NHA_TRANG), await world.session(CAM_RANH, start=timedelta(hours=3))
    client = await world.signed_in("nhatrang")
    assert await ids(client) == [own.id]
    assert await ids(client, unit="56") == [own.id]
    pages = []
    for after in (other.id, "nothing"):
        async with client.get(URL, params={"after": after}, headers={"X-Request-ID": "same"}) as response:
            pages.append((await problem_of(response), await response.json()))
    assert pages[0] == pages[1]
    assert pages[0][0] == (422, "invalid")


def test_the_specification_says_that_phases_stand_in_one_parameter() -> None:
    parameters = {
        each["name"]: each for each in document(PREFIX, ROUTES, MODELS)["paths"]["/sessions"]["get"]["parameters"]
    }
    assert set(parameters) == {"from", "to", "unit", "phase", "q", "order", "limit", "after"}
    assert parameters["phase"]["explode"] is False
    assert "explode" not in parameters["limit"]
    bounds = {name: parameters["limit"]["schema"][name] for name in ("minimum", "maximum", "default")}
    assert bounds == {"minimum": 1, "maximum": 200, "default": 100}
