"""What a media worker may say: every event and every answer is of the kinds that the border names, or it is refused."""

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
    """What happened. Raises KeyError, TypeError or ValueError for what cannot."""
    return _EVENTS[message["event"]].validate_python(message["fields"])


def result(call: str, message: dict[str, Any]) -> Any:
    """What a call came to, an error of the worker included. Raises KeyError, TypeError or ValueError for neither."""
    return error(message) if "error" in message else _RESULTS[call].validate_python(message["result"])


def error(message: dict[str, Any]) -> errors.MediaError:
    """The worker's error as one of ours; the classes carry other arguments than their text."""
    kind = getattr(errors, message["error"], None)
    if not (isinstance(kind, type) and issubclass(kind, errors.MediaError)):
        kind = errors.MediaError
    made: errors.MediaError = kind.__new__(kind)
    made.args = (str(message["text"]),)
    return made
