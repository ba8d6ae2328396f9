"""Attendee lists are given on request only, one for each component; names stay as long as the profile says.

Also tests `attendee_lists.py`.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.errors import InvalidRequest, NotAsked, UnknownSession
from scheduler.operations.attendance.attendee_list import MAX_COUNT, MAX_PEOPLE, Attendee, faults, normalised
from tests.scheduler.conftest import NHA_TRANG, ServicesFixture
from tests.scheduler.world import at

HOST, LOC_THO, CITY = "ubnd.khanh-hoa", "nt.loctho", "ubnd.nha-trang"
PEOPLE = [Attendee(f"Người  {letter}", " Chuyên viên") for letter in "ABCDE"]


async def test_a_list_is_stored_once_the_host_has_asked(services: ServicesFixture) -> None:
    """R-098, A35: NT.LocTho enters five names once the host has asked, and may correct them."""
    session, attendee_lists = await services.session(HOST, LOC_THO, CITY), services.attendee_lists
    asked_at = at("05/04/2023 07:30")
    with pytest.raises(NotAsked):
        await attendee_lists.give(session.id, LOC_THO, 5, PEOPLE, "loctho", asked_at)
    for _ in range(2):
        await attendee_lists.ask(session.id, "host", asked_at)
    assert await services.notices(asked_at, "list-asked") == [("list-asked", NHA_TRANG, "NT.LocTho; UBND.Nha Trang")]
    await attendee_lists.give(session.id, LOC_THO, 9, [], "loctho", asked_at)
    await attendee_lists.give(session.id, LOC_THO, 5, [*PEOPLE, Attendee(" ", "")], "loctho", asked_at)
    roll = await attendee_lists.of_session(session.id)
    assert (roll.asked, list(roll.lists)) == (asked_at, [LOC_THO])
    assert roll.lists[LOC_THO].people[0] == Attendee("Người A", "Chuyên viên")
    assert (roll.lists[LOC_THO].count, len(roll.lists[LOC_THO].people)) == (5, 5)
    with pytest.raises(NotAsked):
        await attendee_lists.give(session.id, HOST, 5, [], "host", asked_at)  # the host asks; it is not asked
    with pytest.raises(InvalidRequest):
        await attendee_lists.give(session.id, LOC_THO, 1, PEOPLE, "loctho", asked_at)
    with pytest.raises(UnknownSession):
        await attendee_lists.of_session("nothing")


def test_faulty_attendee_lists_are_refused() -> None:
    assert [(f.field, f.word) for f in faults(0, [Attendee("", "Chủ tịch"), Attendee("A", "x" * 101)])] == [
        ("count", "fewer-than-named"),
        ("people.1.name", "required"),
        ("people.2.position", "too-long"),
    ]
    assert [f.word for f in faults(MAX_COUNT + 1, [])] == ["too-many"]
    assert faults(MAX_PEOPLE, [Attendee("A", "")] * MAX_PEOPLE) == []
    assert [f.word for f in faults(MAX_COUNT, [Attendee("A", "")] * (MAX_PEOPLE + 1))] == ["too-many"]


@given(st.lists(st.builds(Attendee, st.text(max_size=20), st.text(max_size=20)), max_size=20))
def test_texts_of_any_kind_come_into_one_form(people: list[Attendee]) -> None:
    once = normalised(people)
    assert normalised(once) == once
    assert all(each != Attendee("", "") for each in once)
