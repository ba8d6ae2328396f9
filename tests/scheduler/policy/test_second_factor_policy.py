"""The policy demands second factors of roles, everywhere or outside trusted networks. Tests part of `policy.py`."""

from typing import get_args

import pytest

from scheduler.core.errors import PolicyError
from scheduler.policy import profile_files
from scheduler.policy.policy import NO_SECOND_FACTOR, AccountRole, SecondFactorPolicy

LEVEL_3 = SecondFactorPolicy.model_validate(
    {
        "everywhere": ["administrator", "technician"],
        "outside": ["supervisor", "registrant", "site", "provider"],
        "trusted": ["10.0.0.0/8", "2001:db8:1::/48"],
    }
)
INSIDE = ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8:1::7")
OUTSIDE = ("11.1.2.3", "::ffff:11.1.2.3", "2001:db8:2::7", "fe80::1%eth0", "", "somewhere")


@pytest.mark.parametrize(
    ("roles", "inside", "outside"),
    [
        (("administrator",), True, True),
        (("technician", "registrant"), True, True),
        (("registrant",), False, True),
        (("site", "registrant"), False, True),
        ((), False, False),
    ],
)
def test_some_roles_need_one_everywhere_others_outside_the_trusted_networks(
    roles: tuple[str, ...], inside: bool, outside: bool
) -> None:
    assert {LEVEL_3.demands(roles, of_point=False, address=address) for address in INSIDE} == {inside}
    assert {LEVEL_3.demands(roles, of_point=False, address=address) for address in OUTSIDE} == {outside}


def test_accounts_of_points_are_exempt_unless_the_policy_says_otherwise() -> None:
    assert not LEVEL_3.demands(("site",), of_point=True, address="11.1.2.3")
    strict = LEVEL_3.model_copy(update={"points": True})
    assert strict.demands(("site",), of_point=True, address="11.1.2.3")
    assert not strict.demands(("site",), of_point=True, address="10.1.2.3")


def test_without_the_section_nobody_needs_one_and_a_profile_is_what_it_was() -> None:
    for policy in profile_files.load().policies:
        assert policy.second_factor == NO_SECOND_FACTOR
        assert "second_factor" not in policy.model_dump(mode="json")
    for role in get_args(AccountRole):
        assert not NO_SECOND_FACTOR.demands((role,), of_point=False, address="11.1.2.3")


PROFILE = "id: X\nversion: 1\ntitle: X\nextends: KH-2023\neffective_from: 2030-01-01\nsecond_factor:\n"


def test_a_profile_says_it_and_is_read_back() -> None:
    policy = profile_files.parse(
        f"{PROFILE}  everywhere: [administrator]\n  outside: [site]\n  trusted: [10.0.0.0/8]\n"
    )
    assert policy.second_factor == SecondFactorPolicy.model_validate(
        {"everywhere": ["administrator"], "outside": ["site"], "trusted": ["10.0.0.0/8"]}
    )
    assert profile_files.restored(profile_files.canonical(policy), profile_files.load().policies[-1]) == policy


@pytest.mark.parametrize("line", ["everywhere: [king]", "trusted: [10.0.0.1/8]", "trusted: [home]", "never: []"])
def test_a_faulty_section_is_refused(line: str) -> None:
    with pytest.raises(PolicyError, match="second_factor"):
        profile_files.parse(f"{PROFILE}  {line}\n")
