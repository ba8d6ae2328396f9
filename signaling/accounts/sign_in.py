"""Signs accounts in and out: cookies, the lock after failures, new passwords.

Whoever has a second factor gets a challenge after the password, and a sign-in from `second_step` (decision 124).
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from scheduler.policy.policy import SecondFactorPolicy
from signaling.accounts import throttle
from signaling.accounts.guesses import Guesses
from signaling.accounts.password_links import PasswordLinks
from signaling.accounts.passwords import Device, Login, Passwords, check_password, is_name
from signaling.accounts.second_factor_store import Challenge, SecondFactorStore
from signaling.accounts.store import AccountStore
from signaling.accounts.throttle import Throttle
from signaling.audit.log import AuditLog
from signaling.core.account import Account, Source, digest, network_of
from signaling.core.errors import BadInput, BadLogin, Fault, SecondFactorNeeded
from signaling.http.cookies import CHALLENGE_LASTS, EXPIRED_LASTS, LOGIN_LASTS

MAX_NAME = 64


Ended = Callable[[str, str | None], Awaitable[None]]
"""Is called when one sign-in of an account has ended, or all of them (None)."""


class SignIn:
    """Signs accounts in and out.

    `operator` returns the unit that operates the system at a time, `policy` who then needs a second factor.
    """

    def __init__(
        self,
        accounts: AccountStore,
        factors: SecondFactorStore,
        audit: AuditLog,
        passwords: Passwords,
        throttle: Throttle,
        password_links: PasswordLinks,
        operator: Callable[[datetime], str],
        policy: Callable[[datetime], SecondFactorPolicy],
        ended: Ended,
    ) -> None:
        self._ended = ended
        self._factors = factors
        self._operator = operator
        self._policy = policy
        self._password_links = password_links
        self._accounts = accounts
        self._audit_log = audit
        self._passwords = passwords
        self._throttle = throttle

    async def login(self, name: str, password: str, source: Source, now: datetime) -> tuple[str, Account]:
        """Check a password; return a fresh token for the cookie, and the account.

        Raises BadLogin, Locked; SecondFactorNeeded if the password is right and the account has a second factor.
        """
        account = await self.check_password(name, password, source, now)
        await self._second_step(account.account, source, now)
        await self._audit(account.account, "login", source, now)
        token = await self.new_login(account.account, source, now)
        return token, self._at(account, source.address, now)

    async def check_password(self, name: str, password: str, source: Source, now: datetime) -> Account:
        """Return the account of a name and its password. Raises BadLogin, Locked."""
        account = name.strip().lower()[:MAX_NAME]
        network = network_of(source.address)
        pair = f"{digest(account)[:32]}@{network}"
        guesses = Guesses(self._throttle, (throttle.LOGIN_PAIR, pair), (throttle.LOGIN_ADDRESS, network))
        async with guesses:
            stored = await self._accounts.account(account) if is_name(account) else None
        if not await self._passwords.verify(stored[1] if stored else None, password) or stored is None:
            who = account if is_name(account) else "?"
            await self._audit(who, "login-failed", source, now)
            if guesses.last:
                await self._audit(who, "login-locked", source, now)
            raise BadLogin
        if stored[0].disabled:
            await self._audit(account, "login-disabled", source, now)
            raise BadLogin
        await guesses.right()
        return stored[0]

    async def _second_step(self, account: str, source: Source, now: datetime) -> None:
        """Let an account that has a second factor not in yet. Raises SecondFactorNeeded."""
        if not await self._factors.has_any(account):
            return
        token = secrets.token_urlsafe(32)
        challenge = Challenge(digest(token), account, secrets.token_urlsafe(32))
        await self._factors.add_challenge(challenge, now, now + CHALLENGE_LASTS)
        await self._audit(account, "second-factor-asked", source, now)
        raise SecondFactorNeeded(token)

    async def account(self, token: str | None, address: str, now: datetime) -> Account | None:
        """Return the account of a cookie that came from an address, with its present roles.

        None if the sign-in is unknown or expired, or had no second factor where the policy demands the account's.
        """
        login = await self._holding(token, address, now, now)
        return None if login is None else login.account

    async def login_of(self, token: str | None, address: str, now: datetime) -> Login | None:
        """Return the sign-in of a cookie as :meth:`account` does, also one that has expired."""
        return await self._holding(token, address, now - EXPIRED_LASTS, now)

    async def _holding(self, token: str | None, address: str, since: datetime, now: datetime) -> Login | None:
        login = await self._accounts.login(digest(token), since) if token else None
        if login is None:
            return None
        if login.second_factor:
            return replace(login, account=login.account.under(self._operator(now)))
        account = self._at(login.account, address, now)
        if account.must_enrol and await self._factors.has_any(account.account):
            return None
        return replace(login, account=account)

    def _at(self, account: Account, address: str, now: datetime) -> Account:
        """Return an account with its present roles, as it signed in from an address without a second factor."""
        present = account.under(self._operator(now))
        return replace(present, must_enrol=self.demands(present, address, now))

    def demands(self, account: Account, address: str, now: datetime) -> bool:
        """Return whether the policy demands a second factor of an account that comes from an address."""
        policy, of_point = self._policy(now), account.point is not None
        return policy.demands(account.roles, of_point=of_point, address=address)

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

    async def change_password(
        self, token: str, account: Account, old: str, new: str, source: Source, now: datetime
    ) -> str:
        """Set a new password, end all sign-ins of the account and return a fresh token in place of one.

        Raises BadLogin, Locked, BadInput.
        """
        login = await self._accounts.login(digest(token), now)
        await self.check_password(account.account, old, source, now)
        check_password(new, account.account)
        if new == old:
            raise BadInput([Fault("password", "password-same")])
        await self._set_password(account.account, await self._passwords.hash(new))
        await self._audit(account.account, "password", source, now)
        return await self.new_login(account.account, source, now, login is not None and login.second_factor)

    async def first_password(self, token: str, password: str, source: Source, now: datetime) -> str:
        """Set the password of the account of a one-time link; return a fresh token.

        A link is used up only by an acceptable password. Raises LinkDead, BadInput; SecondFactorNeeded if the account
        has a second factor, which no link takes the place of.
        """
        link = await self._password_links.account(token, now)
        check_password(password, link.account)
        hashed = await self._passwords.hash(password)
        await self._password_links.use(link, now)
        await self._set_password(link.account, hashed)
        await self._audit(link.account, "password", source, now)
        await self._second_step(link.account, source, now)
        return await self.new_login(link.account, source, now)

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

    async def new_login(self, account: str, source: Source, now: datetime, second_factor: bool = False) -> str:
        """Sign an account in, without a check; return the token for the cookie."""
        token = secrets.token_urlsafe(32)
        await self._accounts.add_login(digest(token), account, source, now, now + LOGIN_LASTS, second_factor)
        return token

    async def _audit(self, account: str, action: str, source: Source, now: datetime) -> None:
        await self._audit_log.append(source.entry(now, account, action, account))
