"""Remembers when each neighbouring system was last heard of, and why one below could not be asked since."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """The time a neighbour was heard of, None if not since the server started; `fault`: why it was not since."""

    heard: datetime | None = None
    fault: str = ""


class Contacts:
    """Keeps in memory what is known of each neighbour, by its name."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._known: dict[str, Contact] = {}

    def of(self, name: str) -> Contact:
        """Return what is known of a neighbour."""
        return self._known.get(name, Contact())

    def heard(self, name: str) -> None:
        """Note that a neighbour asked or answered."""
        self._known[name] = Contact(self._clock())

    def failed(self, name: str, fault: str) -> None:
        """Note that a system below could not be asked."""
        self._known[name] = replace(self.of(name), fault=fault)

    def forget(self, name: str) -> None:
        """Forget a neighbour that was removed."""
        self._known.pop(name, None)
