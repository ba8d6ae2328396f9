"""The commands of ``diemcau admin``: accounts, units, capacity, media workers, secrets, recordings, backup.

They work on the database, whether the server runs or not.
"""

import asyncio
import csv
import getpass
import json
import logging
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, get_args

from scheduler.core import database
from scheduler.core.errors import UnknownPoint, UnknownUnit
from scheduler.core.model import Amount
from scheduler.units.seed import KHANH_HOA_2024, KHANH_HOA_2025, TWO_TIER_PROFILES, khanh_hoa_2023, outdated
from signaling.accounts.passwords import (
    Passwords,
    check_password,
    check_roles,
    normal_name,
    random_password,
)
from signaling.accounts.sso.roles import Kind, Person
from signaling.app import database_copy, key_rotation, migration, postgresql_dump, secrets_file
from signaling.app.backup import backup, read_passphrase, restore
from signaling.app.lease import Lease, leader
from signaling.app.services import Services, open_services, utc_now
from signaling.app.settings import Settings, database_url, mailbox
from signaling.audit.syslog.forwarder import signing_key
from signaling.audit.syslog.message import public_key
from signaling.booking import session_costs
from signaling.booking.approvals_store import new_approval
from signaling.cascade.model import Neighbour
from signaling.cascade.store import check_points
from signaling.core.account import ROLES, Account
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import BadInput, BadLog, DatabaseInUse, Fault, SettingsError
from signaling.recording.compose_anew import compose_anew
from signaling.recording.verify import verify
from signaling.workers.drains import Drain, DrainState

log = logging.getLogger(__name__)

DRAIN_POLL_SECONDS = 0.5
DRAIN_TAKEN_SECONDS = 10.0
"""A server that leads follows a request within so long."""
DRAIN_FAULTS: dict[DrainState, str] = {
    "unknown": "There is no such media worker",
    "worker": "No other media worker takes rooms; nothing was moved",
    "recorder": "No other media worker sees the folder of recordings; nothing was moved",
}

FIRST = "admin"
FIRST_ROLES = ("administrator", "technician")
"""The first account can set everything up and try everything; later ones should be one or the other."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to create, bound to a point, to a unit, to a provider (by its name) or to none."""

    account: str
    name: str
    roles: Sequence[str]
    point: str | None = None
    unit: str | None = None
    provider: str | None = None
    language: str = "vi"
    must_change: bool = False


async def create_account(services: Services, new: NewAccount, password: str, now: datetime) -> Account:
    """Create an account; one bound to a point belongs to the point's unit. Raises BadInput."""
    name = normal_name(new.account)
    check_password(password, name, *services.scheduler.policy(now).accounts.password(strong=False))
    unit = await _unit_of(services, new)
    roles = check_roles(new.roles)
    account = Account(
        account=name,
        name=new.name.strip() or name,
        roles=roles,
        unit=unit,
        point=new.point,
        language=new.language,
        must_change=new.must_change,
        provider=await _provider_of(services, new),
    )
    if account.under(services.directory.operator(now)) != account:
        raise BadInput([Fault("roles", "a central technician is of the operating unit (không thuộc Đơn vị vận hành)")])
    await services.accounts.add_account(account, await Passwords().hash(password), now)
    return account


async def _unit_of(services: Services, new: NewAccount) -> str | None:
    if new.point is not None:
        try:
            return (await services.scheduler.point(new.point)).unit
        except UnknownPoint:
            raise BadInput([Fault("point", f"There is no point {new.point}")]) from None
    if new.unit is not None and new.unit not in {unit.id for unit in await services.scheduler.units()}:
        raise BadInput([Fault("unit", f"There is no unit {new.unit}")])
    return new.unit


async def _provider_of(services: Services, new: NewAccount) -> str | None:
    """Return the provider of an account; exactly accounts of role `provider` have one (A36). Raises BadInput."""
    if ("provider" in new.roles) != (new.provider is not None):
        raise BadInput([Fault("provider", "the role and the enterprise go together")])
    providers = [each.id for each in await services.equipment.providers() if each.name == new.provider]
    if new.provider is not None and not providers:
        raise BadInput([Fault("provider", f"There is no provider {new.provider}")])
    return next(iter(providers), None)


async def first_start(services: Services, now: datetime) -> str | None:
    """Fill an empty database with the shipped units and one administrator; return that one's one-time password."""
    if not await services.scheduler.units():
        await services.scheduler.import_units(khanh_hoa_2023(), taken_over=now)
    await warn_of_outdated(services, now)
    if await services.accounts.accounts():
        return None
    password = random_password()
    await create_account(services, NewAccount(FIRST, "Quản trị viên", FIRST_ROLES, must_change=True), password, now)
    return password


async def warn_of_outdated(services: Services, now: datetime) -> None:
    """Log at every start if the units in the database are not those of today, and how to bring them up to date."""
    outdated_units = outdated(await services.scheduler.units(), services.scheduler.day(now))
    if outdated_units:
        log.warning(
            "! %d registered units no longer exist: they are those of 2023, and districts ended on 30/06/2025."
            " For the units of today set DIEMCAU_PROFILE=%s (an example: no regulation for two tiers is known), and run"
            " `diemcau admin import-units` for %s, then for %s",
            len(outdated_units),
            TWO_TIER_PROFILES,
            KHANH_HOA_2024,
            KHANH_HOA_2025,
        )


async def _create_account(services: Services, arguments: Namespace) -> None:
    password = _password(arguments)
    new = NewAccount(
        account=arguments.account,
        name=arguments.name or arguments.account,
        roles=arguments.role,
        point=arguments.point,
        unit=arguments.unit,
        provider=arguments.provider,
        language=arguments.language,
        must_change=arguments.must_change,
    )
    now = utc_now()
    account = await create_account(services, new, password or (shown := random_password()), now)
    await _have_confirmed(services, account, now)
    print(f"{account.account}\t{shown}" if not password else account.account)


async def _have_confirmed(services: Services, account: Account, now: datetime) -> None:
    """Ask an administrator to confirm a new account of a person, where the profile wants two persons for roles."""
    policy = services.scheduler.policy(now).two_persons
    if "change-roles" not in policy.actions or account.point is not None or account.provider is not None:
        return
    by, reason = f"shell/{os.getuid()}", "diemcau admin create-account"
    asked = new_approval("change-roles", account.account, (), False, reason, by, now, now + policy.valid)
    await services.approvals.ask(replace(asked, state="emergency", decided_by=by, roles=",".join(account.roles)))


async def _set_password(services: Services, arguments: Namespace) -> None:
    name = await _known_account(services, arguments.account)
    if await services.identities.of_account(name) is not None:
        raise BadInput([Fault("account", f"The password of {name} is kept elsewhere, see unlink-account")])
    password = _password(arguments)
    fresh = password or random_password()
    now = utc_now()
    policy = services.scheduler.policy(now).accounts
    strong = await services.factors.has_any(name)
    check_password(fresh, name, *policy.password(strong=strong))
    hashed = await Passwords().hash(fresh)
    await services.accounts.set_password(name, hashed, arguments.must_change, now, policy.password_history)
    print(name if password else f"{name}\t{fresh}")


async def _reset_second_factor(services: Services, arguments: Namespace) -> None:
    """Remove the second factors of an account, as of an administrator whom no other one can help."""
    name = await _known_account(services, arguments.account)
    await services.factors.reset(name)
    print(name)


async def _known_account(services: Services, text: str) -> str:
    """Return the name of an account that there is. Raises BadInput."""
    name = normal_name(text)
    if await services.accounts.account(name) is None:
        raise BadInput([Fault("account", f"There is no account {name}")])
    return name


async def _enable_account(services: Services, arguments: Namespace) -> None:
    """Enable an account that was disabled, as a dormant one is; its password stays."""
    name = await _known_account(services, arguments.account)
    await services.accounts.enable(name, utc_now())
    print(name)


async def _break_glass(services: Services, arguments: Namespace) -> None:
    """Make an account the one that is exempt from dormancy and age, or take that back; print which one it is."""
    if arguments.none:
        await services.accounts.break_glass(None)
    elif arguments.account is not None:
        await services.accounts.break_glass(await _known_account(services, arguments.account))
    print("\n".join(each.account for each in await services.accounts.accounts() if each.break_glass))


async def _link_account(services: Services, arguments: Namespace) -> None:
    """Give an account of ours to somebody whom a provider or a directory knows."""
    name = normal_name(arguments.account)
    stored = await services.accounts.account(name)
    if stored is None:
        raise BadInput([Fault("account", f"There is no account {name}")])
    person = Person(
        arguments.kind, arguments.issuer, arguments.subject, arguments.login or name, stored[0].name, (), None
    )
    if not await services.identities.link(name, person, utc_now()):
        raise BadInput([Fault("account", f"{name}, or {arguments.subject}, is linked already")])
    print(name)


async def _unlink_account(services: Services, arguments: Namespace) -> None:
    """Make an account our own again; it has no password until set-password gives it one."""
    name = normal_name(arguments.account)
    if not await services.identities.unlink(name):
        raise BadInput([Fault("account", f"{name} is not linked")])
    print(name)


async def _point_accounts(services: Services, arguments: Namespace) -> None:
    """Create one site account per point that has none, named like the point; CSV of account and password on stdout."""
    existing = {account.account for account in await services.accounts.accounts()}
    writer = csv.writer(sys.stdout)
    for point in await services.scheduler.points(arguments.unit):
        if point.id in existing:
            continue
        password = random_password()
        roles = ["site", "registrant"]
        await create_account(services, NewAccount(point.id, point.label, roles, point=point.id), password, utc_now())
        writer.writerow([point.id, password])


async def _list_accounts(services: Services, _: Namespace) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(["account", "name", "roles", "unit", "point", "state", "last_login", "kind"])
    last, kinds = await services.accounts.last_logins(), await services.identities.kinds()
    for a in await services.accounts.accounts():
        state = "disabled" if a.disabled else "break-glass" if a.break_glass else ""
        login = last.get(a.account)
        seen = "" if login is None else f"{login:%Y-%m-%dT%H:%M:%SZ}"
        kind = kinds.get(a.account, "own")
        writer.writerow([a.account, a.name, " ".join(a.roles), a.unit or "", a.point or "", state, seen, kind])


async def _import_units(services: Services, arguments: Namespace) -> None:
    done = await services.scheduler.import_units(arguments.file.read_text(encoding="utf-8"), taken_over=utc_now())
    print(f"added {done.added}, changed {done.changed}, unchanged {done.unchanged}")


async def _seed(services: Services, _: Namespace) -> None:
    done = await services.scheduler.import_units(khanh_hoa_2023(), taken_over=utc_now())
    print(f"added {done.added}, changed {done.changed}, unchanged {done.unchanged}")


async def _capacity(services: Services, arguments: Namespace) -> None:
    now = utc_now().replace(microsecond=0)
    if arguments.report is not None:
        report = arguments.report.read_text(encoding="utf-8")
        amount, costs = proposed(report), session_costs.read(report)
        await services.scheduler.operator.set_capacity(now, amount, now)
        if costs is not None:
            await services.session_costs.note(costs)
    elif arguments.sessions and arguments.points:
        await services.scheduler.operator.set_capacity(now, Amount(arguments.sessions, arguments.points), now)
    limits = await services.scheduler.limits(now)
    print(f"sessions: {limits.maximum.sessions}, usable {limits.usable.sessions}")
    print(f"points: {limits.maximum.points}, usable {limits.usable.points}")


def proposed(report: str) -> Amount:
    """Return the capacity that a load test proposes, from its JSON report. Raises BadInput."""
    try:
        proposal = json.loads(report)["proposal"]
        amounts = (proposal["sessions"], proposal["points"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput([Fault("from", "This is no load test report with a proposal")]) from None
    if not all(type(amount) is int and amount > 0 for amount in amounts):
        raise BadInput([Fault("from", "A capacity is a whole number from 1")])
    return Amount(*amounts)


async def _mailbox(services: Services, arguments: Namespace) -> None:
    """Register the official mailbox of a unit, or list all as CSV."""
    if arguments.unit and arguments.address:
        try:
            await services.notifications.set_mailbox(arguments.unit, mailbox(arguments.address))
        except UnknownUnit:
            raise BadInput([Fault("unit", f"There is no unit {arguments.unit}")]) from None
        except ValueError as error:
            raise BadInput([Fault("address", str(error))]) from None
    writer = csv.writer(sys.stdout)
    for unit, address in sorted((await services.notifications.mailboxes()).items()):
        writer.writerow([unit, address])


async def _worker_key(services: Services, arguments: Namespace) -> None:
    """Make the key of a machine's media workers, withdraw it, or list the machines that have one."""
    if arguments.name is None:
        print("\n".join(await services.worker_keys.names()))
    elif arguments.withdraw:
        await services.worker_keys.withdraw(arguments.name)
    else:
        print(await services.worker_keys.make(arguments.name, utc_now()))


async def _neighbour(services: Services, arguments: Namespace) -> None:
    """Register a system above or below, forget one, or list them as CSV: name, direction, point, our point or URL."""
    neighbours, name = services.neighbours, arguments.name
    if name is None:
        writer = csv.writer(sys.stdout)
        for each in await neighbours.all():
            writer.writerow([each.name, "below" if each.below else "above", each.point, each.url or each.our_point])
    elif arguments.remove:
        await neighbours.remove(name)
    elif arguments.point is None or (arguments.below is None) == (arguments.our_point is None):
        raise BadInput([Fault("point", "--point with --our-point for a system above, or with --below for one below")])
    else:
        authority = "" if arguments.authority is None else arguments.authority.read_text()
        neighbour = Neighbour(name, arguments.point, arguments.our_point or "", arguments.below or "", authority)
        points = {point.id for point in await services.scheduler.points()}
        check_points(neighbour, points, above=not neighbour.below)
        if neighbour.below:
            await neighbours.add_below(neighbour, _asked("Key: "), utc_now())
        else:
            print(await neighbours.add_above(neighbour, utc_now()))


async def _drain(services: Services, arguments: Namespace) -> None:
    """Have the server that leads empty a media worker, and print what is left; or take the worker back."""
    drains, name = services.worker_drains, arguments.worker
    if arguments.undo:
        if not await drains.end(name):
            raise BadInput([Fault("worker", f"{name} is not drained")])
        return
    await drains.ask(name)
    asked, before = time.monotonic(), Drain("asked")
    while before.state == "asked" or before.rooms:
        await asyncio.sleep(DRAIN_POLL_SECONDS)
        drain = (await drains.all()).get(name)
        if drain is None:
            raise BadInput([Fault("worker", f"{name} was taken back meanwhile")])
        if drain.state in DRAIN_FAULTS or (drain.state == "asked" and time.monotonic() - asked > DRAIN_TAKEN_SECONDS):
            await drains.end(name)
            raise BadInput([Fault("worker", DRAIN_FAULTS.get(drain.state, "No server leads that could empty it"))])
        if drain != before and drain.state == "draining":
            print(f"{drain.rooms} rooms, {drain.seats} seats left", flush=True)
        before = drain


async def _forget_meetings(services: Services, _: Namespace) -> None:
    """Delete what a newer release stored of running meetings, so that a server of this one may lead."""
    print(f"{await services.meeting_store.forget_newer()} meetings begin anew")


async def _verify_recordings(services: Services, _: Namespace) -> None:
    """Verify every finished recording. Raises an error that names the first bad one (exit status 1)."""
    ready = await services.recording_store.recordings_in("ready")
    print(f"{await asyncio.to_thread(verify, ready, services.cipher)} recordings are what was recorded")


async def _compose_recording(services: Services, arguments: Namespace) -> None:
    """Have a recording composed again that could not be; a running server begins within a minute."""
    recording = await services.recording_store.recording(arguments.id)
    if recording is None:
        raise BadInput([Fault("id", f"There is no recording {arguments.id}")])
    await compose_anew(recording, services.recording_store, services.handovers)


async def _audit_key(services: Services, _: Namespace) -> None:
    """Print the public key by which signed heads of the audit log are verified, which a syslog server gets."""
    print(public_key(signing_key(services.cipher.key)), end="")


async def _verify_log(services: Services, arguments: Namespace) -> None:
    """Verify the audit log. Raises BadLog, which names the first changed entry (exit status 1)."""
    verdict = await services.audit.verify(utc_now())
    if verdict.broken is not None:
        raise BadLog(verdict.broken)
    if arguments.head and not await services.audit.has(*arguments.head):
        raise BadLog(arguments.head[0])
    print(f"{verdict.entries} entries are what was written, head {verdict.last}:{verdict.head}")


def _head(text: str) -> tuple[int, str]:
    """Parse a noted head, ``NUMBER:SEAL``, as log and page show it."""
    number, _, head = text.partition(":")
    return int(number), head


def _password(arguments: Namespace) -> str:
    """Read a password with ``--ask``, from the terminal or the first line of stdin; without it return an empty text."""
    return _asked("Password: ") if arguments.ask else ""


def _asked(prompt: str) -> str:
    """Read a secret from the terminal, or the first line of stdin."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _agree(consequence: str) -> None:
    """Tell what a command will do, and read a line. Raises SettingsError unless it is "yes"."""
    print(consequence, "Type yes to go on: ", sep="\n", end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise SettingsError("nothing was changed; --yes does it without the question")


COMMANDS: dict[str, Callable[[Services, Namespace], Awaitable[None]]] = {
    "create-account": _create_account,
    "set-password": _set_password,
    "reset-second-factor": _reset_second_factor,
    "enable-account": _enable_account,
    "break-glass": _break_glass,
    "link-account": _link_account,
    "unlink-account": _unlink_account,
    "point-accounts": _point_accounts,
    "list-accounts": _list_accounts,
    "import-units": _import_units,
    "seed": _seed,
    "capacity": _capacity,
    "mailbox": _mailbox,
    "worker-key": _worker_key,
    "neighbour": _neighbour,
    "drain": _drain,
    "forget-meetings": _forget_meetings,
    "verify-recordings": _verify_recordings,
    "audit-key": _audit_key,
    "compose-recording": _compose_recording,
    "verify-log": _verify_log,
}
PLAIN_COMMANDS = {
    "list-accounts": "list accounts as CSV",
    "seed": "import the units the product ships with",
    "audit-key": "print the public key of the signed heads that a syslog server gets",
    "verify-recordings": "check files against the record; names the first bad one",
    "forget-meetings": "let meetings that a newer release stored begin anew, to go back to this one",
}
"""Those without arguments, each with what it does."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the commands and their arguments."""
    commands = parser.add_subparsers(dest="admin", required=True, metavar="COMMAND")
    create = commands.add_parser("create-account", help="create an account; prints the password it made up")
    create.add_argument("account")
    create.add_argument("--name", help="name of the person or point")
    create.add_argument("--role", action="append", required=True, choices=ROLES, help="may be repeated")
    bound = create.add_mutually_exclusive_group()
    bound.add_argument("--point", help="id of the point the account sits at")
    bound.add_argument("--unit", help="id of the unit the account belongs to")
    bound.add_argument(
        "--provider", metavar="NAME", help="the telecom enterprise the account is of, as it is registered"
    )
    create.add_argument("--language", choices=["vi", "en"], default="vi")
    change = commands.add_parser("set-password", help="set a password; prints the one it made up")
    change.add_argument("account")
    for command in (create, change):
        command.add_argument("--ask", action="store_true", help="read the password from the terminal or from stdin")
        command.add_argument("--must-change", action="store_true", help="ask for a new password at the next sign-in")
    _add_help_for_accounts(commands)
    _add_linking(commands)
    every = commands.add_parser("point-accounts", help="create an account for every point; prints CSV")
    every.add_argument("--unit", help="only for the points of this unit")
    for name, help_text in PLAIN_COMMANDS.items():
        commands.add_parser(name, help=help_text)
    units = commands.add_parser("import-units", help="add or change units and their points from a file")
    units.add_argument("file", type=Path)
    letters = commands.add_parser("mailbox", help="list official mailboxes as CSV, or register that of a unit")
    letters.add_argument("unit", nargs="?")
    letters.add_argument("address", nargs="?")
    _add_machines(commands)
    _add_neighbour(commands)
    _add_secrets(commands)
    anew = commands.add_parser("compose-recording", help="compose a recording again that could not be composed")
    anew.add_argument("id", help="of the part, as GET /recordings names it")
    copy = commands.add_parser("backup", help="write the database into one file, while the server runs or not")
    copy.add_argument("--with-keys", action="store_true", help="and the keys it needs; only with --passphrase-file")
    back = commands.add_parser("restore", help="put a backup into a data directory that has none")
    for command in (copy, back):
        command.add_argument("file", type=Path)
        help_text = "the passphrase (its first line) that the whole is encrypted with"
        command.add_argument("--passphrase-file", type=Path, metavar="FILE", help=help_text)
    other = commands.add_parser("copy-database", help="copy the database into an empty one, of another kind")
    other.add_argument("url", type=database_url, help="of the empty one: postgresql://… or sqlite:///…")
    chain = commands.add_parser("verify-log", help="check the audit log; names the first entry that was changed")
    noted = "a head noted earlier, that the log must still contain (NUMBER:SEAL)"
    chain.add_argument("--head", type=_head, metavar="HEAD", help=noted)
    capacity = commands.add_parser("capacity", help="show the rated maximum, or record a new one from now on")
    capacity.add_argument("--sessions", type=int)
    capacity.add_argument("--points", type=int)
    report = "the report of `python -m loadtest province`: record what it proposes, and what a session costs"
    capacity.add_argument("--from", dest="report", type=Path, metavar="FILE", help=report)


def _add_help_for_accounts(commands: Any) -> None:
    """Declare the commands that help who cannot get in."""
    lost = commands.add_parser("reset-second-factor", help="remove the second factors of an account that lost them")
    lost.add_argument("account")
    again = commands.add_parser("enable-account", help="enable an account that was disabled, as a dormant one is")
    again.add_argument("account")
    glass = commands.add_parser("break-glass", help="name the account whose password lies in a sealed envelope")
    glass.add_argument("account", nargs="?")
    glass.add_argument("--none", action="store_true", help="have no such account any more")


def _add_secrets(commands: Any) -> None:
    """Declare the commands of the keys of a data directory."""
    saving = commands.add_parser("save-secrets", help="write what all servers of a system share into one file")
    loading = commands.add_parser("load-secrets", help="make a data directory one of the same system's")
    for command in (saving, loading):
        command.add_argument("file", type=Path)
    anew = "replace code.key by a new key, while no server runs; run again where it was interrupted"
    rotation = commands.add_parser("rotate-code-key", help=anew)
    rotation.add_argument("--yes", action="store_true", help="do not ask before all recovery codes end")


def _add_linking(commands: Any) -> None:
    """Declare the commands that give accounts to people of others."""
    link = commands.add_parser("link-account", help="give an account to somebody whom single sign-on knows")
    link.add_argument("account")
    link.add_argument("--kind", choices=get_args(Kind), required=True)
    link.add_argument("--issuer", required=True, help="the issuer of [oidc], or the base of [ldap], as in DIEMCAU_SSO")
    link.add_argument("--subject", required=True, help="sub, or the value of id_attribute: what the audit log shows")
    link.add_argument("--login", help="the name there, if it is another one")
    unlink = commands.add_parser("unlink-account", help="make such an account our own again")
    unlink.add_argument("account")


def _add_machines(commands: Any) -> None:
    """Declare the commands of machines with media workers."""
    machine = commands.add_parser("worker-key", help="list media workers' keys, or print a new one for a machine")
    machine.add_argument("name", nargs="?", help="of the machine: small letters, digits, dots and dashes")
    machine.add_argument("--withdraw", action="store_true", help="its workers are cut off within seconds")
    emptied = commands.add_parser("drain", help="move the rooms of a media worker elsewhere while meetings go on")
    emptied.add_argument("worker", help="as the capacity page's data name it: 0, media-2/1; media-2: all of a machine")
    emptied.add_argument("--undo", action="store_true", help="let it take rooms again")


def _add_neighbour(commands: Any) -> None:
    """Declare the command of neighbouring systems."""
    command = commands.add_parser("neighbour", help="list neighbouring systems as CSV, or register one")
    command.add_argument("name", nargs="?", help="small letters, digits, dots and dashes")
    command.add_argument("--point", help="id of the point that stands for it in our sessions")
    command.add_argument("--our-point", help="it is above: our point in its sessions; prints the key it needs, once")
    command.add_argument("--below", metavar="URL", help="it is below, at this URL; reads the key it gave us")
    authority = "a PEM certificate that signed its own, beside those that this machine trusts"
    command.add_argument("--authority", type=Path, metavar="FILE", help=authority)
    command.add_argument("--remove", action="store_true", help="forget it and its key; sessions stay")


async def run(settings: Settings, arguments: Namespace) -> None:
    """Run one command and write it to the audit log, under the user id of this machine."""
    if arguments.admin == "migrate":
        await (_undo_migration(settings) if arguments.undo else _migrate(settings, arguments))
        return
    if arguments.admin == "copy-database":
        await _copy_database(settings, arguments)
        return
    if arguments.admin == "rotate-code-key":
        await _rotate_code_key(settings, arguments)
        return
    if arguments.admin == "load-secrets":
        await asyncio.to_thread(secrets_file.load, settings, arguments.file)
        print(f"loaded into {settings.data}")
        return
    if arguments.admin == "restore":  # before there is a database
        await asyncio.to_thread(restore, settings, arguments.file, _passphrase(arguments))
        print(f"restored into {settings.data}")
    async with open_services(settings, migrating=False) as services:
        if arguments.admin == "backup":
            await asyncio.to_thread(backup, settings, arguments.file, _passphrase(arguments), arguments.with_keys)
        elif arguments.admin == "save-secrets":
            await asyncio.to_thread(secrets_file.save, settings, arguments.file)
        elif arguments.admin != "restore":
            await COMMANDS[arguments.admin](services, arguments)
        if arguments.admin != "verify-log":  # which leaves the log as it was
            await services.audit.append(_entry(arguments))


def _passphrase(arguments: Namespace) -> str | None:
    """Read the passphrase of a backup. Raises BadBackup, OSError."""
    return None if arguments.passphrase_file is None else read_passphrase(arguments.passphrase_file)


async def _copy_database(settings: Settings, arguments: Namespace) -> None:
    """Copy the database into an empty one, while no server runs on either; print the tables and their rows."""
    target = replace(settings, database_url=arguments.url)
    with _no_server(settings):
        source_lease, target_lease = Lease(settings, lambda: None), Lease(target, lambda: None)
        engine = database.connect(target.database_url)
        try:
            async with open_services(settings, migrating=False, lease=source_lease) as services:
                shown = Namespace(**{**vars(arguments), "url": database.without_account(arguments.url)})
                await services.audit.append(_entry(shown))
                async with target_lease.held(engine):
                    await database_copy.copy(services.database, engine, lambda table, rows: print(f"{rows:9,} {table}"))
        finally:
            await engine.dispose()


async def _rotate_code_key(settings: Settings, arguments: Namespace) -> None:
    """Replace `code.key`, while no server runs on the data directory; print what came of it.

    Raises SettingsError where the operator does not agree that recovery codes end.
    """
    with _no_server(settings):
        ending = await key_rotation.ending_recovery_codes(settings)
        if ending and not arguments.yes:
            _agree(f"The recovery codes of {ending} accounts end; who signs in is asked to make new ones.")
        rotated = await key_rotation.rotate(settings, print)
        async with open_services(settings, migrating=False, lease=Lease(settings, lambda: None)) as services:
            await services.audit.append(_entry(arguments))
    print(f"{rotated.files} files and all codes and secrets have the new key")
    print(f"{rotated.without_recovery_codes} accounts need new recovery codes")
    if rotated.lost_texts:
        print(f"{rotated.lost_texts} secrets could not be opened by the old key either")
    for path in rotated.lost_files:
        print(f"not opened by the old key either: {path}")


@contextmanager
def _no_server(settings: Settings) -> Iterator[None]:
    """Keep servers from starting on a data directory. Raises SettingsError where one runs."""
    settings.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.run / "lock").open("a") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            raise SettingsError(f"a server runs on {settings.data}: stop it first") from None
        yield


async def _migrate(settings: Settings, arguments: Namespace) -> None:
    """Migrate the tables to this release, while no server runs on the data directory; print what was done.

    With `--check`, which is for any time, tell it before and try whether a copy can be made.
    """
    before = await migration.read_versions(engine := database.connect(settings.database_url))
    await engine.dispose()
    fits = before == migration.RELEASE or before.newer
    if arguments.check:
        migration.check(before, migrating=True)
        if database.file(settings.database_url) is None:
            await asyncio.to_thread(postgresql_dump.check, settings.database_url)
        print(
            "nothing to do" if before == migration.RELEASE or before.newer else f"from {before} to {migration.RELEASE}"
        )
        return
    with _no_server(settings):
        async with open_services(settings, lease=Lease(settings, lambda: None)) as services:
            await services.audit.append(_entry(arguments))
    print("nothing to do" if fits else f"from {before}")
    print(f"to {before if fits else migration.RELEASE}")
    for copy in migration.copies(settings.copies):
        print(f"copy: {copy}")


async def _undo_migration(settings: Settings) -> None:
    """Put the database back as it was before the last migration, while no server works on it; print what was done."""
    aside = settings.data / f"aside-{utc_now():%Y%m%dT%H%M%SZ}"
    with _no_server(settings):
        if database.file(settings.database_url) is None:
            holder = await leader(engine := database.connect(settings.database_url))
            await engine.dispose()
            if holder is not None and not holder.expired:
                raise DatabaseInUse(holder.holder)
        copy = await asyncio.to_thread(migration.undo, settings.database_url, settings.copies, aside)
    print(f"put back: {copy.name}")
    print(f"what was written since is in {aside} alone")


def _entry(arguments: Namespace) -> AuditEntry:
    """Return the audit entry of a command; no argument is a secret."""
    values = {name: value for name, value in vars(arguments).items() if name not in {"admin", "command"} and value}
    detail = " ".join(f"{name}={value}" for name, value in values.items())
    return AuditEntry(utc_now(), f"shell/{os.getuid()}", "admin", arguments.admin, detail)
