"""Reasons why the connection of a point was bad, while its meeting goes on and afterwards. Also tests `store.py`."""

from datetime import timedelta
from typing import Any

from aiohttp import ClientSession

from mediaserver.api import ConnectionQuality
from signaling.quality.model import ABSENT, Flag, Identity, Series
from signaling.quality.store import KEPT
from tests.signaling.directory_calls import add_provider_lines
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, World, problem_of

GOOD = ConnectionQuality(0.0, 0.0, 0.004, 0.03, received=1_500_000, sent=2_000_000, camera=720, step=3, most=3)
LOSSY = ConnectionQuality(0.08, 0.0, 0.004, 0.03, received=1_400_000, sent=2_000_000, camera=720, step=3, most=3)
PLAYBACK = {
    "type": "playback", "lost": 0.001, "frozen_ms": 0, "decode_ms": 4.5, "dropped": 0, "fps": 24.6, "limited": "",
    "path": "udp",
}  # fmt: skip


async def read(client: ClientSession, path: str) -> dict[str, Any]:
    async with client.get(f"/api/v1/sessions/{path}") as response:
        assert response.status == 200, await response.text()
        found: dict[str, Any] = await response.json()
        return found


async def test_a_technician_reads_why_a_point_was_bad_and_so_does_the_point(world: World) -> None:
    await add_provider_lines(world)
    session = await world.session(NHA_TRANG, CAM_RANH)
    guest, joined = await world.join("nhatrang", session)
    _, other = await world.join("camranh", session)
    lines = world.engine.rooms[session.id].lines
    lines[other["seat"]] = GOOD
    for line, ticks in ((GOOD, 31), (LOSSY, 60), (GOOD, 30)):
        lines[joined["seat"]] = line
        await guest.send(**PLAYBACK)
        await guest.ask(type="ping")  # it was obeyed
        for _ in range(ticks):
            await world.tick(2)
    central, host, own = [await world.signed_in(each) for each in ("central", "host", "nhatrang")]
    whole = await read(central, f"{session.id}/quality")
    assert whole["session"]["live"] is True
    assert [(each["point"]["id"], [seat["causes"] for seat in each["devices"]]) for each in whole["points"]] == [
        (NHA_TRANG, [["up"]]),
        (CAM_RANH, [[]]),
    ]
    assert await read(host, f"{session.id}/quality") == whole
    assert (await read(own, f"{session.id}/quality"))["points"] == whole["points"][:1]
    series = f"{session.id}/quality/series?seat="
    seat = await read(own, series + joined["seat"])
    assert await read(central, series + joined["seat"]) == seat
    when = {"start": "2026-04-06T01:01:02Z", "end": "2026-04-06T01:03:02Z"}
    assert seat["findings"] == [{"cause": "up", **when, "share": 1.0, "mean": 8.0, "worst": 8.0}]
    assert (seat["point"]["id"], seat["device"]["kind"], seat["step_s"]) == (NHA_TRANG, "browser", 10)
    assert seat["device"]["product"].startswith("Python/")
    assert [(line["provider"], line["subscribed_kbps"]) for line in seat["lines"]] == [("VNPT", 4000)]
    assert seat["values"]["up"] == [0.0] * 6 + [8.0] * 12 + [0.0] * 6
    assert seat["values"]["camera"] == [720.0] * 24
    assert [each for each in seat["values"]["fps"] if each is not None] == [25.0] * 2
    async with own.get(f"/api/v1/sessions/{series}{other['seat']}") as response:
        assert await problem_of(response) == (404, "not-found")
    await world.server.quality_recorder.write()
    assert await read(central, series + joined["seat"]) == seat


async def test_what_a_page_measures_is_bounded(world: World) -> None:
    session = await world.session(NHA_TRANG)
    guest, _ = await world.join("nhatrang", session)
    for wrong in ({"lost": 1.5}, {"frozen_ms": -1}, {"decode_ms": 1e9}, {"path": "satellite"}, {"fps": "25"}, {"x": 1}):
        answer = await guest.ask(**{**PLAYBACK, **wrong})
        assert (answer["type"], answer["error"]) == ("error", "bad-message"), wrong
    outsider = await world.socket("camranh")
    assert (await outsider.ask(**PLAYBACK))["error"] == "not-joined"


async def test_stored_series_grow_and_are_deleted_after_90_days(world: World) -> None:
    store, of = world.services.quality_store, Identity("s1", NHA_TRANG, "UBND.Nha Trang", "system", "TE20")
    series = Series(of, NOW)
    series.append(bytes([Flag.LIMITED, *ABSENT[1:]]), 3)
    await store.save([("one", series), ("two", Series(of, NOW + timedelta(days=1)))])
    series.append(ABSENT)
    await store.save([("one", series)])
    await store.save([])
    assert await store.of_session("one") == [series]
    assert await store.of_session("one", "s2") == []
    await store.prune(NOW + KEPT)
    assert await store.of_session("one", "s1") == [series]
    await store.prune(NOW + KEPT + timedelta(seconds=1))
    assert await store.of_session("one") == []
    assert len(await store.of_session("two")) == 1
