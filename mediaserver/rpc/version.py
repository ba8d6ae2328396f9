"""Versions of the message protocol, by which a server and a worker of two releases find out whether they understand
each other: each names its own version and the oldest that it still speaks."""

from collections.abc import Mapping
from typing import Any, Final

VERSION: Final = 6
"""Version of :class:`mediaserver.api.MediaEngine` and its events. `tests/mediaserver/rpc/versions` has the text of
each; CONTRIBUTING.md says when a change needs a new one."""
OLDEST: Final = 1
"""The oldest version that this release still speaks."""


def greeting() -> dict[str, int]:
    """Return what either end says of itself."""
    return {"version": VERSION, "oldest": OLDEST}


def fault(theirs: Mapping[str, Any]) -> str | None:
    """Return why the other end's greeting rules out that the two understand each other; None where they do."""
    version = theirs.get("version")
    oldest = theirs.get("oldest", version)
    if type(version) is not int or type(oldest) is not int:
        return f"the other end names no version of the protocol, and ours is {VERSION}"
    if version < OLDEST:
        return f"the other end speaks version {version} of the protocol, and the oldest that is understood is {OLDEST}"
    if oldest > VERSION:
        return f"the other end understands no version of the protocol before {oldest}, and ours is {VERSION}"
    return None
