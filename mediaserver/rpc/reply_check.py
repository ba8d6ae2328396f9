"""Checks every event and reply of a media worker against the types of the control API before it is used."""

import inspect
from typing import Any

from pydantic import TypeAdapter

from mediaserver import api, errors
from mediaserver.rpc import protocol

_EVENTS: dict[str, TypeAdapter[api.Event]] = {name: TypeAdapter(kind) for name, kind in protocol.EVENTS.items()}
_RESULTS: dict[str, TypeAdapter[Any]] = {
    call: TypeAdapter(inspect.get_annotations(getattr(api.MediaEngine, call))["return"]) for call in protocol.CALLS
}


def event(message: dict[str, Any]) -> api.Event:
    """Return the event in a message. Raises KeyError, TypeError or ValueError when it is malformed."""
    return _EVENTS[message["event"]].validate_python(message["fields"])


def result(call: str, message: dict[str, Any]) -> Any:
    """Return the result of a call, or the worker's error. Raises KeyError, TypeError or ValueError when it is
    malformed."""
    return error(message) if "error" in message else _RESULTS[call].validate_python(message["result"])


def error(message: dict[str, Any]) -> errors.MediaError:
    """Return the worker's error as one of our classes, whose constructors take other arguments than a text."""
    kind = getattr(errors, message["error"], None)
    if not (isinstance(kind, type) and issubclass(kind, errors.MediaError)):
        kind = errors.MediaError
    made: errors.MediaError = kind.__new__(kind)
    made.args = (str(message["text"]),)
    return made
