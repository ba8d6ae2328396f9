"""Keeps records on both ends of a pipe the same, over a transport that loses and reorders packets. Pure.

Each end writes records of its own and reads those of the other. A change is repeated until it was acknowledged; of two
changes of a record the later one counts, so they need not come in order.
"""

import json
from collections.abc import Iterator
from math import inf
from typing import Any

RETRY_S = 0.1
"""Seconds after which a change that was not acknowledged is sent again: longer than a round trip between machines of
one data centre, and than the clocks that poll at both ends."""
MAX_BYTES = 1100
"""Bytes of a message, which goes in one datagram."""
MAX_RECORDS = 20_000
"""Records of the other end that are kept, and as many whose removal is remembered; a pipe with more is at fault."""
MAX_PARTS = 16
"""Longest name of a record, in parts."""

Key = tuple[str | int, ...]
"""The name of a record."""


class Records:
    """The records of both ends. Values are JSON without None, which removes a record."""

    def __init__(self) -> None:
        self.theirs: dict[Key, Any] = {}
        """The other end's records."""
        self._own: dict[Key, Any] = {}
        self._versions: dict[Key, int] = {}
        """Versions of our records, and of those removed until that was acknowledged."""
        self._sent: dict[Key, float] = {}
        """When each change was sent last that was not acknowledged yet, in seconds."""
        self._changed: dict[int, Key] = {}
        """The record of each of these changes, by version."""
        self._newest = 0
        self._taken: dict[Key, int] = {}
        """Version of the other end's newest change of each record, oldest first; of removed records the last ones."""
        self._acknowledge: list[int] = []
        """Versions of the other end's changes that we have to acknowledge."""

    def write(self, key: Key, value: Any) -> None:
        """Write one of our records, or remove it by None. Raises ValueError for one that fits no message."""
        if self._own.get(key) == value:
            return
        self._newest += 1
        if len(_packed([self._newest, key, value])) + len(_packed({"a": [], "r": []})) > MAX_BYTES:
            raise ValueError(f"the record {key!r} is longer than {MAX_BYTES} bytes")
        if value is None:
            del self._own[key]
        else:
            self._own[key] = value
        self._changed.pop(self._versions.get(key, 0), None)
        self._versions[key], self._changed[self._newest] = self._newest, key
        self._sent[key] = -inf

    def settled(self, key: Key) -> bool:
        """Return whether the other end has acknowledged what stands in one of our records."""
        return key not in self._sent

    @property
    def quiet(self) -> bool:
        """Return whether nothing is to be sent or acknowledged."""
        return not self._sent and not self._acknowledge

    def messages(self, now: float) -> Iterator[bytes]:
        """Yield the messages that are due at `now` (seconds)."""
        changes = [key for key, sent in self._sent.items() if now - sent >= RETRY_S]
        acknowledged, self._acknowledge = self._acknowledge, []
        message: dict[str, list[Any]] = {"a": [], "r": []}
        for part, value in (
            *(("a", version) for version in acknowledged),
            *(("r", [self._versions[key], key, self._own.get(key)]) for key in changes),
        ):
            message[part].append(value)
            if len(_packed(message)) > MAX_BYTES:
                message[part].pop()
                yield _packed(message)
                message = {"a": [], "r": []}
                message[part].append(value)
        for key in changes:
            self._sent[key] = now
        if message["a"] or message["r"]:
            yield _packed(message)

    def take(self, data: bytes) -> set[Key]:
        """Take a message of the other end; return the names of its records that changed. Raises ValueError."""
        message = _parsed(data)
        for version in message["a"]:
            self._acknowledged(version)
        changed = set()
        for version, parts, value in message["r"]:
            key = tuple(parts)
            if self._apply(key, version, value):
                changed.add(key)
        return changed

    def _acknowledged(self, version: int) -> None:
        key = self._changed.pop(version, None)
        if key is not None:
            del self._sent[key]
            if key not in self._own:
                del self._versions[key]

    def _apply(self, key: Key, version: int, value: Any) -> bool:
        newer = version > self._taken.get(key, 0)
        if newer and value is not None and key not in self.theirs and len(self.theirs) >= MAX_RECORDS:
            raise ValueError(f"the other end of the pipe has more than {MAX_RECORDS} records")
        self._acknowledge.append(version)
        if not newer:
            return False
        self._taken.pop(key, None)
        self._taken[key] = version
        if value is not None:
            self.theirs[key] = value
            return True
        self._forget_removed()
        return self.theirs.pop(key, None) is not None

    def _forget_removed(self) -> None:
        """Forget removals from long ago: a change from before does not come so late."""
        if len(self._taken) > len(self.theirs) + MAX_RECORDS:
            del self._taken[next(key for key in self._taken if key not in self.theirs)]


def _packed(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _parsed(data: bytes) -> dict[str, Any]:
    """Read a message. Raises ValueError unless it is of the shape that we send."""
    if len(data) > MAX_BYTES + 3:  # padded to whole words
        raise ValueError("message of a pipe too long")
    try:
        message = json.loads(data)
    except RecursionError as error:
        raise ValueError("message of a pipe nested too deeply") from error
    if not isinstance(message, dict) or not {"a", "r"} <= message.keys():
        raise ValueError("no message of a pipe")
    if not all(isinstance(message[part], list) for part in "ar"):
        raise ValueError("no lists in a message of a pipe")
    if not all(_is_number(version) for version in message["a"]) or not all(map(_is_change, message["r"])):
        raise ValueError("a message of a pipe with other values")
    return message


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 < value < 1 << 53


def _is_change(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and _is_number(value[0])
        and isinstance(value[1], list)
        and 0 < len(value[1]) <= MAX_PARTS
        and all(type(part) in (str, int) for part in value[1])
    )
