"""Calendar feeds, read by another library than the one that writes them: what is in them, for whom, and how often.

Also tests `calendar_links.py`, `calendar_link_rest.py` and `signaling/mail/calendar_invite.py`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import vobject
from aiohttp import ClientSession

from scheduler.core.model import Act
from signaling.core.account import digest
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, World, older, problem_of

TITLE = "Chính thức: Họp giao ban <b>tháng 4</b>"


@dataclass(frozen=True)
class Read:
    """One event as a calendar program reads it."""

    uid: str
    summary: str
    start: datetime
    end: datetime
    status: str
    sequence: int


async def make(client: ClientSession, of: str = "account") -> str:
    """Make a link; return its path."""
    async with client.post("/api/v1/calendar-links", json={"of": of}) as response:
        assert response.status == 201, await response.text()
        return f"/{(await response.json())['path']}"


async def fetch(world: World, path: str) -> tuple[str, str]:
    """Return a feed and its entity tag, as a program without a sign-in fetches it."""
    async with world.client().get(path) as response:
        assert (response.status, response.content_type) == (200, "text/calendar")
        return await response.text(), response.headers["ETag"]


async def events(world: World, path: str) -> list[Read]:
    """Return the events of a feed."""
    calendar = vobject.readOne((await fetch(world, path))[0])
    return [
        Read(
            each.uid.value,
            each.summary.value,
            each.dtstart.value,
            each.dtend.value,
            each.status.value,
            int(each.sequence.value),
        )
        for each in getattr(calendar, "vevent_list", [])
    ]


async def test_a_feed_follows_a_session_from_its_code_to_its_end(world: World) -> None:
    session, scheduler = await world.session(NHA_TRANG, start=timedelta(hours=3)), world.services.scheduler
    path = await make(await world.signed_in("nhatrang"))
    at = NOW + timedelta(hours=3)
    first = Read(f"{session.id}-chinh_thuc@diemcau", TITLE, at, at + timedelta(hours=2), "CONFIRMED", 0)
    assert await events(world, path) == [first]
    await scheduler.extend(session.id, 1, at, Act("host"))
    [longer] = await events(world, path)
    assert (longer.uid, longer.sequence, longer.status) == (first.uid, 1, "CONFIRMED")
    assert longer.end > first.end
    await scheduler.cancel(session.id, at, Act("host"))
    [gone] = await events(world, path)
    assert (gone.uid, gone.sequence, gone.status) == (first.uid, 2, "CANCELLED")


async def test_a_feed_leads_to_the_page_of_a_session_and_never_names_its_code(world: World) -> None:
    session = await world.session(NHA_TRANG)
    path = await make(await world.signed_in("host"))
    feed, _ = await fetch(world, path)
    assert session.code is not None
    assert session.code not in feed.replace("\r\n ", "")
    calendar = vobject.readOne(feed)
    assert calendar.method.value == "PUBLISH"
    link = str(world.http.make_url(f"/sessions.html?q={session.number}"))
    assert calendar.vevent.url.value == link
    assert calendar.vevent.description.value == f"Số: {session.number}\nChủ trì: UBND tỉnh Khánh Hòa\n{link}"


async def test_people_and_units_see_their_own_sessions_from_30_days_back_to_180_ahead(world: World) -> None:
    host, nha_trang = await world.signed_in("host"), await world.signed_in("nhatrang")
    one = await world.session(NHA_TRANG)
    two = await world.session(CAM_RANH, start=timedelta(days=1))
    paths = {
        "host": await make(host),
        "province": await make(host, "unit"),
        "centre": await make(await world.signed_in("central")),
        "supervisor": await make(await world.signed_in("office")),
        "invited": await make(nha_trang),
        "not invited": await make(await world.signed_in("dienkhanh")),
        "of no unit": await make(await world.signed_in("nobody")),
    }
    seen = {who: [event.uid.partition("-")[0] for event in await events(world, path)] for who, path in paths.items()}
    both = [one.id, two.id]
    assert seen == {
        "host": both,
        "province": both,
        "centre": both,
        "supervisor": both,
        "invited": [one.id],
        "not invited": [],
        "of no unit": [],
    }
    world.clock.advance(30 * 86_400 + 2 * 3600)
    assert [event.uid.partition("-")[0] for event in await events(world, paths["host"])] == [two.id]


async def test_a_program_that_has_the_feed_gets_304(world: World) -> None:
    session = await world.session(NHA_TRANG)
    path = await make(await world.signed_in("nhatrang"))
    _, tag = await fetch(world, path)
    world.clock.advance(3600)
    async with world.client().get(path, headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read(), response.headers["ETag"]) == (304, b"", tag)
        assert response.headers["Cache-Control"] == "private, no-cache"
    await world.services.scheduler.cancel(session.id, world.clock(), Act("host"))
    async with world.client().get(path, headers={"If-None-Match": tag}) as response:
        assert response.status == 200


async def test_a_link_is_told_once_and_a_new_one_takes_its_place(world: World) -> None:
    client = await world.signed_in("host")
    first, second = await make(client), await make(client)
    token = second.removeprefix("/calendar/").removesuffix(".ics")
    async with client.get("/api/v1/calendar-links") as response:
        made = {"created": "2026-04-06T01:00:00Z", "made_by": "host"}
        assert await response.json() == {"account": made, "unit": None, "unit_allowed": True}
    async with world.services.database.connect() as db:
        rows = [tuple(row) for row in await db.exec_driver_sql("SELECT token, account, unit FROM calendar_links")]
    assert rows == [(digest(token), "host", None)]
    async with world.client().get(first) as response:
        assert await problem_of(response) == (404, "not-found")
    await fetch(world, second)
    async with client.post("/api/v1/calendar-links/revoke", json={"of": "account"}) as response:
        assert response.status == 204
    async with world.client().get(second) as response:
        assert await problem_of(response) == (404, "not-found")
    audited = [(entry.action, entry.actor, entry.subject) for entry in await world.audited(3)]
    assert audited == [
        ("calendar-link-revoked", "host", "host"),
        ("calendar-link", "host", "host"),
        ("calendar-link", "host", "host"),
    ]


async def test_the_link_of_a_unit_is_made_by_its_registrant_and_outlives_the_account(world: World) -> None:
    client = await world.signed_in("host")
    unit, own = await make(client, "unit"), await make(client)
    await world.accounts.disable("host")
    await fetch(world, unit)
    async with world.client().get(own) as response:
        assert await problem_of(response) == (404, "not-found")
    for who in ("nhatrang", "central"):
        async with (await world.signed_in(who)).post("/api/v1/calendar-links", json={"of": "unit"}) as response:
            assert await problem_of(response) == (403, "forbidden")


async def test_links_are_fetched_and_guessed_within_limits(world: World) -> None:
    path = await make(await world.signed_in("host"))
    for _ in range(20):
        await fetch(world, path)
    async with world.client().get(path) as response:
        assert await problem_of(response) == (429, "locked")
        assert int(response.headers["Retry-After"]) <= 60
    await older(world.server.redis, 61)
    await fetch(world, path)
    found = []
    for _ in range(21):
        async with world.client().get("/calendar/guess.ics") as response:
            found.append(response.status)
    assert found == [404] * 20 + [429]
