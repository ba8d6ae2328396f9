"""Traces: spans of requests, of joining a meeting, of commands to media workers and of calls to room systems.

Without a tracer in use spans are nothing and cost nothing. Attributes are ids, words and numbers: no code, no name, no
token (decision 139).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from mediaserver.logs import about

Kind = Literal["internal", "server", "client"]
"""Whether a span is work of ours, what we were asked for, or what we ask of others."""
Attribute = Literal[
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "diemcau.command",
    "diemcau.device",
    "diemcau.outcome",
    "diemcau.protocol",
    "diemcau.request",
    "diemcau.seat",
    "diemcau.session",
    "diemcau.status",
    "diemcau.worker",
]
Attributes = Mapping[Attribute, str | int]


@dataclass(frozen=True, slots=True)
class Counts:
    """Spans of a tracer since its start, and those that wait to be sent."""

    sent: int
    dropped: int
    waiting: int


class Span:
    """A piece of work with its beginning and its end. This one is traced by nobody."""

    trace_id: str | None = None
    """The id of its trace (W3C Trace Context), None where nobody traces it."""

    def set(self, attributes: Attributes) -> None:
        """Set attributes."""

    def fail(self, kind: str) -> None:
        """Mark it as failed by an error of a kind."""

    def end(self) -> None:
        """End it; a second end is ignored."""


NOTHING = Span()
_current: ContextVar[Span] = ContextVar("current span", default=NOTHING)


class Tracer:
    """Begins spans. This one begins none."""

    def begin(self, name: str, kind: Kind, attributes: Attributes, parent: Span) -> Span:
        """Begin a span, the first one of a trace where the parent is `NOTHING`."""
        return NOTHING

    def counts(self) -> Counts | None:
        """Return what became of the spans, None where there are none."""
        return None


_NO_TRACER = Tracer()
_tracer = _NO_TRACER


@contextmanager
def used(tracer: Tracer) -> Iterator[None]:
    """Let a tracer begin all spans of this process, as a log has all its lines."""
    global _tracer  # noqa: PLW0603 - as a logger, it is handed to nobody
    before, _tracer = _tracer, tracer
    try:
        yield
    finally:
        _tracer = before


def is_on() -> bool:
    """Return whether spans are traced."""
    return _tracer is not _NO_TRACER


def counts() -> Counts | None:
    """Return what became of the spans, None where there are none."""
    return _tracer.counts()


def begin(name: str, attributes: Attributes, kind: Kind = "internal") -> Span:
    """Begin a span beneath the current one; the caller ends it."""
    return _tracer.begin(name, kind, attributes, _current.get())


@contextmanager
def within(parent: Span) -> Iterator[None]:
    """Begin spans beneath this one, here and in tasks that are begun here; log lines get the id of its trace."""
    if parent is NOTHING:
        yield
        return
    before = _current.set(parent)
    try:
        with about(trace=parent.trace_id):
            yield
    finally:
        _current.reset(before)


@contextmanager
def span(name: str, attributes: Attributes, kind: Kind = "internal") -> Iterator[Span]:
    """Trace a piece of work; it has failed where it raises, by the name of the error's class alone."""
    begun = begin(name, attributes, kind)
    try:
        with within(begun):
            yield begun
    except BaseException as error:
        begun.fail(type(error).__name__)
        raise
    finally:
        begun.end()
