"""Signs accounts in and out: cookies, the lock after failures, new passwords.

Whoever has a second factor gets a challenge after the password, and a sign-in from `second_step` (decision 124).
Accounts that are not ours are opened by a provider or by the password of a directory (decision 131).
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

from scheduler.policy.policy import Policy
from signaling.accounts import throttle
from signaling.accounts.guesses import Guesses
from signaling.accounts.password_links import PasswordLinks
from signaling.accounts.passwords import Device, Login, Passwords, check_password, is_name
from signaling.accounts.second_factor_store import Challenge, SecondFactorStore
from signaling.accounts.sso.external_accounts import ExternalAccounts
from signaling.accounts.sso.roles import Person
from signaling.accounts.store import AccountStore
from signaling.accounts.throttle import Rule, Throttle
from signaling.audit.log import AuditLog
from signaling.core.account import Account, Source, digest, network_of
from signaling.core.errors import BadInput, BadLogin, Fault, LinkDead, SecondFactorNeeded, SignInAgain
from signaling.http.cookies import CHALLENGE_LASTS, EXPIRED_LASTS, LOGIN_LASTS

MAX_NAME = 64
USE_NOTED_EVERY = timedelta(minutes=1)
"""The last use of a sign-in is stored at most so often."""
FRESH = timedelta(minutes=10)
"""So long a sign-in by a provider stands for the password that such an account does not have."""

Ended = Callable[[str, str | None], Awaitable[None]]
"""Is called when one sign-in of an account has ended, or all of them (None)."""


class SignIn:
    """Signs accounts in and out.

    `operator` returns the unit that operates the system at a time, `policy` the profile in force, which says who needs
    a second factor, and how long sign-ins may be left unused. `connected` returns whether one has a socket: to be in a
    meeting is a use.
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
        policy: Callable[[datetime], Policy],
        ended: Ended,
        connected: Callable[[str], bool],
        external: ExternalAccounts,
    ) -> None:
        self._connected = connected
        self._external = external
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

        Raises BadLogin, Locked, SsoUnavailable, NoRole; SecondFactorNeeded if the password is right and the account
        has a second factor.
        """
        known = await self._by_password(name, password, source, now)
        if isinstance(known, Account):
            return await self._enter(known, "", False, source, now)
        return await self.login_of_person(known, False, source, now)

    async def login_of_person(
        self, person: Person, second_factor: bool, source: Source, now: datetime
    ) -> tuple[str, Account]:
        """Sign in somebody whom a provider or the directory has known just now, there by a `second_factor` or not.

        Raises BadLogin if the account is disabled, NoRole, SecondFactorNeeded.
        """
        account = await self._external.account_of(person, source, now)
        if account.disabled:
            await self._audit(account.account, "login-disabled", source, now)
            raise BadLogin
        return await self._enter(account, person.kind, second_factor, source, now)

    async def _enter(
        self, account: Account, kind: str, second_factor: bool, source: Source, now: datetime
    ) -> tuple[str, Account]:
        if not second_factor:
            await self._second_step(account.account, source, now)
        await self._audit(account.account, "login", source, now, kind)
        token = await self.new_login(account.account, source, now, second_factor)
        present = account.under(self._operator(now)) if second_factor else self._at(account, source.address, now)
        return token, present

    async def check_password(self, account: Account, password: str, source: Source, now: datetime) -> None:
        """Check the password of an account that is signed in, before a change. Raises BadLogin, Locked.

        Raises SsoUnavailable, too, if it is of a directory.
        """
        async with await self._guesses(account.account, source, now) as guesses:
            if await self.is_ours(account.account):
                stored = await self._accounts.account(account.account)
                right = await self._passwords.verify(stored[1] if stored else None, password)
            else:
                right = await self._external.has_password(account.account, password)
        if not right:
            await self._failed(account.account, guesses.last, source, now)
        await guesses.right()

    async def check_again(
        self, token: str, account: Account, password: str | None, source: Source, now: datetime
    ) -> None:
        """Check that it is the account's person who asks for a change: by the password, or by a fresh sign-in.

        Accounts of a provider have no password here. Raises BadLogin, Locked, SsoUnavailable, SignInAgain.
        """
        if await self._external.kind(account.account) != "oidc":
            await self.check_password(account, password or "", source, now)
            return
        login = await self._accounts.login(digest(token), now)
        if login is None or now - (login.expires - LOGIN_LASTS) > FRESH:
            raise SignInAgain

    async def _by_password(self, name: str, password: str, source: Source, now: datetime) -> Account | Person:
        """Return the account of a name and its password, or whom the directory knows by both.

        A name that an account of ours has is never asked for in the directory. Raises BadLogin, Locked,
        SsoUnavailable.
        """
        account = name.strip().lower()[:MAX_NAME]
        async with await self._guesses(account, source, now) as guesses:
            stored = await self._accounts.account(account) if is_name(account) else None
            ours = stored is not None and await self.is_ours(account)
            known: Account | Person | None = None
            if await self._passwords.verify(stored[1] if stored and ours else None, password) and stored:
                known = stored[0]
            elif not ours and is_name(account):
                known = await self._external.by_password(account, password)
        if known is None:
            await self._failed(account if is_name(account) else "?", guesses.last, source, now)
        if isinstance(known, Account) and known.disabled:
            await self._audit(account, "login-disabled", source, now)
            raise BadLogin
        await guesses.right()
        if isinstance(known, Account) and known.break_glass:
            await self._audit(account, "break-glass-used", source, now)
        return known

    async def _guesses(self, account: str, source: Source, now: datetime) -> Guesses:
        network = network_of(source.address)
        rule, subject = await self.guessed(throttle.LOGIN_PAIR, account, now)
        pair = rule, f"{subject}@{network}"
        return Guesses(self._throttle, pair, (throttle.LOGIN_ADDRESS, network))

    async def guessed(self, rule: Rule, account: str, now: datetime) -> tuple[Rule, str]:
        """Return a rule with the lock that the policy wants of an account, and what is counted under it.

        Accounts of points and the break-glass account keep the rule's own lock. A longer one is of a password: another
        one, which an administrator may let the person choose, lifts it. Names that no account has are locked alike.
        """
        hours = self._policy(now).accounts.lock_hours
        if hours is None:
            return rule, digest(account)[:32]
        stored = await self._accounts.account(account) if is_name(account) else None
        if stored is not None and stored[0].exempt:
            return rule, digest(account)[:32]
        hashed = stored[1] if stored is not None else ""
        return replace(rule, lock=hours * 3600), digest(f"{account} {hashed}")[:32]

    async def _failed(self, account: str, last: bool, source: Source, now: datetime) -> NoReturn:
        """Log a wrong password. Raises BadLogin."""
        await self._audit(account, "login-failed", source, now)
        if last:
            await self._audit(account, "login-locked", source, now)
        raise BadLogin

    async def _second_step(self, account: str, source: Source, now: datetime) -> None:
        """Let an account that has a second factor not in yet. Raises SecondFactorNeeded."""
        if not await self._factors.has_any(account):
            return
        token = secrets.token_urlsafe(32)
        challenge = Challenge(digest(token), account, secrets.token_urlsafe(32))
        await self._factors.add_challenge(challenge, now, now + CHALLENGE_LASTS)
        await self._audit(account, "second-factor-asked", source, now)
        raise SecondFactorNeeded(token)

    async def account(
        self, token: str | None, address: str, now: datetime, idle: timedelta = timedelta()
    ) -> Account | None:
        """Return the account of a cookie that came from an address, with its present roles.

        None if the sign-in is unknown, expired or was left unused, or had no second factor where the policy demands the
        account's. `idle` is for how long nobody has used the page that asks.
        """
        login = await self._holding(token, address, now, now)
        if login is None:
            return None
        if self._left(login, now):
            await self._end_left(login, now, address)
            return None
        await self._note_use(login, now - idle, now)
        return login.account

    async def login_of(self, token: str | None, address: str, now: datetime) -> Login | None:
        """Return the sign-in of a cookie as :meth:`account` does, also one that has expired, or was left unused."""
        login = await self._holding(token, address, now - EXPIRED_LASTS, now)
        if login is None or not self._left(login, now):
            return login
        return replace(login, expires=min(login.expires, now))

    def _left(self, login: Login, now: datetime) -> bool:
        """Return whether a sign-in was left unused for longer than the policy allows."""
        minutes = login.account.idle_minutes
        if minutes is None or login.used is None or self._connected(login.id):
            return False
        return now - login.used >= timedelta(minutes=minutes)

    async def _note_use(self, login: Login, used: datetime, now: datetime) -> None:
        last = now if self._connected(login.id) else used
        if login.account.idle_minutes and login.used is not None and last - login.used >= USE_NOTED_EVERY:
            await self._accounts.note_use(login.id, last)

    async def _end_left(self, login: Login, now: datetime, address: str) -> None:
        name = login.account.account
        await self._accounts.end_login(login.id)
        await self._ended(name, login.id)
        await self._audit(name, "login-idle", Source(address, 0), now)

    async def disconnecting(self, login: Login, now: datetime) -> None:
        """Note that a sign-in was used until now, before its socket stops to count as a use."""
        if login.account.idle_minutes is not None:
            await self._accounts.note_use(login.id, now)

    async def _holding(self, token: str | None, address: str, since: datetime, now: datetime) -> Login | None:
        login = await self._accounts.login(digest(token), since) if token else None
        if login is None:
            return None
        if login.second_factor:
            return replace(login, account=self._present(login.account, now))
        account = self._at(login.account, address, now)
        if account.must_enrol and await self._factors.has_any(account.account):
            return None
        return replace(login, account=account)

    def _at(self, account: Account, address: str, now: datetime) -> Account:
        """Return an account with its present roles, as it signed in from an address without a second factor."""
        present = self._present(account, now)
        return replace(present, must_enrol=self.demands(present, address, now))

    def _present(self, account: Account, now: datetime) -> Account:
        """Return an account with its present roles, and after how many unused minutes its sign-ins end."""
        present = account.under(self._operator(now))
        idle = self._policy(now).accounts.idle(present.roles, exempt=present.exempt)
        return replace(present, idle_minutes=idle)

    def demands(self, account: Account, address: str, now: datetime) -> bool:
        """Return whether the policy demands a second factor of an account that comes from an address."""
        policy, of_point = self._policy(now).second_factor, account.point is not None
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

    async def end_one(self, id_: str, account: Account, source: Source, now: datetime) -> bool:
        """End one of the account's own sign-ins, and close its sockets; return False if there is none."""
        ended = [each.id for each in await self.devices(account, now) if each.short_id == id_]
        for each in ended:
            await self._accounts.end_login(each)
            await self._ended(account.account, each)
            await self._audit(account.account, "logout-other", source, now)
        return bool(ended)

    async def change_password(
        self, token: str, account: Account, old: str, new: str, source: Source, now: datetime
    ) -> str:
        """Set a new password, end all sign-ins of the account and return a fresh token in place of one.

        Raises BadLogin, Locked, BadInput.
        """
        login = await self._accounts.login(digest(token), now)
        if not await self.is_ours(account.account):
            raise BadInput([Fault("current", "password-elsewhere")])
        await self.check_password(account, old, source, now)
        if new == old:
            raise BadInput([Fault("password", "password-same")])
        await self._check_new(new, account.account, now)
        await self._set_password(account.account, await self._passwords.hash(new), now)
        await self._audit(account.account, "password", source, now)
        return await self.new_login(account.account, source, now, login is not None and login.second_factor)

    async def first_password(self, token: str, password: str, source: Source, now: datetime) -> str:
        """Set the password of the account of a one-time link; return a fresh token.

        A link is used up only by an acceptable password. Raises LinkDead, BadInput; SecondFactorNeeded if the account
        has a second factor, which no link takes the place of.
        """
        link = await self._password_links.account(token, now)
        if not await self.is_ours(link.account):  # it is no longer ours
            raise LinkDead
        await self._check_new(password, link.account, now)
        hashed = await self._passwords.hash(password)
        await self._password_links.use(link, now)
        await self._set_password(link.account, hashed, now)
        await self._audit(link.account, "password", source, now)
        await self._second_step(link.account, source, now)
        return await self.new_login(link.account, source, now)

    async def _check_new(self, password: str, account: str, now: datetime) -> None:
        """Check that a password may be the next one of an account. Raises BadInput."""
        policy = self._policy(now).accounts
        same = policy.password(strong=True) == policy.password(strong=False)
        check_password(password, account, *policy.password(strong=same or await self._factors.has_any(account)))
        for stored in await self._accounts.last_passwords(account, policy.password_history):
            if await self._passwords.verify(stored, password):
                raise BadInput([Fault("password", "password-used-before")])

    async def is_ours(self, account: str) -> bool:
        """Return whether an account is our own, and neither a provider's nor a directory's."""
        return await self._external.kind(account) is None

    async def lock(self, account: str, now: datetime) -> None:
        """Give an account a password that nobody knows, and end all its sign-ins."""
        hashed = await self._passwords.hash(secrets.token_urlsafe(32))
        await self._set_password(account, hashed, now)

    async def open(self, account: Account, now: datetime) -> None:
        """Add an account with a password that nobody knows. Raises BadInput when the name is taken."""
        await self._accounts.add_account(account, await self._passwords.hash(secrets.token_urlsafe(32)), now)

    async def _set_password(self, account: str, hashed: str, now: datetime) -> None:
        history = self._policy(now).accounts.password_history
        await self._accounts.set_password(account, hashed, False, now, history)
        await self._ended(account, None)

    async def new_login(self, account: str, source: Source, now: datetime, second_factor: bool = False) -> str:
        """Sign an account in, without a check; return the token for the cookie."""
        token = secrets.token_urlsafe(32)
        await self._accounts.add_login(digest(token), account, source, now, now + LOGIN_LASTS, second_factor)
        return token

    async def _audit(self, account: str, action: str, source: Source, now: datetime, detail: str = "") -> None:
        await self._audit_log.append(source.entry(now, account, action, account, detail))
