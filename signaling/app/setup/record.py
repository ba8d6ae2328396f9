"""Reads, judges and changes what ``diemcau setup`` keeps in the data directory: units, capacity, account, certificate.

It does so as the pages and ``diemcau admin`` do, whether the server runs or not.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from scheduler.core.errors import BadUnits
from scheduler.core.model import Amount
from scheduler.files.errors import BadSheet
from scheduler.units.seed import KHANH_HOA, outdated
from signaling.app.admin_cli import FIRST_ROLES, NewAccount, create_account
from signaling.app.services import Services, open_services, read_services
from signaling.app.settings import Settings
from signaling.app.setup import certificates, texts
from signaling.app.setup.certificates import Pair
from signaling.app.setup.server_checks import Outcome, tried
from signaling.core.audit_entry import AuditEntry
from signaling.core.texts import Language, field_text
from signaling.http.problems import cell


@dataclass(frozen=True, slots=True)
class PresentState:
    """The state as it is: how many units, and how many ended ones; administrators; capacity; the certificate."""

    units: int = 0
    outdated: int = 0
    administrators: tuple[str, ...] = ()
    capacity: Amount = field(default_factory=lambda: Amount(0, 0))
    capacity_recorded: bool = False
    certificate: bytes = b""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The state as it shall be. An empty table, no account and no certificate leave those that are there."""

    table: bytes = b""
    shipped: bool = False
    account: str = ""
    name: str = ""
    password: str = field(default="", repr=False)
    must_change: bool = False
    capacity: Amount | None = None
    certificate: Pair | None = field(default=None, repr=False)
    mail: bool = False
    """Whether the mail server is tried."""
    sso: bool = False
    """Whether the servers of single sign-on are."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The faults, each with its place; else what would be done: units added, changed, and there beside the table.

    `servers` are lines about the servers that were tried: each answers, or could not be reached.
    """

    faults: tuple[tuple[str, str], ...] = ()
    added: int = 0
    changed: int = 0
    beside: int = 0
    account_is_there: bool = False
    servers: tuple[str, ...] = ()


def look(settings: Settings, now: datetime) -> PresentState:
    """Return what is there. Nothing is written."""
    return asyncio.run(_look(settings, now))


def judge(settings: Settings, wanted: Wanted, language: Language, now: datetime) -> Verdict:
    """Judge what is wanted against what is there, as the server would with these settings. Nothing is written."""
    return asyncio.run(_judge(settings, wanted, language, now))


def apply(settings: Settings, wanted: Wanted, now: datetime) -> None:
    """Do what was judged: each of units, capacity and account in one transaction, then the certificate."""
    asyncio.run(_apply(settings, wanted, now))


async def _look(settings: Settings, now: datetime) -> PresentState:
    path = settings.data / "tls" / "cert.pem"
    certificate = path.read_bytes()[: certificates.MAX_BYTES] if path.is_file() else b""
    async with read_services(settings) as services:
        if services is None:
            rated = Amount(settings.max_sessions, settings.max_points)
            return PresentState(capacity=rated, certificate=certificate)
        units = await services.scheduler.units()
        limit = await services.scheduler.capacity_limit()
        return PresentState(
            len(units),
            len(outdated(units, services.scheduler.day(now))),
            await _administrators(services),
            limit.at(now),
            bool(limit.steps),
            certificate,
        )


async def _administrators(services: Services) -> tuple[str, ...]:
    return tuple(each.account for each in await services.accounts.accounts() if "administrator" in each.roles)


@asynccontextmanager
async def _as_it_is(settings: Settings) -> AsyncIterator[Services]:
    """Yield services that read the database; where it has no tables, services over an empty one apart."""
    async with read_services(settings) as services:
        if services is not None:
            yield services
            return
    with TemporaryDirectory() as folder:
        data = Path(folder)
        apart = replace(settings, data=data, database_url=f"sqlite:///{data / 'diemcau.sqlite3'}", files=None)
        async with open_services(apart) as empty:
            yield empty


async def _judge(settings: Settings, wanted: Wanted, language: Language, now: datetime) -> Verdict:
    async with _as_it_is(settings) as services:
        verdict = await _judge_units(services, wanted, language, now)
        accounts = {each.account: each for each in await services.accounts.accounts()}
    faults, there = list(verdict.faults), accounts.get(wanted.account)
    if there is not None and "administrator" not in there.roles:
        faults.append(("administrator.account", field_text("setup-account-taken", language, wanted.account)))
    outcomes = await tried(settings, wanted.mail, wanted.sso, now)
    faults += [(each.place, _words(each, language)) for each in outcomes if each.refused]
    servers = tuple(_words(each, language) for each in outcomes if not each.refused)
    return replace(verdict, faults=tuple(faults), account_is_there=there is not None, servers=servers)


def _words(outcome: Outcome, language: Language) -> str:
    """Return a line about a server that was tried, or the words of its fault."""
    server = texts.text(f"server-{outcome.kind}", language, value=outcome.address)
    if outcome.fault is None:
        return texts.text("server-answers", language, server=server)
    why = texts.fault(outcome.fault, language)
    return texts.text("server-refused" if outcome.refused else "server-not-tried", language, server=server, why=why)


async def _judge_units(services: Services, wanted: Wanted, language: Language, now: datetime) -> Verdict:
    known = len(await services.scheduler.units())
    try:
        if wanted.table:
            plan = await services.import_export.preview("units", wanted.table, now)
            kinds = [step.what for step in plan.steps]
            added = kinds.count("add")
            return Verdict((), added, kinds.count("change"), known - len(kinds) + added)
        if wanted.shipped:
            await services.scheduler.check_units(path.read_text(encoding="utf-8") for path in KHANH_HOA)
    except BadSheet as bad:
        return Verdict(
            tuple((cell(each, language), field_text(each.word, language, each.value)) for each in bad.faults)
        )
    except BadUnits as bad:
        return Verdict(tuple(("units.shipped", str(problem)) for problem in bad.problems[:10]))
    return Verdict()


async def _apply(settings: Settings, wanted: Wanted, now: datetime) -> None:
    async with open_services(settings, migrating=False) as services:
        if wanted.table:
            plan = await services.import_export.preview("units", wanted.table, now)
            await services.import_export.carry_out("units", wanted.table, plan.digest, now)
        if wanted.shipped:
            for path in KHANH_HOA:
                await services.scheduler.import_units(path.read_text(encoding="utf-8"), taken_over=now)
        await _set_capacity(services, wanted.capacity, now.replace(microsecond=0))
        if wanted.account and await services.accounts.account(wanted.account) is None:
            new = NewAccount(wanted.account, wanted.name, FIRST_ROLES, must_change=wanted.must_change)
            await create_account(services, new, wanted.password, now)
        await services.audit.append(AuditEntry(now, f"shell/{os.getuid()}", "admin", "setup", _detail(wanted)))
    if wanted.certificate is not None:
        folder = settings.data / "tls"
        folder.mkdir(exist_ok=True, mode=0o700)
        certificates.write(folder, wanted.certificate)


async def _set_capacity(services: Services, wanted: Amount | None, now: datetime) -> None:
    limit = await services.scheduler.capacity_limit()
    if wanted is not None and (not limit.steps or limit.at(now) != wanted):
        await services.scheduler.operator.set_capacity(now, wanted, now)


def _detail(wanted: Wanted) -> str:
    """Return what was set up; no password is in it."""
    parts = {
        "units": "table" if wanted.table else "shipped" if wanted.shipped else "",
        "capacity": f"{wanted.capacity.sessions}/{wanted.capacity.points}" if wanted.capacity else "",
        "account": wanted.account,
        "certificate": "new" if wanted.certificate else "",
    }
    return " ".join(f"{name}={value}" for name, value in parts.items() if value)
