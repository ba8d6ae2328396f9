"""Tests that need a program which is not there."""

import pytest

from tests.debian import demand


@pytest.mark.parametrize(("root", "outcome"), [(True, pytest.fail.Exception), (False, pytest.skip.Exception)])
def test_a_missing_program_fails_who_could_install_it(root: bool, outcome: type[BaseException]) -> None:
    with pytest.raises(outcome, match="no-such-program is not installed: make packages"):
        demand("no-such-program", root=root)
    assert demand("sh", root=root).endswith("/sh")
