"""Closing checklists are done in order, and units that are late are reminded, on both databases (Điều 15.1).

Also tests `checklist.py`.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels
from scheduler.operations.closing.checklist import CENTRE
from scheduler.operations.closing.checklist_service import ClosingService
from scheduler.operations.closing.errors import ClosingOrder, NotOver, UnknownItem
from tests.scheduler.conftest import PROFILES, Booked
from tests.scheduler.world import ZONE, at

END = at("05/04/2023 09:00")
HOST, POINT = "so.tttt", "nt.xuonghuan"


@pytest.fixture
def closing(booked: Booked) -> ClosingService:
    return ClosingService(booked.engine, PROFILES, Channels(mail=True))


async def test_power_is_cut_after_the_terminals_are_off(booked: Booked, closing: ClosingService) -> None:
    session = booked.session.id
    with pytest.raises(ClosingOrder) as refused:
        await closing.tick(session, POINT, "ngat_nguon", True, "nt.xuonghuan", END)
    assert refused.value.turn == "Tắt thiết bị đầu cuối"
    with pytest.raises(ClosingOrder):
        await closing.tick(session, POINT, "tat_thiet_bi", False, "nt.xuonghuan", END)  # nothing to take back
    assert (await closing.checklist(session)).missing == (CENTRE, HOST, POINT)
    for item in ("tat_thiet_bi", "ngat_nguon"):
        done = await closing.tick(session, POINT, item, True, "nt.xuonghuan", END)
    assert done.missing == (CENTRE, HOST)
    with pytest.raises(ClosingOrder) as refused:
        await closing.tick(session, POINT, "tat_thiet_bi", False, "nt.xuonghuan", END)
    assert refused.value.turn == "Ngắt nguồn điện"
    back = await closing.tick(session, POINT, "ngat_nguon", False, "nt.xuonghuan", END)
    assert back.missing == (CENTRE, HOST, POINT)


async def test_the_centres_list_and_the_kind_close_the_session(
    booked: Booked, closing: ClosingService
) -> None:
    session = booked.session.id
    for item in ("ket_thuc", "tat_thiet_bi", "ngat_nguon"):
        sheet = await closing.tick(session, CENTRE, item, True, "truc.ban", END)
    assert (sheet.complete, sheet.kind, sheet.missing) == (True, "giao_ban", (HOST, POINT))  # as it was registered
    assert not replace(sheet, kind=None).complete
    with pytest.raises(UnknownItem):
        await closing.set_kind(session, "hop_kin")
    assert (await closing.set_kind(session, "so_ket")).kind == "so_ket"


async def test_unknown_items_and_sessions_not_over_cannot_be_ticked(booked: Booked, closing: ClosingService) -> None:
    session = booked.session.id
    with pytest.raises(NotOver):
        await closing.tick(
            session, POINT, "tat_thiet_bi", True, "a", booked.session.official.start - timedelta(seconds=1)
        )
    for place, item in ((POINT, "ket_thuc"), ("nt.vinhhai", "tat_thiet_bi")):
        with pytest.raises(UnknownItem):
            await closing.tick(session, place, item, True, "a", END)


async def test_units_that_are_not_done_after_two_hours_are_reminded_once(
    booked: Booked, closing: ClosingService
) -> None:
    for item in ("tat_thiet_bi", "ngat_nguon"):
        await closing.tick(booked.session.id, HOST, item, True, HOST, END)
    notifications = Notifications(booked.engine, ZONE)
    await closing.remind(END + timedelta(hours=2) - timedelta(seconds=1))
    assert await notifications.newest(9) == []
    for minute in (120, 121):
        await closing.remind(END + timedelta(minutes=minute))
    (notice,) = await notifications.newest(9)
    points = {point.id: point for point in await booked.scheduler.points()}
    assert (notice.kind, notice.unit, notice.facts.reason) == (
        "closing",
        points[POINT].unit,
        f"Chưa xong: {points[POINT].name}",
    )
