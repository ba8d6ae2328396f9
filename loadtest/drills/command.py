"""`python -m loadtest drills restart`: a fault on purpose; progress on stderr, one JSON object on stdout."""

import argparse
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from loadtest.drills import restart
from loadtest.drills.restart import Effort, Progress

Work = Coroutine[Any, Any, dict[str, Any]]
DRILLS: dict[str, Callable[[Effort, Progress], Work]] = {
    "restart": lambda effort, progress: restart.run(effort, restart.kill, progress),
    "take-over": lambda effort, progress: restart.run(effort, restart.take_over, progress),
}


OBEYS_S = 3.0
"""The new server must be obeyed after so long."""


def held(found: dict[str, Any]) -> bool:
    """Whether nobody would have noticed."""
    whole = found["recordings_whole"] and found["workers_kept"] and not found["media_made_anew"]
    return bool(whole and not any(found["packets_lost"].values()) and found["obeys_s"]["max"] <= OBEYS_S)


def parse(words: Sequence[str]) -> tuple[str, Effort, int | None]:
    """Read the command's arguments: which drill, how large, and by how much its JSON is indented."""
    parser = argparse.ArgumentParser(prog="python -m loadtest drills", description=__doc__)
    parser.add_argument("drill", choices=sorted(DRILLS))
    parser.add_argument("--times", type=int, default=1, help="how often (default 1)")
    parser.add_argument("--points", type=int, default=60, help="in three sessions on three workers (default 60)")
    parser.add_argument("--json", action="store_true", help="one line of JSON; it is indented otherwise")
    arguments = parser.parse_args(words)
    effort = Effort(points=arguments.points, times=arguments.times)
    return arguments.drill, effort, None if arguments.json else 2
