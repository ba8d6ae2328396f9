"""Arguments of a drill, and its verdict."""

import inspect
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from loadtest.drills.command import DRILLS, parse, passed
from loadtest.drills.drill import Drill, DrillSize
from loadtest.drills.upgrade import lay_out
from loadtest.server.accounts import Login

QUIET: dict[str, Any] = {
    "packets_lost": {"forwarded": 0, "mix": 0, "picture": 30},
    "obeys_s": {"p50": 1.0, "p95": 2.0, "max": 3.0},
    "recordings_whole": True,
    "workers_kept": True,
    "media_made_anew": 0,
    "seconds": 10.0,
    "points": 60,
}


def lost(**kinds: int) -> dict[str, dict[str, int]]:
    return {"packets_lost": {**QUIET["packets_lost"], **kinds}}


@pytest.mark.parametrize(
    ("drill", "changed", "expected"),
    [
        ("restart", {}, True),
        ("restart", lost(picture=31), False),
        ("restart", lost(forwarded=1), False),
        ("restart", lost(mix=1), False),
        ("restart", {"media_made_anew": 1}, False),
        ("restart", {"workers_kept": False}, False),
        ("restart", {"recordings_whole": False}, False),
        ("restart", {"obeys_s": {"p95": 2.0, "max": 3.01}}, False),
        ("worker", {"media_made_anew": 20, "workers_kept": False, "back_s": {"p95": 3.0, "max": 9.0}}, True),
        ("worker", {"back_s": {"p95": 3.01, "max": 3.01}}, False),
        ("worker", {"back_s": {"p95": 1.0, "max": 1.0}, "untouched_lost": 1}, False),
        ("stopped-worker", {"lost_s": {"max": 2.01}}, False),
        ("worker-disk", {"media_made_anew": 20, "sound_gap_s": {"max": 0.2}, "recorded_on": True}, True),
        ("worker-disk", {"sound_gap_s": {"max": 0.1}, "recorded_on": False}, False),
        ("worker-disk", {"sound_gap_s": {"max": 0.1}, "told_to_administrators": False}, False),
        ("leader-disk", {"recorded_on": True}, True),
        ("leader-disk", {"recordings_whole": False}, False),
        ("leader-clock", lost(mix=1), False),
        ("disk", {"recordings_whole": False}, True),
        ("disk", lost(mix=1), False),
        ("recording", {"media_made_anew": 20, "workers_kept": False, "lost_s": {"max": 2.0}}, True),
        ("recording", {"lost_s": {"max": 2.01}}, False),
        ("recording", {"recordings_whole": False, "lost_s": {"max": 0.1}}, False),
        ("drain", {"media_made_anew": 20, "sound_gap_s": {"max": 0.2}, "refused_joins": 0}, True),
        ("drain", {"sound_gap_s": {"max": 0.21}, "refused_joins": 0}, False),
        ("drain", {"sound_gap_s": {"max": 0.1}, "refused_joins": 1}, False),
        (
            "upgrade",
            {"workers_kept": False, "sound_gap_s": {"max": 0.2}, "meetings_kept": True},
            True,
        ),
        ("upgrade", {"sound_gap_s": {"max": 0.1}, "meetings_kept": False}, False),
        ("upgrade", {"sound_gap_s": {"max": 0.21}, "meetings_kept": True}, False),
        ("upgrade", {"refused_joins": 1, "meetings_kept": True}, False),
        ("shared-room", {"media_made_anew": 17, "workers_kept": False, "untouched_lost": 0}, True),
        ("shared-room", {"untouched_lost": 1}, False),
        ("shared-room", {"back_s": {"p95": 3.1, "max": 3.1}}, False),
        ("shared-room-home", {"back_s": {"p95": 3.0, "max": 4.0}, "lost_s": {"max": 2.0}}, True),
        ("shared-room-home", {"back_s": {"p95": 3.1, "max": 3.1}}, False),
        ("shared-room-drain", {"media_made_anew": 10, "sound_gap_s": {"max": 0.2}, "refused_joins": 0}, True),
        ("shared-room-drain", {"sound_gap_s": {"max": 0.21}, "refused_joins": 0}, False),
        ("shared-room-restart", {"media_made_anew": 1}, False),
        ("cascade", {"systems_meet": True}, True),
        ("cascade", {"systems_meet": False}, False),
        ("stopped-leader", {"obeys_s": {"p95": 2.0, "max": 7.4}, "stale_commands": 0}, True),
        ("stopped-leader", {"stale_commands": 1}, False),
        ("leader", {"obeys_s": {"p95": 5.0, "max": 7.5}}, True),
        ("leader", {"obeys_s": {"p95": 5.01, "max": 5.01}}, False),
        ("leader", {"obeys_s": {"p95": 4.0, "max": 7.51}}, False),
        ("stopped-leader", {"ended_s": {"max": 5.01}}, False),
        ("partition", {"obeys_s": {"p95": 2.0, "max": 9.9}, "ended_s": {"max": 5.0}, "ended_with_1": True}, True),
        ("partition", {"ended_s": {"max": 5.01}, "ended_with_1": True}, False),
        ("partition", {"ended_s": {"max": 1.0}, "ended_with_1": False}, False),
        ("sql-hangs", {"recovers_s": {"max": 10.0}, "bookings_lost": 0, "pages_lost": 0}, True),
        ("sql-hangs", {"recovers_s": {"max": 10.1}}, False),
        ("sql-ends", {"bookings_lost": 1}, False),
        ("sql-ends", {"pages_lost": 1}, False),
        ("sql", {"facts": 9, "facts_lost": 0, "facts_doubled": 0, "misdated_s": {"max": 6.0}}, True),
        ("sql", {"facts": 9, "facts_lost": 1}, False),
        ("patroni", {"facts": 9, "facts_doubled": 1}, False),
        ("leader", {"facts": 9, "misdated_s": {"max": 6.1}}, False),
        ("leader", {"ballots_kept": True, "ballot_s": {"max": 30.0}}, True),
        ("leader", {"ballots_kept": False}, False),
    ],
)
def test_a_drill_is_passed_when_nobody_would_have_noticed_more_than_it_excuses(
    drill: str, changed: dict[str, Any], expected: bool
) -> None:
    assert passed(DRILLS[drill], {**QUIET, **changed}) is expected


@pytest.mark.parametrize("drill", DRILLS)
def test_the_servers_of_a_drill_take_workers_points_and_settings(drill: str) -> None:
    inspect.signature(DRILLS[drill].server_context).bind(3, 9, DIEMCAU_WORKERS="0")


def test_each_session_needs_somebody_to_give_the_floor_to(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["restart", "--points", "8"])
    assert "--points is 9 at least" in capsys.readouterr().err
    drill, size, indent = parse(["sql", "--points", "9", "--times", "2", "--json"])
    assert (drill, size.points, size.times, indent) == ("sql", 9, 2, None)
    _, size, _ = parse(["drain"])
    assert (size.points, size.workers) == (30, 2)
    _, size, _ = parse(["nation", "--times", "2"])
    assert (size.points, size.sessions, size.workers, size.times) == (24, 2, 1, 2)
    _, size, _ = parse(["shared-room-cost"])
    assert (size.points, size.sessions, size.workers) == (40, 1, 4)
    _, size, _ = parse(["upgrade", "--from", "v0.9.0"])
    assert (size.points, size.workers, size.commit) == (12, 3, "v0.9.0")


def test_a_release_before_that_is_unknown_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="there is no commit v0-0-0 to upgrade from"):
        lay_out("v0-0-0", tmp_path / "before")


class TwoPoints:
    """A server of whose points two are registered."""

    async def point_accounts(self, count: int) -> list[Login]:
        """Return the accounts of the first `count` points."""
        return [("a", "x"), ("b", "x")][:count]


async def test_a_drill_with_more_points_than_are_registered_says_so() -> None:
    server: Any = TwoPoints()
    library: Any = None
    async with AsyncExitStack() as stack:
        with pytest.raises(ValueError, match="--points is 1 at most"):
            await Drill(DrillSize(points=9, sessions=3, workers=3), library, server, print).join(stack)
