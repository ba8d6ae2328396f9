"""Defines what handlers of account endpoints get: sign-in, second factors, single sign-on, lines, log, sessions.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(ACCOUNTS)`.
"""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.directory.equipment.service import Equipment
from signaling.accounts.api_tokens import ApiTokenStore
from signaling.accounts.second_factors import SecondFactors
from signaling.accounts.second_step import SecondStep
from signaling.accounts.sign_in import SignIn
from signaling.accounts.sso.external_accounts import ExternalAccounts
from signaling.accounts.sso.oidc_sign_in import OidcSignIn
from signaling.audit.log import AuditLog


@dataclass(frozen=True, slots=True)
class AccountsContext:
    """Services behind the endpoints of accounts, and behind the checks of visible units and sessions."""

    sign_in: SignIn
    second_step: SecondStep
    second_factors: SecondFactors
    equipment: Equipment
    audit: AuditLog
    scheduler: Scheduler
    tokens: ApiTokenStore
    external: ExternalAccounts
    oidc: OidcSignIn


ACCOUNTS = web.AppKey("AccountsContext", AccountsContext)
