"""`python -m tests.mutants`: breaks the rules of admission one by one and sees the tests go red.

Each fault is planted in a copy of the tree, and the random histories are played on it. A fault that survives means that
the tests prove less than they say; the first tests of admission let three of six live, for they reused its helpers.
"""

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = ("tests/scheduler/booking/admission/test_precedence.py",)
COPIED = ("mediaserver", "scheduler", "tests/scheduler", "tests/__init__.py", "tests/conftest.py", "pyproject.toml")
AT_ONCE = 2


@dataclass(frozen=True)
class Fault:
    """One fault: in `file` the text `right` stands once and becomes `wrong`."""

    name: str
    file: str
    right: str
    wrong: str


FAULTS = (
    Fault(
        "ceil for floor",
        "scheduler/policy/policy.py",
        "maximum * self.num // self.den",
        "-(-maximum * self.num // self.den)",
    ),
    Fault(
        "a standing outlives its days",
        "scheduler/policy/policy.py",
        "(self.valid_to is None or day <= self.valid_to)",
        "True",
    ),
    Fault("the test room is given away", "scheduler/policy/policy.py", " - self.test_legs)", ")"),
    Fault(
        "touching intervals overlap",
        "scheduler/booking/admission/load.py",
        "_change(changes, slot.end, -1, -slot.legs)",
        "_change(changes, slot.end.replace(second=1), -1, -slot.legs)",
    ),
    Fault(
        "equal rank revokes",
        "scheduler/booking/admission/revocation.py",
        "if claim.rank < requested.rank and",
        "if claim.rank <= requested.rank and",
    ),
    Fault(
        "a dead code lives",
        "scheduler/booking/registration/service.py",
        "dead = session.code != self.typed(code)",
        "dead = False",
    ),
    Fault(
        "no reprieve",
        "scheduler/booking/admission/revocation.py",
        "sorted(taken, key=seniority) if reprieve else ()",
        "()",
    ),
    Fault(
        "what is held is weighed again",
        "scheduler/booking/admission/commit.py",
        "rule.added(claim.slots, held, since) if held else claim.slots",
        "claim.slots",
    ),
    Fault(
        "minutes that are past are weighed",
        "scheduler/booking/admission/rule.py",
        "start=max(part.start, now)",
        "start=part.start",
    ),
    Fault("fewer legs hold for more", "scheduler/booking/admission/rule.py", "if held.legs >= slot.legs:", "if True:"),
    Fault("reprieve is not told", "scheduler/booking/admission/revocation.py", "claim.seq > earliest)", "False)"),
    Fault(
        "partial revocation", "scheduler/booking/admission/revocation.py", "    if excesses:\n        return None\n", ""
    ),
    Fault("a live victim", "scheduler/booking/admission/revocation.py", "(live_too or not claim.live)", "True"),
    Fault(
        "order by level first",
        "scheduler/booking/admission/revocation.py",
        "key=lambda claim: -claim.seq)",
        "key=lambda claim: (claim.rank, -claim.seq))",
    ),
)


def caught(fault: Fault) -> bool:
    """Plant a fault in a copy of the tree; tell whether the tests see it. Raises ValueError if it no longer fits."""
    with tempfile.TemporaryDirectory(prefix="diemcau-mutant-") as name:
        copy = Path(name)
        for part in COPIED:
            source, target = ROOT / part, copy / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        plant(fault, copy / fault.file)
        options = ("-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=mutants")
        command = [sys.executable, "-m", "pytest", *options, *TESTS]
        ended = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
        if ended.returncode not in {0, 1}:
            raise ValueError(f"{fault.name}: the tests did not run\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
        return ended.returncode == 1


def plant(fault: Fault, path: Path) -> None:
    """Put a fault into a file. Raises ValueError unless its right text stands there once."""
    text = path.read_text()
    if text.count(fault.right) != 1:
        raise ValueError(f"{fault.name}: {fault.right!r} stands {text.count(fault.right)} times in {path.name}")
    path.write_text(text.replace(fault.right, fault.wrong))


def main() -> int:
    """Print one line for each fault; return 1 if one survived."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(caught, FAULTS))
    for fault, dead in zip(FAULTS, results, strict=True):
        print(f"{'caught  ' if dead else 'SURVIVED'} {fault.name}")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
