"""The preparation as the roof sees it: every part of it, over one database."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.notices import NOWHERE, Channels
from scheduler.preparation.attendance import Attendance
from scheduler.preparation.boards import Boards
from scheduler.preparation.desk import Desk
from scheduler.preparation.duties import Duties
from scheduler.preparation.personal import Personal
from scheduler.preparation.rolls import Rolls
from scheduler.preparation.self_tests import SelfTests
from scheduler.preparation.steps import Steps
from scheduler.profiles import Profiles


@dataclass(frozen=True, slots=True)
class Preparation:
    """The parts."""

    attendance: Attendance
    boards: Boards
    duties: Duties
    self_tests: SelfTests
    rolls: Rolls
    steps: Steps
    personal: Personal

    @classmethod
    def over(cls, engine: AsyncEngine, profiles: Profiles, channels: Channels = NOWHERE) -> Self:
        """Build the parts over a database whose tables are up to date."""
        desk = Desk(engine, profiles, channels)
        return cls(
            attendance=Attendance(desk),
            boards=Boards(desk),
            duties=Duties(desk),
            self_tests=SelfTests(desk),
            rolls=Rolls(desk),
            steps=Steps(desk),
            personal=Personal(desk),
        )
