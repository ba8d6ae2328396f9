"""The whole API in one table."""

from signaling.rest import (
    agenda,
    attendance,
    audit,
    calendar,
    capacity,
    changes,
    desk,
    directory,
    drafts,
    equipment,
    incidents,
    layouts,
    letters,
    login,
    outbox,
    people,
    points,
    profiles,
    readiness,
    recordings,
    registrations,
    sessions,
)
from signaling.rest.route import Route

PREFIX = "/api/v1"

ROUTES: tuple[Route, ...] = (
    *login.ROUTES,
    *points.ROUTES,
    *registrations.ROUTES,
    *drafts.ROUTES,
    *directory.ROUTES,
    *equipment.ROUTES,
    *people.ROUTES,
    *sessions.ROUTES,
    *desk.ROUTES,
    *changes.ROUTES,
    *agenda.ROUTES,
    *capacity.ROUTES,
    *calendar.ROUTES,
    *layouts.ROUTES,
    *profiles.ROUTES,
    *recordings.ROUTES,
    *incidents.ROUTES,
    *outbox.ROUTES,
    *letters.ROUTES,
    *attendance.ROUTES,
    *readiness.ROUTES,
    *audit.ROUTES,
)
