"""The services over the database: bookings, directory, operations, reports, accounts, recordings, audit log."""

import asyncio
import functools
import hmac
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from mediaserver.recording.encrypted_file import FileCipher
from scheduler.booking.registration.drafts import Drafts
from scheduler.booking.registration.emergencies import Emergencies
from scheduler.booking.registration.reply_deadlines import ReplyDeadlines
from scheduler.booking.registration.service import Scheduler
from scheduler.compliance.feedback import FeedbackService
from scheduler.compliance.monthly_summary import MonthlySummary
from scheduler.compliance.personal_data import PersonalData
from scheduler.core import database
from scheduler.core.code_encryption import CodeCipher
from scheduler.core.model import Amount
from scheduler.directory.controls import checklists
from scheduler.directory.controls.evidence import EvidenceFiles
from scheduler.directory.controls.patch_reminders import PatchReminders
from scheduler.directory.controls.service import ControlsService
from scheduler.directory.equipment.displays import RoomDisplays
from scheduler.directory.equipment.provider_notices import ProviderNotices
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.import_export.service import ImportExport
from scheduler.directory.people.service import People
from scheduler.directory.points.guest_access import GuestAccess
from scheduler.directory.points.service import Directory
from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.inbound_mail.service import InboundMail, OfficialMailbox
from scheduler.notifications.alerts import Alerts
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels, Contacts
from scheduler.operations.attendance.attendee_lists import AttendeeLists
from scheduler.operations.attendance.service import Attendance
from scheduler.operations.closing.checklist_service import ClosingService
from scheduler.operations.closing.device_shutdown import DeviceShutdown
from scheduler.operations.closing.document_service import DocumentService
from scheduler.operations.closing.handover_service import HandoverService
from scheduler.operations.incidents.provider_view import ProviderView
from scheduler.operations.incidents.service import IncidentService
from scheduler.operations.readiness.check_reminders import CheckReminders
from scheduler.operations.readiness.duty_service import Duties
from scheduler.operations.readiness.power_on_steps import PowerOnSteps
from scheduler.operations.readiness.self_test_service import SelfTests
from scheduler.operations.readiness.service import ReadinessService
from scheduler.operations.votes.ballot_keys import BallotKeys
from scheduler.operations.votes.service import Votes
from scheduler.policy import profile_files
from scheduler.policy.upload import PolicyUpload
from scheduler.reports.correction_requests import CorrectionRequests
from scheduler.reports.emergency_reviews import EmergencyReviews
from scheduler.reports.service import Reports
from scheduler.today.installation import Installation
from scheduler.today.service import OwedWork
from scheduler.webhooks.service import Webhooks
from signaling.accounts.account_reviews import AccountReviewStore
from signaling.accounts.api_tokens import ApiTokenStore
from signaling.accounts.second_factor_store import SecondFactorStore
from signaling.accounts.sso.identities import IdentityStore
from signaling.accounts.store import AccountStore
from signaling.app import migration, private_files
from signaling.app.lease import Lease
from signaling.app.private_files import CODE_KEY, NEXT_CODE_KEY
from signaling.app.settings import Settings
from signaling.audit.log import AuditLog
from signaling.booking.approvals_store import ApprovalStore
from signaling.booking.calendar_links import CalendarLinks
from signaling.booking.session_costs import SessionCostStore
from signaling.calls.store import CallRecordStore
from signaling.cascade.store import Neighbours, Reservations
from signaling.compliance.security_incidents_store import SecurityIncidentStore
from signaling.core import child_process
from signaling.core.errors import SettingsError
from signaling.http.idempotency import Idempotency
from signaling.mail import chat_groups
from signaling.meeting.store import MeetingStore
from signaling.quality.store import QualityStore
from signaling.recording.catalog import KEY_BYTES, write_key
from signaling.recording.store import RecordingStore
from signaling.workers.drains import WorkerDrains
from signaling.workers.keys import WorkerKeys

LOCK_RETRY_SECONDS = 0.02
"""Interval of attempts to lock the data directory while another process opens its database."""


@dataclass(frozen=True, slots=True)
class Services:
    """One service for each feature, all over one database."""

    database: AsyncEngine
    scheduler: Scheduler
    drafts: Drafts
    directory: Directory
    attendance: Attendance
    votes: Votes
    readiness: ReadinessService
    duties: Duties
    self_tests: SelfTests
    attendee_lists: AttendeeLists
    power_on_steps: PowerOnSteps
    personal_data: PersonalData
    equipment: Equipment
    displays: RoomDisplays
    people: People
    guest_access: GuestAccess
    evidence_files: EvidenceFiles
    controls: ControlsService
    parser: SandboxedParser
    import_export: ImportExport
    notifications: Notifications
    inbound_mail: InboundMail
    reply_deadlines: ReplyDeadlines
    emergencies: Emergencies
    policy_uploads: PolicyUpload
    check_reminders: CheckReminders
    provider_notices: ProviderNotices
    patch_reminders: PatchReminders
    incidents: IncidentService
    closing: ClosingService
    device_shutdown: DeviceShutdown
    handovers: HandoverService
    documents: DocumentService
    feedback: FeedbackService
    monthly_summary: MonthlySummary
    provider_view: ProviderView
    accounts: AccountStore
    factors: SecondFactorStore
    identities: IdentityStore
    idempotency: Idempotency
    worker_keys: WorkerKeys
    worker_drains: WorkerDrains
    neighbours: Neighbours
    reservations: Reservations
    session_costs: SessionCostStore
    calendar_links: CalendarLinks
    api_tokens: ApiTokenStore
    meeting_store: MeetingStore
    recording_store: RecordingStore
    audit: AuditLog
    call_records: CallRecordStore
    quality_store: QualityStore
    reports: Reports
    emergency_reviews: EmergencyReviews
    correction_requests: CorrectionRequests
    owed_work: OwedWork
    installation: Installation
    cipher: FileCipher
    webhooks: Webhooks
    approvals: ApprovalStore
    security_incidents: SecurityIncidentStore
    account_reviews: AccountReviewStore


def utc_now() -> datetime:
    """Return the present time in UTC: the only clock of the server; tests bring their own."""
    return datetime.now(UTC)


def file_cipher(key: bytes) -> FileCipher:
    """Return the cipher of recordings and documents, whose key is derived from that of the session codes."""
    return FileCipher(hmac.digest(key, b"diemcau files", "sha256"))


@asynccontextmanager
async def open_services(
    settings: Settings, migrating: bool = True, lease: Lease | None = None
) -> AsyncIterator[Services]:
    """Open the database: create missing tables; with `migrating`, change those of an older release.

    A database that does not fit this release, the key or the policies is refused before anything is written; so is
    one that another server works on, or with running meetings of a newer release, if a `lease` is given. Raises
    NewerDatabase, NewerMeetings, OlderDatabase, LostKey, PolicyError, BadBackup, DatabaseInUse; LeaseLost in the end.
    """
    async with AsyncExitStack() as closing:
        async with _take_turn(settings.data):
            services = await _open(settings, migrating, lease, closing)
        yield services


@asynccontextmanager
async def read_services(settings: Settings, migrating: bool = False) -> AsyncIterator[Services | None]:
    """Open a database for reading alone; None where it has no tables yet. With `migrating` it may be an older one.

    Raises NewerDatabase, NewerMeetings, OlderDatabase, LostKey, PolicyError.
    """
    key = _stored_key(settings) or bytes(KEY_BYTES)
    engine = database.connect(settings.database_url, CodeCipher(key))
    try:
        services = _build(engine, settings, file_cipher(key))
        versions = await migration.read_versions(engine)
        migration.check(versions, migrating)
        if not versions.empty:
            await _check(services, versions, leading=True)
        yield None if versions.empty else services
    finally:
        await database.dispose(engine)


async def check(settings: Settings) -> None:
    """Check release, key and policies against the database without writing, as a server does before it stands by.

    Raises NewerDatabase, NewerMeetings, LostKey, PolicyError.
    """
    async with read_services(settings, migrating=True):
        pass


@asynccontextmanager
async def _take_turn(data: Path) -> AsyncIterator[None]:
    """Make processes that open the same data directory take turns.

    The first one creates key and tables, which may take longer than a writer waits for another.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)  # noqa: ASYNC240 - before anything runs
    directory = os.open(data, os.O_RDONLY)
    try:
        while not _locked(directory):  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(LOCK_RETRY_SECONDS)
        yield
    finally:
        os.close(directory)


def _locked(directory: int) -> bool:
    try:
        flock(directory, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _open(settings: Settings, migrating: bool, lease: Lease | None, closing: AsyncExitStack) -> Services:
    key = _stored_key(settings)
    used_key = key or secrets.token_bytes(KEY_BYTES)
    engine = database.connect(settings.database_url, CodeCipher(used_key))
    closing.push_async_callback(database.dispose, engine)
    services = _build(engine, settings, file_cipher(used_key))
    versions = await migration.read_versions(engine)
    migration.check(versions, migrating)
    if not versions.empty:
        await _check(services, versions, lease is not None)
    if lease is not None:
        await closing.enter_async_context(lease.held(engine))
    private_files.restrict(settings)
    if key is None:
        write_key(settings.data / CODE_KEY, used_key)
    if versions != migration.RELEASE:
        copy = functools.partial(_copy_older, settings)
        await migration.migrate(engine, copy)
    await services.scheduler.keep_profiles(utc_now())
    await services.policy_uploads.refresh(utc_now())
    return services


def _stored_key(settings: Settings) -> bytes | None:
    """Return the key, None before the first start. Raises SettingsError while it is being replaced."""
    path = settings.data / CODE_KEY
    if (settings.data / NEXT_CODE_KEY).exists():
        raise SettingsError("the change of code.key has not ended: run `diemcau admin rotate-code-key` again")
    return settings.code_key or (path.read_bytes() if path.exists() else None)


def _copy_older(settings: Settings, versions: migration.Schema) -> None:
    migration.copy_before_migration(settings.database_url, settings.copies, versions, utc_now())


async def _check(services: Services, versions: migration.Schema, leading: bool) -> None:
    """Check key and policies against the tables, which may be of an older release; and the running meetings, for a
    server that is `leading` or will. Raises LostKey, PolicyError, NewerMeetings.

    Those of this release are not listed, which takes a query for each: another server may wait to lead.
    """
    checks: dict[str, Callable[[], Awaitable[object]]] = {
        "codes.sealed": services.scheduler.check_code_key,
        "profiles": services.scheduler.check_profiles,
        "profiles_filed": functools.partial(services.policy_uploads.refresh, utc_now()),
    }
    if leading:
        checks["conferences"] = services.meeting_store.check
    tables = checks.keys() if versions == migration.RELEASE else await migration.tables(services.database)
    for needed, check_tables in checks.items():
        if needed in tables:
            await check_tables()


def _build(engine: AsyncEngine, settings: Settings, cipher: FileCipher) -> Services:
    policies = profile_files.load(settings.profiles)
    channels = Channels(settings.mail is not None, tuple(chat_groups.load(settings.groups)))
    scheduler = Scheduler(engine, policies, Amount(settings.max_sessions, settings.max_points), channels)
    mailbox = (
        OfficialMailbox(settings.mail.sender.lower(), settings.mail.verifier) if settings.mail else OfficialMailbox("")
    )
    closing, handovers = ClosingService(engine, policies, channels), HandoverService(engine, policies, channels)
    feedback = FeedbackService(engine, policies, closing, handovers)
    parser = SandboxedParser(child_process.output)
    drafts, reports = Drafts(engine, policies, channels), Reports(engine, policies, scheduler)
    alerts = Alerts(engine, policies, channels)
    directory, accounts = Directory(engine, policies), AccountStore(engine)
    return Services(
        database=engine,
        scheduler=scheduler,
        drafts=drafts,
        directory=directory,
        equipment=Equipment(engine, policies),
        displays=RoomDisplays(engine),
        people=People(engine, policies),
        guest_access=GuestAccess(engine, policies),
        evidence_files=EvidenceFiles(engine),
        controls=ControlsService(engine, policies, checklists.load()),
        parser=parser,
        import_export=ImportExport(engine, policies, parser),
        notifications=Notifications(engine, policies.at(utc_now()).zone, channels),
        inbound_mail=InboundMail(engine, mailbox, policies, drafts, parser),
        incidents=IncidentService(engine, channels),
        closing=closing,
        device_shutdown=DeviceShutdown(engine, channels),
        handovers=handovers,
        documents=DocumentService(engine, channels),
        feedback=feedback,
        monthly_summary=MonthlySummary(engine, policies, feedback, channels),
        provider_view=ProviderView(engine),
        check_reminders=CheckReminders(engine, policies, channels),
        provider_notices=ProviderNotices(engine, channels),
        patch_reminders=PatchReminders(engine, policies, channels),
        reply_deadlines=ReplyDeadlines(engine, policies, settings.mail.contacts if settings.mail else Contacts()),
        emergencies=Emergencies(engine),
        policy_uploads=PolicyUpload(engine, policies),
        accounts=accounts,
        factors=SecondFactorStore(engine),
        identities=IdentityStore(engine),
        idempotency=Idempotency(engine),
        worker_keys=WorkerKeys(engine),
        worker_drains=WorkerDrains(engine),
        neighbours=Neighbours(engine),
        reservations=Reservations(engine),
        session_costs=SessionCostStore(engine),
        calendar_links=CalendarLinks(engine, accounts, directory.operator),
        api_tokens=ApiTokenStore(engine),
        meeting_store=MeetingStore(engine),
        recording_store=RecordingStore(engine, settings.recordings),
        audit=AuditLog(engine, policies, scheduler.happenings),
        call_records=CallRecordStore(engine, policies),
        quality_store=QualityStore(engine),
        reports=reports,
        correction_requests=CorrectionRequests(engine, policies, reports, channels),
        emergency_reviews=EmergencyReviews(engine),
        owed_work=OwedWork(engine, policies),
        installation=Installation(engine, policies),
        attendance=Attendance(alerts),
        votes=Votes(engine, BallotKeys(settings.data / "ballots")),
        readiness=ReadinessService(alerts),
        duties=Duties(alerts),
        self_tests=SelfTests(alerts),
        attendee_lists=AttendeeLists(alerts),
        power_on_steps=PowerOnSteps(alerts),
        personal_data=PersonalData(alerts),
        cipher=cipher,
        webhooks=Webhooks(engine, policies, channels),
        approvals=ApprovalStore(engine),
        security_incidents=SecurityIncidentStore(engine),
        account_reviews=AccountReviewStore(engine),
    )
