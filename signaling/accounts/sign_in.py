"""Signs accounts in and out: cookies, the lock after failures, new passwords."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from signaling.accounts import throttle
from signaling.accounts.password_links import PasswordLinks
from signaling.accounts.passwords import Device, Login, Passwords, check_password, is_name
from signaling.accounts.store import AccountStore
from signaling.accounts.throttle import Throttle
from signaling.audit.log import AuditLog
from signaling.core.account import Account, Source, digest, network_of
from signaling.core.errors import BadInput, BadLogin, Fault, Locked
from signaling.http.cookies import EXPIRED_LASTS, LOGIN_LASTS

MAX_NAME = 64


Ended = Callable[[str, str | None], Awaitable[None]]
"""Is called when one sign-in of an account has ended, or all of them (None)."""


class SignIn:
    """Signs accounts in and out; `operator` returns the unit that operates the system at a time."""

    def __init__(
        self,
        accounts: AccountStore,
        audit: AuditLog,
        passwords: Passwords,
        throttle: Throttle,
        password_links: PasswordLinks,
        operator: Callable[[datetime], str],
        ended: Ended,
    ) -> None:
        self._ended = ended
        self._operator = operator
        self._password_links = password_links
        self._accounts = accounts
        self._audit_log = audit
        self._passwords = passwords
        self._throttle = throttle

    async def login(self, name: str, password: str, source: Source, now: datetime) -> tuple[str, Account]:
        """Check a password; return a fresh token for the cookie, and the account. Raises BadLogin, Locked."""
        account = name.strip().lower()[:MAX_NAME]
        network = network_of(source.address)
        pair = await self._throttle.attempt(throttle.LOGIN_PAIR, f"{digest(account)[:32]}@{network}")
        if pair.locked:
            raise Locked(pair.locked)
        address = await self._throttle.attempt(throttle.LOGIN_ADDRESS, network)
        if address.locked:
            raise Locked(address.locked)
        try:
            stored = await self._accounts.account(account) if is_name(account) else None
        except SQLAlchemyError:  # nothing was guessed: repeated attempts until the database is back must not lock
            await self._throttle.take_back(pair)
            await self._throttle.take_back(address)
            raise
        if not await self._passwords.verify(stored[1] if stored else None, password) or stored is None:
            who = account if is_name(account) else "?"
            await self._audit(who, "login-failed", source, now)
            if pair.last or address.last:
                await self._audit(who, "login-locked", source, now)
            raise BadLogin
        if stored[0].disabled:
            await self._audit(account, "login-disabled", source, now)
            raise BadLogin
        await self._throttle.forget(pair)
        await self._throttle.take_back(address)
        await self._audit(account, "login", source, now)
        return await self._new_login(account, source, now), stored[0].under(self._operator(now))

    async def account(self, token: str | None, now: datetime) -> Account | None:
        """Return the account of a cookie with its present roles; None if the sign-in is unknown or expired."""
        account = await self._accounts.login(digest(token), now) if token else None
        return None if account is None else account.under(self._operator(now))

    async def login_of(self, token: str | None, now: datetime) -> Login | None:
        """Return the sign-in of a cookie with the account's present roles, also one that has expired."""
        login = await self._accounts.any_login(digest(token), now - EXPIRED_LASTS) if token else None
        return None if login is None else replace(login, account=login.account.under(self._operator(now)))

    async def logout(self, token: str, account: Account, source: Source, now: datetime) -> None:
        """End a sign-in, and close its sockets."""
        await self._accounts.end_login(digest(token))
        await self._ended(account.account, digest(token))
        await self._audit(account.account, "logout", source, now)

    async def devices(self, account: Account, now: datetime) -> list[Device]:
        """Return where an account is signed in, newest first."""
        return await self._accounts.devices(account.account, now)

    async def end_others(self, token: str, account: Account, source: Source, now: datetime) -> None:
        """End all sign-ins of an account but that of a token, and close their sockets."""
        ended = await self._accounts.end_others(account.account, digest(token))
        for each in ended:
            await self._ended(account.account, each)
        if ended:
            await self._audit(account.account, "logout-others", source, now)

    async def change_password(self, account: Account, old: str, new: str, source: Source, now: datetime) -> str:
        """Set a new password, end all sign-ins of the account and return a fresh token.

        Raises BadLogin, Locked, BadInput.
        """
        await self.login(account.account, old, source, now)
        check_password(new, account.account)
        if new == old:
            raise BadInput([Fault("password", "password-same")])
        await self._set_password(account.account, await self._passwords.hash(new))
        await self._audit(account.account, "password", source, now)
        return await self._new_login(account.account, source, now)

    async def first_password(self, token: str, password: str, source: Source, now: datetime) -> tuple[str, str]:
        """Set the password of the account of a one-time link; return a fresh token and the account.

        A link is used up only by an acceptable password. Raises LinkDead, BadInput.
        """
        link = await self._password_links.account(token, now)
        check_password(password, link.account)
        hashed = await self._passwords.hash(password)
        await self._password_links.use(link, now)
        await self._set_password(link.account, hashed)
        await self._audit(link.account, "password", source, now)
        return await self._new_login(link.account, source, now), link.account

    async def lock(self, account: str) -> None:
        """Give an account a password that nobody knows, and end all its sign-ins."""
        hashed = await self._passwords.hash(secrets.token_urlsafe(32))
        await self._set_password(account, hashed)

    async def open(self, account: Account, now: datetime) -> None:
        """Add an account with a password that nobody knows. Raises BadInput when the name is taken."""
        await self._accounts.add_account(account, await self._passwords.hash(secrets.token_urlsafe(32)), now)

    async def _set_password(self, account: str, hashed: str) -> None:
        await self._accounts.set_password(account, hashed, must_change=False)
        await self._ended(account, None)

    async def _new_login(self, account: str, source: Source, now: datetime) -> str:
        token = secrets.token_urlsafe(32)
        await self._accounts.add_login(digest(token), account, source, now, now + LOGIN_LASTS)
        return token

    async def _audit(self, account: str, action: str, source: Source, now: datetime) -> None:
        await self._audit_log.append(source.entry(now, account, action, account))
