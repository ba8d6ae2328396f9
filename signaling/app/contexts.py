"""Which part of the server the endpoints of each folder get."""

from aiohttp import web

from signaling.accounts.context import ACCOUNTS, AccountsContext
from signaling.app.health import HEALTH, HealthContext
from signaling.app.server import Server
from signaling.audit.context import AUDIT_LOG, AuditContext
from signaling.booking.context import BOOKING, BookingContext
from signaling.compliance.context import COMPLIANCE, ComplianceContext
from signaling.directory.context import (
    CONTROLS,
    EQUIPMENT,
    IMPORT_EXPORT,
    PEOPLE,
    POINTS,
    ControlsContext,
    EquipmentContext,
    ImportExportContext,
    PeopleContext,
    PointsContext,
)
from signaling.http.context import HTTP, HttpContext
from signaling.mail.context import MAIL, MailContext
from signaling.meeting.context import MEETING, MeetingContext
from signaling.operations.context import (
    ATTENDANCE,
    CLOSING,
    DOCUMENTS,
    INCIDENTS,
    PROVIDER,
    READINESS,
    AttendanceContext,
    ClosingContext,
    DocumentsContext,
    IncidentsContext,
    ProviderContext,
    ReadinessContext,
)
from signaling.policy.context import POLICY, PolicyContext
from signaling.recording.context import RECORDINGS, RecordingContext
from signaling.reports.context import REPORTS, ReportsContext
from signaling.workers.context import WORKERS, WorkersContext


def provide(app: web.Application, built: Server) -> None:
    """Give each folder's endpoints what they use, and nothing else."""

    async def unit_names() -> dict[str, str]:
        return {unit.id: unit.name for unit in await built.scheduler.units()}

    app[HTTP] = HttpContext(
        authenticator=built.auth,
        audit=built.audit,
        idempotency=built.idempotency,
        metrics=built.metrics,
        unit_names=unit_names,
        stopping=lambda: built.hub.stopping,
        clock=built.clock,
        pages=built.pages,
        documents=built.documents,
        cipher=built.safe,
    )
    app[MEETING] = MeetingContext(sign_in=built.auth, meetings=built.hub, dispatch=built.dispatch, clock=built.clock)
    app[HEALTH] = HealthContext(accounts=built.store, redis=built.redis, meetings=built.hub, metrics=built.metrics)
    app[ACCOUNTS] = AccountsContext(
        sign_in=built.auth, equipment=built.equipment, audit=built.audit, scheduler=built.scheduler
    )
    app[AUDIT_LOG] = AuditContext(audit=built.audit, scheduler=built.scheduler)
    app[BOOKING] = BookingContext(
        scheduler=built.scheduler,
        outbox=built.deliverer,
        meetings=built.hub,
        drafts=built.drafts,
        emergencies=built.emergencies,
        reply_deadlines=built.answers,
        parser=built.parser,
    )
    app[COMPLIANCE] = ComplianceContext(
        feedback=built.box,
        scheduler=built.scheduler,
        audit=built.audit,
        accounts=built.store,
        personal=built.personal,
        people=built.people,
        directory=built.directory,
        equipment=built.equipment,
    )
    app[POINTS] = PointsContext(
        scheduler=built.scheduler,
        directory=built.directory,
        evidence=built.archive,
        accounts=built.store,
        guest_access=built.grants,
    )
    app[EQUIPMENT] = EquipmentContext(
        scheduler=built.scheduler, equipment=built.equipment, device_answers=built.gateway.answers
    )
    app[PEOPLE] = PeopleContext(
        scheduler=built.scheduler,
        people=built.people,
        password_links=built.links,
        equipment=built.equipment,
        accounts=built.store,
        sign_in=built.auth,
        notifications=built.post,
        outbox=built.deliverer,
        directory=built.directory,
        logins=built.logins,
    )
    app[CONTROLS] = ControlsContext(controls=built.register, evidence=built.archive, scheduler=built.scheduler)
    app[IMPORT_EXPORT] = ImportExportContext(import_export=built.exchange, scheduler=built.scheduler)
    app[READINESS] = ReadinessContext(preparation=built.preparation, scheduler=built.scheduler, accounts=built.store)
    app[ATTENDANCE] = AttendanceContext(
        preparation=built.preparation, scheduler=built.scheduler, outbox=built.deliverer
    )
    app[INCIDENTS] = IncidentsContext(
        incidents=built.desk, scheduler=built.scheduler, incident_reports=built.faults, equipment=built.equipment
    )
    app[PROVIDER] = ProviderContext(
        provider_view=built.carriers,
        preparation=built.preparation,
        incidents=built.desk,
        incident_reports=built.faults,
        scheduler=built.scheduler,
        line_monitor=built.lines,
    )
    app[CLOSING] = ClosingContext(closing=built.sheets, scheduler=built.scheduler)
    app[DOCUMENTS] = DocumentsContext(documents=built.shelf, outbox=built.deliverer, scheduler=built.scheduler)
    app[POLICY] = PolicyContext(scheduler=built.scheduler, uploads=built.filing)
    app[RECORDINGS] = RecordingContext(
        mixed_voices=built.hub.tools.rooms.mixed,
        documents=built.shelf,
        scheduler=built.scheduler,
        handovers=built.handovers,
        store=built.recorded,
        catalog=built.recordings,
    )
    app[REPORTS] = ReportsContext(
        reports=built.reports, reviews=built.reviews, scheduler=built.scheduler, corrections=built.inquiries
    )
    app[MAIL] = MailContext(
        inbound_mail=built.mailroom, parser=built.parser, notifications=built.post, outbox=built.deliverer
    )
    app[WORKERS] = WorkersContext(engine=built.hub.engine, keys=built.worker_keys)
