"""Owed work is counted on both databases: of a unit, of all, with the first deadline.

Also tests `counts.py` and `model.py`.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.booking.registration.drafts import Drafts
from scheduler.compliance.schema import FEEDBACK
from scheduler.core.model import PointState
from scheduler.core.schema import POINTS, UNITS
from scheduler.directory.schema import CHANGES, CONTROLS
from scheduler.inbound_mail.schema import LETTERS
from scheduler.notifications.schema import OUTBOX
from scheduler.operations.closing.schema import GRANTS, HANDOVERS
from scheduler.operations.incidents.model import FaultReport
from scheduler.operations.incidents.service import IncidentService
from scheduler.reports.schema import FIGURE_ANSWERS, FIGURE_REQUESTS
from scheduler.today.counts import COUNTERS
from scheduler.today.model import Owed, OwedKind
from scheduler.today.service import OwedWork
from tests.scheduler.conftest import CHANNELS, NHA_TRANG, PROFILES, ServicesFixture
from tests.scheduler.world import NOW, at

HOST, POINT = "so.tttt", "ubnd.nha-trang"
EVE = at("04/04/2023 09:00")
"""Before a rehearsal at 14:00 and a session at 08:00 of the next day."""
LETTER = {
    "message_id": "<1@x>", "sender": "a@x", "subject": "", "at": NOW, "arrived": NOW, "size": 1, "validity": 1,
    "uid": 1, "verdict": "pass", "authentication": "", "fate": "person", "reason": "unreadable", "handled_by": "",
}  # fmt: skip
NOTICE = {
    "key": "1", "kind": "issued", "channel": "mail", "recipient": "a@x", "thread": "", "facts": "{}", "sequence": 0,
    "created": NOW, "due": NOW, "tries": 9, "state": "failed", "error": "550",
}  # fmt: skip
CHANGE = {
    "point": POINT, "kind": "drift", "field": "firmware", "old": "1", "new": "2", "reason": "", "state": "open",
    "at": NOW, "by": "", "decided_by": "",
}  # fmt: skip
CONTROL = {
    "id": "1", "checklist": "may_tinh", "subject": POINT, "item": "mang", "unit": NHA_TRANG, "state": "met",
    "remark": "", "by": "", "at": NOW, "due": EVE.date() - timedelta(days=1),
}  # fmt: skip
FEEDBACK_ROW = {
    "id": "1", "unit": NHA_TRANG, "by": "", "at": NOW, "text": "x", "status": "new", "answer": "", "answered_by": "",
}  # fmt: skip


async def owed(engine: AsyncEngine, unit: str | None, now: str = "04/04/2023 09:00") -> dict[OwedKind, Owed]:
    """Return everything that a unit, or (None) everybody, owes at a time."""
    kinds = [kind for kind in COUNTERS if unit or kind not in {"lists", "material", "figures", "people"}]
    return {each.kind: each for each in await OwedWork(engine, PROFILES).counted(dict.fromkeys(kinds, unit), at(now))}


async def test_a_technical_check_is_owed_until_it_is_noted(services: ServicesFixture) -> None:
    session = await services.session(HOST, POINT)
    deadline = at("04/04/2023 12:00")
    assert (await owed(services.engine, None))["checks"] == Owed("checks", 4, deadline)
    assert (await owed(services.engine, NHA_TRANG))["checks"] == Owed("checks", 2, deadline)
    await services.readiness.check(session.id, [POINT], "tong_duyet", "ok", "", "nt", EVE)
    assert (await owed(services.engine, NHA_TRANG))["checks"] == Owed("checks", 1, at("05/04/2023 06:00"))
    assert "checks" not in await owed(services.engine, NHA_TRANG, "03/04/2023 08:00")
    assert "checks" not in await owed(services.engine, NHA_TRANG, "05/04/2023 09:00")
    assert "checks" not in await owed(services.engine, "so.nnptnt")


async def test_lists_emergencies_and_reviews(services: ServicesFixture) -> None:
    session = await services.session(HOST, POINT, klass="khan_cap", rehearsal=False)
    await services.attendee_lists.ask(session.id, HOST, EVE)
    assert (await owed(services.engine, NHA_TRANG))["lists"] == Owed("lists", 1)
    await services.attendee_lists.give(session.id, POINT, 3, [], "nt", EVE)
    assert "lists" not in await owed(services.engine, NHA_TRANG)
    assert (await owed(services.engine, None))["emergencies"] == Owed("emergencies", 1)
    over = await owed(services.engine, None, "05/04/2023 11:00")
    assert (over["reviews"], "emergencies" in over) == (Owed("reviews", 1), False)


async def _draft(services: ServicesFixture, _: str) -> None:
    await Drafts(services.engine, PROFILES, CHANNELS).add(NHA_TRANG, "form", "nt", {}, NOW, origin=NHA_TRANG)


async def _incident(services: ServicesFixture, session: str) -> None:
    await IncidentService(services.engine).report(FaultReport(session, "device"), NOW)


def _row(table: Table, **row: object) -> Callable[[ServicesFixture, str], Awaitable[None]]:
    async def add(services: ServicesFixture, session: str) -> None:
        values = {name: session if value == "session" else value for name, value in row.items()}
        async with services.engine.begin() as db:
            await db.execute(insert(table).values(values))

    return add


async def _figures(services: ServicesFixture, session: str) -> None:
    request = {"id": "1", "title": "", "start": NOW, "end": NOW, "due": EVE, "by": "", "at": NOW}
    await _row(FIGURE_REQUESTS, **request)(services, session)
    await _row(FIGURE_ANSWERS, request="1", unit=NHA_TRANG, counted="{}", remark="", by="")(services, session)


async def _draft_point(services: ServicesFixture, session: str) -> None:
    await _row(UNITS, id="cv", name="Cảng vụ", level="khac", position=9999)(services, session)
    point = {"id": "cv", "unit": "cv", "name": "CV", "slug": "cv", "label": "Cảng vụ", "state": PointState.DRAFT}
    await _row(POINTS, **point)(services, session)


_asked = _row(
    GRANTS, id="1", session="session", subject="recording", unit="so.tttt", asked_by="x", asked=NOW, text="",
    answer="waiting", answered_by="",
)  # fmt: skip
_recorded = _row(
    HANDOVERS, session="session", unit=NHA_TRANG, ended=NOW, due=EVE, told=NOW, digest="", received_by="",
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "happen", "due", "of_unit", "of_all"),
    [
        ("drafts", _draft, None, True, True),
        ("incidents", _incident, None, True, True),
        ("letters", _row(LETTERS, **LETTER), None, True, True),
        ("notices", _row(OUTBOX, **NOTICE), None, True, True),
        ("changes", _row(CHANGES, **CHANGE), None, True, True),
        ("controls", _row(CONTROLS, **CONTROL), None, True, True),
        ("feedback", _row(FEEDBACK, **FEEDBACK_ROW), None, True, True),
        ("material", _asked, None, True, False),
        ("handovers", _recorded, EVE, True, True),
        ("figures", _figures, EVE, True, False),
        ("points", _draft_point, None, True, True),
    ],
)
async def test_each_kind_of_work_is_counted(
    services: ServicesFixture,
    kind: OwedKind,
    happen: Callable[[ServicesFixture, str], Awaitable[None]],
    due: object,
    of_unit: bool,
    of_all: bool,
) -> None:
    session = await services.session(POINT, HOST)
    before = [kind in await owed(services.engine, unit) for unit in (NHA_TRANG, None)]
    await happen(services, session.id)
    expected = Owed(kind, 1, due)  # type: ignore[arg-type]
    found = [(await owed(services.engine, unit)).get(kind) for unit in (NHA_TRANG, None)]
    assert (before, found) == ([False, False], [expected if of_unit else None, expected if of_all else None])


async def test_people_are_owed_while_nobody_is_named(services: ServicesFixture) -> None:
    assert (await owed(services.engine, NHA_TRANG))["people"] == Owed("people", 1)
