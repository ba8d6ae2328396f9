"""Who may do what with sessions and recordings. Pure."""

from collections.abc import Sequence

from scheduler.core.model import Draft, Gathering, Session, Unit
from scheduler.policy.controllers import Control
from scheduler.policy.registrants import Registrants
from signaling.accounts.unit_directory import UnitDirectory
from signaling.core.account import Account


def may_register(account: Account, who: Registrants) -> bool:
    """The registrants of the units that Điều 12 names; the operating unit for whoever asks it to."""
    return account.central or ("registrant" in account.roles and account.unit in who.units)


def may_draft(account: Account, host: Unit) -> bool:
    """A host's own registrant, whose form then lies with the unit that registers for it (R-060)."""
    return "registrant" in account.roles and account.unit == host.id


def may_pass_on(account: Account, host: Unit, who: Registrants) -> bool:
    """Who may put a session into the inbox of the unit that registers it (Điều 12.1, 12.2, reading A11).

    The host's own registrant and whoever may register it; for what is the Office's by its purpose also the unit right
    above the host; for what the province itself hosts every registrant (R-058). Nobody else has a say in it.
    """
    concerned = account.unit in (host.id, *who.units)
    offices = who.office and (host.id in who.units or account.unit == host.parent)
    return "registrant" in account.roles and account.unit is not None and (concerned or offices)


def is_host(account: Account, session: Session, bodies: UnitDirectory) -> bool:
    """Whether the account belongs to the host unit or one that registers for it, or is central."""
    return (
        account.central
        or account.unit == bodies[session.host_point].unit
        or account.unit in bodies.registrants(session).units
    )


def may_control(account: Account, control: Control) -> bool:
    """The site technicians of the units that control a session, and the central ones (Điều 10.1, 14.3)."""
    return account.central or ("site" in account.roles and account.unit in control.units)


def may_see(account: Account, session: Session | Gathering, bodies: UnitDirectory) -> bool:
    """Those who take part, the units that register for them, and those who see everything (R-015)."""
    units = bodies.invited(session)
    return account.sees_all or account.unit in units or bool(units & bodies.wards(account.unit, session))


def may_know_code(account: Account, session: Session, bodies: UnitDirectory) -> bool:
    """Those who take part or register it, and the central ones: who only supervises needs no code (R-051)."""
    return account.unit in bodies.invited(session) or is_host(account, session, bodies)


def seen_points(account: Account, session: Session, bodies: UnitDirectory) -> set[str]:
    """The points of a session whose preparation somebody sees: all for the host, else those of the unit."""
    whole = account.sees_all or is_host(account, session, bodies)
    return {point for point in session.everyone if whole or account.unit == bodies[point].unit}


def may_speak_for(account: Account, session: Session, bodies: UnitDirectory, point: str) -> bool:
    """Who says something for a point of a session: the people of its unit and the central ones."""
    invited = point in session.everyone
    return invited and (account.central or account.unit == bodies[point].unit)


def may_check(account: Account, session: Session, bodies: UnitDirectory, point: str) -> bool:
    """Who notes technical checks: the centre and the host for every point, a unit for its own (Điều 13.2.b)."""
    invited = point in session.everyone
    return invited and (is_host(account, session, bodies) or account.unit == bodies[point].unit)


def may_assign(
    account: Account,
    session: Session,
    bodies: UnitDirectory,
    role: str,
    point: str | None = None,
    unit: str | None = None,
) -> bool:
    """Who puts whom on duty: the centre everybody, a unit whom it sends on site or to its own point."""
    if account.central:
        return True
    if role == "point" and point is not None:
        return may_speak_for(account, session, bodies, point)
    return role == "on_site" and unit is not None and account.unit == unit


def may_see_contact(account: Account, session: Session, bodies: UnitDirectory) -> bool:
    """The host, the central ones, and the technicians of invited points, but for the levels that may not (R-081)."""
    hidden = bodies.rules(session).session.contacts_hidden_from
    invited = [bodies[point] for point in session.everyone]
    technician = "site" in account.roles and any(p.unit == account.unit and p.level not in hidden for p in invited)
    return technician or is_host(account, session, bodies)


def may_cancel(account: Account, session: Session, bodies: UnitDirectory) -> bool:
    """Whoever may register it."""
    return may_register(account, bodies.registrants(session))


def may_see_draft(account: Account, draft: Draft) -> bool:
    """The unit it lies with, the unit it came from, and the central ones."""
    return account.central or (account.unit is not None and account.unit in (draft.unit, draft.origin))


def may_settle(account: Account, draft: Draft) -> bool:
    """The registrant of the unit it lies with, and the central ones."""
    return account.central or ("registrant" in account.roles and account.unit == draft.unit)


def may_extend(account: Account, session: Session, bodies: UnitDirectory) -> bool:
    """Who holds the meeting: the people of the host unit, and the central ones."""
    return is_host(account, session, bodies)


def may_see_card(account: Account, unit: str, units: Sequence[Unit]) -> bool:
    """The operating unit sees every point and its people; a unit its own and those of the units below it (I-10)."""
    parents = {each.id: each.parent for each in units}
    above: str | None = unit
    while above is not None and above != account.unit:
        above = parents.get(above)
    return account.sees_all or (above is not None and account.unit is not None)


def may_keep_people(account: Account, unit: str, units: Sequence[Unit]) -> bool:
    """The operating unit, the unit's own registrant, and that of the unit right above it (Điều 19.3, R-120)."""
    parents = {each.id: each.parent for each in units}
    own = account.unit is not None and account.unit in (unit, parents.get(unit))
    return account.central or ("registrant" in account.roles and own)
