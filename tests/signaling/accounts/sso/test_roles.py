"""Groups become roles, names become those of accounts."""

import pytest

from signaling.accounts.passwords import is_name
from signaling.accounts.sso.roles import Person, RoleMapping, distinguished, granted, wanted_names

MAPPINGS = [
    RoleMapping("a", ("site",), "u1"),
    RoleMapping("b", ("registrant",), "u2"),
    RoleMapping("c", ("administrator",)),
]


@pytest.mark.parametrize(
    ("groups", "unit", "roles", "of"),
    [
        (["c", "b", "a"], "claimed", ("administrator", "registrant", "site"), "u1"),
        (["c"], "claimed", ("administrator",), "claimed"),
        (["c"], None, ("administrator",), None),
        (["A", ""], None, (), None),
        ([], None, (), None),
    ],
)
def test_all_groups_count_and_the_first_one_names_the_unit(
    groups: list[str], unit: str | None, roles: tuple[str, ...], of: str | None
) -> None:
    assert granted(MAPPINGS, groups, unit) == (roles, of)


def test_names_of_groups_are_compared_without_case_and_spaces() -> None:
    assert distinguished("CN=Quản Trị, OU = Nhóm,DC=tinh") == distinguished("cn=quản trị,ou=nhóm,dc=TINH")
    assert distinguished("cn=a b,dc=x") != distinguished("cn=ab,dc=x")


@pytest.mark.parametrize(
    ("login", "name"),
    [("An.Nguyen@tinh.example", "an.nguyen"), (" an ", "an"), ("an", "an"), ("a" * 60, "a" * 60)],
)
def test_a_new_account_is_called_as_its_person_is(login: str, name: str) -> None:
    names = wanted_names(Person("oidc", "i", "s", login, "An", (), None))
    assert names[:3] == [name, f"{name}-2", f"{name}-3"]
    assert all(map(is_name, names))


@pytest.mark.parametrize("login", ["", "Ấn", "@tinh.example", "-an", "a" * 61, "a/b", "\ud800"])
def test_else_it_is_called_by_a_hash(login: str) -> None:
    names = wanted_names(Person("oidc", "i", "s", login, "An", (), None))
    assert names[0].startswith("sso-")
    assert all(map(is_name, names))
    assert names != wanted_names(Person("oidc", "i", "t", login, "An", (), None))
