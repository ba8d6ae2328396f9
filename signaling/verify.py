"""Compares the recordings on the disk with the record of them."""

from collections.abc import Iterable
from pathlib import Path

from mediaserver.files import digest
from signaling.errors import BadRecording
from signaling.store import Recording


def verify(recordings: Iterable[Recording]) -> int:
    """Check size and SHA-256 of good files; return how many there are. Raises BadRecording for the first bad one."""
    count = 0
    for recording in recordings:
        fault = _fault(recording)
        if fault is not None:
            raise BadRecording(recording.path, fault)
        count += 1
    return count


def _fault(recording: Recording) -> str | None:
    """Say what is wrong with a file; None when nothing is."""
    file = Path(recording.path)
    if not file.is_file():
        return "is missing"
    size = file.stat().st_size
    if size != recording.bytes:
        return f"has {size} bytes instead of {recording.bytes}"
    found = digest(file)
    return None if found == recording.sha256 else f"has SHA-256 {found} instead of {recording.sha256}"
