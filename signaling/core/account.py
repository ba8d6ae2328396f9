"""Accounts with their roles, and the source address of a request."""

import hashlib
import ipaddress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Self, get_args

from signaling.core.audit_entry import AuditEntry

Role = Literal["administrator", "technician", "supervisor", "registrant", "site", "provider"]
"""Administrator; central technician (Điều 3.10); supervisor for the Office of the province, who changes nothing
(Điều 16.2); the unit's registrant (Điều 12.1); site technician (Điều 3.11); people of a telecom enterprise, who are
outsiders (Điều 14.2, reading A36)."""


ROLES: tuple[Role, ...] = get_args(Role)

Scope = Literal["read", "book", "directory"]
"""Scope of an API token (RFC 6750): reads sessions, calendar, points and reports; registers sessions; imports and
exports units and points."""


SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Account:
    """One account, bound to a point, to a unit, to a provider, or (administrators, central technicians) to none."""

    account: str
    name: str
    roles: tuple[Role, ...]
    unit: str | None
    point: str | None
    language: str = "vi"
    must_change: bool = False
    disabled: bool = False
    provider: str | None = None
    device: str | None = None
    """The device that the account is, if it is a room display's and no person's."""
    must_enrol: bool = False
    """Whether this sign-in must add a second factor before it may do anything else."""
    break_glass: bool = False
    """Whether its password is kept in a sealed envelope for the day when nobody else gets in."""
    elsewhere: bool = False
    """Whether it is an administrator by the address of administration alone, and the request came by another one."""
    idle_minutes: int | None = None
    """After how many unused minutes this sign-in ends; None: never."""
    scopes: tuple[Scope, ...] | None = None
    """The scopes of the API token that the account is, None for all others."""

    def under(self, operator: str) -> Self:
        """Return the account with its roles while the unit `operator` operates the system.

        Central technicians are people of the operating unit only (Điều 3.10, R-014). An account without a unit belongs
        to the operating unit, whichever that is.
        """
        if "technician" not in self.roles or self.unit in {None, operator}:
            return self
        return replace(self, roles=tuple(role for role in self.roles if role != "technician"))

    @property
    def exempt(self) -> bool:
        """Return whether the policy of unused accounts and old passwords leaves it out: a room's, or break-glass."""
        return self.point is not None or self.break_glass

    @property
    def central(self) -> bool:
        """Return whether the account sees and controls every session."""
        return bool({"administrator", "technician"}.intersection(self.roles))

    @property
    def sees_all(self) -> bool:
        """Return whether the account sees every session, if only to supervise (R-105)."""
        return self.central or "supervisor" in self.roles

    @property
    def only_supervises(self) -> bool:
        """Return whether the account may read and nothing else (Điều 16.2)."""
        return set(self.roles) == {"supervisor"}

    def acting(self) -> Self:
        """Return the account without the role `supervisor`, which may change nothing."""
        return replace(self, roles=tuple(role for role in self.roles if role != "supervisor"))

    @property
    def outsider(self) -> bool:
        """Return whether the account belongs to a telecom enterprise, which sees only its own lines (A36)."""
        return "provider" in self.roles


@dataclass(frozen=True, slots=True)
class Source:
    """Source of a request, as the audit log stores it (NĐ 333: address and port), and what the browser calls itself."""

    address: str
    port: int
    browser: str = ""

    def entry(self, now: datetime, account: str, action: str, subject: str, detail: str = "") -> AuditEntry:
        """Return the audit entry of an action of an account from this source."""
        return AuditEntry(now, account, action, subject, detail, self.address, self.port)


def digest(token: str) -> str:
    """Return the SHA-256 of a token; only that is stored, so that a stolen database lets nobody in."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def unmapped(address: str) -> str:
    """Return the IPv4 address of a client that a socket for both kinds names as an IPv6 one, others as they are."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ip.ipv4_mapped) if ip.version == 6 and ip.ipv4_mapped is not None else address


def network_of(address: str) -> str:
    """Return an IPv4 address as it is, an IPv6 address as its /64, all of which one machine owns."""
    address = unmapped(address)
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return address if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False).network_address)
