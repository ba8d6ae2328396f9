"""The policy rules passwords, unused sign-ins and dormant accounts. Tests part of `policy.py`."""

import pytest

from scheduler.core.errors import PolicyError
from scheduler.policy import profile_files
from scheduler.policy.policy import NO_ACCOUNT_POLICY, AccountPolicy

PROFILE = "id: X\nversion: 1\ntitle: X\nextends: KH-2023\neffective_from: 2030-01-01\naccounts:\n"


def test_the_strictest_role_counts() -> None:
    policy = AccountPolicy(idle_minutes={"administrator": 5, "technician": 15})
    assert policy.idle(("technician", "administrator"), exempt=False) == 5
    assert policy.idle(("technician", "registrant"), exempt=False) == 15
    assert policy.idle(("registrant",), exempt=False) is None
    assert policy.idle(("administrator",), exempt=True) is None


def test_without_the_section_nothing_is_asked_and_a_profile_is_what_it_was() -> None:
    for policy in profile_files.load().policies:
        assert policy.accounts == NO_ACCOUNT_POLICY
        assert "accounts" not in policy.model_dump(mode="json")
    assert (NO_ACCOUNT_POLICY.password_length, NO_ACCOUNT_POLICY.idle(("administrator",), exempt=False)) == (12, None)


def test_a_profile_says_it_and_is_read_back() -> None:
    policy = profile_files.parse(
        f"{PROFILE}  password_length: 14\n  password_history: 5\n  password_days: 90\n"
        "  idle_minutes: {administrator: 5}\n  dormant_days: 45\n"
    )
    assert policy.accounts == AccountPolicy(
        password_length=14, password_history=5, password_days=90, idle_minutes={"administrator": 5}, dormant_days=45
    )
    assert profile_files.restored(profile_files.canonical(policy), profile_files.load().policies[-1]) == policy


@pytest.mark.parametrize(
    "line",
    [
        "password_length: 11",
        "password_length: 17",
        "password_classes: 5",
        "lock_hours: 11",
        "lock_hours: 721",
        "idle_minutes: {king: 5}",
        "dormant_days: 0",
        "never: 1",
    ],
)
def test_a_faulty_section_is_refused(line: str) -> None:
    with pytest.raises(PolicyError, match="accounts"):
        profile_files.parse(f"{PROFILE}  {line}\n")
