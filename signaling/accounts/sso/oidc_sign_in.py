"""Signs people in by a provider of OpenID Connect: by the authorization code flow with PKCE (decision 131)."""

from datetime import datetime

from signaling.accounts import throttle
from signaling.accounts.guesses import Guesses
from signaling.accounts.sign_in import SignIn
from signaling.accounts.sso import handshake, id_token
from signaling.accounts.sso.handshake import Handshake
from signaling.accounts.sso.id_token import BadIdToken, Claims
from signaling.accounts.sso.oidc_provider import OidcProvider
from signaling.accounts.throttle import Throttle
from signaling.audit.log import AuditLog
from signaling.core.account import Account, Source, network_of
from signaling.core.errors import NotFound, SsoFailed


class OidcSignIn:
    """Begins and ends sign-ins by the provider of the settings, if there is one.

    `redirect` is the page of ours to which the provider sends the browser back; the same one ends what it began.
    """

    def __init__(self, provider: OidcProvider | None, sign_in: SignIn, throttle: Throttle, audit: AuditLog) -> None:
        self._provider = provider
        self._sign_in = sign_in
        self._throttle = throttle
        self._audit_log = audit

    @property
    def label(self) -> str | None:
        """The words of the button, None without a provider."""
        return None if self._provider is None else self._provider.settings.label

    async def begin(self, redirect: str, now: datetime) -> tuple[Handshake, str]:
        """Return what the browser keeps, and where it goes. Raises NotFound, SsoUnavailable."""
        begun = handshake.begin()
        return begun, await self._needed().url(begun, redirect, now)

    async def finish(
        self, begun: Handshake | None, answer: tuple[str, str, str], redirect: str, source: Source, now: datetime
    ) -> tuple[str, Account]:
        """Return a fresh token for the cookie, and the account, for the provider's `answer`: state, code and issuer.

        Raises NotFound, Locked, SsoFailed, SsoUnavailable, NoRole, BadLogin, SecondFactorNeeded.
        """
        provider = self._needed()
        async with Guesses(self._throttle, (throttle.SSO, network_of(source.address))) as guesses:
            try:
                claims = await self._claims(provider, begun, answer, redirect, now)
                person = id_token.person_of(claims, provider.settings)
            except (SsoFailed, BadIdToken) as error:
                await self._audit_log.append(source.entry(now, "?", "login-failed", "?", f"oidc: {error}"))
                raise SsoFailed from None
        await guesses.right()
        second_factor = id_token.by_second_factor(claims, provider.settings)
        return await self._sign_in.login_of_person(person, second_factor, source, now)

    async def end_url(self, redirect: str, now: datetime) -> str | None:
        """Return where a browser signs out of the provider, too. Raises NotFound, SsoUnavailable."""
        return await self._needed().end_url(redirect, now)

    @staticmethod
    async def _claims(
        provider: OidcProvider,
        begun: Handshake | None,
        answer: tuple[str, str, str],
        redirect: str,
        now: datetime,
    ) -> Claims:
        state, code, issuer = answer
        if begun is None or not begun.began(state):
            raise SsoFailed("state")
        if issuer not in {"", provider.settings.issuer}:  # RFC 9207
            raise SsoFailed("iss")
        return await provider.claims(code, begun, redirect, now)

    def _needed(self) -> OidcProvider:
        if self._provider is None:
            raise NotFound
        return self._provider
