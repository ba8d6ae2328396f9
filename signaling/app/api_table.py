"""The table of all REST endpoints; the only module that imports them all."""

from collections.abc import Sequence
from dataclasses import replace

from signaling.accounts import rest as accounts_rest
from signaling.accounts import second_factor_rest, token_rest
from signaling.accounts.sso import rest as sso_rest
from signaling.app.token_scopes import SCOPES
from signaling.audit import rest as audit_rest
from signaling.booking import (
    agenda,
    approvals,
    calendar_link_rest,
    capacity,
    changes,
    drafts,
    emergencies,
    free_times,
    queue,
    refusals,
    registrations,
    reply_deadlines,
    script_spreadsheets,
    sessions,
)
from signaling.calls import rest as calls_rest
from signaling.cascade import neighbours_rest
from signaling.cascade import rest as cascade_rest
from signaling.compliance import feedback, personal_data, security_incidents, unit_summary
from signaling.directory import (
    account_reviews,
    account_roles,
    call_test,
    controls,
    endings,
    equipment,
    evidence,
    guest_access,
    people,
    sip_trace,
    spreadsheets,
    units,
)
from signaling.directory import points as directory_points
from signaling.displays import directory as display_directory
from signaling.displays import own as display_own
from signaling.http.route import Route
from signaling.mail import inbox_rest, outbox_rest
from signaling.meeting import rest as meeting_rest
from signaling.operations import (
    attendance,
    attendee_lists,
    closing,
    documents,
    incidents,
    minutes,
    provider_view,
    quality,
    readiness,
    self_tests,
    votes,
)
from signaling.policy import calendar, policies
from signaling.recording import rest as recording_rest
from signaling.reports import correction_requests
from signaling.reports import rest as reports_rest
from signaling.today import rest as today_rest
from signaling.today import setup
from signaling.transcript import rest as transcript_rest
from signaling.webhooks import rest as webhooks_rest
from signaling.workers import rest as workers_rest

PREFIX = "/api/v1"

GROUPS: dict[str, Sequence[Route]] = {
    "login": accounts_rest.ROUTES,
    "second_factor": second_factor_rest.ROUTES,
    "sso": sso_rest.ROUTES,
    "tokens": token_rest.ROUTES,
    "webhooks": webhooks_rest.ROUTES,
    "points": units.ROUTES,
    "registrations": registrations.ROUTES,
    "drafts": drafts.ROUTES,
    "directory": directory_points.ROUTES,
    "evidence": evidence.ROUTES,
    "compliance": unit_summary.ROUTES,
    "equipment": [*equipment.ROUTES, *sip_trace.ROUTES, *call_test.ROUTES],
    "display": display_own.ROUTES,
    "displays": display_directory.ROUTES,
    "grants": guest_access.ROUTES,
    "people": people.ROUTES,
    "account_reviews": account_reviews.ROUTES,
    "account_roles": account_roles.ROUTES,
    "personal": personal_data.ROUTES,
    "refusals": refusals.ROUTES,
    "sheets": spreadsheets.ROUTES,
    "sessions": sessions.ROUTES,
    "script_tables": script_spreadsheets.ROUTES,
    "desk": queue.ROUTES,
    "approvals": approvals.ROUTES,
    "changes": changes.ROUTES,
    "agenda": agenda.ROUTES,
    "calendar_links": calendar_link_rest.ROUTES,
    "capacity": capacity.ROUTES,
    "free_times": free_times.ROUTES,
    "workers": workers_rest.ROUTES,
    "calendar": calendar.ROUTES,
    "layouts": meeting_rest.ROUTES,
    "profiles": policies.ROUTES,
    "endings": endings.ROUTES,
    "recordings": recording_rest.ROUTES,
    "transcripts": transcript_rest.ROUTES,
    "incidents": incidents.ROUTES,
    "lines": provider_view.ROUTES,
    "quality": quality.ROUTES,
    "closing": closing.ROUTES,
    "materials": documents.ROUTES,
    "conduct": feedback.ROUTES,
    "security_incidents": security_incidents.ROUTES,
    "outbox": outbox_rest.ROUTES,
    "letters": inbox_rest.ROUTES,
    "attendance": attendance.ROUTES,
    "votes": votes.ROUTES,
    "minutes": minutes.ROUTES,
    "readiness": readiness.ROUTES,
    "lists": attendee_lists.ROUTES,
    "self_tests": self_tests.ROUTES,
    "answers": reply_deadlines.ROUTES,
    "emergencies": emergencies.ROUTES,
    "audit": audit_rest.ROUTES,
    "reports": reports_rest.ROUTES,
    "figures": correction_requests.ROUTES,
    "controls": controls.ROUTES,
    "today": today_rest.ROUTES,
    "setup": setup.ROUTES,
    "calls": calls_rest.ROUTES,
    "cascade": cascade_rest.ROUTES,
    "neighbours": neighbours_rest.ROUTES,
}
"""Endpoints by the first half of their operationId, which other programs may use: it stays when a module moves."""


def _grouped(route: Route, group: str) -> Route:
    named = replace(route, group=group)
    return replace(named, scope=SCOPES.get(named.operation_id))


ROUTES: tuple[Route, ...] = tuple(_grouped(route, group) for group, routes in GROUPS.items() for route in routes)
MODELS = {
    "signaling.booking.scripts": "scripts",
    "signaling.reports.wire": "counts",
    **{route.handler.__module__: route.group for route in ROUTES},
}
"""The word by which the OpenAPI document tells models of one name apart, by module; it stays when a module moves."""
