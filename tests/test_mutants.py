"""Faults that no longer fit the rules are seen by the unit tests, minutes before `make mutants` would stop at them."""

import shutil
from pathlib import Path

import pytest

from tests.mutants import FAULTS, ROOT, Fault, plant


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fits(fault: Fault, tmp_path: Path) -> None:
    file = ROOT / fault.file
    shutil.copy(file, tmp_path)
    plant(fault, tmp_path / file.name)
    right = file.read_text()
    assert (tmp_path / file.name).read_text() == right.replace(fault.right, fault.wrong) != right


def test_not_fitting(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text("a\na\n")
    for right, times in (("a", 2), ("b", 0)):
        with pytest.raises(ValueError, match=f"stands {times} times in rule.py"):
            plant(Fault("any", "rule.py", right, "c"), tmp_path / "rule.py")
    assert (tmp_path / "rule.py").read_text() == "a\na\n"
