"""Who may do what with sessions and recordings. Pure."""

from collections.abc import Mapping

from scheduler.model import Draft, Point, Session
from signaling.accounts import Account
from signaling.store import Recording


def may_register(account: Account, host: Point) -> bool:
    """The host unit's registrant, central technicians and administrators (thin reading of Điều 12)."""
    return account.central or ("registrant" in account.roles and account.unit == host.unit)


def is_host(account: Account, session: Session, points: Mapping[str, Point]) -> bool:
    """Whether the account belongs to the host unit, or is central."""
    return account.central or account.unit == points[session.host_point].unit


def may_see(account: Account, session: Session, points: Mapping[str, Point]) -> bool:
    """Those who take part, and the central ones."""
    units = {points[point].unit for point in (session.host_point, *session.points)}
    return account.central or account.unit in units


def may_cancel(account: Account, session: Session, points: Mapping[str, Point]) -> bool:
    """The host unit's registrant and the central ones."""
    return may_register(account, points[session.host_point])


def may_see_draft(account: Account, draft: Draft) -> bool:
    """The unit it lies with, the unit it came from, and the central ones."""
    return account.central or (account.unit is not None and account.unit in (draft.unit, draft.origin))


def may_settle(account: Account, draft: Draft) -> bool:
    """The registrant of the unit it lies with, and the central ones."""
    return account.central or ("registrant" in account.roles and account.unit == draft.unit)


def may_set_devices(account: Account) -> bool:
    """The device register is kept centrally."""
    return account.central


def may_download(account: Account, recording: Recording) -> bool:
    """The host unit owns a recording; central technicians keep it. Administrators as such keep accounts, not sound."""
    return "technician" in account.roles or (account.unit is not None and account.unit == recording.host_unit)


def may_list_recording(account: Account, recording: Recording) -> bool:
    """Whoever may download one, and administrators."""
    return may_download(account, recording) or account.central
