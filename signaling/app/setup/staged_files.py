"""Writes files beside those that they replace, and puts them in place together once all else is done."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

BEFORE = ".before"
"""The end of the name under which a replaced file is kept."""


class StagedFiles:
    """Files that are written but not in place; what was not put in place is gone in the end."""

    def __init__(self) -> None:
        self._files: list[tuple[Path, Path]] = []
        self._folders: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fresh, _ in self._files:
            fresh.unlink(missing_ok=True)
        for folder in reversed(self._folders):
            with suppress(OSError):  # it is not empty
                folder.rmdir()

    def add(self, path: Path, content: bytes, mode: int) -> None:
        """Write a file, with mode and owner of the one that it replaces, if there is one. Raises OSError."""
        if not path.parent.exists():
            path.parent.mkdir()
            path.parent.chmod(0o755)
            self._folders.append(path.parent)
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)
        self._files.append((fresh, path))
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            if path.exists():
                status = path.stat()
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
                mode = status.st_mode & 0o777
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def put(self) -> list[Path]:
        """Put all in place; return where those that were replaced are kept. Raises OSError."""
        kept = []
        for fresh, path in self._files:
            if path.exists():
                before = path.with_name(path.name + BEFORE)
                before.unlink(missing_ok=True)
                os.link(path, before)
                kept.append(before)
            fresh.replace(path)
        return kept
