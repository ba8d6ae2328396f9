"""The short form of the drill `drain`: a real media worker is emptied while its meeting goes on and is recorded."""

from loadtest.drills import drain
from loadtest.drills.drill import DrillSize, run

SMALL = DrillSize(points=4, sessions=1, workers=2, rest_s=0.5, settle_s=1.0)


async def test_nobody_is_refused_and_everybody_has_sound_all_the_time_while_a_worker_is_emptied() -> None:
    found = await run(SMALL, drain.drain, lambda _: None, outcome=drain.outcome)
    assert (found["refused_joins"], found["recordings_whole"], found["parts"]) == (0, True, 2)
    assert found["sound_gap_s"]["max"] < 1.0  # a busy machine; the drill itself allows 0.2
