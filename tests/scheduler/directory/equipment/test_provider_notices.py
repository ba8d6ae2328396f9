"""Providers are notified of sessions, their changes and their ends, on both databases (Điều 13.2.b; R-085).

Also tests `lines_store.py` and `provider_points.py`.
"""

from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.database import writing
from scheduler.core.model import Amount
from scheduler.directory.equipment import lines_store
from scheduler.directory.equipment.provider_notices import ProviderNotices, owed
from scheduler.directory.model import AccessLine, Provider
from scheduler.notifications import outbox
from scheduler.notifications.outbox import OutboxItem
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels, NoticeFacts
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, REQUEST, SUDDEN, ZONE, at, on

SOON = at("04/04/2023 08:00")
MAIL = Channels(mail=True)


async def test_notified_providers_hear_of_changes_and_the_end_once_each(seeded_url: str) -> None:
    engine = database.connect(seeded_url)
    scheduler, notices = Scheduler(engine, PROFILES, Amount(20, 250), MAIL), ProviderNotices(engine, MAIL)
    async with writing(engine) as db:
        for name, point in (("vnpt", "nt.xuonghuan"), ("viettel", "nt.vinhhai")):
            await lines_store.set_provider(db, Provider(name, name, "", "", f"{name}@example.vn"))
            await lines_store.set_line(db, AccessLine(name, point, "TSLCD", name, 4000, True, ()))
        await lines_store.set_provider(db, Provider("mute", "mute", "", "", ""))
        await lines_store.set_line(db, AccessLine("mute", "nt.xuonghuan", "WAN", "mute", 4000, True, ()))

    async def notified(now: datetime) -> list[tuple[str, str, str]]:
        for _ in range(2):
            await notices.work(now)
        async with engine.begin() as db:
            found = await outbox.of_coming(db, ("provider", "provider-changed", "provider-cancelled"), now)
        return [(each.kind, each.recipient.partition("@")[0], each.facts.reason) for each in found]

    sudden = replace(REQUEST, klass="dot_xuat", **SUDDEN)  # which may still be moved a day before
    session = await scheduler.submit(sudden, NOW)
    assert await notified(at("29/03/2023 07:59")) == []
    first = [("provider", "vnpt", "NT.XuongHuan")]
    assert await notified(at("29/03/2023 08:01")) == first
    later = replace(sudden, official=on("05/04/2023", "14:00", "15:00"))
    await scheduler.amend(session.id, later, SOON)
    changed = [*first, ("provider-changed", "vnpt", "NT.XuongHuan")]
    assert await notified(SOON) == changed
    moved = [*changed, ("provider", "viettel", "NT.VinhHai"), ("provider-cancelled", "vnpt", "NT.XuongHuan")]
    await scheduler.amend(session.id, replace(later, points=("nt.vinhhai",)), SOON)
    assert await notified(SOON) == moved
    far = replace(later, points=("nt.vinhhai",), official=on("25/04/2023", "14:00", "15:00"))
    await scheduler.amend(session.id, far, SOON)  # beyond the days told of, yet changed for who was told
    after = [*moved, ("provider-changed", "viettel", "NT.VinhHai")]
    assert await notified(SOON) == after
    await scheduler.cancel(session.id, SOON)
    assert await notified(SOON) == [*after, ("provider-cancelled", "viettel", "NT.VinhHai")]
    codes = [
        each.facts.title for each in await Notifications(engine, ZONE).newest(20) if each.kind.startswith("provider")
    ]
    assert codes == [""] * 6
    await engine.dispose()


NEEDS = st.lists(
    st.one_of(st.none(), st.sampled_from("ab").map(lambda name: NoticeFacts("1", reason=name))), max_size=8
)


@given(NEEDS)
def test_the_last_notice_always_states_the_present_facts(needs: list[NoticeFacts | None]) -> None:
    """The oracle holds the facts of the last notice alone."""
    before: list[OutboxItem] = []
    mirror: NoticeFacts | None = None
    for facts in needs:
        notice = owed(facts, before, soon=True)
        assert (notice is None) == (facts == mirror)
        if notice is not None:
            mirror = None if notice.kind == "provider-cancelled" else notice.facts
            assert (notice.kind == "provider") == (not before or before[-1].kind == "provider-cancelled")
            row = {"id": 0, "key": "", "channel": "mail", "unit": None, "session": "s", "recipient": "", "thread": ""}
            times = {"sequence": 0, "created": NOW, "due": NOW, "tries": 0, "state": "sent", "error": "", "sent": None}
            before.append(OutboxItem(**row, **times, kind=notice.kind, facts=notice.facts))  # type: ignore[arg-type]
        assert owed(facts, before, soon=True) is None
    assert owed(NoticeFacts("1", reason="a"), (), soon=False) is None
