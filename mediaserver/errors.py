"""Errors of the media core.

MediaError
├── UnknownRoom       our caller named a room that is not open
├── UnknownSeat       our caller named a seat nobody took
├── BadOffer          the peer's SDP cannot be answered
├── NoPortFree        all ports for room systems are taken
├── AlreadyRecording  the room records into another file
├── CannotRecord      the room's worker does not see the folder of the recordings
├── TooLarge          a call or its answer is larger than a message may be
├── EngineGone        the process behind the engine is not there
│   └── EngineLate    it has not answered in time
└── Refused           the roof does not take this worker in, or the worker not this roof
"""


class MediaError(Exception):
    """Base of all errors that cross the media border."""


class UnknownRoom(MediaError):
    """The named room is not open."""

    def __init__(self, room: str) -> None:
        super().__init__(f"no room {room!r}")


class UnknownSeat(MediaError):
    """The named seat is not taken in the room."""

    def __init__(self, room: str, seat: str) -> None:
        super().__init__(f"no seat {seat!r} in room {room!r}")


class BadOffer(MediaError):
    """The peer's fault: its offer is malformed, too large, or shares nothing with us."""


class NoPortFree(MediaError):
    """All ports for room systems are taken."""

    def __init__(self, host: str) -> None:
        super().__init__(f"no pair of RTP ports is free on {host}: see DIEMCAU_RTP_PORTS")


class AlreadyRecording(MediaError):
    """The room is recorded into another file."""


class CannotRecord(MediaError):
    """The room lives on a machine that does not see the folder of the recordings."""


class TooLarge(MediaError):
    """A call, its answer or an event is larger than one message to or from a worker may be."""


class EngineGone(MediaError):
    """The process behind the engine died or is not connected."""


class EngineLate(EngineGone):
    """The process behind the engine has not answered in time; what was asked for may still be done."""


class Refused(MediaError):
    """The roof does not take this worker in, or the worker not this roof; the text says why."""
