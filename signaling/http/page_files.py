"""Knows which files of the package `web` may be served, and the version of all of them."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
"""Media types of files that a browser may fetch; no other file is served."""
TEXTS = ("text/", "application/json", "application/manifest+json")
_JSON_UNDER = "i18n/"
_PATH = re.compile(r"(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
_NOT_PAGES = {"node_modules", "tests"}
_PARTS = re.compile(r'\b(href|src)="((?:[\w-]+/)*[\w-]+\.(?:js|css|svg|png))"')
"""Addresses of what a page consists of; the manifest keeps its address, from which its scope is counted."""


def media_type(path: str) -> str | None:
    """Return the media type of a path that may be served: no dot files, no `..`, no sources of ours."""
    if not _PATH.fullmatch(path) or path.partition("/")[0] in _NOT_PAGES:
        return None
    suffix = Path(path).suffix
    kind = "application/json" if suffix == ".json" and path.startswith(_JSON_UNDER) else TYPES.get(suffix)
    return f"{kind}; charset=utf-8" if kind and kind.startswith(TEXTS) else kind


def with_versions(page: str, version: str) -> str:
    """Return the HTML of a page whose scripts, styles and pictures are named under a version."""
    return _PARTS.sub(rf'\1="v/{version}/\2"', page)


def digest(file: Path, state: os.stat_result) -> bytes:
    """Return the SHA-256 of a file, read once for each time it was changed."""
    return _digest(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1024)
def _digest(file: Path, _modified: int, _size: int) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


@dataclass(frozen=True, slots=True)
class Seen:
    """The files as they were at one moment: the SHA-256 of each, by path, and a version that changes with any.

    The version is of contents, so that two machines with one release have one version.
    """

    digests: dict[str, bytes]
    version: str = field(init=False)

    def __post_init__(self) -> None:
        whole = hashlib.sha256()
        for path, content in sorted(self.digests.items()):
            whole.update(path.encode() + b"\0" + content)
        object.__setattr__(self, "version", whole.hexdigest()[:16])


class PageFiles:
    """The files of a folder with pages. `last` is what was seen when they were last looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.last = Seen({})
        self._states: dict[str, tuple[int, int]] = {}
        self.look()

    def look(self) -> Seen:
        """Look which files changed since the last look: each page does, so that a reload shows what was edited.

        Of some two hundred and fifty files only times and sizes are asked for.
        """
        found = dict(self._stated())
        states = {path: (state.st_mtime_ns, state.st_size) for path, state in found.items()}
        if states != self._states:
            self.last = Seen({path: digest(self.folder / path, state) for path, state in found.items()})
            self._states = states
        return self.last

    def _stated(self, below: str = "") -> Iterator[tuple[str, os.stat_result]]:
        """Find what may be served, without links that lead nowhere and what an editor has just removed."""
        with suppress(OSError), os.scandir(self.folder / below) as entries:
            for entry in entries:
                path = below + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if path not in _NOT_PAGES:
                        yield from self._stated(f"{path}/")
                elif media_type(path) and entry.is_file():
                    yield path, entry.stat()
