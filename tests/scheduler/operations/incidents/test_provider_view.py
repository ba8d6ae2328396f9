"""A telecom provider sees its own lines, sessions and incidents, on both databases (Điều 14.2; R-090, A36)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.core.database import writing
from scheduler.directory.equipment import lines_store
from scheduler.directory.errors import Unknown
from scheduler.directory.model import AccessLine, Provider
from scheduler.operations.incidents.model import FaultReport, LineMinutes
from scheduler.operations.incidents.provider_view import AHEAD, BACK, ProviderView
from scheduler.operations.readiness import store as readiness_store
from scheduler.operations.readiness.duty import Duty
from tests.scheduler.conftest import Booked
from tests.scheduler.world import at

START, END = at("05/04/2023 08:00"), at("05/04/2023 09:00")
VNPT, VIETTEL = (Provider(name.lower(), name, "Trực ca", "0258800126", "") for name in ("VNPT", "Viettel"))
OWN = AccessLine("l1", "nt.xuonghuan", "TSLCD", "vnpt", 4000, True, ("10.79.0.0/16",))
OTHER = AccessLine("l2", "so.tttt", "WAN", "viettel", 4000, True, ("10.80.0.0/16",))


async def connect(booked: Booked) -> None:
    async with writing(booked.engine) as db:
        for provider in (VNPT, VIETTEL):
            await lines_store.set_provider(db, provider)
        for line in (OWN, OTHER):
            await lines_store.set_line(db, line)


async def test_a_provider_sees_what_needs_its_lines(booked: Booked) -> None:
    await connect(booked)
    provider_view, session = ProviderView(booked.engine), booked.session.id
    main = Duty("d1", session, "main", None, None, "truc.ban", "Trần Thị C", "0905000001", "truc.ban")
    vnpt, viettel = (
        replace(main, id=each, role="provider", account=None, name=each, provider=each) for each in ("vnpt", "viettel")
    )
    async with writing(booked.engine) as db:
        for duty in (main, vnpt, viettel):
            await readiness_store.assign(db, duty)
    await booked.incidents.count(session, {"nt.xuonghuan": True, "so.tttt": False})
    fault = await booked.incidents.report(FaultReport(session, "line", "nt.xuonghuan"), START)
    await booked.incidents.report(FaultReport(session, "line", "so.tttt"), START)
    seen = await provider_view.overview("vnpt", START)
    assert (seen.provider, seen.lines, seen.incidents) == (VNPT, (OWN,), (fault,))
    (carried,) = seen.sessions
    assert (carried.points, carried.contact, carried.main) == (("nt.xuonghuan",), vnpt, main)
    assert carried.minutes == (LineMinutes(session, "nt.xuonghuan", 1, 1, "vnpt"),)
    assert set(seen.points) == {"nt.xuonghuan", "so.tttt"}
    answered = await booked.incidents.act(fault.id, "answered", "noc", "đã cử người", START + timedelta(minutes=1))
    assert (answered.state, answered.steps[-1].kind, answered.steps[-1].text) == ("open", "answered", "đã cử người")
    await booked.incidents.act(fault.id, "resolved", "truc.ban", "", START + timedelta(minutes=2))
    assert (await provider_view.overview("vnpt", START)).incidents == ()


async def test_sessions_are_seen_a_week_ahead_and_for_the_rest_of_a_shift(booked: Booked) -> None:
    await connect(booked)
    provider_view = ProviderView(booked.engine)
    moments = (START - AHEAD, START - AHEAD + timedelta(seconds=1), END + BACK - timedelta(seconds=1), END + BACK)
    assert [len((await provider_view.overview("vnpt", now)).sessions) for now in moments] == [0, 1, 1, 0]
    await booked.scheduler.cancel(booked.session.id, START - timedelta(days=1))
    assert (await provider_view.overview("vnpt", START)).sessions == ()
    with pytest.raises(Unknown):
        await provider_view.overview("nobody", START)
