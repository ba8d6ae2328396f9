"""The endpoints that each scope of an API token opens; all others are closed to tokens.

Accounts, tokens, second factors, policies, people, recordings and running meetings are in none (decision 128).
"""

from collections.abc import Mapping

from signaling.core.account import Scope

READ = (
    "points.units", "points.points",
    "sessions.sessions", "sessions.session", "sessions.script", "desk.standing", "changes.history",
    "agenda.agenda", "agenda.busy", "free_times.free_times", "capacity.capacity",
    "calendar.calendar", "calendar.deadlines",
    "reports.report", "reports.behind", "reports.points", "reports.file",
)  # fmt: skip
BOOK = ("registrations.register", "registrations.pass_on", "changes.amend", "sessions.cancel")
DIRECTORY = ("directory.tree", "sheets.download", "sheets.preview", "sheets.carry_out")
"""Of the tables of `sheets` tokens get those of units and rooms alone."""

SCOPES: Mapping[str, Scope] = {
    **dict.fromkeys(READ, "read"),
    **dict.fromkeys(BOOK, "book"),
    **dict.fromkeys(DIRECTORY, "directory"),
}
"""Scopes by operationId."""
