"""Two running meetings that are held together show each other: roll, floor, hands, who speaks, recording.

Also tests `signaling/meeting/state/neighbour_meetings.py`.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mediaserver.api import Speaking
from scheduler.core.model import Act
from signaling.app.settings import Settings
from signaling.cascade import channel
from signaling.cascade.client import BelowClient
from tests.signaling.cascade.two_systems import ABOVE, OUR_POINT, TwoSystems, asked, two_systems
from tests.signaling.request_bodies import GOOD
from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, NOW, Socket


@pytest.fixture
async def systems(settings: Settings, prepared: Path, tmp_path: Path) -> AsyncIterator[TwoSystems]:
    async with two_systems(settings, prepared, tmp_path / "below") as both:
        yield both


async def exchange(systems: TwoSystems) -> None:
    """Have both meetings tell of each other."""
    await systems.above.server.cascade_channel.work(systems.above.clock.now)


async def shown(socket: Socket) -> dict[str, Any]:
    """Return the meetings of neighbours that a page is told next."""
    meetings: dict[str, Any] = (await socket.type("neighbours"))["meetings"]
    return meetings


def seat(name: str, **facts: bool) -> dict[str, Any]:
    return {"name": name, "here": False, "floor": False, "hand": False, "speaking": False, **facts}


async def test_r021_both_meetings_show_who_is_there_who_has_the_floor_and_who_speaks(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG, CAM_RANH)
    await systems.tell()
    (held,) = await systems.held()
    host, _ = await systems.above.join("host", session)
    guest, joined = await systems.below.join("nhatrang", held)
    await exchange(systems)
    assert await shown(host) == {
        NHA_TRANG: {
            "title": session.title,
            "recording": False,
            "paused": False,
            "floor": False,
            "seats": [seat("UBND thành phố Nha Trang", here=True)],
            "returns": False,
        }
    }
    rows = [seat("UBND tỉnh Khánh Hòa", here=True, floor=True), seat("UBND thành phố Cam Ranh")]
    assert (await shown(guest))[HOST]["seats"] == rows
    await guest.send(type="hand", raised=True)
    await guest.seat(joined["seat"], hand=1)
    systems.below.engine.emit(Speaking(held.id, joined["seat"]))
    await guest.type("speaking")
    await exchange(systems)
    (row,) = (await shown(host))[NHA_TRANG]["seats"]
    assert row == seat("UBND thành phố Nha Trang", here=True, hand=True, speaking=True)
    late, _ = await systems.above.join("central", session)
    assert (await shown(late))[NHA_TRANG]["seats"] == [row]


async def test_r021_a_hand_below_raises_that_of_its_system_above(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    host, _ = await systems.above.join("host", session)
    _, link = await systems.above.join("nhatrang", session)  # sits where the call to the system below does
    guest, joined = await systems.below.join("nhatrang", held)
    await guest.send(type="hand", raised=True)
    await guest.seat(joined["seat"], hand=1)
    await exchange(systems)
    await host.seat(link["seat"], hand=1, topic="UBND thành phố Nha Trang")
    await guest.send(type="hand", raised=False)
    await guest.seat(joined["seat"], hand=0)
    await exchange(systems)
    await host.seat(link["seat"], hand=0)


async def test_r021_the_floor_above_is_asked_for_from_the_console_below_and_given_back(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    host, _ = await systems.above.join("host", session)
    _, link = await systems.above.join("nhatrang", session)  # sits where the call to the system below does
    await systems.below.join("nhatrang", held)
    console, _ = await systems.below.join("central", held)
    await exchange(systems)
    await console.send(type="floor-above", point=NHA_TRANG)
    await console.until(lambda message: message["type"] == "neighbours" and message["asked"] == NHA_TRANG)
    await exchange(systems)
    await host.seat(link["seat"], hand=1, topic="UBND thành phố Nha Trang")
    await host.send(type="floor", seat=link["seat"], open=True)
    await host.seat(link["seat"], floor=True)
    await exchange(systems)
    await console.until(lambda message: message["type"] == "neighbours" and message["meetings"][HOST]["floor"])
    await console.send(type="floor-above", point=None)
    await console.until(lambda message: message["type"] == "neighbours" and message["returns"])
    await exchange(systems)
    await host.seat(link["seat"], floor=False, hand=0)
    await exchange(systems)
    await console.until(lambda message: message["type"] == "neighbours" and not message["returns"])
    noted = [(each.action, each.detail) for each in reversed(await systems.below.audited(9))]
    assert [each for each in noted if each[0].startswith("floor-above")] == [
        ("floor-above", "UBND.Nha Trang"),
        ("floor-above-end", ""),
    ]


async def test_r021_everyone_is_told_that_the_other_system_records(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    host, _ = await systems.above.join("host", session)
    guest, _ = await systems.below.join("nhatrang", held)
    await host.send(type="record", on=True)
    await host.until(lambda message: message["type"] == "recording" and message["on"])
    await exchange(systems)
    told = (await shown(guest))[HOST]
    assert (told["recording"], told["paused"]) == (True, False)
    await host.send(type="record", on=True, pause=True)
    await host.until(lambda message: message["type"] == "recording" and message["paused"])
    await exchange(systems)
    assert (await shown(guest))[HOST]["paused"]


async def test_what_the_chair_writes_to_all_is_read_below_once_with_the_name_of_its_system(
    systems: TwoSystems,
) -> None:
    session = await systems.above.session(NHA_TRANG, CAM_RANH)
    await systems.tell()
    (held,) = await systems.held()
    host, _ = await systems.above.join("host", session)
    await host.ask(type="chat", text="Nghỉ 10 phút")
    await host.ask(type="chat", text="Riêng Cam Ranh", to=CAM_RANH)
    guest, _ = await systems.below.join("nhatrang", held)
    for _ in range(2):
        await exchange(systems)
    told = await guest.type("chat")
    assert (told["text"], told["name"], told["above"]) == ("Nghỉ 10 phút", "UBND tỉnh Khánh Hòa", True)
    await host.ask(type="chat", text="Mời vào họp")
    await exchange(systems)
    assert (await guest.type("chat"))["text"] == "Mời vào họp"
    late, joined = await systems.below.join("central", held)
    texts = ["Nghỉ 10 phút", "Mời vào họp"]
    assert [each["text"] for each in joined["chat"]["messages"]] == texts
    assert [each.text for each in await systems.below.services.attendance.chat(held.id)] == texts
    await late.ask(type="chat", text="Chỉ ở cấp dưới")
    await exchange(systems)
    assert [each["text"] for each in (await systems.above.join("central", session))[1]["chat"]["messages"]] == [
        "Nghỉ 10 phút",
        "Riêng Cam Ranh",
        "Mời vào họp",
    ]


def warned(shown: dict[str, Any]) -> list[tuple[str, datetime, str]]:
    """Return what a page is told that systems above warn of: what, when, who."""
    return [(each["kind"], datetime.fromisoformat(each["at"]), each["name"]) for each in shown["warnings"]]


async def test_r021_the_end_above_is_warned_of_below_once_while_it_is_near(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    await systems.above.join("host", session)
    guest, _ = await systems.below.join("nhatrang", held)
    await exchange(systems)
    assert warned(await guest.type("neighbours")) == []
    near = ("ends", session.official.end, "UBND tỉnh Khánh Hòa")
    for _ in range(2):
        systems.above.clock.advance(105 * 60 if systems.above.clock.now == NOW else 2)
        await exchange(systems)
    assert warned(await guest.type("neighbours")) == [near]
    late, _ = await systems.below.join("central", held)
    assert warned(await late.type("neighbours")) == [near]
    running = systems.above.server.meetings.meetings[session.id]
    gone = systems.above.clock.now + timedelta(minutes=5)
    await running.apply(running.state.gives_way(gone))
    await exchange(systems)
    assert warned(await guest.type("neighbours")) == [("gives-way", gone, "UBND tỉnh Khánh Hòa")]
    systems.above.clock.advance(300)
    await exchange(systems)
    assert warned(await guest.type("neighbours")) == []


async def test_who_is_in_the_meeting_above_is_told_that_the_one_below_is_cancelled(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    host, _ = await systems.above.join("host", session)
    await systems.below.services.scheduler.cancel(held.id, NOW, Act("central", "mất điện"))
    await systems.tell()
    for _ in range(2):
        await exchange(systems)
    assert (await host.type("neighbours"))["not_held"] == {NHA_TRANG: "cancelled"}
    late, _ = await systems.above.join("central", session)
    assert (await late.type("neighbours"))["not_held"] == {NHA_TRANG: "cancelled"}


async def test_what_the_chair_writes_to_the_system_below_alone_is_read_by_the_chair_there(
    systems: TwoSystems,
) -> None:
    session = await systems.above.session(NHA_TRANG, CAM_RANH)
    await systems.tell()
    (held,) = await systems.held()
    host, _ = await systems.above.join("host", session)
    console, _ = await systems.below.join("central", held)
    await systems.below.join("nhatrang", held)
    await host.ask(type="chat", text="Mời cử người phát biểu", to=NHA_TRANG)
    for _ in range(2):
        await exchange(systems)
    told = await console.type("chat")
    assert (told["text"], told["above"], told["to"]) == ("Mời cử người phát biểu", True, HOST)
    _, joined = await systems.below.join("nhatrang", held)
    assert joined["chat"]["messages"] == []


async def test_a_neighbour_that_is_not_heard_of_any_more_is_shown_no_longer(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    host, _ = await systems.above.join("host", session)
    guest, _ = await systems.below.join("nhatrang", held)
    await exchange(systems)
    assert [[*await shown(host)], [*await shown(guest)]] == [[NHA_TRANG], [HOST]]
    await systems.below.services.neighbours.remove(ABOVE)  # so that it refuses the key
    for seconds in (10, 1):
        systems.above.clock.advance(seconds)
        await exchange(systems)
        systems.below.clock.advance(seconds)
        await systems.below.server.cascade_channel.work(systems.below.clock.now)
    assert [await shown(host), await shown(guest)] == [{}, {}]


async def test_a_system_that_does_not_answer_holds_up_no_round(
    systems: TwoSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    await systems.above.join("host", session)
    await exchange(systems)
    monkeypatch.setattr(channel, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(BelowClient, "exchange", hang)
    async with asyncio.timeout(30):
        await exchange(systems)


async def test_a_meeting_that_nobody_opened_below_and_one_of_another_system_tell_nothing(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    await systems.above.join("host", session)
    await exchange(systems)
    assert systems.above.server.meetings.meetings[session.id].state.neighbours.state.meetings == {}
    assert OUR_POINT == NHA_TRANG
    assert await asked(systems.below, "meetings", GOOD["/cascade/meetings"], f"{ABOVE}.x") == 401
