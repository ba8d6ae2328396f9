"""Every seed, and every input that ever crashed a parser, is read with no more than a declared error."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
CRASH_INPUTS = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_their_beginnings_are_read(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        for length in range(0, len(seed) + 1, max(1, len(seed) // 200)):
            target.read(seed[:length])
        target.check(seed)


@pytest.mark.parametrize("path", CRASH_INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_inputs_that_once_crashed_are_read(path: Path) -> None:
    TARGETS[path.parent.name].check(path.read_bytes())
