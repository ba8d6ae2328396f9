"""Validates and describes the particulars of a registration: class, purpose, kind, form, support, people. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from scheduler.core import text
from scheduler.core.errors import FieldError
from scheduler.core.model import Particulars, Point, Request, Session
from scheduler.policy.policy import Policy, SessionPolicy

MAX_ECHO = 64
OPTIONAL_TEXTS = {each.name: each.metadata["limit"] for each in fields(Particulars) if "limit" in each.metadata}
"""The free texts that may stay empty, each with the name of its limit in the profile."""


def normalise(request: Request) -> Request:
    """Return a request with normalised particulars: clean texts, each item of support once."""
    texts: dict[str, Any] = {name: text.clean(getattr(request, name)) for name in OPTIONAL_TEXTS}
    return replace(
        request,
        **texts,
        reason=text.clean(request.reason),
        support=tuple(dict.fromkeys(request.support)),
        second_phone=request.second_phone.strip(),
        people=request.people if request.people is not None else sum(request.people_at.values()) or None,
    )


def validate(request: Request, policy: Policy) -> list[FieldError]:
    """Return the errors in the particulars of a normalised request (Điều 4, 5.2, 13.1, 13.2.a)."""
    rules = policy.registration
    return [
        *_class_faults(request, policy),
        *_code_faults("purpose", [request.purpose], rules.purposes),
        *_code_faults("kind", [request.kind], rules.kinds),
        *_code_faults("form", [request.form], rules.forms),
        *([FieldError("secret", "required")] if request.secret is None else []),
        *_code_faults("support", request.support, rules.support),
        *_text_errors(request, policy.session),
        *_people_faults(request, policy.session.max_people),
    ]


def _class_faults(request: Request, policy: Policy) -> list[FieldError]:
    """Return the errors in ground and reason, which some classes need (R-061, R-073, R-075)."""
    rules = policy.classes[request.klass]
    errors = [] if rules.grounds or not request.ground else [FieldError("ground", "not-for-class")]
    errors += _code_faults("ground", [request.ground], rules.grounds) if rules.grounds else []
    check = text.validate if rules.needs_reason else _optional
    return errors + check("reason", request.reason, policy.session.max_title)


def _code_faults(field: str, codes: Iterable[str], known: Mapping[str, str]) -> list[FieldError]:
    return [
        FieldError(field, "unknown-code", code[:MAX_ECHO]) if code else FieldError(field, "required")
        for code in codes
        if code not in known
    ]


def _text_errors(request: Request, rules: SessionPolicy) -> list[FieldError]:
    """Return the errors in free texts that may stay empty."""
    limits = {name: getattr(rules, limit) for name, limit in OPTIONAL_TEXTS.items()}
    return [error for name in limits for error in _optional(name, getattr(request, name), limits[name])]


def _optional(field: str, value: str, longest: int) -> list[FieldError]:
    return text.validate(field, value, longest) if value else []


def _people_faults(request: Request, most: int) -> list[FieldError]:
    """Return the errors in numbers of people: their range, and a total below the sum by point (Điều 13.1)."""
    there = set(request.everyone)
    errors = [
        FieldError("people_at", "not-in-session", point[:MAX_ECHO]) for point in request.people_at if point not in there
    ]
    if any(not 1 <= people <= most for people in request.people_at.values()):
        return [*errors, FieldError("people_at", "people-range", str(most))]
    if request.people is None:
        return errors
    if not 1 <= request.people <= most:
        return [*errors, FieldError("people", "people-range", str(most))]
    counted = sum(request.people_at.values())
    return errors + ([FieldError("people", "fewer-than-counted", str(counted))] if request.people < counted else [])


def description_lines(session: Session, policy: Policy, points: Mapping[str, Point]) -> tuple[str, ...]:
    """Return the lines of a notice that describe a session: purpose, kind, form, people (R-070).

    `points` has those whose number of people gets a line of its own.
    """
    rules = policy.registration
    named = {
        "Mục đích": rules.purposes.get(session.purpose),
        "Loại hình họp": rules.kinds.get(session.kind),
        "Hình thức họp": rules.forms.get(session.form),
        "Số người dự kiến": session.people,
    }
    counted = [(points[point].label, people) for point, people in session.people_at.items() if point in points]
    return (
        *(f"{name}: {value}" for name, value in named.items() if value),
        *(f"- {label}: {people} người" for label, people in counted),
    )
