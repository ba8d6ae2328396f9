"""The administrator's list of what a fresh installation lacks, by real data.

Also tests `setup_steps.py`, `signaling/app/server_facts.py` and `signaling/accounts/points_reached.py`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from scheduler.core.model import Point, PointState
from scheduler.operations.attendance.schema import STAYS
from scheduler.today.installation import InstallationCounts
from signaling.accounts.points_reached import points_reached
from signaling.app import tls
from signaling.app.backup import backup
from signaling.app.settings import Settings
from signaling.core.account import Account
from signaling.today.setup_steps import ServerFacts, SetupStep, steps
from tests.signaling.directory_calls import post_directory
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, NOW, World, problem_of

NOTHING = InstallationCounts(0, 0, 0, 0, year_confirmed=False, met=False)
ALL = InstallationCounts(2, 0, 2, 2, year_confirmed=True, met=True)
POINTS = [Point("a", "A", "A", "1", "so", 1, (1,), PointState.ACTIVE, None)]
FRESH = ServerFacts(False, True, NOW + timedelta(days=397), True, None)
READY = ServerFacts(True, False, NOW + timedelta(days=90), True, NOW - timedelta(days=1))


def test_nothing_is_done_at_first_and_everything_in_the_end() -> None:
    assert [step.kind for step in steps(NOTHING, [], set(), False, FRESH, NOW) if step.done] == []
    done = steps(ALL, POINTS, {"a"}, True, READY, NOW)
    assert all(step.done for step in done) and len(done) == 10


@pytest.mark.parametrize(
    ("server", "undone"),
    [
        (READY, set()),
        (ServerFacts(True, True, NOW + timedelta(days=90), True, NOW), {"certificate"}),
        (ServerFacts(True, False, NOW + timedelta(days=29), True, NOW), {"certificate"}),
        (ServerFacts(True, False, NOW + timedelta(days=90), True, NOW - timedelta(days=8)), {"backup"}),
        (ServerFacts(True, False, NOW + timedelta(days=90), False, None), set()),
        (ServerFacts(False, False, NOW + timedelta(days=90), True, NOW), {"mail"}),
    ],
)
def test_certificates_end_and_backups_grow_old(server: ServerFacts, undone: set[str]) -> None:
    assert {step.kind for step in steps(ALL, POINTS, {"a"}, True, server, NOW) if not step.done} == undone


def test_a_step_of_many_units_says_how_far_it_is() -> None:
    counts = InstallationCounts(169, 148, 12, 0, year_confirmed=True, met=True)
    found = {step.kind: step for step in steps(counts, POINTS, set(), True, READY, NOW)}
    assert (found["units"], found["people"]) == (
        SetupStep("units", False, 21, 169), SetupStep("people", False, 12, 169),
    )  # fmt: skip
    assert found["accounts"] == SetupStep("accounts", False, 0, 1)


def test_a_point_is_reached_by_its_own_account_or_one_of_its_unit() -> None:
    other = Point("b", "B", "B", "2", "so", 1, (1,), PointState.ACTIVE, None)
    of_point, of_unit = Account("a", "", ("site",), "1", "a"), Account("u", "", ("registrant",), "2", None)
    assert points_reached([of_point], [*POINTS, other]) == {"a"}
    assert points_reached([of_point, of_unit], [*POINTS, other]) == {"a", "b"}


async def fetched(world: World) -> dict[str, Any]:
    """Return the steps that an administrator sees, by kind."""
    async with (await world.signed_in("admin")).get("/api/v1/setup") as response:
        assert response.status == 200, await response.text()
        return {step["kind"]: step for step in await response.json()}


async def test_the_list_follows_what_is_done(world: World, settings: Settings) -> None:
    async with (await world.signed_in("central")).get("/api/v1/setup") as response:
        assert await problem_of(response) == (403, "forbidden")
    before = await fetched(world)
    units = before["units"]["whole"]
    assert [kind for kind, step in before.items() if step["done"]] == []
    assert (before["people"]["count"], before["backup"]["at"], before["certificate"]["at"]) == (0, None, None)
    central = await world.signed_in("central")
    await post_directory(central, "units/568/people", name="Trần Thị Bình", phone="0905 123 456")
    async with central.post(
        "/api/v1/capacity/steps", json={"sessions": 30, "points": 300, "reason": "Máy mới"}
    ) as done:
        assert done.status == 200
    async with (await world.signed_in("admin")).post("/api/v1/calendar/years", json={"year": NOW.year}) as done:
        assert done.status == 200
    session = await world.session(NHA_TRANG, CAM_RANH)
    async with world.services.database.begin() as db:
        stays = [{"session": session.id, "point": point, "joined": NOW, "seen": NOW} for point in (HOST, NHA_TRANG)]
        await db.execute(insert(STAYS).values(stays))
    backup(settings, settings.data.parent / "backup")
    tls.context(settings.data / "tls", ["127.0.0.1"], datetime.now(UTC))
    after = await fetched(world)
    assert [kind for kind, step in after.items() if step["done"]] == ["capacity", "calendar", "backup", "rehearsal"]
    assert (after["people"]["count"], after["people"]["whole"]) == (1, units)
    assert after["backup"]["at"] is not None
    assert after["certificate"]["at"] is not None
