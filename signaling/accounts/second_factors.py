"""Adds and removes second factors: authenticator apps, security keys, recovery codes (decision 124)."""

import secrets
from datetime import datetime, timedelta

from signaling.accounts import recovery_codes, security_keys, totp
from signaling.accounts.second_factor_store import Challenge, Factors, SecondFactorStore
from signaling.accounts.security_keys import BadAnswer, SecurityKey, Site
from signaling.accounts.sign_in import Ended, SignIn
from signaling.audit.log import AuditLog
from signaling.core.account import Account, Source, digest
from signaling.core.errors import BadInput, Fault, NotFound, SignedOut

PENDING_LASTS = timedelta(minutes=10)
"""So long an app, or a security key, may take to be confirmed."""
MAX_KEYS = 10
NEVER = -1
"""The time step before all others."""


class SecondFactors:
    """Adds and removes second factors of signed-in accounts, which give their password for it if they have one.

    `token` is that of the cookie. An account that has a factor changes them only in a sign-in by a second factor.
    """

    def __init__(self, sign_in: SignIn, factors: SecondFactorStore, audit: AuditLog, ended: Ended) -> None:
        self._sign_in = sign_in
        self._factors = factors
        self._audit_log = audit
        self._ended = ended

    async def factors(self, account: Account) -> Factors:
        """Return the second factors of an account."""
        return await self._factors.factors(account.account)

    async def begin_totp(
        self, token: str, account: Account, password: str | None, source: Source, now: datetime
    ) -> bytes:
        """Return the secret of a new app, which counts once it is confirmed. Raises BadLogin, Locked, SignedOut."""
        await self._check(token, account, password, source, now)
        secret = totp.new_secret()
        await self._factors.add_pending_totp(_pending("totp", token), account.account, secret, now, now + PENDING_LASTS)
        return secret

    async def confirm_totp(self, token: str, account: Account, code: str, source: Source, now: datetime) -> list[str]:
        """Make the new app a factor, by its first code; return recovery codes if it is the account's first factor.

        Sign-ins of the account without a second factor end, but this one. Raises BadInput.
        """
        pending = _pending("totp", token)
        secret = await self._factors.pending_totp(pending, account.account, now)
        if secret is None:
            raise BadInput([Fault("code", "second-factor-late")])
        step = totp.accepted_step(secret, code.replace(" ", ""), now, NEVER)
        if step is None:
            raise BadInput([Fault("code", "second-factor-code")])
        codes = await self._first_codes(account)
        ended = await self._factors.add_totp(pending, account.account, digest(token), step, _bare(codes), now)
        if ended is None:
            raise BadInput([Fault("code", "second-factor-late")])
        await self._added(account, "totp", ended, source, now)
        return codes

    async def remove_totp(
        self, token: str, account: Account, password: str | None, source: Source, now: datetime
    ) -> None:
        """Remove the app of an account. Raises BadLogin, Locked, SignedOut."""
        await self._check(token, account, password, source, now)
        if await self._factors.remove_totp(account.account):
            await self._audit(account, "second-factor-remove", "totp", source, now)

    async def begin_key(
        self, token: str, account: Account, password: str | None, site: Site, source: Source, now: datetime
    ) -> dict[str, object]:
        """Return what the browser is asked to make a security key with, which counts once it is confirmed.

        Raises BadLogin, Locked, SignedOut, BadInput.
        """
        keys = (await self._check(token, account, password, source, now)).keys
        if len(keys) >= MAX_KEYS:
            raise BadInput([Fault("password", "second-factor-keys")])
        challenge = Challenge(_pending("key", token), account.account, secrets.token_urlsafe(32))
        await self._factors.add_challenge(challenge, now, now + PENDING_LASTS)
        return security_keys.creation_options(site, account.account, account.name, challenge.value, keys)

    async def confirm_key(
        self,
        token: str,
        account: Account,
        name: str,
        answer: tuple[bytes, bytes],
        site: Site,
        source: Source,
        now: datetime,
    ) -> list[str]:
        """Make a new key a factor, by its answer: client data and attestation. The rest is as with an app.

        Raises BadInput.
        """
        pending = _pending("key", token)
        challenge = await self._factors.challenge(pending, now)
        if challenge is None or not await self._factors.end_challenge(pending):
            raise BadInput([Fault("name", "second-factor-late")])
        try:
            credential, sign_count = security_keys.registered(site, challenge.value, *answer)
        except BadAnswer:
            raise BadInput([Fault("name", "second-factor-key")]) from None
        key = SecurityKey(secrets.token_hex(8), account.account, name, site.rp_id, credential, sign_count, created=now)
        codes = await self._first_codes(account)
        ended = await self._factors.add_key(key, digest(token), _bare(codes), now)
        await self._added(account, f"key {name}", ended, source, now)
        return codes

    async def remove_key(
        self, token: str, account: Account, key: str, password: str | None, source: Source, now: datetime
    ) -> None:
        """Remove a security key of an account. Raises BadLogin, Locked, SignedOut, NotFound."""
        await self._check(token, account, password, source, now)
        name = await self._factors.remove_key(account.account, key)
        if name is None:
            raise NotFound
        await self._audit(account, "second-factor-remove", f"key {name}", source, now)

    async def new_recovery_codes(
        self, token: str, account: Account, password: str | None, source: Source, now: datetime
    ) -> list[str]:
        """Return fresh recovery codes; the earlier ones no longer work. Raises BadInput, too."""
        factors = await self._check(token, account, password, source, now)
        if not factors.any:
            raise BadInput([Fault("password", "second-factor-none")])
        codes = recovery_codes.new_codes()
        await self._factors.replace_recovery_codes(account.account, _bare(codes), now)
        await self._audit(account, "recovery-codes", "", source, now)
        return codes

    async def reset(self, account: str) -> None:
        """Remove all second factors of an account, whose sign-ins end, for somebody who has lost them."""
        await self._factors.reset(account)
        await self._ended(account, None)

    async def _check(
        self, token: str, account: Account, password: str | None, source: Source, now: datetime
    ) -> Factors:
        """Check the password, and that the sign-in was by a second factor if there is one. Return the factors."""
        await self._sign_in.check_again(token, account, password, source, now)
        factors = await self.factors(account)
        login = await self._sign_in.login_of(token, source.address, now)
        if factors.any and (login is None or not login.second_factor):
            raise SignedOut
        return factors

    async def _first_codes(self, account: Account) -> list[str]:
        return [] if (await self.factors(account)).any else recovery_codes.new_codes()

    async def _added(self, account: Account, factor: str, ended: list[str], source: Source, now: datetime) -> None:
        for login in ended:
            await self._ended(account.account, login)
        await self._audit(account, "second-factor-add", factor, source, now)

    async def _audit(self, account: Account, action: str, detail: str, source: Source, now: datetime) -> None:
        await self._audit_log.append(source.entry(now, account.account, action, account.account, detail))


def _pending(kind: str, token: str) -> str:
    """Return the id of what one sign-in is about to add."""
    return digest(f"{kind}:{token}")


def _bare(codes: list[str]) -> list[str]:
    return [code.replace("-", "") for code in codes]
