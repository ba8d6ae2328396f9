"""Calls and events over a unix socket: JSON objects behind a 4-byte length.

    → {"id": 7, "call": "connect", "arguments": {"room": …, "seat": …, "offer": …}}
    ← {"id": 7, "result": …}  or  {"id": 7, "error": "BadOffer", "text": …}
    ← {"event": "PeerUp", "fields": {…}}

Both ends are ours and of one version; the channel is not a public interface.
"""

import asyncio
import json
import struct
from dataclasses import asdict, is_dataclass
from typing import Any

from mediaserver import api

MAX_MESSAGE_BYTES = 1 << 20
_LENGTH = struct.Struct("!I")

CALLS: dict[str, dict[str, type]] = {
    "open_room": {"options": api.RoomOptions},
    "close_room": {},
    "add_seat": {"options": api.SeatOptions},
    "remove_seat": {},
    "connect": {},
    "invite": {},
    "accept": {},
    "refresh_picture": {},
    "set_floor": {},
    "set_gain": {},
    "set_layout": {"layout": api.Layout},
    "set_content": {},
    "set_view": {},
    "start_recording": {},
    "pause_recording": {},
    "record_voices": {},
    "recorded": {},
    "stop_recording": {},
    "lines": {},
    "stats": {},
}
"""Every call of :class:`mediaserver.api.MediaEngine` and its arguments that are dataclasses."""

EVENTS: dict[str, type[api.Event]] = {
    each.__name__: each
    for each in (api.PeerUp, api.PeerDown, api.Speaking, api.Levels, api.CameraWanted, api.RecordingEnded)
}


async def read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message; None at the end. Raises ValueError for one larger than `MAX_MESSAGE_BYTES`, or as `decode`."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > MAX_MESSAGE_BYTES:
            raise ValueError("message too large")
        return decode(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def decode(data: bytes) -> dict[str, Any]:
    """Read one message. Raises ValueError when it is no JSON object."""
    try:
        message = json.loads(data)
    except RecursionError as exc:
        raise ValueError("message nested too deeply") from exc
    if not isinstance(message, dict):
        raise ValueError("message is no object")
    return message


def write(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    """Queue one message."""
    data = json.dumps(message).encode()
    writer.write(_LENGTH.pack(len(data)) + data)


def pack(values: dict[str, Any]) -> dict[str, Any]:
    """Values with dataclasses as objects."""
    return {k: asdict(v) if is_dataclass(v) and not isinstance(v, type) else v for k, v in values.items()}


def unpack(call: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments with objects as dataclasses. Raises ValueError for an unknown call or arguments it does not take."""
    try:
        shapes = CALLS[call]
        return {k: shapes[k](**_frozen(v)) if k in shapes and v is not None else v for k, v in arguments.items()}
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"no such call: {exc}") from exc


def _frozen(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON knows lists only; values that cross are tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
