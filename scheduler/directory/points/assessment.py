"""Computes the result of an assessment and until when it holds (Điều 6, 9.1; reading A39). Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from scheduler.core.errors import FieldError
from scheduler.directory.model import AssessmentForm, AssessmentItem, AssessmentResult
from scheduler.policy.policy import Policy


def faults(form: AssessmentForm, policy: Policy, day: date) -> list[FieldError]:
    """Return what is wrong with a form: it answers every item of the profile once, and remedies lie ahead.

    Words: ``required`` ``unknown-item`` ``duplicate-item`` ``in-the-past`` ``remedy-not-allowed``.
    """
    rules = policy.directory.assessment.items
    named = [item.id for item in form.items]
    errors = [FieldError("items", "required", rule.name) for name, rule in rules.items() if name not in named]
    errors += [FieldError("items", "unknown-item", name[:64]) for name in named if name not in rules]
    errors += [FieldError("items", "duplicate-item", name[:64]) for name in sorted(set(named)) if named.count(name) > 1]
    for number, item in enumerate(form.items):
        if item.remedy_by is not None and item.id in rules:
            field, name = f"items.{number}.remedy_by", rules[item.id].name
            if not rules[item.id].remediable:
                errors.append(FieldError(field, "remedy-not-allowed", name))
            elif item.remedy_by <= day:
                errors.append(FieldError(field, "in-the-past", name))
    return errors


def failing(items: Sequence[AssessmentItem]) -> list[AssessmentItem]:
    """Return the items that are not met and have no day to remedy them by."""
    return [item for item in items if not item.met and item.remedy_by is None]


def result(form: AssessmentForm, line_fails: bool) -> AssessmentResult:
    """Return the result of a form without faults; a line that is too slow fails it (Điều 6.3)."""
    if line_fails or failing(form.items):
        return "failed"
    return "passed" if all(item.met for item in form.items) else "conditional"


def expires(form: AssessmentForm, came_to: AssessmentResult, policy: Policy, day: date) -> datetime | None:
    """Return when an assessment ends: after the profile's months, or with the day of the first remedy."""
    if came_to == "failed":
        return None
    remedies = [item.remedy_by for item in form.items if not item.met and item.remedy_by is not None]
    last = min([later(day, policy.directory.assessment.valid_months), *remedies])
    return datetime.combine(last + timedelta(days=1), time(), policy.zone).astimezone(UTC)


def first_due(taken_over: datetime, policy: Policy) -> date:
    """Return the last day for the first assessment of a point that was taken over.

    Such a point was in operation, and therefore active, before it had an assessment (Điều 9). The number of months is
    our default.
    """
    return later(taken_over.astimezone(policy.zone).date(), policy.directory.taken_over_months)


def later(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, day.day)
