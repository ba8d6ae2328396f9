"""A unit sees the personal data of its people, and erases what is no longer needed (I-10)."""

from datetime import date
from pathlib import Path

import pytest

from scheduler.booking.registration.drafts import Drafts
from scheduler.compliance.personal_data import PersonalRecord
from scheduler.core.errors import UnknownUnit
from scheduler.directory.people.service import People
from scheduler.directory.people.service import PersonEntry as Charge
from scheduler.operations.attendance.attendee_list import Attendee
from scheduler.operations.attendance.chat_store import ChatEntry
from scheduler.operations.readiness import store as readiness_store
from scheduler.operations.readiness.duty import Duty
from scheduler.operations.votes.ballot_keys import BallotKeys
from scheduler.operations.votes.model import Question, Voter
from scheduler.operations.votes.service import Votes
from tests.scheduler.conftest import NHA_TRANG, PROFILES, ServicesFixture
from tests.scheduler.world import NOW, at

HOST, CITY, LOC_THO = "so.tttt", "ubnd.nha-trang", "nt.loctho"
OPERATOR = "so.tttt"
BEFORE, DURING, AFTER = at("03/04/2023 08:00"), at("05/04/2023 09:00"), at("05/04/2023 11:00")
PHONE = "0905 123 456"


async def records(services: ServicesFixture, unit: str, now: object = AFTER) -> list[tuple[str, str, str, bool]]:
    """Return the records of a unit: kind, name, telephone, and whether it is needed."""
    entries: list[PersonalRecord] = await services.personal.of(unit, now)  # type: ignore[arg-type]
    return [(each.kind, each.name, each.phone, each.needed) for each in entries]


async def held(services: ServicesFixture) -> str:
    """Hold a session of the host with the city, with people of all kinds; return its id."""
    session = await services.session(HOST, CITY, LOC_THO)
    await services.duties.assign(Duty("", session.id, "point", CITY, None, None, "Lê Trực", PHONE, "host"), NOW)
    await services.duties.assign(Duty("", session.id, "main", None, None, None, "Vũ Chính", PHONE, "desk"), NOW)
    await services.attendee_lists.ask(session.id, "host", NOW)
    await services.attendee_lists.give(session.id, CITY, 9, [Attendee("Bùi Dự", "Chủ tịch")], "city", NOW)
    return session.id


async def test_i10_what_a_unit_wrote_in_the_chat_is_listed_and_erased_with_the_rest(services: ServicesFixture) -> None:
    session = await services.session(HOST, CITY, LOC_THO)
    for point, chair, text in ((CITY, False, "Xin phát biểu, Bùi Dự"), (HOST, True, "Mời")):
        await services.attendance.chat_written(session.id, ChatEntry(DURING, point, point, chair, None, text))
    assert await records(services, NHA_TRANG) == [("chat", "Xin phát biểu, Bùi Dự", "", False)]
    assert await services.personal.erase(NHA_TRANG, AFTER) == 1
    assert [entry.text for entry in await services.attendance.chat(session.id)] == ["", "Mời"]


async def test_i10_questions_of_votes_are_erased_with_the_rest_and_their_counts_stay(
    services: ServicesFixture, tmp_path: Path
) -> None:
    session = await services.session(HOST, CITY, LOC_THO)
    votes = Votes(services.engine, BallotKeys(tmp_path))
    vote = await votes.open(session.id, Question("Bầu ông Bùi Dự?"), [Voter(CITY, CITY, CITY)], "host", DURING)
    await votes.cast(vote.id, CITY, 0)
    await votes.close(vote.id, "host", DURING)
    assert ("vote", "Bầu ông Bùi Dự?", "", False) in await records(services, OPERATOR)
    await services.personal.erase(OPERATOR, AFTER)
    (kept,) = await votes.of_session(session.id)
    assert (kept.question.text, kept.question.choices, kept.counts) == ("", (), (1, 0, 0))


async def test_i10_a_unit_sees_its_own_people_and_whether_they_are_still_needed(services: ServicesFixture) -> None:
    await held(services)
    city = [("duty", "Lê Trực", "+84905123456"), ("attendee", "Bùi Dự", "")]
    host = [("contact", "Nguyễn Văn An", "+84905123456"), ("duty", "Vũ Chính", "+84905123456")]
    for now, needed in ((BEFORE, True), (DURING, True), (AFTER, False)):
        assert await records(services, NHA_TRANG, now) == [(*each, needed) for each in city]
        assert await records(services, OPERATOR, now) == [(*each, needed) for each in host]
    assert (await services.personal.of(NHA_TRANG, AFTER))[1].position == "Chủ tịch"
    assert await records(services, (await services.scheduler.point(LOC_THO)).unit) == []
    with pytest.raises(UnknownUnit):
        await services.personal.of("nothing", AFTER)


async def test_i10_erased_data_is_gone_and_rows_and_counts_stay(services: ServicesFixture) -> None:
    session = await held(services)
    personal = services.personal
    assert await personal.erase(NHA_TRANG, DURING) == 0
    assert [name for _, name, _, _ in await records(services, NHA_TRANG)] == ["Lê Trực", "Bùi Dự"]
    assert await personal.erase(NHA_TRANG, AFTER) == 2
    assert await records(services, NHA_TRANG) == []
    listed = (await services.attendee_lists.of_session(session)).lists[CITY]
    assert (listed.count, listed.people) == (9, ())
    async with services.engine.connect() as db:
        duties = (await readiness_store.duties(db, [session]))[session]
    assert sorted((duty.role, duty.name, duty.phone) for duty in duties) == [
        ("main", "Vũ Chính", "+84905123456"),
        ("point", "", ""),
    ]
    assert (await services.scheduler.session(session)).contact_name == "Nguyễn Văn An", "it is the host's"
    assert await personal.erase(OPERATOR, AFTER) == 2
    session_left = await services.scheduler.session(session)
    assert (session_left.contact_name, session_left.contact_phone, session_left.title) == ("", "", "Giao ban tuần 14")
    assert await personal.erase(OPERATOR, AFTER) == 0


async def test_i10_people_in_charge_stay_and_former_ones_may_be_erased(services: ServicesFixture) -> None:
    people = People(services.engine, PROFILES)
    charge = Charge(NHA_TRANG, None, "manager", "Cũ", PHONE, "cu@x.vn", None, date(2023, 1, 1), "")
    old = await people.add(charge, NOW)
    new = await people.add(
        Charge(NHA_TRANG, None, "manager", "Mới", PHONE, "", None, date(2023, 4, 5), ""), NOW, old.id
    )
    seen = [("in-charge", "Cũ", "+84905123456", True), ("in-charge", "Mới", "+84905123456", True)]
    assert await records(services, NHA_TRANG, at("04/04/2023 23:00")) == seen
    assert await services.personal.erase(NHA_TRANG, at("05/04/2023 00:00")) == 1
    first, second = await people.of(NHA_TRANG)
    assert (first.name, first.phone, first.email, first.valid_to) == ("", "", "", date(2023, 4, 4))
    assert second == new


async def test_i10_a_draft_keeps_its_contact_until_it_is_settled(services: ServicesFixture) -> None:
    drafts = Drafts(services.engine, PROFILES)
    typed = {"title": "Họp", "contact_name": "Đỗ Gửi", "contact_phone": PHONE, "second_phone": "0905 000 000"}
    draft = await drafts.add(OPERATOR, "form", "x", typed, NOW, origin=NHA_TRANG)
    waiting = [("draft", "Đỗ Gửi", PHONE, True), ("draft", "", "0905 000 000", True)]
    assert await records(services, NHA_TRANG) == waiting
    assert await records(services, OPERATOR) == []
    assert await services.personal.erase(NHA_TRANG, AFTER) == 0
    await drafts.discard(draft.id, "desk", "trùng", NOW)
    assert await services.personal.erase(NHA_TRANG, AFTER) == 2
    assert (await drafts.draft(draft.id)).content == {"title": "Họp"}
    assert await records(services, NHA_TRANG) == []


async def test_i10_after_the_months_of_the_profile_it_goes_by_itself(services: ServicesFixture) -> None:
    session = await held(services)
    drafts = Drafts(services.engine, PROFILES)
    draft = await drafts.add(OPERATOR, "form", "x", {"contact_name": "Đỗ Gửi"}, NOW)
    await drafts.discard(draft.id, "desk", "trùng", NOW)
    personal = services.personal
    await personal.forget(at("30/04/2024 23:00"))
    assert len(await records(services, NHA_TRANG)) + len(await records(services, OPERATOR)) == 5
    for _ in range(2):
        await personal.forget(at("02/05/2024 00:00"))
    assert await records(services, NHA_TRANG) + await records(services, OPERATOR) == []
    assert (await services.attendee_lists.of_session(session)).lists[CITY].count == 9
