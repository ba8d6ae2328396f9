"""Compares the recordings on the disk with the record of them."""

from collections.abc import Iterable
from pathlib import Path

from mediaserver.files import digest
from signaling.errors import BadRecording
from signaling.store import Recording, Solo


def verify(recordings: Iterable[Recording]) -> int:
    """Check size and SHA-256 of good files, with those of their points; return how many recordings there are.

    Raises BadRecording for the first bad one.
    """
    count = 0
    for recording in recordings:
        files: tuple[Recording | Solo, ...] = (recording, *recording.solos)
        for file in files:
            fault = _fault(file)
            if fault is not None:
                raise BadRecording(file.path, fault)
        count += 1
    return count


def _fault(recording: Recording | Solo) -> str | None:
    """Say what is wrong with a file; None when nothing is."""
    file = Path(recording.path)
    if not file.is_file():
        return "is missing"
    size = file.stat().st_size
    if size != recording.bytes:
        return f"has {size} bytes instead of {recording.bytes}"
    found = digest(file)
    return None if found == recording.sha256 else f"has SHA-256 {found} instead of {recording.sha256}"
