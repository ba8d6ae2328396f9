"""Reports the line quality and incidents of each telecom provider by month (Điều 7.4, 17.5; R-039, R-116). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ProviderLineMinutes:
    """Minutes of a point on a provider's line in a session; `lossy` of these had too much loss."""

    month: str
    provider: str
    session: str
    point: str
    minutes: int
    lossy: int


@dataclass(frozen=True, slots=True)
class ProviderIncident:
    """An incident that was handed to a provider; `lasted` until it was settled (None: not settled)."""

    month: str
    provider: str
    lasted: timedelta | None


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One provider in one month: lines used (points connected), sessions, minutes, incidents.

    `restore` is the mean time to settle an incident in whole minutes, rounded up; None: none was settled.
    """

    month: str
    provider: str
    name: str
    lines: int
    sessions: int
    minutes: int
    lossy: int
    incidents: int
    restored: int
    restore: int | None


def monthly(
    counted: Iterable[ProviderLineMinutes], incidents: Iterable[ProviderIncident], names: Mapping[str, str]
) -> tuple[ProviderRow, ...]:
    """Return a row for each month and provider with minutes or incidents, by month and name."""
    minutes: dict[tuple[str, str], list[ProviderLineMinutes]] = {}
    faults: dict[tuple[str, str], list[ProviderIncident]] = {}
    for each in counted:
        minutes.setdefault((each.month, each.provider), []).append(each)
    for incident in incidents:
        faults.setdefault((incident.month, incident.provider), []).append(incident)
    rows = [_row(key, minutes.get(key, []), faults.get(key, []), names) for key in minutes.keys() | faults.keys()]
    return tuple(sorted(rows, key=lambda row: (row.month, row.name, row.provider)))


def _row(
    key: tuple[str, str], minutes: list[ProviderLineMinutes], faults: list[ProviderIncident], names: Mapping[str, str]
) -> ProviderRow:
    settled = [each.lasted for each in faults if each.lasted is not None]
    return ProviderRow(
        month=key[0],
        provider=key[1],
        name=names.get(key[1], key[1]),
        lines=len({each.point for each in minutes}),
        sessions=len({each.session for each in minutes}),
        minutes=sum(each.minutes for each in minutes),
        lossy=sum(each.lossy for each in minutes),
        incidents=len(faults),
        restored=len(settled),
        restore=-(-sum(settled, timedelta()) // (len(settled) * timedelta(minutes=1))) if settled else None,
    )
