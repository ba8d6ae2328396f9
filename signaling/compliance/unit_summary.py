"""Endpoint of the unit summary: how a unit meets its duties (Điều 19.1; R-118)."""

from scheduler.compliance import unit_summary
from scheduler.compliance.breaches import BreachKind, counts
from scheduler.core.errors import UnknownUnit
from scheduler.directory.people import list_status
from signaling.accounts.visible_units import check_may_see
from signaling.compliance.context import COMPLIANCE
from signaling.compliance.feedback import HALF_A_YEAR
from signaling.http.route import ID, ApiRequest, Model, Moment, Route


class Compliance(Model):
    """Points of the unit and of those right below it, assessments, drift, the unit's list of people, and how many facts
    the records of the last half year have against it, by kind."""

    unit: str
    name: str
    own_active: int
    own: int
    below_active: int
    below: int
    assessed: int
    ending: int
    taken_over: int
    drift: int
    people: int
    untrained: int
    updated: Moment | None
    stale: bool
    breaches: dict[BreachKind, int]


async def card(request: ApiRequest) -> Compliance:
    """Return the summary of a unit."""
    context = request.context(COMPLIANCE)
    now = request.now
    units = await context.scheduler.units()
    unit = next((each for each in units if each.id == request.id), None)
    if unit is None:
        raise UnknownUnit(request.id)
    await check_may_see(request, unit.id)
    rules, day = context.scheduler.policy(now).directory, context.scheduler.day(now)
    people_list = list_status.status(unit, await context.people.of(unit.id), day, now, rules.people_stale_days)
    summary = unit_summary.unit_summary(
        people_list,
        units,
        await context.scheduler.points(),
        await context.directory.assessments(),
        await context.equipment.changes(),
        now,
        rules.assessment.warn_days,
    )
    facts = await context.feedback.breaches(now - HALF_A_YEAR, now, now, unit.id)
    points = {name: getattr(summary, name) for name in ("own_active", "own", "below_active", "below")}
    return Compliance(
        unit=unit.id,
        name=unit.name,
        **points,
        assessed=summary.assessed,
        ending=summary.ending,
        taken_over=summary.taken_over,
        drift=summary.drift,
        people=len(people_list.people),
        untrained=len(people_list.untrained),
        updated=people_list.updated,
        stale=people_list.stale,
        breaches=dict(counts(facts).get(unit.id, {})),
    )


ROUTES = [Route("GET", f"/directory/units/{ID}", card, "The card of a unit", Compliance, problems=(403, 404))]
