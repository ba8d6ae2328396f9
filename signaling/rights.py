"""Who may do what with sessions and recordings. Pure."""

from collections.abc import Mapping, Sequence

from scheduler.model import Draft, Point, Session, Unit
from signaling.accounts import Account
from signaling.store import Recording


def may_register(account: Account, host: Point) -> bool:
    """The host unit's registrant, central technicians and administrators (thin reading of Điều 12)."""
    return account.central or ("registrant" in account.roles and account.unit == host.unit)


def is_host(account: Account, session: Session, points: Mapping[str, Point]) -> bool:
    """Whether the account belongs to the host unit, or is central."""
    return account.central or account.unit == points[session.host_point].unit


def may_see(account: Account, session: Session, points: Mapping[str, Point]) -> bool:
    """Those who take part, and those who see everything."""
    return account.sees_all or _takes_part(account, session, points)


def may_know_code(account: Account, session: Session, points: Mapping[str, Point]) -> bool:
    """Those who take part, and the central ones: who only supervises needs no code (R-051)."""
    return account.central or _takes_part(account, session, points)


def _takes_part(account: Account, session: Session, points: Mapping[str, Point]) -> bool:
    return account.unit in {points[point].unit for point in (session.host_point, *session.points)}


def seen_points(account: Account, session: Session, points: Mapping[str, Point]) -> set[str]:
    """The points of a session whose preparation somebody sees: all for the host, else those of the unit."""
    whole = account.sees_all or is_host(account, session, points)
    invited = (session.host_point, *session.points)
    return {point for point in invited if whole or account.unit == points[point].unit}


def may_speak_for(account: Account, session: Session, points: Mapping[str, Point], point: str) -> bool:
    """Who says something for a point of a session: the people of its unit and the central ones."""
    invited = point in (session.host_point, *session.points)
    return invited and (account.central or account.unit == points[point].unit)


def may_check(account: Account, session: Session, points: Mapping[str, Point], point: str) -> bool:
    """Who notes technical checks: the centre and the host for every point, a unit for its own (Điều 13.2.b)."""
    invited = point in (session.host_point, *session.points)
    return invited and (is_host(account, session, points) or account.unit == points[point].unit)


def may_assign(
    account: Account,
    session: Session,
    points: Mapping[str, Point],
    role: str,
    point: str | None = None,
    unit: str | None = None,
) -> bool:
    """Who puts whom on duty: the centre everybody, a unit whom it sends on site or to its own point."""
    if account.central:
        return True
    if role == "point" and point is not None:
        return may_speak_for(account, session, points, point)
    return role == "on_site" and unit is not None and account.unit == unit


def may_cancel(account: Account, session: Session, points: Mapping[str, Point]) -> bool:
    """The host unit's registrant and the central ones."""
    return may_register(account, points[session.host_point])


def may_see_draft(account: Account, draft: Draft) -> bool:
    """The unit it lies with, the unit it came from, and the central ones."""
    return account.central or (account.unit is not None and account.unit in (draft.unit, draft.origin))


def may_settle(account: Account, draft: Draft) -> bool:
    """The registrant of the unit it lies with, and the central ones."""
    return account.central or ("registrant" in account.roles and account.unit == draft.unit)


def may_extend(account: Account, session: Session, points: Mapping[str, Point]) -> bool:
    """Who holds the meeting: the people of the host unit, and the central ones."""
    return is_host(account, session, points)


def may_see_queue(account: Account) -> bool:
    """The operator's desk is central; supervisors look on."""
    return account.sees_all


def may_decide(account: Account) -> bool:
    """Plans, capacity and what nobody opened are the operating unit's (Điều 12.4, 17.2)."""
    return account.central


def may_see_card(account: Account, unit: str, units: Sequence[Unit]) -> bool:
    """The operating unit sees every point and its people; a unit its own and those of the units below it (I-10)."""
    parents = {each.id: each.parent for each in units}
    above: str | None = unit
    while above is not None and above != account.unit:
        above = parents.get(above)
    return account.central or (above is not None and account.unit is not None)


def may_keep_people(account: Account, unit: str, units: Sequence[Unit]) -> bool:
    """The operating unit, the unit's own registrant, and that of the unit right above it (Điều 19.3, R-120)."""
    parents = {each.id: each.parent for each in units}
    own = account.unit is not None and account.unit in (unit, parents.get(unit))
    return account.central or ("registrant" in account.roles and own)


def may_set_devices(account: Account) -> bool:
    """The device register is kept centrally."""
    return account.central


def may_download(account: Account, recording: Recording) -> bool:
    """The host unit owns a recording; central technicians keep it. Administrators as such keep accounts, not sound."""
    return "technician" in account.roles or (account.unit is not None and account.unit == recording.host_unit)


def may_list_recording(account: Account, recording: Recording) -> bool:
    """Whoever may download one, and administrators."""
    return may_download(account, recording) or account.central
