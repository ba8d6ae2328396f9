"""Checks names, roles and passwords of accounts; hashes passwords with Argon2id."""

import asyncio
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from signaling.core.account import ROLES, Account, Role
from signaling.core.errors import BadInput, Fault

MIN_PASSWORD = 12
MAX_PASSWORD = 200
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Device:
    """A sign-in as its account sees it: the hash of the cookie's token, its time, address and browser."""

    id: str
    created: datetime
    address: str
    browser: str

    @property
    def short_id(self) -> str:
        """The beginning of its id, by which the account names it."""
        return self.id[:16]


@dataclass(frozen=True, slots=True)
class Login:
    """A sign-in: the hash of its cookie's token, its account, when it expires, and if it had a second factor."""

    id: str
    account: Account
    expires: datetime
    second_factor: bool = False
    used: datetime | None = None
    """Its last use as far as it is stored, else its beginning."""

    def holds(self, now: datetime) -> bool:
        """Return whether it has not expired."""
        return now < self.expires


def is_name(text: str) -> bool:
    """Return whether a text can be the name of an account."""
    return _NAME.fullmatch(text) is not None


def normal_name(text: str) -> str:
    """Return an account name as it is stored. Raises BadInput."""
    name = text.strip().lower()
    if not is_name(name):
        raise BadInput([Fault("account", "1-64 of a-z 0-9 . _ -, beginning with a letter or digit")])
    return name


def check_roles(texts: Iterable[str]) -> tuple[Role, ...]:
    """Return the roles in the order of ROLES. Raises BadInput."""
    requested = set(texts)
    if not requested or not requested.issubset(ROLES):
        raise BadInput([Fault("roles", f"one or more of {', '.join(ROLES)}")])
    if "provider" in requested and len(requested) > 1:
        raise BadInput([Fault("roles", "who is of a telecom enterprise has no other role")])
    return tuple(role for role in ROLES if role in requested)


def check_password(password: str, account: str, shortest: int = MIN_PASSWORD, classes: int = 1) -> None:
    """Check length and classes of a password, and that it is not made of the account name. Raises BadInput.

    `shortest` is the least length that the policy demands of the account, `classes` the least number of classes.
    """
    if MIN_PASSWORD <= len(password) < shortest:
        raise BadInput([Fault("password", "password-shorter", str(shortest))])
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise BadInput([Fault("password", "password-length")])
    if classes_of(password) < classes:
        raise BadInput([Fault("password", "password-classes", str(classes))])
    if account in password.lower() and len(account) * 2 > len(password):
        raise BadInput([Fault("password", "password-of-account")])


def classes_of(password: str) -> int:
    """Return of how many classes its characters are: small letters, capitals, digits, others."""
    kinds = str.islower, str.isupper, str.isdigit, lambda character: not character.isalnum()
    return sum(any(map(kind, password)) for kind in kinds)


def random_password() -> str:
    """Return a fresh password of four classes, of 94 random bits."""
    while classes_of(password := secrets.token_urlsafe(12)) < 4:
        pass
    return password


def hash_of_nobody(hasher: PasswordHasher) -> str:
    """Return a hash that no known password has, and that costs as much to verify as those of `hasher`."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${'A' * 22}${'A' * 43}"


class Passwords:
    """Hashes passwords by Argon2id with 19 MiB and two passes (OWASP), in threads, at most one per core at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._slots = asyncio.Semaphore(os.cpu_count() or 1)
        self._nobody = hash_of_nobody(self._hasher)

    async def hash(self, password: str) -> str:
        """Return the hash to store."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Return whether a password is right; an unknown account (None) takes as long as a wrong password."""
        async with self._slots:
            right = await asyncio.to_thread(self._matches, stored or self._nobody, password)
        return right and stored is not None

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
