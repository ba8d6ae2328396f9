"""The list of emergencies for the people on duty, on both databases (Điều 12.3; R-061)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from scheduler.booking.registration.drafts import Drafts
from scheduler.booking.registration.emergencies import Acknowledgement, Emergencies
from scheduler.booking.registration.reply_deadlines import ReplyDeadlines
from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import UnknownSession
from scheduler.core.model import Amount, Session
from scheduler.notifications.wording import Channels, Contacts
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import REQUEST, URGENT, at, on

FLOOD = replace(REQUEST, klass="khan_cap", official=on("19/11/2023", "02:40", "05:00"), **URGENT)
NIGHT = at("19/11/2023 02:10")


@dataclass
class Setup:
    """A scheduler, its drafts, its reply deadlines, and the list of emergencies."""

    scheduler: Scheduler
    drafts: Drafts
    reply_deadlines: ReplyDeadlines
    emergencies: Emergencies

    async def flood(self, arrived: str = "19/11/2023 02:10") -> Session:
        return await self.scheduler.submit(FLOOD, at(arrived), wait=True)

    async def live(self, now: str) -> list[tuple[str, Acknowledgement | None]]:
        return [(each.subject, each.seen) for each in await self.emergencies.live(at(now))]


@pytest.fixture
async def setup(seeded_url: str) -> AsyncIterator[Setup]:
    engine = database.connect(seeded_url)
    yield Setup(
        Scheduler(engine, PROFILES, Amount(20, 255)),
        Drafts(engine, PROFILES, Channels()),
        ReplyDeadlines(engine, PROFILES, Contacts()),
        Emergencies(engine),
    )
    await engine.dispose()


async def test_r061_an_emergency_is_on_the_list_at_once_until_it_is_over(setup: Setup) -> None:
    await setup.scheduler.submit(REQUEST, at("03/04/2023 08:00"))
    flood = await setup.flood()
    assert await setup.live("19/11/2023 02:10") == [(flood.id, None)]
    assert await setup.live("19/11/2023 04:59") == [(flood.id, None)]
    assert await setup.live("19/11/2023 05:00") == []


async def test_r061_the_first_acknowledgement_is_stored(setup: Setup) -> None:
    flood = await setup.flood()
    seen = Acknowledgement("truc", at("19/11/2023 02:12"))
    assert (await setup.emergencies.acknowledge(flood.id, "truc", seen.at)).seen == seen
    assert (await setup.emergencies.acknowledge(flood.id, "khac", at("19/11/2023 02:20"))).seen == seen
    later = await setup.flood("19/11/2023 02:15")
    assert await setup.live("19/11/2023 02:20") == [(later.id, None), (flood.id, seen)]


async def test_r061_cancelled_and_other_sessions_cannot_be_acknowledged(setup: Setup) -> None:
    ordinary, flood = await setup.scheduler.submit(REQUEST, at("03/04/2023 08:00")), await setup.flood()
    await setup.scheduler.cancel(flood.id, NIGHT)
    for subject in (ordinary.id, flood.id, "nothing"):
        with pytest.raises(UnknownSession):
            await setup.emergencies.acknowledge(subject, "truc", NIGHT)
    assert await setup.live("19/11/2023 02:15") == []


async def test_r061_an_official_letter_is_on_the_list_until_it_is_answered(setup: Setup) -> None:
    letter = await setup.drafts.add("571", "mail", "a@b.vn", {"class": "khan_cap"}, NIGHT, origin="571")
    await setup.reply_deadlines.work(NIGHT)
    (found,) = await setup.emergencies.live(NIGHT)
    assert (found.subject, found.number, found.unit, found.session) == (letter.id, letter.number, "571", None)
    await setup.drafts.discard(letter.id, "truc", "Gửi nhầm", NIGHT)
    await setup.reply_deadlines.work(NIGHT)
    assert await setup.live("19/11/2023 02:15") == []
