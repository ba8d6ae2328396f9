"""Passwords of devices are looked up a few at a time."""

import asyncio
from typing import Any, cast

from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device
from signaling.accounts.throttle import Attempt, Rule, Throttle
from signaling.audit.log import AuditLog
from signaling.sip.agent.agent import RemoteParty
from signaling.sip.bridge.password_check import AT_ONCE, PasswordCheck
from signaling.sip.protocol.digest import Credentials
from tests.signaling.world import NOW


class Claiming:
    """A request of a stranger."""

    def __init__(self, number: int) -> None:
        self.peer = RemoteParty(f"10.0.0.{number}", "", "", "")
        self.claimed = f"user{number}"

    def proves(self, credentials: Credentials) -> bool:
        return False


class Directory:
    """Knows no device; counts who asks at once."""

    def __init__(self) -> None:
        self.asking = 0
        self.most = 0
        self.asked = 0

    async def devices(self, point: str | None = None) -> list[Device]:
        self.asking += 1
        self.asked += 1
        self.most = max(self.most, self.asking)
        await asyncio.sleep(0)
        self.asking -= 1
        return []


class Locked:
    """Counts nothing: everybody is locked out."""

    async def attempt(self, rule: Rule, subject: str) -> Attempt:
        return Attempt(subject, "", 60, last=False)


async def test_a_flood_of_claims_leaves_connections_to_the_database_for_others() -> None:
    directory = Directory()
    passwords = PasswordCheck(cast("Equipment", directory), cast("Throttle", Locked()), cast("AuditLog", None))
    claims: list[Any] = [Claiming(number) for number in range(30)]
    found = await asyncio.gather(*(passwords.device(claim, "register-refused", NOW) for claim in claims))
    assert (found, directory.most, directory.asked) == ([None] * 30, AT_ONCE, 30)
