"""Decides what an account may do with sessions, recordings, units and people. Pure."""

from collections.abc import Sequence

from scheduler.core.model import Draft, Session, SessionOutline, Unit
from scheduler.policy.controllers import Control
from scheduler.policy.registrants import Registrants
from signaling.accounts.unit_directory import UnitDirectory
from signaling.core.account import Account


def may_register(account: Account, registrants: Registrants) -> bool:
    """Return whether an account may register: registrants of the units that Điều 12 names, and the operating unit."""
    return account.central or ("registrant" in account.roles and account.unit in registrants.units)


def may_draft(account: Account, host: Unit) -> bool:
    """Return whether an account may draft: the host's own registrant, for the unit that registers it (R-060)."""
    return "registrant" in account.roles and account.unit == host.id


def may_pass_on(account: Account, host: Unit, registrants: Registrants) -> bool:
    """Return whether an account may pass a draft on to the unit that registers it (Điều 12.1, 12.2, reading A11).

    The host's own registrant may, and the registrants of the units that register it; for sessions that the Office
    registers by their purpose also the unit right above the host; for those that the province hosts every registrant
    (R-058).
    """
    concerned = account.unit in (host.id, *registrants.units)
    offices = registrants.office and (host.id in registrants.units or account.unit == host.parent)
    return "registrant" in account.roles and account.unit is not None and (concerned or offices)


def is_host(account: Account, session: Session, unit_directory: UnitDirectory) -> bool:
    """Return whether an account belongs to the host unit or one that registers for it, or is central."""
    return (
        account.central
        or account.unit == unit_directory[session.host_point].unit
        or account.unit in unit_directory.registrants(session).units
    )


def may_control(account: Account, control: Control) -> bool:
    """Return whether an account may control: site technicians of controlling units, central ones (Điều 10.1, 14.3)."""
    return account.central or ("site" in account.roles and account.unit in control.units)


def may_run_displays(account: Account, unit: str, point: str) -> bool:
    """Return whether an account may pair and control the displays of a point: its site technicians, central ones."""
    return account.central or may_vote_by_display(account, unit, point)


def may_vote_by_display(account: Account, unit: str, point: str) -> bool:
    """Return whether an account may vote for a point by its display: its own people alone."""
    own = account.unit == unit if account.point is None else account.point == point
    return "site" in account.roles and own


def may_see(account: Account, session: Session | SessionOutline, unit_directory: UnitDirectory) -> bool:
    """Return whether an account may see a session: invited units, their registering units, supervisors (R-015)."""
    units = unit_directory.invited(session)
    return account.sees_all or account.unit in units or bool(units & unit_directory.wards(account.unit, session))


def seen_units(account: Account, unit_directory: UnitDirectory) -> list[str] | None:
    """Return the units among whose sessions are all that an account may see; None: any unit."""
    unit = account.unit
    return None if account.sees_all else [] if unit is None else [unit, *unit_directory.all_wards(unit)]


def may_know_code(account: Account, session: Session, unit_directory: UnitDirectory) -> bool:
    """Return whether an account may know the code: units that take part or register it, central accounts (R-051).

    An account that only supervises needs no code; an API token joins no meeting.
    """
    concerned = account.unit in unit_directory.invited(session) or is_host(account, session, unit_directory)
    return concerned and account.scopes is None


def seen_points(account: Account, session: Session, unit_directory: UnitDirectory) -> set[str]:
    """Return the points whose preparation an account sees: all for the host, else those of its unit."""
    whole = account.sees_all or is_host(account, session, unit_directory)
    return {point for point in session.everyone if whole or account.unit == unit_directory[point].unit}


def may_speak_for(account: Account, session: Session, unit_directory: UnitDirectory, point: str) -> bool:
    """Return whether an account may act for a point of a session: people of its unit, and central accounts."""
    invited = point in session.everyone
    return invited and (account.central or account.unit == unit_directory[point].unit)


def may_check(account: Account, session: Session, unit_directory: UnitDirectory, point: str) -> bool:
    """Return whether an account may note technical checks: the host for all points, a unit its own (Điều 13.2.b)."""
    invited = point in session.everyone
    return invited and (is_host(account, session, unit_directory) or account.unit == unit_directory[point].unit)


def may_assign(
    account: Account,
    session: Session,
    unit_directory: UnitDirectory,
    role: str,
    point: str | None = None,
    unit: str | None = None,
) -> bool:
    """Return whether an account may put a person on duty: the centre anybody, a unit on site or at its own point."""
    if account.central:
        return True
    if role == "point" and point is not None:
        return may_speak_for(account, session, unit_directory, point)
    return role == "on_site" and unit is not None and account.unit == unit


def may_see_contact(account: Account, session: Session, unit_directory: UnitDirectory) -> bool:
    """Return whether an account may see the contact: the host, and site technicians of levels that may (R-081)."""
    hidden = unit_directory.rules(session).session.contacts_hidden_from
    invited = [unit_directory[point] for point in session.everyone]
    technician = "site" in account.roles and any(p.unit == account.unit and p.level not in hidden for p in invited)
    return technician or is_host(account, session, unit_directory)


def may_cancel(account: Account, session: Session, unit_directory: UnitDirectory) -> bool:
    """Return whether an account may cancel a session: it may register it."""
    return may_register(account, unit_directory.registrants(session))


def may_see_draft(account: Account, draft: Draft) -> bool:
    """Return whether an account may see a draft: the unit that has it, the unit it came from, central accounts."""
    return account.central or (account.unit is not None and account.unit in (draft.unit, draft.origin))


def may_settle(account: Account, draft: Draft) -> bool:
    """Return whether an account may decide on a draft: the registrant of the unit that has it, central accounts."""
    return account.central or ("registrant" in account.roles and account.unit == draft.unit)


def may_extend(account: Account, session: Session, unit_directory: UnitDirectory) -> bool:
    """Return whether an account may extend a meeting: the people of the host unit, and central accounts."""
    return is_host(account, session, unit_directory)


def may_see_card(account: Account, unit: str, units: Sequence[Unit]) -> bool:
    """Return whether an account may see the card of a unit: its own, those of units below it, or all (I-10)."""
    parents = {each.id: each.parent for each in units}
    above: str | None = unit
    while above is not None and above != account.unit:
        above = parents.get(above)
    return account.sees_all or (above is not None and account.unit is not None)


def may_link_unit(account: Account) -> bool:
    """Return whether an account may make and revoke the calendar link of its unit: registrants, central accounts."""
    return account.unit is not None and (account.central or "registrant" in account.roles)


def may_keep_people(account: Account, unit: str, units: Sequence[Unit]) -> bool:
    """Return whether an account may edit people: central, own registrant, that of the unit above (Điều 19.3, R-120)."""
    parents = {each.id: each.parent for each in units}
    own = account.unit is not None and account.unit in (unit, parents.get(unit))
    return account.central or ("registrant" in account.roles and own)
