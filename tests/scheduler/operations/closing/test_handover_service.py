"""Recordings are handed over within two working days and kept for a while after that (Điều 15.3, A27).

Also tests `recording_handover.py`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.model import Interval
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels
from scheduler.operations.closing import recording_handover
from scheduler.operations.closing.errors import NotHandedOver
from scheduler.operations.closing.handover_service import HandoverService
from scheduler.operations.closing.recording_handover import Handover
from tests.scheduler.conftest import PROFILES, Booked
from tests.scheduler.world import NOW, REQUEST, ZONE, at

SHA = "ab" * 32
DAY = timedelta(days=1)
POLICY = PROFILES.at(NOW).conduct.recordings


@pytest.fixture
def handovers(booked: Booked) -> HandoverService:
    return HandoverService(booked.engine, PROFILES, Channels(mail=True))


@pytest.mark.parametrize(
    ("start", "end", "due"),
    [
        ("28/04/2023 08:00", "28/04/2023 11:00", "05/05/2023 17:00"),
        ("03/05/2024 08:00", "03/05/2024 11:00", "06/05/2024 17:00"),
    ],
)
async def test_due_at_the_close_of_the_second_working_day(
    booked: Booked, handovers: HandoverService, start: str, end: str, due: str
) -> None:
    official = Interval(at(start), at(end))
    request = replace(REQUEST, official=official)
    session = await booked.scheduler.submit(request, at(start) - 10 * DAY)
    made = await handovers.open(session.id, SHA, at(end) + timedelta(minutes=30))
    assert (made.due, made.unit, made.status(at(due)), made.status(at(due) + timedelta(seconds=1))) == (
        at(due),
        (await booked.scheduler.point("so.tttt")).unit,
        "due",
        "overdue",
    )


async def test_the_host_is_notified_reminded_and_confirms_by_the_digest(
    booked: Booked, handovers: HandoverService
) -> None:
    notifications = Notifications(booked.engine, ZONE)
    end = booked.session.official.end
    made = await handovers.open(booked.session.id, SHA, end)
    assert await handovers.open(booked.session.id, "cd" * 32, end + DAY) == made
    for now in (made.due - DAY - timedelta(minutes=1), made.due - DAY, made.due):
        await handovers.remind(now)
    assert sorted(notice.kind for notice in await notifications.newest(9)) == ["recording", "recording-due"]
    with pytest.raises(NotHandedOver):
        await handovers.receive(booked.session.id, "cd" * 32, "so.tttt", made.due)
    received = await handovers.receive(booked.session.id, SHA.upper(), "so.tttt", made.due)
    assert (received.status(made.due), received.keep_until) == ("received", made.due + 90 * DAY)
    assert await handovers.receive(booked.session.id, SHA, "another", made.due + DAY) == received
    assert await handovers.handover(booked.session.id) == received
    with pytest.raises(NotHandedOver):
        await handovers.receive("nothing", SHA, "so.tttt", made.due)


async def test_a_recording_stays_ninety_days_and_its_deletion_is_announced(
    booked: Booked, handovers: HandoverService
) -> None:  # A27
    made = await handovers.open(booked.session.id, SHA, booked.session.official.end)
    assert await handovers.to_delete(made.due + 1000 * DAY) == []  # never while it was not received
    received = await handovers.receive(booked.session.id, SHA, "so.tttt", made.due + timedelta(seconds=1))
    assert received.status(made.due) == "late" and received.keep_until is not None
    until = received.keep_until
    await handovers.remind(until - 7 * DAY - timedelta(seconds=1))
    assert await handovers.to_delete(until) == []  # nobody was warned
    await handovers.remind(until - 7 * DAY)
    assert await handovers.to_delete(until - timedelta(seconds=1)) == []
    assert [each.session for each in await handovers.to_delete(until)] == [booked.session.id]
    await handovers.mark_deleted(booked.session.id, until)
    assert await handovers.to_delete(until + DAY) == []
    (handover,) = await handovers.all()
    assert (handover.status(until), handover.digest, handover.received_by) == ("deleted", SHA, "so.tttt")
    assert [n.kind for n in await Notifications(booked.engine, ZONE).newest(1)] == ["recording-goes"]


@given(
    st.integers(0, 200),
    st.none() | st.integers(0, 200),
    st.none() | st.integers(0, 300),
    st.integers(0, 400),
)
def test_nothing_goes_before_its_time(due: int, received: int | None, warned: int | None, now: int) -> None:
    """The oracle says it in whole days."""

    def day(number: int | None) -> datetime | None:
        return None if number is None else NOW + number * DAY

    got = day(received)
    made = Handover("s", "u", NOW, NOW + due * DAY, NOW, SHA, got, warned=day(warned))
    if got is not None:
        made = Handover(
            "s",
            "u",
            NOW,
            NOW + due * DAY,
            NOW,
            SHA,
            got,
            "h",
            recording_handover.kept_until(got, POLICY),
            warned=day(warned),
        )
    goes = recording_handover.deletion_due(made, POLICY, NOW + now * DAY)
    assert goes == (received is not None and warned is not None and now >= received + 90 and now >= warned + 7)
