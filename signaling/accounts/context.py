"""What the endpoints of this folder use, and nothing else that the server has."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.directory.equipment.service import Equipment
from signaling.accounts.sign_in import SignIn
from signaling.audit.log import AuditLog


@dataclass(frozen=True, slots=True)
class AccountsContext:
    """What endpoints of accounts use, and who asks which units and sessions may be seen."""

    sign_in: SignIn
    equipment: Equipment
    audit: AuditLog
    scheduler: Scheduler


ACCOUNTS = web.AppKey("AccountsContext", AccountsContext)
