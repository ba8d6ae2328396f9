"""Disables accounts that nobody uses any more and has old passwords changed, where the policy asks for it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from scheduler.policy.policy import Policy
from signaling.accounts.sign_in import Ended
from signaling.accounts.store import AccountStore
from signaling.audit.log import AuditLog
from signaling.core.audit_entry import SERVER, AuditEntry


class AccountUpkeep:
    """Job that runs once a minute. `seated` returns whether an account is in a meeting, where it is left in peace."""

    def __init__(
        self,
        accounts: AccountStore,
        policy: Callable[[datetime], Policy],
        audit: AuditLog,
        seated: Callable[[str], bool],
        ended: Ended,
    ) -> None:
        self._accounts = accounts
        self._policy = policy
        self._audit = audit
        self._seated = seated
        self._ended = ended

    async def work(self, now: datetime) -> None:
        """Disable dormant accounts, and have passwords changed that are too old."""
        policy = self._policy(now).accounts
        if policy.dormant_days is not None:
            for name in await self._accounts.dormant(now - timedelta(days=policy.dormant_days), now):
                if not self._seated(name):
                    note = self._audit.noting(AuditEntry(now, SERVER, "account-dormant", name))
                    await self._accounts.disable(name, note)
                    await self._ended(name, None)
        if policy.password_days is not None:
            for name in await self._accounts.outdated(now - timedelta(days=policy.password_days), now):
                if not self._seated(name):
                    note = self._audit.noting(AuditEntry(now, SERVER, "password-outdated", name))
                    await self._accounts.demand_password(name, note)
