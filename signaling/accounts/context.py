"""The parts of the server that endpoints of accounts use."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.directory.equipment.service import Equipment
from signaling.accounts.sign_in import SignIn
from signaling.audit.log import AuditLog


@dataclass(frozen=True, slots=True)
class AccountsContext:
    """The parts of the server that endpoints of accounts use, and the checks of visible units and sessions."""

    sign_in: SignIn
    equipment: Equipment
    audit: AuditLog
    scheduler: Scheduler


ACCOUNTS = web.AppKey("AccountsContext", AccountsContext)
