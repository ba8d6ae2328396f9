"""The preparation as the roof sees it: every part of it, over one database."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.notifications.alerts import Alerts
from scheduler.notifications.wording import NOWHERE, Channels
from scheduler.operations.attendance.attendee_lists import AttendeeLists
from scheduler.operations.attendance.service import Attendance
from scheduler.operations.readiness.duty_service import Duties
from scheduler.operations.readiness.power_on_steps import Steps
from scheduler.operations.readiness.self_test_service import SelfTests
from scheduler.operations.readiness.service import Boards
from scheduler.policy.profile_files import Profiles


@dataclass(frozen=True, slots=True)
class Preparation:
    """The parts."""

    attendance: Attendance
    boards: Boards
    duties: Duties
    self_tests: SelfTests
    rolls: AttendeeLists
    steps: Steps

    @classmethod
    def over(cls, engine: AsyncEngine, profiles: Profiles, channels: Channels = NOWHERE) -> Self:
        """Build the parts over a database whose tables are up to date."""
        desk = Alerts(engine, profiles, channels)
        return cls(
            attendance=Attendance(desk),
            boards=Boards(desk),
            duties=Duties(desk),
            self_tests=SelfTests(desk),
            rolls=AttendeeLists(desk),
            steps=Steps(desk),
        )
