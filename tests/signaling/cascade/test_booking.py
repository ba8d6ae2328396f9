"""A session of a system above is held with the one below: reserved, changed, extended, withdrawn, cancelled, refused.

Also tests `reception.py`, `client.py`, `store.py`, `rest.py` and `wire.py` of `signaling/cascade`.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scheduler.core.model import Act, Amount, Interval, Request, Session, State, particulars_of
from signaling.app.settings import Settings
from signaling.cascade.model import Neighbour
from signaling.cascade.wire import Wanted
from signaling.mail.config import Mail, Server
from tests.signaling.cascade.two_systems import ABOVE, OUR_POINT, TwoSystems, asked, two_systems
from tests.signaling.request_bodies import GOOD
from tests.signaling.world import CAM_RANH, DIEN_KHANH, HOST, NHA_TRANG, NOW


@pytest.fixture
async def systems(settings: Settings, prepared: Path, tmp_path: Path) -> AsyncIterator[TwoSystems]:
    async with two_systems(settings, prepared, tmp_path / "below") as both:
        yield both


def _request(session: Session, official: Interval) -> Request:
    return Request(
        **particulars_of(session),
        rehearsal=None,
        official=official,
        submitted_by="host",
        klass=session.klass,
        secret=False,
    )


HOUR = timedelta(hours=1)


async def test_r021_a_session_is_reserved_below_as_one_of_a_higher_agency_and_its_code_comes_back(
    systems: TwoSystems,
) -> None:
    session = await systems.above.session(NHA_TRANG, CAM_RANH, start=HOUR)
    await systems.tell()
    (held,) = await systems.held()
    assert (held.state, held.host_point, held.points, held.legs) == (State.ISSUED, HOST, (OUR_POINT,), 2)
    assert (held.official, held.title, held.klass) == (session.official, session.title, session.klass)
    assert await systems.reserved(session) == [("accepted", held.number, "")]
    assert await systems.above.server.cascade_booking.code(session.id, NHA_TRANG) == held.code
    assert await systems.above.server.cascade_booking.code(session.id, CAM_RANH) == ""
    await systems.tell()
    assert await systems.held() == [held]
    assert [entry.action for entry in await systems.below.audited(9)].count("cascade-reserve") == 1


async def test_a_code_from_below_is_stored_encrypted(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG, start=HOUR)
    await systems.tell()
    code = await systems.above.server.cascade_booking.code(session.id, NHA_TRANG)
    assert code
    stored = (systems.above.services.database.url.database, systems.below.services.database.url.database)
    assert [code.encode() in Path(str(path)).read_bytes() for path in stored] == [False, False]


async def test_a_session_without_the_point_of_a_system_below_is_told_to_nobody(systems: TwoSystems) -> None:
    session = await systems.above.session(CAM_RANH, start=HOUR)
    await systems.tell()
    assert (await systems.held(), await systems.reserved(session)) == ([], [])


async def test_an_amendment_above_follows_below_where_points_were_added(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG, start=HOUR)
    await systems.tell()
    (held,) = await systems.held()
    below = systems.below.services.scheduler
    wider = replace(_request(held, held.official), points=(OUR_POINT, DIEN_KHANH))
    await below.amend(held.id, wider, NOW, Act("central"))
    later = Interval(session.official.start + HOUR, session.official.end + HOUR)
    await systems.above.services.scheduler.amend(session.id, _request(session, later), NOW, Act("host"))
    await systems.tell()
    (moved,) = await systems.held()
    assert (moved.id, moved.official, moved.points) == (held.id, later, (OUR_POINT, DIEN_KHANH))
    assert await systems.reserved(session) == [("accepted", held.number, "")]


async def test_an_extension_of_the_live_meeting_above_follows_below(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    for world in (systems.above, systems.below):
        world.clock.advance(600)
    extended = await systems.above.services.scheduler.extend(session.id, 2, systems.above.clock.now)
    await systems.tell()
    (held,) = await systems.held()
    assert held.official == extended.official != session.official


async def test_a_system_below_that_is_told_after_the_meeting_began_takes_part_from_then_on(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    for world in (systems.above, systems.below):
        world.clock.advance(600)
    await systems.tell()
    (held,) = await systems.held()
    assert held.official == Interval(NOW + timedelta(seconds=601), session.official.end)
    await systems.tell()
    assert await systems.held() == [held]
    for world in (systems.above, systems.below):
        world.clock.advance(600)
    extended = await systems.above.services.scheduler.extend(session.id, 1, systems.above.clock.now)
    await systems.tell()
    (longer,) = await systems.held()
    assert (longer.id, longer.official) == (held.id, Interval(held.official.start, extended.official.end))


async def test_a_cancellation_above_cancels_below_and_a_session_held_again_is_another_one(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG, CAM_RANH, start=HOUR)
    await systems.tell()
    above = systems.above.services.scheduler
    without = replace(_request(session, session.official), points=(CAM_RANH,))
    await above.amend(session.id, without, NOW, Act("host"))
    await systems.tell()
    (held,) = await systems.held()
    assert (held.state, await systems.reserved(session)) == (State.CANCELLED, [("withdrawn", held.number, "")])
    assert await systems.above.server.cascade_booking.code(session.id, NHA_TRANG) is None
    await above.amend(session.id, _request(session, session.official), NOW, Act("host"))
    await systems.tell()
    assert [each.state for each in await systems.held()] == [State.CANCELLED, State.ISSUED]
    await above.cancel(session.id, NOW, Act("host"))
    await systems.tell()
    assert [each.state for each in await systems.held()] == [State.CANCELLED, State.CANCELLED]


async def test_a_cancellation_below_is_told_above_and_stays(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG, start=HOUR)
    await systems.tell()
    (held,) = await systems.held()
    await systems.below.services.scheduler.cancel(held.id, NOW, Act("central", "mất điện"))
    await systems.tell()
    await systems.tell()
    assert await systems.reserved(session) == [("cancelled", held.number, "mất điện")]
    assert [each.state for each in await systems.held()] == [State.CANCELLED]
    later = Interval(session.official.start + HOUR, session.official.end + HOUR)
    await systems.above.services.scheduler.amend(session.id, _request(session, later), NOW, Act("host"))
    await systems.tell()
    assert await systems.reserved(session) == [("cancelled", held.number, "mất điện")]
    assert [(each.state, each.official) for each in await systems.held()] == [(State.CANCELLED, held.official)]


async def test_those_in_the_meeting_below_are_told_what_changes_above(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    guest, _ = await systems.below.join("nhatrang", held)
    above = systems.above.services.scheduler
    extended = await above.extend(session.id, 1, NOW)
    await systems.tell()
    told = (await guest.type("session"))["session"]["official"]["end"]
    assert datetime.fromisoformat(told) == extended.official.end > session.official.end
    await above.cancel(session.id, NOW, Act("host"))
    await systems.tell()
    assert await guest.type("bye") == {"type": "bye", "reason": "cancelled"}


async def test_a_live_meeting_below_changes_its_end_alone_and_by_whole_steps(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    key = await systems.above.services.neighbours.key("tinh")
    for world in (systems.above, systems.below):
        world.clock.advance(600)
    body = Wanted.of(session).model_dump(mode="json", by_alias=True)
    end = session.official.end
    changes: list[dict[str, object]] = [{"title": "Họp khác"}]
    changes += [{"official": body["official"] | {"end": (end + timedelta(minutes=7)).isoformat()}}]
    for change in changes:
        assert await asked(systems.below, "reservations", body | change, key) == 422
    assert await systems.held() == [held]


async def test_a_rehearsal_that_has_begun_is_left_out_below(systems: TwoSystems) -> None:
    plain = await systems.above.session(CAM_RANH, start=4 * HOUR)
    rehearsed = replace(
        _request(plain, Interval(NOW + 2 * HOUR, NOW + 4 * HOUR)),
        points=(NHA_TRANG,),
        rehearsal=Interval(NOW + HOUR, NOW + 2 * HOUR),
    )
    session = await systems.above.services.scheduler.submit(rehearsed, NOW)
    for world in (systems.above, systems.below):
        world.clock.advance(4000)
    for _ in range(2):
        await systems.tell()
    (held,) = await systems.held()
    assert (held.rehearsal, held.official) == (None, session.official)
    entries = [each.action for each in await systems.below.audited(9)]
    assert [each for each in entries if each.startswith("cascade")] == ["cascade-reserve"]


async def test_a_session_that_is_over_below_is_neither_changed_nor_cancelled(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG)
    await systems.tell()
    (held,) = await systems.held()
    key = await systems.above.services.neighbours.key("tinh")
    systems.below.clock.advance(24 * 3600)
    changed = GOOD["/cascade/reservations"] | {"session": session.id}
    assert await asked(systems.below, "reservations", changed, key) == 409
    assert await asked(systems.below, "reservations/withdraw", {"session": session.id}, key) == 204
    assert await systems.held() == [held]


async def test_a_session_far_ahead_is_asked_for_seldom(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG, start=30 * HOUR)
    await systems.tell()
    (held,) = await systems.held()
    await systems.below.services.scheduler.cancel(held.id, NOW, Act("central"))
    told = []
    for _ in range(30):
        await systems.tell()
        told += [each.state for each in await systems.above.services.reservations.of_session(session.id)]
    assert told == ["accepted"] * 29 + ["cancelled"]


async def test_a_system_below_without_capacity_lets_it_wait_and_its_code_follows(systems: TwoSystems) -> None:
    operator = systems.below.services.scheduler.operator
    other = await systems.below.session(CAM_RANH, start=HOUR)
    await operator.set_capacity(NOW, Amount(2, 255), NOW)  # 80 % of two: one session
    session = await systems.above.session(NHA_TRANG, start=HOUR)
    await systems.tell()
    assert [state for state, *_ in await systems.reserved(session)] == ["waiting"]
    assert await systems.above.server.cascade_booking.code(session.id, NHA_TRANG) is None
    await systems.below.services.scheduler.cancel(other.id, NOW, Act("central"))
    await systems.tell()
    assert [state for state, *_ in await systems.reserved(session)] == ["accepted"]


async def test_a_refusal_below_is_shown_to_the_host_and_asked_again_only_after_a_change(systems: TwoSystems) -> None:
    operator = systems.below.services.scheduler.operator
    await operator.set_capacity(NOW, Amount(2, 2), NOW)  # 80 % of two points: never two
    session = await systems.above.session(NHA_TRANG, start=HOUR)
    await systems.tell()
    why = "Giới hạn số điểm cầu cùng lúc: cần 2, được dùng 0"
    assert await systems.reserved(session) == [("refused", "", why)]
    assert await systems.reserved(session, "nhatrang") == [("refused", "", "")]  # who is neither host nor centre
    await systems.tell()
    below = systems.below.services.scheduler
    assert len(await below.refusals(NOW - HOUR, NOW + HOUR)) == 1
    await operator.set_capacity(NOW, Amount(20, 200), NOW)
    later = Interval(session.official.start + HOUR, session.official.end + HOUR)
    await systems.above.services.scheduler.amend(session.id, _request(session, later), NOW, Act("host"))
    await systems.tell()
    assert [state for state, *_ in await systems.reserved(session)] == ["accepted"]


@pytest.fixture
async def mailing(settings: Settings, prepared: Path, tmp_path: Path) -> AsyncIterator[TwoSystems]:
    """Yield two systems, of which the one above has a mail server that does not answer."""
    mail = Mail(Server("127.0.0.1", 9, "none", "", ""), "hop@khanhhoa.gov.vn")
    async with two_systems(settings, prepared, tmp_path / "below", mail) as both:
        await both.above.services.notifications.set_mailbox("56", "vanphong@khanhhoa.gov.vn")
        yield both


async def letters(systems: TwoSystems) -> list[tuple[str | None, str, str | None]]:
    """Return unit, reason and session of the letters about sessions that are not held below, oldest first."""
    found = await systems.above.services.notifications.newest(50)
    return [(each.unit, each.facts.reason, each.session) for each in reversed(found) if each.kind == "below"]


async def not_held(systems: TwoSystems, account: str) -> list[tuple[str, str]]:
    client = await systems.above.signed_in(account)
    async with client.get("/api/v1/cascade/not-held") as response:
        return [(each["session"], each["state"]) for each in await response.json()]


async def test_a_session_that_is_not_held_below_is_told_to_its_host_once_for_each_reason(mailing: TwoSystems) -> None:
    operator = mailing.below.services.scheduler.operator
    await operator.set_capacity(NOW, Amount(2, 2), NOW)
    session = await mailing.above.session(NHA_TRANG, start=HOUR)
    for _ in range(2):
        await mailing.tell()
    label = "UBND thành phố Nha Trang"
    refused = f"{label}: từ chối: Giới hạn số điểm cầu cùng lúc: cần 2, được dùng 0"
    assert await letters(mailing) == [("56", refused, session.id)]
    seen = [await not_held(mailing, each) for each in ("host", "nhatrang", "dienkhanh")]
    assert seen == [[(session.id, "refused")], [(session.id, "refused")], []]
    later = Interval(session.official.start + HOUR, session.official.end + HOUR)
    await mailing.above.services.scheduler.amend(session.id, _request(session, later), NOW, Act("host"))
    await mailing.tell()
    assert [reason for _, reason, _ in await letters(mailing)] == [refused, refused]
    await operator.set_capacity(NOW, Amount(20, 200), NOW)
    await mailing.above.services.scheduler.amend(session.id, _request(session, session.official), NOW, Act("host"))
    await mailing.tell()
    assert await not_held(mailing, "host") == []
    (held,) = await mailing.held()
    await mailing.below.services.scheduler.cancel(held.id, NOW, Act("central", "mất điện"))
    await mailing.tell()
    assert [reason for _, reason, _ in await letters(mailing)][2:] == [f"{label}: đã hủy phiên họp: mất điện"]


async def test_a_session_that_waits_below_or_whose_key_is_not_taken_is_told_to_its_host_once(
    mailing: TwoSystems,
) -> None:
    label = "UBND thành phố Nha Trang"
    other = await mailing.below.session(CAM_RANH, start=HOUR)
    await mailing.below.services.scheduler.operator.set_capacity(NOW, Amount(2, 255), NOW)  # one session
    first = await mailing.above.session(NHA_TRANG, start=HOUR)
    for _ in range(2):
        await mailing.tell()
    waits = (f"{label}: chưa đủ năng lực, phiên họp đang chờ", first.id)
    assert [told[1:] for told in await letters(mailing)] == [waits]
    await mailing.below.services.scheduler.cancel(other.id, NOW, Act("central"))
    await mailing.tell()
    await mailing.below.services.neighbours.remove(ABOVE)
    second = await mailing.above.session(NHA_TRANG, start=30 * HOUR)
    for _ in range(2):
        await mailing.tell()
    words = "hệ thống đó không nhận khóa của hệ thống này"
    assert await mailing.reserved(second) == [("unanswered", "", words)]
    assert [told[1:] for told in await letters(mailing)] == [
        waits,
        (f"{label}: chưa nhận phiên họp: {words}", second.id),
    ]
    assert [state for state, *_ in await mailing.reserved(first)] == ["accepted"]


async def test_a_system_below_that_does_not_answer_is_told_to_the_host_when_the_session_is_near(
    mailing: TwoSystems,
) -> None:
    await mailing.below.http.close()
    session = await mailing.above.session(NHA_TRANG, start=3 * HOUR)
    await mailing.tell()
    assert await letters(mailing) == []
    mailing.above.clock.advance(3600)
    for _ in range(2):
        await mailing.tell()
    (told,) = await letters(mailing)
    reason = "UBND thành phố Nha Trang: chưa nhận phiên họp: không kết nối được tới hệ thống đó"
    assert told[1:] == (reason, session.id)


async def test_the_reason_of_a_cancellation_above_is_told_below(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG, start=HOUR)
    await systems.tell()
    (held,) = await systems.held()
    await systems.above.services.scheduler.cancel(session.id, NOW, Act("host", "hoãn sang tuần sau"))
    await systems.tell()
    told = [(each.kind, each.by, each.reason) for each in await systems.below.services.scheduler.history(held.id)]
    assert told[-1] == ("cancelled", f"cascade:{ABOVE}", "hoãn sang tuần sau")


async def test_a_system_below_that_is_away_is_asked_until_it_answers_and_what_it_said_holds(
    systems: TwoSystems,
) -> None:
    first = await systems.above.session(NHA_TRANG, start=HOUR)
    await systems.tell()
    (held,) = await systems.held()
    await systems.below.http.close()
    second = await systems.above.session(NHA_TRANG, start=4 * HOUR)
    await systems.tell()
    assert await systems.reserved(first) == [("accepted", held.number, "")]
    assert await systems.reserved(second) == [("unanswered", "", "không kết nối được tới hệ thống đó")]
    later = Interval(first.official.start, first.official.end + HOUR)
    await systems.above.services.scheduler.amend(first.id, _request(first, later), NOW, Act("host"))
    await systems.tell()
    assert await systems.reserved(first) == [("unanswered", held.number, "không kết nối được tới hệ thống đó")]
    assert await systems.above.server.cascade_booking.code(first.id, NHA_TRANG) == held.code


async def test_a_session_whose_answer_was_lost_is_not_registered_twice(systems: TwoSystems) -> None:
    session = await systems.above.session(NHA_TRANG, start=HOUR)
    await systems.tell()
    (held,) = await systems.held()
    for world in (systems.above, systems.below):
        await world.services.neighbours.remove("tinh" if world is systems.above else ABOVE)
        assert await world.services.reservations.current(NOW) == []
    key = await systems.below.services.neighbours.add_above(Neighbour(ABOVE, HOST, our_point=OUR_POINT), NOW)
    body = GOOD["/cascade/reservations"] | {"session": session.id}
    assert await asked(systems.below, "reservations", body, key) == 200
    (again,) = await systems.held()
    assert again.id == held.id


async def test_keys_that_are_wrong_or_removed_are_refused_and_guessing_is_locked(systems: TwoSystems) -> None:
    below, body = systems.below, GOOD["/cascade/reservations"]
    key = await below.services.neighbours.add_above(Neighbour("bo-y-te", CAM_RANH, our_point=OUR_POINT), NOW)
    assert await asked(below, "reservations", body, key) == 200
    await below.services.neighbours.remove("bo-y-te")
    wrong = [key, f"{ABOVE}.x", "tinh.", "."]
    assert [await asked(below, "reservations", body, each) for each in wrong] == [401] * 4
    assert [await asked(below, "reservations/withdraw", {"session": "x"}, "no") for _ in range(7)][-2:] == [401, 429]
    assert (await below.audited(1))[0].action == "cascade-refused"
