"""Lets an account in by its second factor, after its password (decision 124)."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from signaling.accounts import recovery_codes, security_keys, throttle, totp
from signaling.accounts.guesses import Guesses
from signaling.accounts.second_factor_store import Challenge, SecondFactorStore
from signaling.accounts.security_keys import BadAnswer, KeyAnswer, Site
from signaling.accounts.sign_in import SignIn
from signaling.accounts.throttle import Throttle
from signaling.audit.log import AuditLog
from signaling.core.account import Source, digest, network_of
from signaling.core.errors import BadSecondFactor, ChallengeOver, SecondFactorNeeded

Check = Callable[[Challenge], Awaitable[str | None]]
"""Checks what came for a challenge; returns the name of the factor that it shows, None if it shows none."""


class SecondStep:
    """Takes codes of authenticator apps, recovery codes and answers of security keys for challenges of `SignIn`."""

    def __init__(self, sign_in: SignIn, factors: SecondFactorStore, throttle: Throttle, audit: AuditLog) -> None:
        self._sign_in = sign_in
        self._factors = factors
        self._throttle = throttle
        self._audit_log = audit

    async def asked(self, token: str, site: Site, now: datetime) -> SecondFactorNeeded:
        """Return by which methods the challenge of a token may be passed at a site."""
        challenge = await self._factors.challenge(digest(token), now)
        if challenge is None:
            return SecondFactorNeeded(token)
        factors = await self._factors.factors(challenge.account)
        key = security_keys.request_options(site, challenge.value, factors.keys)
        codes = factors.recovery_codes > 0
        methods = {"key": key is not None, "totp": factors.totp is not None, "recovery-code": codes}
        return SecondFactorNeeded(token, tuple(method for method, there in methods.items() if there), key)

    async def by_code(self, token: str | None, code: str, source: Source, now: datetime) -> str:
        """Return a fresh token for the cookie, for a code of the app or a recovery code.

        Raises ChallengeOver, BadSecondFactor, Locked.
        """

        async def check(challenge: Challenge) -> str | None:
            return await self._factor_of(code.strip(), challenge.account, source, now)

        return await self._passed(token, check, source, now)

    async def by_key(self, token: str | None, answer: KeyAnswer, site: Site, source: Source, now: datetime) -> str:
        """Return a fresh token for the cookie, for the answer of a security key.

        Raises ChallengeOver, BadSecondFactor, Locked.
        """

        async def check(challenge: Challenge) -> str | None:
            keys = (await self._factors.factors(challenge.account)).keys
            try:
                key, sign_count = security_keys.asserted(site, challenge.value, keys, answer)
            except BadAnswer:
                return None
            return f"key {key.name}" if await self._factors.use_key(key, sign_count, now) else None

        return await self._passed(token, check, source, now)

    async def _factor_of(self, code: str, account: str, source: Source, now: datetime) -> str | None:
        if totp.is_code(digits := code.replace(" ", "")):
            known = await self._factors.totp(account)
            step = None if known is None else totp.accepted_step(known[0], digits, now, known[1])
            return "totp" if step is not None and await self._factors.use_step(account, step) else None
        bare = recovery_codes.bare(code)
        if bare is None or not await self._factors.use_recovery_code(account, bare):
            return None
        left = (await self._factors.factors(account)).recovery_codes
        await self._audit(account, "recovery-code", f"left={left}", source, now)
        return "recovery-code"

    async def _passed(self, token: str | None, check: Check, source: Source, now: datetime) -> str:
        challenge = await self._factors.challenge(digest(token), now) if token else None
        if challenge is None:
            raise ChallengeOver
        account, network = challenge.account, network_of(source.address)
        guessed = await self._sign_in.guessed(throttle.SECOND_FACTOR, account, now)
        async with Guesses(self._throttle, guessed, (throttle.LOGIN_ADDRESS, network)) as guesses:
            factor = await check(challenge)
        if factor is None:
            await self._audit(account, "second-factor-failed", "", source, now)
            if guesses.last:
                await self._audit(account, "login-locked", "second-factor", source, now)
            raise BadSecondFactor
        if not await self._factors.end_challenge(challenge.id):
            raise ChallengeOver
        await guesses.right()
        await self._audit(account, "login", factor, source, now)
        return await self._sign_in.new_login(account, source, now, second_factor=True)

    async def _audit(self, account: str, action: str, detail: str, source: Source, now: datetime) -> None:
        await self._audit_log.append(source.entry(now, account, action, account, detail))
