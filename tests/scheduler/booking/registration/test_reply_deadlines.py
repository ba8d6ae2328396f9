"""Owed replies are reminded of once, escalated and counted, on both databases (R-083, readings A15, A18).

Also tests `reply_store.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.booking.registration.drafts import Drafts
from scheduler.booking.registration.reply_deadlines import ReplyDeadlines
from scheduler.booking.registration.service import Scheduler
from scheduler.calendar.deadlines import Clock
from scheduler.calendar.working_time import Calendar
from scheduler.core import database
from scheduler.core.model import Amount, ClassId, Request
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels, Contacts
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, REQUEST, ZONE, asking, at, hours, on

ON_DUTY, HEAD = "truc@khanhhoa.gov.vn", "lanhdao@khanhhoa.gov.vn"
MAIL = Channels(mail=True)


@dataclass
class Setup:
    """A scheduler, its drafts, its reply deadlines, and its notifications."""

    engine: AsyncEngine
    scheduler: Scheduler
    drafts: Drafts
    reply_deadlines: ReplyDeadlines
    notifications: Notifications

    async def letter(self, arrived: str, **content: object) -> str:
        """Add the draft of a letter from UBND huyện Vạn Ninh; return its id."""
        return (await self.drafts.add("571", "mail", "a@b.vn", content, at(arrived), origin="571")).id

    async def reminders(self, now: str) -> list[tuple[str, str, str]]:
        """Run the periodic job twice; return kind, recipient and reason of the reminders so far."""
        await self.reply_deadlines.work(at(now))
        await self.reply_deadlines.work(at(now))
        reminders = [n for n in await self.notifications.newest(99) if n.kind in {"reminder", "overdue", "urgent"}]
        return [(n.kind, n.recipient, n.facts.reason) for n in sorted(reminders, key=lambda n: n.id)]

    async def due(self, now: str) -> str:
        """Return when the only reply is due."""
        await self.reply_deadlines.work(at(now))
        ((owed, _),) = await self.reply_deadlines.open(at(now))
        return f"{owed.due.astimezone(ZONE):%d/%m %H:%M}"


@pytest.fixture
async def setup(seeded_url: str) -> AsyncIterator[Setup]:
    engine = database.connect(seeded_url)
    yield Setup(
        engine,
        Scheduler(engine, PROFILES, Amount(2, 10), MAIL),
        Drafts(engine, PROFILES, MAIL),
        ReplyDeadlines(engine, PROFILES, Contacts((ON_DUTY,), (HEAD,))),
        Notifications(engine, ZONE),
    )
    await engine.dispose()


@pytest.mark.parametrize(
    ("arrived", "due"),
    [
        ("03/04/2023 10:00", "03/04 15:00"),
        ("03/04/2023 16:00", "04/04 09:00"),
        ("28/04/2023 16:00", "04/05 09:00"),
    ],
)
async def test_r083_replies_are_due_within_three_hours_of_office(setup: Setup, arrived: str, due: str) -> None:
    await setup.letter(arrived)
    assert await setup.due(arrived) == due


async def test_r083_unanswered_it_is_reminded_escalated_and_late(setup: Setup) -> None:
    await setup.letter("03/04/2023 10:00")
    assert await setup.reminders("03/04/2023 11:29") == []
    half = [("reminder", ON_DUTY, "hạn trả lời 15:00 03/04/2023")]
    assert await setup.reminders("03/04/2023 11:30") == half
    assert await setup.reminders("03/04/2023 14:23") == half
    assert await setup.reminders("03/04/2023 14:24") == half * 2
    late = [("overdue", who, "hạn trả lời 15:00 03/04/2023") for who in (ON_DUTY, HEAD)]
    assert await setup.reminders("03/04/2023 15:00") == half * 2 + late
    assert await setup.reminders("03/04/2023 18:00") == half * 2 + late
    whole_day = at("03/04/2023 00:00"), at("04/04/2023 00:00")
    assert await setup.reply_deadlines.counted(*whole_day, at("03/04/2023 15:01")) == (0, 1)


async def test_a_server_that_was_down_sends_the_last_reminder_only(setup: Setup) -> None:
    await setup.letter("03/04/2023 10:00")
    assert [kind for kind, _, _ in await setup.reminders("03/04/2023 16:00")] == ["overdue", "overdue"]


async def test_an_emergency_notifies_people_on_duty_at_once_by_the_wall_clock(setup: Setup) -> None:
    await setup.letter("02/04/2023 22:00", **{"class": "khan_cap"})
    assert await setup.reminders("02/04/2023 22:00") == [("urgent", ON_DUTY, "hạn trả lời 01:00 03/04/2023")]
    assert [kind for kind, _, _ in await setup.reminders("02/04/2023 23:30")] == ["urgent", "reminder"]
    assert [kind for kind, _, _ in await setup.reminders("03/04/2023 01:00")] == [
        "urgent",
        "reminder",
        "overdue",
        "overdue",
    ]


async def test_a15_a_sudden_one_is_answered_before_its_check(setup: Setup) -> None:
    official = {"start": "2023-04-03T07:00:00Z", "end": None}  # 14:00
    await setup.letter("03/04/2023 10:00", official=official, **{"class": "dot_xuat"})
    assert await setup.due("03/04/2023 10:00") == "03/04 12:00"


async def test_replies_end_the_clock(setup: Setup) -> None:
    discarded = await setup.letter("03/04/2023 08:00")
    await setup.reply_deadlines.work(at("03/04/2023 08:01"))
    await setup.drafts.discard(discarded, "truc.ban", "trùng", at("03/04/2023 09:00"))
    assert await setup.reminders("03/04/2023 15:00") == []
    whole_day = at("03/04/2023 00:00"), at("04/04/2023 00:00")
    assert await setup.reply_deadlines.counted(*whole_day, at("03/04/2023 23:00")) == (1, 0)


async def test_a_draft_that_became_a_session_is_answered_with_it(setup: Setup) -> None:
    draft = await setup.letter("03/04/2023 08:00")
    await setup.reply_deadlines.work(at("03/04/2023 08:01"))
    await setup.scheduler.submit(REQUEST, at("03/04/2023 09:00"), draft=draft)
    await setup.reply_deadlines.work(at("03/04/2023 09:01"))
    assert await setup.reply_deadlines.open(at("03/04/2023 09:01")) == []
    whole_day = at("03/04/2023 00:00"), at("04/04/2023 00:00")
    assert await setup.reply_deadlines.counted(*whole_day, at("03/04/2023 23:00")) == (1, 0)


async def test_a_waiting_sessions_reply_counts_from_the_arrival_of_its_letter(setup: Setup) -> None:
    hour = on("05/04/2023", "08:00", "09:00")
    await setup.scheduler.submit(await asking(setup.scheduler, 4, hour), NOW)
    draft = await setup.letter("03/04/2023 08:00")
    await setup.reply_deadlines.work(at("03/04/2023 08:01"))
    waiting: Request = replace(await asking(setup.scheduler, 4, hour))
    session = await setup.scheduler.submit(waiting, at("03/04/2023 09:00"), wait=True, draft=draft)
    await setup.reply_deadlines.work(at("03/04/2023 09:01"))
    ((owed, passed),) = await setup.reply_deadlines.open(at("03/04/2023 09:30"))
    assert (owed.subject, owed.kind, owed.received, passed) == (session.id, "session", at("03/04/2023 08:00"), 50)
    await setup.scheduler.cancel(session.id, at("03/04/2023 10:00"))
    await setup.reply_deadlines.work(at("03/04/2023 10:01"))
    assert await setup.reply_deadlines.open(at("03/04/2023 10:01")) == []


async def test_a_draft_of_a_commune_is_not_owed_a_reply_by_the_operating_unit(setup: Setup) -> None:
    await setup.drafts.add("571", "mail", "a@b.vn", {}, NOW, origin="22489")
    await setup.drafts.add("571", "form", "x", {}, NOW)
    assert await setup.reminders("03/04/2023 18:00") == []


CLOCK = Clock(PROFILES.at(NOW), Calendar())


@given(
    st.sampled_from(["thuong", "dot_xuat", "khan_cap"]),
    st.integers(0, 40 * 24 * 60).map(lambda minutes: at("01/04/2023 00:00") + timedelta(minutes=minutes)),
    st.integers(3, 200),
    st.integers(1, 99),
    st.integers(1, 99),
)
def test_shares_are_reminded_of_in_turn_until_the_reply(
    klass: ClassId, received: datetime, ahead: int, a: int, b: int
) -> None:
    start = received + timedelta(days=9) + hours(ahead)
    counted = CLOCK.deadlines(klass, received, start)
    low, high = sorted((a, b))
    first, second = (CLOCK.share(klass, received, start, share) for share in (low, high))
    assert counted.effective < first <= second < counted.reply or counted.effective <= first == second
    assert CLOCK.share(klass, received, start, 100) == counted.reply
