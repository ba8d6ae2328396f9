"""Gives the endpoints of each folder the parts of the server that they use."""

import asyncio

from aiohttp import web

from signaling.accounts.context import ACCOUNTS, AccountsContext
from signaling.accounts.role_changes import RoleChanges
from signaling.accounts.throttle import Throttle
from signaling.app.health import HEALTH, HealthContext
from signaling.app.server import Server
from signaling.audit.context import AUDIT_LOG, AuditContext
from signaling.booking.approval_letters import ApprovalLetters
from signaling.booking.context import BOOKING, BookingContext
from signaling.calls.context import CALLS, CallsContext
from signaling.cameras.context import WHIP
from signaling.cascade.context import CASCADE, CascadeContext
from signaling.cascade.pace import Pace
from signaling.cascade.reception import Listeners, Reception
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
from signaling.displays.context import DISPLAYS, DisplaysContext
from signaling.http.context import HTTP, HttpContext
from signaling.http.pages import PAGES
from signaling.mail.context import MAIL, MailContext
from signaling.meeting.context import MEETING, MeetingContext
from signaling.operations.context import (
    ATTENDANCE,
    CLOSING,
    DOCUMENTS,
    INCIDENTS,
    MINUTES,
    PROVIDER,
    QUALITY,
    READINESS,
    VOTES,
    AttendanceContext,
    ClosingContext,
    DocumentsContext,
    IncidentsContext,
    MinutesContext,
    ProviderContext,
    QualityContext,
    ReadinessContext,
    VotesContext,
)
from signaling.policy.context import POLICY, PolicyContext
from signaling.recording.context import RECORDINGS, RecordingContext
from signaling.reports.context import REPORTS, ReportsContext
from signaling.today.context import TODAY, TodayContext
from signaling.transcript.context import TRANSCRIPTS, TranscriptContext
from signaling.webhooks.context import WEBHOOKS, WebhookContext
from signaling.workers.context import WORKERS, WorkersContext
from signaling.workers.pool import WorkerPool


def provide(app: web.Application, server: Server) -> None:
    """Put the context of each folder with endpoints into the application."""
    _provide_http(app, server)
    _provide_accounts(app, server)
    _provide_meetings(app, server)
    _provide_booking(app, server)
    _provide_directory(app, server)
    _provide_operations(app, server)
    _provide_recordings(app, server)


def _provide_http(app: web.Application, server: Server) -> None:
    """Put what every request uses into the application, and what probes of the server's health use."""

    async def unit_names() -> dict[str, str]:
        return {unit.id: unit.name for unit in await server.scheduler.units()}

    app[HTTP] = HttpContext(
        authenticator=server.sign_in,
        tokens=server.token_check,
        audit=server.audit,
        idempotency=server.idempotency,
        metrics=server.metrics,
        unit_names=unit_names,
        stopping=lambda: server.meetings.stopping,
        clock=server.clock,
        administration=server.administration,
        documents=server.document_folder,
        scanner=server.scanner,
        signer=server.signer,
        security_contact=server.security_contact,
        cipher=server.cipher,
        file_turns=asyncio.Semaphore(3),
    )
    app[PAGES] = server.pages
    app[HEALTH] = HealthContext(meetings=server.meetings, metrics=server.metrics, readings=server.readings)


def _provide_accounts(app: web.Application, server: Server) -> None:
    """Put the contexts of accounts, the audit log and compliance into the application."""
    app[ACCOUNTS] = AccountsContext(
        sign_in=server.sign_in,
        second_step=server.second_step,
        second_factors=server.second_factors,
        equipment=server.equipment,
        audit=server.audit,
        scheduler=server.scheduler,
        tokens=server.api_tokens,
        external=server.external,
        oidc=server.oidc,
    )
    app[AUDIT_LOG] = AuditContext(audit=server.audit, scheduler=server.scheduler)
    app[COMPLIANCE] = ComplianceContext(
        feedback=server.feedback,
        scheduler=server.scheduler,
        audit=server.audit,
        accounts=server.accounts,
        personal_data=server.personal_data,
        people=server.people,
        directory=server.directory,
        equipment=server.equipment,
        security_incidents=server.security_incidents,
        reports=server.reports,
    )


def _provide_meetings(app: web.Application, server: Server) -> None:
    """Put the contexts of running meetings into the application: sockets, displays, calls, encoders, media workers."""
    app[MEETING] = MeetingContext(
        sign_in=server.sign_in,
        displays=server.displays,
        meetings=server.meetings,
        dispatcher=server.dispatcher,
        clock=server.clock,
    )
    app[CALLS] = CallsContext(records=server.call_records, scheduler=server.scheduler)
    app[WHIP] = server.whip
    app[DISPLAYS] = DisplaysContext(
        displays=server.displays,
        equipment=server.equipment,
        guest_access=server.guest_access,
        scheduler=server.scheduler,
        codes=server.pairing_codes,
        remote=server.remote_control,
        throttle=server.throttle,
        sign_out=server.sign_out,
        version=server.pages.last.version,
        clock=server.clock,
    )
    engine = server.meetings.engine
    pool = engine if isinstance(engine, WorkerPool) else None
    app[WORKERS] = WorkersContext(
        engine=engine,
        pool=pool,
        keys=server.worker_keys,
        drains=server.worker_drains,
        capacity_limit=server.scheduler.capacity_limit,
        turn=server.turn,
    )


def _provide_booking(app: web.Application, server: Server) -> None:
    """Put the contexts of booking, here and with other systems, into the application, and those of what it begins and
    ends with: policy, official mail, the first page, reports."""
    app[BOOKING] = BookingContext(
        scheduler=server.scheduler,
        outbox=server.outbox,
        meetings=server.meetings,
        drafts=server.drafts,
        emergencies=server.emergencies,
        reply_deadlines=server.reply_deadlines,
        parser=server.parser,
        session_costs=server.session_costs,
        calendar_links=server.calendar_links,
        throttle=Throttle(server.redis),
        approvals=server.approvals,
        approval_letters=ApprovalLetters(server.accounts, server.people, server.notifications, server.outbox),
        role_changes=RoleChanges(server.accounts, server.identities, server.sign_out.ended),
    )
    app[CASCADE] = CascadeContext(
        scheduler=server.scheduler,
        neighbours=server.neighbours,
        contacts=server.neighbour_contacts,
        reservations=server.reservations,
        reception=Reception(
            server.scheduler, server.reservations, Listeners(server.meetings.amended, server.meetings.cancelled)
        ),
        channel=server.cascade_channel,
        throttle=server.throttle,
        pace=Pace(),
        audit=server.audit,
        wake=server.outbox.wake,
    )
    app[POLICY] = PolicyContext(scheduler=server.scheduler, uploads=server.policy_uploads)
    app[MAIL] = MailContext(
        inbound_mail=server.inbound_mail, parser=server.parser, notifications=server.notifications, outbox=server.outbox
    )
    app[WEBHOOKS] = WebhookContext(
        webhooks=server.webhooks, networks=server.webhook_networks, wake=server.webhook_sender.wake
    )
    app[TODAY] = TodayContext(
        scheduler=server.scheduler,
        owed_work=server.owed_work,
        provider_view=server.provider_view,
        installation=server.installation,
        accounts=server.accounts,
        server_facts=server.server_facts,
        meetings=server.meetings,
    )
    app[REPORTS] = ReportsContext(
        reports=server.reports,
        emergency_reviews=server.emergency_reviews,
        scheduler=server.scheduler,
        correction_requests=server.correction_requests,
    )


def _provide_directory(app: web.Application, server: Server) -> None:
    """Put the contexts of the directory into the application."""
    app[POINTS] = PointsContext(
        scheduler=server.scheduler,
        directory=server.directory,
        evidence_files=server.evidence_files,
        accounts=server.accounts,
        guest_access=server.guest_access,
    )
    app[EQUIPMENT] = EquipmentContext(
        scheduler=server.scheduler,
        equipment=server.equipment,
        device_answers=server.sip_bridge.answers,
        device_trace=server.sip_bridge.traced,
        try_call=server.sip_bridge.try_call,
        newest_call_test=server.sip_bridge.call_tester.newest,
        reachable=lambda: server.reachability.answers,
    )
    app[PEOPLE] = PeopleContext(
        scheduler=server.scheduler,
        people=server.people,
        password_links=server.password_links,
        equipment=server.equipment,
        accounts=server.accounts,
        account_reviews=server.account_reviews,
        sign_in=server.sign_in,
        external=server.external,
        second_factors=server.second_factors,
        notifications=server.notifications,
        outbox=server.outbox,
        directory=server.directory,
        sign_out=server.sign_out,
    )
    app[CONTROLS] = ControlsContext(
        controls=server.controls, evidence_files=server.evidence_files, scheduler=server.scheduler
    )
    app[IMPORT_EXPORT] = ImportExportContext(import_export=server.import_export, scheduler=server.scheduler)


def _provide_operations(app: web.Application, server: Server) -> None:
    """Put the contexts of operations into the application: before, during and after a session."""
    app[READINESS] = ReadinessContext(
        readiness=server.readiness,
        duties=server.duties,
        self_tests=server.self_tests,
        power_on_steps=server.power_on_steps,
        scheduler=server.scheduler,
        accounts=server.accounts,
    )
    app[ATTENDANCE] = AttendanceContext(
        attendance=server.attendance,
        attendee_lists=server.attendee_lists,
        scheduler=server.scheduler,
        outbox=server.outbox,
    )
    app[MINUTES] = MinutesContext(
        attendance=server.attendance,
        attendee_lists=server.attendee_lists,
        incidents=server.incidents,
        votes=server.votes,
        recordings=server.recording_store,
        transcripts=server.transcripts,
        scheduler=server.scheduler,
    )
    app[VOTES] = VotesContext(votes=server.votes, scheduler=server.scheduler)
    app[INCIDENTS] = IncidentsContext(
        incidents=server.incidents,
        scheduler=server.scheduler,
        incident_reports=server.incident_reports,
        equipment=server.equipment,
    )
    app[QUALITY] = QualityContext(
        store=server.quality_store,
        recorder=server.quality_recorder,
        equipment=server.equipment,
        meetings=server.meetings,
    )
    app[PROVIDER] = ProviderContext(
        provider_view=server.provider_view,
        duties=server.duties,
        incidents=server.incidents,
        incident_reports=server.incident_reports,
        scheduler=server.scheduler,
        line_monitor=server.line_monitor,
    )
    app[CLOSING] = ClosingContext(closing=server.closing, scheduler=server.scheduler)
    app[DOCUMENTS] = DocumentsContext(documents=server.documents, outbox=server.outbox, scheduler=server.scheduler)


def _provide_recordings(app: web.Application, server: Server) -> None:
    """Put the contexts of recordings and their transcripts into the application."""
    app[RECORDINGS] = RecordingContext(
        mixed_voices=server.meetings.dependencies.room_options.mixed,
        documents=server.documents,
        scheduler=server.scheduler,
        handovers=server.handovers,
        store=server.recording_store,
        catalog=server.recordings,
        composing_queue=server.composing_queue,
    )
    app[TRANSCRIPTS] = TranscriptContext(transcripts=server.transcripts, captions=server.caption_model)
