"""Makes the JSON object and the text that a run prints on stdout. Pure arithmetic."""

from dataclasses import asdict, dataclass, field
from typing import Any

from loadtest.endpoint.receive_counters import Tally
from loadtest.load.procfs import Usage


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions that the figures hold for."""

    points: int
    speakers: int
    senders: int
    codec: str
    layers: int
    picture: bool
    cores: int
    machine: str
    python: str


@dataclass(frozen=True, slots=True)
class PointResult:
    """Media that one endpoint received during the measured time."""

    name: str
    role: str
    connected: bool
    audio: Tally
    picture: Tally
    ended: str | None = None
    decoded: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A measured run; `server` is absent when the server is on another machine."""

    expected: int
    seconds: float
    points: tuple[PointResult, ...]
    server: Usage | None
    """CPU seconds during the measured time, memory at its end."""
    conditions: Conditions
    failures: tuple[str, ...] = field(default=())

    @property
    def joined(self) -> int:
        """Endpoints whose media was still connected at the end."""
        return sum(point.connected for point in self.points)


def report(outcome: Outcome, *, detail: bool) -> dict[str, Any]:
    """Return the JSON object: packets and losses are sums, `fps` is the mean picture rate of connected endpoints."""
    total = sum((p.audio + p.picture for p in outcome.points), Tally())
    result: dict[str, Any] = {
        "joined": outcome.joined,
        "expected": outcome.expected,
        "received": total.packets,
        "fps": _mean_fps(outcome),
        "server_cpu_s": round(outcome.server.cpu_s, 2) if outcome.server else None,
        "server_rss_mb": round(outcome.server.rss_bytes / 1e6, 1) if outcome.server else None,
        "lost": total.lost,
        "seconds": round(outcome.seconds, 2),
        "conditions": asdict(outcome.conditions),
    }
    if outcome.failures:
        result["failures"] = list(outcome.failures)
    if detail:
        result["points"] = [_point(point, outcome.seconds) for point in outcome.points]
    return result


def _mean_fps(outcome: Outcome) -> float:
    frames = [point.picture.frames for point in outcome.points if point.connected]
    return round(sum(frames) / len(frames) / outcome.seconds, 2) if frames and outcome.seconds > 0 else 0.0


def _point(point: PointResult, seconds: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": point.name,
        "role": point.role,
        "connected": point.connected,
        "ended": point.ended,
        "fps": round(point.picture.frames / seconds, 2) if seconds > 0 else 0.0,
        "audio": asdict(point.audio),
        "picture": asdict(point.picture),
    }
    return row | ({"decoded": point.decoded} if point.decoded is not None else {})


def render(result: dict[str, Any]) -> str:
    """Return the report as text: one line per fact."""
    facts = {key: value for key, value in result.items() if key not in ("points", "conditions")}
    return "\n".join(f"{key:>14}  {value}" for key, value in (facts | result["conditions"]).items())
