"""Profiles uploaded by an administrator: validated, previewed, in force from their day, withdrawn before it (R-108).

Also tests `store.py`.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import PolicyError, ProfileStale, UnknownProfile
from scheduler.policy import profile_files
from scheduler.policy.profile_files import Profiles
from scheduler.policy.upload import PolicyUpload
from tests.scheduler.world import NOW, at

NEW = """id: KH-2023-B
version: 1
title: Quy chế sửa đổi
extends: KH-2023
effective_from: 2023-06-01
deadlines: {reply_hours: 2}
"""
BEFORE, AFTER = at("31/05/2023 23:59"), at("01/06/2023 00:00")


@dataclass
class PolicyFixture:
    """One server: its profiles, its scheduler, and its uploads."""

    profiles: Profiles
    scheduler: Scheduler
    uploads: PolicyUpload

    @classmethod
    def over(cls, engine: AsyncEngine) -> "PolicyFixture":
        profiles = profile_files.load()
        return cls(profiles, Scheduler(engine, profiles), PolicyUpload(engine, profiles))

    async def file(self, text: str = NEW) -> str:
        policy, _ = await self.uploads.preview(text, NOW)
        return (await self.uploads.file(text, profile_files.digest(policy), "quantri", NOW)).stamp

    def stamps(self) -> list[str]:
        return [self.scheduler.policy(moment).stamp for moment in (NOW, BEFORE, AFTER)]


@pytest.fixture
async def engine(seeded_url: str) -> AsyncIterator[AsyncEngine]:
    engine = database.connect(seeded_url)
    yield engine
    await engine.dispose()


async def test_r108_an_uploaded_profile_holds_from_its_day_here_and_on_every_server(engine: AsyncEngine) -> None:
    services, other = PolicyFixture.over(engine), PolicyFixture.over(engine)
    policy, before = await services.uploads.preview(NEW, NOW)
    assert (policy.deadlines.reply_hours, before.stamp, before.deadlines.reply_hours) == (2, "KH-2023/1", 3)
    assert services.stamps() == ["KH-2023/1"] * 3
    await services.file()
    assert services.stamps() == ["KH-2023/1", "KH-2023/1", "KH-2023-B/1"]
    assert other.stamps() == ["KH-2023/1"] * 3
    await other.uploads.refresh(NOW)
    assert other.stamps() == services.stamps()
    assert [stored.id for stored in await services.scheduler.profiles()] == ["KH-2023-B"]


async def test_r108_it_may_be_filed_anew_or_taken_back_until_its_day(engine: AsyncEngine) -> None:
    services = PolicyFixture.over(engine)
    await services.file()
    assert await services.file(NEW.replace("reply_hours: 2", "reply_hours: 1")) == "KH-2023-B/1"
    assert services.profiles.at(AFTER).deadlines.reply_hours == 1
    assert await services.file(NEW.replace("version: 1", "version: 2")) == "KH-2023-B/2"
    assert [(stored.id, stored.version) for stored in await services.scheduler.profiles()] == [("KH-2023-B", 2)]
    assert await services.uploads.filed(BEFORE) == {"KH-2023-B"}
    with pytest.raises(UnknownProfile):
        await services.uploads.withdraw("KH-2023-B", AFTER)
    with pytest.raises(UnknownProfile):
        await services.uploads.withdraw("KH-2023", BEFORE)
    await services.uploads.withdraw("KH-2023-B", BEFORE)
    assert services.stamps() == ["KH-2023/1"] * 3
    assert await services.uploads.filed(BEFORE) == set()
    assert await services.scheduler.profiles() == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("2023-06-01", "2023-04-03", "KH-2023-B: effective_from must be a day to come"),
        ("2023-06-01", "null", "KH-2023-B: effective_from must be a day to come"),
        ("id: KH-2023-B", "id: KH-2023", "KH-2023 is in use: give this one an id of its own"),
        ("extends: KH-2023", "extends: KH-X", "profile, line 4: extends: no profile 'KH-X' to extend"),
        ("extends: KH-2023\n", "", "profile, line 1: operator: Field required"),
        ("reply_hours: 2", "reply_hours: 0", "profile, line 6: deadlines.reply_hours: Input should be"),
        ("reply_hours", "reply_days", "profile, line 6: deadlines.reply_days: Extra inputs are not permitted"),
        ("version: 1", "version: [", "profile: not YAML"),
    ],
)
async def test_r108_a_faulty_file_is_reported_with_its_line(
    engine: AsyncEngine, old: str, new: str, fault: str
) -> None:
    services = PolicyFixture.over(engine)
    with pytest.raises(PolicyError) as caught:
        await services.uploads.preview(NEW.replace(old, new), NOW)
    assert fault in str(caught.value)
    assert services.stamps() == ["KH-2023/1"] * 3


async def test_r108_only_what_was_shown_is_filed_and_profiles_in_use_are_not_replaced(engine: AsyncEngine) -> None:
    services = PolicyFixture.over(engine)
    with pytest.raises(ProfileStale):
        await services.uploads.file(NEW, "0" * 64, "quantri", NOW)
    await services.file()
    whole = profile_files.SHIPPED[-1].read_text("utf-8").replace("2023-03-24     #", "2023-07-01     #")
    with pytest.raises(PolicyError, match="KH-2023 is in use"):
        await services.uploads.preview(whole, NOW)
    with pytest.raises(PolicyError, match="KH-2023-B and KH-X begin on the same day"):
        await services.uploads.preview(NEW.replace("id: KH-2023-B", "id: KH-X"), NOW)
    assert services.stamps() == ["KH-2023/1", "KH-2023/1", "KH-2023-B/1"]


def test_r108_a_profile_uploaded_before_an_upgrade_takes_new_rules_from_the_configured_one() -> None:
    base = profile_files.load().policies[-1]
    old = base.model_dump(mode="json", exclude={"audit"}) | {"id": "KH-OLD", "title": "Cũ"}
    found = profile_files.restored(json.dumps(old), base)
    assert (found.id, found.title, found.audit) == ("KH-OLD", "Cũ", base.audit)
