"""A point's own test over the API: kept with its verdict, shown on the board, and the line measured both ways."""

from typing import Any

from tests.signaling.readiness_calls import fetch_board, mark_of
from tests.signaling.request_bodies import SELF_TEST
from tests.signaling.world import NHA_TRANG, World, problem_of


async def test_a_point_keeps_its_test_and_the_board_shows_it(world: World) -> None:
    session = await world.session(NHA_TRANG)
    site = await world.signed_in("nhatrang")
    async with site.get("/api/v1/self-test") as response:
        measure: dict[str, Any] = await response.json()
    ticks = [tick["id"] for tick in measure["ticks"]]
    assert (measure["mic_dbfs"], measure["min_kbps"], ticks[1]) == ([-50, -3], 4000, "nguon_du_phong")
    path = f"/api/v1/points/{NHA_TRANG}/self-tests"
    async with site.post(path, json=SELF_TEST) as response:
        assert (response.status, (await response.json())["failed"]) == (201, ["ticks"])
    assert mark_of(await fetch_board(site, session), NHA_TRANG, "self_test") == ("amber", "failed")
    async with site.post(path, json={**SELF_TEST, "ticks": ticks}) as response:
        stored_test = await response.json()
    assert stored_test == {**SELF_TEST, "ticks": ticks, "failed": [], "at": "2026-04-06T01:00:00Z", "by": "nhatrang"}
    assert mark_of(await fetch_board(site, session), NHA_TRANG, "self_test") == ("green", "ok")
    async with site.get(path) as response:
        assert [test["failed"] for test in await response.json()] == [[], ["ticks"]]
    assert (await world.audited(1))[0].action == "self-test"


async def test_figures_beyond_reason_are_refused(world: World) -> None:
    site = await world.signed_in("nhatrang")
    for field, value in [("mic_dbfs", 1), ("luma", 256), ("up_kbps", -1), ("camera", 1), ("ticks", ["x"])]:
        async with site.post(f"/api/v1/points/{NHA_TRANG}/self-tests", json={**SELF_TEST, field: value}) as response:
            assert await problem_of(response) == (422, "invalid")


async def test_the_line_is_measured_with_what_cannot_be_compressed(world: World) -> None:
    site = await world.signed_in("nhatrang")
    async with site.get("/api/v1/speed") as response:
        assert len(await response.read()) == 1 << 20
        assert response.headers["Cache-Control"] == "no-store"
        assert "Content-Encoding" not in response.headers
    async with site.post("/api/v1/speed", json={"filler": "x" * 60_000}) as response:
        assert response.status == 204
