"""Incidents move on by allowed steps, and lines that lose too much are reported."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.operations.closing.errors import IllegalStep
from scheduler.operations.incidents import rules as incidents_rules
from scheduler.operations.incidents.model import (
    FaultReport,
    IncidentKind,
    IncidentState,
    IncidentStep,
    LineMeasurement,
    StepKind,
)
from scheduler.operations.incidents.rules import LineWatch
from scheduler.policy import profile_files

NOW = datetime(2023, 4, 5, 1, 0, tzinfo=UTC)
POLICY = profile_files.load().at(NOW).conduct.lines
STATES: tuple[IncidentState, ...] = get_args(IncidentState)


def line(loss: float) -> LineMeasurement:
    return LineMeasurement(0.0, loss, 0.012, 0.08)


def test_only_a_call_for_help_is_the_centres_at_once() -> None:
    assert {
        kind: incidents_rules.level(kind) for kind in get_args(IncidentKind) if incidents_rules.level(kind) == 2
    } == {"help": 2}


def test_a_fault_is_taken_escalated_and_settled() -> None:
    incident = incidents_rules.opened(
        "i", FaultReport("s", "no-sound", "vn.dailanh", "ở tổng duyệt", "vn.dailanh"), None, NOW
    )
    kinds: list[tuple[StepKind, str]] = [
        ("taken", "truc.ban"),
        ("noted", "truc.ban"),
        ("escalated", "truc.ban"),
        ("taken", "ky.su"),
        ("resolved", "ky.su"),
    ]
    seen = []
    for minute, (kind, by) in enumerate(kinds, 1):
        incident = incidents_rules.after(incident, IncidentStep(NOW + timedelta(minutes=minute), kind, by, ""))
        seen.append((incident.state, incident.level, incident.assignee))
    assert seen == [
        ("taken", 1, "truc.ban"),
        ("taken", 1, "truc.ban"),
        ("open", 2, ""),
        ("taken", 2, "ky.su"),
        ("resolved", 2, "ky.su"),
    ]
    assert [step.kind for step in incident.steps] == ["opened", *(kind for kind, _ in kinds)]
    assert incident.lasted == timedelta(minutes=5)
    again = incidents_rules.after(incident, IncidentStep(NOW, "reopened", "ky.su", ""))
    assert (again.state, again.lasted, again.assignee) == ("open", None, "")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", get_args(StepKind))
def test_a_step_that_makes_no_sense_is_refused(state: IncidentState, kind: StepKind) -> None:
    incident = replace(incidents_rules.opened("i", FaultReport("s", "help"), None, NOW), state=state)
    settled = state == "resolved"
    sense = {"noted"} | ({"reopened"} if settled else {"again", "taken", "answered", "control", "returned", "resolved"})
    sense |= {"provider"} if state in {"open", "taken"} else set()
    if kind in sense:
        incidents_rules.after(incident, IncidentStep(NOW, kind, "", ""))
        return
    with pytest.raises(IllegalStep) as refused:  # a level 2 incident cannot go higher either
        incidents_rules.after(incident, IncidentStep(NOW, kind, "", ""))
    assert (refused.value.state, refused.value.step) == (state, kind)


def test_a_line_is_shown_after_ten_seconds_and_reported_once_after_a_minute() -> None:
    watch = LineWatch(POLICY)
    shown, reported = [], []
    for second in range(0, 121, 2):
        seen = watch.update({"nh.ninhvan": line(0.12)}, NOW + timedelta(seconds=second))
        shown += [second] if seen.weak else []
        reported += [second] if seen.due else []
    assert (shown[0], len(shown), reported) == (10, 56, [60])


def test_a_line_that_recovers_begins_anew() -> None:
    watch = LineWatch(POLICY)
    losses = [0.06] * 30 + [0.05] + [0.06] * 31
    seen = [watch.update({"a": line(loss)}, NOW + timedelta(seconds=2 * n)) for n, loss in enumerate(losses)]
    assert [n for n, each in enumerate(seen) if each.due] == [61]
    assert [n for n, each in enumerate(seen) if each.weak] == [*range(5, 30), *range(36, 62)]


@given(st.lists(st.sampled_from([0.0, 0.03, 0.05, 0.051, 0.5, None]), max_size=120))
def test_a_lines_state_agrees_with_a_stopwatch(losses: list[float | None]) -> None:
    """The oracle holds every look in a list and looks back in it."""
    watch = LineWatch(POLICY)
    for n, loss in enumerate(losses):
        seen = watch.update({} if loss is None else {"a": line(loss)}, NOW + timedelta(seconds=2 * n))
        run = 0
        while run <= n and (losses[n - run] or 0.0) > 0.05:
            run += 1
        assert (bool(seen.weak), bool(seen.due)) == (run >= 6, run == 31)


@given(st.lists(st.lists(st.sampled_from([0.0, 0.01, 0.02, 0.03, 0.9]), min_size=30, max_size=30), max_size=4))
def test_minutes_that_lose_more_than_two_percent_are_counted(minutes: list[list[float]]) -> None:
    watch = LineWatch(POLICY)
    looks = [loss for minute in minutes for loss in minute] + [0.0]
    counted: list[bool] = []
    for n, loss in enumerate(looks):
        counted += watch.update({"a": line(loss)}, NOW + timedelta(seconds=2 * n)).counted.values()
    assert len(counted) == len(minutes)
    edges = [looks[0:31], *(looks[30 * k + 1 : 30 * k + 31] for k in range(1, len(minutes)))]
    assert counted == [sum(map(round, (loss * 100 for loss in each))) > 2 * len(each) for each in edges[: len(minutes)]]
