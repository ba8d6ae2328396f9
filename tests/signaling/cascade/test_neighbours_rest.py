"""Neighbouring systems as administrators register, see and remove them. Also tests `contacts.py`."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signaling.app.settings import Settings
from tests.signaling.cascade.two_systems import ABOVE, BELOW, TwoSystems, asked, two_systems
from tests.signaling.request_bodies import GOOD
from tests.signaling.world import CAM_RANH, DIEN_KHANH, HOST, NHA_TRANG, World

URL = "/api/v1/cascade/neighbours"


@pytest.fixture
async def systems(settings: Settings, prepared: Path, tmp_path: Path) -> AsyncIterator[TwoSystems]:
    async with two_systems(settings, prepared, tmp_path / "below") as both:
        yield both


async def listed(world: World) -> list[dict[str, Any]]:
    client = await world.signed_in("admin")
    async with client.get(URL) as response:
        assert response.status == 200, await response.text()
        rows: list[dict[str, Any]] = await response.json()
        return rows


async def register(world: World, body: Mapping[str, str]) -> Any:
    """Register a neighbour; return the response, or what is wrong with which field."""
    client = await world.signed_in("admin")
    async with client.post(URL, json=body, headers={"Accept-Language": "en"}) as response:
        found = await response.json()
        return found if response.ok else {each["field"]: each["detail"] for each in found["errors"]}


async def test_both_sides_see_when_the_other_was_heard_of_and_how_many_sessions_are_held(systems: TwoSystems) -> None:
    quiet = {"heard": None, "fault": "", "accepted": 0}
    above = {"name": ABOVE, "direction": "above", "point": HOST, "label": "UBND tỉnh Khánh Hòa", "url": ""}
    above |= {"our_point": NHA_TRANG, "our_label": "UBND thành phố Nha Trang"}
    assert await listed(systems.below) == [above | quiet]
    (row,) = await listed(systems.above)
    assert (row["name"], row["direction"], row["our_point"], row["our_label"]) == (BELOW, "below", "", "")
    assert {key: row[key] for key in quiet} == quiet
    await systems.above.session(NHA_TRANG, start=timedelta(hours=1))
    await systems.tell()
    said = {"heard": "2026-04-06T01:00:00Z", "fault": "", "accepted": 1}
    for world in (systems.above, systems.below):
        (row,) = await listed(world)
        assert {key: row[key] for key in said} == said


async def test_a_system_below_that_cannot_be_asked_says_why_until_it_answers(systems: TwoSystems) -> None:
    await systems.above.session(NHA_TRANG, start=timedelta(hours=1))
    neighbour = (await systems.below.services.neighbours.all())[0]
    await systems.below.services.neighbours.remove(ABOVE)
    await systems.tell()
    (row,) = await listed(systems.above)
    assert (row["heard"], row["fault"], row["accepted"]) == (None, "HTTP 401", 0)
    key = await systems.below.services.neighbours.add_above(neighbour, systems.below.clock.now)
    (ours,) = await systems.above.services.neighbours.all()
    await systems.above.services.neighbours.remove(BELOW)
    await systems.above.services.neighbours.add_below(ours, key, systems.above.clock.now)
    await systems.tell()
    (row,) = await listed(systems.above)
    assert (row["heard"], row["fault"], row["accepted"]) == ("2026-04-06T01:00:00Z", "", 1)


async def test_a_system_above_is_told_its_key_once_and_asks_by_it(world: World) -> None:
    body = {"name": "bo-y-te", "direction": "above", "point": CAM_RANH, "our_point": NHA_TRANG}
    key = (await register(world, body))["key"]
    assert await asked(world, "reservations", GOOD["/cascade/reservations"], key) == 200
    assert key not in str(await listed(world))
    (entry,) = [each for each in await world.audited(9) if each.action == "neighbour-add"]
    assert (entry.subject, entry.detail) == ("bo-y-te", f"above {CAM_RANH}")


async def test_a_system_below_is_registered_with_its_key_and_removed(world: World) -> None:
    assert await register(world, GOOD["/cascade/neighbours"]) == {"key": None}
    assert await world.services.neighbours.key("xa") == "k"
    (row,) = await listed(world)
    assert (row["url"], row["direction"], "key" in row) == ("https://xa.vn", "below", False)
    client = await world.signed_in("admin")
    statuses = []
    for _ in range(2):
        async with client.post(f"{URL}/xa/remove", json={}) as response:
            statuses.append(response.status)
    assert (statuses, await listed(world)) == ([204, 404], [])


BELOW_BODY = {"name": "xa", "direction": "below", "point": CAM_RANH, "url": "https://xa.vn", "key": "k"}
ABOVE_BODY = {"name": "bo", "direction": "above", "point": CAM_RANH, "our_point": NHA_TRANG}


@pytest.mark.parametrize(
    ("body", "wrong", "field"),
    [
        (BELOW_BODY, {"name": "Xã"}, "name"),
        (BELOW_BODY, {"url": "http://xa.vn"}, "url"),
        (BELOW_BODY, {"url": ""}, "url"),
        (BELOW_BODY, {"key": ""}, "key"),
        (BELOW_BODY, {"point": ""}, "point"),
        (ABOVE_BODY, {"point": "nowhere"}, "point"),
        (ABOVE_BODY, {"our_point": ""}, "our_point"),
        (ABOVE_BODY, {"our_point": CAM_RANH}, "our_point"),
        (ABOVE_BODY, {"name": "known"}, "name"),
    ],
)
async def test_what_is_wrong_is_said_of_its_field(
    world: World, body: dict[str, str], wrong: dict[str, str], field: str
) -> None:
    await register(world, ABOVE_BODY | {"name": "known", "point": DIEN_KHANH})
    assert [*await register(world, body | wrong)] == [field]
    assert [each["name"] for each in await listed(world)] == ["known"]
