"""Scripts of sessions: items are validated, and a script is replaced as a whole until the session ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.booking.registration.service import Scheduler
from scheduler.booking.sessions import script
from scheduler.core.errors import Ended, InvalidRequest, UnknownSession
from scheduler.core.model import ScriptItem
from tests.scheduler.world import NOW, REQUEST

OPENING = ScriptItem("a", "Khai mạc", None, "single", 5, "speech")
REPORT = ScriptItem("b", "Phường Xương Huân báo cáo", "nt.xuonghuan", "1+7", 15, "speech")
PAUSE = ScriptItem("c", "Giải lao", None, None, 10, "break")
ITEMS = (OPENING, REPORT, PAUSE)
POINTS = {"so.tttt", "nt.xuonghuan"}


def words(*items: ScriptItem) -> list[tuple[str, str, str]]:
    return [(fault.field, fault.word, fault.value) for fault in script.validate(items, POINTS, 200)]


def test_items_without_fault() -> None:
    assert (words(), words(*ITEMS)) == ([], [])
    assert words(replace(PAUSE, minutes=1), replace(OPENING, minutes=600, title="x" * 200)) == []


@pytest.mark.parametrize(
    ("change", "field", "word", "value"),
    [
        ({"title": ""}, "title", "required", ""),
        ({"title": "x" * 201}, "title", "too-long", "200"),
        ({"title": "a\x00b"}, "title", "bad-characters", ""),
        ({"id": "a"}, "id", "duplicate-item", "a"),
        ({"point": "ubnd.cam-ranh"}, "point", "not-in-session", "ubnd.cam-ranh"),
        ({"minutes": 0}, "minutes", "minutes-range", "600"),
        ({"minutes": 601}, "minutes", "minutes-range", "600"),
    ],
)
def test_each_fault_is_named_with_its_item(change: dict[str, object], field: str, word: str, value: str) -> None:
    found = words(OPENING, replace(REPORT, **change))  # type: ignore[arg-type]
    others = [("script.0.id", word, value)] if field == "id" else []
    assert found == [*others, (f"script.1.{field}", word, value)]


def test_a_script_has_an_end() -> None:
    many = [replace(PAUSE, id=str(number)) for number in range(101)]
    assert (words(*many[1:]), words(*many)) == ([], [("script", "too-many", "100")])


def test_titles_are_normal_and_ids_stay() -> None:
    first, second = script.normalise([replace(OPENING, id="", title="  Khai  mạc\n"), REPORT])
    assert (replace(first, id="a"), second, len(first.id)) == (OPENING, REPORT, 12)


async def test_a_script_is_registered_with_its_session(scheduler: Scheduler) -> None:
    session = await scheduler.submit(replace(REQUEST, script=ITEMS), NOW)
    other = await scheduler.submit(REQUEST, NOW)
    assert await scheduler.script(session.id) == ITEMS
    assert (await scheduler.script(other.id), await scheduler.script("\ud800")) == ((), ())


async def test_a_faulty_script_is_reported_with_the_other_faults_and_nothing_is_registered(
    scheduler: Scheduler,
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await scheduler.submit(replace(REQUEST, title="", script=(OPENING, replace(REPORT, point="x"))), NOW)
    assert [error.field for error in caught.value.errors] == ["title", "script.1.point"]
    assert await scheduler.sessions(NOW, NOW + timedelta(days=30)) == []


async def test_a_script_is_replaced_until_the_end(scheduler: Scheduler) -> None:
    session = await scheduler.submit(replace(REQUEST, script=ITEMS), NOW)
    end = session.official.end + timedelta(minutes=15)
    changed = (PAUSE, replace(OPENING, title="Khai mạc, giới thiệu đại biểu"))
    assert await scheduler.set_script(session.id, changed, end - timedelta(seconds=1)) == changed
    assert await scheduler.script(session.id) == changed
    with pytest.raises(InvalidRequest):
        await scheduler.set_script(session.id, [OPENING, OPENING], NOW)
    with pytest.raises(Ended):
        await scheduler.set_script(session.id, (), end)
    with pytest.raises(UnknownSession):
        await scheduler.set_script("nothing", (), NOW)
    assert await scheduler.script(session.id) == changed
    await scheduler.cancel(session.id, NOW)
    with pytest.raises(Ended):
        await scheduler.set_script(session.id, (), NOW)
