"""Codes admit points from 30 minutes before a slot (lobby) until 15 minutes after it (grace)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scheduler.booking.sessions import access_window
from scheduler.core.errors import Cancelled, Ended, NotInvited, TooEarly
from scheduler.core.model import Session, Slot, State
from scheduler.policy.profile_files import load
from tests.scheduler.world import NOW, at

WINDOW = load().policies[-1].door
SESSION = Session(
    id="1",
    number="HTT-2023-0001",
    seq=1,
    title="T",
    host_point="so.tttt",
    points=("nt.xuonghuan",),
    slots=(
        Slot("tong_duyet", at("04/04/2023 14:00"), at("04/04/2023 16:00"), 2),
        Slot("chinh_thuc", at("05/04/2023 08:00"), at("05/04/2023 11:00"), 2),
    ),
    contact_name="A",
    contact_phone="+84905123456",
    recording=False,
    legs=2,
    state=State.ISSUED,
    code="0123456789",
    created=NOW,
    profile="KH-2023",
    submitted_by="x",
    received=NOW,
    effective=NOW,
    reply_due=NOW,
    check_due=NOW,
    provisional=False,
)


def cancelled() -> Session:
    return replace(SESSION, state=State.CANCELLED, code=None)


@pytest.mark.parametrize(
    ("when", "phase"),
    [
        ("04/04/2023 13:29", "upcoming"),
        ("04/04/2023 13:30", "lobby"),
        ("04/04/2023 14:00", "open"),
        ("04/04/2023 16:14", "open"),
        ("04/04/2023 16:15", "upcoming"),
        ("05/04/2023 07:30", "lobby"),
        ("05/04/2023 08:00", "open"),
        ("05/04/2023 11:14", "open"),
        ("05/04/2023 11:15", "ended"),
    ],
)
def test_phase(when: str, phase: str) -> None:
    assert access_window.phase(SESSION, WINDOW, at(when)) == phase
    assert access_window.phase(cancelled(), WINDOW, at(when)) == "cancelled"


@pytest.mark.parametrize("point", ["so.tttt", "nt.xuonghuan", None])
def test_host_components_and_people_without_a_point_enter_from_the_lobby_to_the_grace(point: str | None) -> None:
    for when in ("04/04/2023 13:30", "05/04/2023 07:30", "05/04/2023 11:14"):
        access_window.check(SESSION, point, WINDOW, at(when))


@pytest.mark.parametrize(
    ("when", "opens"),
    [
        ("03/04/2023 08:00", "04/04/2023 13:30"),
        ("04/04/2023 16:15", "05/04/2023 07:30"),
        ("05/04/2023 07:29", "05/04/2023 07:30"),
    ],
)
def test_too_early_says_when_the_lobby_opens(when: str, opens: str) -> None:
    with pytest.raises(TooEarly) as caught:
        access_window.check(SESSION, "so.tttt", WINDOW, at(when))
    assert caught.value.opens == at(opens)


def test_ended_and_cancelled() -> None:
    with pytest.raises(Ended):
        access_window.check(SESSION, "so.tttt", WINDOW, at("05/04/2023 11:15"))
    with pytest.raises(Cancelled):
        access_window.check(cancelled(), "so.tttt", WINDOW, at("05/04/2023 08:00"))


@pytest.mark.parametrize("when", [at("03/04/2023 08:00"), at("05/04/2023 08:00"), at("06/04/2023 08:00")])
def test_strangers_learn_nothing_but_that_they_are_not_invited(when: datetime) -> None:
    for session in (SESSION, cancelled()):
        with pytest.raises(NotInvited):
            access_window.check(session, "dk.dienan", WINDOW, when)


def test_the_access_window_stays_open_between_slots_that_nearly_touch() -> None:
    rehearsal, official = SESSION.slots
    close = replace(rehearsal, start=official.start - timedelta(hours=1), end=official.start - timedelta(minutes=10))
    session = replace(SESSION, slots=(close, official))
    for minute in range(-90, 195):
        access_window.check(session, "so.tttt", WINDOW, official.start + timedelta(minutes=minute))
