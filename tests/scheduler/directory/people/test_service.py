"""People who run rooms are listed with their first and last days (Điều 17.2.c, 19.3; R-111, R-120).

Also tests `list_status.py` and `store.py`.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from scheduler.booking.registration.service import Scheduler
from scheduler.core.errors import InvalidRequest, UnknownUnit
from scheduler.directory.errors import Unknown
from scheduler.directory.people.service import People, PersonEntry
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import at

NOW = at("02/05/2023 08:00")
SUOI_CAT = "cl.suoicat"


@pytest.fixture
def people(scheduler: Scheduler) -> People:
    return People(scheduler._engine, PROFILES)


async def entry(scheduler: Scheduler, name: str, day: date) -> PersonEntry:
    unit = (await scheduler.point(SUOI_CAT)).unit
    return PersonEntry(unit, SUOI_CAT, "technician", name, "0905 123 456", "", None, day, "CV 12")


async def test_a_replaced_person_serves_through_the_day_before(scheduler: Scheduler, people: People) -> None:
    old = await people.add(await entry(scheduler, "Lê Văn Cũ", date(2023, 1, 1)), NOW)
    await people.give_account(old.id, "cl.suoicat.cu", NOW)
    await people.train(old.id, date(2023, 1, 5), NOW)
    new = await people.add(await entry(scheduler, "Trần Thị Mới", date(2023, 5, 15)), NOW, replaces=old.id)
    assert ((await people.person(old.id)).valid_to, new.replaces, new.trained) == (date(2023, 5, 14), old.id, None)
    assert await people.ended_accounts(at("14/05/2023 23:59")) == []
    assert await people.ended_accounts(at("15/05/2023 00:00")) == ["cl.suoicat.cu"]
    await people.give_account(new.id, "cl.suoicat.cu", NOW)
    assert await people.ended_accounts(at("15/05/2023 00:00")) == []


async def test_units_without_anybody_stand_on_top(scheduler: Scheduler, people: People) -> None:
    await people.add(await entry(scheduler, "Lê Văn An", date(2023, 1, 1)), NOW)
    lists = await people.lists(at("01/06/2023 08:00"))
    assert (len(lists), [each.people for each in lists[:-1]]) == (169, [()] * 168)
    assert [person.name for person in lists[-1].people] == ["Lê Văn An"]
    assert [person.name for person in lists[-1].untrained] == ["Lê Văn An"]
    unit = lists[-1].unit.id
    for days, stale in ((180, False), (181, True)):
        assert (await people.lists(NOW + timedelta(days=days)))[-1].stale == stale
    await people.confirm(unit, NOW + timedelta(days=181))
    assert not (await people.lists(NOW + timedelta(days=181)))[-1].stale


async def test_faulty_people_are_refused(scheduler: Scheduler, people: People) -> None:
    good = await entry(scheduler, "Lê Văn An", date(2023, 1, 1))
    with pytest.raises(UnknownUnit):
        await people.add(replace(good, unit="x"), NOW)
    with pytest.raises(InvalidRequest) as caught:
        await people.add(replace(good, name=" ", phone="12", point="so.tttt"), NOW)
    assert [error.word for error in caught.value.errors] == ["required", "phone-format", "unknown-point"]
    with pytest.raises(Unknown):
        await people.add(good, NOW, replaces="x")
    person = await people.add(good, NOW)
    with pytest.raises(InvalidRequest):
        await people.end(person.id, date(2022, 1, 1), NOW)
    assert (await people.of(good.unit)) == [person]
