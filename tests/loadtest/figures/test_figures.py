"""Figures of scripted runs: what holds, what does not, what was not measured. Also tests `command.py`, `runs.py`."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from loadtest.figures.command import parse, passed, run
from loadtest.figures.figure import FULL, SMALL, BrokeOff, NotMeasured, Part, report, rows
from loadtest.figures.figures import FIGURES, fuzzed
from loadtest.figures.runs import outcome

QUIET: dict[str, Any] = {
    "passed": True,
    "packets_lost": {"forwarded": 0, "mix": 0, "picture": 3},
    "longest_gap_ms": 60,
    "obeys_s": {"p50": 0.1, "p95": 0.2, "max": 0.2},
    "load_average": 1.5,
}
DRILLS: dict[str, dict[str, Any]] = {
    "worker": {"back_s": {"p50": 0.2, "p95": 0.3, "max": 0.4}},
    "restart": {"start_s": 1.7},
    "valkey": {},
    "sql": {},
    "sql-ends": {},
    "sql-hangs": {},
    "recording": {"lost_s": {"max": 0.5}, "parts": 2, "recordings_whole": True},
    "disk": {"told_s": {"max": 0.9}},
}


FLOOD: dict[str, Any] = {
    "passed": True,
    "seconds": 60.3,
    "sound_hz": 49.98,
    "called": {"tried": 40, "passed": 40},
    "grown_mb": 3.5,
}
PASSED = Part("3 tests passed", holds=True)


def nothing(_: str) -> None:
    """Print nothing."""


@dataclass
class ScriptedRuns:
    """Runs that end as they are told: tests all alike, each drill with its figures and what is changed in them."""

    tested: Part = PASSED
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    error: Exception | None = None
    repeats: list[int] = field(default_factory=list)

    def tests(self, *names: str, repeats: int = 1) -> Part:
        self.repeats.append(repeats)
        return self.tested

    def browser_tests(self, *names: str) -> Part:
        if self.error:
            raise self.error
        return self.tested

    def drill(self, name: str, points: int, times: int) -> dict[str, Any]:
        if self.error:
            raise self.error
        return {**QUIET, "drill": name, **DRILLS[name], **self.changed.get(name, {})}

    def flood(self) -> dict[str, Any]:
        return {**FLOOD, **self.changed.get("flood", {})}

    def fuzz(self, seconds: int) -> str:
        return "rtp: 6000000 inputs in 3 s\nsip: 4000000 inputs in 3 s\n"

    def compliance(self) -> dict[str, dict[str, Any]]:
        return {"T-06": {"state": "met", "standard": True, "tested": True}}


def holds(runs: ScriptedRuns, *names: str) -> list[bool | None]:
    return [each.holds for each in run(parse(names), runs, nothing)]


def test_every_figure_from_1_to_20_is_there_in_order() -> None:
    assert list(FIGURES) == [f"F{number}" for number in range(1, 21)]
    assert parse(["F3", "F1", "--json", "--full"]).names == ("F3", "F1")
    assert (parse([]).names, parse([]).scale, parse(["--full"]).scale) == (tuple(FIGURES), SMALL, FULL)


def test_an_unknown_figure_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["F1", "F21"])
    assert "no such figure: F21" in capsys.readouterr().err


def test_what_passed_holds() -> None:
    assert holds(ScriptedRuns(), "F1", "F2", "F5", "F6", "F7", "F8", "F12", "F13", "F19", "F20") == [True] * 10
    assert holds(ScriptedRuns(), "F8", "--full") == [True]


@pytest.mark.parametrize(
    ("figure", "drill", "changed"),
    [
        ("F5", "worker", {"back_s": {"p95": 5.1, "max": 5.1}}),
        ("F5", "worker", {"back_s": {"p95": 0.1, "max": 10.1}}),
        ("F6", "restart", {"start_s": 3.1}),
        ("F19", "flood", {"passed": False}),
        ("F6", "restart", {"passed": False}),
        ("F8", "sql", {"passed": False}),
        ("F12", "recording", {"lost_s": {"max": 2.1}}),
        ("F12", "recording", {"recordings_whole": False}),
        ("F13", "disk", {"told_s": {"max": 5.1}}),
    ],
)
def test_a_drill_beyond_the_reach_does_not_hold(figure: str, drill: str, changed: dict[str, Any]) -> None:
    assert holds(ScriptedRuns(changed={drill: changed}), figure) == [False]


def test_failed_tests_do_not_hold_and_what_breaks_off_is_no_success() -> None:
    assert holds(ScriptedRuns(Part("failed: test_x", holds=False)), "F2", "F15") == [False, False]
    assert holds(ScriptedRuns(error=BrokeOff("no answer")), "F5") == [False]


def test_what_cannot_be_measured_says_why_and_fails_nothing() -> None:
    measured = run(parse(["F13", "F7"]), ScriptedRuns(error=NotMeasured("it needs root")), nothing)
    assert [each.holds for each in measured] == [None, True]
    assert passed(measured)
    assert [each["parts"][-1] for each in report(measured, {"cores": 2})["figures"]] == [
        {"value": "it needs root", "holds": None}
    ] * 2
    assert rows(measured).splitlines()[2:] == [
        "| F13 full disk | not measured: it needs root | told ≤ 5 s, meeting goes on | – | a disk of 600 MB, root |",
        "| F7 dead browser | 3 tests passed; not measured: it needs root | absent ≤ 15 s | yes "
        "| a simulated clock; Chromium |",
    ]


def test_one_that_does_not_hold_fails_the_command_and_stands_out() -> None:
    measured = run(parse(["F6"]), ScriptedRuns(changed={"restart": {"start_s": 4.0}}), nothing)
    assert not passed(measured)
    assert "| **it listens after 4.0 s**; drill restart: 0 · 0 · 3 lost, longest gap 60 ms" in rows(measured)


def test_fuzzing_counts_inputs_and_names_what_crashed() -> None:
    assert list(fuzzed("rtp: 10 inputs in 3 s\nsip: 5 inputs in 3 s\nsdp: CRASHED\n  sdp: 3\nmail: did not end\n")) == [
        Part("15 inputs, 2 crashes (sdp, mail)", holds=False),
        Part("10,000,000 inputs need more time (`--full`)"),
    ]
    assert list(fuzzed("rtp: 10000000 inputs in 3600 s\n")) == [Part("10,000,000 inputs, 0 crashes", holds=True)]


def test_the_code_that_runs_is_asked_for_codes_and_tokens() -> None:
    codes, tokens = run(parse(["F17", "F18"]), ScriptedRuns(), nothing)
    assert codes.parts[0] == Part("a code has 10 digits (33.2 bit): 0.0008 hits an hour", holds=True)
    assert (codes.holds, tokens.parts[0]) == (True, Part("links of recordings last 15 min", holds=True))


def test_passwords_are_hashed_as_the_figure_asks() -> None:
    (passwords,) = run(parse(["F16"]), ScriptedRuns(), nothing)
    assert [part.holds for part in (passwords.parts[0], passwords.parts[1], passwords.parts[3])] == [True, True, True]


def test_soak_tests_do_more_by_the_full_scale() -> None:
    runs = ScriptedRuns()
    holds(runs, "F9", "F14")
    holds(runs, "F9", "--full")
    assert runs.repeats == [1, 1, FULL.repeats]


RESULTS = """<testsuites><testsuite><testcase name="a"/><testcase name="b">{}</testcase></testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("", Part("2 tests passed", holds=True)),
        ("<failure message='no'/>", Part("failed: b", holds=False)),
        ("<error message='no'/>", Part("failed: b", holds=False)),
        ("<skipped message='no sipp'/>", Part("1 test passed, 1 left out (no sipp)", holds=True)),
    ],
)
def test_results_of_tests(inside: str, expected: Part) -> None:
    assert outcome(RESULTS.format(inside)) == expected


def test_tests_that_were_all_left_out_are_not_measured() -> None:
    left_out = "<testsuite><testcase name='a'><skipped message='needs root'/></testcase></testsuite>"
    assert outcome(left_out) == Part("needs root")
    assert outcome("<testsuite/>") == Part("no test was found")
