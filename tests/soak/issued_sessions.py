"""Reads which sessions of a database hold capacity."""

from datetime import timedelta

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.model import Amount, Session, State
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import CIPHER, NOW


async def booked(url: str) -> list[Session]:
    """Return every session on record that holds capacity."""
    engine = database.connect(url, CIPHER)
    found = await Scheduler(engine, PROFILES, Amount(20, 250)).sessions(NOW, NOW + timedelta(days=700))
    await engine.dispose()
    return [session for session in found if session.state == State.ISSUED]
