"""Two versions, measured by turns."""

import shutil
import sys
from pathlib import Path

import pytest

from loadtest.compare import ab_compare
from loadtest.compare.ab_compare import Reach
from loadtest.table import Row

HERE = Path(__file__).parents[3]
COMPILED = pytest.mark.skipif(shutil.which("cc") is None, reason="nothing was compiled without a compiler")
FORWARD = ab_compare.WORKLOADS["forward"](1)


async def _cost(_path: Path | None, _seconds: float) -> ab_compare.Figures:
    return ()


PAIRS: list[ab_compare.Pair] = [((10.0,), (8.0,)), ((9.0,), (9.0,)), ((8.04,), (6.0,))]


def test_the_rounds_are_a_row_with_the_change_of_their_median() -> None:
    assert ab_compare.rows(ab_compare.WORKLOADS["forward"](30), PAIRS) == [
        Row("forward to 30, µs per packet", "−20 %", beside="this 8.0 · 9.0 · 6.0; other 10.0 · 9.0 · 8.0")
    ]


@pytest.mark.parametrize(
    ("reach", "figure", "text", "reached"),
    [
        (Reach(-0.19), "−20 %", "≤ −19 %", True),
        (Reach(-0.21), "−20 %", "≤ −21 %", False),
        (Reach(0.0, most=8.0), "8.00, −20 %", "≤ 8, ≤ +0 %", True),
        (Reach(0.0, most=7.9), "8.00, −20 %", "≤ 7.9, ≤ +0 %", False),
        (Reach(-0.3, most=8.0), "8.00, −20 %", "≤ 8, ≤ −30 %", False),
    ],
)
def test_a_row_says_what_should_be_reached(reach: Reach, figure: str, text: str, reached: bool) -> None:
    (row,) = ab_compare.rows(ab_compare.Workload(("work",), _cost, reach, "peer"), PAIRS)
    assert (row.figure, row.reach, row.reached) == (figure, text, reached)
    assert row.beside == "this 8.0 · 9.0 · 6.0; peer 10.0 · 9.0 · 8.0"


def test_joins_are_one_run_and_two_rows() -> None:
    assert [
        (row.work, row.figure)
        for row in ab_compare.rows(ab_compare.WORKLOADS["join"](1), [((4.0, 150.0), (3.0, 150.0))])
    ] == [("join, ms", "−25 %"), ("memory per receiver, KiB", "+0 %")]


def test_a_run_s_figure_lies_among_its_windows() -> None:
    assert ab_compare.lower_quartile([300.0, 20.0]) == 90.0
    assert ab_compare.lower_quartile([5.0, 9.0, 6.0, 7.0, 8.0]) == 6.0


async def test_a_checkout_without_a_compiled_worker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no compiled media worker in"):
        await ab_compare.run(tmp_path, FORWARD, 1.0, 1, lambda _text: None)


async def test_the_other_worker_is_the_other_checkout_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "mediaserver"
    package.mkdir()
    for name in ("__init__.py", "_packet_io.so"):
        (package / name).touch()
    (package / "__main__.py").write_text("raise SystemExit(7)\n")
    with pytest.raises(ValueError, match="no compiled media worker in"):
        await ab_compare.run(tmp_path, FORWARD, 1.0, 1, lambda _text: None)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(RuntimeError, match="the media worker ended with 7"):
        await ab_compare.run(Path(tmp_path.name), FORWARD, 1.0, 1, lambda _text: None)


@COMPILED
async def test_the_order_changes_with_every_round() -> None:
    measured: list[Path | None] = []

    async def cost(at: Path | None, seconds: float) -> ab_compare.Figures:
        measured.append(at)
        return (seconds * (1 if at is None else 2),)

    progress: list[str] = []
    pairs = await ab_compare.run(HERE, ab_compare.Workload(("sums", "more"), cost), 3.0, 3, progress.append)
    assert pairs == [((6.0,), (3.0,))] * 3
    assert measured == [HERE, None, None, HERE, HERE, None]
    assert progress == ["sums, more: round 1 of 3", "sums, more: round 2 of 3", "sums, more: round 3 of 3"]


@COMPILED
@pytest.mark.parametrize(("name", "least", "most"), [("forward", 0.5, 5000), ("compose", 5, 200)])
async def test_both_versions_work_in_each_round(
    name: str, least: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ab_compare, "STEADY_S", 0.5)
    (((other,), (this,)),) = await ab_compare.run(HERE, ab_compare.WORKLOADS[name](1), 1.0, 1, lambda _text: None)
    assert least < other < most and least < this < most
