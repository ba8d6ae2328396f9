"""Traces the commands to one media worker: which command, to which worker, for how long, and how it failed."""

from collections.abc import AsyncIterator
from typing import Any

from mediaserver.api import Event, MediaEngine
from mediaserver.rpc.commands import EngineCommands
from signaling.core import tracing
from signaling.core.tracing import Attribute

POLLED = frozenset({"lines", "stats", "held", "call_report"})
"""Commands that ask by a clock: they belong to nothing that somebody did."""


def traced(name: str, engine: MediaEngine) -> MediaEngine:
    """Return an engine whose commands are traced under the name of its worker; the engine itself if nothing is."""
    return TracedEngine(name, engine) if tracing.is_on() else engine


class TracedEngine(EngineCommands):
    """A media worker whose commands are spans."""

    def __init__(self, name: str, engine: MediaEngine) -> None:
        self._name = name
        self._engine = engine

    async def _call(self, call: str, **arguments: Any) -> Any:
        command = getattr(self._engine, call)
        if call in POLLED:
            return await command(**arguments)
        attributes: dict[Attribute, str | int] = {"diemcau.command": call, "diemcau.worker": self._name}
        if (room := arguments.get("room")) is not None:
            attributes["diemcau.session"] = room.partition(":")[0]  # behind the colon a test room names its point
        if (seat := arguments.get("seat")) is not None:
            attributes["diemcau.seat"] = seat
        with tracing.span(f"media {call}", attributes, "client"):
            return await command(**arguments)

    def events(self) -> AsyncIterator[Event]:
        """Return the events of the worker."""
        return self._engine.events()

    async def close(self) -> None:
        """Close the connection to the worker."""
        await self._engine.close()
