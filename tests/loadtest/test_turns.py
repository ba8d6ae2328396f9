"""Two versions by turns."""

import shutil
import sys
from pathlib import Path

import pytest

from loadtest import turns

HERE = Path(__file__).parents[2]


def test_the_rounds_are_a_row_with_the_change_of_their_median() -> None:
    assert turns.table([(10.0, 8.0), (9.0, 9.0), (8.04, 6.0)], 30) == (
        "| by turns | other | this one | change |\n| --- | --- | --- | --- |\n"
        "| forward to 30, µs | 10.0 · 9.0 · 8.0 | 8.0 · 9.0 · 6.0 | -20% |"
    )


def test_a_run_s_figure_lies_among_its_windows() -> None:
    assert turns.lower_quartile([300.0, 20.0]) == 90.0
    assert turns.lower_quartile([5.0, 9.0, 6.0, 7.0, 8.0]) == 6.0


async def test_a_checkout_without_a_compiled_worker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no compiled media worker in"):
        await turns.run(tmp_path, 1, 1.0, 1, lambda _text: None)


async def test_the_other_worker_is_the_other_checkout_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "mediaserver"
    package.mkdir()
    for name in ("__init__.py", "_wire.so"):
        (package / name).touch()
    (package / "__main__.py").write_text("raise SystemExit(7)\n")
    with pytest.raises(ValueError, match="no compiled media worker in"):
        await turns.run(tmp_path, 1, 1.0, 1, lambda _text: None)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(RuntimeError, match="the media worker ended with 7"):
        await turns.run(Path(tmp_path.name), 1, 1.0, 1, lambda _text: None)


@pytest.mark.skipif(shutil.which("cc") is None, reason="nothing was compiled without a compiler")
async def test_both_versions_forward_in_each_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "STEADY_S", 0.5)
    told: list[str] = []
    ((other, this),) = await turns.run(HERE, 1, 1.0, 1, told.append)
    assert told == ["round 1 of 1"]
    assert 0.5 < other < 5000 and 0.5 < this < 5000
