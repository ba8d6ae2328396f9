"""Builds the manifest of a session's recording: all files with their fingerprints. Pure.

A manifest proves, years later, whether files are those that were recorded.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

from signaling.recording.model import JOINED, Recording, RecordingPhase

Exact = Annotated[
    datetime,
    PlainSerializer(lambda value: value.isoformat(timespec="milliseconds").replace("+00:00", "Z"), when_used="json"),
]
"""RFC 3339 in UTC with milliseconds."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ListedSolo(_Model):
    """The sound of one point: `name` is its label, `seconds` where its last sound ends in the time of the part."""

    file: str
    name: str
    seconds: float
    bytes: int
    sha256: str


class Listed(_Model):
    """One file: `gap` is the seconds that nobody recorded since the end of the part before."""

    id: str
    part: int
    file: str
    state: RecordingPhase
    reason: str | None
    started: Exact
    started_by: str
    stopped_by: str
    seconds: float | None
    gap: float | None
    bytes: int | None
    sha256: str | None
    solos: list[ListedSolo]


class Manifest(_Model):
    """A session's recording: its parts in order, and the file that joins them when there are several."""

    session: str
    title: str
    host: str
    parts: list[Listed]
    joined: Listed | None


def manifest(recordings: Sequence[Recording]) -> Manifest:
    """Return the manifest of a session's recordings, which are in order and at least one."""
    parts = [recording for recording in recordings if recording.part != JOINED]
    joined = next((recording for recording in recordings if recording.part == JOINED), None)
    return Manifest(
        session=parts[0].session,
        title=parts[0].title,
        host=parts[0].host,
        parts=[_listed(part, gap) for part, gap in zip(parts, _gaps(parts), strict=True)],
        joined=None if joined is None else _listed(joined, None),
    )


def _gaps(parts: Sequence[Recording]) -> list[float | None]:
    """Return the seconds between the end of earlier parts and the start of each part; None for the first one."""
    gaps: list[float | None] = []
    end: float | None = None
    for part in parts:
        start = part.began.timestamp()
        gaps.append(None if end is None else round(max(0.0, start - end), 3))
        end = max(end or start, start + (part.seconds or 0.0))
    return gaps


def _listed(recording: Recording, gap: float | None) -> Listed:
    return Listed(
        id=recording.id,
        part=recording.part,
        file=Path(recording.path).name,
        state=recording.state,
        reason=recording.reason,
        started=recording.began,
        started_by=recording.started_by,
        stopped_by=recording.stopped_by,
        seconds=recording.seconds,
        gap=gap,
        bytes=recording.bytes,
        sha256=recording.sha256,
        solos=[
            ListedSolo(
                file=Path(solo.path).name, name=solo.name, seconds=solo.seconds, bytes=solo.bytes, sha256=solo.sha256
            )
            for solo in recording.solos
        ],
    )
