"""A scheduler on either database, with the 169 points of Khánh Hòa in it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler import migrations
from scheduler.booking.registration.service import Scheduler
from scheduler.compliance.personal_data import PersonalData
from scheduler.core import database
from scheduler.core.model import Amount, ClassId, Session
from scheduler.notifications.alerts import Alerts
from scheduler.notifications.outbox import OutboxItem
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels
from scheduler.operations.attendance.attendee_lists import AttendeeLists
from scheduler.operations.attendance.service import Attendance
from scheduler.operations.incidents.service import IncidentService
from scheduler.operations.readiness.duty_service import Duties
from scheduler.operations.readiness.power_on_steps import PowerOnSteps
from scheduler.operations.readiness.self_test_service import SelfTests
from scheduler.operations.readiness.service import ReadinessService
from scheduler.policy import profile_files
from scheduler.units import seed
from tests.conftest import PostgresServer
from tests.scheduler.world import CIPHER, NOW, REQUEST, URGENT, ZONE, on

PROFILES = profile_files.load()


async def _seed(url: str) -> None:
    engine = database.connect(url)
    scheduler = Scheduler(engine, PROFILES)
    await migrations.migrate(engine)
    await scheduler.import_units(seed.khanh_hoa_2023())
    await engine.dispose()


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with tables and units, to be copied."""
    path = tmp_path_factory.mktemp("seed") / "seed.db"
    asyncio.run(_seed(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def seeded_database(postgres_server: PostgresServer) -> Iterator[str]:
    """Name of a PostgreSQL database with tables and units, to be copied."""
    with postgres_server.database() as name:
        asyncio.run(_seed(postgres_server.url(name)))
        yield name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def seeded_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh database with tables and units, once for each kind of database."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.database(request.getfixturevalue("seeded_database")) as name:
            yield server.url(name)
    else:
        shutil.copy(request.getfixturevalue("seeded_file"), tmp_path / "diemcau.db")
        yield f"sqlite:///{tmp_path / 'diemcau.db'}"


@pytest.fixture
async def scheduler(seeded_url: str) -> AsyncIterator[Scheduler]:
    """Yield a scheduler with the regulation's examples' capacity: 16 sessions, 200 points beside the test room."""
    engine = database.connect(seeded_url, CIPHER)
    yield Scheduler(engine, PROFILES, Amount(20, 255))
    await engine.dispose()


NHA_TRANG = "568"
"""The unit of the city."""
CHANNELS = Channels(mail=True, groups=("zalo",))


@dataclass
class ServicesFixture:
    """The services around the preparation of sessions, over one database."""

    engine: AsyncEngine
    scheduler: Scheduler
    attendance: Attendance
    readiness: ReadinessService
    duties: Duties
    self_tests: SelfTests
    attendee_lists: AttendeeLists
    steps: PowerOnSteps
    personal: PersonalData
    notifications: Notifications

    async def session(
        self,
        host: str,
        *points: str,
        rehearsal: bool = True,
        klass: ClassId = "thuong",
        day: str = "05/04/2023",
        purpose: str = "khac",
    ) -> Session:
        """Register a session of the morning, with a rehearsal the afternoon before."""
        request = replace(
            REQUEST,
            host_point=host,
            points=points,
            official=on(day, "08:00", "11:00"),
            rehearsal=on("04/04/2023", "14:00", "15:00") if rehearsal else None,
            klass=klass,
            **(URGENT if klass == "khan_cap" else {}),
            purpose=purpose,
        )
        return await self.scheduler.submit(request, NOW)

    async def notices(self, now: datetime, *kinds: str) -> list[tuple[str, str | None, str]]:
        """Return kind, unit and reason of the mails of some kinds."""
        found: list[OutboxItem] = [each for each in await self.notifications.due(now, 500) if each.kind in kinds]
        return sorted((each.kind, each.unit, each.facts.reason) for each in found if each.channel == "mail")


@pytest.fixture
async def services(seeded_url: str) -> AsyncIterator[ServicesFixture]:
    """Return services over a database with the mailboxes of the operating unit and of one district."""
    engine = database.connect(seeded_url)
    notifications = Notifications(engine, ZONE)
    for unit in ("so.tttt", NHA_TRANG):
        await notifications.set_mailbox(unit, f"{unit}@khanhhoa.gov.vn")
    scheduler = Scheduler(engine, PROFILES, Amount(20, 250), CHANNELS)
    alerts = Alerts(engine, PROFILES, CHANNELS)
    yield ServicesFixture(
        engine=engine,
        scheduler=scheduler,
        attendance=Attendance(alerts),
        readiness=ReadinessService(alerts),
        duties=Duties(alerts),
        self_tests=SelfTests(alerts),
        attendee_lists=AttendeeLists(alerts),
        steps=PowerOnSteps(alerts),
        personal=PersonalData(alerts),
        notifications=notifications,
    )
    await engine.dispose()


@dataclass
class Booked:
    """A scheduler and the incident service; `session` is 05/04/2023 08:00–09:00, hosted by so.tttt."""

    engine: AsyncEngine
    scheduler: Scheduler
    incidents: IncidentService
    session: Session


@pytest.fixture
async def booked(seeded_url: str) -> AsyncIterator[Booked]:
    """Return services over a database with one registered session."""
    engine = database.connect(seeded_url)
    scheduler = Scheduler(engine, PROFILES, Amount(20, 250))
    yield Booked(engine, scheduler, IncidentService(engine), await scheduler.submit(REQUEST, NOW))
    await engine.dispose()
