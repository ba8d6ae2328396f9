"""Message protocol between server and media worker: JSON objects, over a unix socket behind a 4-byte length.

    → {"id": 7, "call": "connect", "arguments": {"room": …, "seat": …, "offer": …}}
    ← {"id": 7, "result": …}  or  {"id": 7, "error": "BadOffer", "text": …}
    ← {"event": "PeerUp", "fields": {…}}

A call may have ``"trace"``, the id of the trace that it belongs to, for the worker's log.

    → {"files": path, "descriptors": 66}  or  {"files": path, "errno": …}

Both ends are ours; this is no public interface. They may be of two releases (:mod:`mediaserver.rpc.version`), so each
ignores the arguments, fields and events that it does not know, and takes the default for what the other end left out.
The last message goes over a unix socket only, with as many descriptors as it says (:mod:`mediaserver.rpc.descriptors`).
"""

import json
import struct
from dataclasses import asdict, fields, is_dataclass
from inspect import signature
from typing import Any, get_args, get_type_hints

from mediaserver import api
from mediaserver.errors import TooLarge, UnknownCall

MAX_MESSAGE_BYTES = 1 << 20
_LENGTH = struct.Struct("!I")
_LARGEST = 2**53
"""The largest integer that every JSON reader keeps exactly (RFC 8259 §6); our numbers stay far below."""

_NOT_REMOTE = {"events", "close"}
"""Methods of the engine that each end has for itself."""


def _dataclasses(call: str) -> dict[str, type]:
    """Return the arguments of a call that are dataclasses, if only with None beside them."""
    hints = get_type_hints(getattr(api.MediaEngine, call))
    kinds = [(name, kind) for name, hint in hints.items() if name != "return" for kind in (hint, *get_args(hint))]
    return {name: kind for name, kind in kinds if isinstance(kind, type) and is_dataclass(kind)}


CALLS: dict[str, dict[str, type]] = {
    call: _dataclasses(call) for call in vars(api.MediaEngine) if not call.startswith("_") and call not in _NOT_REMOTE
}
"""Every call of :class:`mediaserver.api.MediaEngine` and its arguments that are dataclasses, from its signatures."""

EVENTS: dict[str, type[api.Event]] = {
    each.__name__: each
    for each in (
        api.PeerUp,
        api.PeerDown,
        api.Speaking,
        api.Levels,
        api.Caption,
        api.CaptionsState,
        api.CameraWanted,
        api.DigitPressed,
        api.ShareAsked,
        api.FloorDecided,
        api.MediaElsewhere,
        api.KeyframeWanted,
        api.CameraControllable,
        api.TilesForwarded,
        api.RecordingFailed,
        api.RecordingEnded,
    )
}


def take(received: bytearray) -> dict[str, Any] | None:
    """Remove the first message from the received bytes and return it; None while it is incomplete.

    Raises ValueError for one larger than `MAX_MESSAGE_BYTES`, and as :func:`decode` does.
    """
    if len(received) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack_from(received)
    if length > MAX_MESSAGE_BYTES:
        raise ValueError("message too large")
    end = _LENGTH.size + length
    if len(received) < end:
        return None
    message = bytes(received[_LENGTH.size : end])
    del received[:end]
    return decode(message)


def decode(data: bytes | str) -> dict[str, Any]:
    """Read one message. Raises ValueError for anything but a JSON object, numbers out of range and lone surrogates."""
    text = data if isinstance(data, str) else data.decode()
    try:
        message = _JSON.decode(text)
        if "\\ud" in text.lower():  # escaped surrogates, which nobody can be told unless they are a pair
            json.dumps(message, ensure_ascii=False).encode()
    except RecursionError as exc:
        raise ValueError("message nested too deeply") from exc
    if not isinstance(message, dict):
        raise ValueError("message is no object")
    return message


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) > _LARGEST:
        raise ValueError("number too large")
    return value


def _float(text: str) -> float:
    value = float(text)
    if not abs(value) <= _LARGEST:  # not even when it is no number
        raise ValueError("number too large")
    return value


_JSON = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_float)


def encode(message: dict[str, Any]) -> str:
    """Write one message in ASCII. Raises TooLarge when the other end would refuse it."""
    text = json.dumps(message)
    if len(text) > MAX_MESSAGE_BYTES:
        raise TooLarge(f"a message of {len(text)} bytes, where {MAX_MESSAGE_BYTES} are the most")
    return text


def frame(message: dict[str, Any]) -> bytes:
    """Return one message behind its length. Raises TooLarge."""
    data = encode(message).encode()
    return _LENGTH.pack(len(data)) + data


def pack(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with dataclasses turned into dictionaries."""
    return {k: asdict(v) if is_dataclass(v) and not isinstance(v, type) else v for k, v in values.items()}


def plain(result: Any) -> Any:
    """Return the result of a call as JSON values."""
    if is_dataclass(result) and not isinstance(result, type):
        return asdict(result)
    return pack(result) if isinstance(result, dict) else result


def unpack(call: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that the call knows, with dictionaries turned into dataclasses.

    Raises UnknownCall, and ValueError for what is no dataclass of that kind.
    """
    if not isinstance(call, str) or call not in CALLS:
        raise UnknownCall(str(call))
    shapes, known = CALLS[call], signature(getattr(api.MediaEngine, call)).parameters.keys() - {"self"}
    try:
        return {
            k: _dataclass(shapes[k], v) if k in shapes and v is not None else v
            for k, v in arguments.items()
            if k in known
        }
    except (TypeError, AttributeError) as exc:
        raise ValueError(f"not what {call} takes: {exc}") from exc


def _dataclass(shape: type, values: dict[str, Any]) -> Any:
    """Make a dataclass of the fields it knows, with lists turned into tuples, since JSON has lists only."""
    known = {field.name for field in fields(shape)}
    return shape(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in known})
