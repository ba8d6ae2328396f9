"""Decides which roles somebody has by the groups of a provider or a directory. Pure."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from signaling.accounts.passwords import is_name
from signaling.core.account import ROLES, Role, digest

Kind = Literal["oidc", "ldap"]
"""The one that knows an account which is not ours: a provider of OpenID Connect, or a directory."""

MAX_NAME = 200
MAX_SUBJECT = 255
MAX_TRIES = 50
"""So many names are tried for a new account whose own is taken."""


@dataclass(frozen=True, slots=True)
class RoleMapping:
    """The roles of a group's people, and the unit that they act for, if the group says so."""

    group: str
    roles: tuple[Role, ...]
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a provider or a directory has just known.

    `subject` is what `issuer` never gives to anybody else (`sub` of OpenID Connect); `login` is the name that they
    sign in with there, which may change; `roles` and `unit` are those of their groups.
    """

    kind: Kind
    issuer: str
    subject: str
    login: str
    name: str
    roles: tuple[Role, ...]
    unit: str | None


def granted(
    mappings: Iterable[RoleMapping], groups: Collection[str], unit: str | None = None
) -> tuple[tuple[Role, ...], str | None]:
    """Return all roles of somebody's groups, and the unit of the first group that has one, else `unit`."""
    held = [each for each in mappings if each.group in groups]
    roles = {role for each in held for role in each.roles}
    return tuple(role for role in ROLES if role in roles), next((each.unit for each in held if each.unit), unit)


def distinguished(name: str) -> str:
    """Return a distinguished name as it is compared: in small letters, without spaces about commas and equals signs."""
    return re.sub(r"\s*([,=])\s*", r"\1", name.strip()).casefold()


def wanted_names(person: Person) -> list[str]:
    """Return names for a new account, the best first: theirs before the @, then with numbers; else a hash of theirs."""
    own = person.login.partition("@")[0].strip().lower()
    base = own if is_name(own) and len(own) <= 60 else f"sso-{digest(person.issuer + ' ' + person.subject)[:12]}"
    return [base, *(f"{base}-{number}" for number in range(2, MAX_TRIES))]
