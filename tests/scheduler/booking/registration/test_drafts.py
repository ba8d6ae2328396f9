"""Drafts wait in the inbox of the unit that may register them, on both databases (R-060, reading A11).

Also tests `drafts_store.py`.
"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.booking.registration.drafts import Drafts
from scheduler.booking.registration.service import Scheduler
from scheduler.core.errors import CapacityExceeded, DraftSettled, InvalidRequest, UnknownDraft, UnknownUnit
from scheduler.core.model import Amount
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, REQUEST, at

DIEN_KHANH, DIEN_AN = "574", "22693"
TYPED = {"title": "Giao ban", "points": ["dk.dienan"], "official": None}


@pytest.fixture
async def drafts(scheduler: Scheduler) -> Drafts:
    return Drafts(scheduler._engine, PROFILES, Channels(mail=True))


async def test_a_draft_has_a_number_and_lies_in_an_inbox(scheduler: Scheduler, drafts: Drafts) -> None:
    mail = await drafts.add(DIEN_KHANH, "mail", "UBND@dienkhanh\n.vn", TYPED, NOW, thread="<1@x>")
    form = await drafts.add(DIEN_KHANH, "form", "dk.dienan", {}, at("03/04/2023 09:00"), origin=DIEN_AN)
    assert (mail.number, mail.source, mail.thread, mail.state) == (
        "HTT-2023-0001",
        "UBND@dienkhanh .vn",
        "<1@x>",
        "open",
    )
    assert await drafts.inbox([DIEN_KHANH]) == await drafts.inbox() == [form, mail]
    assert await drafts.inbox([DIEN_AN]) == [form]
    assert await drafts.inbox(["568", "\x00"]) == []
    assert await drafts.draft(mail.id) == mail
    notices = await Notifications(scheduler._engine, PROFILES.at(NOW).zone).newest(9)
    # Its own letters come back to nobody; whoever wrote it is not known here.
    assert [(notice.kind, notice.unit, notice.facts.number) for notice in notices] == [
        ("receipt", DIEN_AN, "HTT-2023-0002"),
        ("draft", DIEN_KHANH, "HTT-2023-0002"),
        ("draft", DIEN_KHANH, "HTT-2023-0001"),
    ]
    assert notices[0].facts.reason == "nhận lúc 09:00 03/04/2023, tính từ khi đơn vị đăng ký xác nhận"
    for unit, origin in (("nobody", None), (DIEN_KHANH, "nobody")):
        with pytest.raises(UnknownUnit):
            await drafts.add(unit, "form", "x", {}, NOW, origin=origin)
    for unknown in ("", "x", "a\x00b"):
        with pytest.raises(UnknownDraft):
            await drafts.draft(unknown)


async def test_r060_order_counts_from_confirmation(scheduler: Scheduler, drafts: Drafts) -> None:
    draft = await drafts.add(DIEN_KHANH, "form", "dk.dienan", TYPED, at("03/04/2023 09:00"), origin=DIEN_AN)
    between = await scheduler.submit(REQUEST, at("03/04/2023 10:00"))
    confirmed = at("03/04/2023 10:15")
    own = replace(REQUEST, host_point="dk.dienan", submitted_by="ubnd.dien-khanh")
    session = await scheduler.submit(own, confirmed, draft=draft.id)
    assert (session.number, between.number) == ("HTT-2023-0001", "HTT-2023-0002")
    assert (session.seq > between.seq, session.created) == (True, confirmed)
    settled = await drafts.draft(draft.id)
    assert (settled.state, settled.session, settled.by) == ("confirmed", session.id, "ubnd.dien-khanh")
    assert settled.settled == confirmed
    with pytest.raises(DraftSettled):
        await scheduler.submit(own, confirmed, draft=draft.id)
    with pytest.raises(DraftSettled):
        await drafts.discard(draft.id, "x", "nhầm", confirmed)


async def test_a_draft_that_cannot_be_a_session_stays_open(drafts: Drafts, scheduler: Scheduler) -> None:
    draft = await drafts.add(DIEN_KHANH, "form", "dk.dienan", TYPED, NOW, origin=DIEN_AN)
    with pytest.raises(InvalidRequest):
        await scheduler.submit(replace(REQUEST, points=()), NOW, draft=draft.id)
    await scheduler.operator.set_capacity(NOW, Amount(1, 1), NOW)
    with pytest.raises(CapacityExceeded):
        await scheduler.submit(REQUEST, NOW, draft=draft.id)
    assert await drafts.draft(draft.id) == draft


async def test_a_draft_is_discarded_for_a_reason(drafts: Drafts) -> None:
    draft = await drafts.add(DIEN_KHANH, "mail", "x@y", TYPED, NOW)
    with pytest.raises(InvalidRequest):
        await drafts.discard(draft.id, "ubnd.dien-khanh", " ", NOW)
    discarded = await drafts.discard(draft.id, "ubnd.dien-khanh", " Gửi   hai lần", NOW)
    assert (discarded.state, discarded.reason, discarded.by, discarded.settled) == (
        "discarded",
        "Gửi hai lần",
        "ubnd.dien-khanh",
        NOW,
    )
    later = await drafts.add(DIEN_KHANH, "mail", "x@y", TYPED, at("01/04/2023 08:00"))
    assert await drafts.inbox() == [later, discarded]


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.dictionaries(st.text(), JSON, max_size=4), source=st.text(max_size=400), thread=st.text(max_size=5))
async def test_a_draft_stores_its_content_unchanged(drafts: Drafts, content: Any, source: str, thread: str) -> None:
    draft = await drafts.add(DIEN_KHANH, "mail", source, content, NOW, thread=thread)
    assert (await drafts.draft(draft.id)).content == content
