"""Each role is shown its work, and its way into a session."""

import pytest

from scheduler.core.model import Phase
from scheduler.today.counts import COUNTERS
from signaling.core.account import Account, Role
from signaling.today import rules


def account(*roles: Role, unit: str | None = None) -> Account:
    """Return an account."""
    return Account("a", "A", roles, unit, None)


def test_the_centre_sees_the_work_of_all_a_unit_its_own_and_a_supervisor_watches() -> None:
    assert rules.work_of(account("administrator")) == dict.fromkeys(rules.OF_CENTRE)
    assert rules.work_of(account("supervisor")) == dict.fromkeys(rules.WATCHED)
    assert rules.work_of(account("site", unit="568")) == dict.fromkeys((*rules.OF_UNIT, "controls"), "568")
    assert rules.work_of(account("registrant", unit="568")) == dict.fromkeys(
        (*rules.OF_UNIT, "drafts", "people"), "568"
    )
    assert rules.work_of(account("site")) == {}
    operating = rules.work_of(account("technician", "registrant", unit="so.tttt"))
    assert (operating["drafts"], operating["material"]) == (None, "so.tttt")


def test_all_kinds_of_work_can_be_counted() -> None:
    shown = {*rules.OF_CENTRE, *(kind for kinds in rules.OF_ROLE.values() for kind in kinds)}
    assert shown == set(COUNTERS)


@pytest.mark.parametrize(
    ("roles", "phase", "may_control", "takes_part", "action"),
    [
        (("site",), "open", True, True, "control"),
        (("site",), "lobby", False, True, "join"),
        (("site",), "open", False, False, None),
        (("supervisor",), "open", False, False, "watch"),
        (("registrant",), "upcoming", False, True, "prepare"),
        (("registrant",), "upcoming", False, False, None),
        (("technician",), "upcoming", True, True, "prepare"),
        (("technician",), "waiting", True, True, "queue"),
        (("supervisor",), "revoked", False, False, "queue"),
        (("site",), "waiting", True, True, None),
        (("technician",), "ended", True, True, None),
    ],
)
def test_the_main_thing_about_a_session(
    roles: tuple[Role, ...], phase: Phase, may_control: bool, takes_part: bool, action: rules.Action | None
) -> None:
    found = rules.action(account(*roles, unit="568"), phase, may_control=may_control, takes_part=takes_part)
    assert found == action
