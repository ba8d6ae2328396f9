"""Units are reminded of the technical check a day and four hours before (R-084).

Also tests `scheduler/notifications/alerts.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.model import Amount, Slot
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels
from scheduler.operations.readiness.check_reminders import CheckReminders, due
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, REQUEST, URGENT, ZONE, at, hours, on

CHANNELS = Channels(mail=True, groups=("telegram",))


@dataclass
class ServicesFixture:
    """A scheduler, its check reminders and its notifications."""

    scheduler: Scheduler
    reminders: CheckReminders
    notifications: Notifications

    async def reminded(self, now: str) -> list[tuple[str, str | None]]:
        """Run the job twice; return who has been reminded so far."""
        for _ in range(2):
            await self.reminders.work(at(now))
        found = [n for n in await self.notifications.newest(99) if n.kind == "check-call"]
        return [(n.channel, n.unit) for n in sorted(found, key=lambda n: n.id)]


@pytest.fixture
async def services(seeded_url: str) -> AsyncIterator[ServicesFixture]:
    engine = database.connect(seeded_url)
    notifications = Notifications(engine, ZONE)
    await notifications.set_mailbox("571", "ubnd.vanninh@khanhhoa.gov.vn")
    scheduler = Scheduler(engine, PROFILES, Amount(20, 250), CHANNELS)
    yield ServicesFixture(scheduler, CheckReminders(engine, PROFILES, CHANNELS), notifications)
    await engine.dispose()


REMINDED = [("mail", "so.tttt"), ("telegram", "so.tttt"), ("mail", "571")]
"""The host unit by mail and in the chat group, then the one component with a mailbox."""


async def test_r084_units_are_reminded_a_day_and_four_hours_before(services: ServicesFixture) -> None:
    request = replace(REQUEST, points=("ubnd.van-ninh", "nt.xuonghuan"), official=on("05/04/2023", "08:00", "11:00"))
    await services.scheduler.submit(request, NOW)
    assert await services.reminded("04/04/2023 07:59") == []
    assert await services.reminded("04/04/2023 08:00") == REMINDED
    assert await services.reminded("05/04/2023 03:59") == REMINDED
    assert await services.reminded("05/04/2023 04:00") == REMINDED * 2
    assert await services.reminded("05/04/2023 08:00") == REMINDED * 2
    reminder = next(n for n in await services.notifications.newest(99) if n.kind == "check-call")
    assert reminder.facts.reason == "kiểm tra xong trước 06:00 05/04/2023"
    form = "Hình thức họp: Trực tuyến"
    assert {n.kind for n in await services.notifications.newest(99) if form in n.facts.said} == {
        "granted",
        "check-call",
    }


async def test_a_rehearsal_has_reminders_of_its_own(services: ServicesFixture) -> None:
    rehearsal = on("04/04/2023", "14:00", "15:00")
    await services.scheduler.submit(replace(REQUEST, points=("ubnd.van-ninh",), rehearsal=rehearsal), NOW)
    assert await services.reminded("04/04/2023 10:00") == REMINDED * 2
    reasons = {n.facts.reason for n in await services.notifications.newest(99) if n.kind == "check-call"}
    assert reasons == {"kiểm tra xong trước 12:00 04/04/2023", "kiểm tra xong trước 06:00 05/04/2023"}


async def test_of_a_check_that_is_due_already_units_are_reminded_at_once(services: ServicesFixture) -> None:
    """An emergency half an hour ahead gets no reminder for a check that was due before."""
    request = replace(REQUEST, klass="khan_cap", official=on("03/04/2023", "08:30", "09:00"), **URGENT)
    await services.scheduler.submit(request, NOW)
    await services.reminded("03/04/2023 08:00")
    [reminder] = [n for n in await services.notifications.newest(99) if n.kind == "check-call" and n.channel == "mail"]
    assert reminder.facts.reason == "kiểm tra ngay, trước giờ họp"


async def test_a_session_without_a_code_gets_no_reminder(services: ServicesFixture) -> None:
    session = await services.scheduler.submit(REQUEST, NOW)
    await services.scheduler.cancel(session.id, NOW)
    assert await services.reminded("05/04/2023 07:00") == []


@given(st.integers(-60, 3000), st.sets(st.integers(1, 48), max_size=4))
def test_of_reminders_that_are_due_the_last_one_is_sent(minutes: int, before: set[int]) -> None:
    start = at("05/04/2023 08:00")
    slot = Slot("chinh_thuc", start, start + hours(1), 2)
    found = due(slot, before, start - hours(1) * minutes / 60)
    passed = [each for each in before if minutes <= each * 60]
    assert found == (min(passed) if passed and minutes > 0 else None)
