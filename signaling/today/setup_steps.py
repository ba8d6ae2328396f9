"""Decides what a fresh installation still lacks, from facts about it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scheduler.core.model import Point, PointState
from scheduler.today.installation import InstallationCounts

SetupKind = Literal[
    "units", "accounts", "people", "mailboxes", "mail", "capacity", "calendar", "certificate", "backup", "rehearsal"
]

ENDS_SOON = timedelta(days=30)
"""A certificate that ends within this time is to be replaced."""
BACKUP_HOLDS = timedelta(days=7)
"""So old a backup may be."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """Facts about the server itself, apart from its database.

    `own_certificate` was made by the server, so that browsers warn of it; `backups_known` is False where the database
    has tools of its own.
    """

    mail: bool
    own_certificate: bool
    certificate_ends: datetime | None
    backups_known: bool
    backed_up: datetime | None


@dataclass(frozen=True, slots=True)
class SetupStep:
    """A step: whether it is done, how far (`count` of `whole`), and the time that belongs to it."""

    kind: SetupKind
    done: bool
    count: int | None = None
    whole: int | None = None
    at: datetime | None = None


def steps(
    counts: InstallationCounts,
    points: Sequence[Point],
    reached: set[str],
    capacity_recorded: bool,
    server: ServerFacts,
    now: datetime,
) -> list[SetupStep]:
    """Return the steps in the order in which they are best done; `reached` are points that have an account."""
    active = [point.id for point in points if point.state == PointState.ACTIVE]
    ends, backed_up = server.certificate_ends, server.backed_up
    backup = SetupStep("backup", backed_up is not None and now - backed_up <= BACKUP_HOLDS, at=backed_up)
    return [
        _share("units", counts.units - counts.outdated, counts.units),
        SetupStep("capacity", capacity_recorded),
        SetupStep("calendar", counts.year_confirmed),
        _share("accounts", len(reached.intersection(active)), len(active)),
        _share("people", counts.with_people, counts.units),
        SetupStep("mail", server.mail),
        _share("mailboxes", counts.with_mailbox, counts.units),
        SetupStep("certificate", not server.own_certificate and ends is not None and ends - now > ENDS_SOON, at=ends),
        *([backup] if server.backups_known else []),
        SetupStep("rehearsal", counts.met),
    ]


def _share(kind: SetupKind, count: int, whole: int) -> SetupStep:
    return SetupStep(kind, 0 < whole == count, count, whole)
