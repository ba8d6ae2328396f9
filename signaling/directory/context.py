"""Defines what handlers of directory endpoints get: one context for each group of endpoints.

`signaling.app.contexts` builds all when the server starts; a handler reads its own by `request.context(KEY)`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.directory.controls.evidence import EvidenceFiles
from scheduler.directory.controls.service import ControlsService
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.import_export.service import ImportExport
from scheduler.directory.model import Device
from scheduler.directory.people.service import People
from scheduler.directory.points.guest_access import GuestAccess
from scheduler.directory.points.service import Directory
from scheduler.notifications.service import Notifications
from signaling.accounts.account_reviews import AccountReviewStore
from signaling.accounts.password_links import PasswordLinks
from signaling.accounts.second_factors import SecondFactors
from signaling.accounts.sign_in import SignIn
from signaling.accounts.sso.external_accounts import ExternalAccounts
from signaling.accounts.store import AccountStore
from signaling.calls.call_test import CallTest
from signaling.mail.outbox_sender import OutboxSender
from signaling.meeting.sign_out import SignOutMonitor
from signaling.sip.protocol.trace import TracedCall


@dataclass(frozen=True, slots=True)
class PointsContext:
    """Services behind the endpoints of units, points, evidence files and guest access."""

    scheduler: Scheduler
    directory: Directory
    evidence_files: EvidenceFiles
    accounts: AccountStore
    guest_access: GuestAccess


POINTS = web.AppKey("PointsContext", PointsContext)


@dataclass(frozen=True, slots=True)
class EquipmentContext:
    """Services behind the endpoints of devices, access lines and providers."""

    scheduler: Scheduler
    equipment: Equipment
    device_answers: Callable[[Device], Awaitable[bool]]
    """Returns whether a room system answers an OPTIONS request. Raises NoGateway."""
    device_trace: Callable[[Device], Awaitable[Sequence[TracedCall]]]
    """Returns the SIP messages of the newest calls with a room system. Raises NoGateway."""
    try_call: Callable[[Device, datetime], Awaitable[CallTest]]
    """Begins a test call with a room system. Raises NoGateway, DeviceInCall, SessionDue, TooManyTests."""
    newest_call_test: Callable[[str], CallTest | None]
    """Returns the newest test call with a room system, by its id."""
    reachable: Callable[[], Mapping[str, bool]]
    """Returns whether room systems answered within the last minute, by their ids, as far as they were asked."""


EQUIPMENT = web.AppKey("EquipmentContext", EquipmentContext)


@dataclass(frozen=True, slots=True)
class PeopleContext:
    """Services behind the endpoints of people and the accounts issued to them."""

    scheduler: Scheduler
    people: People
    password_links: PasswordLinks
    equipment: Equipment
    accounts: AccountStore
    account_reviews: AccountReviewStore
    sign_in: SignIn
    external: ExternalAccounts
    second_factors: SecondFactors
    notifications: Notifications
    outbox: OutboxSender
    directory: Directory
    sign_out: SignOutMonitor


PEOPLE = web.AppKey("PeopleContext", PeopleContext)


@dataclass(frozen=True, slots=True)
class ControlsContext:
    """Services behind the endpoints of security controls and their evidence."""

    controls: ControlsService
    evidence_files: EvidenceFiles
    scheduler: Scheduler


CONTROLS = web.AppKey("ControlsContext", ControlsContext)


@dataclass(frozen=True, slots=True)
class ImportExportContext:
    """Services behind the endpoints that import and export spreadsheets of the directory."""

    import_export: ImportExport
    scheduler: Scheduler


IMPORT_EXPORT = web.AppKey("ImportExportContext", ImportExportContext)
