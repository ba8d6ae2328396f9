"""Compares the recordings on the disk with the record of them."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from mediaserver.recording.encrypted_file import Damaged, FileCipher
from signaling.core.errors import BadRecording
from signaling.recording.model import Recording, Solo


def verify(recordings: Iterable[Recording], cipher: FileCipher) -> int:
    """Check size and SHA-256 of good files and isolated tracks; return the number of recordings.

    Raises BadRecording for the first bad one.
    """
    count = 0
    for recording in recordings:
        files: tuple[Recording | Solo, ...] = (recording, *recording.solos)
        for file in files:
            fault = _fault(file, recording.sealed, cipher)
            if fault is not None:
                raise BadRecording(file.path, fault)
        count += 1
    return count


def _fault(recording: Recording | Solo, encrypted: bool, cipher: FileCipher) -> str | None:
    """Return a description of what is wrong with a file; None if nothing is."""
    try:
        with cipher.open(Path(recording.path), encrypted) as file:
            size = file.seek(0, os.SEEK_END)
            if size != recording.bytes:
                return f"has {size} bytes instead of {recording.bytes}"
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "is missing"
    except Damaged as error:
        return error.fault
    return None if sha256 == recording.sha256 else f"has SHA-256 {sha256} instead of {recording.sha256}"
