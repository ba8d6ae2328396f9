import os
from pathlib import Path

import pytest

from signaling.errors import Forbidden, TicketExpired
from signaling.recordings import Recordings, load_key
from tests.signaling.world import NHA_TRANG, NOW, World, problem_of

BYTES = bytes(range(256)) * 40


async def recorded(world: World) -> str:
    """Record a session; return the id of its recording."""
    session = await world.session(NHA_TRANG)
    path = await world.roof.recordings.begin(session.id, "Họp", ("UBND.Khanh Hoa", "56"), NOW)
    with open(path, "wb") as file:
        file.write(BYTES)
    await world.roof.recordings.ended(path, 61.4, None)
    return (await world.store.recordings())[0].id


async def test_the_host_unit_downloads_and_it_is_on_the_record(world: World) -> None:
    recording = await recorded(world)
    client = await world.signed_in("host")
    async with client.post(f"/api/v1/recordings/{recording}/link", json={}) as response:
        link = await response.json()
    assert link["expires"] == "2026-04-06T01:15:00Z"
    async with client.get(link["url"]) as response:
        assert (response.status, response.content_type, await response.read()) == (200, "video/mp4", BYTES)
    async with client.get(link["url"], headers={"Range": "bytes=100-199"}) as response:
        assert (response.status, await response.read()) == (206, BYTES[100:200])
    downloads = [(e.actor, e.subject, e.detail) for e in await world.store.audit_log(10) if e.action == "download"]
    assert downloads == [("host", recording, "bytes=100-199"), ("host", recording, "whole")]
    assert all(entry.address == "127.0.0.1" and entry.port for entry in await world.store.audit_log(10))


async def test_a_link_is_for_one_account_one_recording_and_a_quarter_of_an_hour(world: World) -> None:
    recording = await recorded(world)
    client = await world.signed_in("host")
    central = await world.signed_in("central")
    async with central.post(f"/api/v1/recordings/{recording}/link", json={}) as response:
        url = (await response.json())["url"]
    async with client.get(url) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with world.client().get(url) as response:
        assert await problem_of(response) == (401, "signed-out")
    async with central.get(f"/api/v1/recordings/{recording}/file") as response:
        assert await problem_of(response) == (422, "invalid")
    world.clock.advance(15 * 60)
    async with central.get(url) as response:
        assert await problem_of(response) == (410, "expired")


async def test_the_list_shows_the_host_units_own(world: World) -> None:
    recording = await recorded(world)
    seen = {}
    for account in ("host", "central", "admin", "nhatrang", "nobody"):
        async with (await world.signed_in(account)).get("/api/v1/recordings") as response:
            seen[account] = [found["id"] for found in await response.json()]
    assert seen == {"host": [recording], "central": [recording], "admin": [recording], "nhatrang": [], "nobody": []}


async def test_a_file_that_is_gone_is_not_found(world: World) -> None:
    recording = await recorded(world)
    kept = await world.store.recording(recording)
    assert kept is not None
    Path(kept.path).unlink()
    client = await world.signed_in("host")
    async with client.post(f"/api/v1/recordings/{recording}/link", json={}) as response:
        url = (await response.json())["url"]
    async with client.get(url) as response:
        assert await problem_of(response) == (404, "not-found")


async def test_what_a_killed_server_left_open_is_closed_with_its_length(world: World) -> None:
    session = await world.session(NHA_TRANG)
    path = await world.roof.recordings.begin(session.id, "Họp", ("UBND.Khanh Hoa", "56"), NOW)
    with open(path, "wb") as file:
        file.write(BYTES)
    last = NOW.timestamp() + 42
    os.utime(path, (last, last))
    await world.roof.recordings.begin("other", "Họp", ("UBND.Khanh Hoa", "56"), NOW)
    await world.roof.recordings.interrupted(world.clock.advance(100))
    parts = {part.session: (part.seconds, part.bytes, part.state) for part in await world.store.recordings()}
    assert parts == {session.id: (42, len(BYTES), "interrupted"), "other": (0, 0, "interrupted")}


async def test_parts_are_numbered(world: World) -> None:
    paths = [await world.roof.recordings.begin("s", "Họp", ("x", "56"), NOW) for _ in range(3)]
    assert [Path(path).name for path in paths] == ["1.mp4", "2.mp4", "3.mp4"]


@pytest.mark.parametrize("ticket", ["", "x", "9999999999.", "9999999999.é", "-1.0", "9" * 40 + ".0", "1.2.3"])
def test_forged_tickets(world: World, ticket: str) -> None:
    with pytest.raises(Forbidden):
        world.roof.recordings.check(ticket, "r", "host", NOW)


def test_tickets_of_another_server_are_worth_nothing(world: World, tmp_path: Path) -> None:
    other = Recordings(world.store, tmp_path, load_key(tmp_path / "other.key"))
    ticket, expires = other.ticket("r", "host", NOW)
    other.check(ticket, "r", "host", NOW)
    with pytest.raises(Forbidden):
        world.roof.recordings.check(ticket, "r", "host", NOW)
    with pytest.raises(TicketExpired):
        other.check(ticket, "r", "host", expires)


def test_the_key_is_made_once_and_nobody_elses(tmp_path: Path) -> None:
    first = load_key(tmp_path / "keys" / "ticket.key")
    assert (load_key(tmp_path / "keys" / "ticket.key"), len(first)) == (first, 32)
    assert (tmp_path / "keys" / "ticket.key").stat().st_mode & 0o077 == 0
