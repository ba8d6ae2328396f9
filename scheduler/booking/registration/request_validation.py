"""Validates and normalises a registration before admission: every faulty field is reported at once. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from scheduler.booking.sessions import particulars, script
from scheduler.core import text
from scheduler.core.errors import FieldError, InvalidRequest
from scheduler.core.model import Interval, Point, PointState, Request, Unit
from scheduler.policy.policy import Policy, SessionPolicy

MAX_ECHO = 64  # how much of a faulty value is worth repeating in an error

# Mobile numbers have 9 digits after the 0, land lines 10 beginning with 2 (national plan since 2018).
_PHONE = re.compile(r"(?:\+84|84|0)([35789][0-9]{8}|2[0-9]{9})")


def phone(typed: str) -> str | None:
    """Return a Vietnamese number in E.164, or None: ``0905 123 456`` → ``+84905123456`` (R-081)."""
    match = _PHONE.fullmatch(re.sub(r"[\s().-]", "", typed))
    return f"+84{match[1]}" if match else None


def validate(request: Request, points: Mapping[str, Point], profile: Policy, now: datetime) -> Request:
    """Return the request normalised. `points` has at least those of its points that exist. Raises InvalidRequest."""
    policy = profile.session
    normalised = particulars.normalise(request)
    title, contact = text.clean(request.title), text.clean(request.contact_name)
    items = script.normalise(request.script)
    number = phone(request.contact_phone)
    second = phone(normalised.second_phone)
    errors = [
        *text.validate("title", title, policy.max_title),
        *text.validate("contact_name", contact, policy.max_name),
        *([] if number else [FieldError("contact_phone", "phone-format", request.contact_phone[:MAX_ECHO])]),
        *([] if second or not normalised.second_phone else [FieldError("second_phone", "phone-format")]),
        *_point_errors(request, points),
        *time_errors(request.rehearsal, request.official, policy, now),
        *particulars.validate(normalised, profile),
        *script.validate(items, request.everyone, policy.max_title),
    ]
    if errors or number is None:
        raise InvalidRequest(errors)
    return replace(
        normalised,
        second_phone=second or "",
        title=title,
        contact_name=contact,
        contact_phone=number,
        rehearsal=_in_utc(request.rehearsal) if request.rehearsal else None,
        official=_in_utc(request.official),
        script=items,
    )


def unit_errors(
    request: Request, points: Mapping[str, Point], units: Mapping[str, Unit], day: date
) -> list[FieldError]:
    """Return an error for each point whose unit is not valid on the session's day, naming the successor (R-002)."""
    owners = {point: units[points[point].unit] for point in request.everyone}
    return [
        FieldError("host_point" if point == request.host_point else "points", *_gone(unit, units, day))
        for point, unit in owners.items()
        if not unit.valid(day)
    ]


def _gone(unit: Unit, units: Mapping[str, Unit], day: date) -> tuple[str, str]:
    if unit.valid_to is None or day <= unit.valid_to:
        return "unit-not-yet", f"{unit.name}, {unit.valid_from:%d/%m/%Y}"
    successor = units.get(unit.successor or "")
    if successor is None:
        return "unit-ended", f"{unit.name}, {unit.valid_to:%d/%m/%Y}"
    return "unit-merged", f"{unit.name} → {successor.name}, {unit.valid_to + timedelta(days=1):%d/%m/%Y}"


def point_errors(request: Request, points: Mapping[str, Point]) -> list[FieldError]:
    """Return an error for each point that is not active: only active ones host or are invited (R-046, R-076, R-077)."""
    return [
        FieldError("host_point" if point == request.host_point else "points", f"point-{points[point].state}", name)
        for point in request.everyone
        if points[point].state != PointState.ACTIVE and (name := points[point].name)
    ]


def _in_utc(interval: Interval) -> Interval:
    return Interval(interval.start.astimezone(UTC), interval.end.astimezone(UTC))


def _point_errors(request: Request, points: Mapping[str, Point]) -> list[FieldError]:
    errors = []
    if request.host_point not in points:
        errors.append(FieldError("host_point", "unknown-point", request.host_point[:MAX_ECHO]))
    if not request.points:
        errors.append(FieldError("points", "required"))
    if request.host_point in request.points:
        errors.append(FieldError("points", "host-among-points", request.host_point[:MAX_ECHO]))
    counted = Counter(request.points)
    errors += [FieldError("points", "unknown-point", point[:MAX_ECHO]) for point in counted if point not in points]
    errors += [
        FieldError("points", "duplicate-point", point[:MAX_ECHO]) for point, times in counted.items() if times > 1
    ]
    return errors


def time_errors(
    rehearsal: Interval | None, official: Interval, policy: SessionPolicy, now: datetime
) -> list[FieldError]:
    """Return an error for each interval that no session may have, and for a rehearsal after the meeting."""
    intervals = {"rehearsal": rehearsal, "official": official}
    words = {field: _interval_error(interval, policy, now) for field, interval in intervals.items() if interval}
    errors = [FieldError(field, word) for field, word in words.items() if word]
    if not errors and rehearsal and rehearsal.end > official.start:
        errors.append(FieldError("rehearsal", "rehearsal-after-official"))
    return errors


def end_error(official: Interval, policy: SessionPolicy, now: datetime) -> str | None:
    """Return the error word for a new end of a meeting, which must be in the future; None if it is valid."""
    word = _interval_error(official, policy, min(now, official.start))
    return word or ("in-the-past" if official.end <= now else None)


def _interval_error(interval: Interval, policy: SessionPolicy, now: datetime) -> str | None:
    """Return the word of the first check that an interval fails; later checks rely on earlier ones."""
    longest, farthest = timedelta(hours=policy.max_hours), timedelta(days=policy.max_days_ahead)
    tests: list[tuple[str, Callable[[datetime, datetime], bool]]] = [
        ("no-timezone", lambda start, end: start.utcoffset() is None or end.utcoffset() is None),
        ("fraction-of-second", lambda start, end: bool(start.microsecond or end.microsecond)),
        ("end-before-start", lambda start, end: end <= start),
        ("in-the-past", lambda start, end: start < now),
        ("too-long-interval", lambda start, end: end - start > longest),
        ("too-far", lambda start, end: end - now > farthest),
    ]
    return next((word for word, test in tests if test(interval.start, interval.end)), None)
