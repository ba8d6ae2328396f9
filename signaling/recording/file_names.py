"""Names the files of recordings as people look for them: date, unit, title."""

import re
from zoneinfo import ZoneInfo

from signaling.recording.model import JOINED, Recording, Solo

MAX_UNIT = 60
MAX_TITLE = 80
_REFUSED = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|]+')
"""Characters that some file system refuses."""


def file_name(recording: Recording, solo: Solo | None, unit: str, zone: ZoneInfo) -> str:
    """Return the name of a recording's file, or of one point's sound: ``2026-04-05 Sở Nội vụ – Giao ban.mp4``.

    A part says its number, an isolated track its point. The day comes first, so that names sort by time.
    """
    day = recording.started.astimezone(zone).date().isoformat()
    name = f"{day} {_plain(unit, MAX_UNIT)} – {_plain(recording.title, MAX_TITLE)}"
    if recording.part not in {JOINED, 1}:
        name += f" – phần {recording.part}"
    if solo is None:
        return f"{name}.mp4"
    return f"{name} – {_plain(solo.name.partition(' · ')[0], MAX_UNIT)}.m4a"


def _plain(text: str, longest: int) -> str:
    return " ".join(_REFUSED.sub(" ", text).split())[:longest].rstrip(" .")
