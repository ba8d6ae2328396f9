"""Reads and writes messages of H.281, far-end camera control. Pure."""

from dataclasses import dataclass
from enum import IntEnum

from mediaserver.api import CameraAxis, CameraMovement

MAIN_CAMERA = 1
"""The number of a video source that every room system has."""
MAX_SOURCES = 15
MAX_NAME = 16
"""Bytes of the name of a video source."""
MAX_PRESET = 15
MOTION = 0
"""The mode of a video source that sends moving pictures."""
AXES: tuple[CameraAxis, ...] = ("pan", "tilt", "zoom", "focus")
"""From the highest bits to the lowest: two of an action, of which the first says whether it moves, and the second that
it moves right, up or in."""
_NAMED = 6
"""The first number of a video source that has a name."""
_MOTION_VIDEO = 0x04


STILL = CameraMovement()


class Action(IntEnum):
    """Kinds of messages."""

    START = 0x01
    CONTINUE = 0x02
    STOP = 0x03
    SELECT_VIDEO_SOURCE = 0x04
    VIDEO_SOURCE_SWITCHED = 0x05
    STORE_PRESET = 0x06
    ACTIVATE_PRESET = 0x07


MOVEMENTS = (Action.START, Action.CONTINUE, Action.STOP)


class BadMessage(ValueError):
    """Bytes that are no message of H.281."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `movement` is that of :data:`MOVEMENTS`, `number` a preset or a video source, `mode` the source's.

    `timeout` is that of START in steps of 50 ms: without CONTINUE the movement ends then; 0 stands for 16.
    """

    action: Action
    movement: CameraMovement = STILL
    number: int = 0
    mode: int = MOTION
    timeout: int = 0


@dataclass(frozen=True, slots=True)
class VideoSource:
    """A camera, or another source; `axes` are those along which it can be moved."""

    number: int
    axes: tuple[CameraAxis, ...]
    name: str = ""
    motion: bool = True


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The extra capabilities of a client: the number of its presets, and its video sources."""

    presets: int
    sources: tuple[VideoSource, ...]


def read(data: bytes) -> Message:
    """Read a message. Raises BadMessage."""
    if len(data) < 2 or data[0] not in list(Action):
        raise BadMessage("message cut off or unknown")
    action, value = Action(data[0]), data[1]
    if action in MOVEMENTS:
        if action == Action.START and len(data) < 3:
            raise BadMessage("START without a timeout")
        return Message(action, _movement(value), timeout=data[2] & 0x0F if action == Action.START else 0)
    return Message(action, number=value >> 4, mode=0 if action >= Action.STORE_PRESET else value & 0x03)


def write(message: Message) -> bytes:
    """Write a message."""
    action = message.action
    if action in MOVEMENTS:
        timeout = (message.timeout,) if action == Action.START else ()
        return bytes((action, _octet(message.movement), *timeout))
    mode = 0 if action >= Action.STORE_PRESET else message.mode
    return bytes((action, message.number << 4 | mode))


def _movement(octet: int) -> CameraMovement:
    pairs = (octet >> shift & 0x03 for shift in (6, 4, 2, 0))
    return CameraMovement(*(0 if not pair & 2 else 1 if pair & 1 else -1 for pair in pairs))


def _octet(movement: CameraMovement) -> int:
    octet = 0
    for axis in AXES:
        way = getattr(movement, axis)
        octet = octet << 2 | (0 if not way else 3 if way > 0 else 2)
    return octet


def read_capabilities(data: bytes) -> Capabilities:
    """Read extra capabilities. Raises BadMessage."""
    if not data:
        raise BadMessage("capabilities cut off")
    presets, data, sources = data[0] & 0x0F, data[1:], []
    while data:
        source, data = _source(data)
        sources.append(source)
        if len(sources) > MAX_SOURCES:
            raise BadMessage("too many video sources")
    return Capabilities(presets, tuple(sources))


def _source(data: bytes) -> tuple[VideoSource, bytes]:
    """Read a video source; return it and what follows."""
    first, data, name = data[0], data[1:], b""
    if first >> 4 >= _NAMED:
        name, end, data = data.partition(b"\0")
        if not end or len(name) > MAX_NAME:
            raise BadMessage("name of a video source without an end")
    if not data:
        raise BadMessage("video source cut off")
    axes = tuple(axis for bit, axis in zip((0x80, 0x40, 0x20, 0x10), AXES, strict=True) if data[0] & bit)
    printable = "".join(each for each in name.decode("ascii", "replace") if each.isprintable())
    source = VideoSource(first >> 4, axes, printable, bool(first & _MOTION_VIDEO))
    return source, data[1:]


def write_capabilities(capabilities: Capabilities) -> bytes:
    """Write extra capabilities."""
    data = bytes((capabilities.presets,))
    for source in capabilities.sources:
        name = source.name.encode("ascii", "replace") + b"\0" if source.number >= _NAMED else b""
        able = sum(bit for bit, axis in zip((0x80, 0x40, 0x20, 0x10), AXES, strict=True) if axis in source.axes)
        data += bytes((source.number << 4 | (_MOTION_VIDEO if source.motion else 0),)) + name + bytes((able,))
    return data
